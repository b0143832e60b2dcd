/* The work of evaluate: log Z, and of each row its reconstruction and its evidence, at one sigma or two. */
#ifndef EVALUATE_RUN_H
#define EVALUATE_RUN_H

#include "best_sigma.h"
#include "dataset.h"
#include "evidence.h"
#include "model.h"
#include "scores.h"

typedef struct evaluate_settings {
    evidence_settings evidence;
    int64_t prior_chains;
    int64_t rows;        /* scored: the first of the held-out data */
    int64_t sigma_rows;  /* that the best sigma is chosen by: the last of them; 0: no best sigma is wanted */
    bool at_model_sigma; /* or that of a likelihood without one */
} evaluate_settings;

enum { SIGMAS = 2 };

typedef struct evaluate_results {
    evidence of_prior;
    int sigma_count;
    double sigmas[SIGMAS]; /* at which rows were scored; 0: the likelihood has none */
    best_sigma best;       /* sigma 0: not looked for, or none found */
    failure why;           /* no best sigma, or no reconstructions; or "" */
} evaluate_results;

/* Scores all rows that are not in the table yet. Returns LEBM_OK or LEBM_STOPPED, with results of what is done. Ends the
 * program if log Z cannot be estimated. */
int evaluate_run(const model *m, const dataset *held_out, const evaluate_settings *s, scores *table,
                 evaluate_results *r);

#endif
