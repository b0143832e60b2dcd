#!/bin/sh
# The way of a new user: train on drawn digits, then sample and reconstruct with the commands that the trainer names.
. "$(dirname "$0")/common.sh"

"$programs/train_mnist" --out "a run" --epochs 2 --train-images 200 --eval-images 50 --prior-steps 3 \
    --posterior-steps 3 >report 2>errors || fail "training: $(cat errors)"
for file in metrics.csv samples.png reconstructions.png prior.png checkpoint.safetensors model.safetensors; do
    [ -s "a run/$file" ] || fail "there is no $file"
done
[ -z "$(find "a run" -name "*tmp*")" ] || fail "temporary files were left behind"
[ "$(wc -l <"a run/metrics.csv")" -eq 5 ] || fail "metrics.csv has not a header and 4 rows"
awk -F, 'NF != 10 { exit 1 }' "a run/metrics.csv" || fail "metrics.csv has not 10 columns everywhere"
grep -q "drawn digits" report || fail "the report does not name the data"
grep -q "Held-out reconstruction MSE  [0-9]" report || fail "the report has no held-out MSE"

grep -q "^Step sizes by the curvature  prior [0-9.e-]*, posterior [0-9.e-]* " report || fail "no step sizes are suggested"

# The report's last two lines are commands for a shell.
tail -n 2 report >commands
grep -q sample commands && grep -q reconstruct commands || fail "the report does not end with the two commands"
sh -e commands >said || fail "the commands that the report names do not work"
[ -s samples.png ] || fail "sample wrote no picture"
[ -s reconstructions.png ] || fail "reconstruct wrote no picture"
grep -q "mean square error [0-9]" said || fail "reconstruct names no error"

# The same seed gives the same picture, another seed another, and so does a checkpoint, which has no averaged model.
"$programs/sample" --model "a run/model.safetensors" --out again.png >/dev/null
cmp samples.png again.png || fail "samples differ for the same seed"
"$programs/sample" --model "a run/model.safetensors" --out other.png --seed 2 >/dev/null
! cmp -s samples.png other.png || fail "samples are the same for another seed"
"$programs/sample" --model "a run/checkpoint.safetensors" --out other.png >/dev/null
! cmp -s samples.png other.png || fail "the model is not that of the averages"

for program in train_mnist sample reconstruct diagnose; do
    "$programs/$program" --help >help || fail "$program --help"
    [ "$(wc -l <help)" -gt 8 ] || fail "$program --help says too little"
    "$programs/$program" --version | grep -q "^$program [0-9]" || fail "$program --version"
done
"$programs/train_mnist" --help | grep -q "0.08" || fail "the help does not explain step sizes"

# A time limit ends the training early but in good order.
make_data data
train --out limited --epochs 1000000 --minutes 0.01 >report 2>errors || fail "time limit: $(cat errors)"
grep -q "Held-out reconstruction MSE" report || fail "no report after the time limit"
grep -q -- "--resume --out limited --data data" report || fail "no word how to go on after the time limit"

# Chains to a prior that they cannot follow lag, which is said once per epoch; those to one that stays near p0 do not.
train --out lagging --epochs 3 --prior-learning-rate 0.1 --prior-step-size 0.001 --prior-last-step-size 0 >report 2>errors ||
    fail "training: $(cat errors)"
[ "$(grep -c "^  the prior's chains lag: f is .*: more --prior-steps" report)" -eq 3 ] || fail "lagging: $(cat report)"
train --out calm --epochs 3 --prior-learning-rate 0 --prior-steps 50 >report 2>errors || fail "training: $(cat errors)"
! grep "the prior's chains" report || fail "chains that do not lag are said to"
