#include "exact/cases.h"

#include "support/approx.h"

/* A target: what grid holds it, and what chain meets it. */
struct meeting {
    double edge, spacing;
    struct chain chain;
};

struct setting {
    const char *name;
    void (*make_nets)(struct model *model);
    int64_t m, d;
    double sigma0;
    const char *likelihood;
    double sigma;
    struct meeting prior, posterior;
};

static void add(struct pair *net, const char *activation, int64_t out_features)
{
    pair_add_activation(net, activation, strcmp(activation, LEBM_LEAKY_RELU) == 0 ? 0.2 : 0);
    pair_add_linear(net, out_features, 1);
}

static void gelu_nets(struct model *model)
{
    pair_add_linear(&model->f, 6, 1);
    add(&model->f, LEBM_GELU, 1);
    pair_randomise(&model->f, 2, 11);
    pair_add_linear(&model->g, 5, 1);
    add(&model->g, LEBM_GELU, 3);
    pair_randomise(&model->g, 1.2, 12);
}

static void deep_tanh_nets(struct model *model)
{
    pair_add_linear(&model->f, 5, 1);
    add(&model->f, LEBM_TANH, 4);
    add(&model->f, LEBM_TANH, 1);
    pair_randomise(&model->f, 1.5, 21);
    pair_add_linear(&model->g, 5, 1);
    add(&model->g, LEBM_SILU, 3);
    pair_randomise(&model->g, 1, 22);
}

static void softplus_nets(struct model *model)
{
    pair_add_linear(&model->f, 6, 1);
    add(&model->f, LEBM_SOFTPLUS, 1);
    pair_randomise(&model->f, 2, 31);
    pair_add_linear(&model->g, 5, 1);
    add(&model->g, LEBM_TANH, 4);
    pair_randomise(&model->g, 2, 32);
}

static void leaky_relu_nets(struct model *model)
{
    /* Bends lie between cells, or sums over them would converge slowly. */
    static const double bends[] = {-1.5, -0.25, 0.5, 1.75};
    enum { UNITS = sizeof bends / sizeof *bends };
    pair_add_linear(&model->f, UNITS, 1);
    add(&model->f, LEBM_LEAKY_RELU, 1);
    pair_randomise(&model->f, 1, 41);
    for (int i = 0; i < UNITS; i++) model->f.ref.params[UNITS + i] = -bends[i] * model->f.ref.params[i];
    pair_push(&model->f);
    pair_add_linear(&model->g, 5, 1);
    add(&model->g, LEBM_MISH, 3);
    pair_randomise(&model->g, 1, 42);
}

static void convolution_nets(struct model *model)
{
    pair_add_linear(&model->f, 4, 1);
    add(&model->f, LEBM_SILU, 4);
    add(&model->f, LEBM_MISH, 1);
    pair_randomise(&model->f, 1.5, 51);
    pair_add_conv_transpose2d(&model->g, 3, 1, 1, 0, 1);
    pair_add_activation(&model->g, LEBM_SIGMOID, 0);
    pair_add_conv_transpose2d(&model->g, 2, 2, 2, 0, 1);
    pair_randomise(&model->g, 2, 52);
}

static const struct setting settings[CASES] = {
    {"GELU", gelu_nets, 1, 3, 0.5, LEBM_GAUSSIAN, 0.7, {7, 0.1, {200, 0.02}}, {7, 0.1, {200, 0.02}}},
    {"leaky ReLU", leaky_relu_nets, 1, 3, 2, LEBM_BERNOULLI, 0, {20, 0.05, {200, 0.2}}, {16, 0.05, {120, 0.15}}},
    {"softplus", softplus_nets, 2, 4, 0.5, LEBM_BERNOULLI, 0, {7, 0.175, {100, 0.03}}, {7, 0.175, {120, 0.03}}},
    {"deep tanh", deep_tanh_nets, 2, 3, 2, LEBM_GAUSSIAN, 1, {20, 0.25, {200, 0.2}}, {16, 0.25, {250, 0.1}}},
    {"convolution", convolution_nets, 2, 8, 1, LEBM_GAUSSIAN, 0.5, {8, 0.25, {100, 0.08}}, {7, 0.175, {240, 0.03}}},
};

void case_make(struct exact_case *c, int which)
{
    const struct setting *setting = &settings[which];
    c->name = setting->name;
    pair_init(&c->model.f, setting->m);
    pair_init(&c->model.g, setting->m);
    setting->make_nets(&c->model);
    model_join(&c->model, setting->sigma0, setting->likelihood, setting->sigma);
    ck_assert_int_eq(c->model.g.ref.out_features, setting->d);
    uint64_t seed = 60 + (uint64_t)which;
    for (int64_t j = 0; j < setting->d; j++) {
        const int is_bit = c->model.ref.likelihood == REF_BERNOULLI;
        c->x[0][j] = is_bit ? (double)test_integer(&seed, 0, 1) : (double)(float)test_uniform(&seed, -1, 1);
        c->x[1][j] = is_bit ? 1 - c->x[0][j] : (double)(float)test_uniform(&seed, -1, 1);
    }
    c->prior = grid_make(setting->m, setting->prior.edge, setting->prior.spacing);
    c->posterior = grid_make(setting->m, setting->posterior.edge, setting->posterior.spacing);
    c->to_prior = setting->prior.chain;
    c->to_posterior = setting->posterior.chain;
    c->error = setting->make_nets == leaky_relu_nets ? 5e-5 : 2e-6;
}

void case_free(struct exact_case *c)
{
    model_free(&c->model);
}

const struct grid *case_grid(const struct exact_case *c, const double *x)
{
    return x ? &c->posterior : &c->prior;
}

struct chain case_chain(const struct exact_case *c, const double *x)
{
    return x ? c->to_posterior : c->to_prior;
}

float *case_batch(const struct exact_case *c, int64_t n)
{
    const int64_t d = c->model.g.ref.out_features;
    float *x = test_floats(n * d);
    for (int64_t i = 0; i < n * d; i++) x[i] = (float)c->x[i / d / RUN % ROWS][i % d];
    return x;
}
