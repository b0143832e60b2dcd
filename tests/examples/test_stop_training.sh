#!/bin/sh
# A callback stops a training, which goes on from its checkpoint to the same bits.
. "$(dirname "$0")/common.sh"

# On a busy machine the training that shall be stopped may be the faster one: then once more.
for _ in 1 2 3; do
    "$programs/stop_training" checkpoint.safetensors >log 2>&1 || fail "stop_training: $(cat log)"
    grep -q "^resumed from checkpoint.safetensors: the same bits" log || fail "stop_training: $(cat log)"
    if grep -q "^stopped after" log; then exit 0; fi
done
fail "it was never stopped: $(cat log)"
