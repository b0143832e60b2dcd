/* The leapfrog of Hamiltonian Monte Carlo. */
#ifndef LEBM_MCMC_HMC_H
#define LEBM_MCMC_HMC_H

#include "mcmc/proposals.h"

typedef struct {
    lebm__proposals to;
    float *momentum; /* [n, dims] M^1/2 p, which at temperature T is N(0, T I) */
    float *epsilon;  /* [n] */
} lebm__hmc_moves;

/* Follow the dynamics of H = -log pi + p^T M p / 2 from the proposals, whose scores are known, for so many steps. */
int lebm__hmc_leapfrog(const lebm__chain *chain, const lebm__tile *tile, int64_t steps, lebm__hmc_moves *moves);

#endif
