#!/bin/sh
# The means of both densities are those that are known, within what 2,000 draws leave open.
. "$(dirname "$0")/common.sh"

"$programs/any_density" >log 2>&1 || fail "any_density: $(cat log)"
# Name, mean, its standard error, deviation; of the schools from 10,000 draws by Stan, as its posteriordb has them.
while read -r name mean error deviation; do
    sed -n "s/^  $name *mean *\([-0-9.]*\) +- [0-9.]*  deviation *\([0-9.]*\)\$/\1 \2/p" log | awk -v mean="$mean" \
        -v error="$error" -v deviation="$deviation" '
        { found = 1; off = $1 - mean; ratio = $2 / deviation }
        END { exit !(found && off < 4 * error && -off < 4 * error && ratio > .85 && ratio < 1.15) }' ||
        fail "$name should have a mean of $mean +- $error and a deviation of $deviation: $(cat log)"
done <<END
x 0 .023 1
y 0 .028 1.22
mu 4.4 .08 3.3
tau 3.6 .08 3.2
theta.A 6.2 .13 5.6
theta.C 3.9 .13 5.3
theta.G 6.3 .12 5.1
END
