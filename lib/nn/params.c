#include "nn/params.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"

int lebm__params_reserve(lebm__params *params, int64_t tensors, int64_t numel)
{
    float *values = lebm__grow(params->values, &params->capacity, params->total, numel, sizeof *values);
    if (values == NULL) return LEBM_ERR_NOMEM;
    params->values = values;
    lebm__param *list = lebm__grow(params->list, &params->list_capacity, params->count, tensors, sizeof *list);
    if (list == NULL) return LEBM_ERR_NOMEM;
    params->list = list;
    return LEBM_OK;
}

int64_t lebm__params_add(lebm__params *params, const char *name, int64_t ndim, const int64_t *dims)
{
    lebm__param *param = &params->list[params->count++];
    *param = (lebm__param){.offset = params->total, .size = 1, .ndim = ndim};
    for (int64_t i = 0; i < ndim; i++) {
        param->dims[i] = dims[i];
        param->size *= dims[i];
    }
    snprintf(param->name, sizeof param->name, "%s", name);
    memset(params->values + param->offset, 0, (size_t)param->size * sizeof *params->values);
    params->total += param->size;
    lebm__params_changed(params);
    return param->offset;
}

void lebm__params_release(lebm__params *params)
{
    lebm__free(params->values);
    lebm__free(params->list);
}

const lebm__param *lebm__params_find(const lebm__params *params, int64_t index)
{
    return index < 0 || index >= params->count ? NULL : &params->list[index];
}

int64_t lebm__params_size(const lebm__params *params, int64_t index)
{
    const lebm__param *param = lebm__params_find(params, index);
    return param == NULL ? 0 : param->size;
}

const char *lebm__params_name(const lebm__params *params, int64_t index)
{
    const lebm__param *param = lebm__params_find(params, index);
    return param == NULL ? NULL : param->name;
}

int64_t lebm__params_ndim(const lebm__params *params, int64_t index)
{
    const lebm__param *param = lebm__params_find(params, index);
    return param == NULL ? 0 : param->ndim;
}

int64_t lebm__params_dim(const lebm__params *params, int64_t index, int64_t axis)
{
    const lebm__param *param = lebm__params_find(params, index);
    return param == NULL || axis < 0 || axis >= param->ndim ? 0 : param->dims[axis];
}

/* The tensor that get and set mean, of parameters in use: those of a net that grows move. */
static int params_find_for_copy(const lebm__params *params, int64_t index, int64_t count, const lebm__param **param)
{
    *param = lebm__params_find(params, index);
    if (*param == NULL) {
        return lebm__fail(LEBM_ERR_RANGE, "index is %lld; the %s has %lld parameter tensors", (long long)index,
                          params->owner->name, (long long)params->count);
    }
    if (count != (*param)->size) {
        return lebm__fail(LEBM_ERR_SHAPE, "count is %lld; tensor %s has %lld numbers", (long long)count, (*param)->name,
                          (long long)(*param)->size);
    }
    return LEBM_OK;
}

int lebm__params_get(const lebm__params *params, int64_t index, float *dst, int64_t count)
{
    const lebm__param *param;
    LEBM__TRY(lebm__handle_use(params->owner));
    const int status = params_find_for_copy(params, index, count, &param);
    if (status == LEBM_OK) memcpy(dst, params->values + param->offset, (size_t)count * sizeof *dst);
    lebm__handle_leave(params->owner);
    return status;
}

int lebm__params_set(lebm__params *params, const char *function, int64_t index, const float *src, int64_t count)
{
    const lebm__param *param;
    LEBM__TRY(lebm__handle_claim(params->owner, function, 0));
    const int status = params_find_for_copy(params, index, count, &param);
    if (status == LEBM_OK) {
        memcpy(params->values + param->offset, src, (size_t)count * sizeof *src);
        params->list[index].is_set = 1;
        lebm__params_changed(params);
    }
    lebm__handle_yield(params->owner, 0);
    return status;
}

void lebm__params_assign(lebm__params *params, const float *values)
{
    const size_t bytes = (size_t)params->total * sizeof *values;
    if (bytes > 0) memcpy(params->values, values, bytes); /* without layers there is no memory */
    lebm__params_set_all(params);
}

void lebm__params_changed(lebm__params *params)
{
    atomic_fetch_add(&params->version, 1);
}

void lebm__params_set_all(lebm__params *params)
{
    for (int64_t i = 0; i < params->count; i++) params->list[i].is_set = 1;
    lebm__params_changed(params);
}

int lebm__params_require_set(const lebm__params *params, const char *name)
{
    for (int64_t i = 0; i < params->count; i++) {
        const lebm__param *param = &params->list[i];
        const int is_bias = param->ndim == 1; /* zero is a good beginning for one */
        if (param->is_set || is_bias) continue;
        return lebm__fail(LEBM_ERR_STATE, "%s: %s was never set, and all zero it cannot learn: initialise or set it",
                          name, param->name);
    }
    return LEBM_OK;
}
