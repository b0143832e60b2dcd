#include "train/adam.h"

#include <math.h>
#include <stddef.h>

#include "core/memory.h"
#include "core/status.h"
#include "math/kernels.h"

int lebm__adam_create(lebm__adam *adam, int64_t size)
{
    *adam =
        (lebm__adam){.size = size, .m = lebm__alloc(size, sizeof *adam->m), .v = lebm__alloc(size, sizeof *adam->v)};
    if (adam->m != NULL && adam->v != NULL) return LEBM_OK;
    lebm__adam_destroy(adam);
    return LEBM_ERR_NOMEM;
}

void lebm__adam_destroy(lebm__adam *adam)
{
    lebm__free(adam->m);
    lebm__free(adam->v);
    *adam = (lebm__adam){0};
}

/* With t the number of this update: g = scale grad + weight_decay params, m = beta1 m + (1 - beta1) g,
 * v = beta2 v + (1 - beta2) g^2, params -= rate / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + epsilon). */
static lebm__adam_step next_step(const lebm__adam *adam, const lebm__adam_settings *settings, double scale)
{
    const double t = (double)(adam->steps + 1);
    return (lebm__adam_step){
        .scale = (float)scale,
        .decay = (float)settings->weight_decay,
        .beta1 = (float)settings->beta1,
        .new1 = (float)(1.0 - settings->beta1),
        .beta2 = (float)settings->beta2,
        .new2 = (float)(1.0 - settings->beta2),
        .rate = (float)(settings->learning_rate / (1.0 - pow(settings->beta1, t))),
        .root = (float)(1.0 / sqrt(1.0 - pow(settings->beta2, t))),
        .epsilon = (float)settings->epsilon,
    };
}

int lebm__adam_is_finite(const lebm__adam *adam, const lebm__adam_settings *settings, double scale, int64_t first,
                         int64_t count, const float *grad, const float *params)
{
    const lebm__adam_step step = next_step(adam, settings, scale);
    return lebm__kernels()->adam_is_finite(count, &step, grad + first, adam->m + first, adam->v + first,
                                           params + first);
}

void lebm__adam_update(const lebm__adam *adam, const lebm__adam_settings *settings, double scale, int64_t first,
                       int64_t count, const float *grad, float *params)
{
    const lebm__adam_step step = next_step(adam, settings, scale);
    lebm__kernels()->adam(count, &step, grad + first, adam->m + first, adam->v + first, params + first);
}
