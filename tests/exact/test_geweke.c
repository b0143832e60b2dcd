/* Geweke's joint distribution test and simulation-based calibration of the kernels, on a model whose prior can be drawn from
 * by itself: z from the prior, then x given z and z given x by a kernel in turn, must leave z and x what they were; and the
 * rank of a z among draws given its x must be uniform. What is wrong in a kernel shows where moments of one density do not
 * tell. tests/mutation leaves q out of mala's ratio, and forgets the temperature, to see that this test fails. */
#include "lebm.h"
#include "support/approx.h"
#include "support/nets.h"
#include "support/statistics.h"

enum { M = 3, D = 4, N = 20000 };

static const double sigma0 = 1.2, sigma = 0.8;
static const float slopes[M] = {0.3f, -0.2f, 0.5f};

struct model {
    lebm_prior *prior;
    lebm_generator *generator;
};

/* f is linear, so that the prior is N(sigma0^2 slopes, sigma0^2 I). */
static struct model make_model(void)
{
    lebm_net *f;
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&f, "in 3; linear 1 nobias"));
    LEBM_ASSERT_OK(lebm_net_set_param(f, 0, slopes, M));
    lebm_net *g = make_net("in 3; linear 8; tanh; linear 4", 5);
    float *weights = test_normal_floats(3 * 8, 0.7f, 6), *out = test_normal_floats(8 * 4, 0.7f, 7);
    LEBM_ASSERT_OK(lebm_net_set_param(g, 0, weights, 3 * 8));
    LEBM_ASSERT_OK(lebm_net_set_param(g, 2, out, 8 * 4));
    free(weights);
    free(out);
    return (struct model){make_prior(f, sigma0), make_generator(g, LEBM_GAUSSIAN, sigma)};
}

static void free_model(struct model *model)
{
    lebm_prior_destroy(model->prior);
    lebm_generator_destroy(model->generator);
}

/* z from p(z)^(1/T), which is that of T times the variance. */
static float *draw_prior(double t, int64_t n, uint64_t seed)
{
    float *z = test_normal_floats(n * M, (float)(sigma0 * sqrt(t)), seed);
    for (int64_t i = 0; i < n * M; i++) z[i] += (float)(sigma0 * sigma0) * slopes[i % M];
    return z;
}

/* x from p(x|z)^(1/T). */
static void draw_x(const struct model *model, double t, const float *z, int64_t n, uint64_t seed, float *x)
{
    LEBM_ASSERT_OK(lebm_generator_decode(model->generator, z, n, x));
    float *noise = test_normal_floats(n * D, (float)(sigma * sqrt(t)), seed);
    for (int64_t i = 0; i < n * D; i++) x[i] += noise[i];
    free(noise);
}

static lebm_sampler *make_sampler(const char *kernel, double step_size, int64_t steps, double t)
{
    lebm_sampler *sampler;
    LEBM_ASSERT_OK(lebm_sampler_create(&sampler, kernel));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, step_size));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, steps));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_TEMPERATURE, t));
    LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, "given"));
    return sampler;
}

/* ---- Geweke's test ---- */

enum { STATISTICS = 3 * M + M * (M - 1) / 2 + 2 * D + M * D };

/* Moments of z and x and of both. */
static void measure(const float *z, const float *x, double *values)
{
    int s = 0;
    for (int i = 0; i < M; i++) {
        const double u = ((double)z[i] - sigma0 * sigma0 * (double)slopes[i]) / sigma0;
        values[s++] = u;
        values[s++] = u * u;
        values[s++] = u * u * u * u;
        for (int j = 0; j < i; j++) values[s++] = (double)z[i] * (double)z[j];
        for (int j = 0; j < D; j++) values[s++] = (double)z[i] * (double)x[j];
    }
    for (int j = 0; j < D; j++) {
        values[s++] = x[j];
        values[s++] = (double)x[j] * (double)x[j];
    }
    ck_assert_int_eq(s, STATISTICS);
}

/* The largest difference of means between two sets of draws, in standard errors. */
static double compare(const float *z, const float *x, const float *other_z, const float *other_x)
{
    double sums[2][STATISTICS] = {{0}}, squares[2][STATISTICS] = {{0}}, worst = 0, values[STATISTICS];
    for (int set = 0; set < 2; set++) {
        for (int64_t i = 0; i < N; i++) {
            measure((set ? other_z : z) + i * M, (set ? other_x : x) + i * D, values);
            for (int s = 0; s < STATISTICS; s++) {
                sums[set][s] += values[s] / N;
                squares[set][s] += values[s] * values[s] / N;
            }
        }
    }
    for (int s = 0; s < STATISTICS; s++) {
        const double variance = squares[0][s] - sums[0][s] * sums[0][s] + squares[1][s] - sums[1][s] * sums[1][s];
        worst = fmax(worst, fabs(sums[0][s] - sums[1][s]) / sqrt(variance / N));
    }
    return worst;
}

/* How far apart z and x are after some rounds of x given z and z given x; towards the prior, after z alone moved. */
static double joint_test(lebm_sampler *sampler, double t, int to_posterior)
{
    enum { ROUNDS = 6 };
    struct model model = make_model();
    float *x = test_floats(N * D), *other_x = test_floats(N * D);
    float *z = draw_prior(t, N, 21), *other_z = draw_prior(t, N, 22);
    for (uint64_t round = 0; round < ROUNDS; round++) {
        draw_x(&model, t, z, N, 30 + round, x);
        if (to_posterior)
            LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, model.prior, model.generator, x, N, z));
        else
            LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, model.prior, N, z));
    }
    if (!to_posterior) draw_x(&model, t, z, N, 50, x);
    draw_x(&model, t, other_z, N, 40, other_x);
    const double worst = compare(z, x, other_z, other_x);
    free(x);
    free(other_x);
    free(z);
    free(other_z);
    free_model(&model);
    return worst;
}

static const struct {
    const char *kernel;
    double step_size[2]; /* to the prior, to the posterior */
    double temperature;
    int is_preconditioned;
} settings[] = {{LEBM_MALA, {1, 0.25}, 1, 0},   {LEBM_HMC, {1.3, 0.4}, 1, 0}, {LEBM_MALA, {1, 0.25}, 0.5, 0},
                {LEBM_HMC, {1.3, 0.4}, 0.5, 0}, {LEBM_MALA, {1, 0.25}, 2, 1}, {LEBM_HMC, {1.3, 0.4}, 2, 1}};

enum { SETTINGS = sizeof settings / sizeof *settings };

static lebm_sampler *make_setting(int number, const char *kernel, int to_posterior, double t)
{
    lebm_sampler *sampler = make_sampler(kernel, settings[number].step_size[to_posterior], 3, t);
    if (settings[number].is_preconditioned) {
        LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_PRECONDITIONER, "diagonal"));
        LEBM_ASSERT_OK(lebm_sampler_set_variances(sampler, (const float[M]){1.3f, 0.6f, 1}, M));
    }
    if (strcmp(kernel, LEBM_HMC) == 0) LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_LEAPFROG_STEPS, 4));
    return sampler;
}

START_TEST(kernels_leave_the_joint_law_as_it_is) /* _i: setting and target */
{
    const double t = settings[_i / 2].temperature;
    double acceptance;
    lebm_sampler *sampler = make_setting(_i / 2, settings[_i / 2].kernel, _i % 2, t);
    const double worst = joint_test(sampler, t, _i % 2);
    LEBM_ASSERT_OK(lebm_sampler_metric(sampler, LEBM_SAMPLER_ACCEPTANCE, &acceptance));
    LEBM_ASSERT_MSG(worst < 4.5, "%s at T = %g to the %s: a mean is off by %.2f standard errors, allowed 4.5",
                    settings[_i / 2].kernel, t, _i % 2 ? "posterior" : "prior", worst);
    LEBM_ASSERT_MSG(acceptance > 0.4 && acceptance < 0.96, "the acceptance is %g: not much of a test", acceptance);
    lebm_sampler_destroy(sampler);
}
END_TEST

START_TEST(without_a_test_or_its_temperature_it_shows) /* _i: setting and target */
{
    const double t = settings[_i / 2].temperature;
    lebm_sampler *untested = make_setting(_i / 2, LEBM_LANGEVIN, _i % 2, t);
    if (strcmp(settings[_i / 2].kernel, LEBM_MALA) == 0) ck_assert_double_gt(joint_test(untested, t, _i % 2), 9);
    lebm_sampler_destroy(untested);
    if (t == 1) return;
    lebm_sampler *forgetful = make_setting(_i / 2, settings[_i / 2].kernel, _i % 2, 1);
    ck_assert_double_gt(joint_test(forgetful, t, _i % 2), 9);
    lebm_sampler_destroy(forgetful);
}
END_TEST

/* ---- simulation-based calibration ---- */

enum { DATA = 4000, DRAWS = 15 };

/* Chi squared of the ranks of a number of z among DRAWS draws given x, over its mean, in its standard deviations. */
static double calibrate(lebm_sampler *sampler)
{
    struct model model = make_model();
    float *x = test_floats(DATA * D), *truth = draw_prior(1, DATA, 61), *z = test_floats(DATA * M);
    int *ranks = test_alloc(DATA, sizeof *ranks);
    double counts[DRAWS + 1] = {0}, chi_squared = 0;
    draw_x(&model, 1, truth, DATA, 62, x);
    LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, "noise"));
    for (int draw = 0; draw <= DRAWS; draw++) { /* the first run leaves the start behind */
        LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, model.prior, model.generator, x, DATA, z));
        LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, "continue"));
        for (int i = 0; draw > 0 && i < DATA; i++) ranks[i] += z[i * M] < truth[i * M];
    }
    for (int i = 0; i < DATA; i++) counts[ranks[i]]++;
    for (int r = 0; r <= DRAWS; r++) {
        const double expected = DATA / (DRAWS + 1.0);
        chi_squared += (counts[r] - expected) * (counts[r] - expected) / expected;
    }
    free(x);
    free(truth);
    free(z);
    free(ranks);
    free_model(&model);
    return (chi_squared - DRAWS) / sqrt(2.0 * DRAWS);
}

START_TEST(ranks_are_uniform) /* _i: the kernel */
{
    lebm_sampler *sampler = make_setting(_i, settings[_i].kernel, 1, 1);
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, _i ? 20 : 60));
    const double off = calibrate(sampler);
    LEBM_ASSERT_MSG(off < 4, "ranks by %s: chi squared is off by %.2f standard deviations, allowed 4",
                    settings[_i].kernel, off);
    lebm_sampler_destroy(sampler);
}
END_TEST

START_TEST(ranks_of_langevin_are_not)
{
    lebm_sampler *sampler = make_setting(0, LEBM_LANGEVIN, 1, 1);
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 60));
    ck_assert_double_gt(calibrate(sampler), 8);
    lebm_sampler_destroy(sampler);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("geweke");
    TCase *tests = tcase_create("geweke");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, kernels_leave_the_joint_law_as_it_is, 0, 2 * SETTINGS);
    tcase_add_loop_test(tests, without_a_test_or_its_temperature_it_shows, 0, 2 * SETTINGS);
    tcase_add_loop_test(tests, ranks_are_uniform, 0, 2);
    tcase_add_test(tests, ranks_of_langevin_are_not);
    suite_add_tcase(suite, tests);
    return test_run_suite(suite);
}
