/* Schedules of annealing: the betas from 0 to 1, and the step sizes of a kernel along them. */
#ifndef LEBM_MCMC_SCHEDULE_H
#define LEBM_MCMC_SCHEDULE_H

#include <stdint.h>

#include "core/arithmetic.h"

/* What pilot chains found: rungs from beta 0 to 1. */
typedef struct {
    double *betas, *step_sizes; /* [count]; the step size at beta 0 is that of the next rung */
    int64_t count, betas_room, step_sizes_room;
} lebm__ladder;

/* Add a rung; the first, and that after the last run of the ladder, is beta 0. LEBM_ERR_NOMEM. */
int lebm__ladder_add(lebm__ladder *ladder, double beta, double step_size);
void lebm__ladder_free(lebm__ladder *ladder);

/* The beta above `beta`, 1 at most, up to which the weights exp((beta' - beta) tilt) of n chains have an effective number of
 * `share` times that of those chains whose tilt is finite. By bisection. 0: there are none. */
double lebm__next_beta(const double *tilts, int64_t n, double beta, double share, double *spare);

/* The schedules. */
typedef enum { LEBM__LINEAR_BETAS, LEBM__SIGMOID_BETAS, LEBM__ADAPTIVE_BETAS } lebm__schedule;

/* betas[temperatures + 1] from 0 to 1: in equal steps; along a sigmoid; or with as many in each interval of the ladder. And the
 * step size at each. */
void lebm__schedule_fill(lebm__schedule schedule, const lebm__ladder *ladder, int64_t temperatures, double *betas,
                         double *step_sizes);

#endif
