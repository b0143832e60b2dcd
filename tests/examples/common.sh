# What the shell tests share. The first argument is the folder with the programs; every test works in a folder of its
# own, which is removed when the test ends.
set -eu
programs=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
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

# train ARGUMENTS...: trains small nets with short chains on the data in the folder "data". With run=exec the program
# takes the place of the shell.
run=
train() {
    $run "$programs/train_mnist" --data data --batch 20 --prior "in 4; linear 8; gelu; linear 1" \
        --generator "in 4; linear 16; leaky_relu 0.2; linear 784; reshape 1 28 28; tanh" \
        --prior-steps 5 --posterior-steps 5 "$@"
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
