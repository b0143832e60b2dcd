/* The work of rank_pictures: how unlikely each picture is to a model, and their order. */
#ifndef RANK_RUN_H
#define RANK_RUN_H

#include "dataset.h"
#include "evidence.h"
#include "model.h"

/* What decides which of two pictures is the stranger. */
typedef enum rank_order { RANK_BY_JOINT, RANK_BY_LIKELIHOOD, RANK_BY_PRIOR, RANK_BY_ERROR, RANK_ORDERS } rank_order;

/* What they are called on command lines, and in texts. */
extern const char *const rank_order_names[RANK_ORDERS], *const rank_order_titles[RANK_ORDERS];

typedef struct rank_settings {
    rank_order order;
    int64_t chains;           /* of each picture, to its posterior, */
    int64_t noise_free_steps; /* from where these end uphill, before anything is measured */
    int64_t annealed;         /* the strangest ones, of which log p(x) is estimated, too, */
    evidence_settings evidence;
    int64_t prior_chains; /* and log Z by so many */
} rank_settings;

typedef struct ranked {
    int64_t index;                    /* among the pictures */
    double log_likelihood, log_prior; /* log p(x|z) and log p(z), means over the chains; NaN: a chain diverged */
    double error;                     /* mean square error of reconstructions per number, in [-1, 1] units */
    double key;                       /* of the order: the lower, the stranger; NaN is the last */
    evidence of_x;                    /* of those that are annealed */
} ranked;

typedef struct ranking_of_pictures {
    ranked *rows;      /* [count], the strangest first, those without a score last */
    int64_t count;     /* pictures that were reached, */
    int64_t scored;    /* and those of them that have a score */
    float *z;          /* [pictures, M] where the first chain of each ended, by its index */
    int64_t annealed;  /* so many of the first rows have an estimate, or a refusal, */
    evidence of_prior; /* and this with them */
} ranking_of_pictures;

/* Scores the pictures and ranks those that it got to. Returns LEBM_OK or LEBM_STOPPED, as a signal stops it (interrupt.h).
 * Ends the program if log Z is wanted and cannot be estimated. */
int rank_run(const model *m, const dataset *pictures, const rank_settings *s, ranking_of_pictures *r);

void rank_free(ranking_of_pictures *r);

#endif
