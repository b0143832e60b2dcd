#!/bin/sh
# Compares what is named where: functions in the headers, in the version script and in the shared library with their
# versions; public macros and tests/abi/values.c. And the library's own name, and that it names all it needs.
#
#     check_names.sh SOURCE LIBRARY
set -eu
source=$1 library=$2
map=$source/lib/latentebm.map
headers=$source/include
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=no

for tool in nm readelf; do
    command -v $tool >/dev/null 2>&1 || {
        echo "skipped: $tool is missing; on Debian: apt-get install binutils"
        exit 77
    }
done

fail()
{
    echo "$*" >&2
    failed=yes
}

# same LEFT RIGHT: compare two sorted lists, named for what holds them
same()
{
    comm -23 "$work/$1" "$work/$2" | sed "s|^|only in $1: |" >"$work/differences"
    comm -13 "$work/$1" "$work/$2" | sed "s|^|only in $2: |" >>"$work/differences"
    [ -s "$work/$1" ] || fail "nothing found in $1"
    [ ! -s "$work/differences" ] || fail "$(cat "$work/differences")"
}

LC_ALL=C
export LC_ALL

# name@@node of each function: a line "NODE {" of the version script opens a node, "name;" stands in it.
awk '/^LEBM_[0-9.]+ *{/ { node = $1 } /^ *lebm_[a-z0-9_]+;/ { gsub(/[ ;]/, ""); print $0 "@@" node }' "$map" |
    sort >"$work/version-script"
nm -D --defined-only "$library" | awk '$2 != "A" { print $3 }' | sort >"$work/library"
same version-script library

# The headers without comments; declarations may span lines.
cat "$headers"/lebm/*.h | tr '\n' '\001' | sed 's,/\*[^*]*\*\**\([^/*][^*]*\*\**\)*/,,g' | tr '\001' '\n' >"$work/code"
tr '\n' ' ' <"$work/code" | sed 's/LEBM_API/\n&/g' | sed -n 's/^LEBM_API [^(]*[ *]\(lebm_[a-z0-9_]*\)(.*/\1/p' |
    sort >"$work/headers"
sed 's/@@.*//' "$work/version-script" >"$work/functions-of-version-script"
same headers functions-of-version-script

# Macros with a value, other than those that mark declarations and the version.
cat "$headers"/lebm/*.h | sed -n 's/^#define \(LEBM_[A-Z0-9_]*\)[ \\].*/\1/p' |
    grep -v -e '^LEBM_VERSION_' -e '^LEBM_API$' -e '_DECLS$' | sort -u >"$work/macros-of-headers"
grep -o 'LEBM_[A-Z0-9_]*' "$source/tests/abi/values.c" | grep -v -e '^LEBM_VERSION_' | sort -u >"$work/tests-abi-values.c"
same macros-of-headers tests-abi-values.c

# Handles are opaque, and nothing else with a layout or a size of its own crosses the boundary (docs/abi.md); the check
# of types (check_types.sh) relies on it.
if grep -E '\{|\<(enum|union|size_t|long|short|unsigned|bool)\>|\.\.\.' "$work/code" | grep -v 'extern "C" {'; then
    fail "public headers hold no struct's members, enum, union, size_t, long, short, unsigned, bool or variable arguments"
fi

soname=$(readelf -d "$library" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')
[ "$soname" = liblatentebm.so.0 ] || fail "the SONAME is '$soname', not liblatentebm.so.0 (docs/abi.md)"

# What -Wl,-z,defs asks of the linker: every symbol is in one of the libraries named as needed.
if command -v ldd >/dev/null 2>&1; then
    undefined=$(ldd -r "$library" 2>&1 | grep 'undefined symbol' || true)
    [ -z "$undefined" ] || fail "$undefined"
fi

[ $failed = no ] || exit 1
echo "$(wc -l <"$work/headers") functions and $(wc -l <"$work/macros-of-headers") macros agree"
