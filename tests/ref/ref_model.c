#include "ref/ref.h"

#include <math.h>
#include <stdlib.h>

static const double two_pi = 6.283185307179586477;

static double *alloc_doubles(int64_t count)
{
    double *values = calloc((size_t)count, sizeof *values);
    if (!values) abort();
    return values;
}

double ref_prior_log_density(const struct ref_model *model, const double *z)
{
    int64_t m = model->f->in_features;
    double variance = model->sigma0 * model->sigma0;
    double f;
    ref_net_forward(model->f, z, &f);
    double square = 0;
    for (int64_t i = 0; i < m; i++) square += z[i] * z[i];
    return f - square / (2 * variance) - 0.5 * (double)m * log(two_pi * variance);
}

void ref_prior_score(const struct ref_model *model, const double *z, double *score)
{
    const double one = 1;
    ref_net_vjp(model->f, z, &one, score, NULL);
    for (int64_t i = 0; i < model->f->in_features; i++) score[i] -= z[i] / (model->sigma0 * model->sigma0);
}

double ref_log_likelihood(const struct ref_model *model, const double *z, const double *x)
{
    int64_t d = model->g->out_features;
    double *out = alloc_doubles(d);
    ref_net_forward(model->g, z, out);
    double sum = 0;
    for (int64_t i = 0; i < d; i++) {
        if (model->likelihood == REF_GAUSSIAN) {
            double variance = model->sigma * model->sigma;
            sum -= (x[i] - out[i]) * (x[i] - out[i]) / (2 * variance) + 0.5 * log(two_pi * variance);
        } else {
            sum += x[i] * out[i] - ref_activation(REF_SOFTPLUS, 0, out[i]);
        }
    }
    free(out);
    return sum;
}

/* d log p(x|z) / d g(z) */
static void likelihood_grad_out(const struct ref_model *model, const double *z, const double *x, double *grad)
{
    ref_net_forward(model->g, z, grad);
    for (int64_t i = 0; i < model->g->out_features; i++) {
        if (model->likelihood == REF_GAUSSIAN)
            grad[i] = (x[i] - grad[i]) / (model->sigma * model->sigma);
        else
            grad[i] = x[i] - ref_activation(REF_SIGMOID, 0, grad[i]);
    }
}

void ref_likelihood_score(const struct ref_model *model, const double *z, const double *x, double *score)
{
    double *grad = alloc_doubles(model->g->out_features);
    likelihood_grad_out(model, z, x, grad);
    ref_net_vjp(model->g, z, grad, score, NULL);
    free(grad);
}

void ref_likelihood_grad_params(const struct ref_model *model, const double *z, const double *x, double *grad_params)
{
    double *grad = alloc_doubles(model->g->out_features);
    likelihood_grad_out(model, z, x, grad);
    ref_net_vjp(model->g, z, grad, NULL, grad_params);
    free(grad);
}

void ref_decode(const struct ref_model *model, const double *z, double *x)
{
    ref_net_forward(model->g, z, x);
    if (model->likelihood == REF_BERNOULLI)
        for (int64_t i = 0; i < model->g->out_features; i++) x[i] = ref_activation(REF_SIGMOID, 0, x[i]);
}

double ref_log_density(const struct ref_model *model, const double *z, const double *x)
{
    return ref_prior_log_density(model, z) + (x ? ref_log_likelihood(model, z, x) : 0);
}

void ref_score(const struct ref_model *model, const double *z, const double *x, double *score)
{
    int64_t m = model->f->in_features;
    ref_prior_score(model, z, score);
    if (!x) return;
    double *likelihood = alloc_doubles(m);
    ref_likelihood_score(model, z, x, likelihood);
    for (int64_t i = 0; i < m; i++) score[i] += likelihood[i];
    free(likelihood);
}

void ref_chain(const struct ref_model *model, const double *x, int64_t steps, double step_size, double *z)
{
    int64_t m = model->f->in_features;
    double *score = alloc_doubles(m);
    for (int64_t step = 0; step < steps; step++) {
        ref_score(model, z, x, score);
        for (int64_t i = 0; i < m; i++) z[i] += step_size * score[i];
    }
    free(score);
}
