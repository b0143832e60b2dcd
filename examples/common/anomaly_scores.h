/* The scores by which a model tells what is strange to it: the lower, the stranger. Those of one model can be compared, as its
 * log Z, which all leave out, is the same for all x. */
#ifndef ANOMALY_SCORES_H
#define ANOMALY_SCORES_H

#include "model.h"

typedef enum anomaly_score {
    JOINT_SCORE,      /* log p(x, z) where chains to the posterior end, the mean over them (Pang et al. 2020) */
    NOISE_FREE_SCORE, /* the same after NOISE_FREE_STEPS without noise from there */
    PIXELS_SCORE,     /* log p(x|z), one part of the first */
    PRIOR_SCORE,      /* log p(z), the other */
    BALANCED_SCORE,   /* log p(z) plus log p(x|z) at the sigma best for the image, each in its standard deviations */
    DETAIL_SCORE,     /* the same, with that log p(x|z) beside what it is for images of as much detail */
    EVIDENCE_SCORE,   /* log p(x), by annealed importance sampling */
    ANOMALY_SCORES
} anomaly_score;

/* What they are called in tables, and in CSV files. */
const char *anomaly_score_title(anomaly_score score);
const char *anomaly_score_key(anomaly_score score);

enum { YARDSTICK_IMAGES = 2000 };

typedef struct anomaly_settings {
    int64_t steps, chains;         /* to the posterior of each image */
    int64_t annealed;              /* the first so many images have the last score, too */
    int64_t temperatures, threads; /* of annealing; of everything */
    lebm_progress_fn progress;     /* told the share of all work that is done; may stop it */
    void *user;
} anomaly_settings;

typedef struct anomaly_scores {
    int64_t counts[ANOMALY_SCORES]; /* images that have the score: the first ones of the data */
    double *values[ANOMALY_SCORES]; /* [count] */
    int64_t integrated; /* log p(x) of which is by thermodynamic integration, as the weights did not carry it */
} anomaly_scores;

/* Scores the first `count` images of the data; the first YARDSTICK_IMAGES of the ordinary ones, or all there are, tell how far
 * scores of what is ordinary spread. Returns LEBM_OK, or LEBM_STOPPED or LEBM_ERR_DIVERGED and nothing to be
 * freed; on any other failure it ends the program. */
int anomaly_scores_make(anomaly_scores *s, const model *m, const dataset *data, int64_t count, const dataset *ordinary,
                        const anomaly_settings *settings);

void anomaly_scores_free(anomaly_scores *s);

#endif
