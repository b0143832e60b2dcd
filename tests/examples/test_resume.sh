#!/bin/sh
# A training that was stopped, by Ctrl-C or worse, and resumed ends like one that never was, to the last byte.
. "$(dirname "$0")/common.sh"

epochs=60
make_data data
work_hard() {
    train --prior-steps 20 --posterior-steps 400 --decay-per-epoch 0.9 "$@"
}

rows() {
    if [ -f "$1/metrics.csv" ]; then wc -l <"$1/metrics.csv"; else echo 0; fi
}

# train_and_stop SIGNAL ROWS ARGUMENTS...: trains into the folder "stopped" until metrics.csv has more than ROWS rows, or
# there is a first checkpoint if ROWS is 0, then sends the signal. Prints the exit status.
train_and_stop() {
    signal=$1
    least=$2
    shift 2
    (
        run="exec ./with_signals 0"
        work_hard --out stopped "$@" >>log 2>&1
    ) &
    process=$!
    while kill -0 "$process" 2>/dev/null; do
        if [ "$least" -eq 0 ] && [ -f stopped/checkpoint.safetensors ]; then break; fi
        if [ "$least" -gt 0 ] && [ "$(rows stopped)" -gt "$least" ]; then break; fi
        sleep 0.02
    done
    kill "-$signal" "$process" 2>/dev/null || true
    status=0
    wait "$process" || status=$?
    echo "$status"
}

# stop_with SIGNAL ROWS ARGUMENTS...: the same, once more from where it began if it has ended before the signal came.
stop_with() {
    rm -rf before
    if [ -e stopped ]; then cp -r stopped before; fi
    while status=$(train_and_stop "$@") && [ "$status" = 0 ]; do
        rm -rf stopped
        if [ -e before ]; then cp -r before stopped; fi
    done
    echo "$status"
}

work_hard --out whole --eval-images 15 --epochs $epochs >log 2>&1 || fail "training: $(cat log)"

# What the command line does not repeat comes from the checkpoint: the epochs and the decay among them.
[ "$(stop_with KILL 0 --eval-images 15 --epochs $epochs)" = 137 ] || fail "exit status after SIGKILL: $(cat log)"
cp -r stopped killed
[ "$(stop_with INT 25 --resume)" = 130 ] || fail "exit status after Ctrl-C: $(cat log)"
cp -r stopped first
[ "$(stop_with TERM "$(rows first)" --resume)" = 143 ] || fail "exit status after SIGTERM: $(cat log)"
[ "$(rows first)" -lt "$(rows stopped)" ] || fail "no step was made between the two signals"
[ -s stopped/model.safetensors ] || fail "Ctrl-C left no model"
"$programs/train_mnist" --resume --out stopped --data data >>log 2>&1 || fail "resume: $(cat log)"
same_results whole stopped

# Once more over what is finished: nothing to train, the same results.
"$programs/train_mnist" --resume --out stopped --data data >>log 2>&1 || fail "resume: $(cat log)"
same_results whole stopped

# Straight from where it was killed; in threes, to be stopped by the clock.
until [ "$(rows killed)" -gt $((3 * epochs)) ]; do
    "$programs/train_mnist" --resume --out killed --data data --minutes 0.005 >>log 2>&1 || fail "resume: $(cat log)"
done
same_results whole killed

# More epochs than at first.
work_hard --out longer --eval-images 15 --epochs 2 >>log 2>&1
"$programs/train_mnist" --resume --out longer --data data --epochs $epochs >>log 2>&1 || fail "resume: $(cat log)"
same_results whole longer
