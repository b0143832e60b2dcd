#!/bin/sh
# Installs the build in BUILD to a prefix of its own, and builds and runs a program against it as users would: with
# pkg-config, with CMake, and from Python with ctypes.  check_install.sh BUILD SOURCE WORK CMAKE
set -eu
build=$1 source=$2 work=$3 cmake=$4

rm -rf "$work"
mkdir -p "$work"
"$cmake" --install "$build" --prefix "$work/prefix" >"$work/install.log"
pc=$(dirname "$(find "$work/prefix" -name lebm.pc)")
lib=$(dirname "$(find "$work/prefix" -name 'liblatentebm.so')")
export PKG_CONFIG_PATH="$pc" LD_LIBRARY_PATH="$lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"

# shellcheck disable=SC2046
"${CC:-cc}" "$source/tests/install/main.c" -o "$work/with-pkg-config" $(pkg-config --cflags --libs lebm)
"$work/with-pkg-config" "$work/model.safetensors"

"$cmake" -S "$source/tests/install" -B "$work/consumer" -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/cmake.log"
"$cmake" --build "$work/consumer" >>"$work/cmake.log"
"$work/consumer/consumer" "$work/model.safetensors"

if command -v python3 >/dev/null 2>&1; then
    python3 -c '
import ctypes, sys
lebm = ctypes.CDLL(sys.argv[1])
lebm.lebm_version.restype = ctypes.c_char_p
lebm.lebm_last_error.restype = ctypes.c_char_p
net = ctypes.c_void_p()
assert lebm.lebm_net_create_from_spec(ctypes.byref(net), b"in 2; linear 3") == 0, lebm.lebm_last_error()
assert lebm.lebm_net_create_from_spec(ctypes.byref(ctypes.c_void_p()), b"in 2; linaer 3") == -3
print("from Python:", lebm.lebm_version().decode(), "|", lebm.lebm_last_error().decode())
lebm.lebm_net_destroy(net)
' "$lib/liblatentebm.so"
fi

# Only what the version script lists is exported, under its version.
nm -D --defined-only "$lib/liblatentebm.so" | sed -n 's/.* T \(lebm_[a-z0-9_]*\)@@LEBM_0.1$/\1/p' | sort >"$work/exported"
sed -n 's/^ *\(lebm_[a-z0-9_]*\);$/\1/p' "$source/lib/latentebm.map" | sort >"$work/listed"
diff "$work/listed" "$work/exported"
if nm -D --defined-only "$lib/liblatentebm.so" | grep -v ' A LEBM_' | grep -v '@@LEBM_0.1$'; then
    echo "exported, but not listed in lib/latentebm.map" >&2
    exit 1
fi
echo "install: ok"
