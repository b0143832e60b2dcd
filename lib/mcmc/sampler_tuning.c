#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "mcmc/sampler.h"

enum { MOST_VARIANCES = 1 << 24 }; /* as many as a state may have numbers */

int64_t lebm_sampler_variance_count(const lebm_sampler *sampler)
{
    return sampler == NULL ? 0 : sampler->variance_count;
}

int lebm_sampler_get_variances(const lebm_sampler *sampler, float *variances, int64_t count)
{
    LEBM__REQUIRE(sampler);
    LEBM__REQUIRE(variances);
    if (sampler->variance_count == 0) {
        return lebm__fail(LEBM_ERR_STATE, "the sampler has no variances: none were set, or learned in a warm-up");
    }
    if (count != sampler->variance_count) {
        return lebm__fail(LEBM_ERR_SHAPE, "count is %lld; the sampler has %lld variances", (long long)count,
                          (long long)sampler->variance_count);
    }
    memcpy(variances, sampler->variances, (size_t)count * sizeof *variances);
    return LEBM_OK;
}

int lebm_sampler_set_variances(lebm_sampler *sampler, const float *variances, int64_t count)
{
    LEBM__REQUIRE(sampler);
    LEBM__REQUIRE(variances);
    if (count < 1 || count > MOST_VARIANCES) {
        return lebm__fail(LEBM_ERR_RANGE, "count is %lld; allowed are 1 to %d", (long long)count, MOST_VARIANCES);
    }
    LEBM__TRY(lebm__sampler_check_variances(variances, count));
    float *copy = lebm__alloc_raw(count, sizeof *copy);
    if (copy == NULL) return LEBM_ERR_NOMEM;
    memcpy(copy, variances, (size_t)count * sizeof *copy);
    const int status = lebm__handle_claim(&sampler->head, __func__, 0);
    if (status != LEBM_OK) {
        lebm__free(copy);
        return status;
    }
    lebm__sampler_take_variances(sampler, copy, count);
    lebm__handle_yield(&sampler->head, 0);
    return LEBM_OK;
}
