#include "model/likelihood.h"

#include <math.h>
#include <string.h>

#include "lebm/generator.h"
#include "math/kernels.h"

enum { BLOCK = 256 }; /* numbers taken at a time where they are copied: enough for the kernels, little for the stack */

static int64_t likelihood_block(int64_t n, int64_t first)
{
    return n - first < BLOCK ? n - first : BLOCK;
}

/* log p = -|x - g|^2/(2 sigma^2) - n/2 log(2 pi sigma^2), gradient (x - g)/sigma^2 (eq. 23) */
static double likelihood_gaussian(double sigma, int64_t n, const float *x, const float *g, float *grad)
{
    const double variance = sigma * sigma;
    const double squares = lebm__kernels()->residual(n, (float)(1.0 / variance), x, g, grad);
    return -squares / (2.0 * variance) - 0.5 * (double)n * log(2.0 * M_PI * variance);
}

/* log p = sum of x g - softplus(g), gradient x - sigmoid(g) */
static double likelihood_bernoulli(double sigma, int64_t n, const float *x, const float *g, float *grad)
{
    (void)sigma;
    return lebm__kernels()->bernoulli(n, x, g, grad);
}

/* x = mean + sigma e, e ~ N(0, 1) */
static void likelihood_draw_gaussian(double sigma, lebm__key key, int64_t row, int64_t n, const float *mean, float *x)
{
    lebm__normals(key, row, 0, 1, n, x);
    for (int64_t i = 0; i < n; i++) x[i] = mean[i] + (float)sigma * x[i];
}

/* x = 1 with the probability `mean`, else 0; NaN where the mean is. */
static void likelihood_draw_bernoulli(double sigma, lebm__key key, int64_t row, int64_t n, const float *mean, float *x)
{
    (void)sigma;
    lebm__uniforms(key, row * n, n, x);
    for (int64_t i = 0; i < n; i++) x[i] = x[i] < mean[i] ? 1.0f : mean[i] - mean[i];
}

static const lebm__likelihood likelihood_table[] = {
    {.name = LEBM_GAUSSIAN, .has_sigma = 1, .log_density = likelihood_gaussian, .draw = likelihood_draw_gaussian},
    {.name = LEBM_BERNOULLI,
     .has_logits = 1,
     .is_bounded = 1,
     .low = 0.0,
     .high = 1.0,
     .log_density = likelihood_bernoulli,
     .draw = likelihood_draw_bernoulli},
};

const lebm__likelihood *lebm__likelihood_find(const char *name)
{
    for (size_t i = 0; i < sizeof likelihood_table / sizeof *likelihood_table; i++) {
        if (strcmp(name, likelihood_table[i].name) == 0) return &likelihood_table[i];
    }
    return NULL;
}

void lebm__likelihood_mean(const lebm__likelihood *likelihood, int64_t n, float *g)
{
    float logits[BLOCK];
    for (int64_t first = 0; first < n && likelihood->has_logits; first += BLOCK) {
        const int64_t count = likelihood_block(n, first);
        memcpy(logits, g + first, (size_t)count * sizeof *g);
        lebm__kernels()->activate(LEBM__SIGMOID, 0.0f, count, logits, g + first);
    }
}

double lebm__likelihood_squared_error(const lebm__likelihood *likelihood, int64_t n, const float *x, const float *g)
{
    float mean[BLOCK];
    double sum = 0.0;
    for (int64_t first = 0; first < n; first += BLOCK) {
        const int64_t count = likelihood_block(n, first);
        memcpy(mean, g + first, (size_t)count * sizeof *g);
        lebm__likelihood_mean(likelihood, count, mean);
        for (int64_t i = 0; i < count; i++) {
            const double error = (double)x[first + i] - mean[i];
            if (!isnan(error)) sum += error * error;
        }
    }
    return sum;
}

double lebm__likelihood_observed(const lebm__likelihood *likelihood, double sigma, int64_t n, const float *x,
                                 const float *g, float *grad)
{
    float observed[BLOCK], of_observed[BLOCK];
    double sum = 0.0;
    for (int64_t first = 0; first < n; first += BLOCK) {
        int64_t count = 0;
        for (int64_t i = first; i < first + likelihood_block(n, first); i++) {
            if (isnan(x[i])) continue;
            observed[count] = x[i];
            of_observed[count++] = g[i];
        }
        sum += likelihood->log_density(sigma, count, observed, of_observed, of_observed);
        count = 0;
        for (int64_t i = first; i < first + likelihood_block(n, first); i++) {
            grad[i] = isnan(x[i]) ? 0.0f : of_observed[count++];
        }
    }
    return sum;
}
