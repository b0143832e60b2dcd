/* What a model has learned of the grammar that its sentences were drawn from (grammar.h). */
#ifndef JUDGEMENT_H
#define JUDGEMENT_H

#include "dataset.h"
#include "grammar.h"
#include "model.h"

/* Shares, each from 0 to 1. */
typedef struct grammar_shares {
    double grammatical;
    double topics[GRAMMAR_TOPICS + 1]; /* the last: of none, or no single one */
} grammar_shares;

typedef struct judgement {
    int64_t samples, held_out;
    grammar_shares data;     /* the held-out sentences */
    grammar_shares of_prior; /* sentences drawn from the model */
    grammar_shares of_p0;    /* with z from p0 in the place of the prior's */
    double greedy;           /* grammatical ones among the most probable words for the same z as of_prior's */
    double topics_kept;      /* share of the held-out sentences whose reconstruction has their topic */
} judgement;

/* Judges a model by so many samples and all held-out sentences, whose labels are their topics. Returns a status of the
 * library. */
int judge(const model *m, const dataset *held_out, int64_t samples, judgement *j);

#endif
