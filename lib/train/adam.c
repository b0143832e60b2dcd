#include "train/adam.h"

#include <math.h>
#include <stddef.h>

#include "core/memory.h"
#include "core/status.h"
#include "math/kernels.h"

int lebm__adam_create(lebm__adam *adam, int64_t size)
{
    *adam = (lebm__adam){.size = size,
                         .m = lebm__alloc(size, sizeof *adam->m),
                         .v = lebm__alloc(size, sizeof *adam->v),
                         .new_params = lebm__alloc_raw(size, sizeof *adam->new_params),
                         .new_m = lebm__alloc_raw(size, sizeof *adam->new_m),
                         .new_v = lebm__alloc_raw(size, sizeof *adam->new_v)};
    if (adam->m != NULL && adam->v != NULL && adam->new_params != NULL && adam->new_m != NULL && adam->new_v != NULL) {
        return LEBM_OK;
    }
    lebm__adam_destroy(adam);
    return LEBM_ERR_NOMEM;
}

void lebm__adam_destroy(lebm__adam *adam)
{
    lebm__free(adam->m);
    lebm__free(adam->v);
    lebm__free(adam->new_params);
    lebm__free(adam->new_m);
    lebm__free(adam->new_v);
    *adam = (lebm__adam){0};
}

/* With t the number of this update: g = scale grad + weight_decay params, m = beta1 m + (1 - beta1) g,
 * v = beta2 v + (1 - beta2) g^2, params -= rate / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + epsilon). */
int lebm__adam_compute(const lebm__adam *adam, const lebm__adam_settings *settings, double scale, int64_t first,
                       int64_t count, const float *grad, const float *params)
{
    const double t = (double)(adam->steps + 1);
    const lebm__adam_step step = {
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
    return lebm__kernels()->adam(count, &step, grad + first, params + first, adam->m + first, adam->v + first,
                                 adam->new_params + first, adam->new_m + first, adam->new_v + first);
}

static void adam_exchange(float **a, float **b)
{
    float *const was = *a;
    *a = *b;
    *b = was;
}

void lebm__adam_accept(lebm__adam *adam, float **params)
{
    adam_exchange(&adam->m, &adam->new_m);
    adam_exchange(&adam->v, &adam->new_v);
    adam_exchange(params, &adam->new_params);
    adam->steps++;
}
