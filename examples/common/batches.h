/* The order in which a training sees its images or sentences: a new shuffle each epoch, decided by seed and epoch alone, so
 * that training can go on at any step as if it had never stopped. Sentences of a batch are of one length or nearly so: a
 * batch costs what its longest does. */
#ifndef BATCHES_H
#define BATCHES_H

#include "dataset.h"

typedef struct batches {
    const dataset *data;
    pixel_range range;
    int64_t size;      /* images or sentences in a batch */
    int64_t per_epoch; /* batches in an epoch: those that fill no whole batch sit this epoch out */
    uint64_t seed;
    int64_t epoch;  /* whose order is held; -1: none yet */
    int64_t *order; /* [data->count] */
} batches;

/* Borrows the data; size must not be more than data->count. */
void batches_start(batches *b, const dataset *data, pixel_range range, int64_t size, uint64_t seed);
void batches_free(batches *b);

/* Writes the batch of training step `step`, 0 or more, to x: size rows. Returns which of the data's images they are, which
 * holds until the next call. */
const int64_t *batches_read(batches *b, int64_t step, float *x);

#endif
