/* The density of a user's function as a target. */
#ifndef LEBM_MCMC_USER_TARGET_H
#define LEBM_MCMC_USER_TARGET_H

#include <stdatomic.h>

#include "lebm/target.h"
#include "mcmc/target.h"

struct lebm_target {
    int64_t dims;
    lebm_density_fn density;
    void *user;
    int concurrent;
};

/* A run of it, by any number of threads. */
typedef struct {
    const lebm_target *target;
    double start_std;     /* for lebm__user_target_from_noise() */
    _Atomic int returned; /* what the function stopped the run with */
} lebm__user_run;

/* The most chains of a tile: calls of the function are to be few, and states not to take much memory. */
int64_t lebm__user_target_rows(const lebm_target *target);

/* `spread` is the norm that states are thought to have. */
lebm__target lebm__user_target_get(const lebm__user_run *run, double spread);

/* The same density with the base N(0, start_std^2 I) of the run, which the tilt makes up for. */
lebm__target lebm__user_target_from_noise(const lebm__user_run *run);

#endif
