#!/bin/sh
# Installs what is missing (on Debian and Ubuntu), builds everything with warnings as errors, and runs all tests: as built,
# under AddressSanitizer and UndefinedBehaviorSanitizer, and those with threads under ThreadSanitizer.
#
#     tests/run.sh [--quick]      --quick: only as built
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
packages="build-essential cmake pkg-config libopenblas-dev librandom123-dev libcjson-dev libpng-dev zlib1g-dev libmatio-dev check"
quick=no
for argument in "$@"; do
    case $argument in
    --quick) quick=yes ;;
    *)
        echo "run.sh: unknown argument '$argument' (--quick is known)" >&2
        exit 2
        ;;
    esac
done

missing=
if command -v dpkg-query >/dev/null 2>&1; then
    for package in $packages; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing="$missing $package"
    done
fi
if [ -n "$missing" ]; then
    sudo=
    if [ "$(id -u)" -ne 0 ]; then
        sudo=sudo
        command -v sudo >/dev/null 2>&1 || { echo "run.sh: please have root install:$missing" >&2; exit 1; }
    fi
    echo "run.sh: installing$missing"
    $sudo apt-get update
    # shellcheck disable=SC2086 # one word for each package
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
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
    (cd "$root/build/test-$name" && "$ctest" --output-on-failure "$@")
}

build release
check release
if [ $quick = no ]; then
    build asan -DCMAKE_BUILD_TYPE=RelWithDebInfo -DLEBM_BUILD_EXAMPLES=ON "-DLEBM_SANITIZE=address;undefined"
    check asan
    build tsan -DCMAKE_BUILD_TYPE=RelWithDebInfo -DLEBM_BUILD_EXAMPLES=OFF -DLEBM_SANITIZE=thread
    check tsan -R "unit/(threads|concurrency|blas|sampler|trainer)$"
fi
echo
echo "run.sh: all tests passed"
