/* The reference itself: its gradients against central differences, over random shapes, and Adam against its sums
 * written out. (tests/golden holds it against PyTorch.) */
#include "ref/agreement.h"
#include "ref/ref.h"
#include "support/approx.h"

/* ---- central differences ---- */

static const double delta = 1e-4;

typedef double (*scalar_fn)(const void *context);

/* (8 (f(+d) - f(-d)) - (f(+2d) - f(-2d))) / 12 d, of fourth order */
static double difference(scalar_fn function, const void *context, double *variable)
{
    static const double shift[] = {1, -1, 2, -2}, weight[] = {8, -8, -1, 1};
    double middle = *variable, sum = 0;
    for (int i = 0; i < 4; i++) {
        *variable = middle + shift[i] * delta;
        sum += weight[i] * function(context);
    }
    *variable = middle;
    return sum / (12 * delta);
}

static void assert_gradient(struct agreement *a, const double *gradient, int64_t count, double *variables,
                            scalar_fn function, const void *context, const char *where)
{
    double scale = approx_largest(gradient, count);
    ck_assert_msg(scale > 1e-3, "%s: the test has no gradient to speak of: %g", where, scale);
    a->cases++;
    for (int64_t i = 0; i < count; i++)
        agree_on(a, difference(function, context, &variables[i]), gradient[i], scale, where);
}

static struct agreement gradient_of(const char *what)
{
    return (struct agreement){.what = what, .tolerance = 1e-7};
}

/* ---- nets ---- */

enum { NETS = 60 };

struct net_case {
    const struct ref_net *net;
    const double *in, *grad_out;
};

static double weighted_output(const void *context)
{
    const struct net_case *c = context;
    double *out = test_doubles(c->net->out_features);
    ref_net_forward(c->net, c->in, out);
    double sum = 0;
    for (int64_t i = 0; i < c->net->out_features; i++) sum += c->grad_out[i] * out[i];
    free(out);
    return sum;
}

static void fill(double *values, int64_t count, double low, double high, uint64_t *seed)
{
    for (int64_t i = 0; i < count; i++) values[i] = test_uniform(seed, low, high);
}

/* Random parameters, input in [-range, range] and gradient; none so near to a bend that the differences would straddle
 * it. */
static void assert_net_gradients(struct agreement *a, struct ref_net *net, double range, uint64_t *seed)
{
    double *in = test_doubles(net->in_features);
    double *grad_out = test_doubles(net->out_features);
    double *grad_in = test_doubles(net->in_features);
    double *grad_params = test_doubles(net->param_total);
    char where[AGREEMENT_WHERE];
    const struct ref_layer *last = &net->layers[net->count - 1];
    snprintf(where, sizeof where,
             "%d layers, the last of kind %d, %lldx%lldx%lld to %lldx%lldx%lld, k %lld s %lld p %lld", net->count,
             (int)last->kind, (long long)last->in[0], (long long)last->in[1], (long long)last->in[2],
             (long long)last->out[0], (long long)last->out[1], (long long)last->out[2], (long long)last->kernel,
             (long long)last->stride, (long long)last->padding);
    fill(grad_out, net->out_features, -1, 1, seed);
    do {
        fill(in, net->in_features, -range, range, seed);
        fill(net->params, net->param_total, -1, 1, seed);
    } while (ref_net_bend(net, in) < 4 * delta);
    ref_net_vjp(net, in, grad_out, grad_in, grad_params);
    struct net_case context = {net, in, grad_out};
    assert_gradient(a, grad_in, net->in_features, in, weighted_output, &context, where);
    if (net->param_total > 0)
        assert_gradient(a, grad_params, net->param_total, net->params, weighted_output, &context, where);
    free(in);
    free(grad_out);
    free(grad_in);
    free(grad_params);
}

START_TEST(linear_gradients)
{
    struct agreement a = gradient_of("linear");
    uint64_t seed = 11;
    for (int i = 0; i < NETS; i++) {
        struct ref_net net;
        ref_net_init(&net, test_integer(&seed, 1, 12));
        ref_net_add_linear(&net, test_integer(&seed, 1, 12), i % 2);
        assert_net_gradients(&a, &net, 2, &seed);
        ref_net_free(&net);
    }
    agreement_print(&a);
}
END_TEST

START_TEST(conv_transpose2d_gradients)
{
    struct agreement a = gradient_of("conv_transpose2d");
    uint64_t seed = 12;
    for (int i = 0; i < 2 * NETS; i++) {
        const int64_t kernel = 1 + i % 7, stride = 1 + i / 7 % 4, padding = test_integer(&seed, 0, kernel - 1);
        const int64_t c = test_integer(&seed, 1, 3), least = ref_least_size(kernel, stride, padding);
        const int64_t h = least + test_integer(&seed, 0, 2), w = least + test_integer(&seed, 0, 2);
        struct ref_net net;
        ref_net_init(&net, c * h * w);
        ref_net_add_reshape(&net, c, h, w);
        ref_net_add_conv_transpose2d(&net, test_integer(&seed, 1, 3), kernel, stride, padding, i % 2);
        assert_net_gradients(&a, &net, 2, &seed);
        ref_net_free(&net);
    }
    agreement_print(&a);
}
END_TEST

START_TEST(reshape_gradients)
{
    struct agreement a = gradient_of("reshape");
    uint64_t seed = 13;
    for (int i = 0; i < NETS; i++) {
        const int64_t c = test_integer(&seed, 1, 4), h = test_integer(&seed, 1, 4), w = test_integer(&seed, 1, 4);
        struct ref_net net;
        ref_net_init(&net, c * h * w);
        ref_net_add_reshape(&net, c, h, w);
        assert_net_gradients(&a, &net, 2, &seed);
        ref_net_free(&net);
    }
    agreement_print(&a);
}
END_TEST

START_TEST(activation_gradients) /* _i: kind */
{
    struct agreement a = gradient_of("activation");
    uint64_t seed = 100 + (uint64_t)_i;
    for (int i = 0; i < NETS; i++) {
        struct ref_net net;
        ref_net_init(&net, test_integer(&seed, 4, 40));
        ref_net_add_activation(&net, (enum ref_kind)_i, test_uniform(&seed, 0.1, 1));
        assert_net_gradients(&a, &net, 8, &seed);
        ref_net_free(&net);
    }
    agreement_print(&a);
}
END_TEST

START_TEST(whole_net_gradients)
{
    struct agreement a = gradient_of("net");
    uint64_t seed = 21;
    for (int i = 0; i < NETS; i++) {
        struct ref_net net;
        const enum ref_kind first = (enum ref_kind)(REF_RELU + i % 8), second = (enum ref_kind)(REF_RELU + i / 8 % 8);
        ref_net_init(&net, 5);
        ref_net_add_linear(&net, 8, 1);
        ref_net_add_activation(&net, first, 0.3);
        ref_net_add_reshape(&net, 2, 2, 2);
        ref_net_add_conv_transpose2d(&net, 3, 4, 2, 1, i % 2);
        ref_net_add_activation(&net, second, 0.3);
        ref_net_add_conv_transpose2d(&net, 1, 3, 1, 1, 0);
        ref_net_add_activation(&net, REF_TANH, 0);
        assert_net_gradients(&a, &net, 2, &seed);
        ref_net_free(&net);
    }
    agreement_print(&a);
}
END_TEST

/* ---- the model ---- */

enum { MODELS = 40 };

struct model_case {
    struct ref_net f, g;
    struct ref_model model;
    int64_t n;
    double *z_positive, *z_negative, *x; /* [n, M], [n, D] */
    char where[AGREEMENT_WHERE];
};

static void make_model(struct model_case *c, int number, enum ref_likelihood likelihood, uint64_t *seed)
{
    const enum ref_kind kind = (enum ref_kind)(REF_GELU + number % 6); /* the smooth ones */
    const int64_t m = test_integer(seed, 1, 5), d = test_integer(seed, 1, 6);
    ref_net_init(&c->f, m);
    ref_net_add_linear(&c->f, test_integer(seed, 1, 6), 1);
    ref_net_add_activation(&c->f, kind, 0);
    ref_net_add_linear(&c->f, 1, number % 2);
    ref_net_init(&c->g, m);
    ref_net_add_linear(&c->g, test_integer(seed, 1, 6), 1);
    ref_net_add_activation(&c->g, kind, 0);
    ref_net_add_linear(&c->g, d, 1);
    fill(c->f.params, c->f.param_total, -1, 1, seed);
    fill(c->g.params, c->g.param_total, -1, 1, seed);
    c->model = (struct ref_model){&c->f, test_uniform(seed, 0.4, 3), &c->g, likelihood, 0};
    if (likelihood == REF_GAUSSIAN) c->model.sigma = test_uniform(seed, 0.3, 2);
    c->n = test_integer(seed, 1, 4);
    c->z_positive = test_doubles(c->n * m);
    c->z_negative = test_doubles(c->n * m);
    c->x = test_doubles(c->n * d);
    fill(c->z_positive, c->n * m, -1, 1, seed);
    fill(c->z_negative, c->n * m, -1, 1, seed);
    fill(c->x, c->n * d, 0, 1, seed);
    snprintf(c->where, sizeof c->where, "model %d, kind %d, M %lld, D %lld, sigma0 %g, sigma %g", number, (int)kind,
             (long long)m, (long long)d, c->model.sigma0, c->model.sigma);
}

static void free_model(struct model_case *c)
{
    ref_net_free(&c->f);
    ref_net_free(&c->g);
    free(c->z_positive);
    free(c->z_negative);
    free(c->x);
}

static double prior_log_density(const void *context)
{
    const struct model_case *c = context;
    return ref_log_density(&c->model, c->z_positive, NULL);
}

static double log_likelihood(const void *context)
{
    const struct model_case *c = context;
    return ref_log_likelihood(&c->model, c->z_positive, c->x);
}

static double posterior_log_density(const void *context)
{
    const struct model_case *c = context;
    return ref_log_density(&c->model, c->z_positive, c->x);
}

/* Whose gradient by the parameters of f is eq. 19: the mean of f(z+) less that of f(z-). */
static double mean_gap(const void *context)
{
    const struct model_case *c = context;
    const int64_t m = c->f.in_features;
    double sum = 0;
    for (int64_t i = 0; i < c->n; i++) {
        double positive, negative;
        ref_net_forward(&c->f, c->z_positive + i * m, &positive);
        ref_net_forward(&c->f, c->z_negative + i * m, &negative);
        sum += positive - negative;
    }
    return sum / (double)c->n;
}

/* Whose gradient by the parameters of g is eq. 22: the mean of log p(x|z+). */
static double mean_log_likelihood(const void *context)
{
    const struct model_case *c = context;
    double sum = 0;
    for (int64_t i = 0; i < c->n; i++)
        sum += ref_log_likelihood(&c->model, c->z_positive + i * c->f.in_features, c->x + i * c->g.out_features);
    return sum / (double)c->n;
}

START_TEST(model_gradients) /* _i: likelihood */
{
    struct agreement prior = gradient_of("prior score"), of_likelihood = gradient_of("likelihood's score"),
                     posterior = gradient_of("posterior score"), of_g = gradient_of("likelihood's gradient by g"),
                     eq19 = gradient_of("eq. 19"), eq22 = gradient_of("eq. 22");
    uint64_t seed = 31 + (uint64_t)_i;
    for (int i = 0; i < MODELS; i++) {
        struct model_case c;
        make_model(&c, i, (enum ref_likelihood)_i, &seed);
        const int64_t m = c.f.in_features;
        double *z = c.z_positive, *score = test_doubles(m);
        double *grad_f = test_doubles(c.f.param_total), *grad_g = test_doubles(c.g.param_total);
        ref_prior_score(&c.model, z, score);
        assert_gradient(&prior, score, m, z, prior_log_density, &c, c.where);
        ref_likelihood_score(&c.model, z, c.x, score);
        assert_gradient(&of_likelihood, score, m, z, log_likelihood, &c, c.where);
        ref_score(&c.model, z, c.x, score);
        assert_gradient(&posterior, score, m, z, posterior_log_density, &c, c.where);
        ref_likelihood_grad_params(&c.model, z, c.x, grad_g);
        assert_gradient(&of_g, grad_g, c.g.param_total, c.g.params, log_likelihood, &c, c.where);
        ref_gradients(&c.model, c.n, c.x, c.z_positive, c.z_negative, grad_f, grad_g);
        assert_gradient(&eq19, grad_f, c.f.param_total, c.f.params, mean_gap, &c, c.where);
        assert_gradient(&eq22, grad_g, c.g.param_total, c.g.params, mean_log_likelihood, &c, c.where);
        free(score);
        free(grad_f);
        free(grad_g);
        free_model(&c);
    }
    const struct agreement *const all[] = {&prior, &of_likelihood, &posterior, &of_g, &eq19, &eq22};
    for (int i = 0; i < 6; i++) agreement_print(all[i]);
}
END_TEST

START_TEST(densities_by_hand)
{
    /* f(z) = 3 z1 - z2 + 2, sigma0 = 2, z = (1, -4): f = 9, log p0 = -17/8 - log(2 pi 4). g(z) = z, x = (3, 1), sigma =
     * 1/2: log p(x|z) = -(4 + 25) 2 - log(2 pi / 4). Bernoulli, x = (1, 1/4): log p(1) + log p(4)/4 + log(1 - p(4)) 3/4
     * with logits 1 and -4. */
    const double z[2] = {1, -4}, x[2] = {3, 1}, bits[2] = {1, 0.25}, two_pi = 6.283185307179586;
    const double p1 = 1 / (1 + exp(-1)), p2 = 1 / (1 + exp(4));
    double decoded[2];
    struct ref_net f, g;
    ref_net_init(&f, 2);
    ref_net_add_linear(&f, 1, 1);
    memcpy(f.params, (const double[3]){3, -1, 2}, 3 * sizeof *f.params);
    ref_net_init(&g, 2); /* without layers */
    struct ref_model model = {&f, 2, &g, REF_GAUSSIAN, 0.5};
    LEBM_ASSERT_NEAR(ref_prior_log_density(&model, z), 9 - 17.0 / 8 - log(two_pi * 4), 1e-14);
    LEBM_ASSERT_NEAR(ref_log_likelihood(&model, z, x), -29 * 2 - log(two_pi / 4), 1e-13);
    ref_decode(&model, z, decoded);
    ck_assert(decoded[0] == 1 && decoded[1] == -4);
    model.likelihood = REF_BERNOULLI;
    LEBM_ASSERT_NEAR(ref_log_likelihood(&model, z, bits), log(p1) + 0.25 * log(p2) + 0.75 * log(1 - p2), 1e-14);
    ref_decode(&model, z, decoded);
    LEBM_ASSERT_NEAR(decoded[0], p1, 1e-15);
    LEBM_ASSERT_NEAR(decoded[1], p2, 1e-15);
    ref_net_free(&f);
    ref_net_free(&g);
}
END_TEST

START_TEST(chain_of_a_gaussian)
{
    /* f = 0: z after k steps is (1 - s/sigma0^2)^k z, by hand. */
    struct ref_net f;
    ref_net_init(&f, 2);
    ref_net_add_linear(&f, 1, 1);
    struct ref_model model = {.f = &f, .sigma0 = 0.5};
    double z[2] = {1, -3};
    ref_chain(&model, NULL, 7, 0.05, z);
    LEBM_ASSERT_NEAR(z[0], pow(0.8, 7), 1e-14);
    LEBM_ASSERT_NEAR(z[1], -3 * pow(0.8, 7), 1e-14);
    ref_net_free(&f);
}
END_TEST

/* ---- Adam ---- */

/* What Adam averages is the gradient of the loss with the quadratic of weight decay: loss + decay/2 |params|^2. */
struct decay_case {
    struct net_case net_case;
    double decay;
};

static double decayed_loss(const void *context)
{
    const struct decay_case *c = context;
    const struct ref_net *net = c->net_case.net;
    double squares = 0;
    for (int64_t i = 0; i < net->param_total; i++) squares += net->params[i] * net->params[i];
    return weighted_output(&c->net_case) + c->decay / 2 * squares;
}

START_TEST(adam_averages_the_gradient_of_the_decayed_loss)
{
    struct agreement a = gradient_of("Adam's gradient with weight decay");
    uint64_t seed = 41;
    for (int i = 0; i < NETS; i++) {
        struct ref_net net;
        double in[3], grad_out[2];
        ref_net_init(&net, 3);
        ref_net_add_linear(&net, test_integer(&seed, 1, 5), 1);
        ref_net_add_activation(&net, REF_SILU, 0);
        ref_net_add_linear(&net, 2, 1);
        fill(net.params, net.param_total, -1, 1, &seed);
        fill(in, 3, -1, 1, &seed);
        fill(grad_out, 2, -1, 1, &seed);
        const struct decay_case c = {{&net, in, grad_out}, test_uniform(&seed, 0, 2)};
        struct ref_adam adam;
        ref_adam_init(&adam, net.param_total, 0); /* a rate of 0 leaves the parameters where they are */
        adam.beta1 = test_uniform(&seed, 0, 0.99);
        adam.weight_decay = c.decay;
        double *gradient = test_doubles(net.param_total);
        ref_net_vjp(&net, in, grad_out, NULL, gradient);
        ref_adam_step(&adam, net.params, gradient);
        for (int64_t p = 0; p < net.param_total; p++) gradient[p] = adam.m[p] / (1 - adam.beta1);
        assert_gradient(&a, gradient, net.param_total, net.params, decayed_loss, &c, "a step");
        free(gradient);
        ref_adam_free(&adam);
        ref_net_free(&net);
    }
    agreement_print(&a);
}
END_TEST

START_TEST(clipping_keeps_the_direction_and_bounds_the_norm)
{
    uint64_t seed = 42;
    for (int i = 0; i < NETS; i++) {
        enum { COUNT = 7 };
        double gradient[COUNT], params[COUNT] = {0}, norm = 0, cut_norm = 0;
        struct ref_adam adam;
        fill(gradient, COUNT, -1, 1, &seed);
        ref_adam_init(&adam, COUNT, 0);
        adam.clip_norm = test_uniform(&seed, 0.1, 3);
        ref_adam_step(&adam, params, gradient);
        for (int p = 0; p < COUNT; p++) norm += gradient[p] * gradient[p];
        norm = sqrt(norm);
        for (int p = 0; p < COUNT; p++) {
            const double cut = adam.m[p] / (1 - adam.beta1);
            LEBM_ASSERT_NEAR(cut * gradient[0], gradient[p] * adam.m[0] / (1 - adam.beta1), 1e-14);
            cut_norm += cut * cut;
        }
        cut_norm = sqrt(cut_norm);
        LEBM_ASSERT_NEAR(cut_norm, fmin(norm, adam.clip_norm), 2e-6 * norm); /* for the 1e-6 in PyTorch's formula */
        ref_adam_free(&adam);
    }
}
END_TEST

START_TEST(adam_is_its_weighted_sums)
{
    /* Its recurrences written out: the moments are weighted means of the gradients and of their squares. */
    enum { STEPS = 9 };
    uint64_t seed = 43;
    for (int i = 0; i < NETS; i++) {
        double gradients[STEPS], param = 0.5, expected = 0.5;
        struct ref_adam adam;
        ref_adam_init(&adam, 1, test_uniform(&seed, 1e-3, 0.1));
        adam.beta1 = test_uniform(&seed, 0, 0.95);
        adam.beta2 = test_uniform(&seed, 0, 0.999);
        adam.epsilon = pow(10, test_uniform(&seed, -8, -1));
        for (int t = 0; t < STEPS; t++) {
            double m = 0, m_weights = 0, v = 0, v_weights = 0;
            gradients[t] = test_uniform(&seed, -1, 1);
            for (int past = 0; past <= t; past++) {
                const double m_weight = pow(adam.beta1, t - past), v_weight = pow(adam.beta2, t - past);
                m += m_weight * gradients[past];
                v += v_weight * gradients[past] * gradients[past];
                m_weights += m_weight;
                v_weights += v_weight;
            }
            expected -= adam.learning_rate * (m / m_weights) / (sqrt(v / v_weights) + adam.epsilon);
            ref_adam_step(&adam, &param, &gradients[t]);
            LEBM_ASSERT_NEAR(param, expected, 1e-13);
        }
        ref_adam_free(&adam);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("ref");
    TCase *nets = tcase_create("nets");
    tcase_set_timeout(nets, 30);
    tcase_add_test(nets, linear_gradients);
    tcase_add_test(nets, conv_transpose2d_gradients);
    tcase_add_test(nets, reshape_gradients);
    tcase_add_loop_test(nets, activation_gradients, REF_RELU, REF_SOFTPLUS + 1);
    tcase_add_test(nets, whole_net_gradients);
    suite_add_tcase(suite, nets);

    TCase *model = tcase_create("model");
    tcase_set_timeout(model, 30);
    tcase_add_loop_test(model, model_gradients, REF_GAUSSIAN, REF_BERNOULLI + 1);
    tcase_add_test(model, densities_by_hand);
    tcase_add_test(model, chain_of_a_gaussian);
    suite_add_tcase(suite, model);

    TCase *adam = tcase_create("Adam");
    tcase_add_test(adam, adam_averages_the_gradient_of_the_decayed_loss);
    tcase_add_test(adam, clipping_keeps_the_direction_and_bounds_the_norm);
    tcase_add_test(adam, adam_is_its_weighted_sums);
    suite_add_tcase(suite, adam);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
