#!/bin/sh
# Whatever is wrong with text, the programs say so in one line, fail, and damage nothing.
. "$(dirname "$0")/common.sh"

awk 'BEGIN { for (i = 1; i <= 60; i++) print "some words of line", i }' >text
train_small() {
    "$programs/train_text" --batch 20 --prior "in 4; linear 8; gelu; linear 1" --prior-steps 2 --posterior-steps 2 \
        --generator "in 4; embedding 6; gru 6; tokens V D" --epochs 1 "$@"
}
train_small --data text --out good >/dev/null 2>errors || fail "training: $(cat errors)"
make_data images
train --data images --out of-images --epochs 1 >/dev/null 2>errors || fail "training of images: $(cat errors)"

checksums >good-before

# Command lines.
refuse 2 "unknown option --sigma" train_small --out new --sigma 1
refuse 2 "unknown option --train" train_small --out new --train text
refuse 2 "unknown option --convolution" train_small --out new --convolution direct
refuse 2 "a whole number from 1" train_small --out new --vocabulary 0
refuse 2 "a whole number from 1" train_small --out new --longest 0
refuse 2 "--chars takes no value" train_small --out new --chars=yes
refuse 1 "--eval FILE needs --data FILE" train_small --out new --eval text
refuse 1 "--batch 1000 is more than the 57 training sentences" train_small --out new --data text --batch 1000
refuse 1 "--generator" train_small --out new --data text --generator "in 4; linear 784"
refuse 1 "--generator" train_small --out new --data text --generator "in 4; embedding 6; gru 6; tokens 7 D"
refuse 1 "up to 9 tokens" train_small --out new --data text --generator "in 4; embedding 6; gru 6; tokens V 9"
refuse 1 "z has 4 numbers" train_small --out new --data text --generator "in 5; embedding 6; gru 6; tokens V D"
[ ! -e new ] || fail "a folder was made for nothing"

# Text.
refuse 1 "No such file" train_small --out new --data nowhere
refuse 1 "nowhere" train_small --out new --data text --eval nowhere
mkdir folder
refuse 1 "folder" train_small --out new --data folder
: >empty
refuse 1 "no sentence" train_small --out new --data empty
refuse 1 "no sentence" train_small --out new --data text --eval empty
{ cat text; bytes 61 0a 62 ff 63 0a; } >latin
refuse 1 "latin: line 62: no UTF-8 (byte 0xff at place 2)" train_small --out new --data latin
refuse 1 "latin: line 62" train_small --out new --data text --eval latin
{ cat text; bytes 61 00 0a; } >zero
refuse 1 "zero: line 61: a zero byte" train_small --out new --data zero
gzip -c text | head -c 100 >cut.gz
refuse 1 "truncated" train_small --out new --data cut.gz
head -n 19 text >few
refuse 1 "too few to hold every 20th out" train_small --out new --data few
refuse 1 "it is what is read" "$programs/reconstruct" --model good/model.safetensors --eval few --out few

# Checkpoints.
refuse 1 "earlier run" train_small --data text --out good
refuse 1 "new/checkpoint.safetensors" train_small --data text --resume --out new
refuse 1 "trained on" train_small --resume --out good
sed 's/line 7$/line 8/' text >other
refuse 1 "give the same --data (--train-sentences)" "$programs/train_text" --data other --resume --out good
refuse 1 "resume" train_small --data text --resume --out good --generator "in 4; embedding 6; lstm 6; tokens V D"
refuse 1 "--batch" train_small --data text --resume --out good --batch 30
refuse 1 "cannot resume" train_small --data text --resume --out of-images
refuse 1 "resume" "$programs/train_mnist" --data images --resume --out good

# Models of one kind and data of the other.
refuse 1 "--beam is of sentences" "$programs/sample" --model of-images/model.safetensors --beam 2
refuse 1 "only one of --temperature and --beam" "$programs/sample" --model good/model.safetensors --beam 2 --temperature 1
refuse 2 "--beam" "$programs/sample" --model good/model.safetensors --beam 65
refuse 1 "--temperature is of sentences" "$programs/sample" --model of-images/model.safetensors --temperature 1
refuse 1 "nowhere" "$programs/reconstruct" --model good/model.safetensors --data nowhere
refuse 1 "images" "$programs/reconstruct" --model good/model.safetensors --data images
refuse 1 "nowhere" "$programs/sample" --model good/model.safetensors --out nowhere/at/all.txt
[ ! -e samples.txt ] || fail "samples were written of nothing"
[ ! -e reconstructions.txt ] || fail "something was written of nothing"
