#!/bin/sh
# Links the unit test of products with the archive of the BLAS called PROVIDER, and runs it while the environment asks that
# BLAS for eight threads. A weak reference takes nothing out of an archive, so that less is known of the BLAS than of a
# shared one.
#
#     check_archive.sh PROVIDER FOLDERS OUTPUT LINK...
#
# FOLDERS, and before them those of the environment variable LEBM_PROVIDER_FOLDERS, hold a folder for each provider, as
# /usr/lib/x86_64-linux-gnu does on Debian. LINK is the compiler with all that the program is made of but the BLAS.
set -eu
provider=$1 folders=${LEBM_PROVIDER_FOLDERS:+$LEBM_PROVIDER_FOLDERS:}$2 output=$3
shift 3

case $provider in
netlib) name=blas file=libblas.a package=libblas-dev ;;
blis-*) name=$provider file=libblis.a package=lib$provider-dev ;;
openblas-*) name=$provider file=libopenblas.a package=lib$provider-dev ;;
*)
    echo "check_archive.sh: no provider is called '$provider'" >&2
    exit 2
    ;;
esac
runtime=
case $provider in *-openmp) runtime=-lgomp ;; esac

archive=
IFS=:
for place in $folders; do
    if [ -z "$archive" ] && [ -e "$place/$name/$file" ]; then archive=$place/$name/$file; fi
done
unset IFS
if [ -z "$archive" ]; then
    echo "skipped: $name/$file is in none of $folders; on Debian it comes with: apt-get install $package"
    exit 77
fi

"$@" "$archive" $runtime -lm -lpthread -ldl -o "$output"
OPENBLAS_NUM_THREADS=8 OMP_NUM_THREADS=8 BLIS_NUM_THREADS=8 "$output"

# A host that calls what the products do not need brings more of an OpenBLAS with it: the same must be found.
case $provider in
openblas-*)
    "$@" -Wl,-u,openblas_set_num_threads "$archive" $runtime -lm -lpthread -ldl -o "$output"
    OPENBLAS_NUM_THREADS=8 OMP_NUM_THREADS=8 "$output"
    ;;
esac
rm "$output"
