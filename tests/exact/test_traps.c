/* The traps that have cost other implementations dearly, one test each: signs, scales and dropped terms. Each test
 * first shows that it would notice the mistake. */
#include "exact/step.h"
#include "lebm.h"
#include "support/approx.h"
#include "support/model.h"
#include "support/statistics.h"

START_TEST(posterior_chains_ascend_the_log_density)
{
    /* Equation 24 as sometimes printed, z - s d log p(z|x)/dz, descends. */
    enum { M = 4, D = 10, N = 8, STEPS = 30 };
    const double step_size = 1e-3;
    struct model model;
    model_small(&model, M, 12, D, 1, 0.3);
    float *x = test_normal_floats(N * D, 1, 1), *z = test_normal_floats(N * M, 1, 2);
    double *x_rows = test_to_doubles(x, N * D), *start = test_to_doubles(z, N * M);
    lebm_sampler *sampler = make_noiseless_sampler(STEPS, step_size, 1);
    LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, model.prior, model.generator, x, N, z));
    double *end = test_to_doubles(z, N * M);
    for (int i = 0; i < N; i++) {
        const double *row = x_rows + i * D;
        double before = ref_log_density(&model.ref, start + i * M, row);
        double after = ref_log_density(&model.ref, end + i * M, row);

        double score[M], wrong[M];
        memcpy(wrong, start + i * M, sizeof wrong);
        for (int step = 0; step < STEPS; step++) {
            ref_score(&model.ref, wrong, row, score);
            for (int j = 0; j < M; j++) wrong[j] -= step_size * score[j];
        }
        double with_minus = ref_log_density(&model.ref, wrong, row);
        ck_assert_msg(with_minus < before - 0.5, "chain %d: with a minus the log density goes from %g to %g", i, before,
                      with_minus);
        ck_assert_msg(after > before + 0.1, "chain %d: the log density goes from %g to %g", i, before, after);
    }
    free(x);
    free(z);
    free(x_rows);
    free(start);
    free(end);
    lebm_sampler_destroy(sampler);
    model_free(&model);
}
END_TEST

START_TEST(gradient_of_log_p0_is_not_one_over_z)
{
    static const double sigmas0[] = {1, 0.5, 3};
    static const float z[] = {0.25f, -0.25f, 2, -2, 0, 1e-3f, 7.5f};
    enum { COUNT = sizeof z / sizeof *z };
    for (int i = 0; i < 3; i++) {
        struct model model;
        model_linear(&model, COUNT, 1, sigmas0[i], 1); /* f = 0 */
        float score[COUNT];
        double expected[COUNT];
        for (int j = 0; j < COUNT; j++) expected[j] = -(double)z[j] / (sigmas0[i] * sigmas0[i]);
        LEBM_ASSERT_OK(lebm_prior_score(model.prior, z, 1, score));
        LEBM_ASSERT_CLOSE(score, expected, COUNT, 1e-6, 0);
        model_free(&model);
    }
}
END_TEST

START_TEST(small_sigma0_keeps_the_term_of_p0)
{
    /* For sigma0 -> 0 the term z/sigma0^2 is all that matters; it may be dropped for sigma0 -> infinity only. */
    enum { M = 3 };
    const double sigma0 = 0.01, step_size = 2e-5;
    struct model model;
    model_small(&model, M, 8, 2, sigma0, 1);
    const float z[M] = {0.02f, -0.01f, 0.03f};
    double at[M], grad_f[M], expected[M];
    const double one = 1;
    for (int j = 0; j < M; j++) at[j] = (double)z[j];
    ref_net_vjp(&model.f.ref, at, &one, grad_f, NULL);
    ck_assert_double_gt(approx_largest(grad_f, M), 0.05);

    float score[M], moved[M];
    LEBM_ASSERT_OK(lebm_prior_score(model.prior, z, 1, score));
    for (int j = 0; j < M; j++) expected[j] = grad_f[j] - at[j] / (sigma0 * sigma0);
    LEBM_ASSERT_CLOSE(score, expected, M, 1e-5, 0);

    lebm_sampler *sampler = make_noiseless_sampler(1, step_size, 1);
    memcpy(moved, z, sizeof z);
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, model.prior, 1, moved));
    for (int j = 0; j < M; j++) expected[j] = at[j] + step_size * expected[j];
    LEBM_ASSERT_CLOSE(moved, expected, M, 1e-5, 0);
    lebm_sampler_destroy(sampler);

    /* Chains stay within p0, whose width is sigma0, and not that of f. */
    enum { N = 2000 };
    float *samples = test_floats(N * M);
    sampler = make_sampler(60, step_size);
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_START_STD, sigma0));
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, model.prior, N, samples));
    double variance = sigma0 * sigma0 / (1 - step_size / (2 * sigma0 * sigma0));
    for (int j = 0; j < M; j++) {
        struct sample_moments m = sample_moments(samples + j, N, M);
        LEBM_ASSERT_WITHIN(m.variance, variance, 5, variance * sqrt(2.0 / N));
    }
    free(samples);
    lebm_sampler_destroy(sampler);
    model_free(&model);
}
END_TEST

/* Mean and variance of one step of a sampler from one state: drift and noise of the kernel. */
static void assert_drift_and_noise(const float *z, const double *start, const double *score, int64_t n, int64_t m,
                                   double step_size)
{
    for (int64_t j = 0; j < m; j++) {
        ck_assert_double_gt(fabs(step_size * score[j]), 0); /* a drift of 0 would test nothing */
        assert_normal(z + j, n, m, start[j] + step_size * score[j], 2 * step_size, 5);
    }
}

START_TEST(step_size_is_the_s_of_equation_20)
{
    /* Not the d of z + d^2/2 score + d e, and no factor 1/2: drift s * score, variance of the noise 2 s. */
    enum { M = 2, D = 3, N = 40000 };
    static const double step_sizes[] = {0.08, 0.005};
    struct model model;
    model_small(&model, M, 8, D, 0.5, 0.4);
    const double start[M] = {1.5, -2};
    const float one_x[D] = {1, -1, 0.5f};
    float *z = test_floats(N * M), *x = test_floats(N * D);
    double x_row[D], score[M];
    for (int j = 0; j < D; j++) x_row[j] = (double)one_x[j];
    for (int64_t i = 0; i < N * D; i++) x[i] = one_x[i % D];

    for (int s = 0; s < 2; s++) {
        lebm_sampler *sampler = make_sampler(1, step_sizes[s]);
        LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, "given"));
        for (int64_t i = 0; i < N * M; i++) z[i] = (float)start[i % M];
        LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, model.prior, N, z));
        ref_score(&model.ref, start, NULL, score);
        assert_drift_and_noise(z, start, score, N, M, step_sizes[s]);

        for (int64_t i = 0; i < N * M; i++) z[i] = (float)start[i % M];
        LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, model.prior, model.generator, x, N, z));
        ref_score(&model.ref, start, x_row, score);
        assert_drift_and_noise(z, start, score, N, M, step_sizes[s]);
        lebm_sampler_destroy(sampler);
    }
    free(z);
    free(x);
    model_free(&model);
}
END_TEST

START_TEST(a_larger_f_is_more_probable)
{
    /* f(z) = a.z: the prior is N(sigma0^2 a, sigma0^2 I), and log density rises along a. */
    enum { M = 3, N = 4000, STEPS = 150 };
    const double a[M] = {1, -0.5, 2}, sigma0 = 0.8, step_size = 0.05;
    struct model model;
    model_linear(&model, M, 1, sigma0, 1);
    for (int j = 0; j < M; j++) model.f.ref.params[j] = a[j];
    pair_push(&model.f);

    const float apart[2 * M] = {0.1f, -0.05f, 0.2f, -0.1f, 0.05f, -0.2f}; /* equal p0, f = +0.525 and -0.525 */
    float density[2];
    LEBM_ASSERT_OK(lebm_prior_log_density(model.prior, apart, 2, density));
    LEBM_ASSERT_NEAR(density[0] - density[1], 1.05, 1e-5);

    float *z = test_floats(N * M);
    lebm_sampler *sampler = make_sampler(STEPS, step_size);
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, model.prior, N, z));
    double contraction = 1 - step_size / (sigma0 * sigma0);
    double variance = sigma0 * sigma0 / (1 - step_size / (2 * sigma0 * sigma0));
    for (int j = 0; j < M; j++) {
        struct sample_moments m = sample_moments(z + j, N, M);
        double mean = sigma0 * sigma0 * a[j] * (1 - pow(contraction, STEPS));
        LEBM_ASSERT_WITHIN(m.mean, mean, 5, sqrt(variance / N));
    }
    free(z);

    /* g(z) = 2 (z_1 + z_2 + z_3), x = 10: observations where all z are large teach f to be larger there. */
    for (int j = 0; j < M; j++) {
        model.f.ref.params[j] = 0;
        model.g.ref.params[j] = 2;
    }
    pair_push(&model.f);
    pair_push(&model.g);
    float x[100];
    for (int i = 0; i < 100; i++) x[i] = 10;
    double *gradient = gradient_of_a_step(&model, sampler, sampler, x, 100);
    for (int j = 0; j < M; j++)
        ck_assert_msg(gradient[j] > 0.5, "number %d of the gradient for a is %g, expected about 1.6", j, gradient[j]);
    free(gradient);
    lebm_sampler_destroy(sampler);
    model_free(&model);
}
END_TEST

/* Norm of the generator's gradient at one step on x [n, d], without noise: as the step acts on it, and as it is
 * reported. */
static void grad_norms_of_a_step(struct model *model, const float *x, int64_t n, double *acted_on, double *reported)
{
    lebm_trainer *trainer;
    lebm_sampler *sampler = make_noiseless_sampler(5, 1e-3, 0);
    double *gradient = gradient_of_a_step(model, sampler, sampler, x, n), square = 0;
    for (int64_t i = model->f.ref.param_total; i < param_count(&model->ref); i++) square += gradient[i] * gradient[i];
    *acted_on = sqrt(square);
    LEBM_ASSERT_OK(lebm_trainer_create(&trainer, model->prior, model->generator, sampler, sampler));
    LEBM_ASSERT_OK(lebm_trainer_step(trainer, x, n));
    LEBM_ASSERT_OK(lebm_trainer_metric(trainer, LEBM_TRAINER_GENERATOR_GRAD_NORM, reported));
    lebm_trainer_destroy(trainer);
    lebm_sampler_destroy(sampler);
    pair_push(&model->f);
    pair_push(&model->g);
    free(gradient);
}

static double ref_grad_norm_of_a_step(const struct model *model, const double *x, int64_t n)
{
    int64_t m = model->f.ref.in_features, d = model->g.ref.out_features;
    double *z = test_doubles(n * m);
    double *grad_f = test_doubles(model->f.ref.param_total), *grad_g = test_doubles(model->g.ref.param_total);
    for (int64_t i = 0; i < n; i++) ref_chain(&model->ref, x + i * d, 5, 1e-3, z + i * m);
    ref_gradients(&model->ref, n, x, z, z, grad_f, grad_g);
    double square = 0;
    for (int64_t i = 0; i < model->g.ref.param_total; i++) square += grad_g[i] * grad_g[i];
    free(z);
    free(grad_f);
    free(grad_g);
    return sqrt(square);
}

START_TEST(generator_gradient_has_its_true_scale)
{
    /* 1/sigma^2 is kept, and the batch is averaged, not summed. */
    enum { M = 3, D = 5, N = 6 };
    static const double sigmas[] = {0.3, 1, 2};
    float *x = test_normal_floats(2 * N * D, 1, 3);
    memcpy(x + N * D, x, N * D * sizeof *x); /* the same six twice */
    double *x_rows = test_to_doubles(x, 2 * N * D);
    for (int i = 0; i < 3; i++) {
        struct model model;
        model_small(&model, M, 8, D, 1, sigmas[i]);
        double expected = ref_grad_norm_of_a_step(&model, x_rows, N);
        for (int copies = 1; copies <= 2; copies++) {
            double acted_on, reported;
            grad_norms_of_a_step(&model, x, copies * N, &acted_on, &reported);
            LEBM_ASSERT_NEAR(reported, expected, 1e-5 * expected);
            LEBM_ASSERT_NEAR(acted_on, expected, 1e-5 * expected);
        }
        model_free(&model);
    }
    free(x);
    free(x_rows);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("traps");
    TCase *traps = tcase_create("traps");
    tcase_set_timeout(traps, 30);
    tcase_add_test(traps, posterior_chains_ascend_the_log_density);
    tcase_add_test(traps, gradient_of_log_p0_is_not_one_over_z);
    tcase_add_test(traps, small_sigma0_keeps_the_term_of_p0);
    tcase_add_test(traps, step_size_is_the_s_of_equation_20);
    tcase_add_test(traps, a_larger_f_is_more_probable);
    tcase_add_test(traps, generator_gradient_has_its_true_scale);
    suite_add_tcase(suite, traps);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
