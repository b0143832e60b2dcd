/* Digits to train on, and digits to test on, among them one kind that is left out of the training: the anomalies.
 *
 * All images, those to train on and those held out of the official files, are pooled and shuffled. The training part is 80 % of
 * the nine other digits; the test part is the rest of these and the anomalies, in an order of chance. In the split "pooled" it
 * has all of the anomalies, in "80-20" a fifth of them, as of the others. Both have one training part.
 *
 * To choose settings, the test part must not be looked at. Then the training part is all there is: another digit stands for the
 * anomalies, a tenth of the rest is held back to be tested on, and nine tenths are trained on. Of the other digit a tenth is
 * tested on in "80-20", and five times as many in "pooled". */
#ifndef ANOMALY_SPLIT_H
#define ANOMALY_SPLIT_H

#include <stdbool.h>

#include "data_source.h"

enum { NO_DIGIT = -1 };

typedef struct anomaly_split {
    int64_t anomaly;                       /* the digit that is one in the test part */
    dataset train, test;                   /* test: of "pooled" */
    dataset test_ordinary, test_anomalies; /* the same, each kind by itself */
    int64_t *numbers; /* [test.count]: of the image, those to train on of the official files before those held out */
    bool *in_80_20;   /* [test.count]: whether it is in the test part of "80-20", too */
} anomaly_split;

/* Splits images with labels by the seed; `validate` is the digit that stands for the anomalies, or NO_DIGIT to test on the
 * test part. Returns 0, or -1 with the reason in *why and *split empty. */
int anomaly_split_make(anomaly_split *split, const dataset *all, int64_t held_out, int64_t validate, uint64_t seed,
                       failure *why);

/* The same for all images that a reader has, of both parts. */
int anomaly_split_read(anomaly_split *split, data_reader *read, const data_source *source, int64_t held_out,
                       int64_t validate, uint64_t seed, failure *why);

void anomaly_split_free(anomaly_split *split);

#endif
