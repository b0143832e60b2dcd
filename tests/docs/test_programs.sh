#!/bin/sh
# The programs that a page, or the comment of a header, shows work as they stand there: every block ```c with a main() is
# compiled and run, every block ```python is run, in a folder where the models they load lie.
# test_programs.sh PAGE SOURCE LIBRARY_FOLDER TRAIN_MNIST c|python LEAST
set -eu
page=$1 source=$2 library=$3 train=$4 language=$5 least=$6

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() {
    echo "FAILED: $*" >&2
    exit 1
}

export LD_LIBRARY_PATH="$library${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" PYTHONPATH="$source/examples/python"
case $language in
c) wanted='int main(' ;;
python)
    wanted=''
    python3 -c 'import numpy' 2>/dev/null || {
        echo "skipped: python3 with NumPy is not installed (on Debian or Ubuntu: apt-get install python3-numpy)"
        exit 77
    }
    ;;
esac

# program-1, program-2, ...: what stands between ```LANGUAGE and ```. In a comment lines begin with a star.
case $page in *.h) prefix=' \* \{0,1\}' ;; *) prefix= ;; esac
sed "s/^$prefix//" "$page" | awk -v fence='```'"$language" '
    /^ *```/ { if (inside) inside = 0; else if ($1 == fence) { inside = 1; n++ }; next }
    inside { print > ("program-" n "." substr(fence, 4)) }'

count=0
for program in program-*."$language"; do
    [ -f "$program" ] && grep -qF "$wanted" "$program" || continue
    count=$((count + 1))
    # A model that it loads is made by the trainer in no time, and is no good.
    models=
    if grep -q load "$program"; then models=$(grep -o '"[^" ]*model\.safetensors"' "$program" | tr -d '"' | sort -u); fi
    for model in $models; do
        [ -f "$model" ] || "$train" --out "$(dirname "$model")" --train-images 200 --eval-images 20 --epochs 1 \
            --width 16 --prior-steps 5 --posterior-steps 5 >train.log 2>&1 || fail "train_mnist: $(cat train.log)"
    done
    case $language in
    c)
        "${CC:-cc}" -Wall -Wextra -Werror -I"$source/include" "$program" -o program -L"$library" -llatentebm >log 2>&1 ||
            fail "$page: $language block $count does not compile: $(cat log)"
        ./program >log 2>&1 || fail "$page: $language block $count: $(cat log)"
        ;;
    python) python3 "$program" >log 2>&1 || fail "$page: $language block $count: $(cat log)" ;;
    esac
    echo "$language block $count: $(tail -n 1 log)"
done
[ "$count" -ge "$least" ] || fail "$page has $count programs in $language, not $least or more"
