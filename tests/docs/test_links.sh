#!/bin/sh
# Links from page to page and to files lead somewhere.  test_links.sh SOURCE
set -eu
status=0
for page in "$1"/*.md "$1"/docs/*.md; do
    folder=$(dirname "$page")
    for link in $(grep -o '](\([^)#: ]*\)[^):]*)' "$page" | sed 's/^](//; s/[#)].*$//'); do
        [ -e "$folder/$link" ] || {
            echo "FAILED: $page links to $link, which is not there" >&2
            status=1
        }
    done
done
exit $status
