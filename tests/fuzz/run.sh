#!/bin/sh
# Fuzzes the targets with libFuzzer under AddressSanitizer and UndefinedBehaviorSanitizer, and says how far each came.
#
#     tests/fuzz/run.sh [--runs N] [TARGET...]      N: executions of each target (default 10000000)
#
# It needs clang with libFuzzer (on Debian or Ubuntu: apt-get install clang libclang-rt-dev). It builds in build/fuzz,
# and keeps there what it finds: inputs that reach new code in corpus/TARGET, where the next run goes on from, and those
# that break something in TARGET-crash-*. Such an input is replayed by build/fuzz/tests/fuzz/fuzz_TARGET FILE; once the
# bug is found, it belongs in tests/fuzz/corpus/TARGET, under a name that says what was wrong.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=$here/../../build/fuzz
runs=10000000
if [ "${1:-}" = --runs ]; then
    runs=$2
    shift 2
fi
# shellcheck disable=SC2046 # one word for each target
if [ $# -eq 0 ]; then set -- $(cd "$here/corpus" && ls); fi
# The system's CMake, if there is one, looks where the system's packages are.
cmake=cmake
if [ -x /usr/bin/cmake ]; then cmake=/usr/bin/cmake; fi

# Comparisons are not traced: that takes most of the time, and the dictionaries hold what it would find.
"$cmake" -S "$here/../.." -B "$build" -DCMAKE_C_COMPILER=clang -DCMAKE_C_FLAGS=-fno-sanitize-coverage=trace-cmp \
    -DCMAKE_BUILD_TYPE=RelWithDebInfo -DBUILD_SHARED_LIBS=OFF \
    "-DLEBM_SANITIZE=address;undefined;fuzzer-no-link" >/dev/null
jobs=$(nproc 2>/dev/null || echo 1)
for target in "$@"; do "$cmake" --build "$build" --parallel "$jobs" --target "fuzz_$target" >/dev/null; done

# Short histories of allocations and few freed blocks kept: faster, and a crash can be replayed with more.
export ASAN_OPTIONS=allocator_may_return_null=1:malloc_context_size=3:quarantine_size_mb=8
export UBSAN_OPTIONS=print_stacktrace=1
failed=0
for target in "$@"; do
    case $target in # bytes of an input at most
    number) longest=64 ;;
    arguments | idx | npy | options | text) longest=300 ;;
    spec) longest=400 ;;
    mat) longest=600 ;;
    cifar) longest=7000 ;;
    *) longest=3000 ;;
    esac
    dictionary=
    if [ -f "$here/$target.dict" ]; then dictionary=-dict=$here/$target.dict; fi
    mkdir -p "$build/corpus/$target"
    log=$build/$target.log
    status=0
    # shellcheck disable=SC2086 # one word, or none
    "$build/tests/fuzz/fuzz_$target" -runs="$runs" -max_len=$longest -timeout=10 -malloc_limit_mb=256 $dictionary \
        -artifact_prefix="$build/$target-" "$build/corpus/$target" "$here/corpus/$target" >"$log" 2>&1 || status=$?
    if [ $status -eq 0 ]; then
        sed -n "s/^Done \([0-9]*\) runs in \([0-9]*\) second.*/$target: \1 executions in \2 s/p" "$log" | tr '\n' ','
        sed -n 's/.*DONE *cov: \([0-9]*\) .*/ \1 edges covered/p' "$log"
    else
        echo "$target: failed, see $log"
        failed=1
    fi
done
exit $failed
