# What the tests of installed libraries share. They are started as: TEST.sh SOURCE BUILD WORK CMAKE CC CXX BLAS
# shellcheck shell=sh
set -eu
# shellcheck disable=SC2034 # each test uses what it needs
source=$1 build=$2 work=$3 cmake=$4 cc=$5 cxx=$6 blas=$7
here=$source/tests/install

command -v pkg-config >/dev/null 2>&1 || { echo "skipped: pkg-config is missing"; exit 77; }
# Nothing that lies about on this machine is to be found instead.
unset PKG_CONFIG_PATH PKG_CONFIG_LIBDIR CMAKE_PREFIX_PATH LIBRARY_PATH C_INCLUDE_PATH CPATH DESTDIR
rm -rf "$work"
mkdir -p "$work"

fail()
{
    echo "$*" >&2
    exit 1
}

# quiet COMMAND...: show what a command says only if it fails
quiet()
{
    "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "failed: $*"; }
}

# pc FOLDER ARGUMENT...: ask pkg-config about the lebm.pc in this folder
pc()
{
    folder=$1
    shift
    PKG_CONFIG_PATH=$folder pkg-config "$@" lebm
}

# succeeds WHAT PROGRAM...: run a consumer
succeeds()
{
    what=$1
    shift
    quiet "$@"
    echo "ok: $what: $(tail -n 1 "$work/log")"
}

# What is installed with a shared library: the module for Python, and programs if they are built.
besides_programs=
if [ -x "$build/examples/sample" ]; then besides_programs=$here/manifest-programs.txt; fi

# holds_exactly PREFIX LIBDIR LIBRARY...: the files installed are those of manifest.txt, and of a shared library of
# manifest-python.txt and manifest-programs.txt
holds_exactly()
{
    prefix=$1 libdir=$2
    shift 2
    python=$(cd "$prefix" && find . -path '*/lebm/__init__.py' | sed 's|^\./||; s|/lebm/__init__.py$||')
    configuration=$(find "$prefix" -name 'latentebm-targets-*.cmake' | sed 's/.*targets-\(.*\)\.cmake/\1/')
    for library in "$@"; do
        manifests=$here/manifest.txt
        case $library in *.so) manifests="$manifests $here/manifest-python.txt $besides_programs" ;; esac
        # shellcheck disable=SC2086 # one word for each
        sed "s|@LIBDIR@|$libdir|; s|@LIBRARY@|$library|; s|@CONFIGURATION@|$configuration|; s|@PYTHON@|$python|" $manifests
    done | sort -u >"$work/expected"
    (cd "$prefix" && find . ! -type d) | sed 's|^\./||' | sort >"$work/installed"
    diff "$work/expected" "$work/installed" >"$work/differences" || {
        cat "$work/differences" >&2
        fail "installed in $prefix: '<' is only in tests/install/manifest.txt, '>' only installed"
    }
    echo "ok: $(wc -l <"$work/installed") files installed"
}

# finds_with_cmake NAME PREFIX [OPTION...]: build and run the CMake project in with_cmake/ against a prefix
finds_with_cmake()
{
    name=$1 prefix=$2
    shift 2
    quiet "$cmake" -S "$here/with_cmake" -B "$work/$name" -DCMAKE_C_COMPILER="$cc" -DCMAKE_PREFIX_PATH="$prefix" \
        -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF "$@"
    grep -q "^latentebm_DIR:[A-Z]*=$prefix/" "$work/$name/CMakeCache.txt" || fail "CMake found another latentebm"
    quiet "$cmake" --build "$work/$name"
    succeeds "CMake, $name" "$work/$name/consumer" "$work/model.safetensors"
}
