/* Command lines of the example programs: words that end with NUL are read into a table of all kinds of arguments. What
 * is accepted is within its bounds and, written as "--name=value", reads to the same; what is not has a reason in one
 * line. */
#include "arguments.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "fuzz.h"

enum { MOST_TEXT = 512, MOST_WORDS = 32 };

static const argument standard[] = {
    FLAG("resume", "go on"),
    I64("epochs", "N", 3, 1, 1000000, "a whole number"),
    I64("seed", "N", 1, INT64_MIN, INT64_MAX, "any whole number"),
    F64("sigma", "S", 0.3, 1e-6, 1e6, "a number"),
    F64("shift", "S", 0, -1, 1, "one that may be negative"),
    TEXT("out", "DIR", "run", "a text"),
    TEXT("data", "DIR", NULL, "a text without a default"),
};

enum { COUNT = sizeof standard / sizeof *standard };

static void check_value(const argument *a)
{
    if (a->kind == ARGUMENT_I64)
        FUZZ_ASSERT(a->value.i64 >= a->least.i64 && a->value.i64 <= a->most.i64, "--%s is %" PRId64, a->name,
                    a->value.i64);
    if (a->kind == ARGUMENT_F64)
        FUZZ_ASSERT(a->value.f64 >= a->least.f64 && a->value.f64 <= a->most.f64, "--%s is %g", a->name, a->value.f64);
    if (a->kind == ARGUMENT_TEXT) FUZZ_ASSERT(!a->given || a->value.text[0] != '\0', "--%s is empty", a->name);
}

/* The words that say what a table holds. Returns how many. */
static int write_words(const argument *table, char words[COUNT][MOST_TEXT + 16], char **argv)
{
    int count = 1;
    for (int i = 0; i < COUNT; i++) {
        const argument *a = &table[i];
        if (!a->given) continue;
        char *word = words[i];
        const size_t size = sizeof words[i];
        if (a->kind == ARGUMENT_FLAG) snprintf(word, size, "--%s", a->name);
        if (a->kind == ARGUMENT_I64) snprintf(word, size, "--%s=%" PRId64, a->name, a->value.i64);
        if (a->kind == ARGUMENT_F64) snprintf(word, size, "--%s=%.17g", a->name, a->value.f64);
        if (a->kind == ARGUMENT_TEXT) snprintf(word, size, "--%s=%s", a->name, a->value.text);
        argv[count++] = word;
    }
    return count;
}

static void check_again(const argument *table)
{
    static char words[COUNT][MOST_TEXT + 16];
    char *argv[COUNT + 1] = {NULL};
    argument again[COUNT];
    failure why;
    memcpy(again, standard, sizeof again);
    const int count = write_words(table, words, argv);
    FUZZ_ASSERT(arguments_parse(again, COUNT, count, argv, &why) == ARGUMENTS_READ, "refused: %s", why.text);
    for (int i = 0; i < COUNT; i++) {
        const argument *a = &table[i], *b = &again[i];
        FUZZ_ASSERT(a->given == b->given, "--%s", a->name);
        if (a->kind == ARGUMENT_I64) FUZZ_ASSERT(a->value.i64 == b->value.i64, "--%s", a->name);
        if (a->kind == ARGUMENT_F64) FUZZ_ASSERT(a->value.f64 == b->value.f64, "--%s", a->name);
        if (a->kind == ARGUMENT_TEXT && a->given)
            FUZZ_ASSERT(strcmp(a->value.text, b->value.text) == 0, "--%s", a->name);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[MOST_TEXT + 1] = "", program[] = "program", *argv[MOST_WORDS] = {program};
    argument table[COUNT];
    failure why = {""};
    int argc = 1;
    if (size > MOST_TEXT) return 0;
    memcpy(text, data, size);
    for (size_t at = 0; at < size && argc < MOST_WORDS; at += strlen(text + at) + 1) argv[argc++] = text + at;
    memcpy(table, standard, sizeof table);
    fuzz_begin();
    fuzz_limit(0, 0); /* words are read without memory */
    const arguments_result result = arguments_parse(table, COUNT, argc, argv, &why);
    fuzz_end();
    if (result == ARGUMENTS_WRONG) fuzz_check_line(why.text);
    if (result != ARGUMENTS_READ) return 0;
    for (int i = 0; i < COUNT; i++) check_value(&table[i]);
    check_again(table);
    return 0;
}
