#!/bin/sh
# What programs write into, and how they end where they cannot: devices, pipes, links, full disks, closed descriptors.
. "$(dirname "$0")/common.sh"

make_data data
train --out good --epochs 1 >report 2>errors || fail "training: $(cat errors)"
model=good/model.safetensors

# draw ARGUMENTS...: draws a few images.
draw() {
    "$programs/sample" --model "$model" --count 4 --steps 2 "$@"
}
draw --out expected.png >/dev/null

# What a program reads, it does not replace.
ln -s "$model" link.safetensors
for out in "$model" link.safetensors; do
    if draw --out "$out" >/dev/null 2>errors; then fail "sample drew over the model"; fi
    grep -q "it is what is read" errors || fail "sample into its model: $(cat errors)"
done
draw --out again.png >/dev/null || fail "the model is gone"
if "$programs/reconstruct" --model "$model" --data data --out data/t10k-images-idx3-ubyte >/dev/null 2>errors; then
    fail "reconstruct drew over its data"
fi
grep -q "it is what is read" errors || fail "reconstruct into its data: $(cat errors)"

# A pipe is written into, by pictures and metrics.
mkfifo pipe
cat pipe >got &
process=$!
draw --out pipe >/dev/null || fail "sample into a pipe"
[ -p pipe ] || fail "the pipe was replaced"
wait "$process"
cmp got expected.png || fail "a pipe gets another picture than a file"

mkdir piped
mkfifo piped/metrics.csv
cat piped/metrics.csv >got &
process=$!
train --out piped --epochs 1 >/dev/null 2>errors || fail "metrics into a pipe: $(cat errors)"
[ -p piped/metrics.csv ] || fail "the pipe for the metrics was replaced"
wait "$process"
process=
[ "$(wc -l <got)" -eq "$(wc -l <good/metrics.csv)" ] || fail "a pipe gets other metrics than a file: $(cat got)"

# So is a device, where this user may make one, but never that of the machine.
if [ "$(uname)" = Linux ] && mknod device c 1 3 2>/dev/null && (true >device) 2>/dev/null; then
    draw --out device >/dev/null || fail "sample into a device"
    [ -c device ] || fail "the device was replaced"
fi

# What links name is replaced, or made; the links stay.
mkdir far
ln -s far/picture.png link.png
for _ in 1 2; do
    draw --out link.png >/dev/null
    cmp far/picture.png expected.png || fail "the picture is not where the link leads"
done
mkdir linked
for name in samples.png metrics.csv; do ln -s "../far/$name" "linked/$name"; done
train --out linked --epochs 1 >/dev/null 2>errors || fail "results behind links: $(cat errors)"
for name in samples.png metrics.csv; do
    [ -L "linked/$name" ] || fail "the link $name was replaced"
    [ -s "far/$name" ] || fail "$name is not where the link leads"
done
[ -L link.png ] || fail "the link was replaced"
[ -z "$(find . -name "*.tmp*")" ] || fail "temporary files were left behind: $(find . -name "*.tmp*")"

# What was printed and could not be written is an error, whoever printed it.
if [ -c /dev/full ] && [ -w /dev/full ]; then
    # expect_full COMMAND...: with standard output on a full disk it must end with status 1 and say why.
    expect_full() {
        status=0
        "$@" >/dev/full 2>errors || status=$?
        [ "$status" -eq 1 ] || fail "status $status on a full disk of: $*"
        [ "$(grep -c "cannot write to standard output" errors)" -eq 1 ] || fail "'$(cat errors)' on a full disk of: $*"
    }
    for program in train_mnist train_svhn train_images train_text sample reconstruct diagnose evaluate rank_pictures toy_density score_observations two_threads stop_training anomaly_mnist; do
        expect_full "$programs/$program" --help
        expect_full "$programs/$program" --version
    done
    expect_full draw --out full.png
    expect_full "$programs/reconstruct" --model "$model" --data data --count 4 --steps 2
    expect_full "$programs/two_threads"
    expect_full train --out full --epochs 1
    cmp full.png expected.png || fail "the picture suffers from the report's full disk"
    cmp full/model.safetensors "$model" || fail "the model suffers from the report's full disk"
fi

# Started with descriptors closed, no file takes the place of standard output.
train --out closed --epochs 1 >&- 2>errors || fail "without standard output: $(cat errors)"
same_results good closed
train --out deaf --epochs 1 <&- >&- 2>&- || fail "without any descriptor"
same_results good deaf
draw --out closed.png >&- || fail "sample without standard output"
cmp closed.png expected.png || fail "without standard output another picture is drawn"
