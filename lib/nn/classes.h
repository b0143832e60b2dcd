/* The output layer of a recurrent net together with the softmax: log probabilities of classes and their gradient, by blocks
 * of classes, whose scores are never all in memory. */
#ifndef LEBM_NN_CLASSES_H
#define LEBM_NN_CLASSES_H

#include "core/memory.h"
#include "nn/recurrent.h"

enum { LEBM__CLASS_ROWS = 48 }; /* outputs taken at a time: blocks of 12 or 6 rows, as products like them */

/* A sum of exponentials of scores, times `sharpness`, over blocks of classes: as sum exp(sharpness greatest), so that none is
 * too large. */
typedef struct {
    float greatest;       /* score so far */
    double sum, of_block; /* of all, and of the last block alone */
} lebm__class_sum;

/* What passes over up to `rows` outputs need. */
typedef struct {
    float *scores;        /* [LEBM__CLASS_ROWS, a block], and then exponentials */
    float *product;       /* [LEBM__CLASS_ROWS, units] */
    lebm__class_sum *sum; /* [rows] of the scores */
    double *target_score; /* [rows] */
    double *log_sum;      /* [rows] log of the sum of the exponentials of all scores */
} lebm__classes;

void lebm__classes_lay_out(lebm__classes *work, const lebm__recurrent *net, int64_t rows, lebm__arena *arena);

/* log_probability[n] of the targets given outputs[n, units], and its gradient by the outputs, grad[n, units], unless that
 * is NULL. */
void lebm__classes_log_probability(const lebm__recurrent *net, const lebm__classes *work, int64_t n,
                                   const float *outputs, const int64_t *targets, double *log_probability, float *grad);

/* Take a block of scores into the sum of those before it, and put their exponentials, times exp(-sharpness greatest), in
 * their place. Returns by what all that was made with the greatest score before is to be multiplied. A score of -inf
 * counts for nothing, and so does a block of them, even if it is the first. */
double lebm__classes_take(const lebm__class_block *block, float sharpness, float *scores, lebm__class_sum *sum);

/* The scores of a block of classes for outputs[n, units]: scores[n, block->count]. */
void lebm__classes_scores(const lebm__recurrent *net, const lebm__class_block *block, int64_t n, const float *outputs,
                          float *scores);

#endif
