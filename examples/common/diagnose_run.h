/* A diagnosis of one density, from the trained chains on to all that is found out. */
#ifndef DIAGNOSE_RUN_H
#define DIAGNOSE_RUN_H

#include "model.h"
#include "verdict.h"

/* What a diagnosis takes beside a model. */
typedef struct diagnose_settings {
    int64_t superchains, chains, warmup, steps, leapfrog_steps, threads; /* as in chains_plan */
    const float *x;                                                      /* [observations, D]; NULL: of the prior */
    int64_t observations;
    const char *folder; /* of the pictures; NULL: none are made */
} diagnose_settings;

/* Runs all chains and writes the pictures. Returns LEBM_OK or LEBM_STOPPED, as a signal stops it (interrupt.h). */
int diagnose_run(const model *m, const diagnose_settings *s, findings *f);

#endif
