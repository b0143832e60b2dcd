#!/bin/sh
# Installs what is missing (on Debian and Ubuntu), builds everything with warnings as errors, and runs the tests: as built,
# under AddressSanitizer and UndefinedBehaviorSanitizer, and those with threads under ThreadSanitizer (docs/testing.md).
#
#     tests/run.sh [--all]      --all: the long ones too, all of them under ThreadSanitizer, and the coverage of lib/
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
packages="build-essential cmake pkg-config libopenblas-dev librandom123-dev libcjson-dev libpng-dev zlib1g-dev libmatio-dev check"
# For tests that are skipped where the package is not to be had.
more="doxygen abigail-tools python3-numpy python3-matplotlib libopenblas0-openmp libopenblas0-serial libblis4-openmp libblas3"
all=no
for argument in "$@"; do
    case $argument in
    --all)
        all=yes
        more="$more valgrind gcovr clang clang-tidy clang-format-14 cppcheck shellcheck"
        ;;
    *)
        echo "run.sh: unknown argument '$argument' (--all is known)" >&2
        exit 2
        ;;
    esac
done

# missing PACKAGE...: those of them that are not installed
missing() {
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || echo "$package"
    done
}

# install PACKAGE...: as root, or with sudo
install() {
    sudo=
    if [ "$(id -u)" -ne 0 ]; then sudo=sudo; fi
    echo "run.sh: installing $*"
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

# shellcheck disable=SC2046,SC2086 # one word for each package
if command -v dpkg-query >/dev/null 2>&1 && [ -n "$(missing $packages $more)" ]; then
    if [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null 2>&1; then
        if [ "$(id -u)" -eq 0 ]; then apt-get update; else sudo apt-get update; fi ||
            echo "run.sh: apt-get update failed; trying with the package lists as they are" >&2
        if [ -n "$(missing $packages)" ]; then install $(missing $packages); fi
        for package in $(missing $more); do
            install "$package" || echo "run.sh: without $package some tests are skipped" >&2
        done
    elif [ -n "$(missing $packages)" ]; then
        echo "run.sh: please have root install:" $(missing $packages) >&2
        exit 1
    fi
fi

# The system's CMake, if there is one, looks where the system's packages are.
cmake=cmake
ctest=ctest
if [ -x /usr/bin/cmake ]; then cmake=/usr/bin/cmake ctest=/usr/bin/ctest; fi
jobs=$(nproc 2>/dev/null || echo 1)

# build NAME OPTION...: configure and build in build/test-NAME
build() {
    name=$1
    shift
    "$cmake" -S "$root" -B "$root/build/test-$name" -DLEBM_WERROR=ON "$@" >/dev/null
    "$cmake" --build "$root/build/test-$name" --parallel "$jobs"
}

# check NAME OPTION...: run the tests of a build
check() {
    name=$1
    shift
    echo
    echo "== tests: $name"
    (cd "$root/build/test-$name" && "$ctest" --output-on-failure --parallel "$jobs" "$@")
}

build release
build asan -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DLEBM_SANITIZE=address;undefined"
build tsan -DCMAKE_BUILD_TYPE=RelWithDebInfo -DLEBM_SANITIZE=thread
if [ $all = no ]; then
    check release -LE long
    check asan -LE long
    check tsan -R "unit/(threads|concurrency|blas|sampler|trainer)$"
else
    check release
    check asan
    check tsan
    if command -v gcovr >/dev/null 2>&1; then
        build coverage -DCMAKE_BUILD_TYPE=Debug "-DCMAKE_C_FLAGS=-Og --coverage -fprofile-update=atomic"
        find "$root/build/test-coverage" -name "*.gcda" -delete
        check coverage -LE "long|abi" # counted files name the folder of the build, which installed ones must not
        gcovr --root "$root" --filter "$root/lib/" --fail-under-line 95 "$root/build/test-coverage"
    else
        echo "run.sh: without gcovr the coverage of lib/ is not measured" >&2
    fi
fi
echo
echo "run.sh: all tests passed"
