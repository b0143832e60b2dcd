/* Densities of a user's own: by which threads and of how many states the function is asked, what it may do, how it ends a run,
 * and that chains are the same whatever the threads and their number. */
#include <pthread.h>

#include "lebm.h"
#include "support/approx.h"
#include "support/nets.h"

enum { D = 5, N = 150 };

/* What a density notes. */
struct notes {
    pthread_t caller;
    _Atomic int calls, elsewhere, most; /* most states of a call */
    int stop_at, stop_with;             /* the call that ends the run; 0: none does */
    lebm_sampler *running;
    const lebm_target *target;
    int nested_status, is_lazy;
};

static int quartic(const float *z, int64_t n, double *log_density, float *score, void *user)
{
    struct notes *notes = user;
    const int call = ++notes->calls;
    if (!pthread_equal(pthread_self(), notes->caller)) notes->elsewhere++;
    if (n > notes->most) notes->most = (int)n;
    if (notes->running != NULL) {
        float states[D] = {0};
        notes->nested_status = lebm_sampler_run_target(notes->running, notes->target, 1, states);
    }
    if (notes->is_lazy) return 0;
    for (int64_t i = 0; i < n; i++) {
        log_density[i] = 0;
        for (int64_t k = i * D; k < (i + 1) * D; k++) {
            const double x = z[k];
            log_density[i] -= 0.5 * x * x + 0.1 * x * x * x * x;
            score[k] = (float)(-x - 0.4 * x * x * x);
        }
    }
    return call == notes->stop_at ? notes->stop_with : 0;
}

static lebm_target *make_target(struct notes *notes, int concurrent)
{
    lebm_target *target;
    notes->caller = pthread_self();
    LEBM_ASSERT_OK(lebm_target_create(&target, D, quartic, notes, concurrent));
    return target;
}

static lebm_sampler *make_kernel(const char *kernel, int64_t steps, int64_t threads)
{
    lebm_sampler *sampler;
    LEBM_ASSERT_OK(lebm_sampler_create(&sampler, kernel));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, steps));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, threads));
    return sampler;
}

static const char *const kernels[] = {LEBM_LANGEVIN, LEBM_MALA, LEBM_HMC};

START_TEST(chains_depend_on_no_thread_and_no_other_chain) /* _i: the kernel */
{
    static const int64_t threads[] = {1, 2, 3, 7, 4};
    float z[N * D], expected[N * D];
    for (int t = 0; t < 5; t++) { /* the last with a function for the calling thread alone, and fewer chains */
        struct notes notes = {.calls = 0};
        const int64_t n = t < 4 ? N : 31;
        lebm_target *target = make_target(&notes, t < 4);
        lebm_sampler *sampler = make_kernel(kernels[_i], 9, threads[t]);
        LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, n, z));
        if (t == 0) memcpy(expected, z, sizeof z);
        LEBM_ASSERT_SAME_BITS(z, expected, n * D);
        lebm_sampler_destroy(sampler);
        lebm_target_destroy(target);
    }
}
END_TEST

START_TEST(the_calling_thread_asks_unless_others_may)
{
    for (int concurrent = 0; concurrent < 2; concurrent++) {
        struct notes notes = {.calls = 0};
        float z[N * D];
        lebm_target *target = make_target(&notes, concurrent);
        lebm_sampler *sampler = make_kernel(LEBM_MALA, 2000, 4);
        int64_t threads;
        LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
        LEBM_ASSERT_OK(lebm_sampler_get_i64(sampler, LEBM_SAMPLER_THREADS, &threads));
        ck_assert_int_eq(threads, 4);
        if (concurrent)
            ck_assert_int_eq(notes.calls, 4 * 2001);
        else
            ck_assert_int_eq(notes.calls, 2001);
        if (!concurrent) ck_assert_int_eq(notes.elsewhere, 0);
        ck_assert_int_eq(notes.most, concurrent ? 38 : N);
        lebm_sampler_destroy(sampler);
        lebm_target_destroy(target);
    }
}
END_TEST

static int count_rows(const float *z, int64_t n, double *log_density, float *score, void *user)
{
    int64_t *most = user;
    (void)z, (void)score;
    for (int64_t i = 0; i < n; i++) log_density[i] = 0;
    if (n > *most) *most = n;
    return 0;
}

START_TEST(states_of_a_call_do_not_take_much_memory)
{
    static const struct {
        int64_t dims, n, most;
    } cases[] = {{3, 5000, 1000}, {1 << 14, 40, 14}, {1 << 20, 3, 1}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        int64_t most = 0;
        lebm_target *target;
        LEBM_ASSERT_OK(lebm_target_create(&target, cases[c].dims, count_rows, &most, 0));
        ck_assert_int_eq(lebm_target_dims(target), cases[c].dims);
        lebm_sampler *sampler = make_kernel(LEBM_LANGEVIN, 1, 1);
        float *z = test_floats(cases[c].n * cases[c].dims);
        LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, cases[c].n, z));
        ck_assert_int_eq(most, cases[c].most);
        free(z);
        lebm_sampler_destroy(sampler);
        lebm_target_destroy(target);
    }
}
END_TEST

START_TEST(the_function_can_stop_a_run) /* _i: when, in which kernel, with which threads */
{
    static const int with[] = {1, -3, INT32_MIN, 77};
    struct notes notes = {.stop_at = 1 + 3 * (_i % 4), .stop_with = with[_i % 4]};
    float z[N * D], before[N * D];
    int64_t stream, warmup;
    char text[64];
    lebm_target *target = make_target(&notes, _i / 12);
    lebm_sampler *sampler = make_kernel(kernels[_i / 4 % 3], 50, 3);
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_WARMUP, _i % 2 ? 20 : 0));
    for (int i = 0; i < N * D; i++) z[i] = before[i] = (float)i;
    LEBM_ASSERT_STATUS(lebm_sampler_run_target(sampler, target, N, z), LEBM_STOPPED);
    snprintf(text, sizeof text, "the target's function returned %d", notes.stop_with);
    LEBM_ASSERT_ERROR_NAMES(text);
    LEBM_ASSERT_SAME_BITS(z, before, N * D);
    LEBM_ASSERT_OK(lebm_sampler_get_i64(sampler, LEBM_SAMPLER_STREAM, &stream));
    LEBM_ASSERT_OK(lebm_sampler_get_i64(sampler, LEBM_SAMPLER_WARMUP, &warmup));
    ck_assert_int_eq(stream, 0);
    ck_assert_int_eq(warmup, _i % 2 ? 20 : 0);
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z)); /* it goes on if it is asked again */
    lebm_sampler_destroy(sampler);
    lebm_target_destroy(target);
}
END_TEST

START_TEST(the_function_may_run_others_but_not_what_runs)
{
    struct notes notes = {.calls = 0}, inner = {.calls = 0};
    float z[N * D], expected[N * D];
    lebm_target *target = make_target(&notes, 0), *other = make_target(&inner, 0);
    lebm_sampler *sampler = make_kernel(LEBM_MALA, 3, 1), *another = make_kernel(LEBM_HMC, 3, 2);
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, expected));
    notes.target = other;
    notes.running = sampler;
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STREAM, 0));
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
    ck_assert_int_eq(notes.nested_status, LEBM_ERR_STATE);
    LEBM_ASSERT_SAME_BITS(z, expected, N * D);
    notes.running = another;
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STREAM, 0));
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
    ck_assert_int_eq(notes.nested_status, LEBM_OK);
    ck_assert_int_gt(inner.calls, 0);
    LEBM_ASSERT_SAME_BITS(z, expected, N * D);
    lebm_sampler_destroy(sampler);
    lebm_sampler_destroy(another);
    lebm_target_destroy(target);
    lebm_target_destroy(other);
}
END_TEST

START_TEST(what_is_not_written_is_no_density) /* _i: the kernel */
{
    struct notes notes = {.is_lazy = 1};
    float z[N * D];
    lebm_target *target = make_target(&notes, 0);
    lebm_sampler *sampler = make_kernel(kernels[_i], 3, 1);
    LEBM_ASSERT_STATUS(lebm_sampler_run_target(sampler, target, N, z), LEBM_ERR_DIVERGED);
    LEBM_ASSERT_ERROR_NAMES("the log density is nan at step 1 of chain 0 to the target; the density is 0 or not finite "
                            "there: begin elsewhere, with another start_std");
    lebm_sampler_destroy(sampler);
    lebm_target_destroy(target);
}
END_TEST

static double metric(const lebm_sampler *sampler, const char *key)
{
    double value;
    LEBM_ASSERT_OK(lebm_sampler_metric(sampler, key, &value));
    return value;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The acceptance of chain i is what the mean of i + 1 chains has more than that of i. */
START_TEST(metrics_are_of_all_chains)
{
    enum { MANY = 25 };
    struct notes notes = {.calls = 0};
    double acceptance[MANY], sum = 0;
    float z[MANY * D];
    lebm_target *target = make_target(&notes, 0);
    lebm_sampler *sampler = make_kernel(LEBM_MALA, 7, 2);
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, 0.7));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_LAST_STEP_SIZE, 0.4));
    for (int i = 0; i < MANY; i++) {
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STREAM, 0));
        LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, i + 1, z));
        acceptance[i] = (i + 1) * metric(sampler, LEBM_SAMPLER_ACCEPTANCE) - sum;
        sum += acceptance[i];
    }
    qsort(acceptance, MANY, sizeof *acceptance, ascending);
    ck_assert_double_gt(acceptance[MANY - 1] - acceptance[0], 0.2);
    LEBM_ASSERT_NEAR(metric(sampler, LEBM_SAMPLER_ACCEPTANCE_MIN), acceptance[0], 1e-12);
    /* Place 2.4 of 0 to 24. */
    const double q10 = acceptance[2] + 0.4 * (acceptance[3] - acceptance[2]);
    LEBM_ASSERT_NEAR(metric(sampler, LEBM_SAMPLER_ACCEPTANCE_Q10), q10, 1e-12);
    LEBM_ASSERT_NEAR(metric(sampler, LEBM_SAMPLER_STEP_SIZE), 0.4, 0);
    lebm_sampler_destroy(sampler);
    lebm_target_destroy(target);
}
END_TEST

START_TEST(langevin_measures_its_acceptance_if_asked)
{
    struct notes notes = {.calls = 0};
    static const char *const keys[] = {LEBM_SAMPLER_ACCEPTANCE, LEBM_SAMPLER_ACCEPTANCE_MIN,
                                       LEBM_SAMPLER_ACCEPTANCE_Q10, LEBM_SAMPLER_ENERGY_ERROR};
    float z[N * D];
    double value;
    lebm_target *target = make_target(&notes, 0);
    lebm_sampler *sampler = make_kernel(LEBM_LANGEVIN, 7, 1);
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
    for (int k = 0; k < 4; k++) {
        LEBM_ASSERT_STATUS(lebm_sampler_metric(sampler, keys[k], &value), LEBM_ERR_STATE);
        LEBM_ASSERT_ERROR_NAMES("measure_acceptance");
    }
    LEBM_ASSERT_NEAR(metric(sampler, LEBM_SAMPLER_STEP_SIZE), 0.08, 0);
    ck_assert_int_eq(notes.calls, 7);
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_MEASURE_ACCEPTANCE, 1));
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
    ck_assert_int_eq(notes.calls, 7 + 8);
    for (int k = 0; k < 3; k++) {
        ck_assert_double_gt(metric(sampler, keys[k]), 0.3);
        ck_assert_double_le(metric(sampler, keys[k]), 1);
    }
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_NOISE, 0));
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
    LEBM_ASSERT_STATUS(lebm_sampler_metric(sampler, LEBM_SAMPLER_ACCEPTANCE, &value), LEBM_ERR_STATE);
    lebm_sampler_destroy(sampler);
    lebm_target_destroy(target);
}
END_TEST

/* Its chains go on apart from those to a model, and draw other numbers. */
START_TEST(states_that_are_not_finite_never_reach_the_function) /* _i: the kernel */
{
    struct notes notes = {.calls = 0};
    lebm_target *target = make_target(&notes, 0);
    lebm_sampler *sampler = make_kernel(kernels[_i], 3, 1);
    float z[2 * D] = {0};
    z[D + 2] = NAN;
    LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, "given"));
    LEBM_ASSERT_STATUS(lebm_sampler_run_target(sampler, target, 2, z), LEBM_ERR_DIVERGED);
    ck_assert_int_eq(notes.calls, 0);
    lebm_sampler_destroy(sampler);
    lebm_target_destroy(target);
}
END_TEST

START_TEST(runs_to_targets_and_models_are_kept_apart)
{
    struct notes notes = {.calls = 0};
    float z[N * D], parts[N * D], whole[N * D];
    lebm_target *target = make_target(&notes, 0);
    lebm_prior *prior = make_prior(make_net("in 5; linear 1", 1), 1);
    lebm_sampler *sampler = make_kernel(LEBM_MALA, 6, 1), *longer = make_kernel(LEBM_MALA, 12, 1);
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, 1e-12));
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, prior, N, z)); /* the start, as good as */
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STREAM, 0));
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, parts));
    ck_assert_double_gt(approx_farthest(z, parts, N * D), 1);
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, 0.08));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STREAM, 0));
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, parts));
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, prior, N, z)); /* in between */
    LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, "continue"));
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, parts));
    LEBM_ASSERT_OK(lebm_sampler_run_target(longer, target, N, whole));
    LEBM_ASSERT_SAME_BITS(parts, whole, N * D);
    lebm_sampler_destroy(sampler);
    lebm_sampler_destroy(longer);
    lebm_prior_destroy(prior);
    lebm_target_destroy(target);
}
END_TEST

static int rising(const float *z, int64_t n, double *log_density, float *score, void *user)
{
    (void)user;
    for (int64_t i = 0; i < n; i++) {
        score[i] = 100;
        log_density[i] = 100 * (double)z[i];
    }
    return 0;
}

START_TEST(chains_that_run_away_are_found) /* _i: the kernel */
{
    lebm_target *target;
    float z[3] = {0, 0, 0};
    LEBM_ASSERT_OK(lebm_target_create(&target, 1, rising, NULL, 0));
    lebm_sampler *sampler = make_kernel(kernels[_i], 100000, 1);
    LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, "given"));
    LEBM_ASSERT_STATUS(lebm_sampler_run_target(sampler, target, 3, z), LEBM_ERR_DIVERGED);
    LEBM_ASSERT_ERROR_NAMES("times that of its start or of start_std (1); a smaller step_size may help");
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_WARMUP, 1000));
    LEBM_ASSERT_STATUS(lebm_sampler_run_target(sampler, target, 3, z), LEBM_ERR_DIVERGED);
    if (_i == 0) /* langevin's step size stays */
        LEBM_ASSERT_ERROR_NAMES("start_std (1); a smaller step_size may help");
    else
        LEBM_ASSERT_ERROR_NAMES("start_std (1); a higher target_acceptance may help");
    lebm_sampler_destroy(sampler);
    lebm_target_destroy(target);
}
END_TEST

/* Flat, until it has been called so often. */
static int ending(const float *z, int64_t n, double *log_density, float *score, void *user)
{
    int *left = user;
    (void)z;
    for (int64_t i = 0; i < n; i++) {
        score[i] = 0;
        log_density[i] = *left > 0 ? 0 : -INFINITY;
    }
    --*left;
    return 0;
}

START_TEST(after_a_warm_up_chains_are_at_no_start) /* _i: steps of the warm-up */
{
    lebm_target *target;
    int left = _i;
    float z[3];
    LEBM_ASSERT_OK(lebm_target_create(&target, 1, ending, &left, 0));
    lebm_sampler *sampler = make_kernel(LEBM_LANGEVIN, 10, 1);
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_WARMUP, _i));
    LEBM_ASSERT_STATUS(lebm_sampler_run_target(sampler, target, 3, z), LEBM_ERR_DIVERGED);
    if (_i == 0)
        LEBM_ASSERT_ERROR_NAMES("the log density is -inf at step 1 of chain 0 to the target; the density is 0");
    else
        LEBM_ASSERT_ERROR_NAMES("the log density is -inf at step 5 of chain 0 to the target; a smaller step_size");
    lebm_sampler_destroy(sampler);
    lebm_target_destroy(target);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("target");
    TCase *tests = tcase_create("target");
    tcase_add_loop_test(tests, chains_depend_on_no_thread_and_no_other_chain, 0, 3);
    tcase_add_test(tests, the_calling_thread_asks_unless_others_may);
    tcase_add_test(tests, states_of_a_call_do_not_take_much_memory);
    tcase_add_loop_test(tests, the_function_can_stop_a_run, 0, 24);
    tcase_add_test(tests, the_function_may_run_others_but_not_what_runs);
    tcase_add_loop_test(tests, what_is_not_written_is_no_density, 0, 3);
    tcase_add_test(tests, metrics_are_of_all_chains);
    tcase_add_test(tests, langevin_measures_its_acceptance_if_asked);
    tcase_add_loop_test(tests, states_that_are_not_finite_never_reach_the_function, 0, 3);
    tcase_add_test(tests, runs_to_targets_and_models_are_kept_apart);
    tcase_add_loop_test(tests, chains_that_run_away_are_found, 0, 3);
    tcase_add_loop_test(tests, after_a_warm_up_chains_are_at_no_start, 0, 1);
    tcase_add_loop_test(tests, after_a_warm_up_chains_are_at_no_start, 4, 5);
    suite_add_tcase(suite, tests);
    return test_run_suite(suite);
}
