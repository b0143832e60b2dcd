/* Named and typed options: a row for each, in one table per kind of handle, or in two (core/handle.h). */
#ifndef LEBM_CORE_OPTIONS_H
#define LEBM_CORE_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "core/arithmetic.h"

typedef enum { LEBM__I64, LEBM__F64, LEBM__STR } lebm__option_type;

enum { LEBM__TEXT_SIZE = 256 }; /* bytes of a text option, its end included */

typedef struct {
    const char *key;
    lebm__option_type type;
    size_t offset; /* of the value (int64_t, double or char[LEBM__TEXT_SIZE]) in the struct of options */
    union {
        struct {
            int64_t default_value, min, max;
        } i64;
        struct {
            double default_value, min, max;
        } f64;
        struct {
            const char *default_value, *choices; /* "a|b|c", or "" for any text */
        } str;
    } as;
    const char *file_default; /* what a file means that lacks the option: as files say it, and never to be changed once
                               * released; NULL: files do not keep the option */
    const char *help;
} lebm__option;

/* Rows of a table. The file default of an option that is added later is the value with which the library does what it
 * did without it. */
#define LEBM__OPTION_I64(key, offset, default_value, min, max, file_default, help)                                     \
    {                                                                                                                  \
        key, LEBM__I64, offset, {.i64 = {default_value, min, max}}, file_default, help                                 \
    }
#define LEBM__OPTION_F64(key, offset, default_value, min, max, file_default, help)                                     \
    {                                                                                                                  \
        key, LEBM__F64, offset, {.f64 = {default_value, min, max}}, file_default, help                                 \
    }
#define LEBM__OPTION_STR(key, offset, default_value, choices, file_default, help)                                      \
    {                                                                                                                  \
        key, LEBM__STR, offset, {.str = {default_value, choices}}, file_default, help                                  \
    }

typedef struct {
    const lebm__option *rows;
    int64_t count;
    size_t size; /* of the struct of options that the rows' offsets refer to */
} lebm__options;

/* The row of `key`, or NULL. */
const lebm__option *lebm__options_find(const lebm__options *table, const char *key);

const char *lebm__option_type_name(const lebm__option *option);

/* Write a value, which points to where the option is kept: the default, or one that is checked; `owner` is the kind of
 * handle, for error texts. */
void lebm__option_reset(const lebm__option *option, void *value);
int lebm__option_set_i64(const lebm__option *option, const char *owner, int64_t *value, int64_t to);
int lebm__option_set_f64(const lebm__option *option, const char *owner, double *value, double to);
int lebm__option_set_str(const lebm__option *option, const char *owner, char *value, const char *to);

#endif
