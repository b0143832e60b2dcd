#!/bin/sh
# The library as a subproject: it builds for a project that adds its folder, also one that joins its files (unity build),
# and leaves that project alone.
. "$(dirname "$0")/common.sh"

quiet "$cmake" -S "$here/as_subproject" -B "$work/build" -DCMAKE_C_COMPILER="$cc" -DLATENTEBM="$source" \
    -DLEBM_BLAS="$blas" -DCMAKE_EXPORT_COMPILE_COMMANDS=ON -DCMAKE_UNITY_BUILD=ON
quiet "$cmake" --build "$work/build"
succeeds "a subproject" "$work/build/consumer" "$work/model.safetensors"

# The project's own sources are compiled as it says.
sed -n '/"command":.*main\.c"\{0,1\},\{0,1\}$/p' "$work/build/compile_commands.json" | grep 'consumer\.dir' >"$work/command" ||
    fail "the command that compiled main.c was not found"
if grep -oE -e ' -(W[a-z-]+|O[0-9s]|f[a-z-]+|std=)[^ ]*' "$work/command"; then
    fail "these options of the library reached the project's own program"
fi
for folder in examples tests; do
    [ ! -e "$work/build/latentebm/$folder" ] || fail "the library's $folder are built in a subproject by default"
done
echo "ok: no options, examples or tests reach the project"
