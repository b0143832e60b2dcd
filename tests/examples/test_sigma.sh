#!/bin/sh
# Trainings that learn sigma, and such with p0 for the prior.
. "$(dirname "$0")/common.sh"

make_data data
mkdir good
checksums >good-before

# Sigma is learned: lines and report say so, and a training that was interrupted ends with the same.
train --out whole --sigma-learning-rate 0.1 --epochs 4 >report 2>errors || fail "learning sigma: $(cat errors)"
[ "$(grep -c '^epoch .*, sigma [0-9.]*, ' report)" -eq 4 ] || fail "not four lines with a sigma: $(cat report)"
awk '/^Sigma that was learned/ { found = $5 != .3 && $5 > .01 && $5 < 3 } END { exit !found }' report ||
    fail "no sigma in the report: $(cat report)"
train --out parts --sigma-learning-rate 0.1 --epochs 2 >report 2>errors || fail "the first part: $(cat errors)"
train --out parts --resume --epochs 4 >report 2>errors || fail "the second part: $(cat errors)"
same_results whole parts
train --out fixed --epochs 4 >report 2>errors || fail "a fixed sigma: $(cat errors)"
! grep -qi "sigma.*learned\|gap.*sigma" report || fail "a sigma that is not learned: $(cat report)"
! cmp -s whole/model.safetensors fixed/model.safetensors || fail "learning sigma changes nothing"

# The model file has the sigma, and the step sizes that go with it.
of() { head -c 20000 "$1/model.safetensors" | tr ',' '\n' | sed -n "s/^.*\"$2\":\"\([-0-9.e]*\)\".*/\1/p"; }
echo "$(of whole generator.sigma) $(of whole to_posterior.step_size) $(of fixed to_posterior.step_size)" |
    awk '{ off = $2 / $3 / ($1 / .3) ^ 2 - 1; exit !(NF == 3 && $1 != .3 && off < 1e-6 && -off < 1e-6) }' ||
    fail "sigma $(of whole generator.sigma), steps of $(of whole to_posterior.step_size): $(of fixed to_posterior.step_size) before"

# f = 0 that does not learn leaves p0, whose Z is 1.
train --out p0 --prior-init zero --prior-learning-rate 0 >report 2>errors || fail "p0: $(cat errors)"
grep -q "^Mean f of posterior samples  0.0000" report || fail "f is not 0: $(cat report)"
"$programs/evaluate" --model p0/model.safetensors --data data --images 1 --sigma model --temperatures 20 --chains 8 \
    --prior-chains 8 --out of-p0 >report 2>errors || fail "evaluating p0: $(cat errors)"
grep -q "^log Z 0.0000 .* to 0.0000" report || fail "log Z of p0: $(cat report)"

refuse 2 "from 0 to 1" train --out none --sigma-learning-rate 1.5
refuse 2 "unknown option --sigma-learning-rate" "$programs/train_text" --sigma-learning-rate 0.1
refuse 1 "--prior-init" train --out none --prior-init zeros
refuse 1 "--generator-init" train --out none --generator-init zero
