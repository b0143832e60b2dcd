#include "starts.h"

#include <math.h>
#include <stdlib.h>

#include "errors.h"
#include "rng.h"
#include "view.h"

static const double spread = 2; /* of the starts over that of the density, as far as that is known */

static double root_mean_square(const float *numbers, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += (double)numbers[i] * (double)numbers[i];
    return sqrt(sum / (double)count);
}

float *starts_apart(const model *m, const float *ends, int64_t n, int64_t count)
{
    const int64_t dims = lebm_prior_latent_size(m->prior);
    const double sd = spread * fmax(lebm_prior_sigma0(m->prior), root_mean_square(ends, n * dims));
    float *starts = view_latents(m, count);
    rng r = rng_start(view_seed(m), STREAM_DIAGNOSIS);
    for (int64_t k = 0; k < count; k++)
        for (int64_t d = 0; d < dims; d++)
            starts[k * dims + d] = k % 2 == 0 ? (float)rng_normal(&r, 0, sd) : -starts[(k - 1) * dims + d];
    return starts;
}
