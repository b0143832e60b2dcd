#include <math.h>
#include <string.h>

#include "core/status.h"
#include "math/rng.h"
#include "nn/net.h"

/* The stream of a net's first tensor, by its spec (FNV-1a): f and g that were given one seed start unrelated. */
static uint64_t stream_of(const lebm_net *net)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (const char *c = net->spec; *c != '\0'; c++) hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
    return hash;
}

/* U(-bound, bound) */
static void fill_uniform(lebm__key key, double bound, int64_t count, float *out)
{
    lebm__uniforms(key, count, out);
    for (int64_t i = 0; i < count; i++) out[i] = (float)(bound * (2.0 * out[i] - 1.0));
}

/* N(0, std^2): number i is that of chain i. */
static void fill_normal(lebm__key key, double std, int64_t count, float *out)
{
    lebm__normals(key, 0, 0, count, 1, out);
    for (int64_t i = 0; i < count; i++) out[i] = (float)(std * out[i]);
}

/* PyTorch's fans of a weight: those of Linear [out, in], or of [d0, d1, k, k] with fan_in from d1 and fan_out from d0,
 * which for ConvTranspose2d [in, out, k, k] are exchanged, as in PyTorch. */
static void fans(const lebm__param *weight, double *fan_in, double *fan_out)
{
    const double taps = weight->ndim == 4 ? (double)(weight->dims[2] * weight->dims[3]) : 1.0;
    *fan_in = (double)weight->dims[1] * taps;
    *fan_out = (double)weight->dims[0] * taps;
}

int lebm_net_init(lebm_net *net, const char *scheme, uint64_t seed)
{
    LEBM__REQUIRE(net);
    LEBM__REQUIRE(scheme);
    const int xavier = strcmp(scheme, LEBM_INIT_XAVIER_NORMAL) == 0;
    if (!xavier && strcmp(scheme, LEBM_INIT_PYTORCH) != 0) {
        return lebm__fail(LEBM_ERR_UNKNOWN_OPTION, "there is no initialisation '%.64s'; there are %s and %s", scheme,
                          LEBM_INIT_PYTORCH, LEBM_INIT_XAVIER_NORMAL);
    }
    LEBM__TRY(lebm__handle_claim(&net->head, __func__, 0));
    const uint64_t stream = stream_of(net);
    double fan_in = 1.0, fan_out = 1.0; /* of the last weight: a bias comes after its weight */
    for (int64_t i = 0; i < net->param_count; i++) {
        const lebm__param *param = &net->param_list[i];
        float *values = net->params + param->offset;
        const lebm__key key = lebm__key_make(seed, stream + (uint64_t)i, LEBM__FOR_INIT);
        const int is_bias = param->ndim == 1;
        if (!is_bias) fans(param, &fan_in, &fan_out);
        if (!xavier) {
            fill_uniform(key, 1.0 / sqrt(fan_in), param->size, values);
        } else if (is_bias) {
            memset(values, 0, (size_t)param->size * sizeof *values);
        } else {
            fill_normal(key, sqrt(2.0 / (fan_in + fan_out)), param->size, values);
        }
    }
    lebm__net_set_all(net);
    lebm__handle_yield(&net->head, 0);
    return LEBM_OK;
}
