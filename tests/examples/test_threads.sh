#!/bin/sh
# The number of threads changes nothing but the speed.
. "$(dirname "$0")/common.sh"

make_data data
for threads in 1 2 3; do
    train --out "out$threads" --epochs 3 --threads "$threads" >/dev/null 2>errors ||
        fail "--threads $threads: $(cat errors)"
done
same_results out1 out2
same_results out1 out3
