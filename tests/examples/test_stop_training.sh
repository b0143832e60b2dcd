#!/bin/sh
# A callback stops a training, which goes on from its checkpoint to the same bits.
. "$(dirname "$0")/common.sh"

! "$programs/stop_training" nowhere/at/all >log 2>&1 || fail "stop_training: a folder that is not there"
[ "$(cat log)" = "stop_training: cannot write nowhere/at/all: No such file or directory" ] || fail "stop_training: $(cat log)"

# On a busy machine the training that shall be stopped may be the faster one: then once more.
until grep -qs "^stopped after" log; do
    "$programs/stop_training" checkpoint.safetensors >log 2>&1 || fail "stop_training: $(cat log)"
    grep -q "^resumed from checkpoint.safetensors: the same bits" log || fail "stop_training: $(cat log)"
done
