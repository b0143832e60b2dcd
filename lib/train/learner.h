/* A block of parameters that is learned: its gradient over the batch, and Adam. */
#ifndef LEBM_TRAIN_LEARNER_H
#define LEBM_TRAIN_LEARNER_H

#include "math/threads.h"
#include "math/tree.h"
#include "model/gradient.h"
#include "nn/params.h"
#include "train/adam.h"
#include "train/average.h"

enum { LEBM__MAX_TERMS = 2 };

/* What each learner has of the trainer's options. */
typedef struct {
    double learning_rate, weight_decay, clip_norm;
} lebm__learner_options;

typedef struct {
    const char *name; /* "f": in files and error texts */
    lebm__params *params;
    const lebm__gradient *gradient;
    const void *gradient_owner;
    int terms; /* workspaces whose gradients add up: 2 of f, at z+ and z- */
    int64_t blocks, largest_block;
    lebm__tree *trees;   /* [blocks] of the sums over groups of rows */
    int64_t levels;      /* of each, which `sums` has memory for */
    float *sums, *grads; /* grads[params->total] of the batch */
    double scale;        /* of the gradient, for Adam */
    lebm__adam adam;
    lebm__average average;
} lebm__learner;

int lebm__learner_create(lebm__learner *learner, const char *name, lebm__params *params, const lebm__gradient *gradient,
                         const void *gradient_owner, int terms);
void lebm__learner_destroy(lebm__learner *learner);

/* Make sure that there is room for so many levels of sums. */
int lebm__learner_reserve(lebm__learner *learner, int64_t levels);

/* The norm of the gradient's mean over n rows; and set the scale to make it that mean, cut to clip_norm as
 * torch.nn.utils.clip_grad_norm_ does, downhill, since the likelihood is to rise. */
double lebm__learner_norm(const lebm__learner *learner, int64_t n);
void lebm__learner_clip(lebm__learner *learner, double norm, double clip_norm, int64_t n);

/* Adam's step for all learners, and their averages, in two halves: compute what would be (LEBM_ERR_DIVERGED if it is not
 * finite), which changes no parameter; and let it be so. */
int lebm__learners_compute(lebm__learner *learners, const lebm__adam_settings *settings, double average_decay,
                           int count, lebm__pool *pool);
void lebm__learners_accept(lebm__learner *learners, int count);

#endif
