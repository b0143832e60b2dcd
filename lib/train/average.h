/* The exponential average of a block of parameters over its updates. */
#ifndef LEBM_TRAIN_AVERAGE_H
#define LEBM_TRAIN_AVERAGE_H

#include <stdint.h>

/* As Adam's state (train/adam.h), the new average is written beside the old one. */
typedef struct {
    float *values, *next; /* [size], next being what lebm__average_accept() puts in its place; NULL: no memory yet */
    int64_t updates;      /* that it is of; 0: there is none */
    float weight;         /* of the update under way; 0: it is not to be averaged */
} lebm__average;

void lebm__average_destroy(lebm__average *average);

/* Begin an update of `size` parameters: a decay of 0 means that there is to be no average. The decay of the first updates
 * is less, min(decay, (1 + t) / (10 + t)) after t of them, or the parameters of before would stay in it for long. */
int lebm__average_begin(lebm__average *average, int64_t size, double decay);

/* The new average of numbers `first` to first + count - 1, of which both blocks are. What is averaged first starts from
 * the parameters before the update. */
void lebm__average_compute(const lebm__average *average, int64_t first, int64_t count, const float *params,
                           const float *new_params);

/* Let the new average, all of it computed, be the average; or forget it, if there is to be none. */
void lebm__average_accept(lebm__average *average);

#endif
