#include "io/samplers.h"

#include "core/memory.h"
#include "core/status.h"
#include "io/metadata.h"
#include "io/tensors.h"

static const char variances_name[] = "variances";

int lebm__put_sampler(lebm__st_writer *st, const char *role, const lebm_sampler *sampler)
{
    char key[LEBM__KEY_SIZE];
    lebm__make_key(key, role, variances_name);
    LEBM__TRY(lebm__put_text(st, role, "kernel", lebm_sampler_kernel(sampler)));
    LEBM__TRY(lebm__put_options(st, role, &sampler->head));
    if (sampler->variance_count == 0) return LEBM_OK;
    return lebm__put_tensor(st, key, 1, &sampler->variance_count, sampler->variances);
}

int lebm__get_variances(const lebm__st_reader *st, const char *role, lebm__variances *variances)
{
    char key[LEBM__KEY_SIZE];
    lebm__make_key(key, role, variances_name);
    const lebm__st_tensor *tensor = lebm__st_find(st, key);
    *variances = (lebm__variances){NULL, 0};
    if (tensor == NULL || tensor->count == 0) return LEBM_OK;
    float *values = lebm__alloc_raw(tensor->count, sizeof *values);
    if (values == NULL) return LEBM_ERR_NOMEM;
    int status = lebm__get_tensor(st, key, 1, &tensor->count, 0, values);
    if (status == LEBM_OK) status = lebm__in_file(st, role, lebm__sampler_check_variances(values, tensor->count));
    if (status != LEBM_OK) {
        lebm__free(values);
        return status;
    }
    *variances = (lebm__variances){values, tensor->count};
    return LEBM_OK;
}

int lebm__get_sampler(const lebm__st_reader *st, const char *role, lebm_sampler **sampler)
{
    const char *kernel = lebm__find_text(st, role, "kernel");
    lebm__variances variances;
    if (kernel == NULL) {
        return lebm__fail(LEBM_ERR_STATE, "'%.256s': a model without samplers: '%s.kernel' is missing", st->path, role);
    }
    LEBM__TRY(lebm__check_keys(st, role));
    LEBM__TRY(lebm__in_file(st, role, lebm_sampler_create(sampler, kernel)));
    int status = lebm__get_options(st, role, &(*sampler)->head);
    if (status == LEBM_OK) status = lebm__get_variances(st, role, &variances);
    if (status == LEBM_OK) {
        lebm__sampler_take_variances(*sampler, variances.values, variances.count);
        return LEBM_OK;
    }
    lebm_sampler_destroy(*sampler);
    *sampler = NULL;
    return status;
}
