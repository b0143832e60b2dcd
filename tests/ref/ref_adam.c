#include "ref/ref.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void ref_adam_init(struct ref_adam *adam, int64_t count, double learning_rate)
{
    memset(adam, 0, sizeof *adam);
    adam->learning_rate = learning_rate;
    adam->beta1 = 0.9;
    adam->beta2 = 0.999;
    adam->epsilon = 1e-8;
    adam->count = count;
    adam->m = calloc((size_t)count, sizeof *adam->m);
    adam->v = calloc((size_t)count, sizeof *adam->v);
    if (!adam->m || !adam->v) abort();
}

void ref_adam_free(struct ref_adam *adam)
{
    free(adam->m);
    free(adam->v);
    memset(adam, 0, sizeof *adam);
}

void ref_adam_step(struct ref_adam *adam, double *params, const double *grad)
{
    double square = 0;
    for (int64_t i = 0; i < adam->count; i++) square += grad[i] * grad[i];
    double scale = 1;
    if (adam->clip_norm > 0) scale = fmin(1, adam->clip_norm / (sqrt(square) + 1e-6));

    adam->steps++;
    double correction1 = 1 - pow(adam->beta1, (double)adam->steps);
    double correction2 = 1 - pow(adam->beta2, (double)adam->steps);
    for (int64_t i = 0; i < adam->count; i++) {
        double g = scale * grad[i] + adam->weight_decay * params[i];
        adam->m[i] = adam->beta1 * adam->m[i] + (1 - adam->beta1) * g;
        adam->v[i] = adam->beta2 * adam->v[i] + (1 - adam->beta2) * g * g;
        double denominator = sqrt(adam->v[i]) / sqrt(correction2) + adam->epsilon;
        params[i] -= adam->learning_rate / correction1 * adam->m[i] / denominator;
    }
}

void ref_gradients(const struct ref_model *model, int64_t n, const double *x, const double *z_positive,
                   const double *z_negative, double *grad_f, double *grad_g)
{
    int64_t m = model->f->in_features;
    int64_t d = model->g->out_features;
    const double plus = 1.0 / (double)n;
    const double minus = -plus;
    memset(grad_f, 0, (size_t)model->f->param_total * sizeof *grad_f);
    memset(grad_g, 0, (size_t)model->g->param_total * sizeof *grad_g);
    for (int64_t i = 0; i < n; i++) {
        ref_net_vjp(model->f, z_positive + i * m, &plus, NULL, grad_f);
        ref_net_vjp(model->f, z_negative + i * m, &minus, NULL, grad_f);
        ref_likelihood_grad_params(model, z_positive + i * m, x + i * d, grad_g);
    }
    for (int64_t i = 0; i < model->g->param_total; i++) grad_g[i] /= (double)n;
}

void ref_ascend(struct ref_adam *adam, struct ref_net *net, const double *gradient)
{
    double *downhill = malloc((size_t)net->param_total * sizeof *downhill);
    if (!downhill) abort();
    for (int64_t i = 0; i < net->param_total; i++) downhill[i] = -gradient[i];
    ref_adam_step(adam, net->params, downhill);
    free(downhill);
}
