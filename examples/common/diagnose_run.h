/* A diagnosis of one density, from the trained chains to the verdict. */
#ifndef DIAGNOSE_RUN_H
#define DIAGNOSE_RUN_H

#include <stdio.h>

#include "long_chains.h"
#include "model.h"

/* What a diagnosis takes beside a model. */
typedef struct diagnose_settings {
    int64_t superchains, chains, warmup, steps, leapfrog_steps, threads;
    const float *x; /* [observations, D]; NULL: of the prior */
    int64_t observations;
    const char *folder; /* of pictures */
    FILE *csv;
} diagnose_settings;

/* Runs everything, prints table and verdict, and writes the pictures. Returns LEBM_OK or LEBM_STOPPED. */
int diagnose_run(const model *m, const diagnose_settings *s);

#endif
