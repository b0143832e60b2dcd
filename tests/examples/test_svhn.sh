#!/bin/sh
# The trainer of colour images: what it shares with the one of MNIST is tested there, here is what it has of its own.
. "$(dirname "$0")/common.sh"

make_svhn data
train_on_data() {
    train_colours --data data --epochs 3 "$@"
}

# The number of threads changes nothing.
train_on_data --out whole --threads 1 >report 2>errors || fail "training: $(cat errors)"
train_on_data --out threads --threads 3 >/dev/null
same_results whole threads
grep -q "conv_transpose2d 16 4 1 0; .* 8 4 2 1; .* 4 4 2 1; .* 3 4 2 1; tanh" report ||
    fail "--width 2 does not make the net it should"

# Neither does it how the files are named, nor that the training was stopped in between.
cp data/train_32x32.mat "to train on"
cp data/test_32x32.mat "held out"
train_colours --train "to train on" --eval "held out" --epochs 3 --minutes 0.00001 --out files >report 2>errors ||
    fail "--train, --eval: $(cat errors)"
grep -q -- "--resume --out files --train 'to train on' --eval 'held out'" report || fail "no word how to go on"
"$programs/train_svhn" --resume --out files --data data >report 2>errors || fail "resume: $(cat errors)"
same_results whole files
{ mat_header; mat_images 32 30; } >other.mat
! "$programs/train_svhn" --resume --out files --train other.mat --eval "held out" >/dev/null 2>errors ||
    fail "a training went on with other data"
grep -q "trained on" errors || fail "no word of other data, but '$(cat errors)'"

# Pictures of colour images, from the files and from what the program draws.
"$programs/sample" --model whole/model.safetensors --count 20 >/dev/null
"$programs/reconstruct" --model whole/model.safetensors --eval "held out" >said
grep -q "16 of 16 held-out MATLAB images" said || fail "reconstruct did not read the file, but '$(cat said)'"
"$programs/reconstruct" --model whole/model.safetensors --data data >again
cmp said again || fail "reconstruct makes a difference between --data and --eval"
"$programs/reconstruct" --model whole/model.safetensors >said
grep -q "drawn house numbers" said || fail "reconstruct drew no house numbers"
for picture in samples.png reconstructions.png whole/prior.png; do
    # the ninth number of the header: 2, colours
    [ "$(od -An -tu1 -j25 -N1 $picture | tr -d ' ')" = 2 ] || fail "$picture has no colours"
done

# Ways to compute a convolution agree but for rounding.
for way in direct filtered; do
    train_on_data --convolution $way --out $way >report 2>errors || fail "--convolution $way: $(cat errors)"
    sed -n 's/^Held-out reconstruction MSE  \([0-9.]*\).*/\1/p' report
done >mse
awk 'NR == 1 { first = $1 } NR == 2 { exit !(first > 0 && $1 > 0.999 * first && $1 < 1.001 * first) }' mse ||
    fail "the ways to compute a convolution do not agree: $(cat mse)"

# Other nets, and the data set that the program draws.
train_colours --train-images 40 --eval-images 10 --epochs 1 --out drawn >report 2>errors || fail "drawn: $(cat errors)"
grep -q "40 drawn house numbers to train on and 10 held out, 3x32x32" report || fail "the report does not name the data"
"$programs/train_svhn" --data data --batch 20 --prior-steps 5 --posterior-steps 5 --epochs 1 --out other \
    --prior "in 4; linear 8; gelu; linear 1" --generator "in 4; linear 3072; reshape 3 32 32; tanh" >report 2>errors ||
    fail "--generator: $(cat errors)"
"$programs/train_svhn" --help >help
for word in "train FILE" "eval FILE" "width N" "convolution HOW" "default: out-svhn" "conv_transpose2d 8N 4 1 0"; do
    grep -q -- "$word" help || fail "--help says nothing of $word"
done
