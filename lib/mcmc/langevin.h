/* Steps of Langevin's form, z* = z + s M score + sqrt(2 s T M) e, which several kernels make. */
#ifndef LEBM_MCMC_LANGEVIN_H
#define LEBM_MCMC_LANGEVIN_H

#include "mcmc/proposals.h"

typedef struct {
    lebm__proposals to;
    float *noise; /* [n, dims] e */
} lebm__langevin_moves;

/* lebm__kernel's step_size of a kernel of such steps. */
double lebm__langevin_step_size(double s);

/* The workspace of a kernel of such steps: lebm__langevin_moves. */
void *lebm__langevin_lay_out(int64_t rows, int64_t dims, lebm__arena *arena);

/* Propose such a step to all chains of a tile whose scores are known, with the log of its ratio. */
int lebm__langevin_propose(const lebm__chain *chain, const lebm__tile *tile, int64_t step, lebm__langevin_moves *moves);

#endif
