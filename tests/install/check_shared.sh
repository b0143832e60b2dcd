#!/bin/sh
# The shared library of this build, installed and used with pkg-config, by cc alone, from C++, with CMake, with dlopen
# and from Python; staged with DESTDIR; and moved.
. "$(dirname "$0")/common.sh"

quiet "$cmake" --install "$build" --prefix "$work/prefix"
pcdir=$(dirname "$(find "$work/prefix" -name lebm.pc)")
lib=$(dirname "$pcdir")
libdir=${lib#"$work/prefix/"}
version=$(pc "$pcdir" --modversion)
holds_exactly "$work/prefix" "$libdir" liblatentebm.so liblatentebm.so.0 "liblatentebm.so.$version"
[ "$(readlink "$lib/liblatentebm.so")" = liblatentebm.so.0 ] || fail "liblatentebm.so is no link to liblatentebm.so.0"
if readelf -d "$lib/liblatentebm.so" | grep -E 'R(UN)?PATH|TEXTREL'; then
    fail "an installed library looks for others in folders of its own, or is not position independent"
fi

LD_LIBRARY_PATH=$lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
model=$work/model.safetensors

# shellcheck disable=SC2046 # words
quiet "$cc" "$here/main.c" -o "$work/with_pkg_config" $(pc "$pcdir" --cflags --libs)
succeeds pkg-config "$work/with_pkg_config" "$model"
if readelf -d "$work/with_pkg_config" | grep NEEDED | grep -E 'blas|cjson'; then
    fail "a program that links the shared library links its needs as well"
fi

quiet "$cc" -I"$work/prefix/include" "$here/main.c" -o "$work/plain" -L"$lib" -llatentebm
succeeds "cc -llatentebm" "$work/plain" "$model"

finds_with_cmake shared "$work/prefix"

if [ -n "$cxx" ]; then
    # shellcheck disable=SC2046
    quiet "$cxx" -std=c++17 -Wall -Wextra -Wpedantic -Werror "$here/main.cpp" -o "$work/cpp" $(pc "$pcdir" --cflags --libs)
    succeeds C++17 "$work/cpp"
else
    echo "not tried: no C++ compiler"
fi

quiet "$cc" "$here/dlopen.c" -o "$work/dlopen" -I"$work/prefix/include" -ldl
succeeds dlopen "$work/dlopen" liblatentebm.so.0

if command -v python3 >/dev/null 2>&1; then
    cat >"$work/ctypes.py" <<'EOF'
import ctypes, sys
lebm = ctypes.CDLL(sys.argv[1])
lebm.lebm_version.restype = ctypes.c_char_p
lebm.lebm_last_error.restype = ctypes.c_char_p
net = ctypes.c_void_p()
assert lebm.lebm_net_create_from_spec(ctypes.byref(net), b"in 2; linear 3") == 0, lebm.lebm_last_error()
assert lebm.lebm_net_create_from_spec(ctypes.byref(ctypes.c_void_p()), b"in 2; linaer 3") == -3
print(lebm.lebm_version().decode(), "|", lebm.lebm_last_error().decode())
lebm.lebm_net_destroy(net)
EOF
    mv "$work/ctypes.py" "$work/from_python.py" # a script called ctypes.py would import itself
    succeeds Python python3 "$work/from_python.py" liblatentebm.so.0
fi

# The installed module and programs find the library that was installed with them.
module=$(dirname "$(find "$work/prefix" -path '*/lebm/__init__.py')")
[ "$(realpath "$module/liblatentebm.so.0")" = "$(realpath "$lib/liblatentebm.so.0")" ] ||
    fail "the library inside $module is not the one in $lib"
if [ -n "$besides_programs" ]; then
    (unset LD_LIBRARY_PATH && "$work/prefix/bin/sample" --version) >"$work/version" || fail "sample finds no library"
    grep -qF "$version" "$work/version" || fail "sample --version says '$(cat "$work/version")', lebm.pc $version"
fi

# A package is built by installing under another root; what is installed must not name it.
DESTDIR=$work/stage quiet "$cmake" --install "$build" --prefix /opt/lebm
holds_exactly "$work/stage/opt/lebm" "$libdir" liblatentebm.so liblatentebm.so.0 "liblatentebm.so.$version"
if grep -rlF -e "$work" -e "$build" -e "$source" "$work/stage"; then
    fail "these installed files name a folder of the build"
fi
echo "ok: DESTDIR"

# The installed tree works elsewhere.
mv "$work/prefix" "$work/moved"
[ "$(pc "$work/moved/$libdir/pkgconfig" --variable=libdir | xargs realpath)" = "$work/moved/$libdir" ] ||
    fail "lebm.pc still names the old folder after the tree was moved"
LD_LIBRARY_PATH=$work/moved/$libdir finds_with_cmake moved "$work/moved"
