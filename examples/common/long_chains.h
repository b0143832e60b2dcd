/* Long chains of one kernel, towards the prior or towards the posteriors of some observations, in superchains that begin at one
 * place each. A step is an evaluation of the score by each chain, whatever the kernel: one of hmc's is as many as it has
 * leapfrog steps, and so all kernels are given the same work. */
#ifndef LONG_CHAINS_H
#define LONG_CHAINS_H

#include <lebm.h>
#include <stdbool.h>
#include <stdint.h>

#include "errors.h"
#include "model.h"

/* What chains of all kernels have in common. */
typedef struct chains_plan {
    int64_t targets;             /* observations; 1: the prior */
    int64_t superchains, chains; /* of each target, and chains of a superchain */
    int64_t warmup;              /* transitions in which mala and hmc find their step size */
    int64_t steps;
    int64_t leapfrog_steps;
    int64_t threads;     /* of diagnostics; chains have the samplers' */
    const float *x;      /* [targets, D]; NULL: to the prior */
    const float *starts; /* [superchains, M], the same for all targets */
    lebm_progress_fn progress;
    void *user; /* of progress */
} chains_plan;

typedef struct long_chains {
    const char *kernel;
    double step_size, acceptance;
    double seconds;          /* that they ran after the warm-up */
    double steps_per_second; /* in that time, of all chains together */
    int64_t every;           /* steps from one draw to the next */
    lebm_traces *traces;     /* [targets, superchains, chains] of them; NULL if they failed */
    failure why;             /* they failed */
} long_chains;

/* How many chains there are to all targets. */
int64_t chains_count(const chains_plan *plan);

/* The observation of each chain, [chains_count(), D], which the caller frees; NULL: to the prior. */
float *chains_rows_of_x(const model *m, const chains_plan *plan);

/* Has a sampler run n chains, to the prior or to the posteriors of n rows of x. Returns a status of the library. */
int chains_run(const model *m, lebm_sampler *sampler, const float *x, int64_t n, float *z);

/* Runs long ones: "langevin" with the model's own steps, its last ones if they shrink; mala and hmc with those that a warm-up finds.
 * Returns LEBM_OK, LEBM_STOPPED, or LEBM_ERR_DIVERGED with the reason in c->why; ends the program where something else fails. */
int long_chains_run(const model *m, const chains_plan *plan, const char *kernel, long_chains *c);

void long_chains_free(long_chains *c);

#endif
