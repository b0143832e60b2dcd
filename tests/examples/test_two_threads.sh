#!/bin/sh
# Two threads that share a model draw what one thread draws, however often it is tried.
. "$(dirname "$0")/common.sh"

for try in 1 2 3 4 5; do
    "$programs/two_threads" >log 2>&1 || fail "two_threads, try $try: $(cat log)"
    grep -q "same bits" log || fail "two_threads, try $try: $(cat log)"
done
