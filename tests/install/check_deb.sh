#!/bin/sh
# Debian packages of this build: each component in its own, and programs are built with pkg-config and with CMake, and run,
# where they are unpacked.
. "$(dirname "$0")/common.sh"

cpack=$(dirname "$cmake")/cpack
for tool in "$cpack" dpkg-deb dpkg-shlibdeps file; do
    command -v "$tool" >/dev/null 2>&1 || {
        echo "skipped: $tool is missing (on Debian or Ubuntu: apt-get install cmake dpkg-dev file)"
        exit 77
    }
done

(cd "$work" && quiet "$cpack" -G DEB --config "$build/CPackConfig.cmake" -B "$work/packages")
root=$work/root/usr
for name in liblatentebm0 liblatentebm-dev python3-lebm latentebm-programs; do
    file=$(find "$work/packages" -maxdepth 1 -name "${name}_*.deb")
    if [ "$name" = latentebm-programs ] && [ -z "$besides_programs" ]; then
        [ -z "$file" ] || fail "there is a package of programs that are not built"
        continue
    fi
    [ -n "$file" ] || fail "there is no package $name: $(ls "$work/packages")"
    version=$(dpkg-deb -f "$file" Version)
    if [ "$name" != liblatentebm0 ]; then
        dpkg-deb -f "$file" Depends | grep -qF "liblatentebm0 (= $version)" || fail "$name does not need the library"
    fi
    for path in $(dpkg-deb --fsys-tarfile "$file" | tar -t | grep -v '/$'); do
        [ ! -e "$work/root/$path" ] || fail "$path is in two packages"
    done
    quiet dpkg-deb -x "$file" "$work/root"
    if [ "$name" = liblatentebm0 ]; then
        dpkg-deb -f "$file" Recommends | grep -qw libopenblas0 || fail "$name does not recommend a fast BLAS"
    fi
    if [ "$name" = liblatentebm0 ] && find "$work/root" ! -type d ! -name 'liblatentebm.so.0*' | grep .; then
        fail "what is not needed to run programs is in $name"
    fi
    echo "ok: $(basename "$file"): $(dpkg-deb -f "$file" Depends)"
done

pcdir=$(dirname "$(find "$root" -name lebm.pc)")
lib=$(dirname "$pcdir")
[ "$(pc "$pcdir" --modversion)" = "$version" ] || fail "the packages are of $version, lebm.pc of another version"
holds_exactly "$root" "${lib#"$root/"}" liblatentebm.so liblatentebm.so.0 "liblatentebm.so.$version"
LD_LIBRARY_PATH=$lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
# shellcheck disable=SC2046 # words
quiet "$cc" "$here/main.c" -o "$work/with_pkg_config" $(pc "$pcdir" --cflags --libs)
succeeds pkg-config "$work/with_pkg_config" "$work/model.safetensors"
finds_with_cmake packages "$root"
