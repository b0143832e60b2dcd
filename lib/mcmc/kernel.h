/* Transition kernels: what chain.c asks of one, and the table of all. */
#ifndef LEBM_MCMC_KERNEL_H
#define LEBM_MCMC_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "core/memory.h"
#include "core/options.h"

typedef struct lebm__chain lebm__chain; /* how the chains are to run: mcmc/chain.h */

/* A tile of chains: n rows. Their numbers key their random numbers, and error texts say them. */
typedef struct {
    int64_t first, n;
    const int64_t *rows;              /* [n] of the run that they are; NULL: from `first` on */
    const int64_t *numbers;           /* [n]; NULL: row i is chain first + i */
    float *z, *score;                 /* [n, dims] the states, and the scores where they were evaluated last */
    double *log_density, *score_norm; /* [n] the same of log pi, and of |score| */
    double *squares, *max_squares;    /* [n] |z|^2, and what it may be */
    double *acceptance;               /* [n] sums over the steps tested: of the probability of acceptance, */
    double *energy_error;             /* [n] of the size of the log of its ratio, LEBM__MOST_ENERGY_ERROR at most */
    int64_t tested;                   /* steps with a test, or with what one would have found */
    double *probability, *energy;     /* [n] of the last step: of its acceptance, and H where it began; NaN: none */
    void *workspace;                  /* the kernel's own */
} lebm__tile;

/* The row of the run that row i of a tile is. */
static inline int64_t lebm__tile_row(const lebm__tile *tile, int64_t i)
{
    return tile->rows == NULL ? tile->first + i : tile->rows[i];
}

enum { LEBM__MOST_ENERGY_ERROR = 1000 }; /* that counts: more, or none that is finite, is as much */

typedef struct {
    double first, last;       /* the step size at the first and the last step; last 0: as at the first */
    double target_acceptance; /* to which a warm-up brings it; 0: it stays */
} lebm__step_sizes;

#define LEBM__LEAST_STEP_SIZE 1e-12
#define LEBM__MOST_STEP_SIZE  1e6

typedef struct {
    const char *name;
    int is_exact;          /* its steps are tested: their law is pi, and they can be taken back as they came */
    lebm__options options; /* its own, beside those of all kernels; they begin with lebm__step_sizes */

    /* The step size of steps that are as long as those of Langevin's form, z + s M score + sqrt(2 s) e, of the size s. */
    double (*step_size)(double s);

    /* How often a step evaluates the target; NULL: once. */
    int64_t (*evaluations)(const void *options);

    /* A workspace for tiles of up to `rows` chains. */
    void *(*lay_out)(int64_t rows, int64_t dims, lebm__arena *arena);

    /* What comes before the first step: a kernel that keeps what is evaluated of a chain evaluates it. */
    int (*begin)(const lebm__chain *chain, lebm__tile *tile);

    /* Make step `step` of the run, 1 for the first, with all chains of a tile. The kernel evaluates the target itself,
     * where and as often as it needs to, and leaves in the tile what the run reports of its last step. */
    int (*transition)(const lebm__chain *chain, lebm__tile *tile, int64_t step);
} lebm__kernel;

extern const lebm__kernel lebm__langevin, lebm__mala, lebm__hmc;

/* LEBM_ERR_UNKNOWN_OPTION if there is none of that name. */
int lebm__kernel_find(const char *name, const lebm__kernel **kernel);

/* How often a step of the kernel, with these options of its own, evaluates the target. */
int64_t lebm__kernel_evaluations(const lebm__kernel *kernel, const void *options);

/* The first kernel's own option of that key, or NULL. */
const lebm__option *lebm__kernel_find_option(const char *key);

#endif
