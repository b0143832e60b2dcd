/* What a training step drops at random of what a recurrent net passes on: dropout after Srivastava et al. (2014), and word
 * dropout after Bowman et al. (2016). Factors are functions of the key, a row's number and the step of its sequence: so they
 * are the same in all passes of a chain, and in those for the gradient by the parameters. */
#ifndef LEBM_NN_DROPOUT_H
#define LEBM_NN_DROPOUT_H

#include "math/rng.h"

typedef struct {
    lebm__key key;
    double
        rate; /* of the numbers of embeddings and of the last layer's outputs; others become 1/(1 - rate) times as large */
    double word_rate;       /* of the words as inputs, in whose place there is 0; the mark of the beginning stays */
    int64_t first;          /* row i has this number + i, */
    const int64_t *numbers; /* or numbers[i] if this is not NULL */
} lebm__dropout;

/* The same for rows from `row` on. */
lebm__dropout lebm__dropout_from(const lebm__dropout *dropout, int64_t row);

/* Whether embeddings, or outputs, have factors that are not 1. */
int lebm__dropout_of_inputs(const lebm__dropout *dropout);
int lebm__dropout_of_outputs(const lebm__dropout *dropout);

/* The factors of row `row` at step `step`, 0 for the first, whose input is the mark: of the embedding's numbers, and of the
 * outputs of the last layer. */
void lebm__dropout_inputs(const lebm__dropout *dropout, int64_t row, int64_t step, int64_t count, float *factors);
void lebm__dropout_outputs(const lebm__dropout *dropout, int64_t row, int64_t step, int64_t count, float *factors);

#endif
