/* Initialisation: bounds and moments of both schemes with PyTorch's fans, and what depends on the seed. */
#include "lebm.h"
#include "support/approx.h"
#include "support/nets.h"
#include "support/pair.h"

/* Layers of one kind each, large enough for tight statistics, with the fans PyTorch computes for them. */
static const struct {
    const char *spec;
    double fan_in, fan_out;
} cases[] = {
    {"in 300; linear 50", 300, 50},
    {"in 40; linear 500", 40, 500},
    {"in 100; conv_transpose2d 30 4 1 0", 30 * 16, 100 * 16}, /* fan_in from the second axis of [in, out, k, k] */
    {"in 12; conv_transpose2d 64 5 2 1", 64 * 25, 12 * 25},
};
enum { CASES = sizeof cases / sizeof *cases };

struct moments {
    double mean, variance, kurtosis, largest;
};

static struct moments moments_of(const float *values, int64_t count)
{
    struct moments m = {0, 0, 0, 0};
    for (int64_t i = 0; i < count; i++) m.mean += (double)values[i] / (double)count;
    for (int64_t i = 0; i < count; i++) {
        double d = (double)values[i] - m.mean;
        m.variance += d * d / (double)count;
        m.kurtosis += d * d * d * d / (double)count;
        m.largest = fmax(m.largest, fabs((double)values[i]));
    }
    m.kurtosis /= m.variance * m.variance;
    return m;
}

/* Mean 0, the given standard deviation and kurtosis, each within five standard errors. */
static void assert_moments(struct moments m, int64_t count, double std, double kurtosis)
{
    double n = (double)count;
    LEBM_ASSERT_NEAR(m.mean, 0, 5 * std / sqrt(n));
    LEBM_ASSERT_NEAR(m.variance, std * std, 5 * std * std * sqrt((kurtosis - 1) / n));
    LEBM_ASSERT_NEAR(m.kurtosis, kurtosis, 5 * sqrt(24 / n)); /* the error of a normal's; a uniform's is smaller */
}

START_TEST(pytorch_is_uniform_within_its_bound)
{
    lebm_net *net = make_net_by(cases[_i].spec, LEBM_INIT_PYTORCH, 1);
    double bound = 1 / sqrt(cases[_i].fan_in);
    float *params = pair_params(net);
    int64_t weights = lebm_net_param_size(net, 0), biases = lebm_net_param_size(net, 1);

    struct moments m = moments_of(params, weights);
    ck_assert_msg(m.largest <= bound * (1 + 1e-6), "a weight of %g is beyond the bound %g", m.largest, bound);
    ck_assert_msg(m.largest > bound * 0.99, "the largest weight is %g, the bound %g", m.largest, bound);
    assert_moments(m, weights, bound / sqrt(3), 1.8);

    m = moments_of(params + weights, biases);
    ck_assert_msg(m.largest <= bound * (1 + 1e-6), "a bias of %g is beyond the bound %g", m.largest, bound);
    ck_assert_msg(m.largest > bound * 0.6, "the largest bias is %g, the bound %g", m.largest, bound);
    LEBM_ASSERT_NEAR(m.mean, 0, 5 * bound / sqrt(3.0 * (double)biases));
    free(params);
    lebm_net_destroy(net);
}
END_TEST

START_TEST(xavier_is_normal_without_biases)
{
    lebm_net *net = make_net_by(cases[_i].spec, LEBM_INIT_XAVIER_NORMAL, 1);
    double std = sqrt(2 / (cases[_i].fan_in + cases[_i].fan_out));
    float *params = pair_params(net);
    int64_t weights = lebm_net_param_size(net, 0), biases = lebm_net_param_size(net, 1);

    struct moments m = moments_of(params, weights);
    assert_moments(m, weights, std, 3);
    int64_t within = 0;
    for (int64_t i = 0; i < weights; i++) within += fabs((double)params[i]) < std;
    LEBM_ASSERT_NEAR((double)within / (double)weights, 0.682689, 5 * sqrt(0.2166 / (double)weights));
    for (int64_t i = 0; i < biases; i++) ck_assert_float_eq(params[weights + i], 0);
    free(params);
    lebm_net_destroy(net);
}
END_TEST

/* Of any net, of recurrent ones too. */
START_TEST(uniform_is_within_a_tenth)
{
    lebm_generator *generator;
    LEBM_ASSERT_OK(lebm_generator_create_from_spec(
        &generator, _i ? "in 3; embedding 50; lstm 60; tokens 99 9" : "in 40; linear 90; relu; linear 60",
        _i ? LEBM_CATEGORICAL : LEBM_GAUSSIAN, _i ? 0 : 1));
    LEBM_ASSERT_OK(lebm_generator_init(generator, LEBM_INIT_UNIFORM, 1));
    for (int64_t i = 0; i < lebm_generator_param_count(generator); i++) {
        const int64_t size = lebm_generator_param_size(generator, i);
        float *values = test_floats(size);
        LEBM_ASSERT_OK(lebm_generator_get_param(generator, i, values, size));
        const struct moments m = moments_of(values, size);
        LEBM_ASSERT_MSG(m.largest <= 0.1 * (1 + 1e-6) && m.largest > 0.09, "%s: the largest is %g",
                        lebm_generator_param_name(generator, i), m.largest);
        LEBM_ASSERT_NEAR(m.mean, 0, 5 * 0.1 / sqrt(3.0 * (double)size));
        if (size > 1000) assert_moments(m, size, 0.1 / sqrt(3), 1.8);
        free(values);
    }
    lebm_generator_destroy(generator);
}
END_TEST

static const char *const schemes[] = {LEBM_INIT_PYTORCH, LEBM_INIT_XAVIER_NORMAL, LEBM_INIT_UNIFORM};
static const char three_layers[] = "in 20; linear 20; relu; linear 20 nobias; relu; conv_transpose2d 20 1 1 0; tanh";

START_TEST(the_same_seed_gives_the_same_parameters)
{
    lebm_net *a = make_net_by(three_layers, schemes[_i], 7), *b = make_net_by(three_layers, schemes[_i], 7);
    float *params_a = pair_params(a), *params_b = pair_params(b);
    LEBM_ASSERT_SAME_BITS(params_a, params_b, lebm_net_param_total(a));
    LEBM_ASSERT_OK(lebm_net_init(a, schemes[_i], 8)); /* whatever the net held before */
    LEBM_ASSERT_OK(lebm_net_init(a, schemes[_i], 7));
    free(params_a);
    params_a = pair_params(a);
    LEBM_ASSERT_SAME_BITS(params_a, params_b, lebm_net_param_total(a));
    free(params_a);
    free(params_b);
    lebm_net_destroy(a);
    lebm_net_destroy(b);
}
END_TEST

/* The fraction of equal values, and the correlation, must be those of unrelated arrays. */
static void assert_unrelated(const float *a, const float *b, int64_t count)
{
    double ab = 0, aa = 0, bb = 0;
    int64_t equal = 0;
    for (int64_t i = 0; i < count; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
        equal += a[i] == b[i];
    }
    ck_assert_int_le(equal, 1);
    LEBM_ASSERT_NEAR(ab / sqrt(aa * bb), 0, 5 / sqrt((double)count));
}

START_TEST(other_seeds_give_other_parameters)
{
    static const uint64_t others[] = {8, 0, 7 + ((uint64_t)1 << 32), (uint64_t)7 << 32, UINT64_MAX};
    lebm_net *a = make_net_by(three_layers, schemes[_i], 7);
    float *params_a = pair_params(a);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        lebm_net *b = make_net_by(three_layers, schemes[_i], others[i]);
        float *params_b = pair_params(b);
        assert_unrelated(params_a, params_b, 400);
        free(params_b);
        lebm_net_destroy(b);
    }
    free(params_a);
    lebm_net_destroy(a);
}
END_TEST

START_TEST(one_seed_for_two_nets_gives_unrelated_parameters)
{
    /* The trainers' f and g for MNIST, which have their first two layers in common. */
    lebm_net *f = make_net_by("in 16; linear 200; gelu; linear 200; gelu; linear 1", schemes[_i], 7);
    lebm_net *g = make_net_by("in 16; linear 200; gelu; linear 200; gelu; linear 784", schemes[_i], 7);
    float *params_f = pair_params(f), *params_g = pair_params(g);
    const int64_t weight[2] = {16 * 200, 200 * 200}, begin[2] = {0, 16 * 200 + 200};
    for (int i = 0; i < 2; i++) assert_unrelated(params_f + begin[i], params_g + begin[i], weight[i]);
    free(params_f);
    free(params_g);
    lebm_net_destroy(f);
    lebm_net_destroy(g);
}
END_TEST

START_TEST(tensors_of_one_net_differ)
{
    lebm_net *net = make_net_by(three_layers, schemes[_i], 7);
    float *params = pair_params(net);
    const float *first = params, *second = params + 420, *third = params + 820;
    ck_assert_str_eq(lebm_net_param_name(net, 2), "2.weight");
    ck_assert_int_eq(lebm_net_param_total(net), 1240);
    assert_unrelated(first, second, 400);
    assert_unrelated(second, third, 400);
    assert_unrelated(first, third, 400);
    if (strcmp(schemes[_i], LEBM_INIT_PYTORCH) == 0) assert_unrelated(first, params + 400, 20); /* its bias */
    free(params);
    lebm_net_destroy(net);
}
END_TEST

START_TEST(wrong_schemes_change_nothing)
{
    lebm_net *net = make_net_by(three_layers, LEBM_INIT_PYTORCH, 7);
    float *before = pair_params(net);
    LEBM_ASSERT_STATUS(lebm_net_init(net, "kaiming", 8), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_ERROR_NAMES("kaiming");
    LEBM_ASSERT_STATUS(lebm_net_init(net, "", 8), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_STATUS(lebm_net_init(net, NULL, 8), LEBM_ERR_INVALID);
    float *after = pair_params(net);
    LEBM_ASSERT_SAME_BITS(after, before, lebm_net_param_total(net));
    free(before);
    free(after);
    lebm_net_destroy(net);
}
END_TEST

START_TEST(init_is_what_forward_uses)
{
    /* New parameters are seen at once, also after a forward with the old ones. */
    lebm_net *net = make_net_by("in 5; conv_transpose2d 7 3 1 0", LEBM_INIT_PYTORCH, 1);
    float *in = test_random_floats(5, -1, 1, 3);
    float first[63], second[63], expected[63];
    LEBM_ASSERT_OK(lebm_net_forward(net, in, 1, first));
    LEBM_ASSERT_OK(lebm_net_init(net, LEBM_INIT_XAVIER_NORMAL, 2));
    LEBM_ASSERT_OK(lebm_net_forward(net, in, 1, second));
    lebm_net *other = make_net_by("in 5; conv_transpose2d 7 3 1 0", LEBM_INIT_XAVIER_NORMAL, 2);
    LEBM_ASSERT_OK(lebm_net_forward(other, in, 1, expected));
    LEBM_ASSERT_SAME_BITS(second, expected, 63);
    ck_assert_float_ne(first[0], second[0]);
    free(in);
    lebm_net_destroy(net);
    lebm_net_destroy(other);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("init");
    TCase *statistics = tcase_create("statistics");
    tcase_add_loop_test(statistics, pytorch_is_uniform_within_its_bound, 0, CASES);
    tcase_add_loop_test(statistics, xavier_is_normal_without_biases, 0, CASES);
    tcase_add_loop_test(statistics, uniform_is_within_a_tenth, 0, 2);
    suite_add_tcase(suite, statistics);

    TCase *seeds = tcase_create("seeds");
    tcase_add_loop_test(seeds, the_same_seed_gives_the_same_parameters, 0, 3);
    tcase_add_loop_test(seeds, other_seeds_give_other_parameters, 0, 3);
    tcase_add_loop_test(seeds, one_seed_for_two_nets_gives_unrelated_parameters, 0, 3);
    tcase_add_loop_test(seeds, tensors_of_one_net_differ, 0, 3);
    tcase_add_test(seeds, wrong_schemes_change_nothing);
    tcase_add_test(seeds, init_is_what_forward_uses);
    suite_add_tcase(suite, seeds);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
