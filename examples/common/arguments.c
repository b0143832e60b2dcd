#include "arguments.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <lebm.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "manual.h"
#include "standard_streams.h"

/* "a number from 0 to 1": what an argument allows. */
typedef struct allowed {
    char text[128];
} allowed;

static allowed what_is_allowed(const argument *a)
{
    allowed result = {"a text"};
    if (a->kind == ARGUMENT_I64)
        snprintf(result.text, sizeof result.text, "a whole number from %" PRId64 " to %" PRId64, a->least.i64,
                 a->most.i64);
    else if (a->kind == ARGUMENT_F64)
        snprintf(result.text, sizeof result.text, "a number from %g to %g", a->least.f64, a->most.f64);
    return result;
}

static bool parse_i64(const argument *a, const char *text, int64_t *value)
{
    char *end;
    errno = 0;
    const long long number = strtoll(text, &end, 10);
    *value = number;
    return errno == 0 && end != text && *end == '\0' && !isspace((unsigned char)*text) && number >= a->least.i64 &&
           number <= a->most.i64;
}

static bool parse_f64(const argument *a, const char *text, double *value)
{
    char *end;
    *value = strtod(text, &end);
    return end != text && *end == '\0' && !isspace((unsigned char)*text) && isfinite(*value) &&
           *value >= a->least.f64 && *value <= a->most.f64;
}

static bool parse_value(argument *a, const char *text)
{
    switch (a->kind) {
    case ARGUMENT_I64:
        return parse_i64(a, text, &a->value.i64);
    case ARGUMENT_F64:
        return parse_f64(a, text, &a->value.f64);
    case ARGUMENT_TEXT:
        a->value.text = text;
        return *text != '\0';
    case ARGUMENT_FLAG:
        break;
    }
    return false;
}

/* The row whose name is the first `length` characters of the word. */
static argument *find(argument *table, size_t count, const char *word, size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].name != NULL && strlen(table[i].name) == length && memcmp(table[i].name, word, length) == 0)
            return &table[i];
    return NULL;
}

arguments_result arguments_parse(argument *table, size_t count, int argc, char *const *argv, failure *why)
{
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (strcmp(word, "--help") == 0) return ARGUMENTS_HELP;
        if (strcmp(word, "--version") == 0) return ARGUMENTS_VERSION;
        if (strcmp(word, "--manual") == 0) return ARGUMENTS_MANUAL;
        if (word[0] != '-') return fail(why, "unexpected argument '%s' (see --help)", word);

        const size_t length = strcspn(word, "=");
        argument *a = length > 2 && word[1] == '-' ? find(table, count, word + 2, length - 2) : NULL;
        const char *text = word[length] == '=' ? word + length + 1 : NULL;
        if (a == NULL) return fail(why, "unknown option %.*s (see --help)", (int)length, word);
        if (a->kind == ARGUMENT_FLAG) {
            if (text != NULL) return fail(why, "--%s takes no value, but '%s' was given", a->name, text);
        } else {
            if (text == NULL && i + 1 < argc && strncmp(argv[i + 1], "--", 2) != 0) text = argv[++i];
            if (text == NULL) return fail(why, "--%s needs a value: %s", a->name, what_is_allowed(a).text);
            if (!parse_value(a, text))
                return fail(why, "--%s '%s' is not allowed: it takes %s", a->name, text, what_is_allowed(a).text);
        }
        a->given = true;
    }
    return ARGUMENTS_READ;
}

const char *argument_default(const argument *a, char number[static ARGUMENT_DIGITS])
{
    switch (a->kind) {
    case ARGUMENT_I64:
        snprintf(number, ARGUMENT_DIGITS, "%" PRId64, a->value.i64);
        return number;
    case ARGUMENT_F64:
        snprintf(number, ARGUMENT_DIGITS, "%g", a->value.f64);
        return number;
    case ARGUMENT_TEXT:
        return a->value.text;
    case ARGUMENT_FLAG:
        break;
    }
    return NULL;
}

/* Texts may be long: they have a line of their own. */
static void print_default(FILE *out, const argument *a, int indent)
{
    char number[ARGUMENT_DIGITS];
    const char *text = argument_default(a, number);
    if (text == NULL) return;
    if (a->kind == ARGUMENT_TEXT)
        fprintf(out, "\n%*s(default: %s)", indent, "", text);
    else
        fprintf(out, " (default: %s)", text);
}

/* The lines after the first stand under it. */
static void print_indented(FILE *out, const char *text, int indent)
{
    for (; *text != '\0'; text++) {
        fputc(*text, out);
        if (*text == '\n') fprintf(out, "%*s", indent, "");
    }
}

void arguments_print_help(FILE *out, const argument *table, size_t count)
{
    int widest = (int)strlen("version");
    for (size_t i = 0; i < count; i++) {
        if (table[i].name == NULL) continue;
        const int width = (int)(strlen(table[i].name) + 1 + strlen(table[i].operand));
        if (width > widest) widest = width;
    }
    for (size_t i = 0; i < count; i++) {
        const argument *a = &table[i];
        if (a->name == NULL) continue;
        fprintf(out, "  --%s %-*s  ", a->name, widest - 1 - (int)strlen(a->name), a->operand);
        print_indented(out, a->help, widest + 6);
        print_default(out, a, widest + 6);
        fputc('\n', out);
    }
    fprintf(out, "  --%-*s  print this\n", widest, "help");
    fprintf(out, "  --%-*s  print the version\n", widest, "version");
    fprintf(out, "  --%-*s  print the manual page, for man -l -\n", widest, "manual");
}

static void read_or_end(argument *table, size_t count, int argc, char *const *argv, const char *program,
                        const char *takes, const char *summary, const char *notes)
{
    failure why;
    set_program_name(program);
    standard_streams_guard();
    switch (arguments_parse(table, count, argc, argv, &why)) {
    case ARGUMENTS_READ:
        return;
    case ARGUMENTS_WRONG:
        fprintf(stderr, "%s: %s\n", program, why.text);
        exit(2);
    case ARGUMENTS_HELP:
        printf("usage: %s%s%s\n%s\n\n", program, *takes == '\0' ? "" : " ", takes, summary);
        arguments_print_help(stdout, table, count);
        if (*notes != '\0') printf("\n%s\n", notes);
        break;
    case ARGUMENTS_VERSION:
        printf("%s %s\n%s\n", program, lebm_version(), lebm_build_info());
        break;
    case ARGUMENTS_MANUAL:
        manual_print(stdout, program, takes, summary, notes, table, count);
        break;
    }
    exit(EXIT_SUCCESS);
}

void arguments_read(argument *table, size_t count, int argc, char *const *argv, const char *program,
                    const char *summary, const char *notes)
{
    read_or_end(table, count, argc, argv, program, "[options]", summary, notes);
}

const char *arguments_operand(int argc, char *const *argv, const char *program, const char *operand,
                              const char *standard, const char *summary, const char *notes)
{
    const bool given = standard != NULL && argc > 1 && argv[1][0] != '-';
    read_or_end(NULL, 0, argc - given, argv + given, program, operand, summary, notes);
    return given ? argv[1] : standard;
}
