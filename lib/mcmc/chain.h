/* Chains of any kernel: the loop over the steps of a tile, its schedule of step sizes and its checks. */
#ifndef LEBM_MCMC_CHAIN_H
#define LEBM_MCMC_CHAIN_H

#include "math/rng.h"
#include "mcmc/kernel.h"
#include "mcmc/target.h"
#include "mcmc/traces.h"

struct lebm__chain {
    const lebm__kernel *kernel;
    const void *options; /* the kernel's own */
    lebm__target target;
    int64_t steps, steps_before; /* of this run, and those that used up random numbers of the key before */
    lebm__step_sizes step_sizes;
    const float *variances, *roots; /* [dims] the diagonal of M and of its root; NULL: M = I */
    double temperature;             /* T of the target pi^(1/T) */
    double divergence_threshold;    /* of |z|, in units of its start's or of the target's spread; 0: none */
    int is_kept;                    /* an earlier run's end is no start: the unit is that of the noise of */
    double start_std;               /* this standard deviation, at which the chains once began */
    lebm__key key;
    int adapts;                 /* a warm-up is to know the acceptance */
    const lebm__record *record; /* NULL: the steps are not recorded */
    int (*stop)(void *context); /* asked before each evaluation of a step; nonzero: return LEBM_STOPPED */
    void *context;
};

/* Run all steps; tile->z holds the start, then the end. What the tile measures is added to what is there. */
int lebm__chain_run(const lebm__chain *chain, lebm__tile *tile);

/* The same step by step: what comes before the first, and each of them. */
int lebm__chain_begin(const lebm__chain *chain, lebm__tile *tile);
int lebm__chain_step(const lebm__chain *chain, lebm__tile *tile, int64_t step);

/* ---- For kernels ---- */

/* Evaluate the target where the chains are; LEBM_ERR_DIVERGED if that is too far away, or a value is not finite. */
int lebm__chain_evaluate(const lebm__chain *chain, lebm__tile *tile, int64_t step);

/* Fail in the same way by what is known of the chains; or by their states alone. */
int lebm__chain_check_states(const lebm__chain *chain, const lebm__tile *tile, int64_t step);
int lebm__chain_check(const lebm__chain *chain, const lebm__tile *tile, int64_t step);

/* The step size of a step: from the first to the last by equal factors. */
double lebm__chain_step_size(const lebm__chain *chain, int64_t step);

/* noise[n, dims] = the standard normal numbers of a step. */
void lebm__chain_noise(const lebm__chain *chain, const lebm__tile *tile, int64_t step, float *noise);

/* chances[n][2] = the uniform numbers of a step. */
void lebm__chain_chances(const lebm__chain *chain, const lebm__tile *tile, int64_t step, double *chances);

#endif
