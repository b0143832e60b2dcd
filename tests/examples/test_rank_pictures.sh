#!/bin/sh
# Pictures are ranked: a table and a contact sheet, the same each time, until Ctrl-C.
. "$(dirname "$0")/common.sh"

run=
rank() {
    $run "$programs/rank_pictures" --model "$model" "$@"
}

make_data data
train --out good --epochs 1 >report 2>errors || fail "training: $(cat errors)"
model=good/model.safetensors

# Of a folder and of the file in it.
rank --data data --out first --count 3 >report 2>errors || fail "ranking: $(cat errors)"
[ "$(ls first | tr '\n' ' ')" = "contact-sheet.png ranking.csv " ] || fail "files: $(ls first)"
grep -q "^The strangest of 20 pictures, by log p(x,z):" report || fail "$(cat report)"
[ "$(grep -c '^ *[0-9][0-9]*  [0-9]' report)" -eq 3 ] || fail "not three rows: $(cat report)"
grep -q "^All 20 are in first/ranking.csv; first/contact-sheet.png shows" report || fail "$(cat report)"
columns=rank,picture,label,log_joint,log_likelihood,log_prior,error,log_p,log_p_lower,log_p_upper,log_p_error,refused
[ "$(head -n 1 first/ranking.csv)" = "$columns" ] || fail "columns: $(cat first/ranking.csv)"
awk -F, 'NF != 12 { exit 1 } NR > 1 && ($1 != NR - 1 || ($4 - $5 - $6) ^ 2 > 1e-6 || $7 <= 0 || $8 != "") { exit 1 }
         NR > 2 && $4 < last { exit 1 } { last = $4 } END { exit NR != 21 }' first/ranking.csv || fail "rows: $(cat first/ranking.csv)"
rank --eval data/t10k-images-idx3-ubyte --threads 3 --out again --count 3 >report 2>errors || fail "again: $(cat errors)"
cmp first/ranking.csv again/ranking.csv || fail "another ranking on three threads"
cmp first/contact-sheet.png again/contact-sheet.png || fail "another contact sheet on three threads"
rank --data data --seed 2 --out other >report 2>errors || fail "another seed: $(cat errors)"
! cmp -s first/ranking.csv other/ranking.csv || fail "the same ranking for another seed"

# Other orders, and scores at modes.
rank --data data --order error --out error >report 2>errors || fail "by error: $(cat errors)"
grep -q "by the error of the reconstruction:" report || fail "$(cat report)"
awk -F, 'NR > 2 && $7 > last { exit 1 } { last = $7 }' error/ranking.csv || fail "by error: $(cat error/ranking.csv)"
rank --data data --order prior --chains 1 --out prior >report 2>errors || fail "by the prior: $(cat errors)"
awk -F, 'NR > 2 && $6 < last { exit 1 } { last = $6 }' prior/ranking.csv || fail "by log p(z): $(cat prior/ranking.csv)"
rank --data data --noise-free 50 --out mode >report 2>errors || fail "--noise-free: $(cat errors)"
mean() {
    awk -F, 'NR > 1 { sum += $4 } END { print sum / (NR - 1) }' "$1/ranking.csv"
}
awk -v mode="$(mean mode)" -v drawn="$(mean first)" 'BEGIN { exit !(mode > drawn) }' ||
    fail "log p(x,z) is $(mean mode) at modes, $(mean first) at draws"

# Estimates of some.
rank --data data --annealed 2 --temperatures 30 --out annealed >report 2>errors || fail "--annealed: $(cat errors)"
grep -q "log p(x)$" report || fail "$(cat report)"
awk -F, 'NR > 1 && ($8 != "" || $12 != "") { n++; if (NR > 3) exit 1 } END { exit n != 2 }' annealed/ranking.csv ||
    fail "estimates: $(cat annealed/ranking.csv)"

# A set is drawn where no data are named.
rank --steps 2 --chains 1 --count 1000 --out drawn >report 2>errors || fail "drawn: $(cat errors)"
[ -s drawn/contact-sheet.png ] || fail "no contact sheet: $(cat report)"

# Pictures of a folder have names; by default all of them are ranked.
mkdir pictures
"$3/make_pictures" pictures 12
rank --data pictures --out named >report 2>errors || fail "of a folder: $(cat errors)"
grep -q "^The strangest of 12 pictures" report || fail "$(cat report)"
[ "$(cut -d , -f 2 named/ranking.csv | grep -c '^0[01][0-9]\.\(png\|jpg\|JPEG\)$')" -eq 12 ] || fail "names: $(cat named/ranking.csv)"
grep -q "^ *1  0[01][0-9]\.[pjJ]" report || fail "no name of the strangest: $(cat report)"
rank --data pictures --held-out 0.25 --out some >report 2>errors || fail "--held-out: $(cat errors)"
[ "$(wc -l <some/ranking.csv)" -eq 4 ] || fail "not three of twelve: $(cat some/ranking.csv)"

mkdir broken
: >broken/a.png
rank --data broken --out of-broken 2>errors && fail "a ranking of no pictures"
grep -q "broken: there are no images$" errors || fail "$(cat errors)"

# Colours.
make_svhn svhn
train_colours --data svhn --out colours --epochs 1 >report 2>errors || fail "training on colours: $(cat errors)"
"$programs/rank_pictures" --model colours/model.safetensors --data svhn --out coloured >report 2>errors ||
    fail "of colours: $(cat errors)"
grep -q "^The strangest of 16 pictures" report || fail "$(cat report)"

# Chains that all diverge leave no score, and no sheet.
rank --data data --step-size 1000 --steps 40 --out lost >report 2>errors || fail "divergence: $(cat errors)"
grep -q "^20 of 20 pictures have no score" report || fail "$(cat report)"
[ "$(ls lost)" = ranking.csv ] || fail "files of nothing: $(ls lost)"
[ "$(grep -c '^,[0-9]*,,,,,,,,,,$' lost/ranking.csv)" -eq 20 ] || fail "$(cat lost/ranking.csv)"

# Ctrl-C, as soon as there is a folder: nothing was ranked.
(
    run="exec ./with_signals 0"
    rank --data data --steps 1000000 --out stopped >log 2>&1
) &
process=$!
wait_until [ -d stopped ]
kill -INT "$process"
status=0
wait "$process" || status=$?
process=
[ "$status" -eq 130 ] || fail "status $status after Ctrl-C: $(cat log)"
grep -q "^Interrupted after 0 of 20 pictures; nothing was written" log || fail "$(cat log)"
[ -z "$(find stopped -type f)" ] || fail "files were left behind: $(ls -a stopped)"

# While log p(x) is estimated: the ranking stands.
(
    run="exec ./with_signals 0"
    rank --data data --annealed 20 --temperatures 1000000 --out kept >log 2>&1
) &
process=$!
wait_until [ -d kept ]
until grep -q "log Z" log; do
    kill -0 "$process" 2>/dev/null || fail "ended by itself: $(cat log)"
    sleep 0.1
done
kill -TERM "$process"
status=0
wait "$process" || status=$?
process=
[ "$status" -eq 143 ] || fail "status $status after SIGTERM: $(cat log)"
grep -q "^Interrupted after 20 of 20 pictures" log || fail "$(cat log)"
[ "$(wc -l <kept/ranking.csv)" -eq 21 ] || fail "the ranking is lost: $(cat log)"

# What is wrong.
checksums >good-before
refuse 1 "--model FILE is needed" "$programs/rank_pictures"
refuse 2 "unknown option --nonsense" rank --nonsense
refuse 2 "a whole number from 1" rank --count 0
refuse 2 "a whole number from 1" rank --chains none
refuse 1 "--order is 'beauty'; allowed are joint, likelihood, prior and error" rank --order beauty
refuse 1 "nowhere" "$programs/rank_pictures" --model nowhere
refuse 1 "cannot open nowhere" rank --data nowhere
refuse 1 "give only one" rank --data data --eval data
{ bytes 0 0 8 3 0 0 0 2 0 0 0 e 0 0 0 e; pixels 392; } >small
refuse 1 "14x14" rank --eval small
: >empty
refuse 1 "empty" rank --eval empty
refuse 1 "empty" rank --data data --out empty
"$programs/train_text" --prior "in 4; linear 8; gelu; linear 1" --generator "in 4; embedding 6; gru N; tokens V D" --width 8 \
    --batch 20 --prior-steps 5 --posterior-steps 5 --out text --epochs 1 --train-sentences 100 --eval-sentences 20 \
    >report 2>errors || fail "training on text: $(cat errors)"
refuse 1 "the model is one of text" "$programs/rank_pictures" --model text/model.safetensors
[ ! -e ranking ] || fail "something was written of nothing"
