#!/bin/sh
# A training that is asked to stop leaves its checkpoint and says so by its status; what it was started with to ignore, it
# ignores.
. "$(dirname "$0")/common.sh"

make_data data

# start OUT SETTINGS: starts a training that does not end by itself, in the background, by a shell with these settings, and
# waits until it trains. A shell lets its background jobs ignore SIGINT, so Python or env is no help here: the signals that
# shall not be ignored are given back by the trap of a shell that is in the foreground of its own.
start() {
    out=$1
    (
        run="exec"
        eval "$2"
        train --out "$out" --epochs 1000000 >"$out.log" 2>&1
    ) &
    process=$!
    wait_until [ -f "$out/checkpoint.safetensors" ]
}
