#include "core/handle.h"

#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "core/text.h"

void lebm__handle_init(lebm__handle *handle, const char *name)
{
    handle->name = name;
    handle->holders = LEBM__CALLER;
}

void lebm__handle_add_options(lebm__handle *handle, const lebm__options *table, void *values)
{
    const int i = handle->options[0].table != NULL;
    handle->options[i].table = table;
    handle->options[i].values = values;
    for (const lebm__option *row = table->rows; row < table->rows + table->count; row++) {
        lebm__option_reset(row, (char *)values + row->offset);
    }
}

/* ---- Calls under way ---- */

int lebm__handle_use(const lebm__handle *handle)
{
    _Atomic int *users = &((lebm__handle *)handle)->users;
    int count = atomic_load(users);
    while (count >= 0) {
        if (atomic_compare_exchange_weak(users, &count, count + 1)) return LEBM_OK;
    }
    return lebm__fail(LEBM_ERR_STATE, "the %s is being changed by another call", handle->name);
}

void lebm__handle_leave(const lebm__handle *handle)
{
    atomic_fetch_sub(&((lebm__handle *)handle)->users, 1);
}

int lebm__handle_claim(lebm__handle *handle, const char *function, int own_uses)
{
    int count = own_uses;
    if (atomic_compare_exchange_strong(&handle->users, &count, -1)) return LEBM_OK;
    return lebm__fail(LEBM_ERR_STATE,
                      "%s: a call is running on the %s, in another thread or the one that this callback belongs to",
                      function, handle->name);
}

void lebm__handle_yield(lebm__handle *handle, int own_uses)
{
    atomic_store(&handle->users, own_uses);
}

/* ---- Holding ---- */

int lebm__handle_is_held(const lebm__handle *handle, lebm__holder holder)
{
    return (atomic_load(&handle->holders) & (int)holder) != 0;
}

int lebm__handle_hold(lebm__handle *handle, lebm__holder holder)
{
    return (atomic_fetch_or(&handle->holders, (int)holder) & (int)holder) == 0;
}

int lebm__handle_let_go(lebm__handle *handle, lebm__holder holder)
{
    return atomic_fetch_and(&handle->holders, ~(int)holder) == (int)holder;
}

/* ---- Options ---- */

lebm__setting lebm__handle_setting(const lebm__handle *handle, int64_t index)
{
    for (int i = 0; i < LEBM__TABLES && handle->options[i].table != NULL && index >= 0; i++) {
        const lebm__options *table = handle->options[i].table;
        if (index < table->count) {
            const lebm__option *option = &table->rows[index];
            return (lebm__setting){option, (char *)handle->options[i].values + option->offset};
        }
        index -= table->count;
    }
    return (lebm__setting){NULL, NULL};
}

static lebm__setting handle_find(const lebm__handle *handle, const char *key)
{
    for (int i = 0; i < LEBM__TABLES && handle->options[i].table != NULL && key != NULL; i++) {
        const lebm__option *option = lebm__options_find(handle->options[i].table, key);
        if (option != NULL) return (lebm__setting){option, (char *)handle->options[i].values + option->offset};
    }
    return (lebm__setting){NULL, NULL};
}

/* Find the option or fail: it must be of the type. */
static int handle_require(const lebm__handle *handle, const char *key, lebm__option_type type, lebm__setting *found)
{
    *found = handle_find(handle, key);
    if (found->option == NULL) {
        char keys[LEBM__ERROR_SIZE] = "";
        for (int64_t i = 0; i < lebm__handle_option_count(handle); i++) {
            lebm__list_add(keys, sizeof keys, lebm__handle_option_key(handle, i));
        }
        return lebm__fail(LEBM_ERR_UNKNOWN_OPTION, "%s has no option '%.64s'; it has %s", handle->name, key, keys);
    }
    if (found->option->type != type) {
        const char *name = lebm__option_type_name(found->option);
        return lebm__fail(LEBM_ERR_UNKNOWN_OPTION, "option '%s' of %s is of type %s: use lebm_%s_set_%s() and its like",
                          key, handle->name, name, handle->name, name);
    }
    return LEBM_OK;
}

int lebm__handle_put_str(lebm__handle *handle, const char *key, const char *to)
{
    lebm__setting found;
    LEBM__TRY(handle_require(handle, key, LEBM__STR, &found));
    return lebm__option_set_str(found.option, handle->name, found.value, to);
}

int lebm__handle_set_i64(lebm__handle *handle, const char *function, const char *key, int64_t to)
{
    lebm__setting found;
    LEBM__TRY(handle_require(handle, key, LEBM__I64, &found));
    LEBM__TRY(lebm__handle_claim(handle, function, 0));
    const int status = lebm__option_set_i64(found.option, handle->name, found.value, to);
    lebm__handle_yield(handle, 0);
    return status;
}

int lebm__handle_set_f64(lebm__handle *handle, const char *function, const char *key, double to)
{
    lebm__setting found;
    LEBM__TRY(handle_require(handle, key, LEBM__F64, &found));
    LEBM__TRY(lebm__handle_claim(handle, function, 0));
    const int status = lebm__option_set_f64(found.option, handle->name, found.value, to);
    lebm__handle_yield(handle, 0);
    return status;
}

int lebm__handle_set_str(lebm__handle *handle, const char *function, const char *key, const char *to)
{
    LEBM__TRY(lebm__handle_claim(handle, function, 0));
    const int status = lebm__handle_put_str(handle, key, to);
    lebm__handle_yield(handle, 0);
    return status;
}

int lebm__handle_get_i64(const lebm__handle *handle, const char *key, int64_t *to)
{
    lebm__setting found;
    LEBM__TRY(handle_require(handle, key, LEBM__I64, &found));
    *to = *(const int64_t *)found.value;
    return LEBM_OK;
}

int lebm__handle_get_f64(const lebm__handle *handle, const char *key, double *to)
{
    lebm__setting found;
    LEBM__TRY(handle_require(handle, key, LEBM__F64, &found));
    *to = *(const double *)found.value;
    return LEBM_OK;
}

int lebm__handle_get_str(const lebm__handle *handle, const char *key, const char **to)
{
    lebm__setting found;
    LEBM__TRY(handle_require(handle, key, LEBM__STR, &found));
    *to = found.value;
    return LEBM_OK;
}

int lebm__handle_bounds_i64(const lebm__handle *handle, const char *key, int64_t *default_value, int64_t *min,
                            int64_t *max)
{
    lebm__setting found;
    LEBM__TRY(handle_require(handle, key, LEBM__I64, &found));
    *default_value = found.option->as.i64.default_value;
    *min = found.option->as.i64.min;
    *max = found.option->as.i64.max;
    return LEBM_OK;
}

int lebm__handle_bounds_f64(const lebm__handle *handle, const char *key, double *default_value, double *min,
                            double *max)
{
    lebm__setting found;
    LEBM__TRY(handle_require(handle, key, LEBM__F64, &found));
    *default_value = found.option->as.f64.default_value;
    *min = found.option->as.f64.min;
    *max = found.option->as.f64.max;
    return LEBM_OK;
}

int64_t lebm__handle_option_count(const lebm__handle *handle)
{
    int64_t count = 0;
    for (int i = 0; i < LEBM__TABLES && handle->options[i].table != NULL; i++) count += handle->options[i].table->count;
    return count;
}

const char *lebm__handle_option_key(const lebm__handle *handle, int64_t index)
{
    const lebm__option *option = lebm__handle_setting(handle, index).option;
    return option == NULL ? NULL : option->key;
}

const char *lebm__handle_option_type(const lebm__handle *handle, const char *key)
{
    const lebm__option *option = handle_find(handle, key).option;
    return option == NULL ? NULL : lebm__option_type_name(option);
}

const char *lebm__handle_option_help(const lebm__handle *handle, const char *key)
{
    const lebm__option *option = handle_find(handle, key).option;
    return option == NULL ? NULL : option->help;
}

const char *lebm__handle_option_choices(const lebm__handle *handle, const char *key)
{
    const lebm__option *option = handle_find(handle, key).option;
    return option == NULL || option->type != LEBM__STR ? NULL : option->as.str.choices;
}

int lebm__handle_copy_options(lebm__handle *copy, const lebm__handle *from)
{
    *copy = (lebm__handle){.name = from->name};
    for (int i = 0; i < LEBM__TABLES && from->options[i].table != NULL; i++) {
        copy->options[i].table = from->options[i].table;
        copy->options[i].values = lebm__alloc_raw((int64_t)from->options[i].table->size, 1);
        if (copy->options[i].values == NULL) {
            lebm__handle_free_options(copy);
            return LEBM_ERR_NOMEM;
        }
    }
    lebm__handle_assign_options(copy, from);
    return LEBM_OK;
}

void lebm__handle_free_options(lebm__handle *copy)
{
    for (int i = 0; i < LEBM__TABLES; i++) lebm__free(copy->options[i].values);
    *copy = (lebm__handle){.name = copy->name};
}

void lebm__handle_assign_options(lebm__handle *to, const lebm__handle *from)
{
    for (int i = 0; i < LEBM__TABLES && from->options[i].table != NULL; i++) {
        memcpy(to->options[i].values, from->options[i].values, from->options[i].table->size);
    }
}
