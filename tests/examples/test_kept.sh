#!/bin/sh
# Trainings that keep chains and averages: they go on to the last byte, and what they save and show are the averages.
. "$(dirname "$0")/common.sh"

make_data data
keep() {
    train --posterior-chains kept --first-visit-steps 9 --prior-chains kept --average-decay 0.9 "$@"
}

keep --out whole --epochs 4 >log 2>&1 || fail "training: $(cat log)"
grep -q 'chains     prior: 5 steps of size .*, kept; posterior: 5 steps of size .*, kept$' log ||
    fail "the report does not say that chains are kept: $(cat log)"
grep -q '9 posterior steps from noise' log || fail "pictures do not begin as first visits do: $(cat log)"
keep --out parts --epochs 2 >log 2>&1 || fail "training: $(cat log)"
"$programs/train_mnist" --resume --out parts --data data --epochs 3 >log 2>&1 || fail "resume: $(cat log)"
"$programs/train_mnist" --resume --out parts --data data --epochs 4 >log 2>&1 || fail "resume: $(cat log)"
same_results whole parts

# Chains differ from fresh ones; averages change the model that is saved, and not the training.
train --posterior-chains kept --first-visit-steps 9 --prior-chains kept --average-decay 0 --out plain --epochs 4 >log 2>&1 ||
    fail "training: $(cat log)"
train --posterior-chains fresh --average-decay 0 --out fresh --epochs 4 >log 2>&1 || fail "training: $(cat log)"
grep -q 'chains .*kept' log && fail "fresh chains are kept: $(cat log)"
for folder in whole plain fresh; do sed 's/,[^,]*$//' $folder/metrics.csv >$folder/metrics; done
cmp whole/metrics plain/metrics || fail "averages change the training"
cmp -s plain/metrics fresh/metrics && fail "kept chains train as fresh ones do"
cmp -s whole/model.safetensors plain/model.safetensors && fail "the model is not that of the averages"
cmp -s whole/samples.png plain/samples.png && fail "the samples are not those of the averages"

# Where there are no averages, a checkpoint is sampled from as the model is.
for file in model checkpoint; do
    "$programs/sample" --model "plain/$file.safetensors" --out "$file.png" >log || fail "sample: $(cat log)"
done
cmp model.png checkpoint.png || fail "samples of a checkpoint without averages are not those of its model"

# A training that began with fresh chains may go on with kept ones.
"$programs/train_mnist" --resume --out fresh --data data --epochs 5 --posterior-chains kept >log 2>&1 ||
    fail "resume: $(cat log)"
grep -q 'posterior: 5 steps of size .*, kept$' log || fail "the chains are not kept: $(cat log)"

if train --out other --posterior-chains new >log 2>&1; then fail "--posterior-chains new is taken"; fi
grep -q -- "--posterior-chains: .*'new'; allowed are fresh|kept" log || fail "wrong text: $(cat log)"
