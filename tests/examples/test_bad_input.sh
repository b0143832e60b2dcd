#!/bin/sh
# Whatever is wrong with the input, the programs say so in one line, fail, and damage nothing.
. "$(dirname "$0")/common.sh"

make_data data
train --out good --epochs 1 >/dev/null 2>errors || fail "training: $(cat errors)"

checksums >good-before

# Command lines.
refuse 2 "--nonsense" train --out new --nonsense
refuse 2 "--step-size" train --out new --step-size nan
refuse 2 "a number from" train --out new --prior-step-size nan
refuse 2 "a number from" train --out new --posterior-step-size=inf
refuse 2 "-1" train --out new --sigma -1
refuse 2 "a whole number from" train --out new --batch 0
refuse 2 "a whole number from" train --out new --epochs many
refuse 2 "--epochs needs a value" train --out new --epochs
refuse 2 "stray" train --out new stray
refuse 1 "batch" train --out new --batch 61
refuse 1 "--prior: spec: there is no layer 'convolve'" train --out new --prior "in 4; convolve 3"
refuse 1 "prior" train --out new --prior "in 4; linear 2"
refuse 1 "--prior-init" train --out new --prior-init nonsense
refuse 1 "1x14x56" train --out new --generator "in 4; linear 784; reshape 1 14 56"
refuse 1 "5" train --out new --generator "in 5; linear 784; reshape 1 28 28"
refuse 1 "give only one" train --out new --width 8
refuse 2 "a whole number from 1" train_colours --out new --width 0
refuse 1 "direct" train --out new --convolution nonsense
refuse 2 "--step-size" "$programs/sample" --model good/model.safetensors --step-size nan
refuse 2 "--nonsense" "$programs/reconstruct" --model good/model.safetensors --nonsense
refuse 1 "--model" "$programs/sample"
refuse 1 "--model" "$programs/reconstruct"
for program in toy_density score_observations two_threads stop_training; do
    refuse 2 "unknown option --nonsense" "$programs/$program" --nonsense
    "$programs/$program" --help | grep -q "^usage: $program" || fail "$program --help"
done

for said in "reshape C H W | reshape N |" "Give --data, --train, --eval and" "0: LEBM_NUM_THREADS or all processors"; do
    "$programs/train_svhn" --help | grep -qF -- "$said" || fail "train_svhn --help says nothing of '$said'"
done

# Data.
bad_data() {
    rm -rf bad
    make_data bad
}
use_bad_data() {
    train --data bad --out new
}
refuse 1 "there is no folder nowhere" train --data nowhere --out new
bad_data
rm bad/train-images-idx3-ubyte
refuse 1 "train-images-idx3-ubyte" use_bad_data
bad_data
: >bad/train-images-idx3-ubyte
refuse 1 "empty" use_bad_data
bad_data
head -c 30000 data/train-images-idx3-ubyte >bad/train-images-idx3-ubyte
refuse 1 "truncated" use_bad_data
bad_data
gzip bad/t10k-images-idx3-ubyte
head -c 5000 bad/t10k-images-idx3-ubyte.gz >shorter
mv shorter bad/t10k-images-idx3-ubyte.gz
refuse 1 "truncated" use_bad_data
bad_data
echo >>bad/t10k-images-idx3-ubyte
refuse 1 "more bytes" use_bad_data
bad_data
{ bytes 0 0 8 1 0 0 0 3c; pixels 60; } >bad/train-images-idx3-ubyte
refuse 1 "labels" use_bad_data
bad_data
{ bytes 0 0 8 3 ff ff ff ff 0 0 1 0 0 0 1 0; pixels 100; } >bad/train-images-idx3-ubyte
refuse 1 "4294967295" use_bad_data
bad_data
{ bytes 0 0 8 1 0 0 0 3; pixels 3; } >bad/train-labels-idx1-ubyte
refuse 1 "3 labels" use_bad_data
bad_data
{ bytes 0 0 8 3 0 0 0 1 0 0 0 20 0 0 0 20; pixels 1024; } >bad/t10k-images-idx3-ubyte
refuse 1 "1x32x32" use_bad_data

# Files named one by one.
refuse 1 "--train FILE needs --eval FILE" train_colours --out new --train a.mat
refuse 1 "--eval FILE needs --train FILE" train_colours --out new --eval a.mat
refuse 1 "give only one" train_colours --out new --data data --train a.mat --eval a.mat
refuse 1 "give only one" "$programs/reconstruct" --model good/model.safetensors --data data --eval a
refuse 1 "cannot open a.mat" train_colours --out new --train a.mat --eval a.mat

# Data of SVHN.
make_svhn svhn
bad_svhn() {
    rm -rf bad
    cp -r svhn bad
}
use_bad_svhn() {
    train_colours --data bad --out new
}
refuse 1 "there is no folder nowhere" train_colours --data nowhere --out new
bad_svhn
rm bad/test_32x32.mat
refuse 1 "there is no test_32x32.mat in bad" use_bad_svhn
bad_svhn
: >bad/train_32x32.mat
refuse 1 "empty" use_bad_svhn
bad_svhn
head -c 100000 svhn/train_32x32.mat >bad/train_32x32.mat
refuse 1 "truncated: ends 23072 bytes too early" use_bad_svhn
bad_svhn
cp data/train-images-idx3-ubyte bad/train_32x32.mat
refuse 1 "no MATLAB 5 file" use_bad_svhn
bad_svhn
mat_header >bad/train_32x32.mat
refuse 1 "no variable X" use_bad_svhn
bad_svhn
{ mat_header; mat_images 16 4; } >bad/test_32x32.mat
refuse 1 "3x16x16" use_bad_svhn
refuse 1 "no IDX file" "$programs/train_mnist" --out new --train svhn/train_32x32.mat --eval svhn/test_32x32.mat
[ ! -e new ] || fail "a folder for results was made although nothing could be trained"

# The folder for the results.
refuse 1 "good/metrics.csv" train --out good/metrics.csv/below
refuse 1 "good/metrics.csv" train --out good/metrics.csv
refuse 1 "/proc" train --out /proc/no/such/place
refuse 1 "--resume" train --out good

# Checkpoints.
refuse 1 "new/checkpoint.safetensors" train --resume --out new
refuse 1 "resume" train --resume --out good --prior "in 4; linear 9; gelu; linear 1"
refuse 1 "resume" train --resume --out good --generator "in 4; linear 784; reshape 1 28 28; tanh"
refuse 1 "--batch" train --resume --out good --batch 30
refuse 1 "trained on" train --resume --out good --train-images 40
refuse 1 "trained on" "$programs/train_mnist" --resume --out good
refuse 1 "give the same --data" "$programs/train_mnist" --resume --out good
refuse 1 "resume" train --resume --out good --sigma 0.5
refuse 1 "resume" train --resume --out good --sigma0 2

mkdir odd
cp good/model.safetensors odd/checkpoint.safetensors
refuse 1 "resume" train --resume --out odd
head -c 2000 good/checkpoint.safetensors >odd/checkpoint.safetensors
refuse 1 "resume" train --resume --out odd
: >odd/checkpoint.safetensors
refuse 1 "resume" train --resume --out odd
[ "$(ls odd)" = checkpoint.safetensors ] || fail "files were made beside a checkpoint that is none"

# Models.
refuse 1 "nowhere" "$programs/sample" --model nowhere
refuse 1 "metrics.csv" "$programs/sample" --model good/metrics.csv
refuse 1 "nowhere" "$programs/sample" --model good/model.safetensors --out nowhere/at/all.png
refuse 1 "nowhere" "$programs/reconstruct" --model good/model.safetensors --data nowhere
bad_data
{ bytes 0 0 8 3 0 0 0 1 0 0 0 20 0 0 0 20; pixels 1024; } >bad/t10k-images-idx3-ubyte
refuse 1 "1x32x32" "$programs/reconstruct" --model good/model.safetensors --data bad --out new.png
[ ! -e new.png ] || fail "a picture was made of nothing"

# A training that diverges keeps the last good checkpoint and says what to do.
status=0
train --resume --out good --epochs 3 --prior-steps 20 --prior-step-size 1e6 >said 2>errors || status=$?
[ "$status" -eq 1 ] || fail "status $status of a training that diverges: $(cat errors)"
grep -q "diverged" errors || fail "no word of divergence, but '$(cat errors)'"
grep -q -- "--prior-learning-rate" errors || fail "no advice after divergence"
checksums | grep -v metrics.csv >after
grep -v metrics.csv good-before | cmp -s - after || fail "a training that diverged changed earlier results"
