/* Unadjusted Langevin dynamics of a tile of chains. */
#ifndef LEBM_MCMC_LANGEVIN_H
#define LEBM_MCMC_LANGEVIN_H

#include "math/rng.h"
#include "mcmc/target.h"

typedef struct {
    int64_t steps;
    double step_size, last_step_size; /* s of eq. 20 at the first and the last step */
    double divergence_threshold;      /* of |z|, in units of its start's or of the target's spread; 0: none */
    int noise;
    lebm__key key;
    int (*stop)(void *context); /* asked before each step; nonzero: return LEBM_STOPPED */
    void *context;
} lebm__langevin;

/* A tile of chains: n rows, the first of which is chain `first` of the run. */
typedef struct {
    int64_t first, n;
    float *z, *score, *noise;         /* [n, dims] */
    double *squares, *most;           /* [n] |z|^2, and what it may be */
    double *log_density, *score_norm; /* [n] at the start of the last step */
} lebm__tile;

/* Run all steps; tile->z holds the start, then the end. */
int lebm__langevin_run(const lebm__langevin *langevin, const lebm__target *target, lebm__tile *tile);

#endif
