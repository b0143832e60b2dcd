/* The sampler's inside, for runs and for files. */
#ifndef LEBM_MCMC_SAMPLER_H
#define LEBM_MCMC_SAMPLER_H

#include "core/options.h"
#include "lebm/sampler.h"
#include "math/rng.h"
#include "math/threads.h"
#include "mcmc/langevin.h"
#include "mcmc/run.h"

typedef struct {
    int64_t steps, seed, stream, threads;
    double start_std, divergence_threshold, temperature;
    char start[LEBM__TEXT_SIZE];
    lebm__langevin_options langevin;
} lebm__sampler_options;

/* What a run leaves for one that continues it. */
typedef struct {
    lebm__key key;
    int64_t n, dims; /* chains (0: there was no run) and numbers of each */
    int64_t steps;   /* done so far */
} lebm__last_run;

struct lebm_sampler {
    const lebm__kernel *kernel;
    lebm__sampler_options options;
    lebm__pool *pool; /* made at the first run */
    lebm_progress_fn progress;
    void *progress_user;
    atomic_int running;          /* a call is under way */
    lebm__last_run last_runs[2]; /* to the prior, and to the posterior */
    lebm__run_metrics metrics;
};

extern const lebm__options lebm__sampler_table;

#endif
