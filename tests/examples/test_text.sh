#!/bin/sh
# Models of text: the way of a new user with drawn sentences, then with files; what is resumed ends like what never stopped.
. "$(dirname "$0")/common.sh"

# train_small ARGUMENTS...: trains small nets of text with short chains.
train_small() {
    "$programs/train_text" --batch 20 --prior "in 4; linear 8; gelu; linear 1" \
        --generator "in 4; embedding 6; gru N; tokens V D" --width 8 --prior-steps 5 --posterior-steps 5 "$@"
}

train_small --out "a run" --epochs 2 --average-decay 0 --train-sentences 200 --eval-sentences 50 >report 2>errors ||
    fail "training: $(cat errors)"
for file in metrics.csv samples.txt reconstructions.txt prior.txt interpolations.txt checkpoint.safetensors \
    model.safetensors; do
    [ -s "a run/$file" ] || fail "there is no $file"
done
[ -z "$(find "a run" -name "*tmp*")" ] || fail "temporary files were left behind"
[ "$(wc -l <"a run/metrics.csv")" -eq 21 ] || fail "metrics.csv has not a header and 20 rows"
awk -F, 'NF != 11 { exit 1 }' "a run/metrics.csv" || fail "metrics.csv has not 11 columns everywhere"
awk -F, 'NR > 1 && ($4 / exp($3) - 1) ^ 2 > 1e-12 { exit 1 }' "a run/metrics.csv" || fail "perplexity is not exp(nll)"
[ "$(wc -l <"a run/samples.txt")" -eq 20 ] || fail "samples.txt has not 20 lines"
[ "$(grep -c '^original' "a run/reconstructions.txt")" -eq 10 ] || fail "there are not 10 originals"
[ "$(grep -c '^reconstruction' "a run/reconstructions.txt")" -eq 10 ] || fail "there are not 10 reconstructions"
[ "$(grep -c '^before' "a run/prior.txt")" -eq "$(grep -c '^after' "a run/prior.txt")" ] || fail "prior.txt has no pairs"
[ "$(grep -c '^0.50' "a run/interpolations.txt")" -eq 3 ] || fail "there are not 3 interpolations"
grep -q "drawn sentences" report || fail "the report does not name the data"
grep -q "posterior: 5 steps of size 0.05 to 0.015 with the likelihood to the power of 2.5, kept" report ||
    fail "the report does not say to what density chains go: $(cat report)"
grep -q " 201 words known, 0.00 % of the training" report || fail "the report does not say how many words are known"
grep -q "Held-out reconstruction NLL  [0-9.]* nats per word and end, perplexity [0-9]" report || fail "no held-out NLL"
grep -q "z tells -*[0-9.]* nats" report || fail "the report does not say what z tells"
grep -q "^Grammatical samples  *[0-9.]* % of 1000" report || fail "the report does not judge the samples"
grep -q "^The most probable words  *[0-9.]* % grammatical" report || fail "the report does not judge greedy decoding"
grep -q "^Topics kept by z" report || fail "the report does not judge z"
grep -q "^Step sizes by the curvature  prior [0-9.e-]*, posterior [0-9.e-]* " report || fail "no step sizes are suggested"
sed 's/^/  /; s/ *$//' "a run/samples.txt" | while read -r line; do
    [ -z "$line" ] || grep -qF -- "$line" report || fail "the report does not show the sample '$line'"
done

# One held-out sentence has no other, and two ends make no way.
train_small --out alone --epochs 1 --train-sentences 40 --eval-sentences 1 >said 2>errors ||
    fail "one held-out sentence: $(cat errors)"
grep -q "Held-out reconstruction NLL  [0-9]" said || fail "no held-out NLL of one sentence"
grep -q "z tells" said && fail "one sentence is told from itself"

# The report's last two lines are commands for a shell.
tail -n 2 report >commands
sh -e commands >said || fail "the commands that the report names do not work"
[ "$(wc -l <samples.txt)" -eq 100 ] || fail "sample did not write 100 sentences"
[ "$(grep -c '^original' reconstructions.txt)" -eq 50 ] || fail "reconstruct did not write 50 sentences"
grep -q "50 of 1000 held-out drawn sentences, [0-9.]* nats per token" said || fail "reconstruct names no error: $(cat said)"

# The same seed gives the same sentences, another seed or temperature others; of a checkpoint, too, without averages.
model="a run/model.safetensors"
"$programs/sample" --model "a run/checkpoint.safetensors" --out again.txt >/dev/null
cmp samples.txt again.txt || fail "samples differ for the same seed"
for other in "--seed 2" "--temperature 0.5" "--temperature 0" "--beam 4"; do
    # shellcheck disable=SC2086 # an option and its value
    "$programs/sample" --model "$model" --out other.txt $other >/dev/null
    ! cmp -s samples.txt other.txt || fail "samples are the same with $other"
done
"$programs/sample" --model "$model" --temperature 0 --out greedy.txt >/dev/null
"$programs/sample" --model "$model" --beam 1 --out beam.txt >/dev/null
cmp greedy.txt beam.txt || fail "a beam of one is not the most probable word at each place"
"$programs/sample" --model "$model" --count 3 --out few.txt >/dev/null
head -n 3 samples.txt | cmp - few.txt || fail "3 samples are not the first of 100"

"$programs/train_text" --help >help || fail "train_text --help"
for said in "--data FILE" "--chars" "--vocabulary" "--longest" "--train-sentences" "--word-dropout" "tokens V D" "0.08"; do
    grep -qF -- "$said" help || fail "train_text --help says nothing of '$said'"
done
for unsaid in "--train FILE" "--sigma S" "--convolution" "images"; do
    ! grep -qF -- "$unsaid" help || fail "train_text --help speaks of '$unsaid'"
done
"$programs/train_text" --version | grep -q "^train_text [0-9]" || fail "train_text --version"

# Files: plain, compressed, with empty and long lines.
awk 'BEGIN { for (i = 1; i <= 130; i++) { line = i % 7 > 0 ? "w" i % 2 : "";
    for (k = 1; k < i % 7; k++) line = line " w" (i * i + i * k + 3 * k * k) % 25; print line } }' >text
awk 'BEGIN { for (i = 1; i <= 30; i++) print "w" i % 40, "w1 neu", "w0" }' >held-out
gzip -c text >text.gz
train_on() {
    train_small --longest 5 --vocabulary 20 --posterior-chains kept --average-decay 0.9 --dropout 0.2 --word-dropout 0.1 "$@"
}
train_on --data text --eval held-out --out whole --epochs 4 >report 2>errors || fail "training: $(cat errors)"
grep -q "112 sentences to train on and 30 held out, up to 5 words each" report || fail "wrong sizes: $(cat report)"
grep -q " 20 words known" report || fail "wrong number of words: $(cat report)"
grep -q "to train on: 18 empty lines left out, line 7 the first" report || fail "no word of empty lines: $(cat report)"
grep -q "to train on: 18 sentences of more than 5 tokens were cut, line 6 and line 13 the first" report ||
    fail "no word of long lines: $(cat report)"
train_on --data text.gz --eval held-out --out packed --epochs 4 >/dev/null 2>errors || fail "training: $(cat errors)"
for threads in 2 3; do
    train_on --data text --eval held-out --out threads$threads --epochs 4 --threads $threads >/dev/null 2>errors ||
        fail "training: $(cat errors)"
done
train_on --data text --eval held-out --out parts --epochs 1 >/dev/null 2>errors || fail "training: $(cat errors)"
for epochs in 3 4; do
    "$programs/train_text" --resume --data text --eval held-out --out parts --epochs $epochs >/dev/null 2>errors ||
        fail "resume: $(cat errors)"
done
for other in packed threads2 threads3 parts; do
    for file in checkpoint.safetensors model.safetensors samples.txt reconstructions.txt prior.txt interpolations.txt; do
        cmp "whole/$file" "$other/$file" || fail "$file differs between whole and $other"
    done
done
train_on --data text --eval held-out --out slow --epochs 4 --minutes 0.0001 >/dev/null 2>errors || fail "$(cat errors)"
until [ "$(wc -l <whole/metrics.csv)" -eq "$(wc -l <slow/metrics.csv)" ]; do # stopped by the clock
    "$programs/train_text" --resume --data text --eval held-out --out slow --minutes 0.0001 >/dev/null 2>errors ||
        fail "resume: $(cat errors)"
done
cmp whole/model.safetensors slow/model.safetensors || fail "stops by the clock change the model"
"$programs/reconstruct" --model whole/model.safetensors --eval held-out --count 5 >said 2>errors || fail "reconstruct"
grep -q "5 of 30 held-out sentences" said || fail "not the held-out sentences: $(cat said)"
grep -q "[1-9][0-9]* of the 120 tokens held out are <unk>" errors || fail "reconstruct says nothing of <unk>: $(cat errors)"
grep -q "w1 <unk> w0" reconstructions.txt || fail "an unknown word is not $(cat reconstructions.txt)"
"$programs/reconstruct" --model whole/model.safetensors --data text --count 100 >said 2>errors || fail "reconstruct"
grep -q "5 of 5 held-out sentences" said || fail "not every 20th sentence: $(cat said)"

# Characters.
train_small --data text --chars --longest 12 --out characters --epochs 1 >report 2>errors || fail "training: $(cat errors)"
grep -q "107 sentences to train on and 5 held out, up to 12 characters each" report || fail "no characters: $(cat report)"
grep -q "nats per character" report || fail "the report does not speak of characters"
"$programs/train_text" --resume --out characters --data text --epochs 2 >report 2>errors || fail "resume: $(cat errors)"
grep -q "12 characters each" report || fail "characters are forgotten: $(cat report)"

# Without z it is a language model: its perplexity is then no reconstruction's.
"$programs/train_text" --data text --prior "in 1; linear 1" --generator "in 1; embedding 6 noz; lstm 6 noz; tokens V D" \
    --batch 20 --prior-steps 1 --posterior-steps 1 --epochs 1 --out plain >report 2>errors || fail "training: $(cat errors)"
grep -q "z tells 0.00 nats" report || fail "z tells something where it is left out: $(cat report)"
