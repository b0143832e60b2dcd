#!/bin/sh
# train_images learns images of any place, leaves broken pictures out, goes on to the same result, and what it makes is
# understood by the programs that look at models.
. "$(dirname "$0")/common.sh"

# learn ARGUMENTS...: trains narrow nets with short chains.
learn() {
    $run "$programs/train_images" --batch 10 --epochs 2 --width 2 --prior-steps 5 --posterior-steps 5 "$@"
}

# expect TEXT FILE: the file must have a line with the text.
expect() {
    grep -qF -- "$1" "$2" || fail "no word of '$1' in: $(cat "$2")"
}

# A folder of pictures, some of them broken, others only called so.
mkdir -p pictures/cats pictures/dogs pictures/x.png
"$3/make_pictures" pictures/cats 30
"$3/make_pictures" pictures/dogs 30
: >pictures/cats/004.png
head -c 500 pictures/dogs/011.JPEG >piece && mv piece pictures/dogs/011.JPEG
echo "no picture" >pictures/dogs/012.png
head -c 700 pictures/cats/008.png >piece && mv piece pictures/cats/008.png
ln -s .. pictures/cats/above
ln -s itself.png pictures/itself.png
ln -s cats/000.png pictures/another.png
mkfifo pictures/pipe.png
echo "not read" >pictures/notes.txt

learn --data pictures --out whole >report 2>errors || fail "train_images: $(cat errors)"
expect "pictures to train on and" report
expect "3x32x32" report
expect "train_images: pictures: 4 of 61 pictures cannot be read: cats/008.png: damaged PNG" errors
expect "; and 1 more (whole/skipped.txt has them all); they are left out" errors
[ "$(wc -l <whole/skipped.txt)" -eq 4 ] || fail "skipped.txt: $(cat whole/skipped.txt)"
expect "dogs/012.png: neither PNG nor JPEG" whole/skipped.txt
expect "cats/004.png: empty file" whole/skipped.txt
for file in samples.png reconstructions.png prior.png model.safetensors metrics.csv; do
    [ -s "whole/$file" ] || fail "there is no $file"
done
trained=$(sed -n 's/^  data *\([0-9]*\) pictures.*/\1/p' report)
held_out=$(sed -n 's/^  data.* \([0-9]*\) held out.*/\1/p' report)
[ $((trained + held_out)) -eq 57 ] || fail "$trained and $held_out are not 57: $(cat report)"

# The images of pictures are made once, and anew when something has changed.
cksum whole/*.cache >caches
learn --data pictures --out again >report 2>errors || fail "again: $(cat errors)"
same_results whole again
cmp whole/pictures-train.cache again/pictures-train.cache || fail "the caches differ"
learn --data pictures --out parts --epochs 1 >report 2>errors || fail "one epoch: $(cat errors)"
before=$(ls -i parts/pictures-train.cache)
learn --data pictures --out parts --resume --epochs 2 >report 2>errors || fail "resume: $(cat errors)"
[ "$(ls -i parts/pictures-train.cache)" = "$before" ] || fail "the cache was made anew"
expect "; and 1 more (parts/skipped.txt has them all); they are left out" errors
cmp whole/skipped.txt parts/skipped.txt || fail "a cache does not tell what was skipped"
same_results whole parts
touch -d 2001-01-01 pictures/cats/000.png
learn --data pictures --out parts --resume --epochs 2 >report 2>errors || fail "resume after touch: $(cat errors)"
[ "$(ls -i parts/pictures-train.cache)" != "$before" ] || fail "the cache was not made anew"
head -c 9000 whole/pictures-train.cache >piece && mv piece whole/pictures-train.cache
echo "no cache" >whole/pictures-held-out.cache
learn --data pictures --out whole --resume >report 2>errors || fail "damaged caches: $(cat errors)"
cmp -s whole/pictures-held-out.cache again/pictures-held-out.cache && fail "the caches tell the same time"
status=0
"$programs/train_images" --data pictures --out whole --resume --size 28 >report 2>errors || status=$?
[ "$status" -eq 1 ] || fail "another size: status $status"
expect "the generator makes images of 3x32x32, the pictures are 3x28x28" errors

# What was skipped is told in full where one cache is there, as after Ctrl-C, and the other is not; a line for each, whatever the
# names; and no more once there is nothing.
mkdir strange
cp pictures/cats/*.* strange
name=$(printf 'a\nb\033[31m.png')
mv strange/004.png "strange/$name"
learn --data strange --out left --held-out .5 --epochs 1 >report 2>errors || fail "strange: $(cat errors)"
expect "2 of 30 pictures cannot be read: " errors
[ "$(wc -l <errors)" -eq 1 ] || fail "a name breaks the line: $(cat errors)"
expect "a?b?[31m.png: empty file" left/skipped.txt
cp left/skipped.txt before
for cache in left/*.cache; do
    rm "$cache"
    learn --data strange --out left --held-out .5 --resume >report 2>errors || fail "a cache less: $(cat errors)"
    cmp before left/skipped.txt || fail "skipped.txt without $cache: $(cat left/skipped.txt)"
done
rm "strange/$name" strange/008.png
mkdir mended
cp left/skipped.txt mended
learn --data strange --out mended --epochs 1 >report 2>errors || fail "mended: $(cat errors)"
[ ! -e mended/skipped.txt ] || fail "told to be skipped: $(cat mended/skipped.txt)"

# Programs that look at the model find the same held-out images.
"$programs/sample" --model whole/model.safetensors --count 4 --steps 2 >said || fail "sample"
"$programs/reconstruct" --model whole/model.safetensors --data pictures --count 5 >said 2>errors || fail "reconstruct: $(cat errors)"
expect "5 of $held_out held-out pictures" said
"$programs/reconstruct" --model whole/model.safetensors --data pictures --held-out .5 >said 2>errors || fail "reconstruct half"
expect "1 of 31 pictures cannot be read: " errors # of the part that it reads
"$programs/reconstruct" --model whole/model.safetensors --data pictures --held-out 1 >said 2>errors || fail "reconstruct all"
expect "50 of 57 held-out pictures" said
"$programs/reconstruct" --model whole/model.safetensors --eval pictures/dogs --count 5 >said 2>errors || fail "reconstruct dogs"
expect "5 of 28 held-out pictures" said
"$programs/diagnose" --model whole/model.safetensors --data pictures --superchains 4 --chains 4 --steps 160 \
    --posterior-steps 160 --warmup 50 --observations 1 --out seen >said 2>errors || fail "diagnose: $(cat errors)"

# Grey ones, of other sizes, with nets of one's own; two places.
for size in 28 64 128; do
    learn --data pictures --out "of$size" --size "$size" --grey --epochs 1 --width 1 --held-out .25 >report 2>errors ||
        fail "size $size: $(cat errors)"
    expect "1x${size}x$size" report
    expect "reconstruct --model of$size/model.safetensors --data pictures --held-out 0.25" report
done
learn --data pictures/cats --eval pictures/dogs --out two --latent 5 --epochs 1 >report 2>errors || fail "two places: $(cat errors)"
expect "28 pictures to train on and 28 held out" report
expect "in 5; linear 200" report
expect "in 5; conv_transpose2d 16" report
expect "011.JPEG" two/skipped-held-out.txt
"$programs/train_images" --batch 10 --epochs 1 --prior-steps 2 --posterior-steps 2 --data pictures --out own --size 8 --latent 3 \
    --generator "in 3; linear 192; reshape 3 8 8; tanh" >report 2>errors || fail "nets of one's own: $(cat errors)"
expect "in 3; linear 200" report

# .npy: bytes that lie in another order, and floats of which some are missing (NaN is 0000c07f, -0.5 is 000000bf).
header() {
    bytes 93 4e 55 4d 50 59 1 0
    bytes "$(printf %x $((${#1} + 1)))" 0
    echo "$1"
}
{ header "{'descr': '|u1', 'fortran_order': False, 'shape': (40, 32, 32, 3), }"; pixels 122880; } >bytes.npy
learn --data bytes.npy --out bytes >report 2>errors || fail "bytes: $(cat errors)"
expect "NumPy images to train on" report
{
    header "{'descr': '<f4', 'fortran_order': False, 'shape': (40, 28, 28), }"
    i=0
    while [ $i -lt 40 ]; do
        awk -v i=$i 'BEGIN { for (k = 0; k < 784; k++) printf "%s", (k + i) % 7 ? "\\000\\000\\000\\277" : "\\000\\000\\300\\177" }' >line
        # shellcheck disable=SC2059 # bytes in octal
        printf "$(cat line)"
        i=$((i + 1))
    done
} >floats.npy
learn --data floats.npy --out floats >report 2>errors || fail "floats: $(cat errors)"
expect "14.3 % of the numbers to train on are missing" report
"$programs/reconstruct" --model floats/model.safetensors --data floats.npy --out holes.png >said || fail "reconstruct holes"
grep -q "mean square error [0-9.]* per pixel" said || fail "no error of what is there: $(cat said)"
learn --data floats.npy --out floats --resume --epochs 3 >report 2>errors || fail "floats again: $(cat errors)"

{ header "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1), }"; bytes 0 0 0 3f; } >white.npy
"$programs/reconstruct" --model floats/model.safetensors --eval white.npy 2>errors && fail "an image of 1x1"
expect "white.npy: floats from 0.5 to 0.5 are taken as they are, in [-1, 1]" errors

# CIFAR-10, a file and a folder; IDX, compressed; SVHN.
mkdir cifar
for file in data_batch_1.bin data_batch_2.bin test_batch.bin; do
    for label in 3 1 4 1 5 9 2 6 5 3; do
        bytes "0$label"
        pixels 3072
    done >"cifar/$file"
done
learn --data cifar --out of-cifar --epochs 1 >report 2>errors || fail "cifar: $(cat errors)"
expect "20 CIFAR-10 images to train on and 10 held out" report
learn --data cifar/data_batch_1.bin --eval cifar/test_batch.bin --out file-of-cifar --epochs 1 >report 2>errors || fail "a .bin: $(cat errors)"
expect "10 CIFAR-10 images to train on and 10 held out" report
make_data data
learn --data data --out of-idx --epochs 1 --generator-init pytorch >report 2>errors || fail "idx: $(cat errors)"
expect "60 IDX images to train on and 20 held out, 1x28x28" report
gzip -c data/train-images-idx3-ubyte >one.gz
learn --data one --out file-of-idx --epochs 1 --held-out .3 >report 2>errors || fail "one.gz: $(cat errors)"
make_svhn svhn
learn --data svhn/train_32x32.mat --out of-mat --epochs 1 >report 2>errors || fail ".mat: $(cat errors)"
expect "MATLAB images to train on" report

# What is wrong is said in one line, and nothing of another run is changed.
mv floats good
checksums >good-before
refuse 1 "--data PLACE is needed" learn --out new
refuse 1 "cannot open nowhere" learn --data nowhere --out new
refuse 1 "pictures/pipe.png: no file, and what is in it is looked at twice" learn --data pictures/pipe.png --out new
refuse 1 "give the same --data (--eval, --held-out, --axes, --train-images)" "$programs/train_images" --data floats.npy --held-out .2 --out good --resume
refuse 1 "neither .npy, IDX, .mat nor a .bin of CIFAR-10" learn --data pictures/notes.txt --out new
refuse 1 "--size is of folders of pictures, and bytes.npy is none" learn --data bytes.npy --size 28 --out new
refuse 1 "--grey is of folders of pictures" learn --data bytes.npy --grey --out new
refuse 1 "give only one of them" learn --data bytes.npy --eval bytes.npy --held-out .5 --out new
refuse 1 "axes NHW of the shape" learn --data bytes.npy --axes NHW --out new
refuse 1 "too few images to hold out a share of 0" learn --data bytes.npy --held-out 0 --out new
refuse 2 "--size" learn --data pictures --size 3 --out new
[ ! -e new ] || fail "a folder for results was made although there are no images"
refuse 1 "4 of 61 pictures cannot be read: cats/008.png" learn --data pictures --most-bad .05 --out new
expect "allowed is a share of 0.05" errors
refuse 1 "there is no generator for images of 40x40 pixels" learn --data pictures --size 40 --out new
refuse 1 "new lies in ., so that pictures of results would be read as data: give another --out" learn --data . --out new
refuse 1 "out lies in pictures/" learn --data pictures/ --out pictures/out
refuse 1 "out lies in pictures/cats/.." learn --data bytes.npy --eval pictures/cats/.. --out "$PWD/pictures/out"
among() {
    program=$1
    shift
    (cd pictures && exec "$programs/$program" --model ../whole/model.safetensors "$@")
}
refuse 1 "reconstructions.png lies in ." among reconstruct --data .
refuse 1 "diagnosis lies in ." among diagnose --eval .
refuse 1 "evaluation lies in ." among evaluate --data . --images 0 --export 1
refuse 1 "ranking lies in ." among rank_pictures --data .
[ ! -e pictures/out ] && [ ! -e pictures/ranking ] || fail "a folder was made among the pictures"
learn --data pictures --out pictures-new --epochs 1 >report 2>errors || fail "a name that only begins alike: $(cat errors)"
rm new/*.cache
mkfifo new/pictures-train.cache
refuse 1 "not a regular file" learn --data pictures --out new
mkdir nothing
refuse 1 "nothing: no PNG or JPEG files, nor the files of MNIST, CIFAR-10 or SVHN" learn --data nothing --out new
