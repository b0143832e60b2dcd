/* The parts of annealed importance sampling: what weights say, resampling, the next beta, schedules, and tempered targets that do
 * not evaluate twice. */
#include "core/memory.h"
#include "core/status.h"
#include "mcmc/adapt.h"
#include "mcmc/schedule.h"
#include "mcmc/tempered.h"
#include "mcmc/weights.h"
#include "support/approx.h"

/* ---- weights ---- */

enum { N = 24, GROUPS = 4, SIZE = N / GROUPS };

START_TEST(weights_are_measured) /* _i: a factor of all weights, which changes nothing but their mean */
{
    static const double shifts[] = {0, 1e5, -1e5, 3};
    const double shift = shifts[_i];
    uint64_t seed = 3;
    double log_weights[N], spare[N], sum = 0, squares = 0, largest = 0, spread = 0, between = 0;
    for (int i = 0; i < N; i++) {
        const double w = i == 5 ? 0 : exp(test_normal(&seed));
        log_weights[i] = (i == 5 ? -INFINITY : log(w)) + shift;
        sum += w, squares += w * w, largest = fmax(largest, w);
    }
    const double mean = sum / N;
    for (int g = 0; g < GROUPS; g++) {
        double of_group = 0;
        for (int i = g * SIZE; i < (g + 1) * SIZE; i++) {
            const double w = exp(log_weights[i] - shift);
            of_group += w / SIZE, spread += (w - mean) * (w - mean);
        }
        between += (of_group - mean) * (of_group - mean);
    }
    const double tol = 1e-13 + 1e-15 * fabs(shift);
    const lebm__weights w = lebm__weights_measure(log_weights, N, GROUPS, spare);
    LEBM_ASSERT_NEAR(w.log_mean, log(mean) + shift, tol);
    LEBM_ASSERT_NEAR(w.ess, sum * sum / squares, N * tol);
    LEBM_ASSERT_NEAR(w.largest, largest / sum, tol);
    LEBM_ASSERT_NEAR(w.error, sqrt(spread / (N - 1) / N) / mean, tol);
    LEBM_ASSERT_NEAR(w.group_error, sqrt(between / (GROUPS - 1) / GROUPS) / mean, tol);
}
END_TEST

START_TEST(means_of_groups_are_the_numbers_that_an_error_is_of)
{
    uint64_t seed = 9;
    double values[N], spare[N], means[GROUPS], between = 0, mean = 0;
    for (int g = 0; g < GROUPS; g++) {
        const double shared = 10 * test_normal(&seed); /* by all of a group */
        means[g] = 0;
        for (int i = g * SIZE; i < (g + 1) * SIZE; i++) {
            values[i] = shared + test_normal(&seed);
            means[g] += values[i] / SIZE;
        }
        mean += means[g] / GROUPS;
    }
    for (int g = 0; g < GROUPS; g++) between += (means[g] - mean) * (means[g] - mean);
    const lebm__estimate of_groups = lebm__estimate_of_groups(values, N, GROUPS, spare);
    LEBM_ASSERT_NEAR(of_groups.mean, mean, 1e-13);
    LEBM_ASSERT_NEAR(of_groups.error, sqrt(between / (GROUPS - 1) / GROUPS), 1e-13);
    ck_assert_double_gt(of_groups.error, 1.5 * lebm__estimate_mean(values, N, spare).error);
}
END_TEST

START_TEST(equal_weights_are_worth_all_and_none_are_worth_nothing)
{
    double log_weights[N], spare[N];
    for (int i = 0; i < N; i++) log_weights[i] = -7;
    lebm__weights w = lebm__weights_measure(log_weights, N, GROUPS, spare);
    ck_assert_double_eq(w.log_mean, -7);
    ck_assert_double_eq(w.ess, N);
    ck_assert_double_eq(w.largest, 1.0 / N);
    ck_assert_double_eq(w.error, 0);
    ck_assert_double_eq(w.group_error, 0);
    for (int i = 0; i < N; i++) log_weights[i] = -INFINITY;
    w = lebm__weights_measure(log_weights, N, GROUPS, spare);
    ck_assert_double_eq(w.log_mean, -INFINITY);
    ck_assert_double_eq(w.ess, 0);
    ck_assert_double_nan(w.error);
}
END_TEST

START_TEST(resampling_is_systematic)
{
    uint64_t seed = 4;
    double log_weights[N], sum = 0;
    int64_t from[N];
    for (int i = 0; i < N; i++) {
        const double w = i % 6 == 0 ? 0 : exp(2 * test_normal(&seed));
        log_weights[i] = i % 6 == 0 ? -INFINITY : log(w) + 500;
        sum += w;
    }
    for (int k = 0; k <= 10; k++) {
        const double u = k == 0 ? 0x1p-33 : k == 10 ? 1 - 0x1p-33 : k / 10.0;
        int count[N] = {0};
        ck_assert_int_eq(lebm__resample(log_weights, N, u, from), 1);
        for (int i = 0; i < N; i++) {
            ck_assert_int_ge(from[i], i == 0 ? 0 : from[i - 1]);
            ck_assert_int_lt(from[i], N);
            count[from[i]]++;
        }
        for (int i = 0; i < N; i++) { /* as many as the weight says, rounded up or down */
            const double expected = N * exp(log_weights[i] - 500) / sum;
            ck_assert_int_ge(count[i], (int)floor(expected - 1e-9));
            ck_assert_int_le(count[i], (int)ceil(expected + 1e-9));
        }
    }
    for (int i = 0; i < N; i++) log_weights[i] = -INFINITY;
    ck_assert_int_eq(lebm__resample(log_weights, N, 0.5, from), 0);
}
END_TEST

/* ---- schedules ---- */

START_TEST(the_next_beta_keeps_the_effective_number)
{
    enum { CHAINS = 1000 };
    static double tilts[CHAINS], spare[CHAINS];
    uint64_t seed = 5;
    for (int i = 0; i < CHAINS; i++) tilts[i] = -1e4 + 300 * test_normal(&seed);
    for (int k = 1; k <= 9; k++) {
        const double beta = 0.1, share = k / 10.0;
        double sum = 0, squares = 0;
        const double next = lebm__next_beta(tilts, CHAINS, beta, share, spare);
        for (int i = 0; i < CHAINS; i++) {
            const double w = exp((next - beta) * (tilts[i] + 1e4));
            sum += w, squares += w * w;
        }
        LEBM_ASSERT_NEAR(sum * sum / squares / CHAINS, share, 3e-3);
    }
    for (int i = 0; i < CHAINS; i++) tilts[i] = i % 4 == 0 ? -INFINITY : 3;
    ck_assert_double_eq(lebm__next_beta(tilts, CHAINS, 0, 0.9, spare),
                        1); /* of those that are left all are worth the same */
    for (int i = 0; i < CHAINS; i++) tilts[i] = -INFINITY;
    ck_assert_double_eq(lebm__next_beta(tilts, CHAINS, 0, 0.9, spare), 0);
    for (int i = 0; i < CHAINS; i++) tilts[i] = 1e300 * (i % 2);
    ck_assert_double_gt(lebm__next_beta(tilts, CHAINS, 0, 0.9, spare), 0);
}
END_TEST

static const double rungs[] = {0, 0.001, 0.02, 0.25, 1}, sizes[] = {0, 0.8, 0.4, 0.1, 0.05};

static lebm__ladder make_ladder(void)
{
    lebm__ladder ladder = {.count = 0};
    for (int i = 0; i < 5; i++) LEBM_ASSERT_OK(lebm__ladder_add(&ladder, rungs[i], sizes[i]));
    return ladder;
}

START_TEST(schedules_are_as_they_are_called)
{
    enum { T = 40 };
    double betas[T + 1], step_sizes[T + 1];
    lebm__ladder ladder = make_ladder();
    for (int schedule = LEBM__LINEAR_BETAS; schedule <= LEBM__ADAPTIVE_BETAS; schedule++) {
        lebm__schedule_fill((lebm__schedule)schedule, &ladder, T, betas, step_sizes);
        ck_assert_double_eq(betas[0], 0);
        ck_assert_double_eq(betas[T], 1);
        LEBM_ASSERT_NEAR(step_sizes[0], 0.8, 1e-15);
        LEBM_ASSERT_NEAR(step_sizes[T], 0.05, 1e-15);
        for (int t = 1; t <= T; t++) {
            const double low = 1 / (1 + exp(4)), sigmoid = 1 / (1 + exp(4 - 8.0 * t / T));
            int rung = 0;
            ck_assert_double_gt(betas[t], betas[t - 1]);
            if (schedule == LEBM__LINEAR_BETAS) LEBM_ASSERT_NEAR(betas[t], t / 40.0, 1e-15);
            if (schedule == LEBM__SIGMOID_BETAS) LEBM_ASSERT_NEAR(betas[t], (sigmoid - low) / (1 - 2 * low), 1e-14);
            if (schedule == LEBM__ADAPTIVE_BETAS && t % 10 == 0) LEBM_ASSERT_NEAR(betas[t], rungs[t / 10], 1e-15);
            if (schedule == LEBM__ADAPTIVE_BETAS && t == 35) LEBM_ASSERT_NEAR(betas[t], 0.625, 1e-15);
            while (rungs[rung + 1] < betas[t]) rung++;
            const double share = (betas[t] - rungs[rung]) / (rungs[rung + 1] - rungs[rung]);
            const double from = rung == 0 ? 0.8 : sizes[rung];
            LEBM_ASSERT_NEAR(step_sizes[t], from * pow(sizes[rung + 1] / from, share), 1e-14);
        }
    }
    lebm__ladder_free(&ladder);
}
END_TEST

/* ---- tempered targets ---- */

enum { DIMS = 3, ROWS = 4 };

static int evaluations;

static void base(const void *context, int64_t n, const float *z, double *log_density, float *score, double *squares)
{
    (void)context;
    for (int64_t i = 0; i < n; i++) {
        squares[i] = 0;
        for (int64_t k = i * DIMS; k < (i + 1) * DIMS; k++) {
            squares[i] += (double)z[k] * (double)z[k];
            score[k] = -z[k];
        }
        log_density[i] = -0.5 * squares[i];
    }
}

static int tilt(const void *context, int64_t n, const float *z, double *log_density, float *score)
{
    (void)context;
    evaluations++;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t k = i * DIMS; k < (i + 1) * DIMS; k++) {
            log_density[i] += sin((double)z[k]);
            score[k] += cosf(z[k]);
        }
    }
    return LEBM_OK;
}

START_TEST(a_tempered_target_goes_on_without_being_evaluated)
{
    float z[ROWS * DIMS], moved[ROWS * DIMS], score[ROWS * DIMS], at[ROWS * DIMS];
    double log_density[ROWS], squares[ROWS], value[ROWS];
    uint64_t seed = 6;
    lebm__arena arena = {NULL, 0};
    lebm__tempered tempered = {.target = {.name = "target", .dims = DIMS, .base = base, .tilt = tilt}, .beta = 0.25};
    lebm__tempered_lay_out(&tempered, ROWS, DIMS, &arena);
    void *memory = lebm__alloc(arena.used, 1);
    arena = (lebm__arena){memory, 0};
    lebm__tempered_lay_out(&tempered, ROWS, DIMS, &arena);
    const lebm__target target = lebm__tempered_target(&tempered);
    lebm__tile tile = {.n = ROWS, .z = z, .score = score, .log_density = log_density, .squares = squares};
    for (int i = 0; i < ROWS * DIMS; i++) z[i] = (float)test_normal(&seed), moved[i] = (float)test_normal(&seed);

    target.base(target.context, ROWS, z, value, at, squares);
    LEBM_ASSERT_OK(target.tilt(target.context, ROWS, z, value, at));
    lebm__tempered_note(&tempered, &tile);
    LEBM_ASSERT_OK(target.tilt(target.context, ROWS, moved, value, at)); /* proposals, of which two are taken */
    memcpy(z, moved, DIMS * sizeof *z);
    memcpy(z + 2 * DIMS, moved + 2 * DIMS, DIMS * sizeof *z);
    lebm__tempered_note(&tempered, &tile);
    evaluations = 0;
    for (int k = 0; k <= 4; k++) {
        lebm__tempered_go_to(&tempered, k / 4.0, &tile);
        ck_assert_int_eq(evaluations, 0);
        for (int i = 0; i < ROWS; i++) {
            double t = 0, square = 0;
            for (int d = i * DIMS; d < (i + 1) * DIMS; d++) {
                t += sin((double)z[d]), square += (double)z[d] * (double)z[d];
                LEBM_ASSERT_NEAR(score[d], -(double)z[d] + k / 4.0 * cos((double)z[d]), 1e-6);
            }
            LEBM_ASSERT_NEAR(tempered.chains.tilt[i], t, 1e-15);
            LEBM_ASSERT_NEAR(log_density[i], -0.5 * square + k / 4.0 * t, 1e-14);
        }
        target.base(target.context, ROWS, z, value, at, squares);
        LEBM_ASSERT_OK(target.tilt(target.context, ROWS, z, value, at));
        LEBM_ASSERT_SAME_BITS(score, at, ROWS * DIMS);
        for (int i = 0; i < ROWS; i++) ck_assert_double_eq(log_density[i], value[i]);
        evaluations = 0;
    }
    lebm__tempered_resample(&tempered, (const int64_t[ROWS]){1, 1, 3, 3}, &tile);
    for (int i = 0; i < ROWS; i++) { /* to the second and the last, which are where they began */
        LEBM_ASSERT_NEAR(tempered.chains.tilt[i], tempered.chains.tilt[i | 1], 0);
        LEBM_ASSERT_SAME_BITS(z + i * DIMS, z + (i | 1) * DIMS, DIMS);
    }
    ck_assert_double_ne(tempered.chains.tilt[1], tempered.chains.tilt[3]);
    lebm__free(memory);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("anneal");
    TCase *tcase = tcase_create("parts");
    tcase_add_loop_test(tcase, weights_are_measured, 0, 4);
    tcase_add_test(tcase, means_of_groups_are_the_numbers_that_an_error_is_of);
    tcase_add_test(tcase, equal_weights_are_worth_all_and_none_are_worth_nothing);
    tcase_add_test(tcase, resampling_is_systematic);
    tcase_add_test(tcase, the_next_beta_keeps_the_effective_number);
    tcase_add_test(tcase, schedules_are_as_they_are_called);
    tcase_add_test(tcase, a_tempered_target_goes_on_without_being_evaluated);
    suite_add_tcase(suite, tcase);
    return test_run_suite(suite);
}
