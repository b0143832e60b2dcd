/* Adam (Kingma and Ba 2015), as torch.optim.Adam computes it. */
#ifndef LEBM_TRAIN_ADAM_H
#define LEBM_TRAIN_ADAM_H

#include <stdint.h>

typedef struct {
    int64_t size;  /* numbers of the net, all tensors one after the other */
    float *m, *v;  /* [size] first and second moment of the gradient */
    int64_t steps; /* updates made so far */
} lebm__adam;

typedef struct {
    double learning_rate, beta1, beta2, epsilon, weight_decay;
} lebm__adam_settings;

int lebm__adam_create(lebm__adam *adam, int64_t size);
void lebm__adam_destroy(lebm__adam *adam);

/* Update numbers first to first + count - 1 of params[size], descending grad[size] times `scale`. Different parts may
 * be updated at the same time; the caller adds 1 to steps when all are. */
void lebm__adam_update(const lebm__adam *adam, const lebm__adam_settings *settings, double scale, int64_t first,
                       int64_t count, const float *grad, float *params);

/* Whether that would leave all of them, and their moments, finite. */
int lebm__adam_is_finite(const lebm__adam *adam, const lebm__adam_settings *settings, double scale, int64_t first,
                         int64_t count, const float *grad, const float *params);

#endif
