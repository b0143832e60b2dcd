/* Annealed importance sampling against integrals that are known: in closed form for linear f and g and normal densities of 20
 * numbers, by quadrature for models with one or two; of 100 rows or seeds, in bias, in what it says of its errors, and in that
 * weights are unbiased; and that the bracket closes as temperatures double. With the argument "long", for all cases. */
#include "exact/cases.h"
#include "exact/matrices.h"
#include "support/nets.h"
#include "support/statistics.h"

enum { SEEDS = 100 };

static lebm_annealing *make_annealing(const char *kernel, int64_t temperatures, int64_t chains, const char *schedule)
{
    lebm_annealing *a;
    LEBM_ASSERT_OK(lebm_annealing_create(&a, kernel));
    LEBM_ASSERT_OK(lebm_annealing_set_i64(a, LEBM_ANNEALING_TEMPERATURES, temperatures));
    LEBM_ASSERT_OK(lebm_annealing_set_i64(a, LEBM_ANNEALING_CHAINS, chains));
    LEBM_ASSERT_OK(lebm_annealing_set_str(a, LEBM_ANNEALING_SCHEDULE, schedule));
    LEBM_ASSERT_OK(lebm_annealing_set_i64(a, LEBM_ANNEALING_SETTLE_STEPS, 100));
    if (strcmp(kernel, LEBM_HMC) == 0) LEBM_ASSERT_OK(lebm_annealing_set_i64(a, LEBM_SAMPLER_LEAPFROG_STEPS, 4));
    return a;
}

static double result(const lebm_annealing *a, int64_t row, const char *key)
{
    double value;
    LEBM_ASSERT_OK(lebm_annealing_result(a, row, key, &value));
    return value;
}

/* ---- 100 estimates of one number ---- */

/* What was estimated, less the truth, and the errors that were stated. */
struct estimates {
    double off[SEEDS], error[SEEDS];
};

static struct { /* forward, and reverse, of which the sign is changed: what is unbiased is 1/w */
    const char *name, *estimate, *error;
    double sign;
} directions[] = {{"forward", LEBM_ANNEALING_FORWARD, LEBM_ANNEALING_FORWARD_ERROR, 1},
                  {"reverse", LEBM_ANNEALING_REVERSE, LEBM_ANNEALING_REVERSE_ERROR, -1}};

static void note(struct estimates both[2], int place, const lebm_annealing *a, int64_t row, double truth)
{
    for (int d = 0; d < 2; d++) {
        both[d].off[place] = directions[d].sign * (result(a, row, directions[d].estimate) - truth);
        both[d].error[place] = result(a, row, directions[d].error);
    }
}

/* Mean of n numbers, and its standard error. */
static double mean_of(const double *values, int n, double *error)
{
    double mean = 0, squares = 0;
    for (int i = 0; i < n; i++) mean += values[i] / n;
    for (int i = 0; i < n; i++) squares += (values[i] - mean) * (values[i] - mean);
    *error = sqrt(squares / (n - 1) / n);
    return mean;
}

static void assert_honest(const struct estimates both[2], const char *what)
{
    for (int d = 0; d < 2; d++) {
        const struct estimates *e = &both[d];
        double error, weights[SEEDS], stated = 0;
        int within = 0;
        for (int i = 0; i < SEEDS; i++) {
            within += fabs(e->off[i]) <= 2 * e->error[i];
            stated += e->error[i] / SEEDS;
            weights[i] = exp(e->off[i]);
        }
        const double bias = mean_of(e->off, SEEDS, &error);
        LEBM_ASSERT_MSG(fabs(bias) <= 3 * error, "%s, %s: off by %.3g on average, whose error is %.3g", what,
                        directions[d].name, bias, error);
        const double weight = mean_of(weights, SEEDS, &error);
        LEBM_ASSERT_MSG(fabs(weight - 1) <= 3 * error,
                        "%s, %s: weights are %.4f times the truth, with an error of %.2g", what, directions[d].name,
                        weight, error);
        LEBM_ASSERT_MSG(within >= 88, "%s, %s: %d of %d within two stated errors", what, directions[d].name, within,
                        SEEDS);
        ck_assert_double_gt(stated, 1e-4); /* or nothing was estimated */
    }
}

static const char *const kernels[] = {LEBM_HMC, LEBM_MALA};
static const char *const schedules[] = {"adaptive", "linear", "sigmoid"};

static int64_t temperatures =
    60; /* more in the long test, some of whose cases are wide: there weights of reverse chains have long tails */

START_TEST(quadrature_is_met) /* _i: the case */
{
    struct exact_case c;
    case_make(&c, _i);
    const int64_t d = c.model.g.ref.out_features;
    float *x = test_floats(SEEDS * d);
    for (int i = 0; i < SEEDS * d; i++) x[i] = (float)c.x[0][i % d];
    for (int k = 0; k < 2; k++) {
        const char *schedule = schedules[(_i + k) % 3];
        lebm_annealing *a = make_annealing(kernels[k], temperatures, 32, schedule);
        struct estimates both[2];
        double truth;
        char what[100];
        free(grid_target(&c.posterior, &c.model.ref, c.x[0], &truth));
        LEBM_ASSERT_OK(lebm_annealing_run_posterior(a, c.model.prior, c.model.generator, x, SEEDS));
        for (int i = 0; i < SEEDS; i++) note(both, i, a, i, truth);
        snprintf(what, sizeof what, "%s, x, %s, %s", c.name, kernels[k], schedule);
        assert_honest(both, what);
        free(grid_target(&c.prior, &c.model.ref, NULL, &truth));
        for (int i = 0; i < SEEDS; i++) {
            LEBM_ASSERT_OK(lebm_annealing_set_i64(a, LEBM_ANNEALING_SEED, i));
            LEBM_ASSERT_OK(lebm_annealing_run_prior(a, c.model.prior));
            note(both, i, a, 0, truth);
        }
        snprintf(what, sizeof what, "%s, z, %s, %s", c.name, kernels[k], schedule);
        assert_honest(both, what);
        lebm_annealing_destroy(a);
    }
    free(x);
    case_free(&c);
}
END_TEST

/* ---- 20 numbers ---- */

enum { M = 20 };

/* f(z) = a.z + c and x = W Q z + b + noise, with W diagonal and Q a reflection, which leaves p0 as it is: all is known of each
 * number of Q z by itself. */
static const double sigma0 = 1.3, sigma = 1, constant = 0.7;

static void linear_model(struct model *model, double *x, double *log_z, double *log_z_of_x)
{
    double a[M], w[M], b[M], v[M], along = 0, norm = 0;
    uint64_t seed = 5;
    model_linear(model, M, M, sigma0, sigma);
    for (int i = 0; i < M; i++) {
        a[i] = test_uniform(&seed, -0.6, 0.6), w[i] = test_uniform(&seed, 0.2, 1), b[i] = test_uniform(&seed, -1, 1);
        x[i] = (double)(float)test_uniform(&seed, -2, 2), v[i] = test_normal(&seed);
        norm += v[i] * v[i];
        model->f.ref.params[i] = a[i];
    }
    model->f.ref.params[M] = constant;
    for (int i = 0; i < M; i++) {
        for (int j = 0; j < M; j++) model->g.ref.params[i * M + j] = w[i] * ((i == j) - 2 * v[i] * v[j] / norm);
        model->g.ref.params[M * M + i] = b[i];
        along += v[i] * a[i];
    }
    *log_z = constant;
    *log_z_of_x = constant;
    for (int i = 0; i < M; i++) {
        const double reflected = a[i] - 2 * v[i] * along / norm, tilt = sigma0 * sigma0 * reflected;
        const double variance = sigma0 * sigma0 * w[i] * w[i] + sigma * sigma, away = x[i] - b[i] - w[i] * tilt;
        *log_z += tilt * reflected / 2;
        *log_z_of_x += tilt * reflected / 2 - 0.5 * (away * away / variance + log(2 * M_PI * variance));
    }
    pair_push(&model->f);
    pair_push(&model->g);
}

static float *repeated(const double *x, int64_t d, int64_t n)
{
    float *rows = test_floats(n * d);
    for (int64_t i = 0; i < n * d; i++) rows[i] = (float)x[i % d];
    return rows;
}

START_TEST(linear_f_and_g_are_met) /* _i: the kernel */
{
    struct model model;
    struct estimates of_z[2], of_x[2];
    double x[M], log_z, log_z_of_x;
    linear_model(&model, x, &log_z, &log_z_of_x);
    float *rows = repeated(x, M, SEEDS);
    lebm_annealing *a = make_annealing(kernels[_i], _i ? 400 : 150, 32, schedules[0]);
    LEBM_ASSERT_OK(lebm_annealing_run_posterior(a, model.prior, model.generator, rows, SEEDS));
    for (int i = 0; i < SEEDS; i++) note(of_x, i, a, i, log_z_of_x);
    for (int i = 0; i < SEEDS; i++) {
        LEBM_ASSERT_OK(lebm_annealing_set_i64(a, LEBM_ANNEALING_FIRST_ROW, i));
        LEBM_ASSERT_OK(lebm_annealing_run_prior(a, model.prior));
        note(of_z, i, a, 0, log_z);
    }
    assert_honest(of_z, _i ? "log Z, mala" : "log Z, hmc");
    assert_honest(of_x, _i ? "log Z(x), mala" : "log Z(x), hmc");
    lebm_annealing_destroy(a);
    free(rows);
    model_free(&model);
}
END_TEST

static int compare(const void *a, const void *b)
{
    const double of_a = *(const double *)a, of_b = *(const double *)b;
    return of_a < of_b ? -1 : of_a > of_b;
}

START_TEST(the_bracket_closes) /* _i: the schedule */
{
    enum { ROWS_OF_IT = 24, DOUBLINGS = 3 };
    struct model model;
    double x[M], log_z, log_z_of_x, before = INFINITY;
    linear_model(&model, x, &log_z, &log_z_of_x);
    float *rows = repeated(x, M, ROWS_OF_IT);
    for (int t = 0; t < DOUBLINGS; t++) {
        double off[2][ROWS_OF_IT], integral = 0;
        lebm_annealing *a = make_annealing(LEBM_HMC, 40 << t, 16, schedules[_i]);
        LEBM_ASSERT_OK(lebm_annealing_run_posterior(a, model.prior, model.generator, rows, ROWS_OF_IT));
        for (int i = 0; i < ROWS_OF_IT; i++) {
            for (int d = 0; d < 2;
                 d++) { /* as many chains as there are take the edge off: not of all of these the mean */
                double log_weights[16];
                LEBM_ASSERT_OK(lebm_annealing_log_weights(a, i, d, log_weights, 16));
                qsort(log_weights, 16, sizeof *log_weights, compare);
                off[d][i] = directions[d].sign * (log_weights[7] + log_weights[8]) / 2 - log_z_of_x;
            }
            integral += 0.5 / ROWS_OF_IT * (result(a, i, LEBM_ANNEALING_FORWARD_INTEGRAL) - log_z_of_x);
            integral += 0.5 / ROWS_OF_IT * (result(a, i, LEBM_ANNEALING_REVERSE_INTEGRAL) - log_z_of_x);
        }
        for (int d = 0; d < 2; d++) qsort(off[d], ROWS_OF_IT, sizeof **off, compare);
        const double low = off[0][ROWS_OF_IT / 2], high = off[1][ROWS_OF_IT / 2];
        LEBM_ASSERT_NEAR(integral, 0, 4.0 / (40 << t));
        LEBM_ASSERT_MSG(low < 0 && high > 0, "%s, %d temperatures: %.3g to %.3g", schedules[_i], 40 << t, low, high);
        LEBM_ASSERT_MSG(high - low < 0.75 * before, "%s, %d temperatures: the bracket is %.3g wide after %.3g",
                        schedules[_i], 40 << t, high - low, before);
        before = high - low;
        lebm_annealing_destroy(a);
    }
    free(rows);
    model_free(&model);
}
END_TEST

START_TEST(f_of_zero_weighs_nothing) /* _i: the kernel */
{
    static const char *const exact[] = {LEBM_ANNEALING_FORWARD,          LEBM_ANNEALING_REVERSE,
                                        LEBM_ANNEALING_FORWARD_ERROR,    LEBM_ANNEALING_REVERSE_ERROR,
                                        LEBM_ANNEALING_FORWARD_INTEGRAL, LEBM_ANNEALING_REVERSE_INTEGRAL};
    struct model model;
    double log_weights[64], value;
    model_linear(&model, M, 2, sigma0, 1);
    lebm_annealing *a = make_annealing(kernels[_i], 37, 64, schedules[0]);
    LEBM_ASSERT_OK(lebm_annealing_run_prior(a, model.prior));
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++) ck_assert_double_eq(result(a, 0, exact[i]), 0);
    for (int d = 0; d < 2; d++) {
        LEBM_ASSERT_OK(lebm_annealing_log_weights(a, 0, d, log_weights, 64));
        for (int i = 0; i < 64; i++) ck_assert_double_eq(log_weights[i], 0);
        ck_assert_double_eq(result(a, 0, d ? LEBM_ANNEALING_REVERSE_ESS : LEBM_ANNEALING_FORWARD_ESS), 64);
        ck_assert_double_eq(result(a, 0, d ? LEBM_ANNEALING_REVERSE_LARGEST : LEBM_ANNEALING_FORWARD_LARGEST),
                            1 / 64.0);
    }
    ck_assert_double_eq(result(a, 0, LEBM_ANNEALING_RUNGS), 1);
    LEBM_ASSERT_STATUS(lebm_annealing_result(a, 0, LEBM_ANNEALING_GROUPS_RHAT, &value), LEBM_ERR_STATE);
    lebm_annealing_destroy(a);
    model_free(&model);
}
END_TEST

/* ---- densities of one's own ---- */

/* A normal density of deviations 0.8 + i/20 about i/10, with correlations rho^|i - j|, times e^3. */
static const double rho = 0.5;

static double deviation(int i)
{
    return 0.8 + i / 20.0;
}

static int normal_at(const float *z, int64_t n, double *log_density, float *score, void *user)
{
    (void)user;
    const double scale = 1 / (1 - rho * rho);
    for (int64_t r = 0; r < n; r++) {
        double u[M];
        for (int i = 0; i < M; i++) u[i] = ((double)z[r * M + i] - i / 10.0) / deviation(i);
        log_density[r] = 3;
        for (int i = 0; i < M; i++) {
            const double inner = i > 0 && i < M - 1 ? 1 + rho * rho : 1;
            const double around = (i > 0 ? u[i - 1] : 0) + (i < M - 1 ? u[i + 1] : 0);
            const double precision_u = scale * (inner * u[i] - rho * around);
            log_density[r] -= u[i] * precision_u / 2;
            score[r * M + i] = (float)(-precision_u / deviation(i));
        }
    }
    return 0;
}

/* A standard normal density where its first number is above 0; elsewhere 0. */
static int half_at(const float *z, int64_t n, double *log_density, float *score, void *user)
{
    (void)user;
    for (int64_t r = 0; r < n; r++) {
        log_density[r] = z[2 * r] > 0 ? 0 : -INFINITY;
        for (int i = 0; i < 2; i++) {
            const double u = z[2 * r + i];
            log_density[r] -= u * u / 2;
            score[2 * r + i] = z[2 * r] > 0 ? (float)-u : NAN;
        }
    }
    return 0;
}

START_TEST(densities_of_ones_own_are_met) /* _i: the kernel */
{
    struct estimates both[2];
    lebm_target *target;
    double truth = 3 + M / 2.0 * log(2 * M_PI) + (M - 1) / 2.0 * log(1 - rho * rho);
    for (int i = 0; i < M; i++) truth += log(deviation(i));
    LEBM_ASSERT_OK(lebm_target_create(&target, M, normal_at, NULL, 0));
    lebm_annealing *a = make_annealing(kernels[_i], _i ? 800 : 400, 32, schedules[0]);
    LEBM_ASSERT_OK(lebm_annealing_set_f64(a, LEBM_ANNEALING_START_STD, 1.3));
    for (int i = 0; i < SEEDS; i++) {
        LEBM_ASSERT_OK(lebm_annealing_set_i64(a, LEBM_ANNEALING_STREAM, i));
        LEBM_ASSERT_OK(lebm_annealing_run_target(a, target));
        note(both, i, a, 0, truth);
    }
    assert_honest(both, _i ? "normal, mala" : "normal, hmc");
    lebm_annealing_destroy(a);
    lebm_target_destroy(target);
}
END_TEST

START_TEST(where_the_density_is_0_weights_are) /* _i: the kernel */
{
    struct estimates both[2];
    double log_weights[32];
    lebm_target *target;
    LEBM_ASSERT_OK(lebm_target_create(&target, 2, half_at, NULL, 0));
    lebm_annealing *a = make_annealing(kernels[_i], 20, 32, schedules[1]);
    LEBM_ASSERT_OK(lebm_annealing_set_i64(a, LEBM_ANNEALING_GROUPS, 2));
    for (int i = 0; i < SEEDS; i++) {
        int zeros = 0;
        LEBM_ASSERT_OK(lebm_annealing_set_i64(a, LEBM_ANNEALING_SEED, i));
        LEBM_ASSERT_OK(lebm_annealing_run_target(a, target));
        note(both, i, a, 0, log(2 * M_PI) - log(2));
        LEBM_ASSERT_OK(lebm_annealing_log_weights(a, 0, 0, log_weights, 32));
        for (int k = 0; k < 32; k++) zeros += log_weights[k] == -INFINITY;
        ck_assert_int_ge(zeros, 3);
        ck_assert_int_le(zeros, 29);
        /* Reverse chains see nothing of the half in which weights are 0: their estimate is of Z over the share of the other. */
        LEBM_ASSERT_NEAR(both[1].off[i], -log(2), 1e-6);
        both[1] = both[0];
    }
    assert_honest(both, "half");
    lebm_annealing_destroy(a);
    lebm_target_destroy(target);
}
END_TEST

/* ---- tokens ---- */

START_TEST(tokens_are_met)
{
    enum { LONGEST = 6, POINTS = 400 };
    static const double x[LONGEST] = {2, 0, 1, 2, LEBM_PADDING, LEBM_PADDING};
    const double reach = 8, spacing = 2 * reach / POINTS;
    struct estimates both[2];
    float z[POINTS], log_prior[POINTS], log_likelihood[POINTS];
    double truth = 0;
    lebm_generator *generator;
    lebm_prior *prior = make_prior(make_net("in 1; linear 6; gelu; linear 1", 5), 1.2);
    LEBM_ASSERT_OK(
        lebm_generator_create_from_spec(&generator, "in 1; embedding 3; gru 4; tokens 3 6", LEBM_CATEGORICAL, 0));
    LEBM_ASSERT_OK(lebm_generator_init(generator, LEBM_INIT_PYTORCH, 3));
    float *rows = repeated(x, LONGEST, POINTS);
    for (int i = 0; i < POINTS; i++) z[i] = (float)(spacing * (i + 0.5) - reach);
    LEBM_ASSERT_OK(lebm_prior_log_density(prior, z, POINTS, log_prior));
    LEBM_ASSERT_OK(lebm_generator_log_likelihood(generator, z, rows, POINTS, log_likelihood));
    for (int i = 0; i < POINTS; i++) truth += spacing * exp((double)log_prior[i] + (double)log_likelihood[i]);
    lebm_annealing *a = make_annealing(LEBM_HMC, 20, 32, schedules[2]);
    LEBM_ASSERT_OK(lebm_annealing_run_posterior(a, prior, generator, rows, SEEDS));
    for (int i = 0; i < SEEDS; i++) note(both, i, a, i, log(truth));
    assert_honest(both, "tokens");
    lebm_annealing_destroy(a);
    lebm_generator_destroy(generator);
    lebm_prior_destroy(prior);
    free(rows);
}
END_TEST

int main(int argc, char **argv)
{
    const int is_long = argc > 1 && strcmp(argv[1], "long") == 0;
    if (is_long) temperatures = 250;
    Suite *suite = suite_create("annealing");
    TCase *tcase = tcase_create("exact");
    tcase_set_timeout(tcase, 600);
    tcase_add_loop_test(tcase, f_of_zero_weighs_nothing, 0, 2);
    tcase_add_loop_test(tcase, quadrature_is_met, 0, is_long ? CASES : 1);
    tcase_add_loop_test(tcase, linear_f_and_g_are_met, 0, is_long ? 2 : 1);
    tcase_add_loop_test(tcase, the_bracket_closes, 0, is_long ? 3 : 1);
    if (is_long) tcase_add_loop_test(tcase, densities_of_ones_own_are_met, 0, 2);
    tcase_add_loop_test(tcase, where_the_density_is_0_weights_are, 0, 2);
    tcase_add_test(tcase, tokens_are_met);
    suite_add_tcase(suite, tcase);
    return test_run_suite(suite);
}
