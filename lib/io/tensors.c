#include "io/tensors.h"

#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "core/text.h"
#include "io/metadata.h"

/* Place of the first value that is not a finite number of at least `min`; `count` if there is none. */
static int64_t tensors_find_bad(const float *values, int64_t count, float min)
{
    int64_t i = 0;
    while (i < count && values[i] >= min && values[i] <= FLT_MAX) i++; /* false for NaN */
    return i;
}

static int64_t tensors_size(int64_t ndim, const int64_t *dims)
{
    int64_t size = 1;
    for (int64_t i = 0; i < ndim; i++) size *= dims[i];
    return size;
}

int lebm__put_tensor(lebm__st_writer *st, const char *key, int64_t ndim, const int64_t *dims, const float *values)
{
    const int64_t size = tensors_size(ndim, dims), bad = tensors_find_bad(values, size, -FLT_MAX);
    if (bad < size) {
        return lebm__fail(LEBM_ERR_INVALID, "cannot save tensor '%s': its number %" PRId64 " is %g", key, bad,
                          (double)values[bad]);
    }
    return lebm__st_add_tensor(st, key, ndim, dims, values);
}

int lebm__put_tensors(lebm__st_writer *st, const char *group, const lebm__params *params, const float *values)
{
    for (int64_t i = 0; i < params->count; i++) { /* without layers the list is NULL */
        const lebm__param *param = &params->list[i];
        char key[LEBM__KEY_SIZE];
        lebm__make_key(key, group, param->name);
        LEBM__TRY(lebm__put_tensor(st, key, param->ndim, param->dims, values + param->offset));
    }
    return LEBM_OK;
}

/* ---- Reading ---- */

/* The first tensor, of none of our groups, whose name ends with these words, or NULL: as "module.f.0.weight", which the
 * wrappers of PyTorch make, does with "f.0.weight". */
static const lebm__st_tensor *tensors_find_ending(const lebm__st_reader *st, const char *words)
{
    const size_t length = strlen(words);
    for (const lebm__st_tensor *tensor = st->tensors; tensor < st->tensors + st->count; tensor++) {
        const char *name = tensor->name, *end = name + strlen(name);
        if ((size_t)(end - name) < length || strcmp(end - length, words) != 0) continue;
        const size_t before = (size_t)(end - name) - length;
        const int is_net = before == 2 && (name[0] == 'f' || name[0] == 'g');
        const int is_of_training = strncmp(name, "adam.", 5) == 0 || strncmp(name, "average.", 8) == 0;
        if ((before == 0 || name[before - 1] == '.') && !is_net && !is_of_training) return tensor;
    }
    return NULL;
}

/* The names of the file's first tensors. */
static void tensors_list_names(const lebm__st_reader *st, char *list, int64_t size)
{
    enum { NAMES = 4 };
    list[0] = '\0';
    for (int64_t i = 0; i < st->count && i < NAMES; i++) lebm__list_add(list, size, st->tensors[i].name);
    if (st->count > NAMES) lebm__list_add(list, size, "...");
    if (st->count == 0) lebm__list_add(list, size, "none");
}

static int tensors_missing(const lebm__st_reader *st, const char *key, const lebm__param *param, const char *spec)
{
    const char *hint = strcmp(strrchr(key, '.'), ".bias") == 0 ? " (a layer without bias says nobias)" : "";
    const lebm__st_tensor *other = tensors_find_ending(st, key);
    char names[128];
    if (other == NULL) other = tensors_find_ending(st, param->name);
    if (other != NULL) {
        return lebm__fail(LEBM_ERR_FORMAT,
                          "'%.128s': tensor '%s' is missing; there is '%.100s', to be renamed if it is that", st->path,
                          key, other->name);
    }
    tensors_list_names(st, names, sizeof names);
    return lebm__fail(LEBM_ERR_FORMAT,
                      "'%.96s': tensor '%s' is missing, which a net of the spec '%.96s%s' has%s; there are %s",
                      st->path, key, spec, strlen(spec) > 96 ? "..." : "", hint, names);
}

/* The file has more tensors of the group than there are parameters, all of which were found: name one of them. */
static int tensors_surplus(const lebm__st_reader *st, const char *group, const char *prefix, const lebm__params *params,
                           const char *spec)
{
    int64_t i = 0;
    char *known = lebm__alloc(st->count, 1); /* whether a tensor is one of them */
    if (known == NULL) return LEBM_ERR_NOMEM;
    for (int64_t k = 0; k < params->count; k++) {
        char key[LEBM__KEY_SIZE];
        lebm__make_key(key, group, params->list[k].name);
        known[lebm__st_find(st, key) - st->tensors] = 1;
    }
    while (known[i] || strncmp(st->tensors[i].name, prefix, strlen(prefix)) != 0) i++;
    lebm__free(known);
    return lebm__fail(LEBM_ERR_FORMAT, "'%.128s': a net of the spec '%.128s%s' has no tensor '%.100s'", st->path, spec,
                      strlen(spec) > 128 ? "..." : "", st->tensors[i].name);
}

/* Check that no other tensors are called like the parameters. */
static int tensors_check_surplus(const lebm__st_reader *st, const char *group, const lebm__params *params,
                                 const char *spec)
{
    char prefix[LEBM__KEY_SIZE];
    int64_t count = 0;
    lebm__make_key(prefix, group, "");
    for (int64_t i = 0; i < st->count; i++) count += strncmp(st->tensors[i].name, prefix, strlen(prefix)) == 0;
    return count == params->count ? LEBM_OK : tensors_surplus(st, group, prefix, params, spec);
}

int lebm__get_tensor(const lebm__st_reader *st, const char *key, int64_t ndim, const int64_t *dims, float min,
                     float *values)
{
    LEBM__TRY(lebm__st_read(st, key, ndim, dims, values));
    const int64_t size = tensors_size(ndim, dims), bad = tensors_find_bad(values, size, min);
    if (bad == size) return LEBM_OK;
    return lebm__fail(LEBM_ERR_FORMAT, "'%.256s': number %" PRId64 " of tensor '%s' is %g", st->path, bad, key,
                      (double)values[bad]);
}

int lebm__get_tensors(const lebm__st_reader *st, const char *group, const lebm__params *params, const char *spec,
                      float min, float *values)
{
    for (int64_t i = 0; i < params->count; i++) { /* without layers the list is NULL */
        const lebm__param *param = &params->list[i];
        char key[LEBM__KEY_SIZE];
        lebm__make_key(key, group, param->name);
        if (lebm__st_find(st, key) == NULL) return tensors_missing(st, key, param, spec);
        LEBM__TRY(lebm__get_tensor(st, key, param->ndim, param->dims, min, values + param->offset));
    }
    return tensors_check_surplus(st, group, params, spec);
}
