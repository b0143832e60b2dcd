/* Likelihoods of pixels: what a net's output means for x. */
#ifndef LEBM_MODEL_LIKELIHOOD_H
#define LEBM_MODEL_LIKELIHOOD_H

#include <stdint.h>

#include "math/rng.h"

typedef struct {
    const char *name;
    int has_sigma;
    int has_logits;   /* the output is the mean's logit; else it is the mean */
    int is_bounded;   /* x and its mean are, whatever g is, */
    double low, high; /* by these */

    /* log p(x|g) of n numbers, constants included, and its gradient by g, which may take the place of g. */
    double (*log_density)(double sigma, int64_t n, const float *x, const float *g, float *grad);

    /* x of a row of n numbers, drawn from p(x|mean); `row` keys its random numbers. */
    void (*draw)(double sigma, lebm__key key, int64_t row, int64_t n, const float *mean, float *x);
} lebm__likelihood;

/* NULL if there is none of that name. */
const lebm__likelihood *lebm__likelihood_find(const char *name);

/* The mean of x, in place of g. */
void lebm__likelihood_mean(const lebm__likelihood *likelihood, int64_t n, float *g);

/* |x - mean of x|^2. Here and in the next, numbers of x that are NaN are left out. */
double lebm__likelihood_squared_error(const lebm__likelihood *likelihood, int64_t n, const float *x, const float *g);

/* log p(x|g) of the numbers that are there; the gradient of the others is 0. */
double lebm__likelihood_observed(const lebm__likelihood *likelihood, double sigma, int64_t n, const float *x,
                                 const float *g, float *grad);

#endif
