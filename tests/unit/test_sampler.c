/* Samplers: their random numbers, the reference without noise, equal bits for any number of threads and chains, streams,
 * metrics, divergence, progress and errors. Targets with known moments are in tests/exact. */
#include <pthread.h>
#include <unistd.h>

#include "lebm.h"
#include "support/approx.h"
#include "support/model.h"
#include "support/nets.h"
#include "support/statistics.h"
#include "support/watch.h"

static int64_t stream_of(const lebm_sampler *sampler)
{
    int64_t stream;
    LEBM_ASSERT_OK(lebm_sampler_get_i64(sampler, LEBM_SAMPLER_STREAM, &stream));
    return stream;
}

/* Runs towards the prior, or the posterior if x is not NULL, with `start` in the buffer, or 0 if that is NULL; the
 * result is freed by the caller. */
static float *run_from(const float *start, lebm_sampler *sampler, const struct model *model, const float *x, int64_t n)
{
    const int64_t count = n * model->f.ref.in_features;
    float *z = start ? test_copy(start, count) : test_floats(count);
    if (x)
        LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, model->prior, model->generator, x, n, z));
    else
        LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, model->prior, n, z));
    return z;
}

static float *run(lebm_sampler *sampler, const struct model *model, const float *x, int64_t n)
{
    return run_from(NULL, sampler, model, x, n);
}

/* ---- statistics ---- */

START_TEST(start_is_normal)
{
    enum { M = 3, N = 20000 };
    static const double stds[] = {1, 2.5, 0.1};
    struct model model;
    model_linear(&model, M, 1, 1000, 1); /* next to no score */
    for (int i = 0; i < 3; i++) {
        lebm_sampler *sampler = make_sampler(1, 1e-9);
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_NOISE, 0));
        if (stds[i] != 1) LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_START_STD, stds[i]));
        float *z = run(sampler, &model, NULL, N);
        assert_normal(z, N * M, 1, 0, stds[i] * stds[i], 5);
        LEBM_ASSERT_WITHIN(sample_correlation(z, z + 1, N, M), 0, 5, 1 / sqrt(N));
        LEBM_ASSERT_WITHIN(sample_correlation(z, z + M, N - 1, M), 0, 5, 1 / sqrt(N)); /* chain i and i + 1 */
        free(z);
        lebm_sampler_destroy(sampler);
    }
    model_free(&model);
}
END_TEST

START_TEST(noise_is_normal_and_fresh_each_step)
{
    /* Without score (sigma0 large), z = z0 + sqrt(2s) (e1 + e2 + ...): the same stream gives back each term. */
    enum { M = 5, N = 20000, TERMS = 4 };
    const double s = 0.5;
    struct model model;
    model_linear(&model, M, 1, 1000, 1);
    lebm_sampler *sampler = make_noiseless_sampler(1, 1e-9, 0);
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_START_STD, 1));
    float *terms[TERMS];
    float *before = run(sampler, &model, NULL, N);
    terms[0] = test_copy(before, N * M);
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_NOISE, 1));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, s));
    for (int steps = 1; steps < TERMS; steps++) {
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, steps));
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STREAM, 0));
        float *after = run(sampler, &model, NULL, N);
        terms[steps] = test_floats(N * M);
        for (int64_t i = 0; i < N * M; i++) terms[steps][i] = after[i] - before[i];
        free(before);
        before = after;
    }
    free(before);
    for (int t = 0; t < TERMS; t++) {
        assert_normal(terms[t], N * M, 1, 0, t == 0 ? 1 : 2 * s, 5);
        for (int u = 0; u < t; u++) {
            LEBM_ASSERT_WITHIN(sample_correlation(terms[t], terms[u], N * M, 1), 0, 5, 1 / sqrt(N * M));
            for (int j = 0; j < M; j++) /* of other numbers of the chain, and of the next chain */
                LEBM_ASSERT_WITHIN(sample_correlation(terms[t] + (j + 1) % M, terms[u] + j, N, M), 0, 5, 1 / sqrt(N));
            LEBM_ASSERT_WITHIN(sample_correlation(terms[t] + M, terms[u], (N - 1) * M, 1), 0, 5, 1 / sqrt(N * M));
        }
        for (int j = 1; j < M; j++)
            LEBM_ASSERT_WITHIN(sample_correlation(terms[t], terms[t] + j, N, M), 0, 5, 1 / sqrt(N));
        LEBM_ASSERT_WITHIN(sample_correlation(terms[t], terms[t] + M, N - 1, M), 0, 5, 1 / sqrt(N));
    }
    for (int t = 0; t < TERMS; t++) free(terms[t]);
    lebm_sampler_destroy(sampler);
    model_free(&model);
}
END_TEST

START_TEST(noise_follows_the_schedule_too)
{
    /* On p0 = N(0, 1), with s from 0.8 down to 0.05 in 6 steps: v <- (1 - s)^2 v + 2 s, with the s of each step. */
    enum { M = 4, N = 25000, STEPS = 6 };
    struct model model;
    model_linear(&model, M, 1, 1, 1);
    double variance = 1;
    for (int step = 0; step < STEPS; step++) {
        double s = 0.8 * pow(0.05 / 0.8, step / (STEPS - 1.0));
        variance = (1 - s) * (1 - s) * variance + 2 * s;
    }
    lebm_sampler *sampler = make_sampler(STEPS, 0.8);
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_LAST_STEP_SIZE, 0.05));
    float *z = run(sampler, &model, NULL, N);
    ck_assert_double_gt(fabs(variance - 1 / (1 - 0.8 / 2)), 0.1); /* what a constant step size would give */
    ck_assert_double_gt(fabs(variance - 1 / (1 - 0.05 / 2)), 0.1);
    assert_normal(z, N * M, 1, 0, variance, 4);
    free(z);
    lebm_sampler_destroy(sampler);
    model_free(&model);
}
END_TEST

/* ---- the reference ---- */

START_TEST(noiseless_chains_equal_the_reference)
{
    enum { N = 9, STEPS = 25 };
    static const double sigmas0[] = {1, 0.5};
    static const int64_t many[] = {1, 4, 13}; /* sizes of z */
    for (int i = 0; i < 3; i++) {
        struct model model;
        int64_t m = many[i], d = 11;
        model_small(&model, m, 16, d, sigmas0[i % 2], 0.4);
        float *x = test_normal_floats(N * d, 1, 1), *start = test_normal_floats(N * m, 1, 2);
        double *rows = test_to_doubles(x, N * d);
        for (int posterior = 0; posterior < 2; posterior++) {
            double *expected = test_to_doubles(start, N * m);
            double step_size = posterior ? 0.005 : 0.08;
            for (int r = 0; r < N; r++)
                ref_chain(&model.ref, posterior ? rows + r * d : NULL, STEPS, step_size, expected + r * m);
            lebm_sampler *sampler = make_noiseless_sampler(STEPS, step_size, 1);
            float *z = run_from(start, sampler, &model, posterior ? x : NULL, N);
            LEBM_ASSERT_CLOSE_TO_LARGEST(z, expected, N * m, 1e-5);
            free(expected);
            free(z);
            lebm_sampler_destroy(sampler);
        }
        free(x);
        free(start);
        free(rows);
        model_free(&model);
    }
}
END_TEST

START_TEST(noiseless_bernoulli_chains_equal_the_reference)
{
    enum { M = 5, N = 4, STEPS = 20 };
    struct model model;
    pair_init(&model.f, M);
    pair_add_linear(&model.f, 1, 1);
    pair_randomise(&model.f, 1, 1);
    pair_init(&model.g, M);
    pair_add_conv_transpose2d(&model.g, 6, 3, 1, 0, 1);
    pair_add_activation(&model.g, LEBM_SILU, 0);
    pair_add_conv_transpose2d(&model.g, 2, 4, 2, 1, 1);
    pair_randomise(&model.g, 2, 2);
    model_join(&model, 1.5, LEBM_BERNOULLI, 0);
    int64_t d = model.g.ref.out_features;
    float *x = test_random_floats(N * d, 0, 1, 3), *z = test_normal_floats(N * M, 1, 4);
    double *rows = test_to_doubles(x, N * d), *expected = test_to_doubles(z, N * M);
    for (int r = 0; r < N; r++) ref_chain(&model.ref, rows + r * d, STEPS, 0.02, expected + r * M);
    lebm_sampler *sampler = make_noiseless_sampler(STEPS, 0.02, 1);
    LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, model.prior, model.generator, x, N, z));
    LEBM_ASSERT_CLOSE_TO_LARGEST(z, expected, N * M, 1e-5);
    free(x);
    free(z);
    free(rows);
    free(expected);
    lebm_sampler_destroy(sampler);
    model_free(&model);
}
END_TEST

/* s at a step 1 .. steps: from first to last by equal factors. */
static double scheduled(double first, double last, int64_t steps, int64_t step)
{
    return steps == 1 ? first : first * pow(last / first, (double)(step - 1) / (double)(steps - 1));
}

START_TEST(step_sizes_follow_their_schedule)
{
    enum { M = 4, D = 6, N = 5 };
    static const struct {
        double first, last; /* last 0: as the first */
        int64_t steps;
    } schedules[] = {{0.02, 0.001, 7}, {0.001, 0.02, 7}, {0.02, 0.02, 5},
                     {0.02, 0, 5},     {0.02, 0.001, 2}, {0.02, 0.001, 1}};
    for (int i = 0; i < 6; i++) {
        double first = schedules[i].first, last = schedules[i].last > 0 ? schedules[i].last : first;
        struct model model;
        model_small(&model, M, 10, D, 0.8, 0.4);
        float *x = test_normal_floats(N * D, 1, 1), *z = test_normal_floats(N * M, 1, 2);
        double *rows = test_to_doubles(x, N * D), *expected = test_to_doubles(z, N * M);
        for (int r = 0; r < N; r++)
            for (int64_t step = 1; step <= schedules[i].steps; step++)
                ref_chain(&model.ref, rows + r * D, 1, scheduled(first, last, schedules[i].steps, step),
                          expected + r * M);
        lebm_sampler *sampler = make_noiseless_sampler(schedules[i].steps, first, 1);
        LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_LAST_STEP_SIZE, schedules[i].last));
        LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, model.prior, model.generator, x, N, z));
        LEBM_ASSERT_CLOSE_TO_LARGEST(z, expected, N * M, 1e-5);
        free(x);
        free(z);
        free(rows);
        free(expected);
        lebm_sampler_destroy(sampler);
        model_free(&model);
    }
}
END_TEST

START_TEST(metrics_are_those_at_the_start_of_the_last_step)
{
    enum { M = 4, D = 6, N = 7, STEPS = 3 };
    struct model model;
    model_small(&model, M, 10, D, 0.8, 0.4);
    float *x = test_normal_floats(N * D, 1, 1), *start = test_normal_floats(N * M, 1, 2);
    double *rows = test_to_doubles(x, N * D);
    lebm_sampler *sampler = make_noiseless_sampler(STEPS, 0.01, 1);
    double value = 77;
    LEBM_ASSERT_STATUS(lebm_sampler_metric(sampler, LEBM_SAMPLER_LOG_DENSITY, &value), LEBM_ERR_STATE);
    ck_assert_double_eq(value, 77);
    for (int posterior = 0; posterior < 2; posterior++) {
        double *at = test_to_doubles(start, N * M);
        double density = 0, norm = 0, score[M];
        for (int r = 0; r < N; r++) {
            const double *row = posterior ? rows + r * D : NULL;
            ref_chain(&model.ref, row, STEPS - 1, 0.01, at + r * M);
            density += ref_log_density(&model.ref, at + r * M, row) / N;
            ref_score(&model.ref, at + r * M, row, score);
            double square = 0;
            for (int j = 0; j < M; j++) square += score[j] * score[j];
            norm += sqrt(square) / N;
        }
        float *z = run_from(start, sampler, &model, posterior ? x : NULL, N);
        LEBM_ASSERT_OK(lebm_sampler_metric(sampler, LEBM_SAMPLER_LOG_DENSITY, &value));
        LEBM_ASSERT_NEAR(value, density, 1e-5 * fabs(density));
        LEBM_ASSERT_OK(lebm_sampler_metric(sampler, LEBM_SAMPLER_SCORE_NORM, &value));
        LEBM_ASSERT_NEAR(value, norm, 1e-5 * norm);
        free(at);
        free(z);
    }
    LEBM_ASSERT_STATUS(lebm_sampler_metric(sampler, "energy", &value), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_ERROR_NAMES("energy");
    LEBM_ASSERT_STATUS(lebm_sampler_metric(NULL, LEBM_SAMPLER_LOG_DENSITY, &value), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_sampler_metric(sampler, NULL, &value), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_sampler_metric(sampler, LEBM_SAMPLER_LOG_DENSITY, NULL), LEBM_ERR_INVALID);
    free(x);
    free(start);
    free(rows);
    lebm_sampler_destroy(sampler);
    model_free(&model);
}
END_TEST

/* ---- reproducibility ---- */

enum { SVHN_M = 20, CHAINS = 100, FEW = 30 };

START_TEST(bits_do_not_depend_on_threads_or_chains)
{
    static const int64_t threads[] = {1, 2, 3, 7, 0};
    struct model model;
    model_svhn(&model, SVHN_M);
    float *x = _i ? test_random_floats(CHAINS * 3 * 32 * 32, -1, 1, 1) : NULL;
    float *expected = NULL;
    double metrics[2] = {0, 0};
    for (int t = 0; t < 5; t++) {
        lebm_sampler *sampler = make_sampler(4, 0.002);
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, threads[t]));
        float *z = run(sampler, &model, x, CHAINS);
        double values[2];
        LEBM_ASSERT_OK(lebm_sampler_metric(sampler, LEBM_SAMPLER_LOG_DENSITY, &values[0]));
        LEBM_ASSERT_OK(lebm_sampler_metric(sampler, LEBM_SAMPLER_SCORE_NORM, &values[1]));
        if (!expected) {
            expected = test_copy(z, CHAINS * SVHN_M);
            memcpy(metrics, values, sizeof values);
        }
        LEBM_ASSERT_SAME_BITS(z, expected, CHAINS * SVHN_M);
        ck_assert_mem_eq(metrics, values, sizeof values);
        free(z);

        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STREAM, 0));
        z = run(sampler, &model, x, FEW);
        LEBM_ASSERT_SAME_BITS(z, expected, FEW * SVHN_M);
        free(z);
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STREAM, 0));
        z = run(sampler, &model, x, 1);
        LEBM_ASSERT_SAME_BITS(z, expected, SVHN_M);
        free(z);
        lebm_sampler_destroy(sampler);
    }
    free(x);
    free(expected);
    model_free(&model);
}
END_TEST

START_TEST(threads_may_change_between_runs)
{
    static const int64_t threads[] = {3, 1, 5, 2};
    struct model model;
    model_small(&model, 4, 10, 6, 1, 0.5);
    lebm_sampler *sampler = make_sampler(6, 0.05);
    float *expected = run(sampler, &model, NULL, 50);
    for (int t = 0; t < 4; t++) {
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, threads[t]));
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STREAM, 0));
        float *z = run(sampler, &model, NULL, 50);
        LEBM_ASSERT_SAME_BITS(z, expected, 200);
        free(z);
    }
    free(expected);
    lebm_sampler_destroy(sampler);
    model_free(&model);
}
END_TEST

START_TEST(each_run_has_its_own_stream)
{
    enum { N = 300, M = 4 };
    struct model model;
    model_small(&model, M, 10, 6, 1, 0.5);
    lebm_sampler *sampler = make_sampler(3, 0.1);
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_SEED, 41));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STREAM, 7));
    float *first = run(sampler, &model, NULL, N);
    ck_assert_int_eq(stream_of(sampler), 8);
    float *second = run(sampler, &model, NULL, N);
    ck_assert_int_eq(stream_of(sampler), 9);
    LEBM_ASSERT_WITHIN(sample_correlation(first, second, N * M, 1), 0, 5, 1 / sqrt(N * M));

    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STREAM, 7));
    float *again = run(sampler, &model, NULL, N);
    LEBM_ASSERT_SAME_BITS(again, first, N * M);
    free(again);

    static const int64_t others[][2] = {{42, 7}, {7, 41}, {41 + ((int64_t)1 << 32), 7}, {41, 7 + ((int64_t)1 << 32)}};
    for (int i = 0; i < 4; i++) {
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_SEED, others[i][0]));
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STREAM, others[i][1]));
        float *other = run(sampler, &model, NULL, N);
        LEBM_ASSERT_WITHIN(sample_correlation(first, other, N * M, 1), 0, 5, 1 / sqrt(N * M));
        free(other);
    }
    free(first);
    free(second);
    lebm_sampler_destroy(sampler);
    model_free(&model);
}
END_TEST

START_TEST(the_last_stream_is_not_the_end)
{
    struct model model;
    int64_t standard, least, most;
    model_small(&model, 2, 4, 2, 1, 1);
    lebm_sampler *sampler = make_sampler(2, 0.1);
    LEBM_ASSERT_OK(lebm_sampler_option_bounds_i64(sampler, LEBM_SAMPLER_STREAM, &standard, &least, &most));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STREAM, most));
    for (int i = 0; i < 2; i++) {
        free(run(sampler, &model, NULL, 3));
        ck_assert(stream_of(sampler) >= least && stream_of(sampler) <= most);
    }
    lebm_sampler_destroy(sampler);
    model_free(&model);
}
END_TEST

START_TEST(one_sampler_serves_models_of_any_size)
{
    struct model small, large;
    model_small(&small, 3, 5, 4, 1, 0.5);
    model_small(&large, 30, 60, 50, 1, 0.5);
    float *x_small = test_normal_floats(10 * 4, 1, 1), *x_large = test_normal_floats(40 * 50, 1, 2);
    lebm_sampler *sampler = make_sampler(5, 0.01);
    float *expected = run(sampler, &small, x_small, 10);
    free(run(sampler, &large, x_large, 40));
    free(run(sampler, &large, NULL, 3));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STREAM, 0));
    float *again = run(sampler, &small, x_small, 10);
    LEBM_ASSERT_SAME_BITS(again, expected, 30);
    free(again);
    free(expected);
    free(x_small);
    free(x_large);
    lebm_sampler_destroy(sampler);
    model_free(&small);
    model_free(&large);
}
END_TEST

/* ---- going on ---- */

static void set_start(lebm_sampler *sampler, const char *start)
{
    LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, start));
}

static void run_on(lebm_sampler *sampler, const struct model *model, const float *x, int64_t n, float *z)
{
    set_start(sampler, "continue");
    if (x)
        LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, model->prior, model->generator, x, n, z));
    else
        LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, model->prior, n, z));
}

START_TEST(runs_that_go_on_equal_one_run) /* _i: to the posterior; or from z that are given */
{
    enum { N = 150, M = 4, D = 6, STEPS = 7, RUNS = 4 };
    static const int64_t threads[RUNS] = {3, 1, 4, 2};
    const int is_given = _i / 2;
    struct model model;
    model_small(&model, M, 10, D, 1, 0.5);
    float *x = _i % 2 ? test_normal_floats(N * D, 1, 1) : NULL, *start = test_normal_floats(N * M, 1, 2);
    lebm_sampler *at_once = make_sampler(RUNS * STEPS, 0.03), *in_parts = make_sampler(STEPS, 0.03);
    if (is_given) set_start(at_once, "given"), set_start(in_parts, "given");
    LEBM_ASSERT_OK(lebm_sampler_set_i64(in_parts, LEBM_SAMPLER_THREADS, threads[0]));
    float *expected = run_from(start, at_once, &model, x, N), *z = run_from(start, in_parts, &model, x, N);
    for (int i = 1; i < RUNS; i++) {
        /* What a run that starts anew would go by changes nothing in one that goes on. */
        LEBM_ASSERT_OK(lebm_sampler_set_i64(in_parts, LEBM_SAMPLER_SEED, 100 + i));
        LEBM_ASSERT_OK(lebm_sampler_set_i64(in_parts, LEBM_SAMPLER_STREAM, 200 + i));
        LEBM_ASSERT_OK(lebm_sampler_set_f64(in_parts, LEBM_SAMPLER_START_STD, 3));
        LEBM_ASSERT_OK(lebm_sampler_set_i64(in_parts, LEBM_SAMPLER_THREADS, threads[i]));
        set_start(in_parts, "noise");
        run_on(in_parts, &model, x, N, z);
        ck_assert_int_eq(stream_of(in_parts), 200 + i);
    }
    LEBM_ASSERT_SAME_BITS(z, expected, N * M);
    double parts, whole;
    LEBM_ASSERT_OK(lebm_sampler_metric(in_parts, LEBM_SAMPLER_LOG_DENSITY, &parts));
    LEBM_ASSERT_OK(lebm_sampler_metric(at_once, LEBM_SAMPLER_LOG_DENSITY, &whole));
    ck_assert_double_eq(parts, whole);
    free(x);
    free(start);
    free(z);
    free(expected);
    lebm_sampler_destroy(at_once);
    lebm_sampler_destroy(in_parts);
    model_free(&model);
}
END_TEST

START_TEST(each_kind_of_run_goes_on_by_itself)
{
    enum { N = 20, M = 3, D = 5, STEPS = 4 };
    struct model model;
    model_small(&model, M, 10, D, 1, 0.5);
    float *x = test_normal_floats(N * D, 1, 1);
    for (int posterior = 0; posterior < 2; posterior++) {
        lebm_sampler *at_once = make_sampler(2 * STEPS, 0.03), *in_parts = make_sampler(STEPS, 0.03);
        float *expected = run(at_once, &model, posterior ? x : NULL, N);
        float *z = run(in_parts, &model, posterior ? x : NULL, N);
        free(run(in_parts, &model, posterior ? NULL : x, N)); /* one of the other kind between */
        run_on(in_parts, &model, posterior ? x : NULL, N, z);
        LEBM_ASSERT_SAME_BITS(z, expected, N * M);
        free(expected);
        free(z);
        lebm_sampler_destroy(at_once);
        lebm_sampler_destroy(in_parts);
    }
    free(x);
    model_free(&model);
}
END_TEST

START_TEST(a_run_that_fails_leaves_the_one_before_to_go_on_with)
{
    enum { N = 20, M = 3, STEPS = 5 };
    struct model model;
    model_small(&model, M, 10, 4, 1, 0.5);
    struct watch watch = {.thread = pthread_self(), .stop_at = 1, .stop_with = 1};
    lebm_sampler *at_once = make_sampler(2 * STEPS, 0.03), *in_parts = make_sampler(STEPS, 0.03);
    float *expected = run(at_once, &model, NULL, N), *z = run(in_parts, &model, NULL, N);
    set_start(in_parts, "continue");
    LEBM_ASSERT_OK(lebm_sampler_set_progress(in_parts, watch_progress, &watch));
    LEBM_ASSERT_STATUS(lebm_sampler_run_prior(in_parts, model.prior, N, z), LEBM_STOPPED);
    LEBM_ASSERT_OK(lebm_sampler_set_progress(in_parts, NULL, NULL));
    run_on(in_parts, &model, NULL, N, z);
    LEBM_ASSERT_SAME_BITS(z, expected, N * M);
    free(expected);
    free(z);
    lebm_sampler_destroy(at_once);
    lebm_sampler_destroy(in_parts);
    model_free(&model);
}
END_TEST

START_TEST(what_cannot_go_on)
{
    enum { N = 3, M = 2 };
    struct model model, other;
    model_small(&model, M, 5, 4, 1, 0.5);
    model_small(&other, M + 1, 5, 4, 1, 0.5);
    float x[N * 4] = {0}, z[(N + 1) * M] = {0}, before[(N + 1) * M] = {0};
    lebm_sampler *sampler = make_sampler(1, 1e-9);
    set_start(sampler, "continue");
    LEBM_ASSERT_STATUS(lebm_sampler_run_prior(sampler, model.prior, N, z), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("has not run to a prior yet");
    set_start(sampler, "given");
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, model.prior, N, z));
    memcpy(before, z, sizeof z);
    set_start(sampler, "continue");
    LEBM_ASSERT_STATUS(lebm_sampler_run_posterior(sampler, model.prior, model.generator, x, N, z), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("posterior");
    LEBM_ASSERT_STATUS(lebm_sampler_run_prior(sampler, model.prior, N + 1, z), LEBM_ERR_SHAPE);
    LEBM_ASSERT_ERROR_NAMES("z [4, 2] is not of the shape of the last run to a prior, [3, 2]");
    LEBM_ASSERT_STATUS(lebm_sampler_run_prior(sampler, other.prior, 1, z), LEBM_ERR_SHAPE);
    ck_assert_mem_eq(z, before, sizeof z);
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, model.prior, N, z));
    lebm_sampler_destroy(sampler);
    model_free(&model);
    model_free(&other);
}
END_TEST

/* ---- together ---- */

struct job {
    lebm_sampler *sampler;
    const struct model *model;
    const float *x;
    float *z;
    int status;
};

static void *run_job(void *user)
{
    struct job *job = user;
    job->status =
        lebm_sampler_run_posterior(job->sampler, job->model->prior, job->model->generator, job->x, CHAINS, job->z);
    return NULL;
}

START_TEST(samplers_that_share_a_model_may_run_together)
{
    enum { JOBS = 3 };
    struct model model;
    model_small(&model, 8, 40, 60, 1, 0.5);
    float *x = test_normal_floats(CHAINS * 60, 1, 1);
    lebm_sampler *alone = make_sampler(20, 0.005);
    float *expected = run(alone, &model, x, CHAINS);
    lebm_sampler_destroy(alone);
    struct job jobs[JOBS];
    pthread_t threads[JOBS];
    for (int j = 0; j < JOBS; j++) {
        jobs[j] = (struct job){make_sampler(20, 0.005), &model, x, test_floats(CHAINS * 8), 0};
        LEBM_ASSERT_OK(lebm_sampler_set_i64(jobs[j].sampler, LEBM_SAMPLER_THREADS, j + 1));
    }
    for (int j = 0; j < JOBS; j++) ck_assert_int_eq(pthread_create(&threads[j], NULL, run_job, &jobs[j]), 0);
    for (int j = 0; j < JOBS; j++) ck_assert_int_eq(pthread_join(threads[j], NULL), 0);
    for (int j = 0; j < JOBS; j++) {
        ck_assert_int_eq(jobs[j].status, LEBM_OK);
        LEBM_ASSERT_SAME_BITS(jobs[j].z, expected, CHAINS * 8);
        free(jobs[j].z);
        lebm_sampler_destroy(jobs[j].sampler);
    }
    free(x);
    free(expected);
    model_free(&model);
}
END_TEST

/* ---- divergence ---- */

/* A run that must fail so, with an error that names `text`: z, stream and metrics stay as they are. */
static void assert_fails(int status, const char *text, lebm_sampler *sampler, const struct model *model, const float *x,
                         int64_t n, float *z)
{
    int64_t count = n * model->f.ref.in_features;
    float *before = test_copy(z, count);
    int64_t stream = stream_of(sampler);
    double density = 0, density_after = 0;
    int status_before = lebm_sampler_metric(sampler, LEBM_SAMPLER_LOG_DENSITY, &density);
    if (x)
        LEBM_ASSERT_STATUS(lebm_sampler_run_posterior(sampler, model->prior, model->generator, x, n, z), status);
    else
        LEBM_ASSERT_STATUS(lebm_sampler_run_prior(sampler, model->prior, n, z), status);
    LEBM_ASSERT_ERROR_NAMES(text);
    LEBM_ASSERT_SAME_BITS(z, before, count);
    ck_assert_int_eq(stream_of(sampler), stream);
    LEBM_ASSERT_STATUS(lebm_sampler_metric(sampler, LEBM_SAMPLER_LOG_DENSITY, &density_after), status_before);
    ck_assert_double_eq(density, density_after);
    free(before);
}

static void assert_diverges(lebm_sampler *sampler, const struct model *model, const float *x, int64_t n, float *z)
{
    assert_fails(LEBM_ERR_DIVERGED, "of chain", sampler, model, x, n, z);
}

START_TEST(a_huge_step_size_diverges)
{
    struct model model;
    model_small(&model, 4, 10, 6, 1, 0.5);
    float *x = test_normal_floats(20 * 6, 1, 1), *z = test_normal_floats(20 * 4, 1, 2);
    lebm_sampler *sampler = make_sampler(200, 10); /* -9 z, 81 z, ... */
    assert_diverges(sampler, &model, NULL, 20, z);
    assert_diverges(sampler, &model, x, 20, z);

    /* And the sampler goes on when the step size is sensible again. */
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 5));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, 0.01));
    float *after = run(sampler, &model, x, 20);
    lebm_sampler *other = make_sampler(5, 0.01);
    float *expected = run(other, &model, x, 20);
    LEBM_ASSERT_SAME_BITS(after, expected, 80);
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, 1000));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 200));
    assert_diverges(sampler, &model, x, 20, z);
    free(x);
    free(z);
    free(after);
    free(expected);
    lebm_sampler_destroy(sampler);
    lebm_sampler_destroy(other);
    model_free(&model);
}
END_TEST

START_TEST(the_error_names_step_and_chain)
{
    /* f = 0, s = 3: z' = -2 z, so 7e37 leaves the floats (3.4e38) at the third step, in chain 7 alone. */
    enum { N = 12, M = 2 };
    struct model model;
    model_linear(&model, M, 1, 1, 1);
    for (int64_t threads = 1; threads <= 3; threads++) {
        float z[N * M] = {0};
        z[7 * M + 1] = 7e37f;
        lebm_sampler *sampler = make_noiseless_sampler(10, 3, 1);
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, threads));
        LEBM_ASSERT_STATUS(lebm_sampler_run_prior(sampler, model.prior, N, z), LEBM_ERR_DIVERGED);
        LEBM_ASSERT_ERROR_NAMES("at step 3 of chain 7 to the prior; a smaller step_size may help");
        lebm_sampler_destroy(sampler);
    }
    model_free(&model);
}
END_TEST

START_TEST(a_state_that_is_lost_at_the_last_step_is_found)
{
    enum { N = 5, M = 2 };
    struct model model;
    model_linear(&model, M, 1, 1, 1);
    float z[N * M] = {0};
    z[3 * M] = 2e38f; /* its square is a finite double; -2 z is no float */
    lebm_sampler *sampler = make_noiseless_sampler(1, 3, 1);
    assert_diverges(sampler, &model, NULL, N, z);
    LEBM_ASSERT_STATUS(lebm_sampler_run_prior(sampler, model.prior, N, z), LEBM_ERR_DIVERGED);
    LEBM_ASSERT_ERROR_NAMES("chain 3");
    lebm_sampler_destroy(sampler);
    model_free(&model);
}
END_TEST

static void set_threshold(lebm_sampler *sampler, double threshold)
{
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_DIVERGENCE_THRESHOLD, threshold));
}

START_TEST(chains_may_grow_by_the_threshold_and_no_further)
{
    /* f = 0, sigma0 = 1, s = 3: z' = -2 z. From 5, which is more than sigma0 sqrt(M), it goes to 10, 20, 40, 80. */
    enum { N = 6, M = 2 };
    struct model model;
    model_linear(&model, M, 1, 1, 1);
    for (int steps = 2; steps <= 4; steps++) { /* the norm is at 20 before the third step, or at the end of two */
        float z[N * M] = {0};
        z[4 * M] = 3;
        z[4 * M + 1] = 4;
        lebm_sampler *sampler = make_noiseless_sampler(steps, 3, 1);
        set_threshold(sampler, 3.999);
        char text[200];
        snprintf(
            text, sizeof text,
            "the norm of z has grown to 20 at step %d of chain 4 to the prior; allowed is at most 19.995, which is "
            "divergence_threshold times that of its start or of p0 (5); a smaller step_size may help",
            steps == 2 ? 2 : 3);
        assert_fails(LEBM_ERR_DIVERGED, text, sampler, &model, NULL, N, z);
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 2));
        set_threshold(sampler, 4.001);
        LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, model.prior, N, z));
        LEBM_ASSERT_NEAR(z[4 * M], 12, 1e-5);
        lebm_sampler_destroy(sampler);
    }

    /* From 0.1, which is less, sigma0 sqrt(M) counts. */
    float z[M] = {0.1f, 0};
    lebm_sampler *sampler = make_noiseless_sampler(5, 3, 1);
    set_threshold(sampler, 3.199 / sqrt(M));
    assert_fails(LEBM_ERR_DIVERGED, "grown to 3.2 at step 5 of chain 0", sampler, &model, NULL, 1, z);
    set_threshold(sampler, 3.201 / sqrt(M));
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, model.prior, 1, z));

    /* At a temperature p0 is so much wider; at a low one as much is allowed as at 1. */
    static const double temperatures[] = {4, 0.25}, wider[] = {2, 1};
    for (int i = 0; i < 2; i++) {
        z[0] = 0.1f;
        LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_TEMPERATURE, temperatures[i]));
        set_threshold(sampler, 3.199 / (wider[i] * sqrt(M)));
        assert_fails(LEBM_ERR_DIVERGED, "grown to 3.2 at step 5 of chain 0", sampler, &model, NULL, 1, z);
        set_threshold(sampler, 3.201 / (wider[i] * sqrt(M)));
        LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, model.prior, 1, z));
    }
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 100)); /* 0: any number that is one */
    set_threshold(sampler, 0);
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, model.prior, 1, z));
    ck_assert_float_gt(fabsf(z[0]), 1e30f);
    lebm_sampler_destroy(sampler);
    model_free(&model);
}
END_TEST

/* A prior with f of this form, whose weights and biases are `scale` times PyTorch's. */
static lebm_prior *make_scaled_prior(const char *spec, double scale, double sigma0)
{
    lebm_net *f = make_net(spec, 1);
    for (int64_t i = 0; i < lebm_net_param_count(f); i++) {
        const int64_t size = lebm_net_param_size(f, i);
        float *values = test_floats(size);
        LEBM_ASSERT_OK(lebm_net_get_param(f, i, values, size));
        for (int64_t k = 0; k < size; k++) values[k] *= (float)scale;
        LEBM_ASSERT_OK(lebm_net_set_param(f, i, values, size));
        free(values);
    }
    return make_prior(f, sigma0);
}

static float largest_after(lebm_sampler *sampler, const lebm_prior *prior, int64_t n)
{
    const int64_t count = n * lebm_prior_latent_size(prior);
    float *z = test_floats(count), largest = 0;
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, prior, n, z));
    for (int64_t i = 0; i < count; i++) largest = fmaxf(largest, fabsf(z[i]));
    free(z);
    return largest;
}

/* Far from where they started, and far out in units of sigma0, but stable: such chains pass. */
START_TEST(stable_chains_may_go_far)
{
    static const struct {
        const char *f;
        double scale, sigma0, step_size, start_std; /* step_size in units of sigma0^2 */
    } cases[] = {
        {"in 1; linear 64; gelu; linear 1", 1, 0.3, 1.9, 1},    {"in 16; linear 64; gelu; linear 1", 1, 0.3, 0.1, 1},
        {"in 1; linear 64; gelu; linear 1", 1, 100, 1.9, 1},    {"in 16; linear 64; gelu; linear 1", 2, 100, 0.1, 1},
        {"in 16; linear 64; relu; linear 1", 1, 1000, 0.9, 1},  {"in 1; linear 64; relu; linear 1", 1, 1000, 1, 1000},
        {"in 1000; linear 64; gelu; linear 1", 1, 1, 1.9, 1},   {"in 1000; linear 64; tanh; linear 1", 1, 1000, 0.1, 1},
        {"in 4; linear 64; silu; linear 1", 30, 1, 0.001, 1},   {"in 4; linear 1", 1, 1, 0.5, 0},
        {"in 4; linear 64; gelu; linear 1", 1, 1e-6, 0.5, 1e6}, {"in 4; linear 1", 1, 1000, 1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double unit = cases[i].sigma0 * cases[i].sigma0;
        lebm_prior *prior = make_scaled_prior(cases[i].f, cases[i].scale, cases[i].sigma0);
        lebm_sampler *sampler = make_sampler(60, fmax(1e-12, cases[i].step_size * unit));
        LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_START_STD, cases[i].start_std));
        largest_after(sampler, prior, 5);
        lebm_sampler_destroy(sampler);
        lebm_prior_destroy(prior);
    }
}
END_TEST

/* f = w z shifts the mean to sigma0^2 w: to 50 sigma0, which chains that swing overshoot by as much. */
START_TEST(a_mean_far_away_is_reached)
{
    static const double sigmas[] = {0.3, 1, 1000};
    for (int i = 0; i < 3; i++) {
        lebm_prior *prior = make_scaled_prior("in 1; linear 1 nobias", 0, sigmas[i]);
        const float slope = (float)(50 / sigmas[i]);
        LEBM_ASSERT_OK(lebm_net_set_param(lebm_prior_net(prior), 0, &slope, 1));
        lebm_sampler *sampler = make_sampler(100, fmin(1e6, 1.9 * sigmas[i] * sigmas[i]));
        const double far = largest_after(sampler, prior, 20) / sigmas[i];
        ck_assert_double_gt(far, 40);
        ck_assert_double_lt(far, 100);
        lebm_sampler_destroy(sampler);
        lebm_prior_destroy(prior);
    }
}
END_TEST

/* Steps too long for the curvature, all of which ended with numbers that are finite and mean nothing. */
START_TEST(unstable_chains_are_refused)
{
    enum { M = 4, N = 10, D = 6 };
    static const struct {
        double sigma0, sigma, step_size;
        int64_t steps;
        int is_posterior;
    } cases[] = {
        {1, 1, 2.6, 40, 0},    {1, 1, 50, 6, 0},       {0.1, 1, 0.08, 20, 0}, {100, 1, 3e4, 60, 0},
        {1, 0.05, 0.08, 8, 1}, {1, 0.01, 0.005, 9, 1}, {1, 1e-3, 1e-4, 8, 1}, {1, 0.3, 0.5, 20, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct model model;
        model_small(&model, M, 10, D, cases[i].sigma0, cases[i].sigma);
        float *x = test_normal_floats(N * D, 1, 1), *z = test_normal_floats(N * M, 1, 2);
        lebm_sampler *sampler = make_sampler(cases[i].steps, cases[i].step_size);
        for (int64_t threads = 1; threads <= 3; threads += 2) {
            LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, threads));
            assert_fails(LEBM_ERR_DIVERGED, "the norm of z has grown to", sampler, &model,
                         cases[i].is_posterior ? x : NULL, N, z);
        }
        set_threshold(sampler, 0); /* which shows that all were finite */
        float *end = run(sampler, &model, cases[i].is_posterior ? x : NULL, N), largest = 0;
        for (int k = 0; k < N * M; k++) largest = fmaxf(largest, fabsf(end[k]));
        ck_assert_float_gt(largest, 1e6f);
        free(end);
        free(x);
        free(z);
        lebm_sampler_destroy(sampler);
        model_free(&model);
    }
}
END_TEST

START_TEST(what_is_not_finite_is_noticed)
{
    enum { N = 6, M = 3, D = 4 };
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++) {
        struct model model;
        model_small(&model, M, 5, D, 1, 0.5);
        float *x = test_normal_floats(N * D, 1, 1), *z = test_normal_floats(N * M, 1, 2);
        lebm_sampler *sampler = make_noiseless_sampler(3, 0.01, 1);
        x[4 * D + 1] = bad[i];
        assert_fails(LEBM_ERR_RANGE, "number 1 of row 4 of x is", sampler, &model, x, N, z);
        z[2 * M] = bad[i];
        assert_fails(LEBM_ERR_DIVERGED, "of chain 2", sampler, &model, NULL, N, z);
        z[2 * M] = 0;

        float weights[15];
        LEBM_ASSERT_OK(lebm_net_get_param(lebm_prior_net(model.prior), 0, weights, 15));
        weights[8] = bad[i];
        LEBM_ASSERT_OK(lebm_net_set_param(lebm_prior_net(model.prior), 0, weights, 15));
        assert_diverges(sampler, &model, NULL, N, z);
        free(x);
        free(z);
        lebm_sampler_destroy(sampler);
        model_free(&model);
    }
}
END_TEST

/* ---- progress ---- */

/* Tries, from its sampler's own progress function, what would change that sampler under its own feet. */
struct meddler {
    lebm_sampler *sampler;
    const lebm_prior *prior;
    int calls, refused;
    int64_t steps;
};

static int meddle(double done, void *user)
{
    struct meddler *m = user;
    float z[3];
    (void)done;
    m->calls++;
    m->refused += lebm_sampler_set_i64(m->sampler, LEBM_SAMPLER_STEPS, 7) == LEBM_ERR_STATE;
    m->refused += lebm_sampler_set_f64(m->sampler, LEBM_SAMPLER_STEP_SIZE, 7) == LEBM_ERR_STATE;
    m->refused += lebm_sampler_set_str(m->sampler, LEBM_SAMPLER_START, "given") == LEBM_ERR_STATE;
    m->refused += lebm_sampler_set_progress(m->sampler, NULL, NULL) == LEBM_ERR_STATE;
    m->refused += lebm_sampler_run_prior(m->sampler, m->prior, 1, z) == LEBM_ERR_STATE;
    LEBM_ASSERT_OK(lebm_sampler_get_i64(m->sampler, LEBM_SAMPLER_STEPS, &m->steps)); /* reading is fine */
    return 0;
}

START_TEST(a_callback_may_not_change_its_sampler)
{
    struct model model;
    float z[5 * 3], again[5 * 3];
    model_small(&model, 3, 8, 6, 1.0, 0.3);
    lebm_sampler *sampler = make_sampler(20, 0.05);
    struct meddler m = {sampler, model.prior, 0, 0, 0};
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, model.prior, 5, z));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STREAM, 0));
    LEBM_ASSERT_OK(lebm_sampler_set_progress(sampler, meddle, &m));
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, model.prior, 5, again));
    LEBM_ASSERT_SAME_BITS(again, z, 5 * 3);
    ck_assert_int_ge(m.calls, 1);
    ck_assert_int_eq(m.refused, 5 * m.calls);
    ck_assert_int_eq(m.steps, 20);
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 7)); /* it is idle again */
    lebm_sampler_destroy(sampler);
    model_free(&model);
}
END_TEST

/* Chains of a model are of that model from their first step to their last. */
static int try_to_change_f(double done, void *user)
{
    lebm_net *f = user;
    const float bias = 1;
    (void)done;
    LEBM_ASSERT_STATUS(lebm_net_set_param(f, 3, &bias, 1), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("is running");
    LEBM_ASSERT_STATUS(lebm_net_init(f, LEBM_INIT_PYTORCH, 9), LEBM_ERR_STATE);
    LEBM_ASSERT_STATUS(lebm_net_set_str(f, LEBM_NET_CONVOLUTION, "direct"), LEBM_ERR_STATE);
    return 0;
}

START_TEST(a_callback_may_not_change_a_net)
{
    struct model model;
    float z[5 * 3], again[5 * 3];
    model_small(&model, 3, 8, 6, 1.0, 0.3);
    lebm_sampler *sampler = make_sampler(20, 0.05);
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, model.prior, 5, z));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STREAM, 0));
    LEBM_ASSERT_OK(lebm_sampler_set_progress(sampler, try_to_change_f, model.f.net));
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, model.prior, 5, again));
    LEBM_ASSERT_SAME_BITS(again, z, 5 * 3);
    LEBM_ASSERT_OK(lebm_net_init(model.f.net, LEBM_INIT_PYTORCH, 9)); /* it is idle again */
    lebm_sampler_destroy(sampler);
    model_free(&model);
}
END_TEST

START_TEST(a_net_that_was_never_set_is_refused)
{
    lebm_net *f, *g;
    float z[2], weight[2] = {0}, x[1] = {0};
    lebm_sampler *sampler = make_sampler(3, 0.1);
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&f, "in 2; linear 2; gelu; linear 1"));
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&g, "in 2; linear 1 nobias"));
    lebm_prior *prior = make_prior(f, 1);
    lebm_generator *generator = make_generator(g, LEBM_GAUSSIAN, 1);
    LEBM_ASSERT_STATUS(lebm_sampler_run_prior(sampler, prior, 1, z), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("0.weight");
    LEBM_ASSERT_ERROR_NAMES("the prior's net f");

    LEBM_ASSERT_OK(lebm_net_init(f, LEBM_INIT_PYTORCH, 1));
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, prior, 1, z));
    LEBM_ASSERT_STATUS(lebm_sampler_run_posterior(sampler, prior, generator, x, 1, z), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("the generator's net g");
    LEBM_ASSERT_OK(lebm_net_set_param(g, 0, weight, 2)); /* zero, but on purpose */
    LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, prior, generator, x, 1, z));
    lebm_sampler_destroy(sampler);
    lebm_prior_destroy(prior);

    f = make_net("in 2; linear 2; gelu", 1); /* a layer added after the others were initialised */
    LEBM_ASSERT_OK(lebm_net_add_linear(f, 1, 1));
    prior = make_prior(f, 1);
    sampler = make_sampler(3, 0.1);
    LEBM_ASSERT_STATUS(lebm_sampler_run_prior(sampler, prior, 1, z), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("2.weight");
    LEBM_ASSERT_OK(lebm_net_set_param(f, 2, weight, 2));
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, prior, 1, z)); /* a bias begins at zero */
    lebm_sampler_destroy(sampler);
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
}
END_TEST

START_TEST(prior_and_posterior_draw_different_numbers)
{
    /* One step of hardly any size leaves the chains at their starting noise. */
    struct model model;
    float prior[3], posterior[3], x[6] = {0};
    model_small(&model, 3, 8, 6, 1.0, 0.3);
    lebm_sampler *sampler = make_sampler(1, 1e-12);
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, model.prior, 1, prior));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STREAM, 0));
    LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, model.prior, model.generator, x, 1, posterior));
    for (int i = 0; i < 3; i++) {
        LEBM_ASSERT_MSG(fabsf(prior[i] - posterior[i]) > 1e-4f, "number %d is %g and %g", i, (double)prior[i],
                        (double)posterior[i]);
    }
    lebm_sampler_destroy(sampler);
    model_free(&model);
}
END_TEST

enum { DAWDLING_STEPS = 1000000000, MOST_CALLS = 500 };

struct dawdler {
    int calls;
    double first;
    int counts_others;
};

/* Leaves the calling thread time for one step from call to call, and stops when more than its own have been counted. */
static int dawdle(double done, void *user)
{
    struct dawdler *d = user;
    usleep(60000);
    if (d->calls == 0) d->first = done;
    d->calls++;
    d->counts_others = (done - d->first) * 2 * DAWDLING_STEPS > d->calls + 100; /* steps */
    return d->counts_others || d->calls == MOST_CALLS;
}

START_TEST(progress_counts_the_work_of_all_threads)
{
    struct model model;
    struct dawdler d = {0};
    float z[64 * 3];
    model_small(&model, 3, 8, 6, 1.0, 0.3);
    lebm_sampler *sampler = make_sampler(DAWDLING_STEPS, 1e-4);
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, 2));
    LEBM_ASSERT_OK(lebm_sampler_set_progress(sampler, dawdle, &d));
    LEBM_ASSERT_STATUS(lebm_sampler_run_prior(sampler, model.prior, 64, z), LEBM_STOPPED);
    ck_assert_msg(d.counts_others, "in %d calls only the steps of the calling thread were counted", d.calls);
    lebm_sampler_destroy(sampler);
    model_free(&model);
}
END_TEST

/* A flat density in one dimension that takes its time, and counts how often it is asked. */
static int take_time(const float *z, int64_t n, double *log_density, float *score, void *user)
{
    (void)z;
    usleep(1000);
    ++*(int *)user;
    for (int64_t i = 0; i < n; i++) log_density[i] = 0, score[i] = 0;
    return 0;
}

static int stop_at_once(double done, void *user)
{
    *(double *)user = done;
    return 1;
}

/* A step of hmc is many evaluations, each of which is work done, and before each of which a run may be stopped. */
START_TEST(progress_counts_leapfrog_steps)
{
    enum { LEAPS = 10000 };
    double done = -1;
    float z[1];
    int evaluations = 0;
    lebm_target *target;
    lebm_sampler *sampler;
    LEBM_ASSERT_OK(lebm_target_create(&target, 1, take_time, &evaluations, 0));
    LEBM_ASSERT_OK(lebm_sampler_create(&sampler, LEBM_HMC));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 2));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_LEAPFROG_STEPS, LEAPS));
    LEBM_ASSERT_OK(lebm_sampler_set_progress(sampler, stop_at_once, &done));
    LEBM_ASSERT_STATUS(lebm_sampler_run_target(sampler, target, 1, z), LEBM_STOPPED);
    ck_assert_int_lt(evaluations, LEAPS);
    LEBM_ASSERT_NEAR(done, (evaluations - 1) / (2.0 * LEAPS), 1e-12); /* the first is where it starts */
    lebm_sampler_destroy(sampler);
    lebm_target_destroy(target);
}
END_TEST

START_TEST(progress_is_reported_on_the_calling_thread)
{
    struct model model;
    model_small(&model, 8, 40, 60, 1, 0.5);
    float *x = test_normal_floats(400 * 60, 1, 1);
    for (int64_t threads = 1; threads <= 3; threads++) {
        struct watch watch = {.thread = pthread_self()};
        lebm_sampler *sampler = make_sampler(30, 0.005);
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, threads));
        float *expected = run(sampler, &model, x, 400);
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STREAM, 0));
        LEBM_ASSERT_OK(lebm_sampler_set_progress(sampler, watch_progress, &watch));
        float *z = run(sampler, &model, x, 400);
        LEBM_ASSERT_SAME_BITS(z, expected, 400 * 8); /* watching changes nothing */
        assert_watched(&watch);

        watch.calls = 0;
        LEBM_ASSERT_OK(lebm_sampler_set_progress(sampler, NULL, NULL));
        free(run(sampler, &model, x, 400));
        ck_assert_int_eq(watch.calls, 0);
        free(z);
        free(expected);
        lebm_sampler_destroy(sampler);
    }
    LEBM_ASSERT_STATUS(lebm_sampler_set_progress(NULL, watch_progress, NULL), LEBM_ERR_INVALID);
    free(x);
    model_free(&model);
}
END_TEST

START_TEST(stopping_changes_nothing)
{
    struct model model;
    model_small(&model, 8, 40, 60, 1, 0.5);
    float *x = test_normal_floats(400 * 60, 1, 1), *z = test_normal_floats(400 * 8, 1, 2);
    float *before = test_copy(z, 400 * 8);
    for (int64_t threads = 1; threads <= 3; threads++) {
        struct watch watch = {.thread = pthread_self(), .stop_at = 1, .stop_with = 5}; /* anything but 0 stops */
        lebm_sampler *sampler = make_sampler(30, 0.005), *other = make_sampler(30, 0.005);
        double value;
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, threads));
        LEBM_ASSERT_OK(lebm_sampler_set_progress(sampler, watch_progress, &watch));
        LEBM_ASSERT_STATUS(lebm_sampler_run_posterior(sampler, model.prior, model.generator, x, 400, z), LEBM_STOPPED);
        ck_assert_int_eq(watch.calls, 1); /* no more calls after that */
        LEBM_ASSERT_SAME_BITS(z, before, 400 * 8);
        ck_assert_int_eq(stream_of(sampler), 0);
        LEBM_ASSERT_STATUS(lebm_sampler_metric(sampler, LEBM_SAMPLER_LOG_DENSITY, &value), LEBM_ERR_STATE);

        float *next = run(sampler, &model, x, 400); /* stop_at is past: the run goes through */
        float *expected = run(other, &model, x, 400);
        LEBM_ASSERT_SAME_BITS(next, expected, 400 * 8);
        free(next);
        free(expected);
        lebm_sampler_destroy(sampler);
        lebm_sampler_destroy(other);
    }
    free(x);
    free(z);
    free(before);
    model_free(&model);
}
END_TEST

/* ---- errors ---- */

START_TEST(wrong_arguments)
{
    struct model model, other;
    model_small(&model, 3, 5, 4, 1, 0.5);
    model_small(&other, 2, 5, 4, 1, 0.5);
    float x[8] = {0}, z[6] = {5, 5, 5, 5, 5, 5};
    lebm_sampler *sampler = (lebm_sampler *)x;
    LEBM_ASSERT_STATUS(lebm_sampler_create(&sampler, "hamiltonian"), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_ERROR_NAMES("hamiltonian");
    ck_assert_ptr_null(sampler);
    LEBM_ASSERT_STATUS(lebm_sampler_create(&sampler, NULL), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_sampler_create(NULL, LEBM_LANGEVIN), LEBM_ERR_INVALID);
    ck_assert_ptr_null(lebm_sampler_kernel(NULL));
    lebm_sampler_destroy(NULL);

    sampler = make_sampler(2, 0.1);
    ck_assert_str_eq(lebm_sampler_kernel(sampler), LEBM_LANGEVIN);
    LEBM_ASSERT_STATUS(lebm_sampler_run_prior(NULL, model.prior, 1, z), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_sampler_run_prior(sampler, NULL, 1, z), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_sampler_run_prior(sampler, model.prior, 1, NULL), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_sampler_run_prior(sampler, model.prior, 0, z), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_sampler_run_prior(sampler, model.prior, -1, z), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_sampler_run_prior(sampler, model.prior, INT64_MAX, z), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_sampler_run_posterior(NULL, model.prior, model.generator, x, 1, z), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_sampler_run_posterior(sampler, NULL, model.generator, x, 1, z), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_sampler_run_posterior(sampler, model.prior, NULL, x, 1, z), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_sampler_run_posterior(sampler, model.prior, model.generator, NULL, 1, z), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_sampler_run_posterior(sampler, model.prior, model.generator, x, 1, NULL), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_sampler_run_posterior(sampler, model.prior, model.generator, x, 0, z), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_sampler_run_posterior(sampler, model.prior, other.generator, x, 1, z), LEBM_ERR_SHAPE);
    for (int i = 0; i < 6; i++) ck_assert_float_eq(z[i], 5);
    ck_assert_int_eq(stream_of(sampler), 0);
    lebm_sampler_destroy(sampler);
    model_free(&model);
    model_free(&other);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("sampler");
    TCase *statistics = tcase_create("statistics");
    tcase_set_timeout(statistics, 30);
    tcase_add_test(statistics, start_is_normal);
    tcase_add_test(statistics, noise_is_normal_and_fresh_each_step);
    tcase_add_test(statistics, noise_follows_the_schedule_too);
    suite_add_tcase(suite, statistics);

    TCase *reference = tcase_create("reference");
    tcase_add_test(reference, noiseless_chains_equal_the_reference);
    tcase_add_test(reference, noiseless_bernoulli_chains_equal_the_reference);
    tcase_add_test(reference, step_sizes_follow_their_schedule);
    tcase_add_test(reference, metrics_are_those_at_the_start_of_the_last_step);
    suite_add_tcase(suite, reference);

    TCase *bits = tcase_create("reproducibility");
    tcase_set_timeout(bits, 30);
    tcase_add_loop_test(bits, bits_do_not_depend_on_threads_or_chains, 0, 2);
    tcase_add_test(bits, threads_may_change_between_runs);
    tcase_add_test(bits, each_run_has_its_own_stream);
    tcase_add_test(bits, the_last_stream_is_not_the_end);
    tcase_add_test(bits, one_sampler_serves_models_of_any_size);
    tcase_add_test(bits, samplers_that_share_a_model_may_run_together);
    suite_add_tcase(suite, bits);

    TCase *on = tcase_create("going on");
    tcase_add_loop_test(on, runs_that_go_on_equal_one_run, 0, 4);
    tcase_add_test(on, each_kind_of_run_goes_on_by_itself);
    tcase_add_test(on, a_run_that_fails_leaves_the_one_before_to_go_on_with);
    tcase_add_test(on, what_cannot_go_on);
    suite_add_tcase(suite, on);

    TCase *divergence = tcase_create("divergence");
    tcase_add_test(divergence, a_huge_step_size_diverges);
    tcase_add_test(divergence, the_error_names_step_and_chain);
    tcase_add_test(divergence, a_state_that_is_lost_at_the_last_step_is_found);
    tcase_add_test(divergence, chains_may_grow_by_the_threshold_and_no_further);
    tcase_add_test(divergence, stable_chains_may_go_far);
    tcase_add_test(divergence, a_mean_far_away_is_reached);
    tcase_add_test(divergence, unstable_chains_are_refused);
    tcase_add_test(divergence, what_is_not_finite_is_noticed);
    suite_add_tcase(suite, divergence);

    TCase *contract = tcase_create("contract");
    tcase_add_test(contract, a_callback_may_not_change_its_sampler);
    tcase_add_test(contract, a_callback_may_not_change_a_net);
    tcase_add_test(contract, a_net_that_was_never_set_is_refused);
    tcase_add_test(contract, prior_and_posterior_draw_different_numbers);
    tcase_add_test(contract, progress_counts_the_work_of_all_threads);
    tcase_add_test(contract, progress_counts_leapfrog_steps);
    tcase_add_test(contract, progress_is_reported_on_the_calling_thread);
    tcase_add_test(contract, stopping_changes_nothing);
    tcase_add_test(contract, wrong_arguments);
    suite_add_tcase(suite, contract);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
