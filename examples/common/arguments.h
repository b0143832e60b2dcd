/* Command lines, read by a table: its rows give each argument's name, kind, default, bounds and help. */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "errors.h"

typedef enum argument_kind { ARGUMENT_FLAG, ARGUMENT_I64, ARGUMENT_F64, ARGUMENT_TEXT } argument_kind;

typedef union argument_value {
    int64_t i64;
    double f64;
    const char *text; /* NULL: none */
} argument_value;

typedef struct argument {
    argument_kind kind;
    const char *name;    /* without the two dashes; NULL: the program has no such argument */
    const char *operand; /* what stands for the value in the help */
    const char *help;
    argument_value value;       /* the default, until a command line is read */
    argument_value least, most; /* bounds of a number, both allowed */
    bool given;                 /* on the command line */
} argument;

#define FLAG(name_, help_)                                                                                             \
    {                                                                                                                  \
        .kind = ARGUMENT_FLAG, .name = (name_), .operand = "", .help = (help_)                                         \
    }
#define TEXT(name_, operand_, standard_, help_)                                                                        \
    {                                                                                                                  \
        .kind = ARGUMENT_TEXT, .name = (name_), .operand = (operand_), .help = (help_), .value.text = (standard_)      \
    }
#define I64(name_, operand_, standard_, least_, most_, help_)                                                          \
    {                                                                                                                  \
        .kind = ARGUMENT_I64, .name = (name_), .operand = (operand_), .help = (help_), .value.i64 = (standard_),       \
        .least.i64 = (least_), .most.i64 = (most_)                                                                     \
    }
#define F64(name_, operand_, standard_, least_, most_, help_)                                                          \
    {                                                                                                                  \
        .kind = ARGUMENT_F64, .name = (name_), .operand = (operand_), .help = (help_), .value.f64 = (standard_),       \
        .least.f64 = (least_), .most.f64 = (most_)                                                                     \
    }

typedef enum arguments_result {
    ARGUMENTS_WRONG = -1,
    ARGUMENTS_READ,
    ARGUMENTS_HELP,
    ARGUMENTS_VERSION,
    ARGUMENTS_MANUAL
} arguments_result;

/* Reads "--name value" and "--name=value" into the table. --help, --version and --manual need no row; whatever follows
 * them is not read. On ARGUMENTS_WRONG the reason is in *why. */
arguments_result arguments_parse(argument *table, size_t count, int argc, char *const *argv, failure *why);

enum { ARGUMENT_DIGITS = 32 };

/* The value, until a command line is read the default, as a text, which is in `number` if it is one; NULL: there is none. */
const char *argument_default(const argument *a, char number[static ARGUMENT_DIGITS]);

/* Prints one line, or two, for each row. */
void arguments_print_help(FILE *out, const argument *table, size_t count);

/* What a main program does first of all: guards its standard streams, and reads its command line into the table, or
 * prints help (summary, arguments, notes), manual page or version and ends with status 0, or prints what is wrong and ends with
 * status 2. */
void arguments_read(argument *table, size_t count, int argc, char *const *argv, const char *program,
                    const char *summary, const char *notes);

/* The same for a program without options that takes at most one operand: gives it, or `standard` where there is none.
 * `operand` stands for it in the help, as in "[FILE]". If `standard` is NULL the program takes none. */
const char *arguments_operand(int argc, char *const *argv, const char *program, const char *operand,
                              const char *standard, const char *summary, const char *notes);

#endif
