/* Beam search for the most probable sequence of tokens. */
#ifndef LEBM_MODEL_BEAM_H
#define LEBM_MODEL_BEAM_H

#include "nn/classes.h"
#include "nn/recurrent_state.h"

/* A class that may follow a beginning: its score among the classes, then the log probability of both together. */
typedef struct {
    double value;
    int64_t beginning, class;
} lebm__beam_step;

/* What a search that follows up to `width` beginnings needs. */
typedef struct {
    lebm__recurrent_state state;
    int64_t width;
    float *scores;                        /* [width, a block of classes] */
    lebm__class_sum *sum;                 /* [width] of the scores of all classes */
    double *log_probability;              /* [width] of the beginnings */
    lebm__beam_step *steps;               /* [width, width] that may follow each, the best first */
    lebm__beam_step *chosen;              /* [width] of all */
    int64_t *counts;                      /* [width] of the steps of each */
    int64_t *inputs, *from;               /* [width] classes, and beginnings that go on */
    float *beginnings, *beginnings_after; /* [width, longest] */
} lebm__beam;

void lebm__beam_lay_out(lebm__beam *beam, const lebm__recurrent *net, int64_t width, lebm__arena *arena);

/* x[longest] = the most probable sequence that is found, given context[context]. NaN where no score is a number. */
void lebm__beam_search(lebm__beam *beam, const float *context, float *x);

#endif
