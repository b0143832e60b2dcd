/* The reference itself: against values from PyTorch, and its gradients against central differences. */
#include "ref/ref.h"

#include "ref/torch_values.h"
#include "support/approx.h"

static void wave(double *out, int64_t count, double speed, double shift)
{
    for (int64_t i = 0; i < count; i++) out[i] = sin(speed * (double)i + shift);
}

static void assert_equals_torch(const double *actual, const double *torch, int64_t count, const char *what)
{
    double scale = fmax(1, approx_largest(torch, count));
    for (int64_t i = 0; i < count; i++)
        if (!(fabs(actual[i] - torch[i]) <= 1e-13 * scale))
            ck_abort_msg("%s[%lld] is %.17g, PyTorch has %.17g", what, (long long)i, actual[i], torch[i]);
}

/* ---- PyTorch ---- */

START_TEST(activations_equal_pytorch)
{
    static const struct {
        enum ref_kind kind;
        const char *name;
        const double *value, *slope;
    } cases[] = {
        {REF_RELU, "relu", torch_relu, torch_relu_slope},
        {REF_LEAKY_RELU, "leaky_relu", torch_leaky_relu, torch_leaky_relu_slope},
        {REF_GELU, "gelu", torch_gelu, torch_gelu_slope},
        {REF_SILU, "silu", torch_silu, torch_silu_slope},
        {REF_MISH, "mish", torch_mish, torch_mish_slope},
        {REF_TANH, "tanh", torch_tanh, torch_tanh_slope},
        {REF_SIGMOID, "sigmoid", torch_sigmoid, torch_sigmoid_slope},
        {REF_SOFTPLUS, "softplus", torch_softplus, torch_softplus_slope},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        for (size_t i = 0; i < sizeof torch_points / sizeof *torch_points; i++) {
            double value = ref_activation(cases[c].kind, 0.2, torch_points[i]);
            double slope = ref_activation_slope(cases[c].kind, 0.2, torch_points[i]);
            assert_equals_torch(&value, &cases[c].value[i], 1, cases[c].name);
            assert_equals_torch(&slope, &cases[c].slope[i], 1, cases[c].name);
        }
    }
}
END_TEST

START_TEST(conv_transpose2d_equals_pytorch)
{
    struct ref_net net;
    ref_net_init(&net, 12);
    ref_net_add_reshape(&net, 2, 3, 2);
    ref_net_add_conv_transpose2d(&net, 3, 4, 2, 1, 1);
    ck_assert_int_eq(net.out_features, 3 * 6 * 4);
    wave(net.params, 96, 0.7, 0.2);
    wave(net.params + 96, 3, 2.1, 0.4);
    double in[12], out[72], grad_out[72], grad_in[12], grad_params[99] = {0};
    wave(in, 12, 1.3, 0);
    wave(grad_out, 72, 0.9, 0);
    ref_net_forward(&net, in, out);
    ref_net_vjp(&net, in, grad_out, grad_in, grad_params);
    assert_equals_torch(out, torch_conv, 72, "out");
    assert_equals_torch(grad_in, torch_conv_grad_in, 12, "grad_in");
    assert_equals_torch(grad_params, torch_conv_grad_weight, 96, "grad_weight");
    assert_equals_torch(grad_params + 96, torch_conv_grad_bias, 3, "grad_bias");
    ref_net_free(&net);
}
END_TEST

START_TEST(linear_equals_pytorch)
{
    struct ref_net net;
    ref_net_init(&net, 4);
    ref_net_add_linear(&net, 3, 1);
    wave(net.params, 12, 0.7, 0.2);
    wave(net.params + 12, 3, 2.1, 0.4);
    double in[4], out[3], grad_out[3], grad_in[4], grad_params[15] = {0};
    wave(in, 4, 1.3, 0);
    wave(grad_out, 3, 0.9, 0.1);
    ref_net_forward(&net, in, out);
    ref_net_vjp(&net, in, grad_out, grad_in, grad_params);
    assert_equals_torch(out, torch_linear, 3, "out");
    assert_equals_torch(grad_in, torch_linear_grad_in, 4, "grad_in");
    assert_equals_torch(grad_params, torch_linear_grad_weight, 12, "grad_weight");
    ref_net_free(&net);
}
END_TEST

START_TEST(likelihoods_equal_pytorch)
{
    struct ref_net g; /* without layers: g(z) = z */
    ref_net_init(&g, 6);
    struct ref_model model = {.g = &g, .likelihood = REF_GAUSSIAN, .sigma = 0.3};
    double z[6], x[6];
    wave(z, 6, 1.7, 0.3);
    wave(x, 6, 0.6, 0);
    for (int i = 0; i < 6; i++) {
        z[i] *= 3;
        x[i] = 0.5 * x[i] + 0.5;
    }
    double value = ref_log_likelihood(&model, z, x);
    assert_equals_torch(&value, torch_gaussian, 1, "gaussian");
    model.likelihood = REF_BERNOULLI;
    value = ref_log_likelihood(&model, z, x);
    assert_equals_torch(&value, torch_bernoulli, 1, "bernoulli");
}
END_TEST

START_TEST(adam_equals_pytorch)
{
    struct ref_adam adam;
    ref_adam_init(&adam, 6, 0.01);
    adam.beta1 = 0.5;
    adam.weight_decay = 0.1;
    adam.clip_norm = 0.7;
    double params[6], grad[6];
    wave(params, 6, 1.1, 0.5);
    for (int step = 0; step < 5; step++) {
        wave(grad, 6, 1.9, 2.0 * step);
        for (int i = 0; i < 6 && step == 3; i++) grad[i] *= 0.01;
        ref_adam_step(&adam, params, grad);
        if (step == 0) assert_equals_torch(params, torch_adam_1, 6, "params after 1 step");
        if (step == 4) assert_equals_torch(params, torch_adam_5, 6, "params after 5 steps");
    }
    ref_adam_free(&adam);
}
END_TEST

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

static void assert_gradient(const double *gradient, int64_t count, double *variables, scalar_fn function,
                            const void *context, const char *what)
{
    double scale = approx_largest(gradient, count);
    ck_assert_msg(scale > 1e-3, "%s: the test has no gradient to speak of: %g", what, scale);
    for (int64_t i = 0; i < count; i++) {
        double expected = difference(function, context, &variables[i]);
        if (!(fabs(gradient[i] - expected) <= 1e-7 * scale))
            ck_abort_msg("%s: gradient %lld is %.12g, central differences give %.12g (largest: %g)", what, (long long)i,
                         gradient[i], expected, scale);
    }
}

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

static void assert_net_gradients(struct ref_net *net, uint64_t seed, const char *what)
{
    double *in = test_doubles(net->in_features);
    double *grad_out = test_doubles(net->out_features);
    double *grad_in = test_doubles(net->in_features);
    double *grad_params = test_doubles(net->param_total);
    for (int64_t i = 0; i < net->in_features; i++) in[i] = test_uniform(&seed, -2, 2);
    for (int64_t i = 0; i < net->out_features; i++) grad_out[i] = test_uniform(&seed, -1, 1);
    for (int64_t i = 0; i < net->param_total; i++) net->params[i] = test_uniform(&seed, -1, 1);
    ref_net_vjp(net, in, grad_out, grad_in, grad_params);
    struct net_case context = {net, in, grad_out};
    assert_gradient(grad_in, net->in_features, in, weighted_output, &context, what);
    if (net->param_total > 0)
        assert_gradient(grad_params, net->param_total, net->params, weighted_output, &context, what);
    free(in);
    free(grad_out);
    free(grad_in);
    free(grad_params);
}

START_TEST(linear_gradients)
{
    for (int bias = 0; bias < 2; bias++) {
        struct ref_net net;
        ref_net_init(&net, 7);
        ref_net_add_linear(&net, 4, bias);
        ref_net_add_linear(&net, 3, bias);
        assert_net_gradients(&net, 11, "linear");
        ref_net_free(&net);
    }
}
END_TEST

START_TEST(conv_transpose2d_gradients)
{
    static const int64_t cases[][6] = {
        /* c, h, w, kernel, stride, padding */
        {3, 1, 1, 4, 1, 0}, {2, 3, 2, 4, 2, 1}, {1, 4, 3, 3, 1, 2}, {2, 3, 3, 2, 3, 0}, {2, 2, 4, 5, 4, 3},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const int64_t *v = cases[c];
        struct ref_net net;
        ref_net_init(&net, v[0] * v[1] * v[2]);
        ref_net_add_reshape(&net, v[0], v[1], v[2]);
        ref_net_add_conv_transpose2d(&net, 2, v[3], v[4], v[5], c % 2 == 0);
        assert_net_gradients(&net, 12 + c, "conv_transpose2d");
        ref_net_free(&net);
    }
}
END_TEST

START_TEST(activation_gradients)
{
    struct ref_net net;
    ref_net_init(&net, 40);
    ref_net_add_activation(&net, (enum ref_kind)_i, 0.2);
    assert_net_gradients(&net, 100 + (uint64_t)_i, "activation");
    ref_net_free(&net);
}
END_TEST

START_TEST(whole_net_gradients)
{
    struct ref_net net;
    ref_net_init(&net, 5);
    ref_net_add_linear(&net, 8, 1);
    ref_net_add_activation(&net, REF_MISH, 0);
    ref_net_add_reshape(&net, 2, 2, 2);
    ref_net_add_conv_transpose2d(&net, 3, 4, 2, 1, 1);
    ref_net_add_activation(&net, REF_SILU, 0);
    ref_net_add_conv_transpose2d(&net, 1, 3, 1, 1, 0);
    ref_net_add_activation(&net, REF_TANH, 0);
    assert_net_gradients(&net, 21, "net");
    ref_net_free(&net);
}
END_TEST

struct model_case {
    const struct ref_model *model;
    const double *z, *x;
};

static double log_density(const void *context)
{
    const struct model_case *c = context;
    return ref_log_density(c->model, c->z, c->x);
}

START_TEST(model_gradients)
{
    struct ref_net f, g;
    ref_net_init(&f, 4);
    ref_net_add_linear(&f, 6, 1);
    ref_net_add_activation(&f, REF_GELU, 0);
    ref_net_add_linear(&f, 1, 1);
    ref_net_init(&g, 4);
    ref_net_add_linear(&g, 6, 1);
    ref_net_add_activation(&g, REF_TANH, 0);
    ref_net_add_linear(&g, 5, 1);
    uint64_t seed = 31;
    for (int64_t i = 0; i < f.param_total; i++) f.params[i] = test_uniform(&seed, -1, 1);
    for (int64_t i = 0; i < g.param_total; i++) g.params[i] = test_uniform(&seed, -1, 1);
    double z[4], x[5];
    for (int i = 0; i < 4; i++) z[i] = test_uniform(&seed, -1, 1);
    for (int i = 0; i < 5; i++) x[i] = test_uniform(&seed, 0, 1);

    for (int likelihood = 0; likelihood < 2; likelihood++) {
        struct ref_model model = {&f, 0.6, &g, likelihood ? REF_BERNOULLI : REF_GAUSSIAN, likelihood ? 0 : 0.4};
        struct model_case with_x = {&model, z, x}, without_x = {&model, z, NULL};
        double score[4];
        ref_score(&model, z, NULL, score);
        assert_gradient(score, 4, z, log_density, &without_x, "prior score");
        ref_score(&model, z, x, score);
        assert_gradient(score, 4, z, log_density, &with_x, "posterior score");
        double *grad = test_doubles(g.param_total);
        ref_likelihood_grad_params(&model, z, x, grad);
        assert_gradient(grad, g.param_total, g.params, log_density, &with_x, "gradient of g");
        free(grad);

        /* eq. 19 with two z, eq. 22: of mean log p(x|z+), and of f(z+) - f(z-) */
        double z_pair[8], x_pair[10];
        for (int i = 0; i < 8; i++) z_pair[i] = test_uniform(&seed, -1, 1);
        for (int i = 0; i < 10; i++) x_pair[i] = test_uniform(&seed, 0, 1);
        double *grad_f = test_doubles(f.param_total), *grad_g = test_doubles(g.param_total);
        double *one = test_doubles(g.param_total);
        ref_gradients(&model, 1, x, z, z_pair, grad_f, grad_g);
        ref_likelihood_grad_params(&model, z, x, one);
        for (int64_t i = 0; i < g.param_total; i++) LEBM_ASSERT_NEAR(grad_g[i], one[i], 1e-12);
        const double forward = 1;
        double *expected = test_doubles(f.param_total), *negative = test_doubles(f.param_total);
        ref_net_vjp(&f, z, &forward, NULL, expected);
        ref_net_vjp(&f, z_pair, &forward, NULL, negative);
        for (int64_t i = 0; i < f.param_total; i++) LEBM_ASSERT_NEAR(grad_f[i], expected[i] - negative[i], 1e-12);

        /* of two, the mean */
        ref_gradients(&model, 2, x_pair, z_pair, z_pair, grad_f, grad_g);
        LEBM_ASSERT_NEAR(approx_largest(grad_f, f.param_total), 0, 1e-12);
        memset(one, 0, (size_t)g.param_total * sizeof *one);
        ref_likelihood_grad_params(&model, z_pair, x_pair, one);
        ref_likelihood_grad_params(&model, z_pair + 4, x_pair + 5, one);
        for (int64_t i = 0; i < g.param_total; i++) LEBM_ASSERT_NEAR(grad_g[i], one[i] / 2, 1e-12);
        free(grad_f);
        free(grad_g);
        free(one);
        free(expected);
        free(negative);
    }
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

static Suite *suite(void)
{
    Suite *suite = suite_create("ref");
    TCase *torch = tcase_create("PyTorch");
    tcase_add_test(torch, activations_equal_pytorch);
    tcase_add_test(torch, conv_transpose2d_equals_pytorch);
    tcase_add_test(torch, linear_equals_pytorch);
    tcase_add_test(torch, likelihoods_equal_pytorch);
    tcase_add_test(torch, adam_equals_pytorch);
    suite_add_tcase(suite, torch);

    TCase *differences = tcase_create("central differences");
    tcase_add_test(differences, linear_gradients);
    tcase_add_test(differences, conv_transpose2d_gradients);
    tcase_add_loop_test(differences, activation_gradients, REF_RELU, REF_SOFTPLUS + 1);
    tcase_add_test(differences, whole_net_gradients);
    tcase_add_test(differences, model_gradients);
    tcase_add_test(differences, chain_of_a_gaussian);
    suite_add_tcase(suite, differences);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
