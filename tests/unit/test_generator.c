/* The generator: decode, log likelihood and score by hand, for each likelihood (tests/ref/test_densities.c has random
 * ones); ownership of g. */
#include <float.h>

#include "lebm.h"
#include "support/approx.h"
#include "support/nets.h"
#include "support/pair.h"

enum { M = 7 };

static void make_g(struct pair *g)
{
    pair_init(g, M);
    pair_add_conv_transpose2d(g, 10, 3, 1, 0, 1);
    pair_add_activation(g, LEBM_SILU, 0);
    pair_add_conv_transpose2d(g, 5, 4, 2, 1, 1);
    pair_add_activation(g, LEBM_LEAKY_RELU, 0.2);
    pair_add_conv_transpose2d(g, 2, 3, 1, 1, 1);
    pair_randomise(g, 1.5, 23);
}

static const struct {
    const char *name;
    double sigma;
} likelihoods[] = {
    {LEBM_GAUSSIAN, 0.3},
    {LEBM_GAUSSIAN, 1},
    {LEBM_GAUSSIAN, 2.5},
    {LEBM_BERNOULLI, 0},
};
enum { LIKELIHOODS = 4 };

/* g(z) = w z with two outputs, so that all can be written out. */
static lebm_generator *two_outputs(const char *likelihood, double sigma, float w0, float w1)
{
    lebm_net *g;
    const float weight[2] = {w0, w1};
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&g, "in 1; linear 2 nobias"));
    LEBM_ASSERT_OK(lebm_net_set_param(g, 0, weight, 2));
    lebm_generator *generator = make_generator(g, likelihood, sigma);
    return generator;
}

START_TEST(gaussian_by_hand)
{
    /* g = (2, -1), x = (3, 1), sigma = 1/2: |x - g|^2 = 5, so log p = -10 - log(2 pi / 4). */
    lebm_generator *generator = two_outputs(LEBM_GAUSSIAN, 0.5, 2, -1);
    const float z = 1, x[2] = {3, 1};
    float value;
    LEBM_ASSERT_OK(lebm_generator_log_likelihood(generator, &z, x, 1, &value));
    LEBM_ASSERT_NEAR(value, -10 - log(6.283185307179586 / 4), 1e-5);
    LEBM_ASSERT_OK(lebm_generator_score(generator, &z, x, 1, &value));
    LEBM_ASSERT_NEAR(value, (1 * 2 + 2 * -1) / 0.25, 1e-5);
    const float z2 = 2; /* g = (4, -2): residual (-1, 3) */
    LEBM_ASSERT_OK(lebm_generator_score(generator, &z2, x, 1, &value));
    LEBM_ASSERT_NEAR(value, (-1 * 2 + 3 * -1) / 0.25, 1e-5);
    lebm_generator_destroy(generator);
}
END_TEST

START_TEST(bernoulli_by_hand)
{
    lebm_generator *generator = two_outputs(LEBM_BERNOULLI, 0, 2, -1);
    const float z = 1, x[2] = {1, 0.25f};
    float value, mean[2];
    double p0 = 1 / (1 + exp(-2.0)), p1 = 1 / (1 + exp(1.0));
    LEBM_ASSERT_OK(lebm_generator_decode(generator, &z, 1, mean));
    LEBM_ASSERT_NEAR(mean[0], p0, 1e-6);
    LEBM_ASSERT_NEAR(mean[1], p1, 1e-6);
    LEBM_ASSERT_OK(lebm_generator_log_likelihood(generator, &z, x, 1, &value));
    LEBM_ASSERT_NEAR(value, log(p0) + 0.25 * log(p1) + 0.75 * log(1 - p1), 1e-6);
    LEBM_ASSERT_OK(lebm_generator_score(generator, &z, x, 1, &value));
    LEBM_ASSERT_NEAR(value, (1 - p0) * 2 + (0.25 - p1) * -1, 1e-6);
    lebm_generator_destroy(generator);
}
END_TEST

START_TEST(bernoulli_with_large_logits)
{
    /* log(1 - sigmoid(300)) would be -inf if it were computed so; it is -300. */
    lebm_generator *generator = two_outputs(LEBM_BERNOULLI, 0, 300, -300);
    const float z = 1, wrong[2] = {0, 1}, right[2] = {1, 0};
    float value;
    LEBM_ASSERT_OK(lebm_generator_log_likelihood(generator, &z, wrong, 1, &value));
    LEBM_ASSERT_NEAR(value, -600, 1e-3);
    LEBM_ASSERT_OK(lebm_generator_log_likelihood(generator, &z, right, 1, &value));
    LEBM_ASSERT_NEAR(value, 0, 1e-6);
    LEBM_ASSERT_OK(lebm_generator_score(generator, &z, wrong, 1, &value));
    LEBM_ASSERT_NEAR(value, -600, 1e-3);
    lebm_generator_destroy(generator);
}
END_TEST

START_TEST(rows_do_not_depend_on_each_other)
{
    enum { N = 100 };
    struct pair g;
    make_g(&g);
    int64_t d = g.ref.out_features;
    lebm_generator *generator = make_generator(g.net, likelihoods[_i].name, likelihoods[_i].sigma);
    g.net = NULL;
    float *z = test_normal_floats(N * M, 1, 5), *x = test_random_floats(N * d, 0, 1, 6);
    float *many = test_floats(N * d), *few = test_floats(N * d);
    LEBM_ASSERT_OK(lebm_generator_decode(generator, z, N, many));
    LEBM_ASSERT_OK(lebm_generator_decode(generator, z, 30, few));
    LEBM_ASSERT_SAME_BITS(few, many, 30 * d);
    LEBM_ASSERT_OK(lebm_generator_log_likelihood(generator, z, x, N, many));
    LEBM_ASSERT_OK(lebm_generator_log_likelihood(generator, z, x, 30, few));
    LEBM_ASSERT_SAME_BITS(few, many, 30);
    LEBM_ASSERT_OK(lebm_generator_score(generator, z, x, N, many));
    LEBM_ASSERT_OK(lebm_generator_score(generator, z, x, 30, few));
    LEBM_ASSERT_SAME_BITS(few, many, 30 * M);
    free(z);
    free(x);
    free(many);
    free(few);
    lebm_generator_destroy(generator);
    pair_free(&g);
}
END_TEST

START_TEST(x_has_the_order_of_its_mean)
{
    /* Where g is of several channels and pixels, which it does not keep in the order of x. */
    enum { N = 3 };
    struct pair g;
    make_g(&g);
    const int is_gaussian = strcmp(likelihoods[_i].name, LEBM_GAUSSIAN) == 0;
    const int64_t d = g.ref.out_features;
    const double variance = pow(likelihoods[_i].sigma, 2);
    lebm_generator *generator = make_generator(g.net, likelihoods[_i].name, likelihoods[_i].sigma);
    float *z = test_normal_floats(N * M, 1, 5), *x = test_random_floats(N * d, 0, 1, 6), value[N];
    double *expected = pair_ref_forward(&g, z, N);
    LEBM_ASSERT_OK(lebm_generator_log_likelihood(generator, z, x, N, value));
    for (int i = 0; i < N; i++) {
        double sum = 0;
        for (int64_t j = i * d; j < (i + 1) * d; j++) {
            sum += is_gaussian ? -pow(x[j] - expected[j], 2) / (2 * variance) - log(6.283185307179586 * variance) / 2
                               : x[j] * expected[j] - log1p(exp(expected[j]));
        }
        LEBM_ASSERT_NEAR(value[i], sum, 1e-5 * fabs(sum));
    }
    float *mean = test_floats(N * d);
    LEBM_ASSERT_OK(lebm_generator_decode(generator, z, N, mean));
    for (int64_t j = 0; j < N * d; j++) {
        LEBM_ASSERT_NEAR(mean[j], is_gaussian ? expected[j] : 1 / (1 + exp(-expected[j])), 1e-5);
    }
    g.net = NULL;
    free(z);
    free(x);
    free(expected);
    free(mean);
    lebm_generator_destroy(generator);
    pair_free(&g);
}
END_TEST

START_TEST(what_is_missing_is_left_out)
{
    /* log p of what is there is that of a generator whose net gives nothing else. */
    enum { D = 300, FEW = 100 }; /* of D, each third number is there */
    lebm_net *all, *few;
    lebm_generator *skips, *has_few;
    float *z = test_normal_floats(5 * 2, 1, 3), *x = test_random_floats(5 * D, 0, 1, 4);
    float *weight = test_normal_floats(D * 2, 1, 5), few_weight[FEW * 2], few_x[5 * FEW];
    float value[5], expected[5], score[10], expected_score[10];
    for (int i = 0; i < FEW; i++) memcpy(few_weight + 2 * i, weight + 2 * 3 * i, 2 * sizeof *weight);
    for (int i = 0; i < 5 * D; i++) {
        const int row = i / D, place = i % D;
        if (place % 3 == 0) few_x[row * FEW + place / 3] = x[i];
        if (place % 3 != 0) x[i] = NAN;
    }
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&all, "in 2; linear 300 nobias"));
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&few, "in 2; linear 100 nobias"));
    LEBM_ASSERT_OK(lebm_net_set_param(all, 0, weight, D * 2));
    LEBM_ASSERT_OK(lebm_net_set_param(few, 0, few_weight, FEW * 2));
    skips = make_generator(all, likelihoods[_i].name, likelihoods[_i].sigma);
    has_few = make_generator(few, likelihoods[_i].name, likelihoods[_i].sigma);
    LEBM_ASSERT_STATUS(lebm_generator_log_likelihood(skips, z, x, 5, value), LEBM_ERR_RANGE);
    LEBM_ASSERT_OK(lebm_generator_set_str(skips, LEBM_GENERATOR_MISSING, "skip"));
    LEBM_ASSERT_OK(lebm_generator_log_likelihood(skips, z, x, 5, value));
    LEBM_ASSERT_OK(lebm_generator_log_likelihood(has_few, z, few_x, 5, expected));
    LEBM_ASSERT_OK(lebm_generator_score(skips, z, x, 5, score));
    LEBM_ASSERT_OK(lebm_generator_score(has_few, z, few_x, 5, expected_score));
    for (int i = 0; i < 5; i++) LEBM_ASSERT_NEAR(value[i], expected[i], 1e-5 * fabs(expected[i]));
    for (int i = 0; i < 10; i++) LEBM_ASSERT_NEAR(score[i], expected_score[i], 1e-4 * (1 + fabs(expected_score[i])));
    x[0] = INFINITY; /* infinite is not missing */
    LEBM_ASSERT_STATUS(lebm_generator_score(skips, z, x, 5, score), LEBM_ERR_RANGE);
    free(z);
    free(x);
    free(weight);
    lebm_generator_destroy(skips);
    lebm_generator_destroy(has_few);
}
END_TEST

START_TEST(nothing_missing_changes_no_bit)
{
    enum { N = 9 };
    struct pair g;
    make_g(&g);
    const int64_t d = g.ref.out_features;
    lebm_generator *generator = make_generator(g.net, LEBM_BERNOULLI, 0);
    float *z = test_normal_floats(N * M, 1, 5), *x = test_random_floats(N * d, 0, 1, 6), score[2][N * M];
    LEBM_ASSERT_OK(lebm_generator_score(generator, z, x, N, score[0]));
    LEBM_ASSERT_OK(lebm_generator_set_str(generator, LEBM_GENERATOR_MISSING, "skip"));
    LEBM_ASSERT_OK(lebm_generator_score(generator, z, x, N, score[1]));
    LEBM_ASSERT_SAME_BITS(score[0], score[1], N * M);
    g.net = NULL;
    free(z);
    free(x);
    lebm_generator_destroy(generator);
    pair_free(&g);
}
END_TEST

START_TEST(draws_have_the_moments_of_the_likelihood)
{
    enum { N = 20000 };
    const int is_gaussian = strcmp(likelihoods[_i].name, LEBM_GAUSSIAN) == 0;
    lebm_generator *generator = two_outputs(likelihoods[_i].name, likelihoods[_i].sigma, 0.7f, -1.2f);
    float *z = test_floats(N), *x = test_floats(2 * N), mean[2];
    for (int i = 0; i < N; i++) z[i] = 1;
    LEBM_ASSERT_OK(lebm_generator_decode(generator, z, 1, mean));
    LEBM_ASSERT_OK(lebm_generator_draw(generator, z, N, 7, 0, x));
    for (int d = 0; d < 2; d++) {
        const double sigma = likelihoods[_i].sigma, m = mean[d], variance = is_gaussian ? sigma * sigma : m * (1 - m);
        double sum = 0, squares = 0;
        for (int i = 0; i < N; i++) {
            const double e = x[2 * i + d] - m;
            sum += e;
            squares += e * e;
            LEBM_ASSERT_MSG(is_gaussian || x[2 * i + d] == 0 || x[2 * i + d] == 1, "a draw is %g", x[2 * i + d]);
        }
        /* Five standard errors: a false alarm in a million. */
        LEBM_ASSERT_NEAR(sum / N, 0, 5 * sqrt(variance / N));
        LEBM_ASSERT_NEAR(squares / N, variance, 5 * variance * sqrt(3.0 / N));
    }
    double product = 0,
           bound = 0; /* numbers next to each other, in a row and in two, have nothing to do with each other */
    for (int i = 0; i + 1 < 2 * N; i++) product += (double)(x[i] - mean[i % 2]) * (x[i + 1] - mean[(i + 1) % 2]);
    for (int d = 0; d < 2; d++) bound += 0.5 * (is_gaussian ? pow(likelihoods[_i].sigma, 2) : mean[d] * (1 - mean[d]));
    LEBM_ASSERT_NEAR(product / (2 * N), 0, 5 * bound / sqrt(2 * N));
    free(z);
    free(x);
    lebm_generator_destroy(generator);
}
END_TEST

START_TEST(each_row_is_drawn_about_its_own_mean)
{
    enum { N = 130 };
    struct pair g;
    make_g(&g);
    const int64_t d = g.ref.out_features;
    lebm_generator *generator = make_generator(g.net, LEBM_GAUSSIAN, 1e-6);
    float *z = test_normal_floats(N * M, 1, 5), *x = test_floats(N * d), *mean = test_floats(N * d);
    LEBM_ASSERT_OK(lebm_generator_decode(generator, z, N, mean));
    LEBM_ASSERT_OK(lebm_generator_draw(generator, z, N, 3, 1, x));
    for (int64_t i = 0; i < N * d; i++) LEBM_ASSERT_NEAR(x[i], mean[i], 1e-5);
    g.net = NULL;
    free(z);
    free(x);
    free(mean);
    lebm_generator_destroy(generator);
    pair_free(&g);
}
END_TEST

START_TEST(draws_have_random_numbers_of_their_own)
{
    /* About a mean of 0 with sigma 1, x is the noise alone, and so is z of a chain that hardly moves. */
    enum { N = 500, SIZE = 2 };
    lebm_prior *prior = make_prior(make_net("in 2; linear 1", 1), 1);
    lebm_net *g;
    lebm_sampler *sampler;
    const float zeros[SIZE * SIZE] = {0};
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&g, "in 2; linear 2 nobias"));
    LEBM_ASSERT_OK(lebm_net_set_param(g, 0, zeros, SIZE * SIZE));
    lebm_generator *generator = make_generator(g, LEBM_GAUSSIAN, 1);
    float *z = test_floats(N * SIZE), *x = test_floats(N * SIZE);
    LEBM_ASSERT_OK(lebm_generator_draw(generator, z, N, 3, 1, x));
    for (int is_posterior = 0; is_posterior < 2; is_posterior++) {
        LEBM_ASSERT_OK(lebm_sampler_create(&sampler, LEBM_LANGEVIN));
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_SEED, 3));
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STREAM, 1));
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 1));
        LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, 1e-12));
        if (is_posterior)
            LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, prior, generator, x, N, z));
        else
            LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, prior, N, z));
        int close = 0;
        for (int i = 0; i < N * SIZE; i++) close += fabs((double)x[i] - z[i]) < 1e-3;
        ck_assert_int_lt(close, 10);
        lebm_sampler_destroy(sampler);
    }
    free(z);
    free(x);
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
}
END_TEST

START_TEST(draws_are_keyed_by_seed_stream_and_row)
{
    enum { N = 130 };
    struct pair g;
    make_g(&g);
    const int64_t d = g.ref.out_features;
    lebm_generator *generator = make_generator(g.net, likelihoods[_i].name, likelihoods[_i].sigma);
    float *z = test_normal_floats(N * M, 1, 5), *x = test_floats(N * d), *again = test_floats(N * d);
    LEBM_ASSERT_OK(lebm_generator_draw(generator, z, N, 3, 1, x));
    LEBM_ASSERT_OK(lebm_generator_draw(generator, z, 70, 3, 1, again));
    LEBM_ASSERT_SAME_BITS(again, x, 70 * d);
    LEBM_ASSERT_OK(lebm_generator_draw(generator, z, N, 4, 1, again));
    ck_assert_int_ne(memcmp(again, x, (size_t)(N * d) * sizeof *x), 0);
    LEBM_ASSERT_OK(lebm_generator_draw(generator, z, N, 3, 2, again));
    ck_assert_int_ne(memcmp(again, x, (size_t)(N * d) * sizeof *x), 0);
    LEBM_ASSERT_OK(lebm_generator_draw(generator, z, 0, 3, 2, again));
    LEBM_ASSERT_STATUS(lebm_generator_draw(generator, z, -1, 3, 2, again), LEBM_ERR_RANGE);
    g.net = NULL;
    free(z);
    free(x);
    free(again);
    lebm_generator_destroy(generator);
    pair_free(&g);
}
END_TEST

START_TEST(its_parameters_are_those_of_its_net)
{
    float of_generator[2], of_net[2], other[2] = {5, 6};
    lebm_generator *generator = two_outputs(LEBM_GAUSSIAN, 1, 3, 4);
    ck_assert_int_eq(lebm_generator_param_count(generator), 1);
    ck_assert_int_eq(lebm_generator_param_size(generator, 0), 2);
    ck_assert_int_eq(lebm_generator_param_ndim(generator, 0), 2);
    ck_assert_int_eq(lebm_generator_param_dim(generator, 0, 0), 2);
    ck_assert_int_eq(lebm_generator_param_dim(generator, 0, 2), 0);
    ck_assert_str_eq(lebm_generator_param_name(generator, 0), "0.weight");
    ck_assert_ptr_null(lebm_generator_param_name(generator, 1));
    LEBM_ASSERT_OK(lebm_generator_get_param(generator, 0, of_generator, 2));
    ck_assert(of_generator[0] == 3 && of_generator[1] == 4);
    LEBM_ASSERT_OK(lebm_generator_set_param(generator, 0, other, 2));
    LEBM_ASSERT_OK(lebm_net_get_param(lebm_generator_net(generator), 0, of_net, 2));
    ck_assert(of_net[0] == 5 && of_net[1] == 6);
    LEBM_ASSERT_STATUS(lebm_generator_get_param(generator, 1, of_generator, 2), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_generator_set_param(generator, 0, other, 3), LEBM_ERR_SHAPE);
    ck_assert_str_eq(lebm_generator_data_kind(generator), LEBM_PIXELS);
    lebm_generator_destroy(generator);
}
END_TEST

START_TEST(generator_and_caller_hold_the_net)
{
    struct pair g;
    int64_t chw[3];
    lebm_generator *generator, *second = (lebm_generator *)&g;
    make_g(&g);
    LEBM_ASSERT_OK(lebm_generator_create(&generator, g.net, LEBM_GAUSSIAN, 0.3));
    ck_assert_ptr_eq(lebm_generator_net(generator), g.net);
    ck_assert_int_eq(lebm_generator_latent_size(generator), M);
    ck_assert_int_eq(lebm_generator_data_size(generator), 2 * 6 * 6);
    LEBM_ASSERT_OK(lebm_generator_data_shape(generator, chw));
    ck_assert(chw[0] == 2 && chw[1] == 6 && chw[2] == 6);
    LEBM_ASSERT_STATUS(lebm_generator_data_shape(generator, NULL), LEBM_ERR_INVALID);
    ck_assert_str_eq(lebm_generator_likelihood(generator), LEBM_GAUSSIAN);
    ck_assert_double_eq(lebm_generator_sigma(generator), 0.3);

    lebm_net_destroy(g.net); /* the generator goes on */
    LEBM_ASSERT_STATUS(lebm_net_add_activation(g.net, LEBM_TANH, 0), LEBM_ERR_STATE);
    LEBM_ASSERT_STATUS(lebm_generator_create(&second, g.net, LEBM_GAUSSIAN, 0.3), LEBM_ERR_STATE);
    ck_assert_ptr_null(second);

    /* New parameters are in force at once. */
    float *z = test_normal_floats(M, 1, 5), *before = test_floats(72), *after = test_floats(72);
    LEBM_ASSERT_OK(lebm_generator_decode(generator, z, 1, before));
    pair_randomise(&g, 1, 24);
    LEBM_ASSERT_OK(lebm_generator_decode(generator, z, 1, after));
    double *expected = pair_ref_forward(&g, z, 1);
    LEBM_ASSERT_CLOSE_TO_LARGEST(after, expected, 72, 1e-5);
    ck_assert_float_ne(before[0], after[0]);
    free(z);
    free(before);
    free(after);
    free(expected);
    g.net = NULL;
    lebm_generator_destroy(generator);
    pair_free(&g);
}
END_TEST

START_TEST(a_net_is_in_one_model)
{
    lebm_generator *generator = two_outputs(LEBM_GAUSSIAN, 1, 1, 1), *second = generator;
    lebm_prior *prior, *second_prior;
    lebm_net *net;
    LEBM_ASSERT_STATUS(lebm_generator_create(&second, lebm_generator_net(generator), LEBM_GAUSSIAN, 1), LEBM_ERR_STATE);
    ck_assert_ptr_null(second);
    lebm_generator_destroy(generator);

    LEBM_ASSERT_OK(lebm_net_create_from_spec(&net, "in 2; linear 1"));
    generator = make_generator(net, LEBM_GAUSSIAN, 1);
    LEBM_ASSERT_STATUS(lebm_prior_create(&prior, net, 1), LEBM_ERR_STATE);
    ck_assert_ptr_null(prior);
    lebm_generator_destroy(generator);

    LEBM_ASSERT_OK(lebm_net_create_from_spec(&net, "in 2; linear 1"));
    prior = make_prior(net, 1);
    LEBM_ASSERT_STATUS(lebm_prior_create(&second_prior, net, 1), LEBM_ERR_STATE);
    LEBM_ASSERT_STATUS(lebm_generator_create(&generator, net, LEBM_GAUSSIAN, 1), LEBM_ERR_STATE);
    ck_assert_ptr_null(generator);
    lebm_prior_destroy(prior);

    net = make_net("in 2; linear 1", 1);
    float y;
    for (int i = 0; i < 2; i++) { /* but in another one later, and the caller's to the last */
        LEBM_ASSERT_OK(lebm_generator_create(&generator, net, LEBM_GAUSSIAN, 1));
        lebm_generator_destroy(generator);
        LEBM_ASSERT_OK(lebm_prior_create(&prior, net, 1));
        lebm_prior_destroy(prior);
    }
    LEBM_ASSERT_OK(lebm_net_forward(net, (const float[]){1, 2}, 1, &y));
    lebm_net_destroy(net);
}
END_TEST

START_TEST(a_refused_net_stays_the_callers)
{
    static const double refused[] = {0, -1, 0.99e-6, 1.01e6, NAN, INFINITY};
    lebm_net *g;
    lebm_generator *generator = (lebm_generator *)&g;
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&g, "in 3; linear 2"));
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        generator = (lebm_generator *)&g;
        LEBM_ASSERT_STATUS(lebm_generator_create(&generator, g, LEBM_GAUSSIAN, refused[i]), LEBM_ERR_RANGE);
        ck_assert_ptr_null(generator);
    }
    LEBM_ASSERT_STATUS(lebm_generator_create(&generator, g, LEBM_BERNOULLI, 1), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_generator_create(&generator, g, LEBM_BERNOULLI, NAN), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_generator_create(&generator, g, "laplace", 1), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_ERROR_NAMES("laplace");
    LEBM_ASSERT_STATUS(lebm_generator_create(&generator, g, NULL, 1), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_generator_create(&generator, NULL, LEBM_GAUSSIAN, 1), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_generator_create(NULL, g, LEBM_GAUSSIAN, 1), LEBM_ERR_INVALID);
    LEBM_ASSERT_OK(lebm_net_add_linear(g, 4, 1));
    lebm_net_destroy(g);
}
END_TEST

START_TEST(bernoulli_takes_numbers_from_0_to_1)
{
    lebm_net *g;
    float z[2] = {0}, x[2] = {0, 1}, out[2];
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&g, "in 1; linear 1"));
    lebm_generator *generator = make_generator(g, LEBM_BERNOULLI, 0);
    LEBM_ASSERT_OK(lebm_generator_log_likelihood(generator, z, x, 2, out));
    static const float bad[] = {-1.0f, -1e-6f, 1.0001f, NAN, INFINITY};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        x[1] = bad[i];
        LEBM_ASSERT_STATUS(lebm_generator_log_likelihood(generator, z, x, 2, out), LEBM_ERR_RANGE);
        LEBM_ASSERT_ERROR_NAMES("number 0 of row 1");
        LEBM_ASSERT_STATUS(lebm_generator_score(generator, z, x, 2, out), LEBM_ERR_RANGE);
    }
    lebm_generator_destroy(generator);
}
END_TEST

/* What g's last layer allows, whatever follows that only reshapes; what precedes does not count. */
START_TEST(the_mean_of_x_has_a_range)
{
    static const struct {
        const char *likelihood, *spec;
        double low, high;
    } cases[] = {
        {LEBM_GAUSSIAN, "in 4; linear 4; tanh", -1, 1},
        {LEBM_GAUSSIAN, "in 4; linear 4; tanh; reshape 1 2 2; reshape 4 1 1", -1, 1},
        {LEBM_GAUSSIAN, "in 4; linear 4; sigmoid; reshape 4 1 1", 0, 1},
        {LEBM_GAUSSIAN, "in 4; linear 4; relu", 0, INFINITY},
        {LEBM_GAUSSIAN, "in 4; linear 4; softplus", 0, INFINITY},
        {LEBM_GAUSSIAN, "in 4; linear 4; leaky_relu 0.2", -INFINITY, INFINITY},
        {LEBM_GAUSSIAN, "in 4; linear 4; gelu", -INFINITY, INFINITY},
        {LEBM_GAUSSIAN, "in 4; linear 4; silu", -INFINITY, INFINITY},
        {LEBM_GAUSSIAN, "in 4; linear 4; mish", -INFINITY, INFINITY},
        {LEBM_GAUSSIAN, "in 4; tanh; linear 4", -INFINITY, INFINITY},
        {LEBM_GAUSSIAN, "in 4; reshape 1 2 2", -INFINITY, INFINITY},
        {LEBM_GAUSSIAN, "in 4", -INFINITY, INFINITY},
        {LEBM_BERNOULLI, "in 4; linear 4", 0, 1},
        {LEBM_BERNOULLI, "in 4; linear 4; tanh", 0, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double sigma = strcmp(cases[i].likelihood, LEBM_GAUSSIAN) == 0 ? 0.3 : 0;
        lebm_generator *generator = make_generator(make_net(cases[i].spec, 1), cases[i].likelihood, sigma);
        double low, high;
        LEBM_ASSERT_OK(lebm_generator_data_range(generator, &low, &high));
        LEBM_ASSERT_MSG(low == cases[i].low && high == cases[i].high, "%s %s: %g to %g", cases[i].likelihood,
                        cases[i].spec, low, high);
        lebm_generator_destroy(generator);
    }
}
END_TEST

/* Far is farther than the width of the range, or 1, and 10 sigma. The numbers given are allowed, those beyond not. */
START_TEST(what_lies_far_out_of_range_is_refused)
{
    static const struct {
        const char *spec;
        double sigma, least, most;
    } cases[] = {
        {"in 1; linear 3; tanh", 0.25, -5.5, 5.5},     {"in 1; linear 3; tanh; reshape 1 3 1", 100, -1003, 1003},
        {"in 1; linear 3; tanh", 1e-6, -3, 3},         {"in 1; linear 3; sigmoid", 0.25, -3.5, 4.5},
        {"in 1; linear 3; relu", 0.25, -3.5, FLT_MAX}, {"in 1; linear 3; softplus", 0.25, -3.5, FLT_MAX},
        {"in 1; linear 3", 0.25, -FLT_MAX, FLT_MAX},   {"in 1; tanh; linear 3", 0.25, -FLT_MAX, FLT_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lebm_generator *generator = make_generator(make_net(cases[i].spec, 1), LEBM_GAUSSIAN, cases[i].sigma);
        const double tiny = 1e-4, below = cases[i].least * (1 + tiny), above = cases[i].most * (1 + tiny);
        float z[2] = {0}, x[6] = {0}, out[2];
        x[4] = (float)(cases[i].least + tiny);
        x[5] = (float)(cases[i].most - tiny);
        LEBM_ASSERT_OK(lebm_generator_log_likelihood(generator, z, x, 2, out));
        LEBM_ASSERT_OK(lebm_generator_score(generator, z, x, 2, out));
        for (int side = 0; side < 2; side++) {
            x[4] = side == 0 ? (float)below : (float)above;
            const int is_finite = isfinite(x[4]) != 0;
            LEBM_ASSERT_STATUS(lebm_generator_log_likelihood(generator, z, x, 2, out), LEBM_ERR_RANGE);
            LEBM_ASSERT_ERROR_NAMES("number 1 of row 1 of x is");
            LEBM_ASSERT_ERROR_NAMES(is_finite ? "scale x" : "finite");
            LEBM_ASSERT_STATUS(lebm_generator_score(generator, z, x, 2, out), LEBM_ERR_RANGE);
            LEBM_ASSERT_OK(lebm_generator_set_str(generator, LEBM_GENERATOR_OUT_OF_RANGE, "allow"));
            LEBM_ASSERT_STATUS(lebm_generator_log_likelihood(generator, z, x, 2, out),
                               is_finite ? LEBM_OK : LEBM_ERR_RANGE);
            LEBM_ASSERT_OK(lebm_generator_set_str(generator, LEBM_GENERATOR_OUT_OF_RANGE, "error"));
        }
        lebm_generator_destroy(generator);
    }
}
END_TEST

/* Pixels of 0 to 255 where -1 to 1 are meant: no chain and no training step runs on them, unless they are let pass. */
START_TEST(unscaled_pixels_reach_no_chain)
{
    lebm_prior *prior = make_prior(make_net("in 1; linear 1", 2), 1);
    lebm_sampler *sampler;
    lebm_trainer *trainer;
    lebm_generator *generator = make_generator(make_net("in 1; linear 3; tanh", 1), LEBM_GAUSSIAN, 0.3);
    const float pixels[6] = {0, 1, 0, 0, 255, 128}, holes[6] = {0, 1, 0, 0, NAN, 0};
    float z[2] = {7, 7};
    LEBM_ASSERT_OK(lebm_sampler_create(&sampler, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, 1e-5));
    LEBM_ASSERT_OK(lebm_trainer_create(&trainer, prior, generator, sampler, sampler));
    LEBM_ASSERT_STATUS(lebm_sampler_run_posterior(sampler, prior, generator, pixels, 2, z), LEBM_ERR_RANGE);
    LEBM_ASSERT_ERROR_NAMES("number 1 of row 1 of x is 255; g gives -1 to 1, and allowed are -6 to 6: scale x");
    LEBM_ASSERT_ERROR_NAMES(LEBM_GENERATOR_OUT_OF_RANGE);
    LEBM_ASSERT_STATUS(lebm_trainer_step(trainer, pixels, 2), LEBM_ERR_RANGE);
    LEBM_ASSERT_ERROR_NAMES("number 1 of row 1 of x is 255");
    LEBM_ASSERT_STATUS(lebm_sampler_run_posterior(sampler, prior, generator, holes, 2, z), LEBM_ERR_RANGE);
    LEBM_ASSERT_ERROR_NAMES("number 1 of row 1 of x is nan; it must be finite");
    LEBM_ASSERT_STATUS(lebm_trainer_step(trainer, holes, 2), LEBM_ERR_RANGE);
    ck_assert(z[0] == 7 && z[1] == 7 && lebm_trainer_steps_done(trainer) == 0);

    LEBM_ASSERT_OK(lebm_generator_set_str(generator, LEBM_GENERATOR_OUT_OF_RANGE, "allow"));
    LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, prior, generator, pixels, 2, z));
    LEBM_ASSERT_OK(lebm_trainer_step(trainer, pixels, 2));
    LEBM_ASSERT_STATUS(lebm_trainer_step(trainer, holes, 2), LEBM_ERR_RANGE);
    lebm_trainer_destroy(trainer);
    lebm_sampler_destroy(sampler);
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
}
END_TEST

static int set_while_running(double done, void *generator)
{
    (void)done;
    LEBM_ASSERT_STATUS(lebm_generator_set_str(generator, LEBM_GENERATOR_OUT_OF_RANGE, "allow"), LEBM_ERR_STATE);
    return 0;
}

START_TEST(a_generator_has_options)
{
    lebm_prior *prior = make_prior(make_net("in 1; linear 1", 2), 1);
    lebm_sampler *sampler;
    lebm_generator *generator = make_generator(make_net("in 1; linear 3; tanh", 1), LEBM_GAUSSIAN, 0.3);
    const char *value;
    const float x[3] = {0};
    float z;
    ck_assert_int_eq(lebm_generator_option_count(generator), 2);
    ck_assert_str_eq(lebm_generator_option_key(generator, 0), LEBM_GENERATOR_OUT_OF_RANGE);
    ck_assert_str_eq(lebm_generator_option_key(generator, 1), LEBM_GENERATOR_MISSING);
    ck_assert_ptr_null(lebm_generator_option_key(generator, 2));
    ck_assert_str_eq(lebm_generator_option_type(generator, LEBM_GENERATOR_OUT_OF_RANGE), "str");
    ck_assert_str_eq(lebm_generator_option_choices(generator, LEBM_GENERATOR_OUT_OF_RANGE), "error|allow");
    ck_assert_ptr_nonnull(lebm_generator_option_help(generator, LEBM_GENERATOR_OUT_OF_RANGE));
    LEBM_ASSERT_OK(lebm_generator_get_str(generator, LEBM_GENERATOR_OUT_OF_RANGE, &value));
    ck_assert_str_eq(value, "error");
    LEBM_ASSERT_STATUS(lebm_generator_set_str(generator, LEBM_GENERATOR_OUT_OF_RANGE, "clip"), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_generator_set_str(generator, "range", "allow"), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_STATUS(lebm_generator_get_str(generator, "range", &value), LEBM_ERR_UNKNOWN_OPTION);
    ck_assert_ptr_null(value);

    LEBM_ASSERT_OK(lebm_sampler_create(&sampler, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_sampler_set_progress(sampler, set_while_running, generator));
    LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, prior, generator, x, 1, &z));
    LEBM_ASSERT_OK(lebm_generator_set_str(generator, LEBM_GENERATOR_OUT_OF_RANGE, "allow"));
    lebm_sampler_destroy(sampler);
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
}
END_TEST

START_TEST(wrong_arguments)
{
    lebm_generator *generator = two_outputs(LEBM_GAUSSIAN, 1, 1, 1);
    float z[2] = {0}, x[2] = {0}, out[2] = {5, 5};
    LEBM_ASSERT_STATUS(lebm_generator_decode(NULL, z, 1, out), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_generator_decode(generator, NULL, 1, out), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_generator_decode(generator, z, 1, NULL), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_generator_decode(generator, z, -1, out), LEBM_ERR_RANGE);
    LEBM_ASSERT_OK(lebm_generator_decode(generator, z, 0, out));
    LEBM_ASSERT_STATUS(lebm_generator_log_likelihood(NULL, z, x, 1, out), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_generator_log_likelihood(generator, NULL, x, 1, out), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_generator_log_likelihood(generator, z, NULL, 1, out), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_generator_log_likelihood(generator, z, x, 1, NULL), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_generator_log_likelihood(generator, z, x, -1, out), LEBM_ERR_RANGE);
    LEBM_ASSERT_OK(lebm_generator_log_likelihood(generator, z, x, 0, out));
    LEBM_ASSERT_STATUS(lebm_generator_score(NULL, z, x, 1, out), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_generator_score(generator, NULL, x, 1, out), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_generator_score(generator, z, NULL, 1, out), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_generator_score(generator, z, x, 1, NULL), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_generator_score(generator, z, x, -1, out), LEBM_ERR_RANGE);
    LEBM_ASSERT_OK(lebm_generator_score(generator, z, x, 0, out));
    ck_assert_float_eq(out[0], 5);
    lebm_generator_destroy(generator);
    lebm_generator_destroy(NULL);

    generator = two_outputs(LEBM_BERNOULLI, 0, 1, 1);
    ck_assert_str_eq(lebm_generator_likelihood(generator), LEBM_BERNOULLI);
    ck_assert_double_eq(lebm_generator_sigma(generator), 0);
    lebm_generator_destroy(generator);

    int64_t chw[3];
    ck_assert_ptr_null(lebm_generator_net(NULL));
    ck_assert_int_eq(lebm_generator_latent_size(NULL), 0);
    ck_assert_int_eq(lebm_generator_data_size(NULL), 0);
    ck_assert_ptr_null(lebm_generator_likelihood(NULL));
    ck_assert_ptr_null(lebm_generator_data_kind(NULL));
    ck_assert_int_eq(lebm_generator_param_count(NULL), 0);
    ck_assert_int_eq(lebm_generator_param_size(NULL, 0), 0);
    ck_assert_ptr_null(lebm_generator_param_name(NULL, 0));
    ck_assert_int_eq(lebm_generator_param_ndim(NULL, 0), 0);
    ck_assert_int_eq(lebm_generator_param_dim(NULL, 0, 0), 0);
    ck_assert_double_eq(lebm_generator_sigma(NULL), 0);
    LEBM_ASSERT_STATUS(lebm_generator_data_shape(NULL, chw), LEBM_ERR_INVALID);
    double low, high;
    LEBM_ASSERT_STATUS(lebm_generator_data_range(NULL, &low, &high), LEBM_ERR_INVALID);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("generator");
    TCase *numbers = tcase_create("numbers");
    tcase_add_test(numbers, gaussian_by_hand);
    tcase_add_test(numbers, bernoulli_by_hand);
    tcase_add_test(numbers, bernoulli_with_large_logits);
    tcase_add_loop_test(numbers, rows_do_not_depend_on_each_other, 0, LIKELIHOODS);
    tcase_add_loop_test(numbers, x_has_the_order_of_its_mean, 0, LIKELIHOODS);
    tcase_add_loop_test(numbers, what_is_missing_is_left_out, 0, LIKELIHOODS);
    tcase_add_test(numbers, nothing_missing_changes_no_bit);
    tcase_add_loop_test(numbers, draws_have_the_moments_of_the_likelihood, 0, LIKELIHOODS);
    tcase_add_loop_test(numbers, draws_are_keyed_by_seed_stream_and_row, 0, LIKELIHOODS);
    tcase_add_test(numbers, each_row_is_drawn_about_its_own_mean);
    tcase_add_test(numbers, draws_have_random_numbers_of_their_own);
    suite_add_tcase(suite, numbers);

    TCase *contract = tcase_create("contract");
    tcase_add_test(contract, generator_and_caller_hold_the_net);
    tcase_add_test(contract, its_parameters_are_those_of_its_net);
    tcase_add_test(contract, a_net_is_in_one_model);
    tcase_add_test(contract, a_refused_net_stays_the_callers);
    tcase_add_test(contract, the_mean_of_x_has_a_range);
    tcase_add_test(contract, what_lies_far_out_of_range_is_refused);
    tcase_add_test(contract, unscaled_pixels_reach_no_chain);
    tcase_add_test(contract, a_generator_has_options);
    tcase_add_test(contract, bernoulli_takes_numbers_from_0_to_1);
    tcase_add_test(contract, wrong_arguments);
    suite_add_tcase(suite, contract);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
