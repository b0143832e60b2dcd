#!/bin/sh
# A program with functions of cJSON's names saves and loads a model with the shared library all the same.
. "$(dirname "$0")/common.sh"

quiet "$cmake" --install "$build" --prefix "$work/prefix"
pcdir=$(dirname "$(find "$work/prefix" -name lebm.pc)")
lib=$(dirname "$pcdir")
if readelf -d "$lib/liblatentebm.so" | grep NEEDED | grep -q cjson; then
    echo "skipped: no archive of cJSON was found that the shared library could hold (docs/getting-started.md)"
    exit 77
fi

# Each function of cJSON that the library calls, and those that any program has.
printf '#include <stdlib.h>\n' >"$work/own.c"
for name in $(grep -oh 'cJSON_[A-Za-z]*(' "$source"/lib/io/*.c | tr -d '(' | sort -u) cJSON_Parse cJSON_Print; do
    [ "$name" = cJSON_ArrayForEach ] || printf 'void %s(void);\nvoid %s(void) { abort(); }\n' "$name" "$name"
done >>"$work/own.c"
# shellcheck disable=SC2046 # words
quiet "$cc" -rdynamic "$here/main.c" "$work/own.c" -o "$work/program" $(pc "$pcdir" --cflags --libs)
LD_LIBRARY_PATH=$lib succeeds "a program with a cJSON of its own" "$work/program" "$work/model.safetensors"
