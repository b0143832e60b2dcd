/* Quantile functions. */
#include "math/distribution.h"

#include "support/approx.h"

START_TEST(normal_quantiles_turn_the_distribution_around)
{
    int64_t count = 0;
    for (double p = 1e-300; p < 0.5; p *= 1.01, count++) {
        const double x = lebm__normal_quantile(p), back = 0.5 * erfc(-x / sqrt(2.0));
        /* A relative error e of x is one of about x^2 e in p. */
        LEBM_ASSERT_MSG(fabs(back / p - 1) < 1e-15 * (4 + x * x), "p = %g: x is %.17g, whose p is off by %g", p, x,
                        back / p - 1);
        const double density = exp(-x * x / 2) / sqrt(2 * M_PI); /* by which what 1 - p is rounded to moves x */
        if (p > 1e-15) LEBM_ASSERT_NEAR(lebm__normal_quantile(1 - p), -x, 0x1p-53 / density - 1e-15 * x);
    }
    ck_assert_int_gt(count, 60000);
}
END_TEST

START_TEST(normal_quantiles_known)
{
    static const double known[][2] = {{1e-300, -37.0471}, {1e-20, -9.262340089798408}, {0.075, -1.4395314709384563},
                                      {0.5, 0},           {0.925, 1.4395314709384563}, {0.975, 1.959963984540054}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        LEBM_ASSERT_NEAR(lebm__normal_quantile(known[i][0]), known[i][1], i == 0 ? 1e-4 : 4e-15);
}
END_TEST

/* 1 - sum of the binomial probabilities of 0 to a - 1 among a + b - 1. */
static double beta_of_integers(double x, int a, int b)
{
    double sum = 0;
    for (int j = a; j < a + b; j++)
        sum += exp(lgamma(a + b) - lgamma(j + 1) - lgamma(a + b - j) + j * log(x) + (a + b - 1 - j) * log1p(-x));
    return sum;
}

START_TEST(beta_quantiles_turn_binomial_sums_around)
{
    static const double ps[] = {1e-9, 0.01, 0.1586553, 0.5, 0.8413447, 0.999};
    for (int a = 1; a < 60; a += 1 + a / 4)
        for (int b = 1; b < 60; b += 1 + b / 5)
            for (size_t i = 0; i < sizeof ps / sizeof *ps; i++) {
                const double x = lebm__beta_quantile(ps[i], a, b);
                LEBM_ASSERT_NEAR(beta_of_integers(x, a, b), ps[i], 1e-12);
            }
}
END_TEST

START_TEST(beta_quantiles_known)
{
    static const struct {
        double p, a, b, x; /* by SciPy's betaincinv() */
    } known[] = {{0.1586553, 1000001.0, 3000001.0, 0.24978361872027283},
                 {0.8413447, 2.5, 70000.25, 5.682895524746812e-05},
                 {0.1586553, 1.0000004, 4000.5, 4.318217008398604e-05},
                 {0.8413447, 1.5, 1.25, 0.8365748339846004},
                 {0.1586553, 33.25, 3.75, 0.850481828462303},
                 {0.8413447, 50000000.0, 450000000.0, 0.10001341640527865}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const double x = lebm__beta_quantile(known[i].p, known[i].a, known[i].b);
        LEBM_ASSERT_NEAR(x / known[i].x, 1, 1e-12);
    }
    for (double a = 1; a < 1e9; a *= 7) { /* a power of x, or of 1 - x */
        LEBM_ASSERT_NEAR(lebm__beta_quantile(0.3, a, 1), pow(0.3, 1 / a), 1e-14);
        LEBM_ASSERT_NEAR(lebm__beta_quantile(0.3, 1, a), -expm1(log(0.7) / a), 0x1p-64 + 1e-14 / a);
        LEBM_ASSERT_NEAR(lebm__beta_quantile(0.5, a, a), 0.5, 1e-14);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("distribution");
    TCase *tests = tcase_create("quantiles");
    tcase_add_test(tests, normal_quantiles_turn_the_distribution_around);
    tcase_add_test(tests, normal_quantiles_known);
    tcase_add_test(tests, beta_quantiles_turn_binomial_sums_around);
    tcase_add_test(tests, beta_quantiles_known);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
