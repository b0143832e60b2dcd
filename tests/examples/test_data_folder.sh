#!/bin/sh
# What a data folder may be called inside: the names of MNIST and of sets made like it, as unpackers leave them.
. "$(dirname "$0")/common.sh"

make_data good
{ bytes 0 0 8 1 0 0 0 3c; pixels 60; } >good/train-labels-idx1-ubyte

# read_from DIR: what the trainer finds in the folder.
read_from() {
    rm -rf out
    "$programs/train_mnist" --data "$1" --out out --batch 20 --epochs 1 --prior "in 4; linear 8; gelu; linear 1" \
        --generator "in 4; linear 784; reshape 1 28 28; tanh" --prior-steps 1 --posterior-steps 1 >report 2>errors ||
        return 1
    sed -n 2p report
}
read_from good >right || fail "train_mnist: $(cat errors)"
grep -q "60 IDX images to train on and 20 held out" right || fail "it read '$(cat right)'"

# expect DIR: the images must be those of the good folder, which the checkpoint knows by their sum.
expect() {
    read_from "$1" >said || fail "$1: $(cat errors)"
    cmp -s said right || fail "$1: it read '$(cat said)'"
}

# refuse DIR PART: it must be refused in one line with that part.
refuse() {
    ! read_from "$1" >said || fail "$1 was read: '$(cat said)'"
    [ "$(wc -l <errors)" -eq 1 ] || fail "$1: not one line, but '$(cat errors)'"
    grep -qF -- "$2" errors || fail "$1: no word of '$2', but '$(cat errors)'"
}

# Compressed, with a folder of the plain name beside it, as some unpackers make.
cp -r good folders
gzip folders/*
for file in folders/*.gz; do mkdir "${file%.gz}"; done
expect folders

# A dot in the names.
for packed in "" .gz; do
    mkdir "dots$packed"
    for file in good/*; do
        dotted=dots$packed/$(basename "$file" | sed 's/-idx/.idx/')
        cp "$file" "$dotted"
        if [ -n "$packed" ]; then gzip "$dotted"; fi
    done
    expect "dots$packed"
done

# One set of EMNIST's; two are one too many, but MNIST goes before.
mkdir emnist
for file in good/*; do cp "$file" "emnist/emnist-digits-$(basename "$file" | sed 's/t10k/test/')"; done
expect emnist
cp -r emnist several
for file in good/train*; do cp "$file" "several/emnist-letters-$(basename "$file")"; done
refuse several "emnist-digits-train and emnist-letters-train"
cp good/* several
expect several

# A pipe.
cp -r good pipe
rm pipe/t10k-images-idx3-ubyte
mkfifo pipe/t10k-images-idx3-ubyte
cat good/t10k-images-idx3-ubyte >pipe/t10k-images-idx3-ubyte &
process=$!
expect pipe
wait "$process" || fail "the pipe was not read to its end"
process=

# Only folders.
mkdir -p nothing/train-images-idx3-ubyte nothing/train_32x32.mat
refuse nothing "there is no train-images-idx3-ubyte, plain or .gz, in nothing"
! "$programs/train_svhn" --data nothing --out out 2>errors || fail "a folder was read as SVHN"
grep -q "there is no train_32x32.mat in nothing" errors || fail "train_svhn: $(cat errors)"
