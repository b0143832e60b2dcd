/* The inside of a handle for annealed importance sampling. */
#ifndef LEBM_MCMC_ANNEALING_H
#define LEBM_MCMC_ANNEALING_H

#include "mcmc/annealing_run.h"

enum { LEBM__MOST_KERNEL_OPTIONS = 8 };

/* Behind it in memory are the kernel's own options. */
struct lebm_annealing {
    lebm__handle head; /* claimed while a call runs */
    const lebm__kernel *kernel;
    lebm__annealing_options options;
    lebm__option kernel_rows[LEBM__MOST_KERNEL_OPTIONS]; /* the kernel's, without those that make no sense here */
    lebm__options kernel_table;
    lebm__pool *pool;         /* made at the first run */
    lebm__annealed_rows rows; /* of the last run; n = 0: there was none */
};

extern const lebm__options lebm__annealing_table;

#endif
