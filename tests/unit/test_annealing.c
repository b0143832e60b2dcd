/* Handles for annealed importance sampling: bits that depend on no thread and no other row, pieces, what is refused and why,
 * stopping, and errors. What the numbers are worth is in tests/exact. */
#include "lebm.h"
#include "support/approx.h"
#include "support/nets.h"

enum { M = 3, DATA = 5, ROWS = 5, CHAINS = 12 };

struct fixture {
    lebm_prior *prior;
    lebm_generator *generator;
    float *x; /* [ROWS, DATA] */
};

static struct fixture make_fixture(void)
{
    return (struct fixture){make_prior(make_net("in 3; linear 8; gelu; linear 1", 1), 1.2),
                            make_generator(make_net("in 3; linear 7; tanh; linear 5", 2), LEBM_GAUSSIAN, 0.5),
                            test_normal_floats(ROWS * DATA, 1, 3)};
}

static void free_fixture(struct fixture *f)
{
    lebm_prior_destroy(f->prior);
    lebm_generator_destroy(f->generator);
    free(f->x);
}

static const char *const kernels[] = {LEBM_HMC, LEBM_MALA};

static lebm_annealing *make_annealing(const char *kernel)
{
    static const struct {
        const char *key;
        int64_t value;
    } options[] = {{LEBM_ANNEALING_TEMPERATURES, 9}, {LEBM_ANNEALING_CHAINS, CHAINS},  {LEBM_ANNEALING_GROUPS, 3},
                   {LEBM_ANNEALING_SETTLE_STEPS, 6}, {LEBM_ANNEALING_PILOT_CHAINS, 8}, {LEBM_ANNEALING_PILOT_STEPS, 3},
                   {LEBM_ANNEALING_SEED, 11},        {LEBM_ANNEALING_THREADS, 1}};
    lebm_annealing *a;
    LEBM_ASSERT_OK(lebm_annealing_create(&a, kernel));
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        LEBM_ASSERT_OK(lebm_annealing_set_i64(a, options[i].key, options[i].value));
    if (strcmp(kernel, LEBM_HMC) == 0) LEBM_ASSERT_OK(lebm_annealing_set_i64(a, LEBM_SAMPLER_LEAPFROG_STEPS, 3));
    return a;
}

static double result(const lebm_annealing *a, int64_t row, const char *key)
{
    double value;
    LEBM_ASSERT_OK(lebm_annealing_result(a, row, key, &value));
    return value;
}

static const char *const results[] = {LEBM_ANNEALING_FORWARD,
                                      LEBM_ANNEALING_FORWARD_ERROR,
                                      LEBM_ANNEALING_FORWARD_GROUP_ERROR,
                                      LEBM_ANNEALING_FORWARD_ESS,
                                      LEBM_ANNEALING_FORWARD_LARGEST,
                                      LEBM_ANNEALING_FORWARD_INTEGRAL,
                                      LEBM_ANNEALING_FORWARD_INTEGRAL_ERROR,
                                      LEBM_ANNEALING_FORWARD_ACCEPTANCE,
                                      LEBM_ANNEALING_RUNGS,
                                      LEBM_ANNEALING_REVERSE,
                                      LEBM_ANNEALING_REVERSE_ERROR,
                                      LEBM_ANNEALING_REVERSE_GROUP_ERROR,
                                      LEBM_ANNEALING_REVERSE_ESS,
                                      LEBM_ANNEALING_REVERSE_LARGEST,
                                      LEBM_ANNEALING_REVERSE_INTEGRAL,
                                      LEBM_ANNEALING_REVERSE_INTEGRAL_ERROR,
                                      LEBM_ANNEALING_REVERSE_ACCEPTANCE,
                                      LEBM_ANNEALING_GROUPS_RHAT};

enum { RESULTS = sizeof results / sizeof *results, OF_FORWARD = 9 };

/* All that is to be read of a row. */
struct row {
    double results[RESULTS], log_weights[2][CHAINS];
};

static struct row read_row(const lebm_annealing *a, int64_t row)
{
    struct row r;
    for (int i = 0; i < RESULTS; i++) r.results[i] = result(a, row, results[i]);
    for (int d = 0; d < 2; d++) LEBM_ASSERT_OK(lebm_annealing_log_weights(a, row, d, r.log_weights[d], CHAINS));
    return r;
}

static void assert_same_rows(const struct row *a, const struct row *b, const char *what)
{
    for (int i = 0; i < RESULTS; i++)
        LEBM_ASSERT_MSG(a->results[i] == b->results[i], "%s: %s is %.17g and %.17g", what, results[i], a->results[i],
                        b->results[i]);
    LEBM_ASSERT_MSG(memcmp(a->log_weights, b->log_weights, sizeof a->log_weights) == 0, "%s: weights differ", what);
}

/* ---- bits ---- */

START_TEST(rows_depend_on_no_thread_and_no_other_row) /* _i: the kernel */
{
    static const int64_t threads[] = {1, 2, 3, 7};
    struct fixture f = make_fixture();
    struct row expected[ROWS], of_prior = {.results = {0}};
    for (int t = 0; t < 4; t++) {
        lebm_annealing *a = make_annealing(kernels[_i]);
        LEBM_ASSERT_OK(lebm_annealing_set_i64(a, LEBM_ANNEALING_THREADS, threads[t]));
        LEBM_ASSERT_OK(lebm_annealing_run_posterior(a, f.prior, f.generator, f.x, ROWS));
        ck_assert_int_eq(lebm_annealing_row_count(a), ROWS);
        ck_assert_int_eq(lebm_annealing_chain_count(a), CHAINS);
        for (int i = 0; i < ROWS; i++) {
            const struct row r = read_row(a, i);
            if (t == 0) expected[i] = r;
            assert_same_rows(&r, &expected[i], "threads");
        }
        LEBM_ASSERT_OK(lebm_annealing_run_prior(a, f.prior));
        ck_assert_int_eq(lebm_annealing_row_count(a), 1);
        const struct row r = read_row(a, 0);
        if (t == 0) of_prior = r;
        assert_same_rows(&r, &of_prior, "threads, prior");
        ck_assert_double_ne(r.log_weights[0][0], expected[0].log_weights[0][0]);
        lebm_annealing_destroy(a);
    }
    for (int first = 0; first < ROWS; first += 2) { /* in pieces, by handles of their own */
        const int n = first + 2 <= ROWS ? 2 : 1;
        lebm_annealing *a = make_annealing(kernels[_i]);
        LEBM_ASSERT_OK(lebm_annealing_set_i64(a, LEBM_ANNEALING_FIRST_ROW, first));
        LEBM_ASSERT_OK(lebm_annealing_run_posterior(a, f.prior, f.generator, f.x + first * DATA, n));
        for (int i = 0; i < n; i++) {
            const struct row r = read_row(a, i);
            assert_same_rows(&r, &expected[first + i], "pieces");
        }
        lebm_annealing_destroy(a);
    }
    ck_assert_double_ne(expected[0].results[0], expected[1].results[0]);
    free_fixture(&f);
}
END_TEST

START_TEST(random_numbers_are_those_of_seed_stream_and_row)
{
    static const char *const keys[] = {LEBM_ANNEALING_SEED, LEBM_ANNEALING_STREAM, LEBM_ANNEALING_FIRST_ROW};
    struct fixture f = make_fixture();
    lebm_annealing *a = make_annealing(LEBM_HMC);
    LEBM_ASSERT_OK(lebm_annealing_run_prior(a, f.prior));
    const struct row expected = read_row(a, 0);
    for (int k = 0; k < 3; k++) {
        int64_t before;
        LEBM_ASSERT_OK(lebm_annealing_get_i64(a, keys[k], &before));
        LEBM_ASSERT_OK(lebm_annealing_set_i64(a, keys[k], before + 1));
        LEBM_ASSERT_OK(lebm_annealing_run_prior(a, f.prior));
        const struct row other = read_row(a, 0);
        for (int d = 0; d < 2; d++)
            for (int i = 0; i < CHAINS; i++) ck_assert_double_ne(other.log_weights[d][i], expected.log_weights[d][i]);
        LEBM_ASSERT_OK(lebm_annealing_set_i64(a, keys[k], before));
        LEBM_ASSERT_OK(lebm_annealing_run_prior(a, f.prior)); /* a run changes none of the three */
        const struct row again = read_row(a, 0);
        assert_same_rows(&again, &expected, keys[k]);
    }
    lebm_annealing_destroy(a);
    free_fixture(&f);
}
END_TEST

START_TEST(without_reverse_chains_forward_ones_are_the_same)
{
    struct fixture f = make_fixture();
    double value = 7, log_weights[CHAINS];
    lebm_annealing *a = make_annealing(LEBM_HMC);
    LEBM_ASSERT_OK(lebm_annealing_run_posterior(a, f.prior, f.generator, f.x, ROWS));
    const struct row expected = read_row(a, 1);
    LEBM_ASSERT_OK(lebm_annealing_set_i64(a, LEBM_ANNEALING_REVERSE_CHAINS, 0));
    LEBM_ASSERT_OK(lebm_annealing_run_posterior(a, f.prior, f.generator, f.x, ROWS));
    for (int i = 0; i < RESULTS; i++) {
        if (i < OF_FORWARD) {
            ck_assert_double_eq(result(a, 1, results[i]), expected.results[i]);
            continue;
        }
        LEBM_ASSERT_STATUS(lebm_annealing_result(a, 1, results[i], &value), LEBM_ERR_STATE);
        LEBM_ASSERT_ERROR_NAMES("set option reverse_chains to 1");
    }
    ck_assert_double_eq(value, 7);
    LEBM_ASSERT_OK(lebm_annealing_log_weights(a, 1, 0, log_weights, CHAINS));
    ck_assert(memcmp(log_weights, expected.log_weights[0], sizeof log_weights) == 0);
    LEBM_ASSERT_STATUS(lebm_annealing_log_weights(a, 1, 1, log_weights, CHAINS), LEBM_ERR_STATE);
    lebm_annealing_destroy(a);
    free_fixture(&f);
}
END_TEST

/* ---- cost ---- */

struct notes {
    int64_t calls;
    int stop_at, stop_with;
    double add; /* to the log density */
    lebm_annealing *running;
    int nested_status;
};

static int normal(const float *z, int64_t n, double *log_density, float *score, void *user)
{
    struct notes *notes = user;
    for (int64_t i = 0; i < n; i++) {
        log_density[i] = notes->add;
        for (int64_t k = i * M; k < (i + 1) * M; k++) {
            log_density[i] -= (double)z[k] * (double)z[k];
            score[k] = -2 * z[k];
        }
    }
    if (notes->running) notes->nested_status = lebm_annealing_set_i64(notes->running, LEBM_ANNEALING_SEED, 1);
    return ++notes->calls == notes->stop_at ? notes->stop_with : 0;
}

START_TEST(a_leapfrog_step_is_all_that_is_evaluated)
{
    struct notes notes = {.calls = 0};
    int64_t calls[2];
    lebm_target *target;
    LEBM_ASSERT_OK(lebm_target_create(&target, M, normal, &notes, 0));
    lebm_annealing *a = make_annealing(LEBM_HMC);
    LEBM_ASSERT_OK(lebm_annealing_set_str(a, LEBM_ANNEALING_SCHEDULE, "linear"));
    LEBM_ASSERT_OK(lebm_annealing_set_i64(a, LEBM_ANNEALING_STEPS, 2));
    for (int k = 0; k < 2; k++) {
        notes.calls = 0;
        LEBM_ASSERT_OK(lebm_annealing_set_i64(a, LEBM_ANNEALING_TEMPERATURES, 10 << k));
        LEBM_ASSERT_OK(lebm_annealing_run_target(a, target));
        calls[k] = notes.calls;
    }
    ck_assert_int_eq(calls[1] - calls[0], 10 * 2 * 2 * 3); /* temperatures, steps, directions, leapfrog steps */
    lebm_annealing_destroy(a);
    lebm_target_destroy(target);
}
END_TEST

/* ---- what is refused ---- */

START_TEST(too_few_temperatures_carry_no_number)
{
    double value = 7;
    lebm_prior *prior = make_prior(make_net("in 40; linear 1", 1), 40); /* f is +- 20, by which one weight stands out */
    struct fixture f = make_fixture();
    lebm_annealing *a = make_annealing(LEBM_HMC), *of_x = make_annealing(LEBM_HMC);
    LEBM_ASSERT_OK(lebm_annealing_set_i64(a, LEBM_ANNEALING_TEMPERATURES, 1));
    LEBM_ASSERT_OK(lebm_annealing_set_i64(a, LEBM_ANNEALING_CHAINS, 600));
    LEBM_ASSERT_OK(lebm_annealing_run_prior(a, prior));
    ck_assert_double_lt(result(a, 0, LEBM_ANNEALING_FORWARD_ESS), 12);
    LEBM_ASSERT_STATUS(lebm_annealing_result(a, 0, LEBM_ANNEALING_FORWARD, &value), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("row 0: the forward weights are worth");
    LEBM_ASSERT_ERROR_NAMES("of 600 chains, less than 12");
    LEBM_ASSERT_STATUS(lebm_annealing_result(a, 0, LEBM_ANNEALING_FORWARD_ERROR, &value), LEBM_ERR_STATE);
    LEBM_ASSERT_OK(lebm_annealing_run_posterior(of_x, f.prior, f.generator, f.x, 1));
    LEBM_ASSERT_STATUS(lebm_annealing_log_p(of_x, 0, a, &value, NULL, NULL), LEBM_ERR_STATE);
    ck_assert_double_eq(value, 7);
    ck_assert_double_gt(result(a, 0, LEBM_ANNEALING_FORWARD_LARGEST), 0.1);
    result(a, 0, LEBM_ANNEALING_FORWARD_INTEGRAL);
    lebm_annealing_destroy(a);
    lebm_annealing_destroy(of_x);
    lebm_prior_destroy(prior);
    free_fixture(&f);
}
END_TEST

START_TEST(the_bracket_is_of_four_numbers)
{
    struct fixture f = make_fixture();
    double lower, upper, error, squares = 0, value = 7;
    lebm_annealing *of_x = make_annealing(LEBM_HMC), *of_prior = make_annealing(LEBM_MALA);
    LEBM_ASSERT_STATUS(lebm_annealing_log_p(of_x, 0, of_prior, &value, NULL, NULL), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("no run has succeeded");
    LEBM_ASSERT_OK(lebm_annealing_run_posterior(of_x, f.prior, f.generator, f.x, ROWS));
    LEBM_ASSERT_STATUS(lebm_annealing_log_p(of_x, 0, of_prior, &value, NULL, NULL), LEBM_ERR_STATE);
    LEBM_ASSERT_STATUS(lebm_annealing_log_p(of_x, 0, of_x, &value, NULL, NULL), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("of_prior was not to a prior");
    LEBM_ASSERT_OK(lebm_annealing_run_prior(of_prior, f.prior));
    LEBM_ASSERT_STATUS(lebm_annealing_log_p(of_prior, 0, of_prior, &value, NULL, NULL), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("of_x was not to posteriors");
    LEBM_ASSERT_STATUS(lebm_annealing_log_p(of_x, ROWS, of_prior, &value, NULL, NULL), LEBM_ERR_RANGE);
    ck_assert_double_eq(value, 7);
    for (int i = 0; i < ROWS; i++) {
        LEBM_ASSERT_OK(lebm_annealing_log_p(of_x, i, of_prior, &lower, &upper, &error));
        ck_assert_double_eq(lower,
                            result(of_x, i, LEBM_ANNEALING_FORWARD) - result(of_prior, 0, LEBM_ANNEALING_REVERSE));
        ck_assert_double_eq(upper,
                            result(of_x, i, LEBM_ANNEALING_REVERSE) - result(of_prior, 0, LEBM_ANNEALING_FORWARD));
        squares = pow(result(of_x, i, LEBM_ANNEALING_FORWARD_ERROR), 2) +
                  pow(result(of_x, i, LEBM_ANNEALING_REVERSE_ERROR), 2) +
                  pow(result(of_prior, 0, LEBM_ANNEALING_FORWARD_ERROR), 2) +
                  pow(result(of_prior, 0, LEBM_ANNEALING_REVERSE_ERROR), 2);
        LEBM_ASSERT_NEAR(error, sqrt(squares) / 2, 1e-14);
        LEBM_ASSERT_OK(lebm_annealing_log_p(of_x, i, of_prior, NULL, NULL, NULL));
    }
    struct notes notes = {.calls = 0};
    lebm_target *target;
    LEBM_ASSERT_OK(lebm_target_create(&target, M, normal, &notes, 0));
    LEBM_ASSERT_OK(lebm_annealing_run_target(of_prior, target));
    LEBM_ASSERT_STATUS(lebm_annealing_log_p(of_x, 0, of_prior, &value, NULL, NULL), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("of_prior was not to a prior");
    lebm_target_destroy(target);
    lebm_annealing_destroy(of_x);
    lebm_annealing_destroy(of_prior);
    free_fixture(&f);
}
END_TEST

START_TEST(wrong_calls_say_what_is_wrong)
{
    struct fixture f = make_fixture();
    double value = 7, log_weights[CHAINS];
    lebm_annealing *a;
    LEBM_ASSERT_STATUS(lebm_annealing_create(&a, LEBM_LANGEVIN), LEBM_ERR_UNSUPPORTED);
    ck_assert_ptr_null(a);
    LEBM_ASSERT_ERROR_NAMES("take hmc or mala");
    LEBM_ASSERT_STATUS(lebm_annealing_create(&a, "gibbs"), LEBM_ERR_UNKNOWN_OPTION);
    a = make_annealing(LEBM_MALA);
    ck_assert_str_eq(lebm_annealing_kernel(a), LEBM_MALA);
    LEBM_ASSERT_STATUS(lebm_annealing_set_f64(a, LEBM_SAMPLER_LAST_STEP_SIZE, 1), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_STATUS(lebm_annealing_set_i64(a, LEBM_SAMPLER_LEAPFROG_STEPS, 1), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_OK(lebm_annealing_set_f64(a, LEBM_SAMPLER_TARGET_ACCEPTANCE, 0.6));
    LEBM_ASSERT_STATUS(lebm_annealing_result(a, 0, LEBM_ANNEALING_FORWARD, &value), LEBM_ERR_STATE);
    ck_assert_int_eq(lebm_annealing_row_count(a) + lebm_annealing_chain_count(a), 0);
    LEBM_ASSERT_STATUS(lebm_annealing_run_posterior(a, f.prior, f.generator, f.x, 0), LEBM_ERR_RANGE);
    LEBM_ASSERT_OK(lebm_annealing_set_i64(a, LEBM_ANNEALING_GROUPS, 5));
    LEBM_ASSERT_STATUS(lebm_annealing_run_prior(a, f.prior), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("chains is 12, which groups, 5, does not divide");
    LEBM_ASSERT_OK(lebm_annealing_set_i64(a, LEBM_ANNEALING_GROUPS, 12));
    LEBM_ASSERT_STATUS(lebm_annealing_run_prior(a, f.prior), LEBM_ERR_STATE);
    LEBM_ASSERT_OK(lebm_annealing_set_i64(a, LEBM_ANNEALING_GROUPS, 6));
    LEBM_ASSERT_OK(lebm_annealing_run_prior(a, f.prior));
    LEBM_ASSERT_STATUS(lebm_annealing_result(a, 1, LEBM_ANNEALING_FORWARD, &value), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_annealing_result(a, -1, LEBM_ANNEALING_FORWARD, &value), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_annealing_result(a, 0, "log_z", &value), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_ERROR_NAMES("forward_group_error");
    LEBM_ASSERT_STATUS(lebm_annealing_log_weights(a, 0, 0, log_weights, CHAINS - 1), LEBM_ERR_SHAPE);
    ck_assert_double_eq(value, 7);
    f.x[2] = NAN;
    LEBM_ASSERT_STATUS(lebm_annealing_run_posterior(a, f.prior, f.generator, f.x, ROWS), LEBM_ERR_RANGE);
    lebm_annealing_destroy(a);
    lebm_annealing_destroy(NULL);
    free_fixture(&f);
}
END_TEST

START_TEST(what_is_not_finite_diverges)
{
    static const double adds[] = {NAN, INFINITY, -INFINITY};
    struct notes notes = {.calls = 0};
    lebm_target *target;
    LEBM_ASSERT_OK(lebm_target_create(&target, M, normal, &notes, 0));
    lebm_annealing *a = make_annealing(LEBM_MALA);
    for (int i = 0; i < 3; i++) {
        notes.add = adds[i];
        LEBM_ASSERT_STATUS(lebm_annealing_run_target(a, target), i == 2 ? LEBM_ERR_STATE : LEBM_ERR_DIVERGED);
        LEBM_ASSERT_ERROR_NAMES(i == 2 ? "no pilot chain to the target starts where" : "chain 0 to the target starts");
    }
    ck_assert_int_eq(lebm_annealing_row_count(a), 0);
    lebm_annealing_destroy(a);
    lebm_target_destroy(target);
}
END_TEST

/* ---- stopping ---- */

struct watch {
    double last;
    int calls, stop_at;
    lebm_annealing *running;
    const struct fixture *fixture;
};

static int ask(double done, void *user)
{
    struct watch *watch = user;
    double value;
    ck_assert(done >= watch->last && done <= 1);
    watch->last = done;
    LEBM_ASSERT_STATUS(lebm_annealing_run_prior(watch->running, watch->fixture->prior), LEBM_ERR_STATE);
    LEBM_ASSERT_STATUS(lebm_annealing_set_i64(watch->running, LEBM_ANNEALING_SEED, 1), LEBM_ERR_STATE);
    LEBM_ASSERT_OK(
        lebm_annealing_result(watch->running, 0, LEBM_ANNEALING_FORWARD, &value)); /* that of the run before */
    return ++watch->calls == watch->stop_at;
}

START_TEST(a_run_may_be_stopped_and_changes_nothing)
{
    struct fixture f = make_fixture();
    struct watch watch = {.stop_at = -1, .fixture = &f};
    lebm_annealing *a = watch.running = make_annealing(LEBM_HMC);
    LEBM_ASSERT_OK(lebm_annealing_run_prior(a, f.prior));
    const struct row expected = read_row(a, 0);
    LEBM_ASSERT_OK(lebm_annealing_set_progress(a, ask, &watch));
    LEBM_ASSERT_OK(lebm_annealing_set_i64(a, LEBM_ANNEALING_TEMPERATURES, 5000));
    LEBM_ASSERT_OK(lebm_annealing_run_prior(a, f.prior));
    ck_assert_double_eq(watch.last, 1);
    ck_assert_double_ne(result(a, 0, LEBM_ANNEALING_FORWARD), expected.results[0]);
    LEBM_ASSERT_OK(lebm_annealing_set_i64(a, LEBM_ANNEALING_TEMPERATURES, 9));
    watch.last = 0;
    LEBM_ASSERT_OK(lebm_annealing_run_prior(a, f.prior));
    watch = (struct watch){.stop_at = 1, .running = a, .fixture = &f};
    LEBM_ASSERT_OK(lebm_annealing_set_i64(a, LEBM_ANNEALING_SEED, 3));
    LEBM_ASSERT_STATUS(lebm_annealing_run_prior(a, f.prior), LEBM_STOPPED);
    LEBM_ASSERT_ERROR_NAMES("progress callback stopped");
    const struct row same = read_row(a, 0);
    assert_same_rows(&same, &expected, "stopped");
    LEBM_ASSERT_OK(lebm_annealing_set_progress(a, NULL, NULL));
    LEBM_ASSERT_OK(lebm_annealing_run_prior(a, f.prior));
    lebm_annealing_destroy(a);
    free_fixture(&f);
}
END_TEST

START_TEST(a_function_may_stop_a_run_anywhere)
{
    struct notes notes = {.calls = 0};
    lebm_target *target;
    LEBM_ASSERT_OK(lebm_target_create(&target, M, normal, &notes, 0));
    lebm_annealing *a = notes.running = make_annealing(LEBM_MALA);
    LEBM_ASSERT_OK(lebm_annealing_run_target(a, target));
    ck_assert_int_eq(notes.nested_status, LEBM_ERR_STATE);
    const int64_t calls = notes.calls;
    const struct row expected = read_row(a, 0);
    for (int64_t k = 1; k <= calls; k += k < 4 ? 1 : calls / 9) {
        notes = (struct notes){.stop_at = (int)k, .stop_with = 42, .running = a};
        LEBM_ASSERT_STATUS(lebm_annealing_run_target(a, target), LEBM_STOPPED);
        LEBM_ASSERT_ERROR_NAMES("returned 42");
        const struct row same = read_row(a, 0);
        assert_same_rows(&same, &expected, "stopped");
    }
    lebm_annealing_destroy(a);
    lebm_target_destroy(target);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("annealing");
    TCase *tcase = tcase_create("handle");
    tcase_add_loop_test(tcase, rows_depend_on_no_thread_and_no_other_row, 0, 2);
    tcase_add_test(tcase, random_numbers_are_those_of_seed_stream_and_row);
    tcase_add_test(tcase, without_reverse_chains_forward_ones_are_the_same);
    tcase_add_test(tcase, a_leapfrog_step_is_all_that_is_evaluated);
    tcase_add_test(tcase, too_few_temperatures_carry_no_number);
    tcase_add_test(tcase, the_bracket_is_of_four_numbers);
    tcase_add_test(tcase, wrong_calls_say_what_is_wrong);
    tcase_add_test(tcase, what_is_not_finite_diverges);
    tcase_add_test(tcase, a_run_may_be_stopped_and_changes_nothing);
    tcase_add_test(tcase, a_function_may_stop_a_run_anywhere);
    suite_add_tcase(suite, tcase);
    return test_run_suite(suite);
}
