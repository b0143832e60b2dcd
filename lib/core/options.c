#include "core/options.h"

#include <stdio.h>
#include <string.h>

#include "core/status.h"
#include "core/text.h"

static void *value_of(const lebm__option *row, void *values)
{
    return (char *)values + row->offset;
}

static const void *value_in(const lebm__option *row, const void *values)
{
    return (const char *)values + row->offset;
}

void lebm__options_reset(const lebm__options *table, void *values)
{
    for (const lebm__option *row = table->rows; row < table->rows + table->count; row++) {
        switch (row->type) {
        case LEBM__I64:
            *(int64_t *)value_of(row, values) = row->as.i64.standard;
            break;
        case LEBM__F64:
            *(double *)value_of(row, values) = row->as.f64.standard;
            break;
        case LEBM__STR:
            snprintf(value_of(row, values), LEBM__TEXT_SIZE, "%s", row->as.str.standard);
            break;
        }
    }
}

const lebm__option *lebm__options_find(const lebm__options *table, const char *key)
{
    for (const lebm__option *row = table->rows; row < table->rows + table->count; row++) {
        if (strcmp(row->key, key) == 0) return row;
    }
    return NULL;
}

const char *lebm__options_type_name(const lebm__option *row)
{
    return row->type == LEBM__I64 ? "i64" : row->type == LEBM__F64 ? "f64" : "str";
}

static int unknown(const lebm__options *table, const char *key)
{
    char keys[LEBM__ERROR_SIZE] = "";
    for (int64_t i = 0; i < table->count; i++) lebm__list_add(keys, sizeof keys, table->rows[i].key);
    return lebm__fail(LEBM_ERR_UNKNOWN_OPTION, "%s has no option '%.64s'; it has %s", table->owner, key, keys);
}

static int find(const lebm__options *table, const char *key, lebm__option_type type, const lebm__option **row)
{
    *row = lebm__options_find(table, key);
    if (*row == NULL) return unknown(table, key);
    if ((*row)->type != type) {
        const char *name = lebm__options_type_name(*row);
        return lebm__fail(LEBM_ERR_UNKNOWN_OPTION, "option '%s' of %s is of type %s: use lebm_%s_set_%s() and its like",
                          key, table->owner, name, table->owner, name);
    }
    return LEBM_OK;
}

int lebm__options_set_i64(const lebm__options *table, void *values, const char *key, int64_t value)
{
    const lebm__option *row;
    LEBM__TRY(find(table, key, LEBM__I64, &row));
    if (value < row->as.i64.least || value > row->as.i64.most) {
        return lebm__fail(LEBM_ERR_RANGE, "option '%s' of %s is %lld; allowed are %lld to %lld", key, table->owner,
                          (long long)value, (long long)row->as.i64.least, (long long)row->as.i64.most);
    }
    *(int64_t *)value_of(row, values) = value;
    return LEBM_OK;
}

int lebm__options_set_f64(const lebm__options *table, void *values, const char *key, double value)
{
    const lebm__option *row;
    LEBM__TRY(find(table, key, LEBM__F64, &row));
    if (!(value >= row->as.f64.least && value <= row->as.f64.most)) { /* also true of NaN */
        return lebm__fail(LEBM_ERR_RANGE, "option '%s' of %s is %g; allowed are %g to %g", key, table->owner, value,
                          row->as.f64.least, row->as.f64.most);
    }
    *(double *)value_of(row, values) = value;
    return LEBM_OK;
}

/* Whether `value` is one of "a|b|c". */
static int is_choice(const char *choices, const char *value)
{
    const size_t length = strlen(value);
    for (const char *choice = choices; choice != NULL; choice = strchr(choice, '|')) {
        choice += *choice == '|';
        if (strcspn(choice, "|") == length && memcmp(choice, value, length) == 0) return 1;
    }
    return 0;
}

int lebm__options_set_str(const lebm__options *table, void *values, const char *key, const char *value)
{
    const lebm__option *row;
    LEBM__TRY(find(table, key, LEBM__STR, &row));
    if (row->as.str.choices[0] != '\0' && !is_choice(row->as.str.choices, value)) {
        return lebm__fail(LEBM_ERR_RANGE, "option '%s' of %s is '%.64s'; allowed are %s", key, table->owner, value,
                          row->as.str.choices);
    }
    if (strlen(value) >= LEBM__TEXT_SIZE) {
        return lebm__fail(LEBM_ERR_RANGE, "option '%s' of %s has %zu bytes; allowed are at most %d", key, table->owner,
                          strlen(value), LEBM__TEXT_SIZE - 1);
    }
    if (!lebm__is_utf8(value)) {
        return lebm__fail(LEBM_ERR_RANGE, "option '%s' of %s is not UTF-8: '%.64s'", key, table->owner, value);
    }
    memmove(value_of(row, values), value, strlen(value) + 1); /* it may be the value itself */
    return LEBM_OK;
}

int lebm__options_get_i64(const lebm__options *table, const void *values, const char *key, int64_t *value)
{
    const lebm__option *row;
    LEBM__TRY(find(table, key, LEBM__I64, &row));
    *value = *(const int64_t *)value_in(row, values);
    return LEBM_OK;
}

int lebm__options_get_f64(const lebm__options *table, const void *values, const char *key, double *value)
{
    const lebm__option *row;
    LEBM__TRY(find(table, key, LEBM__F64, &row));
    *value = *(const double *)value_in(row, values);
    return LEBM_OK;
}

int lebm__options_get_str(const lebm__options *table, const void *values, const char *key, const char **value)
{
    const lebm__option *row;
    LEBM__TRY(find(table, key, LEBM__STR, &row));
    *value = value_in(row, values);
    return LEBM_OK;
}

int lebm__options_bounds_i64(const lebm__options *table, const char *key, int64_t *standard, int64_t *least,
                             int64_t *most)
{
    const lebm__option *row;
    LEBM__TRY(find(table, key, LEBM__I64, &row));
    *standard = row->as.i64.standard;
    *least = row->as.i64.least;
    *most = row->as.i64.most;
    return LEBM_OK;
}

int lebm__options_bounds_f64(const lebm__options *table, const char *key, double *standard, double *least, double *most)
{
    const lebm__option *row;
    LEBM__TRY(find(table, key, LEBM__F64, &row));
    *standard = row->as.f64.standard;
    *least = row->as.f64.least;
    *most = row->as.f64.most;
    return LEBM_OK;
}

int lebm__claim(atomic_int *running, const char *function, const char *handle)
{
    if (!atomic_exchange(running, 1)) return LEBM_OK;
    return lebm__fail(LEBM_ERR_STATE,
                      "%s: %s is running, in another thread or in the call that this callback belongs to", function,
                      handle);
}
