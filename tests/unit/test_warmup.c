/* Warm-ups: dual averaging and pooled variances by themselves, then what a run learns, keeps, copies, saves and takes up
 * later, and that its bits depend on no thread. */
#include "lebm.h"
#include "mcmc/adapt.h"
#include "support/approx.h"
#include "support/files.h"
#include "support/nets.h"

/* ---- dual averaging ---- */

START_TEST(dual_averaging_is_that_of_its_paper)
{
    /* The search doubles from 0.5 to 2, where the acceptance has crossed 0.8; then the formulas. */
    static const double acceptances[] = {0.95, 0.9, 0.7, 0.1, 0.3, 0.99, 0.6, 0.5, 0.8};
    const double target = 0.574, mu = log(10 * 2.0);
    lebm__averaging a = lebm__averaging_begin(0.5, target);
    double sum = 0, average = 0;
    lebm__averaging_update(&a, acceptances[0]);
    LEBM_ASSERT_NEAR(a.step_size, 1, 0);
    lebm__averaging_update(&a, acceptances[1]);
    LEBM_ASSERT_NEAR(a.step_size, 2, 0);
    for (int t = 1; t <= 7; t++) {
        lebm__averaging_update(&a, acceptances[t + 1]);
        sum = (1 - 1.0 / (t + 10)) * sum + (target - acceptances[t + 1]) / (t + 10);
        const double log_step = mu - sqrt(t) / 0.05 * sum;
        average = pow(t, -0.75) * log_step + (1 - pow(t, -0.75)) * average;
        LEBM_ASSERT_NEAR(a.step_size, exp(log_step), 1e-12 * exp(log_step));
        /* The average of few is still about mu, and ten times as long as it should be. */
        const double result = t < 6 ? 1 : exp(average);
        LEBM_ASSERT_NEAR(lebm__averaging_result(&a), result, 1e-12 * result);
    }
}
END_TEST

START_TEST(the_search_halves_too_and_ends_at_the_bounds)
{
    lebm__averaging a = lebm__averaging_begin(1, 0.8);
    for (int i = 1; i <= 10; i++) {
        lebm__averaging_update(&a, 0);
        LEBM_ASSERT_NEAR(a.step_size, ldexp(1, -i), 0);
    }
    ck_assert_int_eq(a.search, -1);
    LEBM_ASSERT_NEAR(lebm__averaging_result(&a), ldexp(1, -10), 0);
    for (int i = 0; i < 100; i++) lebm__averaging_update(&a, 0);
    ck_assert_int_eq(a.search, 0);
    LEBM_ASSERT_NEAR(a.step_size, 1e-12, 0);
    a = lebm__averaging_begin(1e5, 0.8);
    for (int i = 0; i < 100; i++) lebm__averaging_update(&a, 1);
    LEBM_ASSERT_NEAR(lebm__averaging_result(&a), 1e6, 0);
}
END_TEST

/* ---- pooling ---- */

START_TEST(acceptance_is_pooled)
{
    const double acceptance[] = {0.5, 0.25, 1, 0.125, 0.5}, means[] = {0.5, 1, 0.25, 0.125, 0.5};
    LEBM_ASSERT_NEAR(lebm__pool_acceptance(acceptance, NULL, 5), 2.375 / 5, 1e-15);
    LEBM_ASSERT_NEAR(lebm__pool_acceptance(acceptance, acceptance, 5), 5 / (2 + 4 + 1 + 8 + 2.0), 1e-15);
    LEBM_ASSERT_NEAR(lebm__pool_acceptance(acceptance, means, 5), (1 + 0.25 + 4 + 1 + 1) / (2 + 1 + 4 + 8 + 2), 1e-15);
    LEBM_ASSERT_NEAR(lebm__pool_acceptance(acceptance, means, 1), 0.5, 0);
    /* One of a hundred that never moves: lost in the mean, and not in the other. */
    double stuck[100];
    for (int i = 0; i < 100; i++) stuck[i] = i == 42 ? 0 : 0.9;
    ck_assert_double_gt(lebm__pool_acceptance(stuck, NULL, 100), 0.89);
    ck_assert_double_lt(lebm__pool_acceptance(stuck, stuck, 100), 1e-7);
    /* The means: of all steps at first, then with a tenth for the last one. */
    double mean = 0, sum = 0;
    for (int count = 1; count <= 10; count++) {
        const double a = 1.0 / count;
        lebm__note_acceptance(&a, 1, count, &mean);
        sum += a;
        LEBM_ASSERT_NEAR(mean, sum / count, 1e-15);
    }
    lebm__note_acceptance(&acceptance[2], 1, 11, &mean);
    LEBM_ASSERT_NEAR(mean, 0.9 * sum / 10 + 0.1, 1e-15);
}
END_TEST

/* Chains about means of their own: of all states, or within each chain. */
START_TEST(variances_are_pooled) /* _i: whether all chains have one target */
{
    enum { N = 7, DIMS = 2, COUNT = 9 };
    double states[COUNT][N][DIMS], mean[N * DIMS], squares[N * DIMS], all[DIMS] = {0}, expected[DIMS] = {0};
    const lebm__moments moments = {COUNT, mean, squares};
    uint64_t seed = 3;
    for (int t = 0; t < COUNT; t++) {
        float z[N * DIMS];
        for (int i = 0; i < N * DIMS; i++) z[i] = (float)(5 * (i / DIMS) + (1 + i % DIMS) * test_normal(&seed));
        for (int i = 0; i < N * DIMS; i++) states[t][i / DIMS][i % DIMS] = z[i];
        lebm__moments_add(&moments, 0, 3, DIMS, t + 1, z); /* by two tiles */
        lebm__moments_add(&moments, 3, N - 3, DIMS, t + 1, z + 3 * DIMS);
    }
    for (int d = 0; d < DIMS; d++) {
        for (int i = 0; i < N; i++)
            for (int t = 0; t < COUNT; t++) all[d] += states[t][i][d] / (N * COUNT);
        for (int i = 0; i < N; i++) {
            double own = 0;
            for (int t = 0; t < COUNT; t++) own += states[t][i][d] / COUNT;
            for (int t = 0; t < COUNT; t++) {
                const double off = states[t][i][d] - (_i ? all[d] : own);
                expected[d] += off * off / (_i ? N * COUNT - 1 : N * (COUNT - 1));
            }
        }
        expected[d] = (N * COUNT * expected[d] + 5e-3) / (N * COUNT + 5);
    }
    float variances[DIMS];
    lebm__pool_variances(&moments, N, DIMS, _i, variances);
    LEBM_ASSERT_CLOSE(variances, expected, DIMS, 1e-6, 0);
}
END_TEST

/* ---- runs ---- */

enum { D = 4 };

static const double deviations[D] = {0.05, 0.5, 1, 4};

static int normal(const float *z, int64_t n, double *log_density, float *score, void *user)
{
    (void)user;
    for (int64_t i = 0; i < n; i++) {
        log_density[i] = 0;
        for (int d = 0; d < D; d++) {
            const double u = (double)z[i * D + d] / deviations[d];
            log_density[i] -= u * u / 2;
            score[i * D + d] = (float)(-u / deviations[d]);
        }
    }
    return 0;
}

static lebm_sampler *make_warm(const char *kernel, const char *preconditioner, int64_t warmup, int64_t steps)
{
    lebm_sampler *sampler;
    LEBM_ASSERT_OK(lebm_sampler_create(&sampler, kernel));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_WARMUP, warmup));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, steps));
    LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_PRECONDITIONER, preconditioner));
    return sampler;
}

static double option(const lebm_sampler *sampler, const char *key)
{
    double value;
    LEBM_ASSERT_OK(lebm_sampler_get_f64(sampler, key, &value));
    return value;
}

static double metric(const lebm_sampler *sampler, const char *key)
{
    double value;
    LEBM_ASSERT_OK(lebm_sampler_metric(sampler, key, &value));
    return value;
}

static int64_t warmup_of(const lebm_sampler *sampler)
{
    int64_t value;
    LEBM_ASSERT_OK(lebm_sampler_get_i64(sampler, LEBM_SAMPLER_WARMUP, &value));
    return value;
}

START_TEST(the_step_size_meets_the_target) /* _i: kernel, and with a preconditioner or not */
{
    static const struct {
        const char *kernel;
        double target, allowed;
    } cases[] = {{LEBM_MALA, 0.574, 0.05}, {LEBM_HMC, 0.8, 0.06}, {LEBM_LANGEVIN, 0.9, 0.05}};
    enum { N = 200 };
    const int is_diagonal = _i % 2, k = _i / 2;
    lebm_target *target;
    lebm_sampler *sampler = make_warm(cases[k].kernel, is_diagonal ? "diagonal" : "none", 200, 100);
    if (k == 2) {
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_MEASURE_ACCEPTANCE, 1));
        LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_TARGET_ACCEPTANCE, cases[k].target));
    }
    LEBM_ASSERT_OK(lebm_target_create(&target, D, normal, NULL, 0));
    float *z = test_floats(N * D);
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
    LEBM_ASSERT_NEAR(metric(sampler, LEBM_SAMPLER_ACCEPTANCE), cases[k].target, cases[k].allowed);
    ck_assert_double_eq(metric(sampler, LEBM_SAMPLER_STEP_SIZE), option(sampler, LEBM_SAMPLER_STEP_SIZE));
    ck_assert_int_eq(warmup_of(sampler), 0);
    ck_assert_int_eq(lebm_sampler_variance_count(sampler), is_diagonal ? D : 0);
    for (int d = 0; is_diagonal && k == 1 && d < D; d++) { /* hmc moves far enough for all */
        float variances[D];
        LEBM_ASSERT_OK(lebm_sampler_get_variances(sampler, variances, D));
        LEBM_ASSERT_NEAR((double)variances[d] / (deviations[d] * deviations[d]), 1, 0.1);
    }
    free(z);
    lebm_sampler_destroy(sampler);
    lebm_target_destroy(target);
}
END_TEST

/* A flat density at the calls that a text says, and none at the others: so are steps accepted or not. */
static int as_told(const float *z, int64_t n, double *log_density, float *score, void *user)
{
    const char **told = user;
    (void)z;
    for (int64_t i = 0; i < n * D; i++) score[i] = 0;
    for (int64_t i = 0; i < n; i++) log_density[i] = **told == 'n' ? -INFINITY : 0;
    if (**told != '\0') ++*told;
    return 0;
}

START_TEST(the_step_size_is_the_average_of_its_second_half)
{
    const char *told = "yynynnynyyyynynnyynny", *next = told; /* the first is the start */
    const double target = 0.7;
    enum { WARMUP = 20 };
    float z[D];
    lebm_target *flat;
    lebm__averaging expected = lebm__averaging_begin(0.08, target);
    for (int step = 1; step <= WARMUP; step++) {
        lebm__averaging_update(&expected, told[step] == 'y');
        if (step == WARMUP / 2) expected = lebm__averaging_begin(lebm__averaging_result(&expected), target);
    }
    lebm_sampler *sampler = make_warm(LEBM_MALA, "none", WARMUP, 3);
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_TARGET_ACCEPTANCE, target));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_DIVERGENCE_THRESHOLD, 0));
    LEBM_ASSERT_OK(lebm_target_create(&flat, D, as_told, &next, 0));
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, flat, 1, z));
    ck_assert_int_eq(next - told, WARMUP + 1);
    ck_assert_double_eq(option(sampler, LEBM_SAMPLER_STEP_SIZE), lebm__averaging_result(&expected));
    ck_assert_double_ne(expected.step_size, lebm__averaging_result(&expected));
    lebm_sampler_destroy(sampler);
    lebm_target_destroy(flat);
}
END_TEST

/* Short ones leave steps that are short rather than long. */
START_TEST(short_warm_ups_leave_steps_that_are_accepted) /* _i: kernel */
{
    static const int64_t warmups[] = {5, 6, 8, 10, 12, 16};
    enum { N = 100 };
    lebm_target *target;
    float z[N * D];
    LEBM_ASSERT_OK(lebm_target_create(&target, D, normal, NULL, 0));
    for (int i = 0; i < 6; i++) {
        lebm_sampler *sampler = make_warm(_i ? LEBM_HMC : LEBM_MALA, "none", warmups[i], 30);
        LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
        const double acceptance = metric(sampler, LEBM_SAMPLER_ACCEPTANCE);
        ck_assert_msg(acceptance > 0.4 && acceptance < 0.98, "after %d steps the acceptance is %g", (int)warmups[i],
                      acceptance);
        lebm_sampler_destroy(sampler);
    }
    lebm_target_destroy(target);
}
END_TEST

START_TEST(langevin_adapts_only_if_asked)
{
    enum { N = 20 };
    lebm_target *target;
    float z[N * D];
    lebm_sampler *sampler = make_warm(LEBM_LANGEVIN, "none", 50, 10);
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, 1e-3));
    LEBM_ASSERT_OK(lebm_target_create(&target, D, normal, NULL, 0));
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
    ck_assert_double_eq(option(sampler, LEBM_SAMPLER_STEP_SIZE), 1e-3);
    /* Its warm-up is then as many steps more. */
    float longer[N * D];
    lebm_sampler *plain = make_warm(LEBM_LANGEVIN, "none", 0, 60);
    LEBM_ASSERT_OK(lebm_sampler_set_f64(plain, LEBM_SAMPLER_STEP_SIZE, 1e-3));
    LEBM_ASSERT_OK(lebm_sampler_run_target(plain, target, N, longer));
    LEBM_ASSERT_SAME_BITS(z, longer, N * D);
    lebm_sampler_destroy(sampler);
    lebm_sampler_destroy(plain);
    lebm_target_destroy(target);
}
END_TEST

/* A small model whose posteriors differ. */
struct model {
    lebm_prior *prior;
    lebm_generator *generator;
};

static struct model make_model(void)
{
    return (struct model){make_prior(make_net("in 4; linear 8; gelu; linear 1", 1), 1),
                          make_generator(make_net("in 4; linear 16; tanh; linear 12", 2), LEBM_GAUSSIAN, 0.3)};
}

static void free_model(struct model *model)
{
    lebm_prior_destroy(model->prior);
    lebm_generator_destroy(model->generator);
}

/* To posteriors that differ the harmonic mean over chains is what was aimed at. */
START_TEST(posteriors_meet_the_target_together) /* _i: kernel */
{
    enum { N = 40, DATA = 12 };
    struct model model = make_model();
    float *x = test_normal_floats(N * DATA, 1, 3), z[N * D];
    double inverse = 0, least = 1;
    const double target = _i ? 0.8 : 0.574;
    lebm_sampler *sampler = make_warm(_i ? LEBM_HMC : LEBM_MALA, "none", 150, 300);
    for (int i = 0; i < N; i++) {
        for (int d = 0; d < DATA; d++) x[i * DATA + d] *= 1 + 0.1f * (float)i;
    }
    LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, model.prior, model.generator, x, N, z));
    LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, "given"));
    for (int i = 0; i < N; i++) { /* each for itself, so that its acceptance can be asked for */
        LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, model.prior, model.generator, x + i * DATA, 1, z + i * D));
        const double acceptance = metric(sampler, LEBM_SAMPLER_ACCEPTANCE);
        inverse += 1 / acceptance;
        least = fmin(least, acceptance);
    }
    LEBM_ASSERT_NEAR(N / inverse, target, 0.05);
    ck_assert_double_lt(least, target - 0.1); /* they do differ */
    lebm_sampler_destroy(sampler);
    free(x);
    free_model(&model);
}
END_TEST

START_TEST(no_bit_depends_on_threads) /* _i: kernel, and target */
{
    static const char *const kernels[] = {LEBM_LANGEVIN, LEBM_MALA, LEBM_HMC};
    static const int64_t threads[] = {1, 2, 3, 7};
    enum { N = 150 };
    struct model model = make_model();
    float *x = test_normal_floats(N * 12, 0.5f, 3), *first = NULL, variances[2][D] = {{0}};
    double step_size[2] = {0, 0};
    for (int t = 0; t < 4; t++) {
        lebm_sampler *sampler = make_warm(kernels[_i / 2], "diagonal", 30, 5);
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, threads[t]));
        LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_TARGET_ACCEPTANCE, 0.7));
        float *z = test_floats(N * D);
        if (_i % 2)
            LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, model.prior, model.generator, x, N, z));
        else
            LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, model.prior, N, z));
        step_size[t > 0] = option(sampler, LEBM_SAMPLER_STEP_SIZE);
        LEBM_ASSERT_OK(lebm_sampler_get_variances(sampler, variances[t > 0], D));
        if (t == 0) first = test_copy(z, N * D);
        LEBM_ASSERT_SAME_BITS(z, first, N * D);
        LEBM_ASSERT_SAME_BITS(variances[t > 0], variances[0], D);
        ck_assert_double_eq(step_size[t > 0], step_size[0]);
        free(z);
        lebm_sampler_destroy(sampler);
    }
    free(first);
    free(x);
    free_model(&model);
}
END_TEST

/* A tuned sampler draws the same by itself, as a copy, set by hand, and from a file; and 30 chains of 100 are 30 again. */
START_TEST(what_was_learned_is_kept)
{
    enum { N = 40, FEW = 11 };
    struct model model = make_model();
    float z[N * D], expected[N * D], variances[D];
    lebm_sampler *tuned = make_warm(LEBM_HMC, "diagonal", 60, 5), *others[3], *to_posterior;
    lebm_trainer *trainer;
    LEBM_ASSERT_OK(lebm_sampler_run_prior(tuned, model.prior, N, z));
    LEBM_ASSERT_OK(lebm_sampler_get_variances(tuned, variances, D));

    LEBM_ASSERT_OK(lebm_sampler_copy(&others[0], tuned));
    others[1] = make_warm(LEBM_HMC, "diagonal", 0, 5);
    LEBM_ASSERT_OK(lebm_sampler_set_f64(others[1], LEBM_SAMPLER_STEP_SIZE, option(tuned, LEBM_SAMPLER_STEP_SIZE)));
    LEBM_ASSERT_OK(lebm_sampler_set_variances(others[1], variances, D));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(others[1], LEBM_SAMPLER_STREAM, 1));
    LEBM_ASSERT_OK(lebm_sampler_create(&to_posterior, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_trainer_create(&trainer, model.prior, model.generator, tuned, to_posterior));
    LEBM_ASSERT_OK(lebm_trainer_save(trainer, path));
    LEBM_ASSERT_OK(lebm_model_load_sampler(path, LEBM_TO_PRIOR, &others[2]));

    LEBM_ASSERT_OK(lebm_sampler_run_prior(tuned, model.prior, N, expected));
    for (int i = 0; i < 3; i++) {
        LEBM_ASSERT_OK(lebm_sampler_run_prior(others[i], model.prior, i == 0 ? FEW : N, z));
        LEBM_ASSERT_SAME_BITS(z, expected, i == 0 ? FEW * D : N * D);
        lebm_sampler_destroy(others[i]);
    }

    /* Loaded into a trainer whose sampler was tuned otherwise. */
    LEBM_ASSERT_OK(lebm_sampler_set_variances(tuned, (const float[D]){1, 1, 1, 1}, D));
    LEBM_ASSERT_OK(lebm_sampler_set_variances(to_posterior, (const float[D]){1, 1, 1, 1}, D));
    LEBM_ASSERT_OK(lebm_trainer_load(trainer, path));
    LEBM_ASSERT_OK(lebm_sampler_run_prior(tuned, model.prior, N, z));
    LEBM_ASSERT_SAME_BITS(z, expected, N * D);
    ck_assert_int_eq(lebm_sampler_variance_count(to_posterior), 0);
    lebm_trainer_destroy(trainer);
    lebm_sampler_destroy(tuned);
    lebm_sampler_destroy(to_posterior);
    free_model(&model);
}
END_TEST

START_TEST(runs_that_continue_after_a_warm_up_are_one_run)
{
    enum { N = 12 };
    struct model model = make_model();
    float whole[N * D], parts[N * D];
    lebm_sampler *one = make_warm(LEBM_MALA, "diagonal", 40, 12), *three = make_warm(LEBM_MALA, "diagonal", 40, 4);
    LEBM_ASSERT_OK(lebm_sampler_run_prior(one, model.prior, N, whole));
    for (int i = 0; i < 3; i++) {
        LEBM_ASSERT_OK(lebm_sampler_run_prior(three, model.prior, N, parts));
        LEBM_ASSERT_OK(lebm_sampler_set_str(three, LEBM_SAMPLER_START, "continue"));
    }
    LEBM_ASSERT_SAME_BITS(parts, whole, N * D);
    lebm_sampler_destroy(one);
    lebm_sampler_destroy(three);
    free_model(&model);
}
END_TEST

/* ---- what is refused ---- */

static int stop_later(double done, void *user)
{
    *(int *)user += 1;
    return done > 0;
}

START_TEST(a_run_that_ends_early_learns_nothing)
{
    enum { N = 2000 };
    struct model model = make_model();
    int calls = 0;
    float *z = test_floats(N * D);
    lebm_sampler *sampler = make_warm(LEBM_HMC, "diagonal", 100000, 5);
    LEBM_ASSERT_OK(lebm_sampler_set_progress(sampler, stop_later, &calls));
    LEBM_ASSERT_STATUS(lebm_sampler_run_prior(sampler, model.prior, N, z), LEBM_STOPPED);
    ck_assert_int_gt(calls, 0);
    ck_assert_double_eq(option(sampler, LEBM_SAMPLER_STEP_SIZE), 0.4);
    ck_assert_int_eq(warmup_of(sampler), 100000);
    ck_assert_int_eq(lebm_sampler_variance_count(sampler), 0);
    free(z);
    lebm_sampler_destroy(sampler);
    free_model(&model);
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
    enum { N = 3 };
    struct model model = make_model();
    float z[N * D], x[N * 12] = {0}, variances[D];
    lebm_trainer *trainer;
    lebm_sampler *sampler = make_warm(LEBM_MALA, "diagonal", 0, 5);
    LEBM_ASSERT_STATUS(lebm_sampler_run_prior(sampler, model.prior, N, z), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("has no variances");
    LEBM_ASSERT_STATUS(lebm_sampler_get_variances(sampler, variances, D), LEBM_ERR_STATE);
    LEBM_ASSERT_OK(lebm_sampler_set_variances(sampler, (const float[]){1, 1, 1}, 3));
    LEBM_ASSERT_STATUS(lebm_sampler_run_prior(sampler, model.prior, N, z), LEBM_ERR_SHAPE);
    LEBM_ASSERT_ERROR_NAMES("3 variances");
    LEBM_ASSERT_OK(lebm_trainer_create(&trainer, model.prior, model.generator, sampler, sampler));
    LEBM_ASSERT_STATUS(lebm_trainer_step(trainer, x, N), LEBM_ERR_SHAPE);
    LEBM_ASSERT_OK(lebm_sampler_set_variances(sampler, (const float[]){1, 1, 1, 2}, 4));
    LEBM_ASSERT_OK(lebm_trainer_step(trainer, x, N));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_WARMUP, 10));
    LEBM_ASSERT_STATUS(lebm_trainer_step(trainer, x, N), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("do not warm up");
    lebm_trainer_destroy(trainer);
    lebm_sampler_destroy(sampler);
    sampler = make_warm(LEBM_LANGEVIN, "none", 10, 5);
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_NOISE, 0));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_TARGET_ACCEPTANCE, 0.574));
    LEBM_ASSERT_STATUS(lebm_sampler_run_prior(sampler, model.prior, N, z), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("set option noise to 1");
    lebm_sampler_destroy(sampler);
    free_model(&model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("warmup");
    TCase *parts = tcase_create("parts");
    tcase_add_test(parts, dual_averaging_is_that_of_its_paper);
    tcase_add_test(parts, the_search_halves_too_and_ends_at_the_bounds);
    tcase_add_test(parts, acceptance_is_pooled);
    tcase_add_loop_test(parts, variances_are_pooled, 0, 2);
    suite_add_tcase(suite, parts);

    TCase *runs = tcase_create("runs");
    tcase_add_checked_fixture(runs, make_folder, remove_folder);
    tcase_set_timeout(runs, 30);
    tcase_add_loop_test(runs, the_step_size_meets_the_target, 0, 6);
    tcase_add_test(runs, the_step_size_is_the_average_of_its_second_half);
    tcase_add_loop_test(runs, short_warm_ups_leave_steps_that_are_accepted, 0, 2);
    tcase_add_loop_test(runs, posteriors_meet_the_target_together, 0, 2);
    tcase_add_test(runs, langevin_adapts_only_if_asked);
    tcase_add_loop_test(runs, no_bit_depends_on_threads, 0, 6);
    tcase_add_test(runs, what_was_learned_is_kept);
    tcase_add_test(runs, runs_that_continue_after_a_warm_up_are_one_run);
    tcase_add_test(runs, a_run_that_ends_early_learns_nothing);
    tcase_add_test(runs, what_does_not_fit_is_refused);
    suite_add_tcase(suite, runs);
    return test_run_suite(suite);
}
