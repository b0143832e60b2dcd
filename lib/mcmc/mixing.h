/* How well chains have mixed: R-hat, and the effective sample size by autocovariances. */
#ifndef LEBM_MCMC_MIXING_H
#define LEBM_MCMC_MIXING_H

#include "core/memory.h"
#include "math/fft.h"
#include "mcmc/column.h"

/* What one thread needs to measure parts. */
typedef struct {
    double *means;            /* [parts] */
    double *autocovariance;   /* [length of the transform, lanes], first of the power */
    lebm__complexes x, spare; /* [length of the transform, lanes] */
    int64_t lanes;            /* chains that are transformed at once */
} lebm__mixing;

/* For so many chains, the longest half of which the transform has room for. */
void lebm__mixing_lay_out(lebm__mixing *mixing, int64_t chains, const lebm__fft *fft, lebm__arena *arena);

/* The mean; and the sum of squares of the distances from it. */
double lebm__mean_of(const double *values, int64_t count);
double lebm__squares_about(const double *values, int64_t count, double mean);

/* sqrt((B / W + n - 1) / n), with the variances B between and W within parts of n draws. */
double lebm__rhat(lebm__mixing *mixing, const lebm__parts *parts);

/* sqrt(1 + B / W), with B between the superchains, which are so many equal groups of parts, and W within them
 * (Margossian et al. 2024, eq. 4 to 8). */
double lebm__nested_rhat(lebm__mixing *mixing, const lebm__parts *parts, int64_t superchains);

/* The effective sample size of the mean of chains in halves: with Geyer's initial monotone sequence, at most S log10 S
 * of S draws (Vehtari et al. 2021, section 3.2). */
double lebm__ess(lebm__mixing *mixing, const lebm__fft *fft, const lebm__parts *parts);

#endif
