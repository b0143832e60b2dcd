#include "io/tensors.h"

#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "core/text.h"
#include "io/metadata.h"
#include "nn/net.h"

/* Place of the first value that is not a finite number of at least `least`; `count` if there is none. */
static int64_t find_bad(const float *values, int64_t count, float least)
{
    int64_t i = 0;
    while (i < count && values[i] >= least && values[i] <= FLT_MAX) i++; /* false for NaN */
    return i;
}

int lebm__put_tensors(lebm__st_writer *st, const char *group, const lebm_net *net, const float *values)
{
    for (int64_t i = 0; i < net->param_count; i++) { /* without layers the list is NULL */
        const lebm__param *param = &net->param_list[i];
        const float *tensor = values + param->offset;
        const int64_t bad = find_bad(tensor, param->size, -FLT_MAX);
        char key[LEBM__KEY_SIZE];
        lebm__make_key(key, group, param->name);
        if (bad < param->size) {
            return lebm__fail(LEBM_ERR_INVALID, "cannot save tensor '%s': its number %" PRId64 " is %g", key, bad,
                              (double)tensor[bad]);
        }
        LEBM__TRY(lebm__st_add_tensor(st, key, param->ndim, param->dims, tensor));
    }
    return LEBM_OK;
}

/* ---- Reading ---- */

/* The first tensor, of none of our groups, whose name ends with these words, or NULL: as "module.f.0.weight", which the
 * wrappers of PyTorch make, does with "f.0.weight". */
static const lebm__st_tensor *find_ending(const lebm__st_reader *st, const char *words)
{
    const size_t length = strlen(words);
    for (const lebm__st_tensor *tensor = st->tensors; tensor < st->tensors + st->count; tensor++) {
        const char *name = tensor->name, *end = name + strlen(name);
        if ((size_t)(end - name) < length || strcmp(end - length, words) != 0) continue;
        const size_t before = (size_t)(end - name) - length;
        const int is_net = before == 2 && (name[0] == 'f' || name[0] == 'g'), is_adam = strncmp(name, "adam.", 5) == 0;
        if ((before == 0 || name[before - 1] == '.') && !is_net && !is_adam) return tensor;
    }
    return NULL;
}

/* The names of the file's first tensors. */
static void list_names(const lebm__st_reader *st, char *list, int64_t size)
{
    enum { NAMES = 4 };
    list[0] = '\0';
    for (int64_t i = 0; i < st->count && i < NAMES; i++) lebm__list_add(list, size, st->tensors[i].name);
    if (st->count > NAMES) lebm__list_add(list, size, "...");
    if (st->count == 0) lebm__list_add(list, size, "none");
}

static int missing(const lebm__st_reader *st, const char *key, const lebm__param *param, const lebm_net *net)
{
    const char *hint = strcmp(strrchr(key, '.'), ".bias") == 0 ? " (a layer without bias says nobias)" : "";
    const lebm__st_tensor *other = find_ending(st, key);
    char names[128];
    if (other == NULL) other = find_ending(st, param->name);
    if (other != NULL) {
        return lebm__fail(LEBM_ERR_FORMAT,
                          "'%.128s': tensor '%s' is missing; there is '%.100s', to be renamed if it is that", st->path,
                          key, other->name);
    }
    list_names(st, names, sizeof names);
    return lebm__fail(LEBM_ERR_FORMAT,
                      "'%.96s': tensor '%s' is missing, which a net of the spec '%.96s%s' has%s; there are %s",
                      st->path, key, net->spec, strlen(net->spec) > 96 ? "..." : "", hint, names);
}

/* The file has more tensors of the group than the net has parameters, all of which were found: name one of them. */
static int surplus(const lebm__st_reader *st, const char *group, const char *prefix, const lebm_net *net)
{
    int64_t i = 0;
    char *known = lebm__alloc(st->count, 1); /* whether a tensor is one of the net's */
    if (known == NULL) return LEBM_ERR_NOMEM;
    for (int64_t k = 0; k < net->param_count; k++) {
        char key[LEBM__KEY_SIZE];
        lebm__make_key(key, group, net->param_list[k].name);
        known[lebm__st_find(st, key) - st->tensors] = 1;
    }
    while (known[i] || strncmp(st->tensors[i].name, prefix, strlen(prefix)) != 0) i++;
    lebm__free(known);
    return lebm__fail(LEBM_ERR_FORMAT, "'%.128s': a net of the spec '%.128s%s' has no tensor '%.100s'", st->path,
                      net->spec, strlen(net->spec) > 128 ? "..." : "", st->tensors[i].name);
}

/* Check that no other tensors are called like the net's. */
static int check_surplus(const lebm__st_reader *st, const char *group, const lebm_net *net)
{
    char prefix[LEBM__KEY_SIZE];
    int64_t count = 0;
    lebm__make_key(prefix, group, "");
    for (int64_t i = 0; i < st->count; i++) count += strncmp(st->tensors[i].name, prefix, strlen(prefix)) == 0;
    return count == net->param_count ? LEBM_OK : surplus(st, group, prefix, net);
}

int lebm__get_tensors(const lebm__st_reader *st, const char *group, const lebm_net *net, float least, float *values)
{
    for (int64_t i = 0; i < net->param_count; i++) { /* without layers the list is NULL */
        const lebm__param *param = &net->param_list[i];
        float *tensor = values + param->offset;
        char key[LEBM__KEY_SIZE];
        lebm__make_key(key, group, param->name);
        if (lebm__st_find(st, key) == NULL) return missing(st, key, param, net);
        LEBM__TRY(lebm__st_read(st, key, param->ndim, param->dims, tensor));
        const int64_t bad = find_bad(tensor, param->size, least);
        if (bad < param->size) {
            return lebm__fail(LEBM_ERR_FORMAT, "'%.256s': number %" PRId64 " of tensor '%s' is %g", st->path, bad, key,
                              (double)tensor[bad]);
        }
    }
    return check_surplus(st, group, net);
}
