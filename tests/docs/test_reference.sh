#!/bin/sh
# Doxygen makes the reference without a warning, and it holds every function.  test_reference.sh SOURCE
set -eu
command -v doxygen >/dev/null 2>&1 || {
    echo "skipped: doxygen is not installed (on Debian or Ubuntu: apt-get install doxygen)"
    exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$1"
{ cat docs/Doxyfile && echo "OUTPUT_DIRECTORY = $work"; } | doxygen - || {
    echo "FAILED: doxygen has warnings" >&2
    exit 1
}
sed -n 's/^ *\(lebm_[a-z0-9_]*\);$/\1/p' lib/latentebm.map >"$work/functions"
[ -s "$work/functions" ] || { echo "FAILED: no functions in lib/latentebm.map" >&2; exit 1; }
while read -r function; do
    grep -q "$function()</h2>" "$work"/html/*.html || {
        echo "FAILED: $function is not in the reference" >&2
        exit 1
    }
done <"$work/functions"
