/** @file ref_recurrent.h
 * A recurrent generator of tokens, slow and in double precision: log p(x|z) of one sequence and its gradients, written
 * from PyTorch's equations of LSTM and GRU, one loop per index. */
#ifndef LEBM_TESTS_REF_RECURRENT_H
#define LEBM_TESTS_REF_RECURRENT_H

#include <stdint.h>

struct ref_recurrent {
    int is_gru, is_tied, steps_without_z, start_without_z;
    int64_t latent, embedding, units, layers, tokens, longest;
    int64_t param_total;
    double *params; /* all tensors in the library's order */

    /* What the numbers of a step's embedding, and of its output as the classes see it, are multiplied by; NULL: by 1. */
    const double *input_factors;  /* [steps, embedding] */
    const double *output_factors; /* [steps, units] */
};

/** Sets param_total of a form, and makes params of zeros. */
void ref_recurrent_init(struct ref_recurrent *net);
void ref_recurrent_free(struct ref_recurrent *net);

/** The spec of the library for it. */
void ref_recurrent_spec(const struct ref_recurrent *net, char *spec, int64_t size);

/** Steps of a sequence of `length` tokens: with the end, unless that is certain. */
int64_t ref_recurrent_steps(const struct ref_recurrent *net, int64_t length);

/** log p(x|z) of the tokens x[length]. Unless they are NULL, the gradients are added to grad_z[latent] and
 * grad_params[param_total]. */
double ref_recurrent_log_likelihood(const struct ref_recurrent *net, const double *z, const int64_t *x, int64_t length,
                                    double *grad_z, double *grad_params);

#endif
