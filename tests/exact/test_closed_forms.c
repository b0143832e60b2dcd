/* Chains whose law is known in closed form, for their steps as they are: on a normal they keep to a normal, with a
 * variance that the step size alone decides. With the argument "long", of many more chains. */
#include "exact/matrices.h"
#include "lebm.h"
#include "support/approx.h"
#include "support/model.h"
#include "support/statistics.h"

static const double errors_allowed = 4.5;
static int64_t times = 1; /* so many more chains */

/* ---- p0 ---- */

enum { DIMS = 4 };

/* Fails unless the ends of n chains on p0 = N(0, sigma0^2 I) are N(0, variance). */
static void assert_chains_have(double variance, double sigma0, int64_t steps, double step_size, double start_std,
                               int64_t n)
{
    struct model model;
    model_linear(&model, DIMS, 1, sigma0, 1); /* f = 0 */
    lebm_sampler *sampler = make_sampler(steps, step_size);
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_START_STD, start_std));
    float *z = test_floats(n * DIMS);
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, model.prior, n, z));
    assert_normal(z, n * DIMS, 1, 0, variance, errors_allowed);
    LEBM_ASSERT_WITHIN(sample_correlation(z, z + 1, n, DIMS), 0, errors_allowed, 1 / sqrt((double)n));
    free(z);
    lebm_sampler_destroy(sampler);
    model_free(&model);
}

START_TEST(stationary_variance_on_p0)
{
    /* z' = (1 - s/sigma0^2) z + sqrt(2s) e settles at the variance sigma0^2 / (1 - s/(2 sigma0^2)). */
    static const struct {
        double step_size, sigma0;
        int64_t steps;
    } cases[] = {{0.03, 1, 250}, {0.08, 1, 100},  {0.25, 1, 50},  {0.5, 1, 30},  {1.2, 1, 30},
                 {1.8, 1, 60},   {0.01, 0.3, 90}, {0.1, 0.3, 60}, {0.2, 2, 250}, {6, 2, 40}};
    const double square = cases[_i].sigma0 * cases[_i].sigma0, s = cases[_i].step_size;
    assert_chains_have(square / (1 - s / (2 * square)), cases[_i].sigma0, cases[_i].steps, s, 1, 10000 * times);
}
END_TEST

START_TEST(variance_at_a_temperature)
{
    /* pi^(1/T) has T times the variance; with sqrt(2 s T) e in z' so has what the chain settles at, at any s. */
    static const struct {
        double temperature, step_size, sigma0;
    } cases[] = {{0.01, 0.3, 1}, {0.5, 0.2, 0.7}, {2, 0.5, 1}, {50, 0.9, 1.5}, {1e5, 0.3, 1}};
    const double square = cases[_i].sigma0 * cases[_i].sigma0, s = cases[_i].step_size, t = cases[_i].temperature;
    const int64_t n = 10000 * times;
    struct model model;
    model_linear(&model, DIMS, 1, cases[_i].sigma0, 1); /* f = 0 */
    lebm_sampler *sampler = make_sampler(60, s);
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_TEMPERATURE, t));
    float *z = test_floats(n * DIMS);
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, model.prior, n, z));
    assert_normal(z, n * DIMS, 1, 0, t * square / (1 - s / (2 * square)), errors_allowed);
    free(z);
    lebm_sampler_destroy(sampler);
    model_free(&model);
}
END_TEST

START_TEST(posterior_at_a_temperature)
{
    /* x = w z + noise with one number each: the posterior has precision P = w^2/sigma^2 + 1/sigma0^2 and mean
     * w x / (sigma^2 P); at a temperature the mean stays, and the variance is T/(P (1 - s P/2)). */
    const double w = 1.5, sigma = 0.5, sigma0 = 2, s = 0.05, t = 3, value = 0.8;
    const double precision = w * w / (sigma * sigma) + 1 / (sigma0 * sigma0);
    const int64_t n = 40000 * times;
    struct model model;
    model_linear(&model, 1, 1, sigma0, sigma);
    model.g.ref.params[0] = w;
    pair_push(&model.g);
    float *x = test_floats(n), *z = test_floats(n);
    for (int64_t i = 0; i < n; i++) x[i] = (float)value;
    lebm_sampler *sampler = make_sampler(80, s);
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_TEMPERATURE, t));
    LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, model.prior, model.generator, x, n, z));
    assert_normal(z, n, 1, w * (double)(float)value / (sigma * sigma * precision),
                  t / (precision * (1 - s * precision / 2)), errors_allowed);
    free(x);
    free(z);
    lebm_sampler_destroy(sampler);
    model_free(&model);
}
END_TEST

START_TEST(posterior_of_a_weighted_likelihood)
{
    /* p(z) p(x|z)^v of the model above is the posterior of noise with the variance sigma^2/v. Kernels with a test have no
     * bias. */
    static const double weights[] = {0.2, 1, 6};
    static const char *const kernels[] = {LEBM_LANGEVIN, LEBM_MALA, LEBM_HMC};
    const double w = 1.5, sigma = 0.5, sigma0 = 2, v = weights[_i / 3], value = 0.8;
    const double pull = v * w / (sigma * sigma), precision = pull * w + 1 / (sigma0 * sigma0), s = 0.5 / precision;
    const int64_t n = 8000 * times;
    struct model model;
    model_linear(&model, 1, 1, sigma0, sigma);
    model.g.ref.params[0] = w;
    pair_push(&model.g);
    float *x = test_floats(n), *z = test_floats(n);
    for (int64_t i = 0; i < n; i++) x[i] = (float)value;
    const int is_hmc = _i % 3 == 2;
    lebm_sampler *sampler;
    LEBM_ASSERT_OK(lebm_sampler_create(&sampler, kernels[_i % 3]));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, is_hmc ? 20 : 60));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_LIKELIHOOD_WEIGHT, v));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, is_hmc ? sqrt(2 * s) : s));
    LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, model.prior, model.generator, x, n, z));
    assert_normal(z, n, 1, pull * (double)(float)value / precision,
                  1 / (precision * (_i % 3 == 0 ? 1 - s * precision / 2 : 1)), errors_allowed);
    free(x);
    free(z);
    lebm_sampler_destroy(sampler);
    model_free(&model);
}
END_TEST

START_TEST(variance_on_the_way_there)
{
    /* v <- (1 - s/sigma0^2)^2 v + 2s: after k steps from v0, v + (1 - s/sigma0^2)^(2k) (v0 - v) with v as above. */
    static const double sigmas0[] = {1, 0.5, 2};
    const double s = 0.1, start_std = 3;
    for (int i = 0; i < 3; i++)
        for (int64_t steps = 1; steps <= 4; steps++) {
            const double square = sigmas0[i] * sigmas0[i], stationary = square / (1 - s / (2 * square));
            const double left = pow(1 - s / square, 2 * (double)steps);
            assert_chains_have(stationary + left * (start_std * start_std - stationary), sigmas0[i], steps, s,
                               start_std, 10000 * times);
        }
}
END_TEST

/* ---- the posterior of a linear-Gaussian model ---- */

/* Three kinds of x take turns, so that each chain must see its own. */
enum { KINDS = 3, MOST_DIMS = 4 };

static const struct linear_case {
    int64_t m, d, steps;
    double sigma0, sigma, step_size;
} linear_cases[] = {
    {1, 1, 150, 0.5, 0.8, 0.02}, {2, 3, 120, 0.9, 0.6, 0.03}, {3, 5, 250, 2, 1, 0.06}, {4, 8, 200, 1.2, 0.9, 0.05}};
enum { LINEAR_CASES = sizeof linear_cases / sizeof *linear_cases };

/* Mean and covariance of the chain's state after its steps from N(0, I), exactly: z' = A z + s P mean + sqrt(2s) e with
 * A = I - s P. */
static void law_of_a_chain(int64_t m, const double *precision, const double *target, double s, int64_t steps,
                           double *mean, double *covariance)
{
    double a[MOST_CELLS], half[MOST_CELLS], away[MOST_DIMS], next[MOST_DIMS];
    for (int64_t i = 0; i < m * m; i++) {
        const int diagonal = i / m == i % m;
        a[i] = diagonal - s * precision[i];
        covariance[i] = diagonal;
    }
    for (int64_t i = 0; i < m; i++) away[i] = -target[i];
    for (int64_t step = 0; step < steps; step++) {
        transform(m, m, a, away, next);
        memcpy(away, next, (size_t)m * sizeof *away);
        multiply(m, a, covariance, half);
        multiply(m, half, a, covariance); /* A is symmetric */
        for (int64_t i = 0; i < m; i++) covariance[i * m + i] += 2 * s;
    }
    for (int64_t i = 0; i < m; i++) mean[i] = target[i] + away[i];
}

/* Where that law settles: C = A C A + 2s I has the solution (P - s/2 P^2)^-1. */
static void stationary_covariance(int64_t m, const double *precision, double s, double *covariance)
{
    double square[MOST_CELLS], settled[MOST_CELLS];
    multiply(m, precision, precision, square);
    for (int64_t i = 0; i < m * m; i++) settled[i] = precision[i] - s / 2 * square[i];
    invert(m, settled, covariance);
}

/* Fails unless samples, `stride` numbers apart, have these moments. */
static void assert_moments(const float *z, int64_t count, int64_t stride, int64_t m, const double *mean,
                           const double *covariance)
{
    for (int64_t i = 0; i < m; i++) {
        const double variance = covariance[i * m + i];
        LEBM_ASSERT_WITHIN(sample_moments(z + i, count, stride).mean, mean[i], errors_allowed,
                           sqrt(variance / (double)count));
        for (int64_t j = 0; j <= i; j++) {
            const double other = covariance[j * m + j], both = covariance[i * m + j];
            LEBM_ASSERT_WITHIN(sample_covariance(z + i, z + j, count, stride), both, errors_allowed,
                               sqrt((variance * other + both * both) / (double)count));
        }
    }
}

START_TEST(posterior_of_a_linear_gaussian_model)
{
    /* x = W z + b + noise, f(z) = a.z + c: the posterior is Gaussian with precision P = W'W/sigma^2 + I/sigma0^2 and mean
     * P^-1 (W'(x - b)/sigma^2 + a). */
    const struct linear_case *c = &linear_cases[_i];
    const int64_t m = c->m, d = c->d, n = 30000 * times;
    const double variance = c->sigma * c->sigma;
    uint64_t seed = 70 + (uint64_t)_i;
    struct model model;
    model_linear(&model, m, d, c->sigma0, c->sigma);
    pair_randomise(&model.f, 1, seed); /* c, too: it must change nothing */
    pair_randomise(&model.g, 1, seed + 10);
    const double *w = model.g.ref.params, *b = w + d * m, *a = model.f.ref.params;
    double xs[KINDS][MOST_SIDE];
    for (int kind = 0; kind < KINDS; kind++)
        for (int64_t i = 0; i < d; i++) xs[kind][i] = (double)(float)test_uniform(&seed, -1.5, 1.5);

    float *x = test_floats(n * d), *z = test_floats(n * m);
    for (int64_t i = 0; i < n * d; i++) x[i] = (float)xs[i / d % KINDS][i % d];
    lebm_sampler *sampler = make_sampler(c->steps, c->step_size);
    LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, model.prior, model.generator, x, n, z));

    double precision[MOST_CELLS], posterior[MOST_CELLS], settled[MOST_CELLS], covariance[MOST_CELLS];
    gram(d, m, w, variance, 1 / (c->sigma0 * c->sigma0), precision);
    invert(m, precision, posterior);
    stationary_covariance(m, precision, c->step_size, settled);
    for (int kind = 0; kind < KINDS; kind++) {
        double pull[MOST_DIMS], target[MOST_DIMS], mean[MOST_DIMS];
        for (int64_t i = 0; i < m; i++) {
            pull[i] = a[i];
            for (int64_t k = 0; k < d; k++) pull[i] += w[k * m + i] * (xs[kind][k] - b[k]) / variance;
        }
        transform(m, m, posterior, pull, target);
        law_of_a_chain(m, precision, target, c->step_size, c->steps, mean, covariance);
        for (int64_t i = 0; i < m; i++) LEBM_ASSERT_NEAR(mean[i], target[i], 1e-3); /* the chains are long enough */
        for (int64_t i = 0; i < m * m; i++) LEBM_ASSERT_NEAR(covariance[i], settled[i], 1e-3);
        assert_moments(z + kind * m, n / KINDS, KINDS * m, m, mean, covariance);
    }
    free(x);
    free(z);
    lebm_sampler_destroy(sampler);
    model_free(&model);
}
END_TEST

/* ---- log p(x, z) of that model ---- */

/* log N, of that many dimensions, at a place whose squares are these. */
static double log_normal(double squares, double variance, int64_t dims)
{
    return -0.5 * (squares / variance + (double)dims * log(2 * acos(-1) * variance));
}

static double trace_of_product(int64_t m, const double *a, const double *b)
{
    double product[MOST_CELLS], trace = 0;
    multiply(m, a, b, product);
    for (int64_t i = 0; i < m; i++) trace += product[i * m + i];
    return trace;
}

/* Fails unless the mean over the rows of one kind of x is this. */
static void assert_mean(const double *values, int64_t n, int kind, double expected)
{
    const double count = (double)n / KINDS;
    double mean = 0, squares = 0;
    for (int64_t i = kind; i < n; i += KINDS) mean += values[i] / count;
    for (int64_t i = kind; i < n; i += KINDS) squares += (values[i] - mean) * (values[i] - mean);
    LEBM_ASSERT_WITHIN(mean, expected, errors_allowed, sqrt(squares / (count - 1) / count));
}

START_TEST(scores_of_a_linear_gaussian_model)
{
    /* The posterior is N(mu, C) as above. Under it E|x - b - W z|^2 = |x - b - W mu|^2 + tr(W'W C) and E|z|^2 = |mu|^2 +
     * tr C. At the mode mu the traces are missing, so that log p(x, z) is M/2 more there than its mean. */
    enum { CHAINS = 4 };
    const struct linear_case *c = &linear_cases[_i];
    const int64_t m = c->m, d = c->d, n = 600 * times;
    const double variance = c->sigma * c->sigma, variance0 = c->sigma0 * c->sigma0;
    uint64_t seed = 90 + (uint64_t)_i;
    struct model model;
    model_linear(&model, m, d, c->sigma0, c->sigma);
    pair_randomise(&model.f, 1, seed);
    pair_randomise(&model.g, 1, seed + 10);
    const double *w = model.g.ref.params, *b = w + d * m, *a = model.f.ref.params;
    double xs[KINDS][MOST_SIDE], precision[MOST_CELLS], covariance[MOST_CELLS], ww[MOST_CELLS], steepest[MOST_SIDE];
    for (int kind = 0; kind < KINDS; kind++)
        for (int64_t i = 0; i < d; i++) xs[kind][i] = (double)(float)test_uniform(&seed, -1.5, 1.5);
    gram(d, m, w, variance, 1 / variance0, precision);
    gram(d, m, w, 1, 0, ww);
    invert(m, precision, covariance);
    eigenvalues(m, precision, steepest);

    float *x = test_floats(n * d), *z = test_floats(CHAINS * n * m);
    double *drawn[3] = {test_doubles(n), test_doubles(n), test_doubles(n)},
           *mode[2] = {test_doubles(n), test_doubles(n)};
    for (int64_t i = 0; i < n * d; i++) x[i] = (float)xs[i / d % KINDS][i % d];
    lebm_sampler *sampler, *uphill = make_noiseless_sampler(1500, 1 / steepest[0], 1);
    LEBM_ASSERT_OK(lebm_sampler_create(&sampler, LEBM_HMC));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 100));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, 0.6 / sqrt(steepest[0])));
    LEBM_ASSERT_OK(
        lebm_sampler_log_joint(sampler, model.prior, model.generator, x, n, 0, CHAINS, z, drawn[0], drawn[1]));
    LEBM_ASSERT_OK(lebm_sampler_log_joint(uphill, model.prior, model.generator, x, n, 0, CHAINS, z, mode[0], mode[1]));
    for (int64_t i = 0; i < n; i++) drawn[2][i] = drawn[0][i] + drawn[1][i];
    for (int kind = 0; kind < KINDS; kind++) {
        double pull[MOST_DIMS], mu[MOST_DIMS], made[MOST_SIDE], off = 0, square = 0, f = a[m], spread = 0;
        for (int64_t i = 0; i < m; i++) {
            pull[i] = a[i];
            for (int64_t k = 0; k < d; k++) pull[i] += w[k * m + i] * (xs[kind][k] - b[k]) / variance;
        }
        transform(m, m, covariance, pull, mu);
        transform(d, m, w, mu, made);
        for (int64_t k = 0; k < d; k++) off += (xs[kind][k] - b[k] - made[k]) * (xs[kind][k] - b[k] - made[k]);
        for (int64_t i = 0; i < m; i++) {
            square += mu[i] * mu[i];
            f += a[i] * mu[i];
            spread += covariance[i * m + i];
        }
        const double at_mode[2] = {log_normal(off, variance, d), f + log_normal(square, variance0, m)};
        const double at_draws[2] = {log_normal(off + trace_of_product(m, ww, covariance), variance, d),
                                    f + log_normal(square + spread, variance0, m)};
        LEBM_ASSERT_NEAR(at_mode[0] + at_mode[1], at_draws[0] + at_draws[1] + (double)m / 2, 1e-9);
        for (int part = 0; part < 2; part++) {
            assert_mean(drawn[part], n, kind, at_draws[part]);
            for (int64_t i = kind; i < n; i += KINDS)
                LEBM_ASSERT_NEAR(mode[part][i], at_mode[part], 2e-6 * (1 + fabs(at_mode[part])));
        }
        assert_mean(drawn[2], n, kind, at_draws[0] + at_draws[1]);
    }
    for (int part = 0; part < 3; part++) free(drawn[part]);
    for (int part = 0; part < 2; part++) free(mode[part]);
    free(x);
    free(z);
    lebm_sampler_destroy(sampler);
    lebm_sampler_destroy(uphill);
    model_free(&model);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("closed forms");
    TCase *normal = tcase_create("p0");
    tcase_set_timeout(normal, 300);
    tcase_add_loop_test(normal, stationary_variance_on_p0, 0, 10);
    tcase_add_test(normal, variance_on_the_way_there);
    tcase_add_loop_test(normal, variance_at_a_temperature, 0, 5);
    tcase_add_test(normal, posterior_at_a_temperature);
    tcase_add_loop_test(normal, posterior_of_a_weighted_likelihood, 0, 9);
    suite_add_tcase(suite, normal);

    TCase *posterior = tcase_create("posterior");
    tcase_set_timeout(posterior, 300);
    tcase_add_loop_test(posterior, posterior_of_a_linear_gaussian_model, 0, LINEAR_CASES);
    tcase_add_loop_test(posterior, scores_of_a_linear_gaussian_model, 0, LINEAR_CASES);
    suite_add_tcase(suite, posterior);
    return suite;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "long") == 0) times = 10;
    return test_run_suite(suite());
}
