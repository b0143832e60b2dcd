/* What a transition kernel needs to know of the density it samples. */
#ifndef LEBM_MCMC_TARGET_H
#define LEBM_MCMC_TARGET_H

#include <stdint.h>

typedef struct {
    const char *name;   /* for error texts: */
    const char *remedy; /* what may help chains that run away */
    int64_t dims;       /* numbers of a chain's state */
    double spread;      /* the norm that a state may have in any case */

    /* log_density[n], score[n, dims] and squares[n] = |z|^2 of the states z[n, dims] of a tile of chains. */
    void (*evaluate)(void *context, int64_t n, const float *z, double *log_density, float *score, double *squares);
    void *context;
} lebm__target;

#endif
