/* Diagnostics against the double-precision reference, over random shapes and kinds of chains: ties, outliers, drifts,
 * chains that alternate, that stand still for a while, and that are apart. */
#include "lebm.h"
#include "ref/agreement.h"
#include "ref/ref.h"

enum { CASES = 300, KINDS = 6 };

/* One chain of a kind. */
static void draw_chain(uint64_t *seed, int kind, int64_t length, double *chain)
{
    const double rho = test_uniform(seed, -0.9, 0.97), centre = kind == 3 ? test_normal(seed) : 0;
    double x = test_normal(seed);
    for (int64_t t = 0; t < length; t++) {
        const double noise = test_normal(seed);
        if (kind == 1) /* values that repeat */
            x = round(1.5 * noise);
        else if (kind == 2) /* no variance */
            x = noise / test_normal(seed);
        else if (kind == 4) /* steps that are refused */
            x = test_uniform(seed, 0, 1) < 0.5 ? x : noise;
        else
            x = rho * x + sqrt(1 - rho * rho) * noise;
        chain[t] = centre + x + (kind == 5 ? 0.1 * (double)t : 0);
    }
}

/* Whether draws in the halves of chains lie to both sides of a limit: else their share has no ESS. */
static int is_crossed(const double *draws, int64_t chains, int64_t length, double limit)
{
    int64_t below = 0, above = 0;
    for (int64_t i = 0; i < chains * length; i++) {
        if (length % 2 == 1 && i % length == length / 2) continue;
        below += draws[i] <= limit;
        above += draws[i] > limit;
    }
    return below > 0 && above > 0;
}

/* The quantile ESS of the limit, NaN if it has none. */
static double ess_below(const double *draws, int64_t chains, int64_t length, double limit)
{
    return is_crossed(draws, chains, length, limit) ? ref_ess_below(draws, chains, length, limit) : NAN;
}

static void compare(struct agreement *a, const double *draws, int64_t chains, int64_t length, const char *where)
{
    double rhat, bulk, tail, mean, mean_error, tau, sd, sd_error, quantiles[2];
    LEBM_ASSERT_OK(lebm_diagnostics_convergence(draws, chains, length, 1, NULL, 1, &rhat, &bulk, &tail));
    LEBM_ASSERT_OK(lebm_diagnostics_mean(draws, chains, length, 1, NULL, 1, &mean, &mean_error, &tau));
    LEBM_ASSERT_OK(lebm_diagnostics_sd(draws, chains, length, 1, NULL, 1, &sd, &sd_error));
    for (int i = 0; i < 2; i++)
        LEBM_ASSERT_OK(
            lebm_diagnostics_quantile(draws, chains, length, 1, NULL, i == 0 ? 0.05 : 0.95, 1, &quantiles[i], NULL));

    const int64_t count = chains * length;
    const double expected_rhat = ref_rhat(draws, chains, length), expected_bulk = ref_ess_bulk(draws, chains, length);
    const double expected_tail =
        fmin(ess_below(draws, chains, length, quantiles[0]), ess_below(draws, chains, length, quantiles[1]));
    const double variance = ref_variance(draws, count), ess_mean = ref_ess_mean(draws, chains, length);
    double fourth = 0;
    for (int64_t i = 0; i < count; i++) fourth += pow(draws[i] - ref_mean(draws, count), 4) / (double)count;
    const double second = variance * (double)(count - 1) / (double)count;
    const double of_variance = (fourth - second * second) / ref_ess_square(draws, chains, length);
    const double expected_sd_error = sqrt(of_variance / (4 * second));

    agree_on(a, rhat, expected_rhat, expected_rhat, where);
    agree_on(a, bulk, expected_bulk, expected_bulk, where);
    if (!isnan(expected_tail) || !isnan(tail)) agree_on(a, tail, expected_tail, expected_tail, where);
    agree_on(a, mean, ref_mean(draws, count), sqrt(variance), where);
    agree_on(a, mean_error, sqrt(variance / ess_mean), sqrt(variance / ess_mean), where);
    agree_on(a, tau * ess_mean, (double)(2 * (length / 2) * chains), (double)count, where);
    agree_on(a, sd, sqrt(variance), sqrt(variance), where);
    agree_on(a, sd_error, expected_sd_error, expected_sd_error, where);
    a->cases++;
}

static void compare_nested(struct agreement *a, const double *draws, int64_t chains, int64_t length, int64_t groups,
                           const char *where)
{
    double raw, ranked;
    LEBM_ASSERT_OK(lebm_diagnostics_nested_rhat(draws, chains, length, 1, NULL, groups, 1, &raw, &ranked));
    const double expected_raw = ref_nested_rhat(draws, chains, length, groups);
    const double expected_ranked = ref_nested_rhat_of_ranks(draws, chains, length, groups);
    agree_on(a, raw, expected_raw, expected_raw, where);
    agree_on(a, ranked, expected_ranked, expected_ranked, where);
    a->cases++;
}

START_TEST(they_agree_with_the_definitions)
{
    struct agreement plain = {.what = "diagnostics", .tolerance = 1e-12};
    struct agreement nested = {.what = "nested R-hat", .tolerance = 1e-12};
    uint64_t seed = 1;
    for (int i = 0; i < CASES; i++) {
        const int kind = i % KINDS;
        const int64_t groups = test_integer(&seed, 1, 4), chains = groups * test_integer(&seed, 1, 3);
        const int64_t length = test_integer(&seed, 8, 50);
        double *draws = test_doubles(chains * length);
        char where[AGREEMENT_WHERE];
        snprintf(where, sizeof where, "case %d: %lld chains of %lld draws, of kind %d", i, (long long)chains,
                 (long long)length, kind);
        for (int64_t c = 0; c < chains; c++) draw_chain(&seed, kind, length, draws + c * length);
        compare(&plain, draws, chains, length, where);
        if (groups > 1) compare_nested(&nested, draws, chains, length, groups, where);
        free(draws);
    }
    agreement_print(&plain);
    agreement_print(&nested);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("diagnostics");
    TCase *tests = tcase_create("definitions");
    tcase_add_test(tests, they_agree_with_the_definitions);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
