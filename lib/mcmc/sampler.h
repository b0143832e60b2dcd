/* The sampler's inside, for the trainer and for files. */
#ifndef LEBM_MCMC_SAMPLER_H
#define LEBM_MCMC_SAMPLER_H

#include "core/handle.h"
#include "lebm/sampler.h"
#include "math/rng.h"
#include "math/threads.h"

typedef struct {
    int64_t steps, noise, seed, stream, threads;
    double step_size, last_step_size, start_std, divergence_threshold;
    char start[LEBM__TEXT_SIZE];
} lebm__sampler_options;

typedef struct {
    double log_density, score_norm; /* means over the chains at the start of the last step */
} lebm__run_metrics;

struct lebm_sampler {
    lebm__handle head; /* claimed while a call runs */
    const char *kernel;
    lebm__sampler_options options;
    lebm__pool *pool; /* made at the first run */
    int has_run;
    lebm__run_metrics metrics;
};

extern const lebm__options lebm__sampler_table;

/* Run n chains towards the prior or, if `generator` is not NULL, towards the posterior given x, with random numbers
 * keyed by `key` and work shared by `pool`. z is read if the start is "given", and written on success only. `progress`
 * may be NULL. */
int lebm__sampler_run(const lebm_sampler *sampler, lebm__pool *pool, lebm__key key, const lebm_prior *prior,
                      const lebm_generator *generator, const float *x, int64_t n, float *z, lebm__run_metrics *metrics,
                      lebm_progress_fn progress, void *user);

/* The mean over chains, added in their order. */
double lebm__mean(const double *values, int64_t n);

#endif
