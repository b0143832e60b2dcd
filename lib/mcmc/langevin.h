/* The options of Langevin dynamics. */
#ifndef LEBM_MCMC_LANGEVIN_H
#define LEBM_MCMC_LANGEVIN_H

#include "mcmc/kernel.h"

typedef struct {
    lebm__step_sizes step_sizes;
    int64_t noise;
} lebm__langevin_options;

#endif
