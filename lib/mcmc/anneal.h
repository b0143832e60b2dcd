/* Chains of a tile that go along a path of tempered targets, and the weights that this gives them. */
#ifndef LEBM_MCMC_ANNEAL_H
#define LEBM_MCMC_ANNEAL_H

#include "mcmc/chain.h"
#include "mcmc/schedule.h"
#include "mcmc/tempered.h"

typedef struct {
    lebm__chain chain; /* towards the tempered target, at a step size that changes */
    lebm__tempered *tempered;
    lebm__tile *tile;
    int64_t steps; /* so far */
} lebm__annealed;

/* Have the chains begin where the tile's z is. LEBM_ERR_DIVERGED where the tilt is NaN or infinite; it may be -INFINITY at
 * beta 0. */
int lebm__anneal_begin(lebm__annealed *chains, double beta);

/* Make a step at the beta where the chains are. */
int lebm__anneal_step(lebm__annealed *chains, double step_size);

typedef struct {
    int64_t temperatures;
    const double *betas, *step_sizes; /* [temperatures + 1] */
    int is_reverse;                   /* from the last to the first */
    int64_t steps;                    /* at each temperature */
} lebm__path;

/* Go along the path, from its first beta on (Neal 2001): log_weights[n] = sum over t of (beta_t - beta_t-1) tilt(z_t-1), where
 * z_t-1 is the state before the steps at beta_t. And the same by the trapezoidal rule, integrals[n], the mean of which is
 * thermodynamic integration. */
int lebm__anneal(lebm__annealed *chains, const lebm__path *path, double *log_weights, double *integrals);

/* How pilot chains find a ladder. */
typedef struct {
    double share;  /* of the chains, that the weights from rung to rung are to be worth */
    int64_t steps; /* at each rung */
    double step_size, target_acceptance;
} lebm__pilot;

/* Send the chains, which have begun at beta 0, up to 1. At each rung they are resampled by their weights, and steer the step
 * size. `spare` and `from` have room for a number of each. */
int lebm__pilot_run(lebm__annealed *chains, const lebm__pilot *pilot, double *spare, int64_t *from,
                    lebm__ladder *ladder);

#endif
