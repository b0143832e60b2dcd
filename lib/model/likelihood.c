#include "model/likelihood.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "lebm/generator.h"
#include "math/kernels.h"

/* log p = -|x - g|^2/(2 sigma^2) - n/2 log(2 pi sigma^2), gradient (x - g)/sigma^2 (eq. 23) */
static double gaussian(double sigma, int64_t n, const float *x, float *g)
{
    const double variance = sigma * sigma;
    const double squares = lebm__kernels()->residual(n, (float)(1.0 / variance), x, g);
    return -squares / (2.0 * variance) - 0.5 * (double)n * log(2.0 * M_PI * variance);
}

/* log p = sum of x g - softplus(g), gradient x - sigmoid(g) */
static double bernoulli(double sigma, int64_t n, const float *x, float *g)
{
    (void)sigma;
    return lebm__kernels()->bernoulli(n, x, g);
}

static double squared_distance(int64_t n, const float *x, const float *mean)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        const double error = (double)x[i] - mean[i];
        sum += error * error;
    }
    return sum;
}

enum { BLOCK = 256 }; /* numbers of a row of logits taken at a time */

static void sigmoid(int64_t n, float *g)
{
    float logits[BLOCK];
    for (int64_t first = 0; first < n; first += BLOCK) {
        const int64_t count = n - first < BLOCK ? n - first : BLOCK;
        memcpy(logits, g + first, (size_t)count * sizeof *g);
        lebm__kernels()->activate(LEBM__SIGMOID, 0.0f, count, logits, g + first);
    }
}

static double bernoulli_squared_error(int64_t n, const float *x, const float *g)
{
    float mean[BLOCK];
    double sum = 0.0;
    for (int64_t first = 0; first < n; first += BLOCK) {
        const int64_t count = n - first < BLOCK ? n - first : BLOCK;
        memcpy(mean, g + first, (size_t)count * sizeof *g);
        sigmoid(count, mean);
        sum += squared_distance(count, x + first, mean);
    }
    return sum;
}

static const lebm__likelihood likelihoods[] = {
    {.name = LEBM_GAUSSIAN, .has_sigma = 1, .log_density = gaussian, .squared_error = squared_distance},
    {.name = LEBM_BERNOULLI,
     .is_bounded = 1,
     .least = 0.0,
     .most = 1.0,
     .log_density = bernoulli,
     .squared_error = bernoulli_squared_error,
     .mean = sigmoid},
};

const lebm__likelihood *lebm__likelihood_find(const char *name)
{
    for (size_t i = 0; i < sizeof likelihoods / sizeof *likelihoods; i++) {
        if (strcmp(name, likelihoods[i].name) == 0) return &likelihoods[i];
    }
    return NULL;
}
