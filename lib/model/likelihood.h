/* Likelihoods: what the generator's output means for x. */
#ifndef LEBM_MODEL_LIKELIHOOD_H
#define LEBM_MODEL_LIKELIHOOD_H

#include <stdint.h>

typedef struct {
    const char *name;
    int has_sigma;
    int is_bounded;     /* x and its mean are, whatever g is */
    double least, most; /* by these */

    /* log p(x|g) of one row of n numbers, constants included; puts its gradient by g in place of g. */
    double (*log_density)(double sigma, int64_t n, const float *x, float *g);

    /* |x - mean of x|^2 */
    double (*squared_error)(int64_t n, const float *x, const float *g);

    /* The mean of x, in place of g; NULL: it is g. */
    void (*mean)(int64_t n, float *g);
} lebm__likelihood;

/* NULL if there is none of that name. */
const lebm__likelihood *lebm__likelihood_find(const char *name);

#endif
