#include <math.h>
#include <string.h>

#include "core/status.h"
#include "lebm/net.h"
#include "math/rng.h"
#include "nn/params.h"

/* U(-bound, bound) */
static void init_fill_uniform(lebm__key key, double bound, int64_t count, float *out)
{
    lebm__uniforms(key, 0, count, out);
    for (int64_t i = 0; i < count; i++) out[i] = (float)(bound * (2.0 * out[i] - 1.0));
}

/* N(0, std^2): number i is that of chain i. */
static void init_fill_normal(lebm__key key, double std, int64_t count, float *out)
{
    lebm__normals(key, 0, 0, count, 1, out);
    for (int64_t i = 0; i < count; i++) out[i] = (float)(std * out[i]);
}

/* PyTorch's fans of a weight: those of Linear [out, in], or of [d0, d1, k, k] with fan_in from d1 and fan_out from d0,
 * which for ConvTranspose2d [in, out, k, k] are exchanged, as in PyTorch. */
static void init_fans(const lebm__param *weight, double *fan_in, double *fan_out)
{
    const double taps = weight->ndim == 4 ? (double)(weight->dims[2] * weight->dims[3]) : 1.0;
    *fan_in = (double)weight->dims[1] * taps;
    *fan_out = (double)weight->dims[0] * taps;
}

/* By PyTorch's defaults. */
static void init_by_pytorch(const lebm__param *param, lebm__key key, double fan_in, float *values)
{
    if (param->rule == LEBM__STANDARD_NORMAL) {
        init_fill_normal(key, 1.0, param->size, values);
    } else {
        const double fan = param->rule == LEBM__BY_UNITS ? (double)param->units : fan_in;
        init_fill_uniform(key, 1.0 / sqrt(fan), param->size, values);
    }
}

int lebm__params_init(lebm__params *params, const char *scheme, uint64_t seed, uint64_t stream)
{
    const int xavier = strcmp(scheme, LEBM_INIT_XAVIER_NORMAL) == 0;
    if (!xavier && strcmp(scheme, LEBM_INIT_PYTORCH) != 0) {
        return lebm__fail(LEBM_ERR_UNKNOWN_OPTION, "there is no initialisation '%.64s'; there are %s and %s", scheme,
                          LEBM_INIT_PYTORCH, LEBM_INIT_XAVIER_NORMAL);
    }
    double fan_in = 1.0, fan_out = 1.0; /* of the last weight: a bias comes after its weight */
    for (int64_t i = 0; i < params->count; i++) {
        const lebm__param *param = &params->list[i];
        float *values = params->values + param->offset;
        const lebm__key key = lebm__key_make(seed, stream + (uint64_t)i, LEBM__FOR_INIT);
        const int is_bias = param->ndim == 1;
        if (!is_bias) init_fans(param, &fan_in, &fan_out);
        if (!xavier) {
            init_by_pytorch(param, key, fan_in, values);
        } else if (is_bias) {
            memset(values, 0, (size_t)param->size * sizeof *values);
        } else {
            init_fill_normal(key, sqrt(2.0 / (fan_in + fan_out)), param->size, values);
        }
    }
    lebm__params_set_all(params);
    return LEBM_OK;
}
