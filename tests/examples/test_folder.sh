#!/bin/sh
# One training at a time writes to a folder; what killed ones left is cleared up; what cannot be written is noticed first.
. "$(dirname "$0")/common.sh"

make_data data
# refuse PART ARGUMENTS...: the training must be refused, in one line with that part and before it begins.
refuse() {
    part=$1
    shift
    status=0
    train "$@" >said 2>errors || status=$?
    [ "$status" -eq 1 ] || fail "status $status, '$(cat errors)' from: $*"
    [ "$(wc -l <errors)" -eq 1 ] || fail "not one line, but '$(cat errors)' from: $*"
    grep -qF -- "$part" errors || fail "no word of '$part', but '$(cat errors)' from: $*"
    [ ! -s said ] || fail "it began before '$(cat errors)' from: $*"
}

# While one writes, another may not, whatever it wants there; elsewhere it may.
(
    run="exec"
    train --out shared --epochs 1000000 >>log 2>&1
) &
process=$!
wait_until [ -f shared/checkpoint.safetensors ]
refuse "another program writes to shared" --out shared --epochs 1
refuse "another program writes to shared" --out shared --resume
refuse "another program writes to ./shared/." --out ./shared/. --epochs 1
train --out elsewhere --epochs 1 >/dev/null 2>errors || fail "in another folder: $(cat errors)"
kill -0 "$process" || fail "the first one ended: $(cat log)"

# However it ends, the folder is free, and what it left is cleared up; what is not its own stays.
kill -KILL "$process"
wait "$process" 2>/dev/null || true
for name in metrics.csv.tmp samples.png.tmp "prior.png.tmp-$process" "model.safetensors.tmp-$process-0" \
    "checkpoint.safetensors.tmp-$process-12"; do
    echo left >"shared/$name"
done
for name in notes.tmp metrics.csv.tmp-mine "metrics.csv.tmp-$$"; do echo mine >"shared/$name"; done
epochs=$(tail -n 1 shared/metrics.csv | cut -d , -f 2)
process=
refuse "is there from an earlier run" --out shared
[ -e shared/metrics.csv.tmp ] || fail "a run that was refused cleared up"
train --out shared --resume --epochs $((epochs + 1)) >>log 2>&1 || fail "resume after a kill: $(tail log)"
find shared -name "*.tmp*" | LC_ALL=C sort >left
printf 'shared/%s\n' "metrics.csv.tmp-$$" metrics.csv.tmp-mine notes.tmp | LC_ALL=C sort | cmp - left ||
    fail "other files were left: $(cat left)"

# Results that cannot be written are noticed before the first step.
train --out good --epochs 1 >/dev/null 2>&1
for name in checkpoint.safetensors model.safetensors; do
    rm -rf bad
    cp -r good bad
    resume=--resume
    if [ $name = model.safetensors ]; then resume=; rm bad/checkpoint.safetensors; fi
    rm -f bad/$name
    mkfifo bad/$name
    refuse "cannot write bad/$name: not a regular file" --out bad $resume
    rm bad/$name
    mkdir bad/$name
    refuse "cannot write bad/$name: Is a directory" --out bad $resume
    cmp -s good/metrics.csv bad/metrics.csv || fail "metrics.csv was touched although $name cannot be written"
done
for name in samples.png reconstructions.png prior.png metrics.csv; do
    rm -rf bad
    mkdir -p bad/$name
    refuse "cannot write bad/$name: Is a directory" --out bad
done
if [ "$(id -u)" -ne 0 ]; then # root may write everything
    rm -rf bad
    cp -r good bad
    chmod a-w bad/checkpoint.safetensors
    refuse "cannot write bad/checkpoint.safetensors: Permission denied" --out bad --resume --epochs 2
    chmod u+w bad/checkpoint.safetensors
    chmod a-w bad
    refuse "Permission denied" --out bad --resume --epochs 2
    chmod u+w bad
    cmp -s good/metrics.csv bad/metrics.csv || fail "metrics.csv was touched although the checkpoint cannot be written"
fi
