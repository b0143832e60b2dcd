#!/bin/sh
# Which BLAS is taken: of `auto` the first that can be used, and none whose integers have 64 bits.
. "$(dirname "$0")/common.sh"

# configure NAME OPTION...: as a user would; the status is CMake's, what it says is in $work/log
configure()
{
    name=$1
    shift
    "$cmake" -S "$source" -B "$work/$name" -DCMAKE_C_COMPILER="$cc" -DLEBM_BUILD_TESTS=OFF -DLEBM_BUILD_EXAMPLES=OFF \
        "$@" >"$work/log" 2>&1
}

# a_library FOLDER SOURCE: a libblas of this C code; CMake prefers the shared one
a_library()
{
    mkdir -p "$work/$1"
    printf '%s\n' "$2" >"$work/$1/blas.c"
    quiet "$cc" -shared -fPIC "$work/$1/blas.c" -o "$work/$1/libblas.so"
}

# says TEXT: CMake said so; its lines are broken anywhere
says()
{
    tr -s ' \n' '  ' <"$work/log" | grep -qF "$1" || { cat "$work/log" >&2; fail "CMake does not say: $1"; }
}

# taken NAME: the library that CMake chose
taken()
{
    sed -n 's/^LEBM_BLAS_LIBRARY:INTERNAL=//p' "$work/$1/CMakeCache.txt"
}

a_library fortran 'void sgemm_(void) {}'
# 64-bit integers, as in a build of OpenBLAS with INTERFACE64=1
a_library wide 'float cblas_sdot(long long n, const float *x, long long step_x, const float *y, long long step_y)
{
    float sum = 0;
    for (long long i = 0; i < n; i++) sum += x[i * step_x] * y[i * step_y];
    return sum;
}
const char config[] = "OpenBLAS 0.0 USE64BITINT";'

for unfit in fortran wide; do
    if configure "$unfit" -DCMAKE_LIBRARY_PATH="$work/$unfit"; then
        case $(taken "$unfit") in
        "$work"/*) fail "auto takes a libblas that cannot be used: $unfit" ;;
        esac
        echo "ok: beside $unfit, $(taken "$unfit") is taken"
    else
        says "$work/$unfit/libblas.so has" # the only one here
        echo "ok: $unfit is refused; there is no other here"
    fi
done

if configure alone_fortran -DLEBM_BLAS="$work/fortran/libblas.so"; then fail "a BLAS without CBLAS is accepted"; fi
says "$work/fortran/libblas.so has no CBLAS"
if command -v getconf >/dev/null && [ "$(getconf LONG_BIT)" = 32 ]; then exit 0; fi
if configure alone_wide -DLEBM_BLAS="$work/wide/libblas.so"; then fail "a BLAS with 64-bit integers is accepted"; fi
says "$work/wide/libblas.so has 64-bit integers (ILP64)"
if configure cross_wide -DLEBM_BLAS="$work/wide/libblas.so" -DCMAKE_SYSTEM_NAME=Linux; then
    fail "a BLAS with 64-bit integers is accepted when cross compiling"
fi
says "$work/wide/libblas.so has 64-bit integers (ILP64)"
configure good -DLEBM_BLAS="$blas" || fail "LEBM_BLAS=$blas is refused"
echo "ok: others are refused with the reason"
