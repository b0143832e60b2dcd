#include "core/options.h"

#include <stdio.h>
#include <string.h>

#include "core/status.h"
#include "core/text.h"

const lebm__option *lebm__options_find(const lebm__options *table, const char *key)
{
    for (const lebm__option *row = table->rows; row < table->rows + table->count; row++) {
        if (strcmp(row->key, key) == 0) return row;
    }
    return NULL;
}

const char *lebm__option_type_name(const lebm__option *option)
{
    return option->type == LEBM__I64 ? "i64" : option->type == LEBM__F64 ? "f64" : "str";
}

void lebm__option_reset(const lebm__option *option, void *value)
{
    switch (option->type) {
    case LEBM__I64:
        *(int64_t *)value = option->as.i64.default_value;
        break;
    case LEBM__F64:
        *(double *)value = option->as.f64.default_value;
        break;
    case LEBM__STR:
        snprintf(value, LEBM__TEXT_SIZE, "%s", option->as.str.default_value);
        break;
    }
}

int lebm__option_set_i64(const lebm__option *option, const char *owner, int64_t *value, int64_t to)
{
    if (to < option->as.i64.min || to > option->as.i64.max) {
        return lebm__fail(LEBM_ERR_RANGE, "option '%s' of %s is %lld; allowed are %lld to %lld", option->key, owner,
                          (long long)to, (long long)option->as.i64.min, (long long)option->as.i64.max);
    }
    *value = to;
    return LEBM_OK;
}

int lebm__option_set_f64(const lebm__option *option, const char *owner, double *value, double to)
{
    if (!(to >= option->as.f64.min && to <= option->as.f64.max)) { /* also true of NaN */
        return lebm__fail(LEBM_ERR_RANGE, "option '%s' of %s is %g; allowed are %g to %g", option->key, owner, to,
                          option->as.f64.min, option->as.f64.max);
    }
    *value = to;
    return LEBM_OK;
}

/* Whether `text` is one of "a|b|c". */
static int options_is_choice(const char *choices, const char *text)
{
    const size_t length = strlen(text);
    for (const char *choice = choices; choice != NULL; choice = strchr(choice, '|')) {
        choice += *choice == '|';
        if (strcspn(choice, "|") == length && memcmp(choice, text, length) == 0) return 1;
    }
    return 0;
}

int lebm__option_set_str(const lebm__option *option, const char *owner, char *value, const char *to)
{
    const char *choices = option->as.str.choices;
    if (choices[0] != '\0' && !options_is_choice(choices, to)) {
        return lebm__fail(LEBM_ERR_RANGE, "option '%s' of %s is '%.64s'; allowed are %s", option->key, owner, to,
                          choices);
    }
    if (strlen(to) >= LEBM__TEXT_SIZE) {
        return lebm__fail(LEBM_ERR_RANGE, "option '%s' of %s has %zu bytes; allowed are at most %d", option->key, owner,
                          strlen(to), LEBM__TEXT_SIZE - 1);
    }
    if (!lebm__is_utf8(to)) {
        return lebm__fail(LEBM_ERR_RANGE, "option '%s' of %s is not UTF-8: '%.64s'", option->key, owner, to);
    }
    memmove(value, to, strlen(to) + 1); /* it may be the value itself */
    return LEBM_OK;
}
