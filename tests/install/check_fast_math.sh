#!/bin/sh
# Flags that let a compiler forget NaN, from a user and from a project around the library: they do not reach it, with
# and without optimization at link time. Without its CMakeLists.txt no file of it can be compiled so.
. "$(dirname "$0")/common.sh"

for file in "$source"/lib/*/*.c; do
    for flag in -ffast-math -Ofast -ffinite-math-only; do
        if "$cc" $flag -D_GNU_SOURCE -DLEBM__ISA=baseline -DLEBM__TABLE=table -I"$source/lib" -I"$source/include" \
            -fsyntax-only "$file" >"$work/log" 2>&1 || ! grep -q 'liblatentebm cannot be compiled with' "$work/log"; then
            fail "$file is compiled with $flag"
        fi
    done
done
echo "ok: refused without CMake"

# with_flags NAME OPTION...: build a project that wants all of it, the shared library within, and look at what it does
with_flags()
{
    name=$1
    shift
    quiet "$cmake" -S "$here/as_subproject" -B "$work/$name" -DCMAKE_C_COMPILER="$cc" -DLATENTEBM="$source" \
        -DLEBM_BLAS="$blas" -DPROGRAM=nan.c -DBUILD_SHARED_LIBS=ON -DCMAKE_BUILD_TYPE= "$@" \
        -DPROJECT_OPTIONS="-ffp-contract=off;-ffinite-math-only;-fno-signed-zeros;-ffp-contract=fast;-funsafe-math-optimizations"
    quiet "$cmake" --build "$work/$name"
    succeeds "$name" "$work/$name/consumer" "$work/model.safetensors"
    # A program without such flags, whose denormal numbers the library must leave alone.
    quiet "$cc" -I"$source/include" "$here/nan.c" -o "$work/$name/plain" -L"$work/$name/latentebm/lib" -llatentebm \
        -Wl,-rpath,"$work/$name/latentebm/lib"
    succeeds "$name, from a plain program" "$work/$name/plain" "$work/model.safetensors" denormal
}
with_flags flags -DCMAKE_C_FLAGS="-Ofast -ffast-math"
with_flags interprocedural -DCMAKE_C_FLAGS="-ffast-math -O1" -DCMAKE_INTERPROCEDURAL_OPTIMIZATION=ON
