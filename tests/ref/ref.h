/** @file ref.h
 * Slow, readable, double-precision versions of what the library computes, written from the definitions: one row, one
 * loop per index, no blocking, nothing shared with lib/. tests/ref/test_ref.c checks them by central differences,
 * tests/golden against values from PyTorch; the other tests compare the library with them. */
#ifndef LEBM_TESTS_REF_H
#define LEBM_TESTS_REF_H

#include <stdint.h>

/* ---- nets (ref_net.c) ---- */

enum { REF_MAX_LAYERS = 32 };

enum ref_kind {
    REF_LINEAR,
    REF_CONV_TRANSPOSE2D,
    REF_RESHAPE,
    REF_RELU,
    REF_LEAKY_RELU,
    REF_GELU,
    REF_SILU,
    REF_MISH,
    REF_TANH,
    REF_SIGMOID,
    REF_SOFTPLUS
};

struct ref_layer {
    enum ref_kind kind;
    int64_t in[3], out[3]; /* channels, height, width */
    int64_t kernel, stride, padding;
    int bias;
    double slope;   /* of REF_LEAKY_RELU */
    int64_t weight; /* where the weights begin in params; the biases follow them */
};

struct ref_net {
    int count;
    struct ref_layer layers[REF_MAX_LAYERS];
    int64_t in_features, out_features;
    int64_t out[3];
    int64_t param_total;
    double *params; /* all tensors in PyTorch's order and layout, as lebm_net_vjp() has them */
};

void ref_net_init(struct ref_net *net, int64_t in_features);
void ref_net_free(struct ref_net *net);
void ref_net_add_linear(struct ref_net *net, int64_t out_features, int bias);
void ref_net_add_conv_transpose2d(struct ref_net *net, int64_t out_channels, int64_t kernel, int64_t stride,
                                  int64_t padding, int bias);
void ref_net_add_reshape(struct ref_net *net, int64_t channels, int64_t height, int64_t width);
void ref_net_add_activation(struct ref_net *net, enum ref_kind kind, double slope);

/** The smallest height or width that a transposed convolution makes into one of at least 1. */
int64_t ref_least_size(int64_t kernel, int64_t stride, int64_t padding);

/** Appends the layers of a spec that lebm_net_spec() wrote; its "in N" must fit. */
void ref_net_add_spec(struct ref_net *net, const char *spec);

/** An activation and its derivative. */
double ref_activation(enum ref_kind kind, double slope, double x);
double ref_activation_slope(enum ref_kind kind, double slope, double x);

/** out = net(in), one row. */
void ref_net_forward(const struct ref_net *net, const double *in, double *out);

/** One row: grad_in = J_in^T grad_out, if not NULL, and grad_params += J_params^T grad_out, if not NULL. */
void ref_net_vjp(const struct ref_net *net, const double *in, const double *grad_out, double *grad_in,
                 double *grad_params);

/** How near one row comes to where the net bends: the smallest magnitude that enters a relu or leaky_relu; INFINITY
 * without one. Nearer than rounding errors, the slope is a matter of chance. */
double ref_net_bend(const struct ref_net *net, const double *in);

/* ---- the model (ref_model.c) ---- */

enum ref_likelihood { REF_GAUSSIAN, REF_BERNOULLI };

struct ref_model {
    const struct ref_net *f;
    double sigma0;
    const struct ref_net *g; /* NULL: the prior alone */
    enum ref_likelihood likelihood;
    double sigma;
};

/** f(z) + log N(z; 0, sigma0^2 I) and its gradient in z. */
double ref_prior_log_density(const struct ref_model *model, const double *z);
void ref_prior_score(const struct ref_model *model, const double *z, double *score);

/** log p(x|z), with all constants, its gradient in z, and in the parameters of g (added to grad_params). */
double ref_log_likelihood(const struct ref_model *model, const double *z, const double *x);
void ref_likelihood_score(const struct ref_model *model, const double *z, const double *x, double *score);
void ref_likelihood_grad_params(const struct ref_model *model, const double *z, const double *x, double *grad_params);

/** Mean of x given z. */
void ref_decode(const struct ref_model *model, const double *z, double *x);

/** Log density and score of the posterior, without log p(x), or of the prior, without log Z, if x is NULL. */
double ref_log_density(const struct ref_model *model, const double *z, const double *x);
void ref_score(const struct ref_model *model, const double *z, const double *x, double *score);

/** Langevin dynamics without noise: z += step_size * score(z), `steps` times. */
void ref_chain(const struct ref_model *model, const double *x, int64_t steps, double step_size, double *z);

/* ---- learning (ref_adam.c) ---- */

struct ref_adam {
    double learning_rate, beta1, beta2, epsilon, weight_decay, clip_norm; /* clip_norm 0: none */
    int64_t count, steps;
    double *m, *v;
};

/** The defaults of torch.optim.Adam for `count` parameters, without weight decay and clipping. */
void ref_adam_init(struct ref_adam *adam, int64_t count, double learning_rate);
void ref_adam_free(struct ref_adam *adam);

/** One step that descends: torch.nn.utils.clip_grad_norm_, then torch.optim.Adam. `grad` is not changed. */
void ref_adam_step(struct ref_adam *adam, double *params, const double *grad);

/** One step of maximum likelihood (eq. 19 and 22) on a batch x [n, D] with given z+ and z- [n, M]: the gradients of the
 * mean log likelihood, to be ascended. */
void ref_gradients(const struct ref_model *model, int64_t n, const double *x, const double *z_positive,
                   const double *z_negative, double *grad_f, double *grad_g);

/** One step of Adam that ascends a gradient by the parameters of a net. */
void ref_ascend(struct ref_adam *adam, struct ref_net *net, const double *gradient);

/* ---- diagnostics of draws [chains, length] (ref_diagnostics.c) ---- */

/** R-hat of ranks and of folded ranks, the larger (Vehtari et al. 2021, section 4). */
double ref_rhat(const double *draws, int64_t chains, int64_t length);

/** Effective sample sizes of the ranks, of the draws themselves, of their squared distances from the mean, and of the
 * share of draws up to a limit (section 3.2 and 4.3). */
double ref_ess_bulk(const double *draws, int64_t chains, int64_t length);
double ref_ess_mean(const double *draws, int64_t chains, int64_t length);
double ref_ess_square(const double *draws, int64_t chains, int64_t length);
double ref_ess_below(const double *draws, int64_t chains, int64_t length, double limit);

/** Nested R-hat of the draws, and the larger one of ranks and folded ranks of halves (Margossian et al. 2024). */
double ref_nested_rhat(const double *draws, int64_t chains, int64_t length, int64_t superchains);
double ref_nested_rhat_of_ranks(const double *draws, int64_t chains, int64_t length, int64_t superchains);

double ref_mean(const double *values, int64_t count);
double ref_variance(const double *values, int64_t count); /* with the divisor count - 1 */

#endif
