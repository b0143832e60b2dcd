/* Laws of the kernels with a test, on densities whose moments are known: a correlated normal, a funnel, a banana and two
 * modes; at other temperatures; and what finite steps of langevin make of a preconditioner. 4 standard errors are allowed. */
#include "lebm.h"
#include "support/approx.h"
#include "support/statistics.h"

static double errors_allowed = 4;
static int64_t chains = 4000; /* many more in the long test */

/* ---- densities ---- */

enum { MOST_DIMS = 10, MOST_STATISTICS = 32 };

/* A mean that is known, of a function of a state whose standard deviation is known. */
struct statistic {
    const char *name;
    double mean, deviation;
};

struct density {
    const char *name;
    int64_t dims;
    lebm_density_fn at;
    /* The statistics there are and, of a state, their values. */
    int (*list)(struct statistic *);
    void (*measure)(const float *z, double *values);
    struct {
        double step_size;
        int64_t steps, leapfrog_steps;
    } mala, hmc;
};

/* Of mean i/2 and deviation 1 + i/20, with correlations rho^|i - j|: its precision has three diagonals. */
enum { NORMAL = 10 };
static const double rho = 0.5;

static double normal_deviation(int i)
{
    return 1 + i / 20.0;
}

static int normal_at(const float *z, int64_t n, double *log_density, float *score, void *user)
{
    (void)user;
    const double scale = 1 / (1 - rho * rho);
    for (int64_t r = 0; r < n; r++) {
        double u[NORMAL], precision_u[NORMAL];
        for (int i = 0; i < NORMAL; i++) u[i] = ((double)z[r * NORMAL + i] - i / 2.0) / normal_deviation(i);
        log_density[r] = 0;
        for (int i = 0; i < NORMAL; i++) {
            const double inner = i > 0 && i < NORMAL - 1 ? 1 + rho * rho : 1;
            const double around = (i > 0 ? u[i - 1] : 0) + (i < NORMAL - 1 ? u[i + 1] : 0);
            precision_u[i] = scale * (inner * u[i] - rho * around);
            log_density[r] -= u[i] * precision_u[i] / 2;
            score[r * NORMAL + i] = (float)(-precision_u[i] / normal_deviation(i));
        }
    }
    return 0;
}

static int normal_list(struct statistic *list)
{
    for (int i = 0; i < NORMAL; i++) {
        list[i] = (struct statistic){"u", 0, 1};
        list[NORMAL + i] = (struct statistic){"u^2", 1, sqrt(2)};
    }
    for (int i = 0; i < NORMAL - 1; i++) list[2 * NORMAL + i] = (struct statistic){"u u'", rho, sqrt(1 + rho * rho)};
    return 3 * NORMAL - 1;
}

static void normal_measure(const float *z, double *values)
{
    double u[NORMAL];
    for (int i = 0; i < NORMAL; i++) u[i] = ((double)z[i] - i / 2.0) / normal_deviation(i);
    for (int i = 0; i < NORMAL; i++) values[i] = u[i], values[NORMAL + i] = u[i] * u[i];
    for (int i = 0; i < NORMAL - 1; i++) values[2 * NORMAL + i] = u[i] * u[i + 1];
}

/* v ~ N(0, 1), and three numbers of N(0, e^v). */
static int funnel_at(const float *z, int64_t n, double *log_density, float *score, void *user)
{
    (void)user;
    for (int64_t r = 0; r < n; r++, z += 4, score += 4) {
        const double v = z[0], precision = exp(-v);
        double squares = 0;
        for (int i = 1; i < 4; i++) squares += (double)z[i] * (double)z[i];
        log_density[r] = -v * v / 2 - squares * precision / 2 - 1.5 * v;
        score[0] = (float)(-v + squares * precision / 2 - 1.5);
        for (int i = 1; i < 4; i++) score[i] = (float)(-(double)z[i] * precision);
    }
    return 0;
}

static int funnel_list(struct statistic *list)
{
    list[0] = (struct statistic){"v", 0, 1};
    list[1] = (struct statistic){"v^2", 1, sqrt(2)};
    list[2] = (struct statistic){"x^2/e^v", 1, sqrt(2)};
    list[3] = (struct statistic){"x", 0, exp(0.25)};
    list[4] = (struct statistic){"|x|", sqrt(2 / M_PI) * exp(0.125), sqrt(exp(0.5) - 2 / M_PI * exp(0.25))};
    return 5;
}

static void funnel_measure(const float *z, double *values)
{
    const double v = z[0], x = z[2];
    values[0] = v;
    values[1] = v * v;
    values[2] = x * x * exp(-v);
    values[3] = x;
    values[4] = fabs(x);
}

/* x ~ N(0, 1), and y = (x^2 - 1)/2 + N(0, 1). */
static int banana_at(const float *z, int64_t n, double *log_density, float *score, void *user)
{
    (void)user;
    for (int64_t r = 0; r < n; r++, z += 2, score += 2) {
        const double x = z[0], off = (double)z[1] - (x * x - 1) / 2;
        log_density[r] = -x * x / 2 - off * off / 2;
        score[0] = (float)(-x + off * x);
        score[1] = (float)-off;
    }
    return 0;
}

static int banana_list(struct statistic *list)
{
    list[0] = (struct statistic){"x", 0, 1};
    list[1] = (struct statistic){"x^2", 1, sqrt(2)};
    list[2] = (struct statistic){"y", 0, sqrt(1.5)};
    list[3] = (struct statistic){"off", 0, 1};
    list[4] = (struct statistic){"off^2", 1, sqrt(2)};
    list[5] = (struct statistic){"x y", 0, sqrt(3.5)}; /* E x^2 (x^2 - 1)^2 = 15 - 6 + 1 */
    return 6;
}

static void banana_measure(const float *z, double *values)
{
    const double x = z[0], y = z[1], off = y - (x * x - 1) / 2;
    values[0] = x;
    values[1] = x * x;
    values[2] = y;
    values[3] = off;
    values[4] = off * off;
    values[5] = x * y;
}

/* Three parts of ten about (-1.5, 0), seven about (1.5, 0), each of deviation 0.8. */
static const double part = 0.3, centre = 1.5, width = 0.8;

static int modes_at(const float *z, int64_t n, double *log_density, float *score, void *user)
{
    (void)user;
    for (int64_t r = 0; r < n; r++, z += 2, score += 2) {
        const double x = z[0], y = z[1], v = width * width;
        const double left = part * exp(-(x + centre) * (x + centre) / (2 * v));
        const double right = (1 - part) * exp(-(x - centre) * (x - centre) / (2 * v));
        const double share = left + right > 0 ? left / (left + right) : x < 0;
        log_density[r] = log(left + right) - y * y / (2 * v);
        score[0] = (float)(-(share * (x + centre) + (1 - share) * (x - centre)) / v);
        score[1] = (float)(-y / v);
    }
    return 0;
}

static int modes_list(struct statistic *list)
{
    const double v = width * width, c2 = centre * centre, beyond = 0.5 * erfc(-centre / width / sqrt(2));
    const double right = (1 - part) * beyond + part * (1 - beyond), mean = (1 - 2 * part) * centre;
    list[0] = (struct statistic){"x > 0", right, sqrt(right * (1 - right))};
    list[1] = (struct statistic){"x", mean, sqrt(c2 + v - mean * mean)};
    list[2] = (struct statistic){"x^2", c2 + v, sqrt(4 * c2 * v + 2 * v * v)};
    list[3] = (struct statistic){"y^2", v, v * sqrt(2)};
    return 4;
}

static void modes_measure(const float *z, double *values)
{
    const double x = z[0], y = z[1];
    values[0] = x > 0;
    values[1] = x;
    values[2] = x * x;
    values[3] = y * y;
}

static const struct density densities[] = {
    {"normal", NORMAL, normal_at, normal_list, normal_measure, {0.3, 300, 0}, {0.6, 50, 6}},
    {"funnel", 4, funnel_at, funnel_list, funnel_measure, {0.12, 1500, 0}, {0.3, 80, 8}},
    {"banana", 2, banana_at, banana_list, banana_measure, {0.15, 400, 0}, {0.55, 60, 6}},
    {"modes", 2, modes_at, modes_list, modes_measure, {0.5, 300, 0}, {0.6, 80, 5}},
};

enum { DENSITIES = sizeof densities / sizeof *densities };

/* ---- moments ---- */

static void assert_moments(const struct density *density, const char *kernel, const float *z)
{
    struct statistic list[MOST_STATISTICS];
    double sums[MOST_STATISTICS] = {0}, values[MOST_STATISTICS];
    const int count = density->list(list);
    for (int64_t i = 0; i < chains; i++) {
        density->measure(z + i * density->dims, values);
        for (int s = 0; s < count; s++) sums[s] += values[s];
    }
    for (int s = 0; s < count; s++) {
        const double mean = sums[s] / (double)chains, error = list[s].deviation / sqrt((double)chains);
        LEBM_ASSERT_MSG(fabs(mean - list[s].mean) <= errors_allowed * error,
                        "%s of %s by %s has the mean %.6g, expected %.6g: off by %.2f standard errors, allowed %.1f",
                        list[s].name, density->name, kernel, mean, list[s].mean, fabs(mean - list[s].mean) / error,
                        errors_allowed);
    }
}

static lebm_sampler *make_sampler(const char *kernel, double step_size, int64_t steps, int64_t leapfrog_steps)
{
    lebm_sampler *sampler;
    LEBM_ASSERT_OK(lebm_sampler_create(&sampler, kernel));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, step_size));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, steps));
    if (leapfrog_steps) LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_LEAPFROG_STEPS, leapfrog_steps));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_SEED, 11));
    /* Not in the wings of the funnel's neck, which mala would take long to leave. */
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_START_STD, 0.3));
    return sampler;
}

START_TEST(moments_are_those_of_the_density) /* _i: density, kernel, and with a warm-up or not */
{
    const struct density *density = &densities[_i / 4];
    const int is_hmc = _i % 2, is_warm = _i / 2 % 2;
    const char *kernel = is_hmc ? LEBM_HMC : LEBM_MALA;
    double acceptance;
    lebm_target *target;
    LEBM_ASSERT_OK(lebm_target_create(&target, density->dims, density->at, NULL, 1));
    lebm_sampler *sampler =
        is_hmc ? make_sampler(kernel, density->hmc.step_size, density->hmc.steps, density->hmc.leapfrog_steps)
               : make_sampler(kernel, density->mala.step_size, density->mala.steps, 0);
    if (is_warm) {
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_WARMUP, 60));
        LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_TARGET_ACCEPTANCE, 0.85));
        LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_PRECONDITIONER, "diagonal"));
    }
    float *z = test_floats(chains * density->dims);
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, chains, z));
    assert_moments(density, kernel, z);
    LEBM_ASSERT_OK(lebm_sampler_metric(sampler, LEBM_SAMPLER_ACCEPTANCE, &acceptance));
    ck_assert_double_gt(acceptance, 0.45);
    ck_assert_double_lt(acceptance, 0.97); /* else there is not much of a test */
    free(z);
    lebm_sampler_destroy(sampler);
    lebm_target_destroy(target);
}
END_TEST

/* The same steps without a test are not of the density: so the moments can tell. */
START_TEST(steps_without_a_test_show) /* _i: the density */
{
    const struct density *density = &densities[_i];
    struct statistic list[MOST_STATISTICS];
    double sums[MOST_STATISTICS] = {0}, values[MOST_STATISTICS], worst = 0;
    lebm_target *target;
    LEBM_ASSERT_OK(lebm_target_create(&target, density->dims, density->at, NULL, 1));
    lebm_sampler *sampler = make_sampler(LEBM_LANGEVIN, density->mala.step_size, density->mala.steps, 0);
    float *z = test_floats(chains * density->dims);
    const int status = lebm_sampler_run_target(sampler, target, chains, z);
    const int count = density->list(list);
    for (int64_t i = 0; i < chains; i++) {
        density->measure(z + i * density->dims, values);
        for (int s = 0; s < count; s++) sums[s] += values[s];
    }
    for (int s = 0; s < count; s++)
        worst = fmax(worst, fabs(sums[s] / (double)chains - list[s].mean) / list[s].deviation * sqrt((double)chains));
    LEBM_ASSERT_MSG(status == LEBM_ERR_DIVERGED || worst > 2 * errors_allowed,
                    "%s without a test: %s, and %.1f standard errors off at most", density->name,
                    lebm_status_name(status), worst);
    free(z);
    lebm_sampler_destroy(sampler);
    lebm_target_destroy(target);
}
END_TEST

/* At T a normal has T times its variance, by any kernel with a test. */
START_TEST(temperature_is_that_of_the_density) /* _i: kernel and temperature */
{
    static const double temperatures[] = {0.3, 2.5};
    const int is_hmc = _i % 2;
    const double t = temperatures[_i / 2];
    lebm_target *target;
    LEBM_ASSERT_OK(lebm_target_create(&target, NORMAL, normal_at, NULL, 1));
    lebm_sampler *sampler = is_hmc ? make_sampler(LEBM_HMC, 0.6, 50, 6) : make_sampler(LEBM_MALA, 0.3, 300, 0);
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_TEMPERATURE, t));
    float *z = test_floats(chains * NORMAL);
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, chains, z));
    for (int i = 0; i < NORMAL; i++) {
        const double s = normal_deviation(i);
        assert_normal(z + i, chains, NORMAL, i / 2.0, t * s * s, errors_allowed);
    }
    free(z);
    lebm_sampler_destroy(sampler);
    lebm_target_destroy(target);
}
END_TEST

/* ---- langevin with a preconditioner ---- */

enum { AXES = 4 };
static const double axis_deviations[AXES] = {0.1, 0.5, 1, 3};

static int axes_at(const float *z, int64_t n, double *log_density, float *score, void *user)
{
    (void)user;
    for (int64_t r = 0; r < n; r++) {
        log_density[r] = 0;
        for (int i = 0; i < AXES; i++) {
            const double precision = 1 / (axis_deviations[i] * axis_deviations[i]), x = z[r * AXES + i];
            log_density[r] -= precision * x * x / 2;
            score[r * AXES + i] = (float)(-precision * x);
        }
    }
    return 0;
}

/* z' = z + s M score + sqrt(2 s T M) e: along an axis of precision l, at rest with the variance T / (l (1 - s M l / 2)). */
START_TEST(langevin_has_the_bias_of_its_preconditioner) /* _i: the temperature */
{
    static const double temperatures[] = {1, 0.5};
    static const float variances[AXES] = {0.008f, 0.3f, 0.5f, 12};
    const double s = 0.6, t = temperatures[_i];
    lebm_target *target;
    LEBM_ASSERT_OK(lebm_target_create(&target, AXES, axes_at, NULL, 1));
    lebm_sampler *sampler = make_sampler(LEBM_LANGEVIN, s, 60, 0);
    LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_PRECONDITIONER, "diagonal"));
    LEBM_ASSERT_OK(lebm_sampler_set_variances(sampler, variances, AXES));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_TEMPERATURE, t));
    float *z = test_floats(chains * AXES);
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, chains, z));
    for (int i = 0; i < AXES; i++) {
        const double variance = axis_deviations[i] * axis_deviations[i];
        assert_normal(z + i, chains, AXES, 0, t * variance / (1 - s * (double)variances[i] / variance / 2),
                      errors_allowed);
    }
    free(z);
    lebm_sampler_destroy(sampler);
    lebm_target_destroy(target);
}
END_TEST

int main(int argc, char **argv)
{
    Suite *suite = suite_create("kernels");
    TCase *tests = tcase_create("kernels");
    if (argc > 1 && strcmp(argv[1], "long") == 0) chains = 100000;
    tcase_set_timeout(tests, chains > 4000 ? 400 : 30);
    tcase_add_loop_test(tests, moments_are_those_of_the_density, 0, 4 * DENSITIES);
    tcase_add_loop_test(tests, steps_without_a_test_show, 0, DENSITIES);
    tcase_add_loop_test(tests, temperature_is_that_of_the_density, 0, 4);
    tcase_add_loop_test(tests, langevin_has_the_bias_of_its_preconditioner, 0, 2);
    suite_add_tcase(suite, tests);
    return test_run_suite(suite);
}
