/* What a trainer keeps from step to step: the chains of its observations, those to the prior, and averages of the
 * parameters. What learning with kept chains comes to is in tests/exact. */
#include "lebm.h"
#include "support/approx.h"
#include "support/files.h"
#include "support/model.h"
#include "support/nets.h"
#include "support/statistics.h"
#include "support/watch.h"
#include "train/trainer.h"

enum { M = 3, D = 6, OBSERVATIONS = 12 };

struct training {
    struct model model;
    lebm_sampler *to_prior, *to_posterior;
    lebm_trainer *trainer;
};

static void set_f64(const struct training *t, const char *key, double value)
{
    LEBM_ASSERT_OK(lebm_trainer_set_f64(t->trainer, key, value));
}

static void set_i64(const struct training *t, const char *key, int64_t value)
{
    LEBM_ASSERT_OK(lebm_trainer_set_i64(t->trainer, key, value));
}

static void set_str(const struct training *t, const char *key, const char *value)
{
    LEBM_ASSERT_OK(lebm_trainer_set_str(t->trainer, key, value));
}

static void make_training_of(struct training *t, lebm_sampler *to_prior, lebm_sampler *to_posterior)
{
    model_small(&t->model, M, 8, D, 1, 0.5);
    t->to_prior = to_prior;
    t->to_posterior = to_posterior;
    LEBM_ASSERT_OK(lebm_trainer_create(&t->trainer, t->model.prior, t->model.generator, to_prior, to_posterior));
    set_i64(t, LEBM_TRAINER_OBSERVATIONS, OBSERVATIONS);
    set_f64(t, LEBM_TRAINER_PRIOR_LEARNING_RATE, 1e-2);
    set_f64(t, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 1e-2);
}

static void make_training(struct training *t)
{
    make_training_of(t, make_sampler(4, 0.05), make_sampler(3, 0.005));
}

/* The same, with chains of both kinds kept. */
static void make_keeping(struct training *t)
{
    make_training(t);
    set_str(t, LEBM_TRAINER_POSTERIOR_CHAINS, "kept");
    set_str(t, LEBM_TRAINER_PRIOR_CHAINS, "kept");
}

static void stop_learning(const struct training *t)
{
    set_f64(t, LEBM_TRAINER_PRIOR_LEARNING_RATE, 0);
    set_f64(t, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 0);
}

static void free_training(struct training *t)
{
    lebm_trainer_destroy(t->trainer);
    lebm_sampler_destroy(t->to_prior);
    if (t->to_posterior != t->to_prior) lebm_sampler_destroy(t->to_posterior);
    model_free(&t->model);
}

/* x of an observation is its own. */
static void take_rows(const int64_t *ids, int64_t n, int64_t size, float *x)
{
    for (int64_t i = 0; i < n; i++) {
        float *row = test_normal_floats(size, 1, 1000 + (uint64_t)ids[i]);
        memcpy(x + i * size, row, (size_t)size * sizeof *x);
        free(row);
    }
}

static int try_step(const struct training *t, const int64_t *ids, int64_t n)
{
    float *x = test_floats(n * D);
    take_rows(ids, n, D, x);
    const int status = lebm_trainer_step_of(t->trainer, x, ids, n);
    free(x);
    return status;
}

static void step(const struct training *t, const int64_t *ids, int64_t n)
{
    LEBM_ASSERT_OK(try_step(t, ids, n));
}

static const float *chain_of(const struct training *t, int64_t id)
{
    return t->trainer->kept_posterior.z + id * M;
}

static void assert_same_params(const struct training *a, const struct training *b)
{
    assert_same_nets(a->model.f.net, b->model.f.net);
    assert_same_nets(a->model.g.net, b->model.g.net);
}

static const int64_t first_four[4] = {0, 1, 2, 3}, all[OBSERVATIONS] = {7, 2, 9, 0, 11, 4, 1, 10, 3, 8, 6, 5};

/* ---- chains to the posterior ---- */

START_TEST(chains_that_begin_are_fresh_ones)
{
    struct training fresh, kept;
    float x[4 * D];
    make_training(&fresh);
    make_keeping(&kept);
    take_rows(first_four, 4, D, x);
    LEBM_ASSERT_OK(lebm_trainer_step(fresh.trainer, x, 4));
    LEBM_ASSERT_OK(lebm_trainer_step_of(kept.trainer, x, first_four, 4));
    assert_same_params(&fresh, &kept);
    LEBM_ASSERT_OK(lebm_trainer_step(fresh.trainer, x, 4));
    LEBM_ASSERT_OK(lebm_trainer_step_of(kept.trainer, x, first_four, 4)); /* which go on */
    float *of_fresh = pair_params(fresh.model.g.net), *of_kept = pair_params(kept.model.g.net);
    ck_assert_double_gt(approx_farthest(of_fresh, of_kept, kept.model.g.ref.param_total), 0);
    free(of_fresh);
    free(of_kept);
    free_training(&fresh);
    free_training(&kept);
}
END_TEST

START_TEST(fresh_chains_need_no_ids)
{
    struct training a, b;
    float x[4 * D];
    const int64_t ids[4] = {-5, -5, INT64_MAX, 3}; /* not looked at */
    make_training(&a);
    make_training(&b);
    set_i64(&b, LEBM_TRAINER_OBSERVATIONS, 0);
    take_rows(first_four, 4, D, x);
    for (int i = 0; i < 2; i++) {
        LEBM_ASSERT_OK(lebm_trainer_step(a.trainer, x, 4));
        LEBM_ASSERT_OK(lebm_trainer_step_of(b.trainer, x, ids, 4));
    }
    assert_same_params(&a, &b);
    ck_assert_ptr_null(b.trainer->kept_posterior.z);
    free_training(&a);
    free_training(&b);
}
END_TEST

/* Without noise a chain that goes on is one long chain, of each observation's own x, whatever the batches. */
START_TEST(visits_add_up_to_one_chain)
{
    enum { STEPS = 3, FIRST = 5 };
    static const struct {
        int64_t ids[6], n;
    } batches[] = {{{4, 1, 9}, 3},        {{1, 0, 4, 11}, 4},      {{9}, 1},
                   {{4, 9, 1, 0, 11}, 5}, {{5, 4, 6, 9, 1, 3}, 6}, {{4}, 1}};
    const double size = 0.004;
    int64_t visits[OBSERVATIONS] = {0};
    struct training t;
    make_training_of(&t, make_noiseless_sampler(4, 0.05, 0), make_noiseless_sampler(STEPS, size, 0));
    set_str(&t, LEBM_TRAINER_POSTERIOR_CHAINS, "kept");
    set_i64(&t, LEBM_TRAINER_FIRST_VISIT_STEPS, FIRST);
    stop_learning(&t);
    for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
        step(&t, batches[b].ids, batches[b].n);
        for (int64_t i = 0; i < batches[b].n; i++) visits[batches[b].ids[i]]++;
        for (int64_t id = 0; id < OBSERVATIONS; id++) {
            double expected[M] = {0};
            float x[D];
            ck_assert(t.trainer->kept_posterior.visited[id] == (visits[id] > 0 ? 1 : 0));
            take_rows(&id, 1, D, x);
            double *row = test_to_doubles(x, D);
            if (visits[id] > 0) ref_chain(&t.model.ref, row, FIRST + (visits[id] - 1) * STEPS, size, expected);
            for (int k = 0; k < M; k++) LEBM_ASSERT_NEAR(chain_of(&t, id)[k], expected[k], 1e-5);
            free(row);
        }
    }
    free_training(&t);
}
END_TEST

/* Its noise is keyed by step and observation alone: the others in the batch, and its place there, do not matter. */
START_TEST(a_chain_does_not_depend_on_its_batch)
{
    static const int64_t one[3][3] = {{3, 5, 8}, {8, 3, 5}, {5, 3, 8}},
                         other[3][4] = {{0, 3, 2, 1}, {3, 7, 9, 10}, {3, 1, 0, 2}};
    struct training a, b;
    float before[M], x[4 * D];
    make_keeping(&a);
    make_keeping(&b);
    stop_learning(&a);
    stop_learning(&b);
    for (int i = 0; i < 3; i++) {
        step(&a, one[i], 3);
        step(&b, other[i], 4);
        LEBM_ASSERT_SAME_BITS(chain_of(&a, 3), chain_of(&b, 3), M);
        if (i > 0) ck_assert_mem_ne(before, chain_of(&a, 3), sizeof before);
        memcpy(before, chain_of(&a, 3), sizeof before);
    }
    ck_assert_mem_ne(chain_of(&a, 5), chain_of(&a, 8), sizeof before);

    /* Observations that look the same have chains of their own. */
    for (int i = 0; i < 4; i++) take_rows(first_four, 1, D, x + i * D);
    LEBM_ASSERT_OK(lebm_trainer_step_of(b.trainer, x, first_four, 4));
    for (int i = 1; i < 4; i++) ck_assert_mem_ne(chain_of(&b, 0), chain_of(&b, i), sizeof before);
    free_training(&a);
    free_training(&b);
}
END_TEST

/* With chains of one step and step size 0, all but, each visit adds the noise of its step. */
START_TEST(visits_draw_unrelated_noise)
{
    enum { N = 2000, VISITS = 3 };
    struct training t;
    float *noise[VISITS], *before = test_floats(N * M);
    make_training_of(&t, make_sampler(1, 0.05), make_sampler(1, 1e-8));
    set_str(&t, LEBM_TRAINER_POSTERIOR_CHAINS, "kept");
    set_i64(&t, LEBM_TRAINER_OBSERVATIONS, N);
    stop_learning(&t);
    int64_t *ids = calloc(N, sizeof *ids);
    ck_assert_ptr_nonnull(ids);
    for (int64_t i = 0; i < N; i++) ids[i] = N - 1 - i;
    step(&t, ids, N);
    for (int v = 0; v < VISITS; v++) {
        noise[v] = test_floats(N * M);
        memcpy(before, t.trainer->kept_posterior.z, N * M * sizeof *before);
        step(&t, ids, N);
        for (int i = 0; i < N * M; i++) noise[v][i] = (t.trainer->kept_posterior.z[i] - before[i]) / sqrtf(2e-8f);
    }
    for (int v = 0; v < VISITS; v++) {
        const float *other = noise[(v + 1) % VISITS];
        LEBM_ASSERT_WITHIN(sample_correlation(noise[v], other, N * M, 1), 0, 5, 1 / sqrt(N * M));
        LEBM_ASSERT_WITHIN(sample_correlation(noise[v], noise[v] + M, (N - 1) * M, 1), 0, 5, 1 / sqrt(N * M));
    }
    for (int v = 0; v < VISITS; v++) free(noise[v]);
    free(before);
    free(ids);
    free_training(&t);
}
END_TEST

START_TEST(another_number_of_observations_begins_anew)
{
    struct training t;
    static const int64_t others[] = {OBSERVATIONS + 1, OBSERVATIONS - 1};
    for (int i = 0; i < 2; i++) {
        make_keeping(&t);
        step(&t, all, OBSERVATIONS);
        set_i64(&t, LEBM_TRAINER_OBSERVATIONS, others[i]);
        ck_assert_int_eq(t.trainer->kept_posterior.count, OBSERVATIONS); /* until the next step */
        step(&t, first_four, 4);
        ck_assert_int_eq(t.trainer->kept_posterior.count, others[i]);
        for (int64_t id = 0; id < others[i]; id++) {
            ck_assert(t.trainer->kept_posterior.visited[id] == (id < 4 ? 1 : 0));
        }
        free_training(&t);
    }

    /* So does a step without them. */
    make_keeping(&t);
    step(&t, all, OBSERVATIONS);
    set_str(&t, LEBM_TRAINER_POSTERIOR_CHAINS, "fresh");
    ck_assert_ptr_nonnull(t.trainer->kept_posterior.z);
    step(&t, all, OBSERVATIONS);
    ck_assert_ptr_null(t.trainer->kept_posterior.z);
    ck_assert_ptr_nonnull(t.trainer->kept_prior.z);
    set_str(&t, LEBM_TRAINER_PRIOR_CHAINS, "fresh");
    step(&t, all, OBSERVATIONS);
    ck_assert_ptr_null(t.trainer->kept_prior.z);
    free_training(&t);
}
END_TEST

/* ---- chains to the prior ---- */

START_TEST(prior_chains_that_all_begin_anew_are_fresh_ones)
{
    struct training fresh, kept;
    make_training(&fresh);
    make_training(&kept);
    set_str(&kept, LEBM_TRAINER_PRIOR_CHAINS, "kept");
    set_f64(&kept, LEBM_TRAINER_PRIOR_RENEWAL, 1);
    for (int i = 0; i < 3; i++) {
        step(&fresh, all, OBSERVATIONS - i);
        step(&kept, all, OBSERVATIONS - i);
        assert_same_params(&fresh, &kept);
    }
    free_training(&fresh);
    free_training(&kept);
}
END_TEST

START_TEST(prior_chains_add_up_to_one_chain)
{
    enum { STEPS = 4, VISITS = 3 };
    struct training t;
    double expected[M] = {0};
    make_training_of(&t, make_noiseless_sampler(STEPS, 0.05, 0), make_noiseless_sampler(3, 0.004, 0));
    set_str(&t, LEBM_TRAINER_PRIOR_CHAINS, "kept");
    set_f64(&t, LEBM_TRAINER_PRIOR_RENEWAL, 0);
    stop_learning(&t);
    for (int v = 0; v < VISITS; v++) {
        step(&t, all, 5 - v);
        ck_assert_int_eq(t.trainer->kept_prior.count, 5);
    }
    for (int chain = 0; chain < 5; chain++) { /* 0 to 2 had three visits, the others fewer */
        double z[M] = {0};
        ref_chain(&t.model.ref, NULL, STEPS * (chain < 3 ? 3 : 5 - chain), 0.05, z);
        for (int k = 0; k < M; k++) LEBM_ASSERT_NEAR(t.trainer->kept_prior.z[chain * M + k], z[k], 1e-5);
    }
    step(&t, all, 7); /* those of before go on beside two new ones */
    ck_assert_int_eq(t.trainer->kept_prior.count, 7);
    ref_chain(&t.model.ref, NULL, STEPS, 0.05, expected);
    for (int k = 0; k < M; k++) LEBM_ASSERT_NEAR(t.trainer->kept_prior.z[6 * M + k], expected[k], 1e-5);
    ref_chain(&t.model.ref, NULL, STEPS * VISITS, 0.05, expected);
    for (int k = 0; k < M; k++) LEBM_ASSERT_NEAR(t.trainer->kept_prior.z[k], expected[k], 1e-5);
    free_training(&t);
}
END_TEST

START_TEST(a_share_of_prior_chains_begins_anew)
{
    enum { N = 200, STEPS = 40 };
    const double share = 0.3;
    struct training t;
    int64_t ids[N] = {0}, renewed = 0, again = 0;
    char was_renewed[N] = {0};
    make_training_of(&t, make_sampler(1, 1e-12), make_sampler(1, 1e-12));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(t.to_prior, LEBM_SAMPLER_NOISE, 0));
    set_str(&t, LEBM_TRAINER_PRIOR_CHAINS, "kept");
    set_f64(&t, LEBM_TRAINER_PRIOR_RENEWAL, share);
    stop_learning(&t);
    step(&t, ids, N);
    for (int s = 0; s < STEPS; s++) {
        float before[N * M];
        memcpy(before, t.trainer->kept_prior.z, sizeof before);
        step(&t, ids, N);
        for (int i = 0; i < N; i++) {
            const int is_new = fabsf(before[i * M] - t.trainer->kept_prior.z[i * M]) > 1e-6f;
            renewed += is_new;
            again += is_new && was_renewed[i];
            was_renewed[i] = (char)is_new;
        }
    }
    LEBM_ASSERT_WITHIN(renewed, share * N * STEPS, 5, sqrt(share * (1 - share) * N * STEPS));
    const double twice = share * share * N * (STEPS - 1);
    LEBM_ASSERT_WITHIN(again, twice, 5, sqrt(twice)); /* chosen anew each time */
    free_training(&t);
}
END_TEST

/* ---- bits ---- */

START_TEST(bits_do_not_depend_on_threads)
{
    enum { N = 150, ROUNDS = 3, BATCH = 97 };
    static const int64_t threads[] = {1, 2, 3, 7};
    float *params = NULL, *chains = NULL, *averages = NULL, *prior_chains = NULL;
    for (int which = 0; which < 4; which++) {
        struct training t;
        lebm_prior *prior;
        lebm_generator *generator;
        int64_t ids[BATCH];
        make_keeping(&t);
        set_i64(&t, LEBM_TRAINER_OBSERVATIONS, N);
        set_i64(&t, LEBM_TRAINER_THREADS, threads[which]);
        set_i64(&t, LEBM_TRAINER_FIRST_VISIT_STEPS, 5);
        set_f64(&t, LEBM_TRAINER_AVERAGE_DECAY, 0.9);
        for (int round = 0; round < ROUNDS; round++) {
            for (int i = 0; i < BATCH; i++) ids[i] = (i * 31 + round * 11) % N;
            step(&t, ids, BATCH);
        }
        LEBM_ASSERT_OK(lebm_trainer_average(t.trainer, &prior, &generator));
        float *g = pair_params(t.model.g.net), *average = pair_params(lebm_generator_net(generator));
        if (which == 0) {
            params = g;
            averages = average;
            chains = test_copy(t.trainer->kept_posterior.z, N * M);
            prior_chains = test_copy(t.trainer->kept_prior.z, BATCH * M);
        } else {
            LEBM_ASSERT_SAME_BITS(g, params, t.model.g.ref.param_total);
            LEBM_ASSERT_SAME_BITS(average, averages, t.model.g.ref.param_total);
            LEBM_ASSERT_SAME_BITS(t.trainer->kept_posterior.z, chains, N * M);
            LEBM_ASSERT_SAME_BITS(t.trainer->kept_prior.z, prior_chains, BATCH * M);
            free(g);
            free(average);
        }
        lebm_prior_destroy(prior);
        lebm_generator_destroy(generator);
        free_training(&t);
    }
    free(params);
    free(averages);
    free(chains);
    free(prior_chains);
}
END_TEST

/* ---- refusals and failures ---- */

/* All that a trainer is, as a checkpoint. */
static unsigned char *state_of(const struct training *t, size_t *size)
{
    LEBM_ASSERT_OK(lebm_trainer_save(t->trainer, path));
    return read_bytes(path, size);
}

static void assert_state(const struct training *t, const unsigned char *expected, size_t size)
{
    LEBM_ASSERT_OK(lebm_trainer_save(t->trainer, path));
    assert_bytes(path, expected, size);
}

START_TEST(ids_that_cannot_be_are_refused)
{
    static const struct {
        int64_t ids[4];
        const char *text;
    } bad[] = {
        {{0, 1, -1, 2}, "ids[2] is -1; allowed are 0 to 11"},
        {{0, 1, 2, 12}, "ids[3] is 12; allowed are 0 to 11"},
        {{INT64_MAX, 1, 2, 3}, "ids[0] is 9223372036854775807"},
        {{INT64_MIN, 1, 2, 3}, "ids[0] is -9223372036854775808"},
        {{5, 2, 5, 2}, "ids[2] is 5, as ids[0] is"},
        {{5, 2, 2, 5}, "ids[2] is 2, as ids[1] is"},
        {{7, 7, 7, 7}, "ids[1] is 7, as ids[0] is"},
    };
    struct training t;
    float x[4 * D];
    size_t size;
    make_keeping(&t);
    step(&t, first_four, 4);
    take_rows(first_four, 4, D, x);
    unsigned char *before = state_of(&t, &size);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        LEBM_ASSERT_STATUS(lebm_trainer_step_of(t.trainer, x, bad[i].ids, 4), LEBM_ERR_RANGE);
        LEBM_ASSERT_ERROR_NAMES(bad[i].text);
        assert_state(&t, before, size);
    }
    LEBM_ASSERT_STATUS(lebm_trainer_step(t.trainer, x, 4), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("call lebm_trainer_step_of()");
    LEBM_ASSERT_STATUS(lebm_trainer_step_of(t.trainer, x, NULL, 4), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_trainer_step_of(t.trainer, NULL, first_four, 4), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_trainer_step_of(NULL, x, first_four, 4), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_trainer_step_of(t.trainer, x, first_four, 0), LEBM_ERR_RANGE);
    assert_state(&t, before, size);
    set_i64(&t, LEBM_TRAINER_OBSERVATIONS, 0);
    LEBM_ASSERT_STATUS(lebm_trainer_step_of(t.trainer, x, first_four, 4), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("set option observations");
    free(before);
    free_training(&t);
}
END_TEST

START_TEST(a_step_that_fails_keeps_nothing) /* _i: chains were kept before */
{
    static const int64_t mixed[6] = {2, 9, 0, 7, 3, 8};
    struct training t, twin;
    float x[6 * D];
    size_t size;
    make_keeping(&t);
    make_keeping(&twin);
    set_f64(&t, LEBM_TRAINER_AVERAGE_DECAY, 0.9);
    set_f64(&twin, LEBM_TRAINER_AVERAGE_DECAY, 0.9);
    if (_i) {
        step(&t, first_four, 4);
        step(&twin, first_four, 4);
    }
    unsigned char *before = state_of(&t, &size);
    take_rows(mixed, 6, D, x);
    const int phases = _i ? 4 : 3; /* first visits, others, the prior's chains, gradients */
    for (int stop_at = 1; stop_at <= phases; stop_at++) {
        struct watch watch = {.thread = pthread_self(), .stop_at = stop_at, .stop_with = 1};
        LEBM_ASSERT_OK(lebm_trainer_set_progress(t.trainer, watch_progress, &watch));
        LEBM_ASSERT_STATUS(lebm_trainer_step_of(t.trainer, x, mixed, 6), LEBM_STOPPED);
        assert_state(&t, before, size);
    }
    struct watch watch = {.thread = pthread_self()};
    LEBM_ASSERT_OK(lebm_trainer_set_progress(t.trainer, NULL, NULL));
    LEBM_ASSERT_OK(lebm_net_set_param(t.model.f.net, 3, (float[]){1e36f}, 1)); /* Adam's update is the last to fail */
    set_f64(&t, LEBM_TRAINER_PRIOR_WEIGHT_DECAY, 1000);
    set_f64(&t, LEBM_TRAINER_DIVERGENCE_THRESHOLD, 0);
    LEBM_ASSERT_STATUS(lebm_trainer_step_of(t.trainer, x, mixed, 6), LEBM_ERR_DIVERGED);
    LEBM_ASSERT_ERROR_NAMES("update of f");
    float *bias = pair_params(twin.model.f.net);
    LEBM_ASSERT_OK(lebm_net_set_param(t.model.f.net, 3, &bias[twin.model.f.ref.param_total - 1], 1));
    set_f64(&t, LEBM_TRAINER_PRIOR_WEIGHT_DECAY, 0);
    set_f64(&t, LEBM_TRAINER_DIVERGENCE_THRESHOLD, 1000);
    assert_state(&t, before, size);

    LEBM_ASSERT_OK(lebm_trainer_set_progress(t.trainer, watch_progress, &watch));
    for (int i = 0; i < 2; i++) {
        LEBM_ASSERT_OK(lebm_trainer_step_of(t.trainer, x, mixed, 6));
        LEBM_ASSERT_OK(lebm_trainer_step_of(twin.trainer, x, mixed, 6));
        if (i == 0) assert_watched(&watch);
        if (i == 0) ck_assert_int_ge(watch.calls, phases);
        watch.last = 0;
    }
    free(before);
    before = state_of(&twin, &size);
    assert_state(&t, before, size);
    free(bias);
    free(before);
    free_training(&t);
    free_training(&twin);
}
END_TEST

/* A chain whose steps are too long grows a little at each visit: what it may reach does not grow with it. */
START_TEST(kept_chains_that_grow_are_noticed) /* _i: to the posterior, or to the prior */
{
    struct training t;
    int status = LEBM_OK, visits = 0;
    model_linear(&t.model, M, D, 1, 0.5); /* f and g are 0: both targets are p0 */
    t.to_prior = make_sampler(1, _i == 0 ? 0.1 : 2.5);
    t.to_posterior = make_sampler(1, _i == 0 ? 2.5 : 0.1);
    LEBM_ASSERT_OK(lebm_trainer_create(&t.trainer, t.model.prior, t.model.generator, t.to_prior, t.to_posterior));
    set_i64(&t, LEBM_TRAINER_OBSERVATIONS, OBSERVATIONS);
    set_str(&t, LEBM_TRAINER_POSTERIOR_CHAINS, "kept");
    set_str(&t, LEBM_TRAINER_PRIOR_CHAINS, "kept");
    set_f64(&t, LEBM_TRAINER_PRIOR_RENEWAL, 0);
    stop_learning(&t);
    for (; visits < 100 && status == LEBM_OK; visits++) status = try_step(&t, all, OBSERVATIONS);
    ck_assert_int_eq(status, LEBM_ERR_DIVERGED);
    LEBM_ASSERT_ERROR_NAMES("norm of z has grown to");
    ck_assert_int_gt(visits, 10); /* 1.5^17 is 1000 */
    ck_assert_int_lt(visits, 25);
    free_training(&t);
}
END_TEST

/* ---- averages ---- */

START_TEST(averages_are_those_of_the_formula) /* _i: of which decay */
{
    enum { STEPS = 60 };
    static const double decays[] = {0.5, 0.8, 0.999};
    struct training t;
    make_keeping(&t);
    step(&t, all, OBSERVATIONS); /* without averages */
    set_f64(&t, LEBM_TRAINER_AVERAGE_DECAY, decays[_i]);
    struct pair *pairs[2] = {&t.model.f, &t.model.g};
    double *expected[2];
    for (int i = 0; i < 2; i++) {
        float *params = pair_params(pairs[i]->net);
        expected[i] = test_to_doubles(params, pairs[i]->ref.param_total);
        free(params);
    }
    for (int s = 0; s < STEPS; s++) {
        lebm_prior *prior;
        lebm_generator *generator;
        const double d = fmin(decays[_i], (1.0 + s) / (10.0 + s));
        step(&t, all, OBSERVATIONS);
        LEBM_ASSERT_OK(lebm_trainer_average(t.trainer, &prior, &generator));
        const lebm_net *nets[2] = {lebm_prior_net(prior), lebm_generator_net(generator)};
        for (int i = 0; i < 2; i++) {
            const int64_t total = pairs[i]->ref.param_total;
            float *params = pair_params(pairs[i]->net), *average = pair_params(nets[i]);
            for (int64_t k = 0; k < total; k++) {
                expected[i][k] = d * expected[i][k] + (1 - d) * (double)params[k];
                LEBM_ASSERT_NEAR(average[k], expected[i][k], 1e-5);
            }
            if (s > 10) ck_assert_double_gt(approx_farthest(params, average, total), 1e-4);
            free(params);
            free(average);
        }
        lebm_prior_destroy(prior);
        lebm_generator_destroy(generator);
    }
    for (int i = 0; i < 2; i++) free(expected[i]);
    free_training(&t);
}
END_TEST

START_TEST(averages_do_not_change_the_training)
{
    struct training a, b;
    make_keeping(&a);
    make_keeping(&b);
    set_f64(&b, LEBM_TRAINER_AVERAGE_DECAY, 0.99);
    for (int i = 0; i < 3; i++) {
        step(&a, all, OBSERVATIONS);
        step(&b, all, OBSERVATIONS);
    }
    assert_same_params(&a, &b);
    free_training(&a);
    free_training(&b);
}
END_TEST

START_TEST(averages_are_there_after_a_step_that_asks_for_them)
{
    struct training t;
    lebm_prior *prior = (lebm_prior *)&t;
    lebm_generator *generator = (lebm_generator *)&t;
    make_keeping(&t);
    set_f64(&t, LEBM_TRAINER_AVERAGE_DECAY, 0.9);
    LEBM_ASSERT_STATUS(lebm_trainer_average(t.trainer, &prior, &generator), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("average_decay");
    ck_assert_ptr_null(prior);
    ck_assert_ptr_null(generator);
    step(&t, all, OBSERVATIONS);
    set_f64(&t, LEBM_TRAINER_AVERAGE_DECAY, 0); /* they are of the step before */
    LEBM_ASSERT_OK(lebm_trainer_average(t.trainer, &prior, &generator));
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
    LEBM_ASSERT_STATUS(lebm_trainer_average(NULL, &prior, &generator), LEBM_ERR_INVALID);
    ck_assert_ptr_null(prior);
    LEBM_ASSERT_STATUS(lebm_trainer_average(t.trainer, NULL, &generator), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_trainer_average(t.trainer, &prior, NULL), LEBM_ERR_INVALID);
    step(&t, all, OBSERVATIONS);
    LEBM_ASSERT_STATUS(lebm_trainer_average(t.trainer, &prior, &generator), LEBM_ERR_STATE);
    free_training(&t);
}
END_TEST

START_TEST(a_model_of_averages_is_a_model)
{
    struct training t;
    lebm_prior *prior, *saved_prior;
    lebm_generator *generator, *saved_generator;
    const char *value;
    float x[D], z[M] = {0.1f, 0.2f, 0.3f};
    make_keeping(&t);
    set_f64(&t, LEBM_TRAINER_AVERAGE_DECAY, 0.9);
    LEBM_ASSERT_OK(lebm_generator_set_str(t.model.generator, LEBM_GENERATOR_MISSING, "skip"));
    LEBM_ASSERT_OK(lebm_net_set_str(t.model.g.net, LEBM_NET_CONVOLUTION, "direct"));
    for (int i = 0; i < 3; i++) step(&t, all, OBSERVATIONS);
    LEBM_ASSERT_OK(lebm_trainer_average(t.trainer, &prior, &generator));
    ck_assert_double_eq(lebm_prior_sigma0(prior), 1);
    ck_assert_double_eq(lebm_generator_sigma(generator), 0.5);
    ck_assert_str_eq(lebm_generator_likelihood(generator), LEBM_GAUSSIAN);
    LEBM_ASSERT_OK(lebm_generator_get_str(generator, LEBM_GENERATOR_MISSING, &value));
    ck_assert_str_eq(value, "skip");
    LEBM_ASSERT_OK(lebm_net_get_str(lebm_generator_net(generator), LEBM_NET_CONVOLUTION, &value));
    ck_assert_str_eq(value, "direct");
    LEBM_ASSERT_OK(lebm_generator_decode(generator, z, 1, x));
    LEBM_ASSERT_OK(lebm_sampler_run_prior(t.to_prior, prior, 1, z)); /* its weights are set */

    LEBM_ASSERT_OK(lebm_trainer_save_model(t.trainer, path));
    LEBM_ASSERT_OK(lebm_model_load(path, &saved_prior, &saved_generator));
    assert_same_nets(lebm_prior_net(saved_prior), lebm_prior_net(prior));
    assert_same_nets(lebm_generator_net(saved_generator), lebm_generator_net(generator));
    lebm_prior_destroy(saved_prior);
    lebm_generator_destroy(saved_generator);
    LEBM_ASSERT_OK(lebm_trainer_save(t.trainer, path)); /* a checkpoint's parameters are those that learn */
    LEBM_ASSERT_OK(lebm_model_load(path, &saved_prior, &saved_generator));
    assert_same_nets(lebm_prior_net(saved_prior), t.model.f.net);
    assert_same_nets(lebm_generator_net(saved_generator), t.model.g.net);
    lebm_prior_destroy(saved_prior);
    lebm_generator_destroy(saved_generator);
    free_training(&t);
    LEBM_ASSERT_OK(lebm_generator_decode(generator, z, 1, x)); /* nothing of it was the trainer's */
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
}
END_TEST

static int64_t saved_steps(void)
{
    lebm_sampler *to_posterior;
    int64_t steps;
    LEBM_ASSERT_OK(lebm_model_load_sampler(path, LEBM_TO_POSTERIOR, &to_posterior));
    LEBM_ASSERT_OK(lebm_sampler_get_i64(to_posterior, LEBM_SAMPLER_STEPS, &steps));
    lebm_sampler_destroy(to_posterior);
    return steps;
}

START_TEST(a_saved_model_begins_as_first_visits_do)
{
    struct training t;
    int64_t steps;
    make_keeping(&t);
    LEBM_ASSERT_OK(lebm_sampler_get_i64(t.to_posterior, LEBM_SAMPLER_STEPS, &steps));
    LEBM_ASSERT_OK(lebm_trainer_save_model(t.trainer, path));
    ck_assert_int_eq(saved_steps(), steps);
    set_i64(&t, LEBM_TRAINER_FIRST_VISIT_STEPS, steps + 7);
    LEBM_ASSERT_OK(lebm_trainer_save_model(t.trainer, path));
    ck_assert_int_eq(saved_steps(), steps + 7);
    LEBM_ASSERT_OK(lebm_trainer_save(t.trainer, path)); /* a training goes on with its own */
    ck_assert_int_eq(saved_steps(), steps);
    set_str(&t, LEBM_TRAINER_POSTERIOR_CHAINS, "fresh");
    LEBM_ASSERT_OK(lebm_trainer_save_model(t.trainer, path));
    ck_assert_int_eq(saved_steps(), steps);
    free_training(&t);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("kept");
    TCase *posterior = tcase_create("posterior");
    tcase_add_test(posterior, chains_that_begin_are_fresh_ones);
    tcase_add_test(posterior, fresh_chains_need_no_ids);
    tcase_add_test(posterior, visits_add_up_to_one_chain);
    tcase_add_test(posterior, a_chain_does_not_depend_on_its_batch);
    tcase_add_test(posterior, visits_draw_unrelated_noise);
    tcase_add_test(posterior, another_number_of_observations_begins_anew);
    suite_add_tcase(suite, posterior);

    TCase *prior = tcase_create("prior");
    tcase_add_test(prior, prior_chains_that_all_begin_anew_are_fresh_ones);
    tcase_add_test(prior, prior_chains_add_up_to_one_chain);
    tcase_add_test(prior, a_share_of_prior_chains_begins_anew);
    suite_add_tcase(suite, prior);

    TCase *contract = tcase_create("contract");
    tcase_add_checked_fixture(contract, make_folder, remove_folder);
    tcase_set_timeout(contract, 30);
    tcase_add_test(contract, bits_do_not_depend_on_threads);
    tcase_add_test(contract, ids_that_cannot_be_are_refused);
    tcase_add_loop_test(contract, a_step_that_fails_keeps_nothing, 0, 2);
    tcase_add_loop_test(contract, kept_chains_that_grow_are_noticed, 0, 2);
    suite_add_tcase(suite, contract);

    TCase *averages = tcase_create("averages");
    tcase_add_checked_fixture(averages, make_folder, remove_folder);
    tcase_add_loop_test(averages, averages_are_those_of_the_formula, 0, 3);
    tcase_add_test(averages, averages_do_not_change_the_training);
    tcase_add_test(averages, averages_are_there_after_a_step_that_asks_for_them);
    tcase_add_test(averages, a_model_of_averages_is_a_model);
    tcase_add_test(averages, a_saved_model_begins_as_first_visits_do);
    suite_add_tcase(suite, averages);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
