/* Where a step may lead the chains of a tile, and the test of Metropolis and Hastings, for the kernels that have one. */
#ifndef LEBM_MCMC_PROPOSALS_H
#define LEBM_MCMC_PROPOSALS_H

#include "mcmc/chain.h"

typedef struct {
    float *z, *score;     /* [n, dims] as in the tile; so are */
    double *log_density;  /* [n] */
    double *squares;      /* [n] */
    double *log_ratio;    /* [n] log of pi(z*)^(1/T) q(z|z*) / (pi(z)^(1/T) q(z*|z)), which the kernel writes */
    double (*chances)[2]; /* [n] uniform numbers of the step; the test takes the first */
    int *lost;            /* [n] whether it met what is not finite on its way */
} lebm__proposals;

/* For tiles of up to `rows` chains. */
void lebm__proposals_lay_out(lebm__proposals *proposals, int64_t rows, int64_t dims, lebm__arena *arena);

/* Begin a step where the chains are: z of the tile, and the chances of the step. */
void lebm__proposals_begin(const lebm__chain *chain, const lebm__tile *tile, int64_t step, lebm__proposals *proposals);

/* Evaluate the target where the proposals are. One that meets what is not finite is lost: its log density is -INFINITY from
 * here on, whatever becomes of it, and the target is asked of numbers in its place, those of the chain. */
int lebm__proposals_evaluate(const lebm__chain *chain, const lebm__tile *tile, lebm__proposals *proposals);

/* Note how the proposals would fare in a test. */
void lebm__proposals_measure(lebm__tile *tile, const lebm__proposals *proposals);

/* Have chain i be where its proposal is. */
void lebm__proposals_take(const lebm__chain *chain, lebm__tile *tile, int64_t i, const lebm__proposals *proposals);

/* Measure the proposals and put them to the test: those that pass are where the chains are now, the others cost no more
 * than they did. LEBM_ERR_DIVERGED if a chain is too far away. */
int lebm__proposals_test(const lebm__chain *chain, lebm__tile *tile, int64_t step, const lebm__proposals *proposals);

#endif
