#!/bin/sh
# What can be said of the code without running it. Each tool is a test of its own:
#
#     analyse.sh TOOL SOURCE WORK CMAKE CC BLAS
#
# TOOL is one of
#     compiler                                CC, with a warning more than builds have: of conversions
#     cppcheck, clang-tidy, clang-analyzer    slips in lib/ and examples/
#     clang-format                            the form of all C files
#     shell                                   slips in shell scripts
# A tool that is missing is skipped (77).
set -eu
tool=$1 source=$2 work=$3 cmake=$4 cc=$5 blas=$6
here=$source/tests/static

# needs PROGRAM...: the first that is there, as $program
needs()
{
    for program in "$@"; do
        if command -v "$program" >/dev/null 2>&1; then return; fi
    done
    echo "skipped: $1 is missing"
    exit 77
}

# A debug build of the library and the example programs in $work/build, and the commands that compile it.
configure()
{
    rm -rf "$work"
    mkdir -p "$work"
    "$cmake" -S "$source" -B "$work/build" -DCMAKE_C_COMPILER="$cc" -DCMAKE_BUILD_TYPE=Debug -DLEBM_BLAS="$blas" \
        -DCMAKE_EXPORT_COMPILE_COMMANDS=ON -DLEBM_BUILD_TESTS=OFF -DLEBM_BUILD_EXAMPLES=ON -DLEBM_WERROR=ON "$@" \
        >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}

# tidy CHECKS: clang-tidy, file by file: with several at once, version 14 forgets the type of va_list.
tidy()
{
    needs clang-tidy-14 clang-tidy
    configure
    # GCC's own, which clang does not know.
    sed -i 's/ -fno-cx-limited-range//g; s/ -fno-single-precision-constant//g' "$work/build/compile_commands.json"
    bad=0
    for file in $(cd "$source" && find lib examples -name '*.c' | sort); do
        grep -q "$source/$file\"" "$work/build/compile_commands.json" || continue # examples that are left out
        case $file in
        lib/core/status.c | examples/common/errors.c) models=$work ;; # which have the bodies themselves
        *) models=$here/models ;;
        esac
        "$program" --quiet -p "$work/build" --config-file="$here/$1" --header-filter="$source/" \
            --extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang --extra-arg=model-path="$models" \
            "$source/$file" >"$work/log" 2>&1 || { cat "$work/log"; bad=1; }
    done
    exit $bad
}

case $tool in
compiler)
    needs "$cc"
    configure -DCMAKE_C_FLAGS=-Wconversion
    "$cmake" --build "$work/build" >"$work/log" 2>&1 || { grep -v '^\[' "$work/log" >&2; exit 1; }
    ;;
cppcheck)
    needs cppcheck
    configure
    # It knows no vector types, of which kernels_isa.c is full.
    cppcheck --project="$work/build/compile_commands.json" -i"$source/lib/math/kernels_isa.c" --quiet \
        --enable=warning,performance,portability --library="$here/cppcheck-library.xml" --error-exitcode=1
    ;;
clang-tidy | clang-analyzer) tidy "$tool.yaml" ;;
clang-format)
    needs clang-format-14
    cd "$source"
    find lib include examples tests \( -name '*.[ch]' -o -name '*.cpp' \) -exec clang-format-14 --dry-run --Werror {} +
    ;;
shell)
    needs shellcheck
    cd "$source"
    find .ci examples tests \( -name '*.sh' -o -path .ci/run \) \
        -exec shellcheck --external-sources --source-path=SCRIPTDIR --severity=warning {} +
    ;;
*)
    echo "analyse.sh: unknown tool '$tool'" >&2
    exit 2
    ;;
esac
