#!/bin/sh
# Runs unit tests with the BLAS called PROVIDER, selected as users do at run time, while the environment asks that BLAS
# for eight threads; then sees that products of matrices on several threads of the library use none of those, and that
# little memory makes no product hang.
#
#     check_provider.sh PROVIDER FOLDERS TESTS ALONE
#
# FOLDERS, and before them those of the environment variable LEBM_PROVIDER_FOLDERS, hold a folder for each provider, as
# /usr/lib/x86_64-linux-gnu does on Debian. TESTS is the folder of the test programs, ALONE the program that multiplies.
set -eu
provider=$1 folders=${LEBM_PROVIDER_FOLDERS:+$LEBM_PROVIDER_FOLDERS:}$2 tests=$3 alone=$4

skip()
{
    echo "skipped: $*"
    exit 77
}

case $provider in
netlib) name=blas package=libblas3 ;;
blis-*) name=$provider package=libblis4-${provider#blis-} ;;
openblas-*) name=$provider package=libopenblas0-${provider#openblas-} ;;
*)
    echo "check_provider.sh: no provider is called '$provider'" >&2
    exit 2
    ;;
esac

folder=
IFS=:
for place in $folders; do
    if [ -z "$folder" ] && [ -e "$place/$name/libblas.so.3" ]; then folder=$place/$name; fi
done
unset IFS
[ -n "$folder" ] || skip "$provider is in none of $folders; on Debian it comes with: apt-get install $package"

# The program must truly use it: a build with -DLEBM_BLAS=openblas, say, does not ask for libblas.so.3.
LD_LIBRARY_PATH=$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
for program in "$alone" "$tests/unit_blas"; do
    used=$(ldd "$program" | sed -n 's/^[[:space:]]*libblas\.so\.3 => \([^ ]*\).*/\1/p')
    [ -n "$used" ] || skip "this build is tied to one BLAS, not to libblas.so.3 (see LEBM_BLAS in docs/blas.md)"
    if [ "$used" != "$folder/libblas.so.3" ]; then
        echo "$program would use $used, not $folder/libblas.so.3" >&2
        exit 1
    fi
done

# ask COUNT COMMAND...: run with an environment that asks the BLAS for COUNT threads
ask()
{
    count=$1
    shift
    env OPENBLAS_NUM_THREADS="$count" OMP_NUM_THREADS="$count" BLIS_NUM_THREADS="$count" "$@"
}

# Of the tests of threads only two cases: another one lets threads fail to start, at which OpenBLAS ends the process if
# it wants threads of its own.
failed=
for test in blas net conv sampler trainer concurrency threads:tasks threads:several; do
    case=
    case $test in *:*) case=${test#*:} ;; esac
    echo "== $test"
    if [ -n "$case" ]; then
        CK_RUN_CASE=$case
        export CK_RUN_CASE
    fi
    ask 8 "$tests/unit_${test%:*}" || failed="$failed $test"
    unset CK_RUN_CASE
done
if [ -n "$failed" ]; then
    echo "with $provider ($folder) and eight threads asked for, these fail:$failed" >&2
    exit 1
fi

ask 8 "$alone" 100 || {
    echo "with $provider the BLAS runs threads of its own inside the library's (lib/math/blas.c should have stopped it)" >&2
    exit 1
}

# Enough address space for the products of all threads, of some, of none: each time the program ends, one way or other.
# shellcheck disable=SC3045 # the shells that there are know ulimit -v
for kilobytes in 200000 300000 400000 500000 600000 800000 1000000; do
    (ulimit -v $kilobytes && ask 1 "$alone" 20 >/dev/null 2>&1) || echo "$kilobytes kB of address space do not suffice"
done
