#!/bin/sh
# A training that is asked to stop leaves a checkpoint and says by its status what stopped it; what it was started with to
# ignore, it ignores.
. "$(dirname "$0")/common.sh"

make_data data

# start OUT IGNORED: starts a training that does not end by itself, with one signal ignored, 0 for none, and waits until it
# is at work.
start() {
    out=$1
    (
        run="exec ./with_signals $2"
        train --out "$out" --epochs 1000000 >log 2>&1
    ) &
    process=$!
    wait_until [ -f "$out/checkpoint.safetensors" ]
}

# expect_stop STATUS: the training must end in order, with that status.
expect_stop() {
    status=0
    wait "$process" || status=$?
    process=
    [ "$status" -eq "$1" ] || fail "status $status, not $1: $(cat log)"
    grep -q "^Interrupted after step [0-9]* of .* Saved $out/checkpoint.safetensors" log || fail "$(cat log)"
    [ -s "$out/model.safetensors" ] || fail "there is no model in $out"
    last=$(tail -n 1 "$out/metrics.csv" | cut -d , -f 1)
    grep -q "^Interrupted after step $last of" log || fail "metrics.csv ends at step $last: $(tail -n 5 log)"
}

for signal in HUP:129 INT:130 TERM:143; do
    start "${signal%:*}" 0
    kill "-${signal%:*}" "$process"
    expect_stop "${signal#*:}"
done

# has_rows N: whether metrics.csv has so many lines.
has_rows() {
    [ "$(wc -l <"$out/metrics.csv")" -ge "$1" ]
}

# nohup and the like: the training goes on, step after step.
for ignored in HUP:1 INT:2; do
    start "no-${ignored%:*}" "${ignored#*:}"
    kill "-${ignored%:*}" "$process"
    wait_until has_rows $(($(wc -l <"$out/metrics.csv") + 20))
    ! grep -q Stopping log || fail "SIG${ignored%:*} was ignored, and yet: $(cat log)"
    kill -TERM "$process"
    expect_stop 143
done

# A reader that goes away stops it like Ctrl-C.
mkfifo pipe
(
    run="exec ./with_signals 0"
    train --out read --epochs 1000000 >pipe 2>log
) &
process=$!
head -n 1 pipe >first
status=0
wait "$process" || status=$?
process=
grep -q "^train_mnist: " first || fail "'$(cat first)' was read"
[ "$status" -eq 141 ] || [ "$status" -eq 1 ] || fail "status $status when nobody reads: $(cat log)"
grep -q "^Stopping" log || fail "no word of stopping: $(cat log)"
[ -s read/model.safetensors ] || fail "there is no model when nobody reads"
train --resume --out read --epochs 1 >report 2>errors || fail "resume: $(cat errors)"
