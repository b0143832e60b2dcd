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
typedef struct {
    double in, out;
} init_fans;

static init_fans init_fans_of(const lebm__param *weight)
{
    const double taps = weight->ndim == 4 ? (double)(weight->dims[2] * weight->dims[3]) : 1.0;
    return (init_fans){(double)weight->dims[1] * taps, (double)weight->dims[0] * taps};
}

static int init_is_bias(const lebm__param *param)
{
    return param->ndim == 1;
}

/* ---- Schemes: of a tensor, given the fans of the weight that it is, or that it is the bias of ---- */

static void init_by_pytorch(const lebm__param *param, lebm__key key, init_fans fans, float *values)
{
    if (param->rule == LEBM__STANDARD_NORMAL) {
        init_fill_normal(key, 1.0, param->size, values);
    } else {
        const double fan = param->rule == LEBM__BY_UNITS ? (double)param->units : fans.in;
        init_fill_uniform(key, 1.0 / sqrt(fan), param->size, values);
    }
}

static void init_xavier_normal(const lebm__param *param, lebm__key key, init_fans fans, float *values)
{
    if (init_is_bias(param))
        memset(values, 0, (size_t)param->size * sizeof *values);
    else
        init_fill_normal(key, sqrt(2.0 / (fans.in + fans.out)), param->size, values);
}

static void init_uniform(const lebm__param *param, lebm__key key, init_fans fans, float *values)
{
    const double bound = 0.1;
    (void)fans;
    init_fill_uniform(key, bound, param->size, values);
}

static const struct {
    const char *name;
    void (*fill)(const lebm__param *param, lebm__key key, init_fans fans, float *values);
} init_schemes[] = {
    {LEBM_INIT_PYTORCH, init_by_pytorch},
    {LEBM_INIT_XAVIER_NORMAL, init_xavier_normal},
    {LEBM_INIT_UNIFORM, init_uniform},
};

enum { INIT_SCHEMES = sizeof init_schemes / sizeof *init_schemes };

int lebm__params_init(lebm__params *params, const char *scheme, uint64_t seed, uint64_t stream)
{
    int which = 0;
    while (which < INIT_SCHEMES && strcmp(scheme, init_schemes[which].name) != 0) which++;
    if (which == INIT_SCHEMES) {
        return lebm__fail(LEBM_ERR_UNKNOWN_OPTION, "there is no initialisation '%.64s'; there are %s, %s and %s",
                          scheme, LEBM_INIT_PYTORCH, LEBM_INIT_XAVIER_NORMAL, LEBM_INIT_UNIFORM);
    }
    init_fans fans = {1.0, 1.0}; /* of the last weight: a bias comes after its weight */
    for (int64_t i = 0; i < params->count; i++) {
        const lebm__param *param = &params->list[i];
        if (!init_is_bias(param)) fans = init_fans_of(param);
        init_schemes[which].fill(param, lebm__key_make(seed, stream + (uint64_t)i, LEBM__FOR_INIT), fans,
                                 params->values + param->offset);
    }
    lebm__params_set_all(params);
    return LEBM_OK;
}
