/* A run of chains towards the prior or the posterior of a model, by the threads of a pool. */
#ifndef LEBM_MCMC_RUN_H
#define LEBM_MCMC_RUN_H

#include "lebm/sampler.h"
#include "math/rng.h"
#include "math/threads.h"

typedef struct {
    double log_density, score_norm; /* means over the chains at the start of the last step */
} lebm__run_metrics;

typedef struct {
    const lebm_sampler *sampler; /* the kernel and the options, but for `start`, seed, stream and threads */
    lebm__pool *pool;
    lebm__key key;        /* of the random numbers: */
    int64_t first_chain;  /* row i has those of chain first_chain + i, */
    int64_t steps_before; /* counted on from so many steps */
    const lebm_prior *prior;
    const lebm_generator *generator; /* NULL: towards the prior */
    const float *x;                  /* [n, D] of the posterior */
    int64_t n;                       /* chains */
    const float *start;              /* [n, M], which may be z; NULL: noise */
    float *z;                        /* [n, M] receives the last states, on success only */
    lebm__run_metrics *metrics;
    lebm_progress_fn progress; /* NULL: none */
    void *user;
} lebm__run;

int lebm__sampler_run(const lebm__run *run);

/* The mean over chains, added in their order. */
double lebm__mean(const double *values, int64_t n);

#endif
