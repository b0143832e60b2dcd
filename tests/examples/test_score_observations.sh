#!/bin/sh
# Scores tell digits from what is none.
. "$(dirname "$0")/common.sh"

"$programs/score_observations" >log 2>&1 || fail "score_observations: $(cat log)"

# flagged ROW LEAST MOST: the last column of the row of that name, in percent, must lie between the two.
flagged() {
    sed -n "s/^$1 .* \\([0-9]*\\)%\$/\\1/p" log | awk -v least="$2" -v most="$3" '
        { n++; if ($1 < least || $1 > most) bad = 1 }
        END { exit !(n == 1 && !bad) }' || fail "$1: not $2 to $3 % flagged: $(cat log)"
}
flagged "digits (yardstick)" 5 5
flagged "other digits" 0 15
flagged "upside down" 8 100
flagged "two at once" 30 100
flagged "noise" 100 100
