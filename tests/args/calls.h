/** @file calls.h
 * The public functions as data: what calls.py makes of the headers. */
#ifndef LEBM_TESTS_CALLS_H
#define LEBM_TESTS_CALLS_H

#include <stdint.h>

#include "lebm.h"

/** An argument or a result; which member it is follows from its C type. */
typedef union {
    void *pointer;
    const void *borrowed; /* a result, the same */
    const char *text;
    int64_t integer; /* of int, int64_t and uint64_t */
    double real;
    lebm_progress_fn progress;
    lebm_density_fn density;
} value;

enum { MOST_PARAMETERS = 10 };

typedef struct {
    const char *type, *name;
    int may_be_null; /* so says the comment */
} parameter;

typedef struct {
    const char *name, *result; /* the result's C type */
    value (*call)(const value *arguments);
    const char *statuses; /* that the comment promises, each followed by a space */
    int count;
    parameter parameters[MOST_PARAMETERS];
} function;

extern const function functions[];
extern const int function_count;

#endif
