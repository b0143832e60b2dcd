/* The standard deviation of x given z that makes given rows most probable, the model else as it is. */
#ifndef BEST_SIGMA_H
#define BEST_SIGMA_H

#include "model.h"

typedef struct best_sigma {
    double sigma; /* 0: all numbers are missing, and any will do */
    double drift; /* how far it still moved at the end, as a share of it */
} best_sigma;

/* By expectation maximisation: sigma^2 is the mean of |x - g(z)|^2/D over draws of z from p(z|x), which are those of the last
 * sigma, again and again. It begins with the misfit of z that are drawn without x, so that sigma comes down and chains
 * with it, as in annealing. Chains that stay where x is made badly leave sigma a little too large.
 * @param x  [n, D] rows of a Gaussian's
 * Returns LEBM_OK, LEBM_STOPPED, or LEBM_ERR_DIVERGED with the library's text. */
int best_sigma_find(const model *m, const float *x, int64_t n, int64_t seed, int64_t threads, lebm_progress_fn progress,
                    void *user, best_sigma *found);

#endif
