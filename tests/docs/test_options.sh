#!/bin/sh
# docs/options.md tells what the library's tables tell.  test_options.sh PRINT_OPTIONS PAGE
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$1" >"$work/options.md"
diff -u "$2" "$work/options.md" || {
    echo "FAILED: the page is out of date; make it anew: $1 >$2" >&2
    exit 1
}
