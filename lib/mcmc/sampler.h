/* The sampler's inside, for runs and for files. */
#ifndef LEBM_MCMC_SAMPLER_H
#define LEBM_MCMC_SAMPLER_H

#include "core/handle.h"
#include "lebm/sampler.h"
#include "math/rng.h"
#include "math/threads.h"
#include "mcmc/run.h"

/* What a run leaves for one that continues it. */
typedef struct {
    lebm__key key;
    int64_t n, dims; /* chains (0: there was no run) and numbers of each */
    int64_t steps;   /* done so far */
} lebm__last_run;

/* Behind it in memory are the kernel's own options. */
struct lebm_sampler {
    lebm__handle head; /* claimed while a call runs */
    const lebm__kernel *kernel;
    lebm__sampler_options options;
    lebm__pool *pool;            /* made at the first run */
    lebm__last_run last_runs[3]; /* to the prior, to the posterior, and to a target of the user's */
    lebm__run_metrics metrics;
    float *variances; /* [variance_count] of the preconditioner; NULL: none yet */
    int64_t variance_count;
    lebm_traces *traces; /* held; NULL: none */
    int traced;          /* of last_runs, that whose chains the traces have; -1: none */
};

extern const lebm__options lebm__sampler_table;

/* A run by the sampler's kernel and options, without a warm-up, to be completed. */
lebm__run lebm__sampler_begin_run(const lebm_sampler *sampler);

/* Of one that has its target and n: check these, and give it threads and the warm-up. */
int lebm__sampler_prepare_run(lebm_sampler *sampler, lebm__run *run);

/* Variances for the preconditioner, which are refused unless they are positive and finite; and their array, with what was there
 * before being released. */
int lebm__sampler_check_variances(const float *variances, int64_t count);
void lebm__sampler_take_variances(lebm_sampler *sampler, float *variances, int64_t count);

/* Have steps be for a density whose curvature is 1/factor of what it was. */
void lebm__sampler_scale_steps(lebm_sampler *sampler, double factor);

#endif
