# shellcheck shell=sh
# What the shell tests share. The arguments are the folder with the programs and the program with_signals; every test works
# in a folder of its own, which is removed when the test ends.
set -eu
programs=$(cd "$1" && pwd)
work=$(mktemp -d)
process= # in the background; it does not outlive the test
trap '[ -z "$process" ] || kill -KILL "$process" 2>/dev/null || true; rm -rf "$work"' EXIT
ln -s "$2" "$work/with_signals"
cd "$work"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# bytes HEX...: prints bytes given in hexadecimal.
bytes() {
    for byte in "$@"; do
        # shellcheck disable=SC2059 # the byte is the format
        printf "\\$(printf %03o "0x$byte")"
    done
}

# pixels N: prints N bytes, the same each time, that look like nothing.
pixels() {
    awk -v n="$1" 'BEGIN { srand(1); while (n-- > 0) printf "%c", 33 + int(94 * rand()) }'
}

# make_data DIR: makes a folder like MNIST's, with 60 training and 20 held-out images and without labels.
make_data() {
    mkdir "$1"
    { bytes 0 0 8 3 0 0 0 3c 0 0 0 1c 0 0 0 1c; pixels 47040; } >"$1/train-images-idx3-ubyte"
    { bytes 0 0 8 3 0 0 0 14 0 0 0 1c 0 0 0 1c; pixels 15680; } >"$1/t10k-images-idx3-ubyte"
}

# wait_until COMMAND...: waits until the command succeeds; fails if $process has ended before.
wait_until() {
    until "$@"; do
        kill -0 "$process" 2>/dev/null || fail "ended before '$*': $(cat log)"
        sleep 0.02
    done
}

# word N: prints a number as four bytes, the lowest first.
word() {
    # shellcheck disable=SC2046 # one word for each byte
    bytes $(printf '%02x %02x %02x %02x' $(($1 % 256)) $(($1 / 256 % 256)) $(($1 / 65536 % 256)) $(($1 / 16777216)))
}

# mat_header: prints the start of a MATLAB 5 file.
mat_header() {
    printf '%-124s' "MATLAB 5.0 MAT-file"
    bytes 0 1 49 4d
}

# mat_images SIDE N: prints N colour images as the variable X of a MATLAB 5 file; 3 N SIDE^2 must be a multiple of 8.
mat_images() {
    size=$((3 * $1 * $1 * $2))
    for number in 14 $((size + 56)) 6 8 9 0 5 16 "$1" "$1" 3 "$2" 65537 88 2 "$size"; do word "$number"; done
    pixels "$size"
}

# make_svhn DIR: makes a folder like SVHN's, with 40 training and 16 held-out images and without labels.
make_svhn() {
    mkdir "$1"
    { mat_header; mat_images 32 40; } >"$1/train_32x32.mat"
    { mat_header; mat_images 32 16; } >"$1/test_32x32.mat"
}

# train_colours ARGUMENTS...: trains a narrow net of SVHN with short chains.
train_colours() {
    $run "$programs/train_svhn" --batch 20 --width 2 --prior-steps 5 --posterior-steps 5 --first-visit-steps 5 "$@"
}

# train ARGUMENTS...: trains small nets with short chains on the data in the folder "data". With run=exec the program
# takes the place of the shell.
run=
train() {
    $run "$programs/train_mnist" --data data --batch 20 --prior "in 4; linear 8; gelu; linear 1" \
        --generator "in 4; linear 16; leaky_relu 0.2; linear 784; reshape 1 28 28; tanh" \
        --prior-steps 5 --posterior-steps 5 --first-visit-steps 5 "$@"
}

# same_results A B: two folders must hold the same results, byte by byte but for the speeds in metrics.csv.
same_results() {
    for file in checkpoint.safetensors model.safetensors samples.png reconstructions.png prior.png; do
        cmp "$1/$file" "$2/$file" || fail "$file differs between $1 and $2"
    done
    for folder in "$1" "$2"; do
        sed 's/,[^,]*$//' "$folder/metrics.csv" >"$folder/metrics-without-speed.csv"
    done
    cmp "$1/metrics-without-speed.csv" "$2/metrics-without-speed.csv" || fail "metrics.csv differs between $1 and $2"
}

# checksums: prints those of the files of an earlier run, in the folder "good". A test keeps them in "good-before".
checksums() {
    find good -type f -exec cksum {} + | sort
}
# refuse STATUS PART COMMAND...: the command must end with that status and one line on stderr that contains the part.
refuse() {
    expected=$1
    part=$2
    shift 2
    status=0
    "$@" >said 2>errors </dev/null || status=$?
    [ "$status" -eq "$expected" ] || fail "status $status, not $expected, and '$(cat errors)' from: $*"
    [ "$(wc -l <errors)" -eq 1 ] || fail "not one line, but '$(cat errors)' from: $*"
    grep -qF -- "$part" errors || fail "no word of '$part', but '$(cat errors)' from: $*"
    checksums | cmp -s - good-before || fail "results of an earlier run were changed by: $*"
}
