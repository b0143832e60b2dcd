#!/bin/sh
# Digits are told from one that is left out: figures, files, both splits, stops and resumes, validation, and what is wrong.
. "$(dirname "$0")/common.sh"

# labels N: prints the digits 0 to 9 in turn, as N bytes.
labels() {
    awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "\\%03o", i % 10 }' >octal
    # shellcheck disable=SC2059 # the bytes are the format
    printf "$(cat octal)"
}

# 80 images, eight of each digit: of four, one is in the test part of 80-20 and eight in that of pooled, of others 57 are
# trained on and 15 tested on.
make_data data
{ bytes 0 0 8 1 0 0 0 3c; labels 60; } >data/train-labels-idx1-ubyte
{ bytes 0 0 8 1 0 0 0 14; labels 20; } >data/t10k-labels-idx1-ubyte

# tell ARGUMENTS...: learns all but the digit 4, with small nets and short chains.
tell() {
    $run "$programs/anomaly_mnist" --held-out 4 --data data --batch 19 --prior "in 4; linear 8; gelu; linear 1" \
        --generator "in 4; linear 16; leaky_relu 0.2; linear 784; reshape 1 28 28; tanh" \
        --prior-steps 5 --posterior-steps 5 --score-steps 5 "$@"
}
again() {
    $run "$programs/anomaly_mnist" --resume --held-out 4 --data data "$@"
}

# same_figures A B: two folders must hold the same figures and scores.
same_figures() {
    for file in results.csv scores.csv curves.csv anomalies.png; do
        cmp "$1/$file" "$2/$file" || fail "$file differs between $1 and $2"
    done
}

tell --out whole --epochs 12 >report 2>errors || fail "training: $(cat errors)"
for epoch in 3 4 5 6 7 8 9 10 11 12; do
    [ -s "whole/epoch-$epoch.safetensors" ] || fail "the model of epoch $epoch is missing: $(ls whole)"
done
[ ! -e whole/epoch-2.safetensors ] || fail "the model of an epoch that does not count was kept"
grep -q "57 IDX images to train on, without the digit 4$" report || fail "$(cat report)"
grep -q "to test on: 15 more, and 8 of the digit 4 as anomalies$" report || fail "$(cat report)"
grep -q "^The digit 4 as the anomaly: mean and standard deviation over the epochs 3 to 12$" report || fail "$(cat report)"
grep -q "^80-20 .*(16 images, prevalence 0.0625)$" report || fail "$(cat report)"
grep -q "^pooled .*(23 images, prevalence 0.3478)$" report || fail "$(cat report)"
[ "$(grep -c '^log p(.*) .* 0\.[0-9]* +- 0\.[0-9]* ' report)" -eq 6 ] || fail "rows of scores: $(cat report)"
for file in anomalies.png roc-80-20.png precision-80-20.png roc-pooled.png precision-pooled.png curves.csv; do
    [ -s "whole/$file" ] || fail "there is no $file"
    grep -q "whole/$file$" report || fail "the report does not name $file: $(cat report)"
done

# Ten epochs of two splits by six scores.
[ "$(wc -l <whole/results.csv)" -eq 121 ] || fail "$(cat whole/results.csv)"
awk -F, 'NR > 1 && !($1 == 4 && $2 == 4 && $3 == 1 && $4 > 2 && $7 == ($5 == "80-20" ? 16 : 23) &&
                     $8 > 0 && $9 >= 0 && $9 <= 1 && $10 > 0 && $10 <= 1) { exit 1 }' whole/results.csv ||
    fail "$(cat whole/results.csv)"

# The figures of the last epoch are those of the scores, whose parts make up the first.
awk -F, 'NR > 1 { n++; if (($5 - $7 - $8) ^ 2 > 1e-6 || $3 != ($2 == 4)) bad = 1
                  anomaly[n] = $3; score[n] = $5; fifth += $3 && $4 }
         END { for (i in score) for (j in score) if (anomaly[i] && !anomaly[j]) {
                   sum += score[i] < score[j]; pairs++ }
               if (n != 23 || bad || fifth != 1) exit 1
               printf "%.6f\n", sum / pairs }' whole/scores.csv >area || fail "$(cat whole/scores.csv)"
awk -F, '$4 == 12 && $5 == "pooled" && $6 == "joint" { printf "%.6f\n", $9 }' whole/results.csv >expected
cmp area expected || fail "the AUROC of scores.csv is $(cat area), that of results.csv $(cat expected)"

# Any number of threads; another seed is another split.
tell --out threads --epochs 12 --threads 3 >log 2>&1 || fail "on three threads: $(cat log)"
same_figures whole threads
tell --out other --epochs 1 --seed 2 >log 2>&1 || fail "another seed: $(cat log)"
cut -d , -f 1 whole/scores.csv | sort >first
cut -d , -f 1 other/scores.csv | sort >second
! cmp -s first second || fail "another seed has the same test part"

# Interrupted: while it trains, and while it scores; then resumed.
stop() {
    (
        run="exec ./with_signals 0"
        "$@" >log 2>&1
    ) &
    process=$!
    wait_until [ -f "$waited_for" ]
    kill -INT "$process"
    status=0
    wait "$process" || status=$?
    process=
    [ "$status" -eq 130 ] || fail "status $status after Ctrl-C: $(cat log)"
}
waited_for=stopped/epoch-3.safetensors
stop tell --out stopped --epochs 12 --posterior-steps 400
grep -q -- "--resume --out stopped --held-out 4 --data data --score-steps 5$" log || fail "no command to go on: $(cat log)"
[ ! -e stopped/results.csv ] || fail "figures of a training that is not complete"
tell --out long --epochs 12 --posterior-steps 400 >log 2>&1 || fail "$(cat log)"
again --out stopped --score-steps 5 >log 2>&1 || fail "resume: $(cat log)"
same_results long stopped
same_figures long stopped
rm long/*.csv
cp -r long scoring
waited_for=scoring/anomalies.png
rm "$waited_for"
stop again --out scoring --score-steps 1000000
[ ! -e scoring/results.csv ] || fail "figures of scores that were interrupted"
again --out scoring --score-steps 5 >log 2>&1 || fail "resume: $(cat log)"
same_figures stopped scoring

# Out of time: no scores yet. More epochs: the last ten of them count.
tell --out short --epochs 1000000 --minutes 0.0001 >report 2>errors || fail "out of time: $(cat errors)"
grep -q "^No scores yet" report || fail "$(cat report)"
grep -q -- "--resume --out short --held-out 4" report || fail "no command to go on: $(cat report)"
! grep -q "results.csv" report || fail "a file that is not there is named: $(cat report)"
again --out whole --epochs 14 --score-steps 5 >report 2>errors || fail "more epochs: $(cat errors)"
grep -q "over the epochs 5 to 14$" report || fail "$(cat report)"

# Fewer epochs than at first: the models of those that were done count.
waited_for=fewer/checkpoint.safetensors
stop tell --out fewer --epochs 1000 --posterior-steps 400
done=$(sed -n 's/^epoch \([0-9]*\)\/.*/\1/p' log | tail -n 1)
again --out fewer --epochs $((done + 1)) --score-steps 5 >report 2>errors || fail "fewer epochs: $(cat errors)"
grep -q "^The digit 4 as the anomaly: mean .* over the epochs [0-9]* to $((done + 1))$" report || fail "$(cat report)"
[ "$(find fewer -name "epoch-*" | wc -l)" -eq "$((done < 9 ? done + 1 : 10))" ] || fail "models: $(ls fewer)"

# One split, and log p(x) of some images.
again --out stopped --split pooled --score-steps 5 --evidence 10 --temperatures 20 >report 2>errors ||
    fail "pooled: $(cat errors)"
grep -q "^pooled" report || fail "$(cat report)"
! grep -q "80-20" report || fail "$(cat report)"
grep -q "^log p(x) .*(10 images, prevalence 0\.[0-9]*)$" report || fail "$(cat report)"
grep ",pooled,joint," stopped/results.csv >first
grep ",pooled,joint," threads/results.csv >/dev/null || fail "no figures of pooled"
grep ",pooled,joint," scoring/results.csv >second
cmp first second || fail "the split changes the figures"
[ "$(grep -c ",pooled,evidence,10," stopped/results.csv)" -eq 10 ] || fail "$(cat stopped/results.csv)"
awk -F, 'NR > 1 && (NR <= 11) == ($11 == "") { exit 1 }' stopped/scores.csv || fail "$(cat stopped/scores.csv)"

# Validation tests on what else is trained on: of 420 images, 42 of each digit.
mkdir more
{ bytes 0 0 8 3 0 0 1 90 0 0 0 1c 0 0 0 1c; pixels 313600; } >more/train-images-idx3-ubyte
{ bytes 0 0 8 1 0 0 1 90; labels 400; } >more/train-labels-idx1-ubyte
cp data/t10k-images-idx3-ubyte data/t10k-labels-idx1-ubyte more
tell --data more --out test --epochs 1 >log 2>&1 || fail "$(cat log)"
tell --data more --out validation --epochs 1 --validate 7 >report 2>errors || fail "validation: $(cat errors)"
grep -q "to train on, without the digit 4 and, for validation, 7$" report || fail "$(cat report)"
grep -q "^The digit 7 as the anomaly, of the training part: " report || fail "$(cat report)"
grep -q "^4,7,1,1,pooled,joint," validation/results.csv || fail "$(cat validation/results.csv)"
awk -F, 'FNR == 1 { file++ } file == 1 { test[$1] = 1 } file == 2 && FNR > 1 && $1 in test { exit 1 }' \
    test/scores.csv validation/scores.csv || fail "a validation tests on the test part"

# Without data digits are drawn.
"$programs/anomaly_mnist" --held-out 1 --out drawn --epochs 1 --train-images 200 --eval-images 100 --prior-steps 5 \
    --score-steps 5 >report 2>errors || fail "drawn digits: $(cat errors)"
grep -q "^The digit 1 as the anomaly" report || fail "$(cat report)"

# What is wrong.
mkdir good
cp -r scoring/. good
checksums >good-before
refuse 1 "--held-out DIGIT is needed" "$programs/anomaly_mnist" --data data
refuse 1 "--held-out '10' is not allowed: it takes a digit from 0 to 9" tell --held-out 10
refuse 1 "--held-out 'x'" tell --held-out x
refuse 1 "--validate 'four'" tell --validate four
refuse 1 "another one" tell --validate 4
refuse 1 "--split 'half' is not allowed: it takes 80-20, pooled, or both" tell --split half
refuse 2 "unknown option --train" tell --train data/train-images-idx3-ubyte
refuse 2 "a whole number from 1" tell --score-steps 0
refuse 2 "a whole number from 0" tell --evidence -1
refuse 1 "there is no folder nowhere" tell --data nowhere
refuse 1 "give the same --data (--held-out, --validate, --seed, --train-images)" again --out good --held-out 5
refuse 1 "was trained on" again --data more --out test --validate 3
refuse 1 "was trained on" again --out good --seed 2
refuse 1 "--resume" tell --out good
rm good/epoch-5.safetensors
checksums >good-before
refuse 1 "epoch-5.safetensors" again --out good --score-steps 5
make_data unlabelled
refuse 1 "images without labels" tell --data unlabelled
mkdir few
{ bytes 0 0 8 3 0 0 0 2 0 0 0 1c 0 0 0 1c; pixels 1568; } >few/train-images-idx3-ubyte
{ bytes 0 0 8 1 0 0 0 2; labels 2; } >few/train-labels-idx1-ubyte
cp data/t10k-images-idx3-ubyte data/t10k-labels-idx1-ubyte few
refuse 1 "2 images of the digit 4 and 4 others are too few to test on" tell --data few
"$programs/anomaly_mnist" --help | grep -q "^With --sigma-learning-rate R sigma^2" || fail "no word of learning sigma"
[ ! -e out-anomaly ] || fail "something was written of nothing"
