#!/bin/sh
# Compares the functions of the shared library and the types they take with those released, with abidiff; and makes
# sure, by breaking a copy of the library on purpose, that abidiff would notice.
#
#     check_types.sh SOURCE WORK CMAKE CC BLAS            compare
#     check_types.sh SOURCE WORK CMAKE CC BLAS --update   write tests/abi/latentebm-0.abi anew: see docs/abi.md
#
# Only lebm.h counts as a public header for abidiff: it tells headers apart by their file names, and those in lib/ have
# the names of those in include/lebm/. So every handle is a declared type without members, as it is for programs.
# What abidiff does not see, the values of macros and the fact that no struct is public, tests/abi/values.c and
# check_names.sh do.
set -eu
source=$1 work=$2 cmake=$3 cc=$4 blas=$5 mode=${6:-compare}
baseline=$source/tests/abi/latentebm-0.abi

for tool in abidw abidiff; do
    command -v $tool >/dev/null 2>&1 || {
        echo "skipped: $tool is missing; on Debian: apt-get install abigail-tools"
        exit 77
    }
done
if [ "$(uname -sm)" != "Linux x86_64" ]; then
    echo "skipped: the baseline is that of Linux on x86_64, this is $(uname -sm)"
    exit 77
fi

# A copy of the library's sources, which may be broken, with debug information.
rm -rf "$work"
mkdir -p "$work/source/examples"
cp -R "$source/CMakeLists.txt" "$source/lebm.pc.in" "$source/include" "$source/lib" "$work/source"
cp -R "$source/examples/python" "$work/source/examples"
library=$work/build/lib/liblatentebm.so
build()
{
    "$cmake" --build "$work/build" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}
"$cmake" -S "$work/source" -B "$work/build" -DCMAKE_C_COMPILER="$cc" -DCMAKE_BUILD_TYPE=Debug -DLEBM_BLAS="$blas" \
    -DBUILD_SHARED_LIBS=ON -DLEBM_BUILD_TESTS=OFF -DLEBM_BUILD_EXAMPLES=OFF >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    exit 1
}
build

# describe FILE: the library's interface, without places in the sources, which come and go
describe()
{
    abidw --header-file "$work/source/include/lebm.h" --drop-private-types --exported-interfaces-only --no-corpus-path \
        --no-comp-dir-path --no-elf-needed --no-parameter-names --no-write-default-sizes --out-file "$work/described" \
        "$library"
    sed "s/ filepath='[^']*'//; s/ line='[0-9]*' column='[0-9]*'//" "$work/described" >"$1"
}
if [ "$mode" = --update ]; then
    describe "$baseline"
    echo "written: $baseline"
    exit 0
fi

# compare: report what changed; succeeds if nothing did but that functions were added. Descriptions are compared, not a
# description and a library, because abidiff would pass over all that the headers besides lebm.h define.
compare()
{
    describe "$work/now.abi"
    abidiff --no-added-syms "$baseline" "$work/now.abi" >"$work/report" 2>&1
}
compare || {
    cat "$work/report"
    echo "the library no longer is what programs were built with (docs/abi.md says what may change, and how)" >&2
    exit 1
}

# edit FILE FROM TO: change each FROM to TO in a file of the copy, which must hold it
edit()
{
    grep -q "$2" "$work/source/$1" || {
        echo "check_types.sh: $1 holds no '$2' any more: please mend the test" >&2
        exit 1
    }
    sed "s/$2/$3/" "$work/source/$1" >"$work/edited"
    cp "$work/edited" "$work/source/$1"
}

# notices FUNCTION WHAT: the copy as edited is reported, naming the function; then the copy is made good again
notices()
{
    build
    status=0
    compare || status=$?
    # Bits of the status: 1 an error, 2 wrong usage, 4 a change, 8 an incompatible one.
    if [ $((status & 7)) -ne 4 ] || ! grep -q "$1" "$work/report"; then
        cat "$work/report"
        echo "$2 went unnoticed: abidiff ended with $status" >&2
        exit 1
    fi
    echo "noticed: $2"
    restore
}
restore()
{
    for folder in include lib; do
        (cd "$source" && find $folder -type f) | while read -r file; do
            cmp -s "$source/$file" "$work/source/$file" || cp "$source/$file" "$work/source/$file"
        done
    done
}

edit lib/latentebm.map '^ *lebm_prior_sigma0;$' ''
notices lebm_prior_sigma0 "a function that is gone"

edit include/lebm/prior.h 'lebm_net \*f, double sigma0' 'lebm_net *f, float sigma0'
edit lib/model/prior.c 'lebm_net \*f, double sigma0' 'lebm_net *f, float sigma0'
notices lebm_prior_create "a parameter of another type"

edit include/lebm/trainer.h 'int64_t lebm_trainer_steps_done' 'int lebm_trainer_steps_done'
edit lib/train/trainer.c 'int64_t lebm_trainer_steps_done' 'int lebm_trainer_steps_done'
notices lebm_trainer_steps_done "a result of another type"

edit include/lebm/sampler.h '(\*lebm_progress_fn)(double done' '(*lebm_progress_fn)(float done'
notices lebm_progress_fn "a callback with a parameter of another type"

# What a minor release may do is no break: a function more, and a handle that grows inside.
edit lib/latentebm.map '^ *lebm_prior_sigma0;$' '&\n    lebm_prior_added;'
edit include/lebm/prior.h '^LEBM_END_DECLS$' 'LEBM_API int lebm_prior_added(double);\n&'
printf 'int lebm_prior_added(double x)\n{\n    return x > 0;\n}\n' >>"$work/source/lib/model/prior.c"
edit lib/model/prior.h '^struct lebm_prior {$' '&\n    double grown;'
build
compare || {
    cat "$work/report"
    echo "a compatible change was taken for a break" >&2
    exit 1
}
echo "let pass: a function more, a handle that grew"
