#!/bin/sh
# The manual page of each program is in order for those that show it, and shows every option with its default.
. "$(dirname "$0")/common.sh"

if command -v groff >/dev/null 2>&1; then
    check() { groff -man -ww -Tascii -P-c -rLL=1000n "$1" >shown; }
elif command -v mandoc >/dev/null 2>&1; then
    check() { mandoc -Tlint -Werror "$1" && mandoc -Tascii -Owidth=1000 "$1" >shown; }
else
    echo "skipped: neither groff nor mandoc is there"
    exit 77
fi

for program in train_mnist train_svhn train_images train_text sample reconstruct diagnose evaluate rank_pictures toy_density score_observations two_threads stop_training anomaly_mnist; do
    "$programs/$program" --manual >page || fail "$program --manual"
    check page 2>errors || fail "$program --manual: $(cat errors)"
    [ ! -s errors ] || fail "$program --manual: $(cat errors)"
    # Without the overprinting of bold letters, and with one blank between words.
    sed "s/.$(printf '\010')//g" shown | tr -s ' \n' '  ' >words
    "$programs/$program" --help >help
    grep -o '^  --[a-z0-9-]*' help | tr -d ' ' >options
    [ "$(wc -l <options)" -ge 3 ] || fail "$program --help has $(wc -l <options) options"
    while read -r option; do
        grep -qF -- " $option " words || fail "$program --manual says nothing of $option: $(cat words)"
    done <options
    grep -o '(default: .*)' help >defaults || true
    while read -r default; do
        grep -qF -- "$default" words || fail "$program --manual says nothing of $default: $(cat words)"
    done <defaults
    echo "$program: $(wc -l <options) options, $(wc -l <defaults) defaults"
done
