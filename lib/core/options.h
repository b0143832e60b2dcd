/* Named and typed options: one table per kind of handle drives setting, reading, listing, checkpoints and docs. */
#ifndef LEBM_CORE_OPTIONS_H
#define LEBM_CORE_OPTIONS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { LEBM__I64, LEBM__F64, LEBM__STR } lebm__option_type;

enum { LEBM__TEXT_SIZE = 256 }; /* bytes of a text option, its end included */

typedef struct {
    const char *key;
    lebm__option_type type;
    size_t offset; /* of the value (int64_t, double or char[LEBM__TEXT_SIZE]) in the struct of options */
    union {
        struct {
            int64_t standard, least, most;
        } i64;
        struct {
            double standard, least, most;
        } f64;
        struct {
            const char *standard, *choices; /* "a|b|c", or "" for any text */
        } str;
    } as;
    const char *file_default; /* what a file means that lacks the option: as files say it, and never to be changed once
                               * released; NULL: files do not keep the option */
    const char *help;
} lebm__option;

/* Rows of a table. The file default of an option that is added later is the value with which the library does what it
 * did without it. */
#define LEBM__OPTION_I64(key, offset, standard, least, most, file_default, help)                                       \
    {                                                                                                                  \
        key, LEBM__I64, offset, {.i64 = {standard, least, most}}, file_default, help                                   \
    }
#define LEBM__OPTION_F64(key, offset, standard, least, most, file_default, help)                                       \
    {                                                                                                                  \
        key, LEBM__F64, offset, {.f64 = {standard, least, most}}, file_default, help                                   \
    }
#define LEBM__OPTION_STR(key, offset, standard, choices, file_default, help)                                           \
    {                                                                                                                  \
        key, LEBM__STR, offset, {.str = {standard, choices}}, file_default, help                                       \
    }

typedef struct {
    const char *owner; /* "sampler", for error texts */
    const lebm__option *rows;
    int64_t count;
} lebm__options;

/* `values` is the struct of options that the offsets of the table refer to. */
void lebm__options_reset(const lebm__options *table, void *values);
int lebm__options_set_i64(const lebm__options *table, void *values, const char *key, int64_t value);
int lebm__options_set_f64(const lebm__options *table, void *values, const char *key, double value);
int lebm__options_set_str(const lebm__options *table, void *values, const char *key, const char *value);
int lebm__options_get_i64(const lebm__options *table, const void *values, const char *key, int64_t *value);
int lebm__options_get_f64(const lebm__options *table, const void *values, const char *key, double *value);
int lebm__options_get_str(const lebm__options *table, const void *values, const char *key, const char **value);

/* The row of `key`, or NULL. */
const lebm__option *lebm__options_find(const lebm__options *table, const char *key);
const char *lebm__options_type_name(const lebm__option *row);
int lebm__options_bounds_i64(const lebm__options *table, const char *key, int64_t *standard, int64_t *least,
                             int64_t *most);
int lebm__options_bounds_f64(const lebm__options *table, const char *key, double *standard, double *least,
                             double *most);

/* Mark a handle as running for the call `function`, which sets `running` to 0 when it ends; LEBM_ERR_STATE if another
 * call, of whatever thread, has done so. */
int lebm__claim(atomic_int *running, const char *function, const char *handle);

/* Define the public option functions of a handle, lebm_<handle>_set_i64() and so on, for a struct lebm_<handle> with
 * the members `options`, the struct of options, and `running`. */
#define LEBM__DEFINE_OPTION_FUNCTIONS(handle, table)                                                                   \
    int lebm_##handle##_set_i64(lebm_##handle *handle, const char *key, int64_t value)                                 \
    {                                                                                                                  \
        LEBM__REQUIRE(handle);                                                                                         \
        LEBM__REQUIRE(key);                                                                                            \
        LEBM__TRY(lebm__claim(&handle->running, __func__, #handle));                                                   \
        const int status = lebm__options_set_i64(table, &handle->options, key, value);                                 \
        handle->running = 0;                                                                                           \
        return status;                                                                                                 \
    }                                                                                                                  \
    int lebm_##handle##_set_f64(lebm_##handle *handle, const char *key, double value)                                  \
    {                                                                                                                  \
        LEBM__REQUIRE(handle);                                                                                         \
        LEBM__REQUIRE(key);                                                                                            \
        LEBM__TRY(lebm__claim(&handle->running, __func__, #handle));                                                   \
        const int status = lebm__options_set_f64(table, &handle->options, key, value);                                 \
        handle->running = 0;                                                                                           \
        return status;                                                                                                 \
    }                                                                                                                  \
    int lebm_##handle##_set_str(lebm_##handle *handle, const char *key, const char *value)                             \
    {                                                                                                                  \
        LEBM__REQUIRE(handle);                                                                                         \
        LEBM__REQUIRE(key);                                                                                            \
        LEBM__REQUIRE(value);                                                                                          \
        LEBM__TRY(lebm__claim(&handle->running, __func__, #handle));                                                   \
        const int status = lebm__options_set_str(table, &handle->options, key, value);                                 \
        handle->running = 0;                                                                                           \
        return status;                                                                                                 \
    }                                                                                                                  \
    int lebm_##handle##_get_i64(const lebm_##handle *handle, const char *key, int64_t *value)                          \
    {                                                                                                                  \
        LEBM__REQUIRE(handle);                                                                                         \
        LEBM__REQUIRE(key);                                                                                            \
        LEBM__REQUIRE(value);                                                                                          \
        return lebm__options_get_i64(table, &handle->options, key, value);                                             \
    }                                                                                                                  \
    int lebm_##handle##_get_f64(const lebm_##handle *handle, const char *key, double *value)                           \
    {                                                                                                                  \
        LEBM__REQUIRE(handle);                                                                                         \
        LEBM__REQUIRE(key);                                                                                            \
        LEBM__REQUIRE(value);                                                                                          \
        return lebm__options_get_f64(table, &handle->options, key, value);                                             \
    }                                                                                                                  \
    int lebm_##handle##_get_str(const lebm_##handle *handle, const char *key, const char **value)                      \
    {                                                                                                                  \
        LEBM__REQUIRE(value);                                                                                          \
        *value = NULL;                                                                                                 \
        LEBM__REQUIRE(handle);                                                                                         \
        LEBM__REQUIRE(key);                                                                                            \
        return lebm__options_get_str(table, &handle->options, key, value);                                             \
    }                                                                                                                  \
    int lebm_##handle##_option_bounds_i64(const lebm_##handle *handle, const char *key, int64_t *standard,             \
                                          int64_t *least, int64_t *most)                                               \
    {                                                                                                                  \
        LEBM__REQUIRE(handle);                                                                                         \
        LEBM__REQUIRE(key);                                                                                            \
        LEBM__REQUIRE(standard);                                                                                       \
        LEBM__REQUIRE(least);                                                                                          \
        LEBM__REQUIRE(most);                                                                                           \
        return lebm__options_bounds_i64(table, key, standard, least, most);                                            \
    }                                                                                                                  \
    int lebm_##handle##_option_bounds_f64(const lebm_##handle *handle, const char *key, double *standard,              \
                                          double *least, double *most)                                                 \
    {                                                                                                                  \
        LEBM__REQUIRE(handle);                                                                                         \
        LEBM__REQUIRE(key);                                                                                            \
        LEBM__REQUIRE(standard);                                                                                       \
        LEBM__REQUIRE(least);                                                                                          \
        LEBM__REQUIRE(most);                                                                                           \
        return lebm__options_bounds_f64(table, key, standard, least, most);                                            \
    }                                                                                                                  \
    LEBM__DEFINE_OPTION_LISTING(handle, table)

/* Define those that list them, for all handles alike. */
#define LEBM__DEFINE_OPTION_LISTING(handle, table)                                                                     \
    int64_t lebm_##handle##_option_count(const lebm_##handle *handle)                                                  \
    {                                                                                                                  \
        return handle == NULL ? 0 : (table)->count;                                                                    \
    }                                                                                                                  \
    const char *lebm_##handle##_option_key(const lebm_##handle *handle, int64_t index)                                 \
    {                                                                                                                  \
        return handle == NULL || index < 0 || index >= (table)->count ? NULL : (table)->rows[index].key;               \
    }                                                                                                                  \
    const char *lebm_##handle##_option_type(const lebm_##handle *handle, const char *key)                              \
    {                                                                                                                  \
        const lebm__option *row = handle == NULL || key == NULL ? NULL : lebm__options_find(table, key);               \
        return row == NULL ? NULL : lebm__options_type_name(row);                                                      \
    }                                                                                                                  \
    const char *lebm_##handle##_option_help(const lebm_##handle *handle, const char *key)                              \
    {                                                                                                                  \
        const lebm__option *row = handle == NULL || key == NULL ? NULL : lebm__options_find(table, key);               \
        return row == NULL ? NULL : row->help;                                                                         \
    }                                                                                                                  \
    const char *lebm_##handle##_option_choices(const lebm_##handle *handle, const char *key)                           \
    {                                                                                                                  \
        const lebm__option *row = handle == NULL || key == NULL ? NULL : lebm__options_find(table, key);               \
        return row == NULL || row->type != LEBM__STR ? NULL : row->as.str.choices;                                     \
    }                                                                                                                  \
    _Static_assert(sizeof(lebm_##handle *) > 0, "ends with a semicolon")

#endif
