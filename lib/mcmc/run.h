/* A run of chains towards the prior or the posterior of a model, or a user's density, by the threads of a pool. */
#ifndef LEBM_MCMC_RUN_H
#define LEBM_MCMC_RUN_H

#include "core/handle.h"
#include "lebm/sampler.h"
#include "math/rng.h"
#include "math/threads.h"
#include "mcmc/kernel.h"
#include "mcmc/metrics.h"
#include "mcmc/traces.h"
#include "nn/dropout.h"

/* The options of samplers of all kernels. Of these, a run leaves `start`, seed, stream, threads, warm-up and preconditioner to
 * whoever begins it. */
typedef struct {
    int64_t steps, seed, stream, threads, warmup;
    double start_std, divergence_threshold, temperature, likelihood_weight;
    char start[LEBM__TEXT_SIZE], preconditioner[LEBM__TEXT_SIZE];
} lebm__sampler_options;

/* What chains of a run are tuned to beside the options: the diagonal of M, and room for what a warm-up learns. */
typedef struct {
    int64_t warmup;         /* steps of the warm-up; 0: none */
    int is_preconditioned;  /* else M = I */
    const float *variances; /* [dims] of a run without a warm-up, */
    int64_t count;          /* so many */
    double *learned_step_size;
    float *learned_variances; /* [dims] */
} lebm__run_tuning;

typedef struct {
    const lebm__kernel *kernel;
    const lebm__sampler_options *options;
    const void *kernel_options; /* the kernel's own */
    lebm__run_tuning tuning;
    lebm__pool *pool;
    lebm__key key;        /* of the random numbers, */
    int64_t steps_before; /* counted on from so many steps */
    const lebm_prior *prior;
    const lebm_generator *generator; /* NULL: towards the prior */
    const lebm_target *target;       /* towards a user's density, and no model */
    const float *x;                  /* [n, D] of the posterior */
    const lebm__dropout *dropout;    /* of it, for the numbers of its chains; NULL: none */
    int64_t n;                       /* chains, */
    const int64_t *numbers;          /* [n] their numbers, which key their random numbers; NULL: 0 to n - 1 */
    const float *start;              /* [n, M], which may be z; NULL: noise */
    int is_kept;                     /* the start is where earlier runs ended: no measure of how far chains may go */
    float *z;                        /* [n, M] receives the last states, on success only */
    lebm__run_metrics *metrics;
    lebm__progress progress;
    const lebm__record *record; /* of what its steps are to be; NULL: none */
} lebm__run;

int lebm__sampler_run(const lebm__run *run);

/* curvatures[n] = those of the target where chains of the run would begin, in the coordinates of its preconditioner
 * (mcmc/curvature.h). */
int lebm__sampler_curvatures(const lebm__run *run, double *curvatures);

/* Numbers of a chain's state. */
int64_t lebm__run_dims(const lebm__run *run);

/* z[n, M] = the noise that chains of the run begin at, from row `row` on, unless they are given a start. */
void lebm__run_noise(const lebm__run *run, int64_t row, int64_t n, float *z);

#endif
