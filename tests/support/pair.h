/** @file pair.h
 * A net of the library and its double-precision reference, made by the same calls and holding the same parameters. */
#ifndef LEBM_TESTS_PAIR_H
#define LEBM_TESTS_PAIR_H

#include <stdint.h>

#include "lebm.h"
#include "ref/ref.h"

struct pair {
    lebm_net *net;
    struct ref_net ref;
};

void pair_init(struct pair *pair, int64_t in_features);
/** Releases both; `net` must not be owned by a model, or be NULL by now. */
void pair_free(struct pair *pair);

void pair_add_linear(struct pair *pair, int64_t out_features, int bias);
void pair_add_conv_transpose2d(struct pair *pair, int64_t out_channels, int64_t kernel, int64_t stride, int64_t padding,
                               int bias);
void pair_add_reshape(struct pair *pair, int64_t channels, int64_t height, int64_t width);
void pair_add_activation(struct pair *pair, const char *kind, double slope);

/** The reference's name of an activation of the library. */
enum ref_kind pair_kind(const char *kind);

/** Gives both nets the same random parameters, uniform in about [-1, 1] sqrt(3 / fan_in), so that values stay near 1.
 * `scale` multiplies them. */
void pair_randomise(struct pair *pair, double scale, uint64_t seed);

/** Sets the library's parameters from the reference's (rounded to float, in both), or the other way round. */
void pair_push(struct pair *pair);
void pair_pull(struct pair *pair);

/** All parameters of a net, one tensor after the other; freed by the caller. */
float *pair_params(const lebm_net *net);

/** Reference values of n rows, freed by the caller. */
double *pair_ref_forward(const struct pair *pair, const float *in, int64_t n);

/** Reference gradients of n rows, freed by the caller. */
void pair_ref_vjp(const struct pair *pair, const float *in, int64_t n, const float *grad_out, double **grad_in,
                  double **grad_params);

#endif
