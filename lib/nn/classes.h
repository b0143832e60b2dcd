/* The output layer of a recurrent net together with the softmax: log probabilities of classes and their gradient, by blocks
 * of classes, whose scores are never all in memory. */
#ifndef LEBM_NN_CLASSES_H
#define LEBM_NN_CLASSES_H

#include "core/memory.h"
#include "nn/recurrent.h"

enum { LEBM__CLASS_ROWS = 48 }; /* outputs taken at a time: blocks of 12 or 6 rows, as products like them */

/* What passes over up to `rows` outputs need. */
typedef struct {
    float *scores;        /* [LEBM__CLASS_ROWS, a block], and then exponentials */
    float *product;       /* [LEBM__CLASS_ROWS, units] */
    float *greatest;      /* [rows] score so far */
    double *sum;          /* [rows] of exponentials of scores less that */
    double *target_score; /* [rows] */
    double *log_sum;      /* [rows] log of the sum of the exponentials of all scores */
} lebm__classes;

void lebm__classes_lay_out(lebm__classes *work, const lebm__recurrent *net, int64_t rows, lebm__arena *arena);

/* log_probability[n] of the targets given outputs[n, units], and its gradient by the outputs, grad[n, units], unless that
 * is NULL. */
void lebm__classes_log_probability(const lebm__recurrent *net, const lebm__classes *work, int64_t n,
                                   const float *outputs, const int64_t *targets, double *log_probability, float *grad);

/* The scores of a block of classes for outputs[n, units]: scores[n, block->count]. */
void lebm__classes_scores(const lebm__recurrent *net, const lebm__class_block *block, int64_t n, const float *outputs,
                          float *scores);

#endif
