#!/bin/sh
# Chains of models are diagnosed: of images and of text, with data and without, until Ctrl-C.
. "$(dirname "$0")/common.sh"

# diagnose ARGUMENTS...: runs few and short chains.
run=
diagnose() {
    $run "$programs/diagnose" --superchains 4 --chains 4 --steps 160 --posterior-steps 160 --warmup 50 --observations 2 "$@"
}

make_data data
train --out good --epochs 1 >report 2>errors || fail "training: $(cat errors)"
model=good/model.safetensors

# The prior alone.
diagnose --model "$model" --out prior >report 2>errors || fail "of the prior: $(cat errors)"
[ "$(find prior -type f | wc -l)" -eq 7 ] || fail "not seven files: $(ls prior)"
for kernel in langevin mala hmc; do
    for file in "prior-$kernel-log-density.png" "prior-$kernel-states.png"; do
        [ -s "prior/$file" ] || fail "there is no $file"
    done
    grep -q "^$kernel  *[0-9.e-]* *[0-9.]* *[0-9.e+]* .* +- " report || fail "no row of $kernel: $(cat report)"
done
grep -q "^To the prior, from 4 starts with 4 chains each, 160 steps:" report || fail "$(cat report)"
grep -q "^as trained, 5 steps .* +- " report || fail "no row of the chains as trained: $(cat report)"
awk '/^Step sizes to begin with, by the curvature: langevin and mala [0-9.e-]*, hmc [0-9.e-]*$/ {
         sub(",", "", $12); n += ($14 ^ 2 / 2 / $12 - 1) ^ 2 < 0.04 } END { exit n != 1 }' report ||
    fail "no step sizes to begin with: $(cat report)"
grep -q "^The prior" report || fail "no verdict: $(cat report)"
! grep -q posterior report || fail "posteriors without data: $(cat report)"

# The table as CSV: a header, three kernels and the chains as trained.
columns="density,kernel,mixing,step_size,acceptance,steps_per_second,nested_rhat,nested_rhat_limit,nested_rhat_of,rhat,rhat_of"
[ "$(head -n 1 prior/diagnosis.csv)" = "$columns,ess_per_second,f,f_mcse,f_sd" ] || fail "$(head -n 1 prior/diagnosis.csv)"
[ "$(cut -d , -f 2 prior/diagnosis.csv | tr '\n' ' ')" = "kernel langevin mala hmc as trained " ] ||
    fail "rows: $(cat prior/diagnosis.csv)"
awk -F, 'NF != 15 { exit 1 }' prior/diagnosis.csv || fail "not 15 columns everywhere: $(cat prior/diagnosis.csv)"
# The model's own steps are those of its training, and so accepted nearly always here; the others were tuned.
awk -F, '$2 == "langevin" && $4 == 0.01 && $5 > 0.9 && $5 < 1 { own = 1 }
         $2 == "mala" && $4 > 0.1 && $4 < 4 && $5 > 0.3 && $5 < 0.8 { mala = 1 }
         $2 == "hmc" && $4 > 0.1 && $4 < 4 && $5 > 0.5 && $5 < 0.99 { hmc = 1 }
         END { exit !(own && mala && hmc) }' prior/diagnosis.csv || fail "step sizes: $(cat prior/diagnosis.csv)"

# without_speeds CSV: the table without what depends on the machine.
without_speeds() {
    cut -d , -f 1-5,7-11,13- "$1"
}

# The same seed gives the same diagnosis on any number of threads, another seed another.
diagnose --model "$model" --out again --threads 3 >report 2>errors || fail "again: $(cat errors)"
without_speeds prior/diagnosis.csv >first
without_speeds again/diagnosis.csv >second
cmp first second || fail "another diagnosis on three threads: $(cat first second)"
cmp prior/prior-hmc-states.png again/prior-hmc-states.png || fail "other states on three threads"
diagnose --model "$model" --out other --seed 2 >report 2>errors || fail "another seed: $(cat errors)"
! cmp -s prior/prior-hmc-states.png other/prior-hmc-states.png || fail "the same states for another seed"

# Posteriors, too.
diagnose --model "$model" --data data --out both >report 2>errors || fail "with data: $(cat errors)"
grep -q "^To the posteriors of 2 held-out observations, from 4 starts with 4 chains each, 160 steps:" report ||
    fail "$(cat report)"
grep -q "^The posterior" report || fail "no verdict on the posteriors: $(cat report)"
for kernel in langevin mala hmc; do
    for number in 1 2; do
        [ -s "both/posterior-$number-$kernel-states.png" ] || fail "no states of posterior $number: $(ls both)"
    done
done
[ "$(grep -c ^posterior, both/diagnosis.csv)" -eq 4 ] || fail "rows of posteriors: $(cat both/diagnosis.csv)"
sed 5q both/diagnosis.csv >prior.csv
without_speeds prior.csv >second
cmp first second || fail "data change what is said of the prior: $(cat first second)"
diagnose --model "$model" --eval data/t10k-images-idx3-ubyte --out eval >report 2>errors || fail "--eval: $(cat errors)"
without_speeds both/diagnosis.csv >first
without_speeds eval/diagnosis.csv >second
cmp first second || fail "--eval and --data differ: $(cat first second)"

# Text.
"$programs/train_text" --prior "in 4; linear 8; gelu; linear 1" --generator "in 4; embedding 6; gru N; tokens V D" --width 8 \
    --batch 20 --prior-steps 5 --posterior-steps 5 --out text --epochs 1 --train-sentences 100 --eval-sentences 20 \
    >report 2>errors || fail "training on text: $(cat errors)"
printf 'the dog sees the cat .\nthe cat sees the dog .\n' >sentences
diagnose --model text/model.safetensors --eval sentences --out words >report 2>errors || fail "of text: $(cat errors)"
[ "$(grep -c '^After ' words/prior-mala-states.txt)" -eq 2 ] || fail "moments: $(cat words/prior-mala-states.txt)"
[ "$(wc -l <words/prior-mala-states.txt)" -eq 11 ] || fail "not 4 sentences a moment: $(cat words/prior-mala-states.txt)"
grep -q "^The observation:" words/posterior-2-hmc-states.txt || fail "no observation: $(cat words/posterior-2-hmc-states.txt)"

# Ctrl-C, as soon as there is a folder.
(
    run="exec ./with_signals 0"
    diagnose --model "$model" --steps 100000000 --out stopped >log 2>&1
) &
process=$!
wait_until [ -d stopped ]
kill -INT "$process"
status=0
wait "$process" || status=$?
process=
[ "$status" -eq 130 ] || fail "status $status after Ctrl-C: $(cat log)"
grep -q "^Stopping" log || fail "no word of stopping: $(cat log)"
grep -q "^Interrupted" log || fail "no word of the end: $(cat log)"
[ -z "$(find stopped -type f)" ] || fail "files were left behind: $(ls -a stopped)"

# What is wrong.
checksums >good-before
refuse 1 "--model FILE is needed" "$programs/diagnose"
refuse 2 "unknown option --nonsense" "$programs/diagnose" --nonsense
refuse 2 "a whole number from 4" diagnose --model "$model" --superchains 3
refuse 1 "--steps is 159; 16 of hmc with 10 leapfrog steps each are the least, 160" diagnose --model "$model" --steps 159
refuse 1 "--posterior-steps is 100" diagnose --model "$model" --posterior-steps 100
refuse 1 "nowhere" diagnose --model nowhere
refuse 1 "cannot open nowhere" diagnose --model "$model" --data nowhere
refuse 1 "give only one" diagnose --model "$model" --data data --eval data
: >file
refuse 1 "file" diagnose --model "$model" --out file
refuse 1 "cannot read" diagnose --model text/model.safetensors --eval data
{ bytes 0 0 8 3 0 0 0 2 0 0 0 e 0 0 0 e; pixels 392; } >small
refuse 1 "14x14" diagnose --model "$model" --eval small
[ ! -e diagnosis ] || fail "something was written of nothing"
