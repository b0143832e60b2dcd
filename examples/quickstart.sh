#!/bin/sh
# Builds the library and its examples, learns, for a minute and a half, digits that the example draws itself, and ends
# naming the pictures it made. On Debian and Ubuntu it first installs what is missing.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
out="out-quickstart"

have() {
    command -v "$1" >/dev/null 2>&1
}

installed() {
    dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q '^install ok installed$'
}

missing_packages() {
    have cc && have make || echo build-essential
    have cmake || echo cmake
    have pkg-config || echo pkg-config
    for package in libc6-dev libopenblas-dev libcjson-dev libpng-dev libjpeg-dev libzimg-dev zlib1g-dev; do
        installed "$package" || echo "$package"
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

install_missing() {
    missing=$(missing_packages | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -ne 0 ] && ! have sudo; then
        echo "quickstart: please have root install these packages, then try again: $missing" >&2
        exit 1
    fi
    echo "quickstart: installing $missing"
    as_root apt-get update || echo "quickstart: apt-get update failed; trying with the package lists as they are" >&2
    # shellcheck disable=SC2086 # one word for each package
    if ! as_root apt-get install -y --no-install-recommends $missing; then
        echo "quickstart: could not install $missing" >&2
        exit 1
    fi
}

if have apt-get && have dpkg-query; then
    install_missing
else
    echo "quickstart: this is not Debian or Ubuntu, so nothing is installed; needed are a C compiler, make, CMake," \
        "pkg-config, OpenBLAS, cJSON, libpng, libjpeg, zimg and zlib"
fi

# The system's CMake, if there is one, looks where the system's packages are.
cmake=cmake
if [ -x /usr/bin/cmake ]; then cmake=/usr/bin/cmake; fi

cd "$root"
"$cmake" -S . -B build -DCMAKE_BUILD_TYPE=Release -DLEBM_BUILD_EXAMPLES=ON -DLEBM_BUILD_TESTS=OFF
"$cmake" --build build --parallel "$(nproc 2>/dev/null || echo 1)" \
    --target train_mnist train_svhn train_images sample reconstruct diagnose rank_pictures evaluate

echo
number=1
while [ -e "$out" ]; do # an earlier run, which one may have gone on with
    number=$((number + 1))
    out=out-quickstart-$number
done
build/examples/train_mnist --out "$out" --minutes 1.5

echo
echo "quickstart: done. Look at these pictures:"
for picture in samples reconstructions prior; do
    echo "  $root/$out/$picture.png"
done
