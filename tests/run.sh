#!/bin/sh
# Installs what is missing (on Debian and Ubuntu), builds everything with warnings as errors, and runs the tests in parts
# (docs/testing.md). What fails in one part hides no other: the end says what failed where, in ctest's own lines.
set -eu

usage()
{
    cat <<EOF
Usage: tests/run.sh [--all | PART...]

Without arguments the parts release, asan and threads; with --all every part but threads, which is in tsan. What --all
runs can be run part by part, in any order; the minutes are rough ones, on 2 cores:

    release     12   as built: all tests but the long ones
    asan        20   under AddressSanitizer and UndefinedBehaviorSanitizer: all tests but the long ones and args/exceptions
    threads      5   under ThreadSanitizer: what has threads
    tsan        10   under ThreadSanitizer: all tests but the long ones
    long         5   as built: the long tests of kind exact, and clang's analyser
    asan-long   10   under AddressSanitizer and UndefinedBehaviorSanitizer: the long tests
    tsan-long   20   under ThreadSanitizer: the long tests
    valgrind    20   memcheck and helgrind
    mutation    15   whether the tests notice bugs
    coverage     6   the lines of lib/ that the tests run

On Debian and Ubuntu it first installs the packages that are missing, with apt-get, as root or by sudo; what it builds
is in build/test-*, below the project's folder.
EOF
}

root=$(cd "$(dirname "$0")/.." && pwd)
packages="build-essential cmake pkg-config libopenblas-dev librandom123-dev libcjson-dev libpng-dev libjpeg-dev libzimg-dev zlib1g-dev libmatio-dev check"
# For tests that are skipped where the package is not to be had.
more="doxygen abigail-tools python3-numpy python3-matplotlib python3-pil python3-tqdm python3-mypy python3-pip python3-scikit-build-core file groff-base libopenblas0-openmp libopenblas0-serial libblis4-openmp libblas3"
tools="valgrind gcovr clang clang-tidy clang-format-14 cppcheck shellcheck"

all="release asan tsan long asan-long tsan-long valgrind mutation coverage"
for word in "$@"; do
    case $word in
    -h | --help)
        usage
        exit 0
        ;;
    esac
done
case "${1:-}" in
"") set -- release asan threads ;;
--all)
    if [ $# -gt 1 ]; then
        echo "run.sh: --all runs every part, but '$2' follows it" >&2
        usage >&2
        exit 2
    fi
    # shellcheck disable=SC2086 # one word for each part
    set -- $all
    more="$more $tools"
    ;;
*)
    for part in "$@"; do
        case " $all threads " in
        *" $part "*) ;;
        *)
            echo "run.sh: unknown part '$part'" >&2
            usage >&2
            exit 2
            ;;
        esac
    done
    more="$more $tools"
    ;;
esac

# missing PACKAGE...: those of them that are not installed
missing()
{
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || echo "$package"
    done
}

# as_root COMMAND...
as_root()
{
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# install PACKAGE...: a fresh machine may be updating itself, which is waited for
install()
{
    echo "run.sh: installing $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=600 "$@"
}

# shellcheck disable=SC2046,SC2086 # one word for each package
install_missing()
{
    [ -n "$(missing $packages $more)" ] || return 0
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null 2>&1; then
        echo "run.sh: only root can install:" $(missing $packages $more) >&2
        return 0
    fi
    as_root apt-get update || echo "run.sh: apt-get update failed; trying with the package lists as they are" >&2
    if [ -n "$(missing $packages)" ]; then
        install $(missing $packages) || echo "run.sh: perhaps the build does without:" $(missing $packages) >&2
    fi
    for package in $(missing $more); do
        install "$package" || echo "run.sh: without $package some tests are skipped" >&2
    done
}

if command -v dpkg-query >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1; then install_missing; fi

# The system's CMake, if there is one, looks where the system's packages are.
cmake=cmake
ctest=ctest
if [ -x /usr/bin/cmake ]; then cmake=/usr/bin/cmake ctest=/usr/bin/ctest; fi
jobs=$(nproc 2>/dev/null || echo 1)

# build NAME OPTION...: configure and build in build/test-NAME
build()
{
    name=$1
    shift
    folder=$root/build/test-$name
    if "$cmake" -S "$root" -B "$folder" -DLEBM_WERROR=ON "$@" >/dev/null && "$cmake" --build "$folder" --parallel "$jobs"; then
        return 0
    fi
    echo "the build failed" >"$log"
    return 1
}

# check NAME OPTION...: run tests of the build NAME
check()
{
    cd "$root/build/test-$1"
    shift
    "$ctest" --output-on-failure --no-label-summary --parallel "$jobs" --output-log "$log" "$@"
}

release() { build release && check release "$@"; }
asan() { build asan -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DLEBM_SANITIZE=address;undefined" && check asan "$@"; }
tsan() { build tsan -DCMAKE_BUILD_TYPE=RelWithDebInfo -DLEBM_SANITIZE=thread && check tsan "$@"; }

# The files that count lines name the folder of the build, which installed files must not: so no tests of kind abi.
coverage()
{
    command -v gcovr >/dev/null 2>&1 || {
        echo "skipped: gcovr is missing" >"$log"
        return 0
    }
    build coverage -DCMAKE_BUILD_TYPE=Debug "-DCMAKE_C_FLAGS=-Og --coverage -fprofile-update=atomic" || return 1
    find "$root/build/test-coverage" -name "*.gcda" -delete
    bad=0
    check coverage -LE "long|abi" || bad=1
    gcovr --root "$root" --filter "$root/lib/" --fail-under-line 95 "$root/build/test-coverage" || {
        echo "gcovr: failed, or less than 95 % of the lines of lib/ were run" >>"$log"
        bad=1
    }
    return $bad
}

# run PART: what ctest says at its end is in $log
run()
{
    case $1 in
    release) release -LE long ;;
    asan) asan -LE long -E "^args/exceptions" ;; # whose traps are no matter of sanitizers, and whose calls args/args makes
    threads) tsan -R "unit/(threads|concurrency|blas|sampler|trainer)$" ;;
    tsan) tsan -LE long ;;
    long) release -L long -LE "mutation|sanitize" ;;
    asan-long) asan -L long ;;
    tsan-long) tsan -L long ;;
    valgrind) release -R "^(memcheck|helgrind)/" ;;
    mutation) release -L mutation ;;
    coverage) coverage ;;
    esac
}

failed=
mkdir -p "$root/build"
for part in "$@"; do
    echo "== $part"
    log=$root/build/test-$part.log
    : >"$log"
    (run "$part") || failed="$failed $part"
done

echo
if [ -z "$failed" ]; then echo "run.sh: all passed"; else echo "run.sh: these failed:$failed"; fi
for part in "$@"; do
    echo "== $part"
    log=$root/build/test-$part.log
    if grep -q "% tests passed" "$log"; then sed -n '/% tests passed/,$p' "$log"; else tail -n 1 "$log"; fi
done
[ -z "$failed" ]
