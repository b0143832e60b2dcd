/* Adam (Kingma and Ba 2015), as torch.optim.Adam computes it. */
#ifndef LEBM_TRAIN_ADAM_H
#define LEBM_TRAIN_ADAM_H

#include <stdint.h>

/* The new state is written beside the old one, so that a step which is not finite leaves all as it was. */
typedef struct {
    int64_t size;                      /* numbers of the parameters, all tensors one after the other */
    float *m, *v;                      /* [size] first and second moment of the gradient */
    float *new_params, *new_m, *new_v; /* [size] what lebm__adam_accept() puts in the place of the old ones */
    int64_t steps;                     /* updates made so far */
} lebm__adam;

typedef struct {
    double learning_rate, beta1, beta2, epsilon, weight_decay;
} lebm__adam_settings;

int lebm__adam_create(lebm__adam *adam, int64_t size);
void lebm__adam_destroy(lebm__adam *adam);

/* Compute the new numbers `first` to first + count - 1 of params[size] and of both moments, descending grad[size] times
 * `scale`. Different parts may be computed at the same time.
 * @return whether they are finite */
int lebm__adam_compute(const lebm__adam *adam, const lebm__adam_settings *settings, double scale, int64_t first,
                       int64_t count, const float *grad, const float *params);

/* Let the new numbers, all of them computed, be those of the moments and, by exchange, of *params. */
void lebm__adam_accept(lebm__adam *adam, float **params);

#endif
