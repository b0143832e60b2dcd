/* The warm-up of a run: what its chains are to use at each of its steps, and what is learned from them. */
#ifndef LEBM_MCMC_WARMUP_H
#define LEBM_MCMC_WARMUP_H

#include "mcmc/adapt.h"

/* What chains are told. */
typedef struct {
    double step_size;
    const float *variances, *roots; /* [dims] of the preconditioner; NULL: there is none */
} lebm__tuning;

typedef struct {
    int64_t steps, n, dims;
    int is_one_target; /* of all chains, or each has its own */
    int learns_step_size, learns_variances;
    lebm__averaging averaging;
    float *variances, *roots;      /* [dims], the caller's */
    float *score;                  /* [n, dims] what kernels keep of their chains */
    double *squares, *max_squares; /* [n] */
    double *acceptance;            /* [n] means of chains that have a target each */
    lebm__moments moments;
} lebm__warmup;

/* `step_size`, and what is in variances and roots if these are not NULL, is where it begins. All else but what is named here is
 * set by the caller before. */
int lebm__warmup_create(lebm__warmup *warmup, double step_size, double target_acceptance);
void lebm__warmup_destroy(lebm__warmup *warmup);

/* Whether the states after this step, 1 for the first, are to be added to the moments, and as which number; 0: they are not. */
int64_t lebm__warmup_count(const lebm__warmup *warmup, int64_t step);

/* What the next step is to use. */
lebm__tuning lebm__warmup_tuning(const lebm__warmup *warmup);

/* Learn from a step: the acceptance of each chain, and its state if that was added to the moments. */
void lebm__warmup_learn(lebm__warmup *warmup, int64_t step, const double *acceptance);

/* What was learned. */
lebm__tuning lebm__warmup_result(const lebm__warmup *warmup);

/* roots[dims] = the roots of variances. */
void lebm__take_roots(int64_t dims, const float *variances, float *roots);

#endif
