/* The head of every handle: its options, the calls that are under way on it, and who holds it. It is the first member,
 * `head`, of each public struct. */
#ifndef LEBM_CORE_HANDLE_H
#define LEBM_CORE_HANDLE_H

#include <stdatomic.h>

#include "core/options.h"

enum { LEBM__TABLES = 2 }; /* of a handle: one of its kind and, of a sampler, one of its kernel */

/* Whom calls that take long ask whether to go on: lebm_progress_fn. */
typedef struct {
    int (*ask)(double done, void *user); /* NULL: nobody */
    void *user;
} lebm__progress;

typedef struct {
    const char *name; /* "sampler", for error texts */
    struct {
        const lebm__options *table; /* NULL: none */
        void *values;
    } options[LEBM__TABLES];
    _Atomic int users;   /* calls that read what it is; -1: a call is alone with it */
    _Atomic int holders; /* of lebm__holder; nobody but the caller at first */
    lebm__progress progress;
} lebm__handle;

void lebm__handle_init(lebm__handle *handle, const char *name);

/* Give it the options of one more table, whose values are kept in the struct `values`, all at their defaults. */
void lebm__handle_add_options(lebm__handle *handle, const lebm__options *table, void *values);

/* ---- Calls under way ---- */

/* Calls that read what the handle is begin and end with these, LEBM_ERR_STATE while another one changes it. The count is
 * not what const promises to keep. */
int lebm__handle_use(const lebm__handle *handle);
void lebm__handle_leave(const lebm__handle *handle);

/* Calls that change a handle, or run it, begin and end with these: LEBM_ERR_STATE, with the name of the public function,
 * if another call is under way on it, but for `own_uses` of the call itself, which it has again after it yields. */
int lebm__handle_claim(lebm__handle *handle, const char *function, int own_uses);
void lebm__handle_yield(lebm__handle *handle, int own_uses);

/* The work of the public functions lebm_<handle>_set_progress(). */
int lebm__handle_set_progress(lebm__handle *handle, const char *function, lebm__progress progress);

/* ---- Holding ---- */

/* Who may hold a handle: it is released when nobody does. */
typedef enum { LEBM__CALLER = 1, LEBM__MODEL = 2, LEBM__SAMPLER = 4 } lebm__holder;

/* Whether it is held by such a holder; begin to hold it, or fail (0) if there is such a holder already; end holding, and
 * tell whether that was the last holder. */
int lebm__handle_is_held(const lebm__handle *handle, lebm__holder holder);
int lebm__handle_hold(lebm__handle *handle, lebm__holder holder);
int lebm__handle_let_go(lebm__handle *handle, lebm__holder holder);

/* ---- Options ---- */

/* The work of the public functions lebm_<handle>_set_i64() and so on, after their arguments were checked for NULL. */
int lebm__handle_set_i64(lebm__handle *handle, const char *function, const char *key, int64_t value);
int lebm__handle_set_f64(lebm__handle *handle, const char *function, const char *key, double value);
int lebm__handle_set_str(lebm__handle *handle, const char *function, const char *key, const char *value);
int lebm__handle_get_i64(const lebm__handle *handle, const char *key, int64_t *value);
int lebm__handle_get_f64(const lebm__handle *handle, const char *key, double *value);
int lebm__handle_get_str(const lebm__handle *handle, const char *key, const char **value);
int lebm__handle_bounds_i64(const lebm__handle *handle, const char *key, int64_t *default_value, int64_t *min,
                            int64_t *max);
int lebm__handle_bounds_f64(const lebm__handle *handle, const char *key, double *default_value, double *min,
                            double *max);

/* And of those that list the options; `key` may be NULL. */
int64_t lebm__handle_option_count(const lebm__handle *handle);
const char *lebm__handle_option_key(const lebm__handle *handle, int64_t index);
const char *lebm__handle_option_type(const lebm__handle *handle, const char *key);
const char *lebm__handle_option_help(const lebm__handle *handle, const char *key);
const char *lebm__handle_option_choices(const lebm__handle *handle, const char *key);

/* Set a text under a claim that the caller has. */
int lebm__handle_put_str(lebm__handle *handle, const char *key, const char *value);

/* An option and where its value is. */
typedef struct {
    const lebm__option *option; /* NULL: there is none */
    void *value;
} lebm__setting;

/* That at a place, counted through all tables. */
lebm__setting lebm__handle_setting(const lebm__handle *handle, int64_t index);

/* Options that are no handle's yet: a head alone with a copy of `from`'s options, in memory of its own; and options
 * copied to a handle that has the same tables, which cannot fail. */
int lebm__handle_copy_options(lebm__handle *copy, const lebm__handle *from);
void lebm__handle_free_options(lebm__handle *copy);
void lebm__handle_assign_options(lebm__handle *to, const lebm__handle *from);

#endif
