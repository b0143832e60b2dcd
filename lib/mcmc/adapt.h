/* What a warm-up learns from its chains: a step size by dual averaging, and variances. Sums over chains are taken in a fixed
 * binary tree over their numbers, so that no bit depends on threads. */
#ifndef LEBM_MCMC_ADAPT_H
#define LEBM_MCMC_ADAPT_H

#include <stdint.h>

#include "core/arithmetic.h"

/* The sum of n numbers, in that tree. */
double lebm__sum(const double *values, int64_t n);

/* The step size that brings the acceptance to a target: first by doubling or halving, until the acceptance crosses 0.8, then
 * by dual averaging on its log (Hoffman and Gelman 2014). */
typedef struct {
    double target;
    double step_size;   /* to be tried next */
    int search;         /* 1: it doubles, -1: it halves, 0: it is over */
    double found;       /* by the search: the longest that it saw accepted by more than 0.8, or one at the bounds */
    int64_t count;      /* of updates, the first being number 1 */
    double mu, h;       /* log s is drawn to mu, and h is the mean of target - acceptance */
    double log_average; /* of s */
} lebm__averaging;

/* Begin, or begin anew, from a step size. */
lebm__averaging lebm__averaging_begin(double step_size, double target);

/* Take note of the acceptance that the step size to be tried had. */
void lebm__averaging_update(lebm__averaging *averaging, double acceptance);

/* A step size as near as can be to where options allow it. */
double lebm__step_size_within_bounds(double step_size);

/* The step size to stay with. */
double lebm__averaging_result(const lebm__averaging *averaging);

/* One acceptance for those of n chains in a step: their mean if they have one target (means NULL); else, with the means of each
 * chain over the steps before, the mean with the weights 1/means[i]. Where a chain's acceptance is its mean, that is the
 * harmonic mean over chains, in which one that never moves is not lost among others; the acceptances of single steps, which
 * scatter, would make it smaller. */
double lebm__pool_acceptance(const double *acceptance, const double *means, int64_t n);

/* Take note of a step, number `count` (1 for the first), in the means, which are of about the last ten. */
void lebm__note_acceptance(const double *acceptance, int64_t n, int64_t count, double *means);

/* Means and sums of squared deviations of the states of n chains, each for itself. */
typedef struct {
    int64_t count;          /* states of each chain */
    double *mean, *squares; /* [n, dims] */
} lebm__moments;

/* Add a state of each of some chains, from row `row` on, as number `count` (1 for the first). */
void lebm__moments_add(const lebm__moments *moments, int64_t row, int64_t n, int64_t dims, int64_t count,
                       const float *z);

/* What a variance may be, learned or given. */
#define LEBM__LEAST_VARIANCE 1e-30
#define LEBM__MOST_VARIANCE  1e30

/* variances[dims]: of chains with one target that of all their states; of a target each, that within a chain, averaged over
 * the chains. Shrunk as in Stan. */
void lebm__pool_variances(const lebm__moments *moments, int64_t n, int64_t dims, int is_one_target, float *variances);

#endif
