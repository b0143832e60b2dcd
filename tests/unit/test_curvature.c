/* Step sizes suggested from the curvature: of Gaussians in closed form, of random models by their Hessians in double precision. */
#include <unistd.h>

#include "exact/matrices.h"
#include "lebm.h"
#include "support/approx.h"
#include "support/model.h"
#include "support/nets.h"

static lebm_sampler *make(const char *kernel)
{
    lebm_sampler *sampler;
    LEBM_ASSERT_OK(lebm_sampler_create(&sampler, kernel));
    return sampler;
}

/* ---- closed forms ---- */

enum { D = 8, N = 40 };

/* A Gaussian, or saddle, about `center` with the matrix Q diag(curvatures) Q', Q being the reflection in a plane. */
typedef struct {
    double center, curvatures[D];
} saddle;

static void reflect(double *v)
{
    double normal[D], square = 0, along = 0;
    for (int d = 0; d < D; d++) {
        normal[d] = 1 + 0.3 * d;
        square += normal[d] * normal[d];
        along += normal[d] * v[d];
    }
    for (int d = 0; d < D; d++) v[d] -= 2 * along / square * normal[d];
}

static int of_saddle(const float *z, int64_t n, double *log_density, float *score, void *user)
{
    const saddle *s = user;
    for (int64_t i = 0; i < n; i++) {
        double v[D];
        log_density[i] = 0;
        for (int d = 0; d < D; d++) v[d] = (double)z[i * D + d] - s->center;
        reflect(v);
        for (int d = 0; d < D; d++) {
            log_density[i] -= s->curvatures[d] * v[d] * v[d] / 2;
            v[d] *= -s->curvatures[d];
        }
        reflect(v);
        for (int d = 0; d < D; d++) score[i * D + d] = (float)v[d];
    }
    return 0;
}

/* What is suggested where chains to it, or to their widths, are. */
static double suggest_for(lebm_sampler *sampler, saddle *s)
{
    double largest = 0, step_size = -1;
    lebm_target *target;
    for (int d = 0; d < D; d++) largest = fmax(largest, fabs(s->curvatures[d]));
    float *z = test_normal_floats(N * D, 1 / sqrt(largest), 5);
    for (int i = 0; i < N * D; i++) z[i] += (float)s->center;
    LEBM_ASSERT_OK(lebm_target_create(&target, D, of_saddle, s, 0));
    LEBM_ASSERT_OK(lebm_sampler_suggest_target(sampler, target, z, N, &step_size));
    lebm_target_destroy(target);
    free(z);
    return step_size;
}

static saddle saddles[] = {
    {0, {1, 1, 1, 1, 1, 1, 1, 1}},
    {0, {1, 2, 4, 8, 16, 32, 64, 128}},
    {0, {90, 91, 92, 93, 94, 95, 96, 100}},
    {0, {1, -2, 3, -4, 5, -6, 7, -16}}, /* what goes up is as narrow as what goes down */
    {0, {1, -16, 2, 16, 3, -4, 5, 6}},
    {0, {0, 0, 0, 0, 0, 0, 0, 1}},
    {0, {1e-5, 2e-5, 3e-5, 4e-5, 5e-5, 6e-5, 7e-5, 3e-4}},
    {0, {1e11, 2e10, 1e10, 1, 1, 1, 1, 1e-3}},
    {1000, {1, 2, 4, 8, 16, 32, 64, 128}}, /* 11,000 widths from 0 */
};

enum { SADDLES = sizeof saddles / sizeof *saddles };

START_TEST(of_gaussians_it_is_the_closed_form) /* _i: which */
{
    lebm_sampler *langevin = make(LEBM_LANGEVIN), *mala = make(LEBM_MALA), *hmc = make(LEBM_HMC);
    double c = 0;
    for (int d = 0; d < D; d++) c = fmax(c, fabs(saddles[_i].curvatures[d]));
    const double allowed = _i == 2 ? 5e-3 : 1e-4; /* of eigenvalues that lie close together none stands out so soon */
    LEBM_ASSERT_NEAR(suggest_for(langevin, &saddles[_i]) * c / 0.3, 1, allowed);
    LEBM_ASSERT_NEAR(suggest_for(mala, &saddles[_i]) * c / 0.3, 1, allowed);
    LEBM_ASSERT_NEAR(suggest_for(hmc, &saddles[_i]) * sqrt(c / 0.6), 1, allowed);
    LEBM_ASSERT_OK(lebm_sampler_set_f64(mala, LEBM_SAMPLER_TEMPERATURE, 7)); /* which the stability does not ask for */
    LEBM_ASSERT_OK(lebm_sampler_set_i64(mala, LEBM_SAMPLER_SEED, 8));
    ck_assert_double_eq(suggest_for(mala, &saddles[_i]), suggest_for(langevin, &saddles[_i]));
    lebm_sampler_destroy(langevin);
    lebm_sampler_destroy(mala);
    lebm_sampler_destroy(hmc);
}
END_TEST

/* Of the curvature 10,000 within a hundredth of the states, and none beyond. */
static int of_narrow_ridge(const float *z, int64_t n, double *log_density, float *score, void *user)
{
    (void)user;
    for (int64_t i = 0; i < n; i++) log_density[i] = 0;
    for (int64_t i = 0; i < n * D; i++) {
        log_density[i / D] -= log(cosh(100 * (double)z[i]));
        score[i] = (float)(-100 * tanh(100 * (double)z[i]));
    }
    return 0;
}

START_TEST(it_is_measured_within_the_width)
{
    const float z[D] = {0};
    double step_size;
    lebm_sampler *sampler = make(LEBM_LANGEVIN);
    lebm_target *target;
    LEBM_ASSERT_OK(lebm_target_create(&target, D, of_narrow_ridge, NULL, 0));
    LEBM_ASSERT_OK(lebm_sampler_suggest_target(sampler, target, z, 1, &step_size));
    LEBM_ASSERT_NEAR(step_size * 1e4 / 0.3, 1, 0.01);
    lebm_target_destroy(target);
    lebm_sampler_destroy(sampler);
}
END_TEST

START_TEST(a_preconditioner_is_taken_into_account)
{
    enum { SCALES = 3 };
    static const double scales[SCALES] = {1, 1e-4, 1e6};
    saddle *s = &saddles[1];
    double hessian[D * D], values[D];
    float variances[D];
    lebm_sampler *sampler = make(LEBM_MALA);
    LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_PRECONDITIONER, "diagonal"));
    for (int k = 0; k < SCALES; k++) {
        for (int d = 0; d < D; d++) variances[d] = (float)(scales[k] * (0.01 + 0.02 * d * d));
        for (int e = 0; e < D; e++) {
            double v[D] = {0};
            v[e] = 1;
            reflect(v);
            for (int d = 0; d < D; d++) v[d] *= s->curvatures[d];
            reflect(v);
            for (int d = 0; d < D; d++)
                hessian[d * D + e] = sqrt((double)variances[d]) * v[d] * sqrt((double)variances[e]);
        }
        eigenvalues(D, hessian, values);
        LEBM_ASSERT_OK(lebm_sampler_set_variances(sampler, variances, D));
        LEBM_ASSERT_NEAR(suggest_for(sampler, s) * values[0] / 0.3, 1, 2e-3);
    }
    lebm_sampler_destroy(sampler);

    /* Before a warm-up it is what that begins with. */
    sampler = make(LEBM_MALA);
    const double without = suggest_for(sampler, s);
    LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_PRECONDITIONER, "diagonal"));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_WARMUP, 10));
    LEBM_ASSERT_NEAR(suggest_for(sampler, s) / without, 1, 1e-3);
    lebm_sampler_destroy(sampler);
}
END_TEST

/* ---- models ---- */

/* The size of the largest eigenvalue of the reference's Hessian at z, by central differences of its score. */
static double ref_curvature(const struct ref_model *model, const float *z, const float *x)
{
    const int64_t m = model->f->in_features, data = model->g->out_features;
    const double h = 1e-5;
    double hessian[MOST_CELLS], values[MOST_SIDE], at[MOST_SIDE], low[MOST_SIDE], high[MOST_SIDE];
    double *wide = x ? test_to_doubles(x, data) : NULL;
    for (int64_t e = 0; e < m; e++) {
        for (int64_t d = 0; d < m; d++) at[d] = (double)z[d];
        at[e] = (double)z[e] - h;
        ref_score(model, at, wide, low);
        at[e] = (double)z[e] + h;
        ref_score(model, at, wide, high);
        for (int64_t d = 0; d < m; d++) hessian[d * m + e] = (low[d] - high[d]) / (2 * h);
    }
    free(wide);
    eigenvalues(m, hessian, values);
    return fmax(fabs(values[0]), fabs(values[m - 1]));
}

static int compare(const void *a, const void *b)
{
    const double of_a = *(const double *)a, of_b = *(const double *)b;
    return of_a < of_b ? -1 : of_a > of_b;
}

START_TEST(of_models_it_is_that_of_their_hessians) /* _i: of the prior, or of the posterior */
{
    enum { M = 5, DATA = 30, ROWS = 21 };
    struct model model;
    double curvatures[ROWS], step_size;
    model_small(&model, M, 20, DATA, 0.7, 0.3);
    float *z = test_normal_floats(ROWS * M, 0.7, 6), *x = test_normal_floats(ROWS * DATA, 0.7, 7);
    lebm_sampler *sampler = make(LEBM_LANGEVIN);
    for (int i = 0; i < ROWS; i++) curvatures[i] = ref_curvature(&model.ref, z + i * M, _i ? x + i * DATA : NULL);
    if (_i)
        LEBM_ASSERT_OK(lebm_sampler_suggest_posterior(sampler, model.prior, model.generator, x, z, ROWS, &step_size));
    else
        LEBM_ASSERT_OK(lebm_sampler_suggest_prior(sampler, model.prior, z, ROWS, &step_size));
    qsort(curvatures, ROWS, sizeof *curvatures, compare);
    ck_assert_double_gt(curvatures[ROWS - 1], 1.1 * curvatures[0]); /* or it would not matter which */
    LEBM_ASSERT_NEAR(step_size * curvatures[19] / 0.3, 1, 5e-3);    /* 19 of 20 intervals */
    lebm_sampler_destroy(sampler);
    free(z);
    free(x);
    model_free(&model);
}
END_TEST

START_TEST(no_bit_depends_on_threads_or_seed) /* _i: of the prior, or of the posterior */
{
    static const int64_t threads[] = {1, 2, 3, 7};
    enum { M = 4, DATA = 12, ROWS = 150 };
    lebm_prior *prior = make_prior(make_net("in 4; linear 8; gelu; linear 1", 1), 1);
    lebm_generator *generator = make_generator(make_net("in 4; linear 16; tanh; linear 12", 2), LEBM_GAUSSIAN, 0.3);
    float *z = test_normal_floats(ROWS * M, 1, 6), *x = test_normal_floats(ROWS * DATA, 0.5, 7);
    double first = 0;
    for (int t = 0; t < 4; t++) {
        double step_size;
        lebm_sampler *sampler = make(LEBM_HMC);
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, threads[t]));
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_SEED, threads[t]));
        if (_i)
            LEBM_ASSERT_OK(lebm_sampler_suggest_posterior(sampler, prior, generator, x, z, ROWS, &step_size));
        else
            LEBM_ASSERT_OK(lebm_sampler_suggest_prior(sampler, prior, z, ROWS, &step_size));
        if (t == 0) first = step_size;
        ck_assert_double_eq(step_size, first);
        lebm_sampler_destroy(sampler);
    }
    free(z);
    free(x);
    lebm_generator_destroy(generator);
    lebm_prior_destroy(prior);
}
END_TEST

/* ---- what is refused ---- */

typedef struct {
    float score;
    int returned;
    double log_density_below; /* where the first number of z is negative; else it is 0 */
} answer;

static int as_told(const float *z, int64_t n, double *log_density, float *score, void *user)
{
    const answer *told = user;
    for (int64_t i = 0; i < n; i++) log_density[i] = z[i * D] < 0 ? told->log_density_below : 0;
    for (int64_t i = 0; i < n * D; i++) {
        LEBM_ASSERT_MSG(isfinite(z[i]), "the function was asked of %g", (double)z[i]);
        score[i] = told->score;
    }
    return told->returned;
}

static void assert_refused(lebm_sampler *sampler, answer told, const float *z, int64_t n, int status, const char *text)
{
    double step_size = -1;
    lebm_target *target;
    LEBM_ASSERT_OK(lebm_target_create(&target, D, as_told, &told, 0));
    LEBM_ASSERT_STATUS(lebm_sampler_suggest_target(sampler, target, z, n, &step_size), status);
    LEBM_ASSERT_ERROR_NAMES(text);
    ck_assert_double_eq(step_size, -1);
    lebm_target_destroy(target);
}

START_TEST(what_gives_no_step_size_is_refused)
{
    float z[3 * D] = {0};
    lebm_sampler *sampler = make(LEBM_LANGEVIN);
    assert_refused(sampler, (answer){1, 0, 0}, z, 3, LEBM_ERR_RANGE, "the curvature at z is 0");
    assert_refused(sampler, (answer){NAN, 0, 0}, z, 3, LEBM_ERR_DIVERGED, "the score beside row 0 of z is not finite");
    assert_refused(sampler, (answer){1, 5, 0}, z, 3, LEBM_STOPPED, "the target's function returned 5");
    assert_refused(sampler, (answer){1, 0, 0}, z, 0, LEBM_ERR_RANGE, "n is 0");
    z[D] = -1;
    assert_refused(sampler, (answer){1, 0, -INFINITY}, z, 3, LEBM_ERR_DIVERGED,
                   "the log density at row 1 of z is not finite but -inf");
    assert_refused(sampler, (answer){1, 0, INFINITY}, z, 3, LEBM_ERR_DIVERGED,
                   "the log density at row 1 of z is not finite but inf");
    assert_refused(sampler, (answer){1, 0, NAN}, z, 3, LEBM_ERR_DIVERGED,
                   "the log density at row 1 of z is not finite but nan");
    z[D] = 1e-3f; /* of which one side has no density */
    assert_refused(sampler, (answer){1, 0, -INFINITY}, z, 3, LEBM_ERR_RANGE, "the curvature at z is 0");
    z[2 * D + 1] = NAN;
    assert_refused(sampler, (answer){1, 0, 0}, z, 3, LEBM_ERR_DIVERGED, "row 2 of z is not finite");
    z[2 * D + 1] = INFINITY;
    assert_refused(sampler, (answer){1, 0, 0}, z, 3, LEBM_ERR_DIVERGED, "row 2 of z is not finite");
    LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_PRECONDITIONER, "diagonal"));
    assert_refused(sampler, (answer){1, 0, 0}, z, 3, LEBM_ERR_STATE, "the sampler has no variances");
    LEBM_ASSERT_OK(lebm_sampler_set_variances(sampler, (const float[]){1, 1}, 2));
    assert_refused(sampler, (answer){1, 0, 0}, z, 3, LEBM_ERR_SHAPE, "the sampler has 2 variances");
    lebm_sampler_destroy(sampler);
}
END_TEST

/* Options, stream and what a run would continue are as before. */
START_TEST(the_sampler_stays_as_it_is)
{
    saddle *s = &saddles[0];
    float z[2][3 * D];
    lebm_target *target;
    LEBM_ASSERT_OK(lebm_target_create(&target, D, of_saddle, s, 0));
    for (int asked = 0; asked < 2; asked++) {
        lebm_sampler *sampler = make(LEBM_MALA);
        for (int run = 0; run < 2; run++) {
            if (asked) suggest_for(sampler, s);
            LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, 3, z[asked]));
            LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, "continue"));
        }
        lebm_sampler_destroy(sampler);
    }
    LEBM_ASSERT_SAME_BITS(z[1], z[0], 3 * D);
    lebm_target_destroy(target);
}
END_TEST

/* A flat density, each evaluation of which takes so long that the caller is asked. */
static int take_time(const float *z, int64_t n, double *log_density, float *score, void *user)
{
    (void)z;
    usleep(20000);
    ++*(int *)user;
    for (int64_t i = 0; i < n; i++) log_density[i] = 0;
    for (int64_t i = 0; i < n * D; i++) score[i] = 0;
    return 0;
}

static int stop_at_once(double done, void *user)
{
    *(double *)user = done;
    return 1;
}

START_TEST(progress_counts_evaluations_and_stops_them)
{
    float z[D] = {0};
    int evaluations = 0;
    double done = -1, step_size = -1;
    lebm_target *target;
    lebm_sampler *sampler = make(LEBM_LANGEVIN);
    LEBM_ASSERT_OK(lebm_target_create(&target, D, take_time, &evaluations, 0));
    LEBM_ASSERT_OK(lebm_sampler_set_progress(sampler, stop_at_once, &done));
    LEBM_ASSERT_STATUS(lebm_sampler_suggest_target(sampler, target, z, 1, &step_size), LEBM_STOPPED);
    LEBM_ASSERT_ERROR_NAMES("progress callback");
    ck_assert_int_lt(evaluations, 61);
    LEBM_ASSERT_NEAR(done, evaluations / 61.0, 1e-12);
    ck_assert_double_eq(step_size, -1);
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, 0.1)); /* it is idle again */
    lebm_sampler_destroy(sampler);
    lebm_target_destroy(target);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("curvature");
    TCase *cases = tcase_create("cases");
    tcase_set_timeout(cases, 400);
    tcase_add_loop_test(cases, of_gaussians_it_is_the_closed_form, 0, SADDLES);
    tcase_add_test(cases, it_is_measured_within_the_width);
    tcase_add_test(cases, a_preconditioner_is_taken_into_account);
    tcase_add_loop_test(cases, of_models_it_is_that_of_their_hessians, 0, 2);
    tcase_add_loop_test(cases, no_bit_depends_on_threads_or_seed, 0, 2);
    tcase_add_test(cases, what_gives_no_step_size_is_refused);
    tcase_add_test(cases, the_sampler_stays_as_it_is);
    tcase_add_test(cases, progress_counts_evaluations_and_stops_them);
    suite_add_tcase(suite, cases);
    return test_run_suite(suite);
}
