#!/bin/sh
# The prior learns all eight modes of the toy data, each with about its share, and the picture is one.
. "$(dirname "$0")/common.sh"

! "$programs/toy_density" nowhere/toy.png >log 2>&1 || fail "toy_density: a picture in a folder that is not there"
[ "$(wc -l <log)" -eq 1 ] && grep -q "cannot write nowhere/toy.png" log || fail "toy_density: $(cat log)"
"$programs/toy_density" --help | grep -qF "usage: toy_density [PICTURE]" || fail "toy_density --help"

"$programs/toy_density" toy.png >log 2>&1 || fail "toy_density: $(cat log)"
sed -n 's/^learned, % by mode: //p' log | awk '
    { modes = NF; for (i = 1; i <= NF; i++) { sum += $i; if ($i < 5 || $i > 25) bad = 1 } }
    END { exit !(modes == 8 && !bad && sum > 99 && sum < 101) }' || fail "the modes learned: $(cat log)"
grep -qx "picture: toy.png" log || fail "no name of the picture: $(cat log)"
[ "$(head -c 4 toy.png | tail -c 3)" = PNG ] || fail "toy.png is no picture"
