#!/bin/sh
# Models are evaluated: figures whose value is known, the table, resuming, Ctrl-C, exports, and what is wrong.
. "$(dirname "$0")/common.sh"
closed_form=$(dirname "$2")/closed_form

# evaluate ARGUMENTS...: with few temperatures, and so that the same chains do for all.
run=
evaluate() {
    $run "$programs/evaluate" --temperatures 200 --chains 32 --prior-chains 64 --images 20 "$@"
}

mkdir good gaussian bernoulli categorical
for kind in gaussian bernoulli categorical; do
    "$closed_form" $kind $kind >$kind/truth || fail "closed_form $kind"
done
checksums >good-before
model=gaussian/model.safetensors

# truth_is NAME FIELD CSV ERRORS SLACK: each log_p of the table must lie within so many of its errors, and slack, of what is
# known, and all must be there. NAME is log_p or best_log_p, of rows whose sigma is the FIELDth of the sigmas.
truth_is() {
    awk -F, -v name="$1" -v place="$2" -v errors="$4" -v slack="$5" '
        NR == FNR { split($0, word, " "); if (word[1] == name) truth[word[2]] = word[3]; next }
        FNR == 1 { next }
        !($1 in seen) { seen[$1] = ++sigmas }
        seen[$1] == place {
            n++
            off = $7 - truth[$2]
            if ($7 == "" || off > errors * $8 + slack || -off > errors * $8 + slack)
                print "row " $2 ": " $7 " +- " $8 ", not " truth[$2]
        }
        END { if (n != 20) print n + 0 " rows, not 20" }' "$6" "$3" >wrong
    [ ! -s wrong ] || fail "$1: $(cat wrong)"
}

# Gaussian, linear f and g: in closed form, and the sigma that is best for the other rows as well.
evaluate --model "$model" --data gaussian --sigma-images 300 --out both >report 2>errors || fail "both: $(cat errors)"
truth_is log_p 1 both/evaluation.csv 3.5 0.05 gaussian/truth
sigma=$(awk '$1 == "best_sigma" { print $2 }' gaussian/truth)
awk -F, -v best="$sigma" 'FNR == 22 { exit !($1 / best < 1.01 && $1 / best > .99) }' both/evaluation.csv ||
    fail "the best sigma should be $sigma: $(sed -n 22p both/evaluation.csv)"
truth_is best_log_p 2 both/evaluation.csv 3.5 0.3 gaussian/truth

# What is printed is what the table says.
awk '$1 == "log_z" { z = $2 } $1 == "log_p" { sum += $3 } END { print z, sum / 20 }' gaussian/truth >truth
awk 'NR == FNR { z = $1; p = $2; next }
     $1 == "log" && $2 == "Z" { off = ($3 + $10) / 2 - z; near += off < .15 && -off < .15 }
     $1 == "nats" && !done { done = 1; off = $2 - p; near += off < 4 * $3 + .03 && -off < 4 * $3 + .03 }
     END { exit near != 2 }' truth report || fail "log Z and the mean should be $(cat truth): $(cat report)"
awk -F, 'NR > 1 && NR < 22 { sum += $7; square += $7 ^ 2 }
         END { m = sum / 20; print m, sqrt((square / 20 - m ^ 2) / 19), -m / 16 / log(2) + log(127.5) / log(2) }' \
    both/evaluation.csv >means
awk 'NR == FNR { mean = $1; error = $2; bits = $3; next }
     $1 == "nats" && !nats++ { ok += ($2 - mean) ^ 2 < 1e-6 && ($4 / error - 1) ^ 2 < 1e-4 }
     $1 == "bits" && !bit++ { ok += ($4 - bits) ^ 2 < 1e-6 }
     END { exit ok != 2 }' means report || fail "not the means of the table, $(cat means): $(cat report)"
grep -q "nothing was dequantised" report || fail "no word on dequantisation: $(cat report)"
grep -q "the best for the last 300 held-out images, which are not scored" report || fail "$(cat report)"
awk -F, 'NR > 1 && $3 != $2 % 10 { exit 1 }' both/evaluation.csv || fail "labels: $(cat both/evaluation.csv)"
header="sigma,index,label,tokens,mse,mse_noise_free,log_p,log_p_error,log_p_lower,log_p_upper,log_zx_forward"
header="$header,log_zx_forward_error,log_zx_reverse,log_zx_reverse_error,ess,largest,groups_rhat,refused"
[ "$(head -n 1 both/evaluation.csv)" = "$header" ] || fail "columns: $(head -n 1 both/evaluation.csv)"
awk -F, 'NR > 1 { a += $5; b += $6; c += !($6 > 0) } END { exit !(a > b && c == 0) }' both/evaluation.csv ||
    fail "errors: $(cat both/evaluation.csv)"

# The same on other numbers of threads, and in parts.
evaluate --model "$model" --data gaussian --sigma model --images 7 --threads 3 --out parts >report 2>errors ||
    fail "seven: $(cat errors)"
evaluate --model "$model" --data gaussian --sigma-images 300 --resume --out parts >report 2>errors ||
    fail "resumed: $(cat errors)"
cmp both/evaluation.csv parts/evaluation.csv || fail "resuming makes a difference"
# A row that a crash cut off is done again.
head -c 3000 both/evaluation.csv >parts/evaluation.csv
evaluate --model "$model" --data gaussian --sigma-images 300 --resume --out parts >again 2>errors ||
    fail "resumed after a crash: $(cat errors)"
cmp both/evaluation.csv parts/evaluation.csv || fail "resuming after a crash makes a difference"
sed 's/parts/X/' report >first
sed 's/parts/X/' again | cmp -s - first || fail "another report: $(cat again)"

# Other settings are refused, and nothing is changed.
refuse 1 "is there from an earlier run" evaluate --model "$model" --data gaussian --out both
refuse 1 "says 'temperatures 200', and this is 'temperatures 100'" \
    evaluate --model "$model" --data gaussian --sigma-images 300 --out both --resume --temperatures 100
refuse 1 "says 'seed 1', and this is 'seed 2'" \
    evaluate --model "$model" --data gaussian --sigma-images 300 --out both --resume --seed 2
refuse 1 "says 'model crc32" evaluate --model bernoulli/model.safetensors --data gaussian --out both --resume
cmp both/evaluation.csv parts/evaluation.csv || fail "a refusal changed the table"

# A run that asks for less than the table has tells of what it asks for.
cp -r both less
evaluate --model "$model" --data gaussian --images 5 --sigma model --out less --resume >report 2>errors ||
    fail "less: $(cat errors)"
grep -q "^log p(x) of 5 images at sigma 0.3, the model's$" report || fail "not of five images: $(cat report)"
awk -F, 'FNR > 1 && FNR < 7 { sum += $7; error += $5 } END { printf "%.4f %.6f\n", sum / 5, error / 5 }' \
    both/evaluation.csv >truth
awk '$1 == "nats" { nats = $2 } /end of the chain/ { error = $5 } END { print nats, error }' report | cmp - truth ||
    fail "the means of five rows are $(cat truth): $(cat report)"

# p0 in the place of the prior: log Z is 0, and these data less probable.
evaluate --model "$model" --data gaussian --p0 --sigma model --out p0 >report 2>errors || fail "p0: $(cat errors)"
grep -q "^log Z 0.0000 (forward, from below, +- 0.000) to 0.0000" report || fail "log Z of p0: $(cat report)"

# Bernoulli and tokens, of which all is known exactly.
for kind in bernoulli categorical; do
    data="--data $kind"
    [ $kind = bernoulli ] || data="--eval $kind/text"
    # shellcheck disable=SC2086 # two words
    evaluate --model $kind/model.safetensors $data --out of-$kind >report 2>errors || fail "$kind: $(cat errors)"
    truth_is log_p 1 of-$kind/evaluation.csv 4 0.02 $kind/truth
done
awk '$1 == "nats" && $3 == "token" { ok += ($4 - log(4)) ^ 2 < 4e-5 } $1 == "perplexity" { ok += ($2 - 4) ^ 2 < 1e-3 }
     $1 == "end" { ok += ($5 - log(4)) ^ 2 < 1e-6 } END { exit ok != 3 }' report || fail "of text: $(cat report)"
! grep -q "dequantised" report || fail "pixels in a report on text: $(cat report)"

# Where the weights carry no number there is none.
evaluate --model "$model" --data gaussian --temperatures 1 --sigma model --out refused >report 2>errors ||
    fail "one temperature: $(cat errors)"
grep -q '"the .* weights are worth .*, which carries no number' refused/evaluation.csv ||
    fail "nothing is refused: $(cat refused/evaluation.csv)"
grep -q "were refused" report || fail "no word of refusals: $(cat report)"

# Exports, read by another program.
evaluate --model "$model" --data gaussian --images 0 --export 5 --out ex >report 2>errors || fail "export: $(cat errors)"
[ "$(find ex -type f | wc -l)" -eq 11 ] || fail "not eleven files: $(find ex)"
grep -q "python -m pytorch_fid ex/held-out ex/samples" report || fail "no command: $(cat report)"
make_svhn svhn
train_colours --data svhn --out of-svhn --epochs 1 >report 2>errors || fail "training: $(cat errors)"
evaluate --model of-svhn/model.safetensors --data svhn --images 0 --export 3 --out colours >report 2>errors ||
    fail "exporting colours: $(cat errors)"
if command -v python3 >/dev/null; then
    python3 - gaussian/t10k-images-idx3-ubyte <<'END' || fail "what was exported is not right"
import ast, struct, sys, zlib

def png(path):  # 8 bits, grey or red, green and blue
    data = open(path, "rb").read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, body = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", data[at + 8 : at + 18])
            assert depth == 8 and colour in (0, 2)
            channels = 1 + colour
        elif kind == b"IDAT":
            body += data[at + 8 : at + 8 + size]
        at += size + 12
    rows, lines = zlib.decompress(body), []
    size = width * channels
    before = [0] * size
    for y in range(height):
        kind, line = rows[y * (size + 1)], list(rows[y * (size + 1) + 1 : (y + 1) * (size + 1)])
        for x in range(size):
            left = x - channels
            a, b, c = (line[left] if left >= 0 else 0), before[x], (before[left] if left >= 0 else 0)
            near = min((a, b, c), key=lambda v: abs(a + b - c - v))
            line[x] = (line[x] + [0, a, b, (a + b) // 2, near][kind]) % 256
        lines += line
        before = line
    return bytes(lines)

def check(folder, *shape):
    data = open(folder + "/samples.npy", "rb").read()
    assert data[:8] == b"\x93NUMPY\x01\x00"
    end = 10 + struct.unpack("<H", data[8:10])[0]
    assert end % 64 == 0 and data[end - 1 : end] == b"\n"
    assert ast.literal_eval(data[10:end].decode()) == {"descr": "|u1", "fortran_order": False, "shape": shape}
    samples = [png(folder + "/samples/%06d.png" % i) for i in range(shape[0])]
    assert data[end:] == b"".join(samples) and len(set(samples)) == shape[0]
    assert len(samples[0]) == shape[1] * shape[2] * shape[3]

check("ex", 5, 4, 4, 1)
check("colours", 3, 32, 32, 3)
held_out = open(sys.argv[1], "rb").read()[16:]
for i in range(5):
    assert png("ex/held-out/%06d.png" % i) == held_out[16 * i : 16 * (i + 1)], i
END
fi
refuse 1 "from an export of more images" evaluate --model "$model" --data gaussian --images 0 --export 4 --out ex
refuse 1 "writes sentences" evaluate --model categorical/model.safetensors --eval categorical/text --export 4

# Ctrl-C, when some rows are done; what is done stays, and --resume ends with what would have been.
(
    run="exec ./with_signals 0"
    evaluate --model "$model" --data gaussian --sigma model --images 300 --out stopped >log 2>&1
) &
process=$!
some_rows() { [ -e stopped/evaluation.csv ] && [ "$(wc -l <stopped/evaluation.csv)" -gt 3 ]; }
wait_until some_rows
kill -INT "$process"
status=0
wait "$process" || status=$?
process=
[ "$status" -eq 130 ] || fail "status $status after Ctrl-C: $(cat log)"
grep -q "^Stopping" log || fail "no word of stopping: $(cat log)"
grep -q "^Interrupted. [0-9]* rows are in stopped/evaluation.csv: --resume goes on" log || fail "$(cat log)"
grep -q "^log p(x) of [0-9]* images at sigma 0.3, the model's" log || fail "no figures of what is done: $(cat log)"
if [ "$(wc -l <stopped/evaluation.csv)" -lt 21 ]; then
    evaluate --model "$model" --data gaussian --sigma model --resume --out stopped >report 2>errors ||
        fail "resumed after Ctrl-C: $(cat errors)"
fi
head -n 21 both/evaluation.csv >first
head -n 21 stopped/evaluation.csv | cmp - first || fail "Ctrl-C makes a difference"

# So it is before there is a row, and a run that goes on and is stopped at once has no figures that it did not find.
(
    run="exec ./with_signals 0"
    evaluate --model "$model" --data gaussian --sigma model --prior-chains 100000 --temperatures 1000 --out early >log 2>&1
) &
process=$!
wait_until [ -e early/evaluation.csv ]
kill -INT "$process"
wait "$process" || true
process=
grep -q "^Interrupted. 0 rows are in" log || fail "stopped before the first row: $(cat log)"
! grep -q "log Z [-0-9n]" log || fail "a log Z that was not found: $(cat log)"

# What is wrong.
refuse 1 "--model FILE is needed" "$programs/evaluate"
refuse 2 "unknown option --nonsense" "$programs/evaluate" --nonsense
refuse 2 "a whole number from 8" evaluate --model "$model" --chains 4
refuse 1 "nothing to do" evaluate --model "$model" --images 0
refuse 1 "--chains is 10; allowed are multiples of 4" evaluate --model "$model" --chains 10
refuse 1 "--prior-chains is 9" evaluate --model "$model" --prior-chains 9
refuse 1 "--kernel is 'langevin'; allowed are hmc and mala" evaluate --model "$model" --kernel langevin
refuse 1 "--sigma is '0.3'" evaluate --model "$model" --sigma 0.3
refuse 1 "--sigma: x given z has none" evaluate --model bernoulli/model.safetensors --sigma best
refuse 1 "none is left to choose sigma by" evaluate --model "$model" --data gaussian --images 320
refuse 1 "--resume: there is no nowhere/evaluation.csv" evaluate --model "$model" --data gaussian --resume --out nowhere
refuse 1 "nowhere" evaluate --model nowhere
refuse 1 "cannot open nowhere" evaluate --model "$model" --data nowhere
refuse 1 "give only one" evaluate --model "$model" --data gaussian --eval gaussian/t10k-images-idx3-ubyte
: >file
refuse 1 "file" evaluate --model "$model" --data gaussian --out file
refuse 1 "4x4" evaluate --model "$model"
mkdir broken
cp both/settings.txt broken
printf 'sigma\nno number\n' >broken/evaluation.csv
refuse 1 "is no table of this program" \
    evaluate --model "$model" --data gaussian --sigma-images 300 --out broken --resume
grep -q "no number" broken/evaluation.csv || fail "another table was replaced"
[ "$(ls broken | tr '\n' ' ')" = "evaluation.csv settings.txt " ] || fail "left behind: $(ls broken)"

# no_row WHY ROW: a table with this row, which nobody wrote, is refused.
no_row() {
    { head -n 2 both/evaluation.csv; echo "$2"; } >broken/evaluation.csv
    refuse 1 "is no table of this program" \
        evaluate --model "$model" --data gaussian --sigma-images 300 --out broken --resume
    grep -qF -e "$2" broken/evaluation.csv || fail "a table with $1 was replaced"
}
rest=0,0,0,0,0,0,0,9,1,1
no_row "a number beyond all rows" "0.3,1e300,,,0,0,0,$rest,"
no_row "an infinite number" "0.3,inf,,,0,0,0,$rest,"
no_row "half a number" "0.3,1.5,,,0,0,0,$rest,"
no_row "no number" "0.3,,,,0,0,0,$rest,"
no_row "a row twice" "0.3,0,,,0,0,0,$rest,"
no_row "tokens below 0" "0.3,1,,-3,0,0,0,$rest,"
no_row "a label of no byte" "0.3,1,256,,0,0,0,$rest,"
no_row "a sigma below 0" "-0.3,1,,,0,0,0,$rest,"
no_row "no evidence and no reason" "0.3,1,,,0,0,,,,,,,,,,1,"
no_row "too little" "0.3,1,,,0,0"
[ ! -e evaluation ] || fail "something was written of nothing"
