/* Annealed importance sampling of one row, a prior or a target, or of many, posteriors of x, by the threads of a pool. Rows do
 * not depend on each other. */
#ifndef LEBM_MCMC_ANNEALING_RUN_H
#define LEBM_MCMC_ANNEALING_RUN_H

#include "core/handle.h"
#include "lebm/annealing.h"
#include "math/rng.h"
#include "math/threads.h"
#include "mcmc/kernel.h"
#include "mcmc/weights.h"

typedef struct {
    int64_t temperatures, chains, groups, steps, reverse, settle_steps;
    int64_t pilot_chains, pilot_steps, first_row, seed, stream, threads;
    double pilot_ess, start_std, divergence_threshold;
    char schedule[LEBM__TEXT_SIZE];
} lebm__annealing_options;

/* Of the chains of a row in one direction. */
typedef struct {
    double estimate, error, group_error, ess, largest, integral, integral_error, acceptance;
} lebm__direction;

typedef struct {
    lebm__direction forward, reverse;
    double groups_rhat, rungs;
    int has_starts; /* there were ends of forward chains in all groups for the reverse ones to start at */
} lebm__annealed_row;

/* What chains went towards. */
typedef enum { LEBM__ANNEALED_PRIOR, LEBM__ANNEALED_POSTERIORS, LEBM__ANNEALED_TARGET } lebm__annealing_kind;

typedef struct {
    int64_t n, chains; /* rows, and chains of each */
    lebm__annealing_kind kind;
    int has_reverse;          /* chains went back, too */
    lebm__annealed_row *rows; /* [n] */
    double *log_weights[2];   /* [n, chains] forward, and of the way back: the log of 1/w */
} lebm__annealed_rows;

void lebm__annealed_rows_free(lebm__annealed_rows *rows);

typedef struct {
    const lebm__kernel *kernel;
    const lebm__annealing_options *options;
    const void *kernel_options;
    lebm__pool *pool;
    const lebm_prior *prior;
    const lebm_generator *generator; /* NULL: towards the prior */
    const lebm_target *target;       /* towards a user's density, and no model */
    const float *x;                  /* [n, D] of the posterior */
    int64_t n;
    lebm__progress progress;
} lebm__annealing_run;

/* `rows` is written on success only. */
int lebm__annealing_do(const lebm__annealing_run *run, lebm__annealed_rows *rows);

#endif
