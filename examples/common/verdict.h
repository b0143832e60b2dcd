/* The verdict on a prior or on posteriors in plain words, with what to change. */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "diagnosis.h"
#include "long_chains.h"

enum { LANGEVIN_ROW, MALA_ROW, HMC_ROW, KERNELS };

/* All that was found out about one density, or the posteriors of some observations. */
typedef struct findings {
    bool of_posterior;
    int64_t targets, superchains, chains, steps, leapfrog_steps; /* as in chains_plan */
    long_chains runs[KERNELS];
    diagnosis diagnoses[KERNELS];

    double suggested; /* step size of langevin and mala, by the curvature where the trained chains end; NaN: none */
    int64_t training_steps; /* of the chains as the model was trained */
    double training_temperature, training_likelihood_weight;
    double training_f, training_f_mcse; /* mean f at their ends */
} findings;

/* The kernel with a test that mixes and makes the most draws in a second; -1 if none does. */
int verdict_best(const findings *f);

void verdict_print(FILE *out, const findings *f);

#endif
