#!/bin/sh
# The static library, built out of the source tree, installed and used with pkg-config, with CMake and from C++;
# installed to other folders, relative and absolute; and the names it brings into a program.
. "$(dirname "$0")/common.sh"

# configure OPTION...
configure()
{
    quiet "$cmake" -S "$source" -B "$work/build" -DCMAKE_C_COMPILER="$cc" -DCMAKE_BUILD_TYPE=Debug \
        -DBUILD_SHARED_LIBS=OFF -DLEBM_BLAS="$blas" -DLEBM_BUILD_TESTS=OFF -DLEBM_BUILD_EXAMPLES=OFF "$@"
}
model=$work/model.safetensors

configure -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_INSTALL_PREFIX="$work/prefix"
quiet "$cmake" --build "$work/build"
quiet "$cmake" --install "$work/build"
holds_exactly "$work/prefix" lib liblatentebm.a
# shellcheck disable=SC2046 # words
quiet "$cc" "$here/main.c" -o "$work/with_pkg_config" $(pc "$work/prefix/lib/pkgconfig" --static --cflags --libs)
succeeds "pkg-config --static" "$work/with_pkg_config" "$model"
finds_with_cmake static "$work/prefix"
if [ -n "$cxx" ]; then
    # shellcheck disable=SC2046
    quiet "$cxx" -std=c++17 "$here/main.cpp" -o "$work/cpp" $(pc "$work/prefix/lib/pkgconfig" --static --cflags --libs)
    succeeds C++17 "$work/cpp"
fi

# Every global name begins with lebm_, and what is not in the version script is hidden from whoever links the archive
# into a shared library of their own. On 32-bit x86 the compiler adds functions __x86.get_pc_thunk.* of its own.
readelf -sW "$work/prefix/lib/liblatentebm.a" |
    awk '($5 == "GLOBAL" || $5 == "WEAK") && $7 != "UND" && $8 !~ /^__x86\./ { print $6, $8 }' | sort -u >"$work/names"
if grep -v ' lebm_' "$work/names"; then fail "global names of the archive that do not begin with lebm_"; fi
sed -n 's/^DEFAULT //p' "$work/names" >"$work/visible"
sed -n 's/^ *\(lebm_[a-z0-9_]*\);$/\1/p' "$source/lib/latentebm.map" | sort >"$work/listed"
diff "$work/listed" "$work/visible" ||
    fail "'>': visible, but not in lib/latentebm.map; '<': in it, but not visible (LEBM_API is missing?)"
echo "ok: $(wc -l <"$work/visible") visible names, all others hidden"

# Other folders: two levels deep and relative to the prefix, and absolute.
configure -DCMAKE_INSTALL_LIBDIR=deep/lib64 -DCMAKE_INSTALL_PREFIX="$work/relative"
quiet "$cmake" --install "$work/build"
holds_exactly "$work/relative" deep/lib64 liblatentebm.a
# shellcheck disable=SC2046
quiet "$cc" "$here/main.c" -o "$work/relative/program" \
    $(pc "$work/relative/deep/lib64/pkgconfig" --static --cflags --libs)
succeeds "relative folders" "$work/relative/program" "$model"

# Outside the source tree, in which CMake allows no folder of headers to be installed to.
absolute=$(mktemp -d)
trap 'rm -rf "$absolute"' EXIT
configure -DCMAKE_INSTALL_LIBDIR="$absolute/libs" -DCMAKE_INSTALL_INCLUDEDIR="$absolute/headers" \
    -DCMAKE_INSTALL_PREFIX="$work/elsewhere"
quiet "$cmake" --install "$work/build"
[ ! -e "$work/elsewhere" ] || fail "something was installed to the prefix, although both folders are absolute"
# shellcheck disable=SC2046
quiet "$cc" "$here/main.c" -o "$absolute/program" $(pc "$absolute/libs/pkgconfig" --static --cflags --libs)
succeeds "absolute folders" "$absolute/program" "$model"
finds_with_cmake absolute "$absolute" -Dlatentebm_DIR="$absolute/libs/cmake/latentebm"
