/* Diagnostics of chains: known answers, layouts, threads, scales, and draws that make no sense. */
#include "lebm.h"
#include "support/statistics.h"

/* All that the functions give, for each dimension. */
enum {
    RHAT,
    ESS_BULK,
    ESS_TAIL,
    MEAN,
    MCSE_MEAN,
    TIME,
    SD,
    MCSE_SD,
    QUANTILE,
    MCSE_QUANTILE,
    NESTED_RAW,
    NESTED_RANKED,
    RESULTS
};

static const char *const names[RESULTS] = {"rhat", "ess_bulk", "ess_tail",   "mean",     "mcse of mean",
                                           "time", "sd",       "mcse of sd", "quantile", "mcse of quantile",
                                           "raw",  "ranked"};

/* Draws, as the functions take them. */
typedef struct {
    const double *draws;
    int64_t chains, length, dims;
    const int64_t *strides;
    int64_t superchains; /* 0: none */
    int64_t threads;
} setup;

/* results[RESULTS][dims], freed by the caller. */
static double *measure(const setup *s)
{
    double *results = test_doubles(RESULTS * s->dims), *r[RESULTS];
    for (int i = 0; i < RESULTS; i++) r[i] = results + i * s->dims;
    LEBM_ASSERT_OK(lebm_diagnostics_convergence(s->draws, s->chains, s->length, s->dims, s->strides, s->threads,
                                                r[RHAT], r[ESS_BULK], r[ESS_TAIL]));
    LEBM_ASSERT_OK(lebm_diagnostics_mean(s->draws, s->chains, s->length, s->dims, s->strides, s->threads, r[MEAN],
                                         r[MCSE_MEAN], r[TIME]));
    LEBM_ASSERT_OK(
        lebm_diagnostics_sd(s->draws, s->chains, s->length, s->dims, s->strides, s->threads, r[SD], r[MCSE_SD]));
    LEBM_ASSERT_OK(lebm_diagnostics_quantile(s->draws, s->chains, s->length, s->dims, s->strides, 0.3, s->threads,
                                             r[QUANTILE], r[MCSE_QUANTILE]));
    if (s->superchains > 0)
        LEBM_ASSERT_OK(lebm_diagnostics_nested_rhat(s->draws, s->chains, s->length, s->dims, s->strides, s->superchains,
                                                    s->threads, r[NESTED_RAW], r[NESTED_RANKED]));
    return results;
}

static void assert_same_bits(const double *actual, const double *expected, int64_t dims, const char *what)
{
    for (int64_t i = 0; i < RESULTS * dims; i++)
        LEBM_ASSERT_MSG(memcmp(&actual[i], &expected[i], sizeof *actual) == 0,
                        "%s: %s of dimension %lld is %.17g, expected the same bits as %.17g", what, names[i / dims],
                        (long long)(i % dims), actual[i], expected[i]);
}

/* Autoregressive draws [chains, length, dims] of variance 1, freed by the caller. */
static double *make_draws(int64_t chains, int64_t length, int64_t dims, double rho, uint64_t seed)
{
    double *draws = test_doubles(chains * length * dims);
    for (int64_t c = 0; c < chains; c++)
        for (int64_t d = 0; d < dims; d++)
            for (int64_t t = 0; t < length; t++) {
                const double noise = test_normal(&seed), *last = draws + (c * length + t - 1) * dims + d;
                draws[(c * length + t) * dims + d] = t == 0 ? noise : rho * *last + sqrt(1 - rho * rho) * noise;
            }
    return draws;
}

/* ---- known answers ---- */

START_TEST(alternating_chains_reach_the_limit_of_the_ess)
{
    double *draws = make_draws(1, 1000, 1, -0.9, 1);
    const setup s = {draws, 1, 1000, 1, NULL, 0, 1};
    double *r = measure(&s);
    LEBM_ASSERT_NEAR(r[ESS_BULK], 3000, 1e-9); /* S log10 S */
    LEBM_ASSERT_NEAR(r[TIME], 1.0 / 3, 1e-15);
    free(r);
    free(draws);
}
END_TEST

/* The time of the process is (1 + rho) / (1 - rho). Its estimate sums noise up to where it stops, which is late by chance
 * as often as early, but where sums of pairs that are negative are left out: a bias of some percent, upwards. */
START_TEST(the_time_of_autoregressive_chains_is_the_closed_form)
{
    enum { DIMS = 60, LENGTH = 3000 };
    static const double rhos[] = {-0.3, 0, 0.5, 0.8, 0.9};
    for (size_t i = 0; i < sizeof rhos / sizeof *rhos; i++) {
        const double rho = rhos[i], expected = (1 + rho) / (1 - rho);
        double *draws = make_draws(2, LENGTH, DIMS, rho, 2 + i), mean = 0, square = 0;
        const setup s = {draws, 2, LENGTH, DIMS, NULL, 0, 0};
        double *r = measure(&s);
        for (int d = 0; d < DIMS; d++) {
            mean += r[TIME * DIMS + d] / DIMS;
            square += r[TIME * DIMS + d] * r[TIME * DIMS + d] / DIMS;
            LEBM_ASSERT_NEAR(r[MEAN * DIMS + d] / r[MCSE_MEAN * DIMS + d], 0, 4.5);
            LEBM_ASSERT_NEAR((r[SD * DIMS + d] - 1) / r[MCSE_SD * DIMS + d], 0, 4.5);
            LEBM_ASSERT_NEAR((r[QUANTILE * DIMS + d] + 0.5244005127080407) / r[MCSE_QUANTILE * DIMS + d], 0, 4.5);
        }
        const double error = sqrt((square - mean * mean) / DIMS);
        printf("time of rho %g: %.4f, exactly %.4f; standard error %.4f\n", rho, mean, expected, error);
        LEBM_ASSERT_NEAR(mean, expected, 4 * error + 0.03 * expected);
        free(r);
        free(draws);
    }
}
END_TEST

/* Errors of means, sds and quantiles are as large, on average, as the standard errors say. */
START_TEST(standard_errors_are_those_of_many_experiments)
{
    enum { DIMS = 1000, LENGTH = 250, CHAINS = 4 };
    double *draws = make_draws(CHAINS, LENGTH, DIMS, 0.6, 3);
    const setup s = {draws, CHAINS, LENGTH, DIMS, NULL, 0, 0};
    double *r = measure(&s);
    static const struct {
        int value, error;
        double exact;
    } of[] = {{MEAN, MCSE_MEAN, 0}, {SD, MCSE_SD, 1}, {QUANTILE, MCSE_QUANTILE, -0.5244005127080407}};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        double square = 0;
        for (int d = 0; d < DIMS; d++)
            square += pow((r[of[i].value * DIMS + d] - of[i].exact) / r[of[i].error * DIMS + d], 2) / DIMS;
        printf("mean square of errors of the %s over their standard errors: %.3f\n", names[of[i].value], square);
        LEBM_ASSERT_NEAR(square, 1, 0.18); /* four standard errors of sqrt(2 / DIMS) */
    }
    free(r);
    free(draws);
}
END_TEST

START_TEST(chains_that_stand_still)
{
    enum { CHAINS = 4, LENGTH = 10 };
    double draws[CHAINS * LENGTH];
    for (int i = 0; i < CHAINS * LENGTH; i++) draws[i] = 0.1 * (double)(i / LENGTH);
    const setup s = {draws, CHAINS, LENGTH, 1, NULL, 4, 1};
    double *r = measure(&s);
    ck_assert_msg(isinf(r[RHAT]) && isinf(r[NESTED_RAW]) && isinf(r[NESTED_RANKED]), "%g %g %g", r[RHAT], r[NESTED_RAW],
                  r[NESTED_RANKED]);
    /* All correlations of a half, of 5 draws, are 1; the last two have no pair after them: -1 + 2 * 2 + 1. */
    LEBM_ASSERT_NEAR(r[TIME], 4, 1e-12);
    LEBM_ASSERT_NEAR(r[ESS_BULK], CHAINS * LENGTH / 4, 1e-10);
    free(r);
}
END_TEST

START_TEST(nested_rhat_of_one_draw_each)
{
    enum { SUPERCHAINS = 400, MEMBERS = 5 };
    static double draws[SUPERCHAINS * MEMBERS];
    static const double known[] = {1, 3, 5, 11, 13, 18}; /* two superchains: means 3 and 14, variances 4 and 13 */
    uint64_t seed = 4;
    double raw;
    LEBM_ASSERT_OK(lebm_diagnostics_nested_rhat(known, 6, 1, 1, NULL, 2, 1, &raw, NULL));
    LEBM_ASSERT_NEAR(raw, sqrt(1 + 60.5 / 8.5), 1e-14);
    LEBM_ASSERT_OK(lebm_diagnostics_nested_rhat(known, 6, 1, 1, NULL, 6, 1, &raw, NULL)); /* nothing within any */
    ck_assert_msg(isinf(raw), "%g", raw);
    for (int i = 0; i < SUPERCHAINS * MEMBERS; i++) draws[i] = test_normal(&seed);
    LEBM_ASSERT_OK(lebm_diagnostics_nested_rhat(draws, SUPERCHAINS * MEMBERS, 1, 1, NULL, SUPERCHAINS, 1, &raw, NULL));
    LEBM_ASSERT_WITHIN(raw * raw - 1, 1.0 / MEMBERS, 4, sqrt(2.0 / SUPERCHAINS) / MEMBERS);
}
END_TEST

START_TEST(energies)
{
    static const double known[] = {1, -1, 1, -1, 0, 0, 1, 1, 2, 2, 2, 2, 0, 1, INFINITY, 0};
    double e_bfmi[4];
    LEBM_ASSERT_OK(lebm_diagnostics_e_bfmi(known, 4, 4, NULL, 2, e_bfmi));
    LEBM_ASSERT_NEAR(e_bfmi[0], 3, 1e-15); /* 3 * 4 over 4 */
    LEBM_ASSERT_NEAR(e_bfmi[1], 1, 1e-15);
    ck_assert(isnan(e_bfmi[2]) && isnan(e_bfmi[3]));
    LEBM_ASSERT_OK(lebm_diagnostics_e_bfmi(known, 2, 4, (const int64_t[]){1, 4}, 2, e_bfmi)); /* 1 0 2 0 and -1 0 2 1 */
    LEBM_ASSERT_NEAR(e_bfmi[0], 9 / 2.75, 1e-14);
    LEBM_ASSERT_NEAR(e_bfmi[1], 6 / 5.0, 1e-14);
}
END_TEST

/* ---- layouts and threads ---- */

START_TEST(arrays_of_any_order_are_the_same)
{
    enum { CHAINS = 6, LENGTH = 33, DIMS = 4 };
    static const int64_t all_strides[][3] = {{LENGTH * DIMS, DIMS, 1},     {DIMS, CHAINS * DIMS, 1},
                                             {1, CHAINS, CHAINS * LENGTH}, {LENGTH, 1, CHAINS * LENGTH},
                                             {-LENGTH * DIMS, -DIMS, -1},  {3 * LENGTH * DIMS, 3 * DIMS, 3}};
    double *draws = make_draws(CHAINS, LENGTH, DIMS, 0.5, 5);
    setup s = {draws, CHAINS, LENGTH, DIMS, NULL, 3, 1};
    double *expected = measure(&s);
    for (size_t i = 0; i < sizeof all_strides / sizeof *all_strides; i++) {
        const int64_t *strides = all_strides[i], total = 3 * CHAINS * LENGTH * DIMS;
        double *other = test_doubles(total), *first = strides[0] < 0 ? other + CHAINS * LENGTH * DIMS - 1 : other;
        char what[100];
        for (int64_t j = 0; j < CHAINS * LENGTH * DIMS; j++)
            first[j / (LENGTH * DIMS) * strides[0] + j / DIMS % LENGTH * strides[1] + j % DIMS * strides[2]] = draws[j];
        s.draws = first;
        s.strides = strides;
        double *r = measure(&s);
        snprintf(what, sizeof what, "strides %lld, %lld and %lld", (long long)strides[0], (long long)strides[1],
                 (long long)strides[2]);
        assert_same_bits(r, expected, DIMS, what);
        free(r);
        free(other);
    }
    free(expected);
    free(draws);
}
END_TEST

START_TEST(threads_do_not_show)
{
    enum { CHAINS = 8, LENGTH = 101, DIMS = 9 };
    static const int64_t threads[] = {1, 2, 3, 7, 0};
    double *draws = make_draws(CHAINS, LENGTH, DIMS, 0.7, 6), *expected = NULL, e_bfmi[CHAINS], e_bfmi_of_one[CHAINS];
    for (int i = 0; i < CHAINS * LENGTH * DIMS; i++)
        if (i % DIMS == 4) draws[i] = round(2 * draws[i]);
    draws[5] = NAN;
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        const setup s = {draws, CHAINS, LENGTH, DIMS, NULL, 2, threads[i]};
        double *r = measure(&s);
        char what[40];
        snprintf(what, sizeof what, "%lld threads", (long long)threads[i]);
        if (expected == NULL) expected = r;
        assert_same_bits(r, expected, DIMS, what);
        if (r != expected) free(r);
        const int64_t strides[] = {LENGTH * DIMS, DIMS};
        LEBM_ASSERT_OK(lebm_diagnostics_e_bfmi(draws, CHAINS, LENGTH, strides, threads[i], e_bfmi));
        if (i == 0) memcpy(e_bfmi_of_one, e_bfmi, sizeof e_bfmi);
        ck_assert_mem_eq(e_bfmi, e_bfmi_of_one, sizeof e_bfmi);
    }
    free(expected);
    free(draws);
}
END_TEST

START_TEST(dimensions_do_not_know_of_each_other)
{
    enum { CHAINS = 3, LENGTH = 40, DIMS = 5 };
    double *draws = make_draws(CHAINS, LENGTH, DIMS, 0.5, 7);
    const setup all = {draws, CHAINS, LENGTH, DIMS, NULL, 3, 2};
    double *r = measure(&all);
    for (int d = 0; d < DIMS; d++) {
        const int64_t strides[] = {LENGTH * DIMS, DIMS, 1};
        const setup s = {draws + d, CHAINS, LENGTH, 1, strides, 3, 1};
        double *one = measure(&s);
        for (int i = 0; i < RESULTS; i++) LEBM_ASSERT_NEAR(r[i * DIMS + d], one[i], 0);
        free(one);
    }
    free(r);
    free(draws);
}
END_TEST

/* Long chains are transformed one by one, short ones together, the last of them with fewer than the others. */
START_TEST(chains_of_all_lengths_and_counts)
{
    for (int64_t chains = 1; chains < 40; chains += 1 + chains / 3) {
        for (int64_t length = 4; length < 30000; length = length * 3 - 1) {
            double *draws = make_draws(chains, length, 1, 0, (uint64_t)(chains + length));
            const setup s = {draws, chains, length, 1, NULL, 0, 1};
            double *r = measure(&s);
            const double count = (double)(2 * (length / 2) * chains);
            LEBM_ASSERT_MSG(r[TIME] >= 1 / log10(count) && r[TIME] < 1 + 12 / sqrt(count),
                            "%lld independent chains of %lld: time %g", (long long)chains, (long long)length, r[TIME]);
            free(r);
            free(draws);
        }
    }
}
END_TEST

/* ---- scales ---- */

START_TEST(powers_of_two_do_not_show)
{
    enum { CHAINS = 4, LENGTH = 51 };
    static const int exponents[] = {-900, -300, -99, 99, 300, 1000};
    double *draws = make_draws(CHAINS, LENGTH, 1, 0.5, 8), *scaled = test_doubles(CHAINS * LENGTH);
    setup s = {draws, CHAINS, LENGTH, 1, NULL, 2, 1};
    double *expected = measure(&s);
    s.draws = scaled;
    for (size_t e = 0; e < sizeof exponents / sizeof *exponents; e++) {
        for (int i = 0; i < CHAINS * LENGTH; i++) scaled[i] = ldexp(draws[i], exponents[e]);
        double *r = measure(&s);
        for (int i = MEAN; i <= MCSE_QUANTILE; i++)
            if (i != TIME) r[i] = ldexp(r[i], -exponents[e]);
        assert_same_bits(r, expected, 1, "scaled draws");
        free(r);
    }
    free(expected);
    free(scaled);
    free(draws);
}
END_TEST

/* The ends of what a double holds: nothing overflows, and the smallest numbers are told apart. */
START_TEST(the_largest_and_the_smallest_draws)
{
    enum { CHAINS = 2, LENGTH = 20 };
    double draws[CHAINS * LENGTH];
    setup s = {draws, CHAINS, LENGTH, 1, NULL, 2, 1};
    for (int i = 0; i < CHAINS * LENGTH; i++) draws[i] = (double)(i * 7 % 16 - 8);
    double *of_whole_numbers = measure(&s);
    for (int size = 0; size < 2; size++) {
        const double unit = size == 0 ? 0x1p-1074 : 0x1p1020; /* down to -2^1023 */
        for (int i = 0; i < CHAINS * LENGTH; i++) draws[i] = unit * (double)(i * 7 % 16 - 8);
        double *r = measure(&s);
        for (int i = 0; i < RESULTS; i++) {
            const int has_unit = i >= MEAN && i <= MCSE_QUANTILE && i != TIME;
            const double allowed = has_unit && size == 0 ? 0.5 : 0; /* the smallest unit has no fractions */
            LEBM_ASSERT_MSG(fabs(r[i] / (has_unit ? unit : 1) - of_whole_numbers[i]) <= allowed,
                            "%s of draws of unit %g is %g, of whole numbers %g", names[i], unit, r[i],
                            of_whole_numbers[i]);
        }
        free(r);
    }
    free(of_whole_numbers);
}
END_TEST

START_TEST(a_common_offset_does_not_show)
{
    enum { CHAINS = 4, LENGTH = 60 };
    double *draws = make_draws(CHAINS, LENGTH, 1, 0.5, 9), *moved = test_doubles(CHAINS * LENGTH);
    for (int i = 0; i < CHAINS * LENGTH; i++) draws[i] = ldexp(round(ldexp(draws[i], 20)), -20); /* exact beside 2^30 */
    for (int i = 0; i < CHAINS * LENGTH; i++) moved[i] = draws[i] + 0x1p30;
    const setup s = {draws, CHAINS, LENGTH, 1, NULL, 2, 1}, t = {moved, CHAINS, LENGTH, 1, NULL, 2, 1};
    double *expected = measure(&s), *r = measure(&t);
    r[MEAN] -= 0x1p30;
    r[QUANTILE] -= 0x1p30;
    for (int i = 0; i < RESULTS; i++) LEBM_ASSERT_NEAR(r[i], expected[i], 1e-6 * (1 + fabs(expected[i])));
    for (int i = RHAT; i <= ESS_TAIL; i++) LEBM_ASSERT_NEAR(r[i], expected[i], 0); /* by ranks alone */
    free(r);
    free(expected);
    free(draws);
    free(moved);
}
END_TEST

/* Ranks: the bulk and the tail know the order alone. */
START_TEST(a_growing_function_does_not_show_in_the_ess)
{
    enum { CHAINS = 4, LENGTH = 80 };
    double *draws = make_draws(CHAINS, LENGTH, 1, 0.5, 10), *grown = test_doubles(CHAINS * LENGTH);
    for (int i = 0; i < CHAINS * LENGTH; i++) grown[i] = sinh(20 * draws[i]);
    const setup s = {draws, CHAINS, LENGTH, 1, NULL, 0, 1}, t = {grown, CHAINS, LENGTH, 1, NULL, 0, 1};
    double *expected = measure(&s), *r = measure(&t);
    LEBM_ASSERT_NEAR(r[ESS_BULK], expected[ESS_BULK], 0);
    LEBM_ASSERT_NEAR(r[ESS_TAIL], expected[ESS_TAIL], 0);
    free(r);
    free(expected);
    free(draws);
    free(grown);
}
END_TEST

START_TEST(the_draw_between_two_halves_is_left_out)
{
    enum { CHAINS = 3, LENGTH = 31 };
    double *draws = make_draws(CHAINS, LENGTH, 1, 0.5, 11);
    const setup s = {draws, CHAINS, LENGTH, 1, NULL, 3, 1};
    double *expected = measure(&s);
    for (int c = 0; c < CHAINS; c++) draws[c * LENGTH + LENGTH / 2] = 1e6;
    double *r = measure(&s);
    static const int halved[] = {RHAT, ESS_BULK, TIME, NESTED_RANKED};
    for (size_t i = 0; i < sizeof halved / sizeof *halved; i++)
        LEBM_ASSERT_NEAR(r[halved[i]], expected[halved[i]], 1e-9 * expected[halved[i]]);
    ck_assert_double_gt(r[MEAN], 1e3); /* which has all draws */
    free(r);
    free(expected);
    free(draws);
}
END_TEST

/* ---- draws that make no sense ---- */

START_TEST(what_is_not_finite_is_nan)
{
    enum { CHAINS = 3, LENGTH = 20, DIMS = 4 };
    static const double odd[] = {NAN, INFINITY, -INFINITY};
    double *draws = make_draws(CHAINS, LENGTH, DIMS, 0.5, 12);
    for (int d = 0; d < 3; d++) draws[(CHAINS * LENGTH - 1 - d) * DIMS + d] = odd[d];
    const setup s = {draws, CHAINS, LENGTH, DIMS, NULL, 3, 2};
    double *r = measure(&s);
    for (int i = 0; i < RESULTS; i++)
        for (int d = 0; d < DIMS; d++)
            LEBM_ASSERT_MSG(!isnan(r[i * DIMS + d]) == (d == 3), "%s of dimension %d is %g", names[i], d,
                            r[i * DIMS + d]);
    free(r);
    free(draws);
}
END_TEST

START_TEST(what_is_the_same_everywhere_is_nan)
{
    enum { CHAINS = 3, LENGTH = 7 };
    static const double constants[] = {0, -0.0, 0.1, -1e300, 1e-310};
    for (size_t c = 0; c < sizeof constants / sizeof *constants; c++) {
        double draws[CHAINS * LENGTH];
        for (int i = 0; i < CHAINS * LENGTH; i++) draws[i] = constants[c];
        const setup s = {draws, CHAINS, LENGTH, 1, NULL, 3, 1};
        double *r = measure(&s);
        for (int i = 0; i < RESULTS; i++) {
            const double known = i == SD ? 0 : constants[c];
            if (i == MEAN || i == QUANTILE || i == SD)
                LEBM_ASSERT_NEAR(r[i], known, 0);
            else
                LEBM_ASSERT_MSG(isnan(r[i]), "%s of draws that are all %g is %g", names[i], constants[c], r[i]);
        }
        free(r);
    }
}
END_TEST

/* Draws of two values: a quantile that is the larger one has all draws below it, and the tail is the other one alone. */
START_TEST(draws_of_two_values)
{
    enum { CHAINS = 4, LENGTH = 200 };
    double draws[CHAINS * LENGTH], flipped[CHAINS * LENGTH];
    uint64_t seed = 13;
    for (int i = 0; i < CHAINS * LENGTH; i++) draws[i] = test_uniform(&seed, 0, 1) < 0.3;
    for (int i = 0; i < CHAINS * LENGTH; i++) flipped[i] = -draws[i];
    const setup s = {draws, CHAINS, LENGTH, 1, NULL, 2, 1}, t = {flipped, CHAINS, LENGTH, 1, NULL, 2, 1};
    double *r = measure(&s), *other = measure(&t);
    LEBM_ASSERT_NEAR(r[ESS_TAIL] / r[ESS_BULK], 1, 1e-12); /* which has the same two values */
    LEBM_ASSERT_NEAR(other[ESS_TAIL] / r[ESS_TAIL], 1, 1e-12);
    free(r);
    free(other);
    for (int i = 0; i < CHAINS * LENGTH; i++) draws[i] = i % 97 == 0 ? -1 : 0; /* the rare one below both quantiles */
    r = measure(&s);
    ck_assert_msg(isnan(r[ESS_TAIL]) && isnan(r[MCSE_QUANTILE]) && isfinite(r[ESS_BULK]), "%g %g %g", r[ESS_TAIL],
                  r[MCSE_QUANTILE], r[ESS_BULK]);
    free(r);
    for (int i = 0; i < CHAINS * LENGTH; i++) draws[i] = i * 29 % 200 < 100 ? -1 : 1; /* all as far from the median */
    r = measure(&s);
    ck_assert_msg(fabs(r[RHAT] - 1) < 0.1 && fabs(r[NESTED_RANKED] - 1) < 0.1, "%g %g", r[RHAT], r[NESTED_RANKED]);
    free(r);
}
END_TEST

/* ---- what is refused ---- */

START_TEST(sizes_that_do_not_fit)
{
    static const int64_t far[][3] = {{INT64_MAX, 1, 1},
                                     {1, INT64_MIN, 1},
                                     {1, 1, (int64_t)1 << 61},
                                     {(int64_t)1 << 59, (int64_t)1 << 59, 1},
                                     {INT64_MIN, INT64_MIN, INT64_MIN}};
    double draws[24] = {0}, r[2] = {7, 7};
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        LEBM_ASSERT_STATUS(lebm_diagnostics_mean(draws, 3, 4, 2, far[i], 1, r, NULL, NULL), LEBM_ERR_SHAPE);
        LEBM_ASSERT_ERROR_NAMES("strides");
    }
    LEBM_ASSERT_STATUS(lebm_diagnostics_e_bfmi(draws, 3, 4, far[0], 1, r), LEBM_ERR_SHAPE);
    LEBM_ASSERT_STATUS(lebm_diagnostics_sd(draws, 1 << 20, 1 << 11, 1, NULL, 1, r, NULL), LEBM_ERR_SHAPE);
    LEBM_ASSERT_ERROR_NAMES("chains * length is 2147483648; allowed are up to 2147483647");
    LEBM_ASSERT_STATUS(lebm_diagnostics_nested_rhat(draws, 6, 4, 1, NULL, 4, 1, r, NULL), LEBM_ERR_SHAPE);
    LEBM_ASSERT_ERROR_NAMES("superchains is 4, which does not divide chains, 6");
    LEBM_ASSERT_STATUS(lebm_diagnostics_nested_rhat(draws, 6, 3, 1, NULL, 2, 1, NULL, r), LEBM_ERR_RANGE);
    LEBM_ASSERT_ERROR_NAMES("length is 3; allowed are 4");
    LEBM_ASSERT_STATUS(lebm_diagnostics_quantile(draws, 6, 4, 1, NULL, NAN, 1, r, r), LEBM_ERR_RANGE);
    LEBM_ASSERT_ERROR_NAMES("probability");
    ck_assert(r[0] == 7 && r[1] == 7);
    LEBM_ASSERT_OK(lebm_diagnostics_convergence(draws, 6, 4, 1, NULL, 1, NULL, NULL, NULL));
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("diagnostics");
    TCase *tests = tcase_create("diagnostics");
    tcase_add_test(tests, alternating_chains_reach_the_limit_of_the_ess);
    tcase_add_test(tests, the_time_of_autoregressive_chains_is_the_closed_form);
    tcase_add_test(tests, standard_errors_are_those_of_many_experiments);
    tcase_add_test(tests, chains_that_stand_still);
    tcase_add_test(tests, nested_rhat_of_one_draw_each);
    tcase_add_test(tests, energies);
    tcase_add_test(tests, arrays_of_any_order_are_the_same);
    tcase_add_test(tests, threads_do_not_show);
    tcase_add_test(tests, dimensions_do_not_know_of_each_other);
    tcase_add_test(tests, chains_of_all_lengths_and_counts);
    tcase_add_test(tests, powers_of_two_do_not_show);
    tcase_add_test(tests, the_largest_and_the_smallest_draws);
    tcase_add_test(tests, a_common_offset_does_not_show);
    tcase_add_test(tests, a_growing_function_does_not_show_in_the_ess);
    tcase_add_test(tests, the_draw_between_two_halves_is_left_out);
    tcase_add_test(tests, what_is_not_finite_is_nan);
    tcase_add_test(tests, what_is_the_same_everywhere_is_nan);
    tcase_add_test(tests, draws_of_two_values);
    tcase_add_test(tests, sizes_that_do_not_fit);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
