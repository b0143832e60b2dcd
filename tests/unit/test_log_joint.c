/* Scores of observations: they are those of runs of the sampler, whatever the likelihood, in any pieces and by any number of
 * threads; and they leave the sampler as it was. */
#include "lebm.h"
#include "support/approx.h"
#include "support/model.h"
#include "support/nets.h"
#include "support/watch.h"

enum { N = 150, M = 3, D = 7, CHAINS = 3 }; /* N rows are more than are scored at once */

/* A model of each kind, and rows for it. */
struct scored {
    lebm_prior *prior;
    lebm_generator *generator;
    float *x;
};

static const char *const kinds[] = {"gaussian", "gaussian, of which some is missing", "bernoulli", "tokens"};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void make(struct scored *s, int kind)
{
    uint64_t seed = 40 + (uint64_t)kind;
    s->prior = make_prior(make_net("in 3; linear 8; gelu; linear 1", 1), 1);
    s->x = test_floats(N * D);
    if (kind < 3) {
        const char *likelihood = kind < 2 ? LEBM_GAUSSIAN : LEBM_BERNOULLI;
        s->generator = make_generator(make_net("in 3; linear 9; silu; linear 7", 2), likelihood, kind < 2 ? 0.5 : 0);
    } else {
        LEBM_ASSERT_OK(lebm_generator_create_from_spec(&s->generator, "in 3; embedding 4; gru 5; tokens 6 7",
                                                       LEBM_CATEGORICAL, 0));
        LEBM_ASSERT_OK(lebm_generator_init(s->generator, LEBM_INIT_PYTORCH, 2));
    }
    if (kind == 1) LEBM_ASSERT_OK(lebm_generator_set_str(s->generator, LEBM_GENERATOR_MISSING, "skip"));
    for (int i = 0; i < N; i++) {
        const int64_t tokens = test_integer(&seed, 0, D); /* and a row of no tokens, and one without padding */
        for (int d = 0; d < D; d++) {
            float *to = s->x + i * D + d;
            *to = (float)test_uniform(&seed, kind == 2 ? 0 : -1, 1);
            if (kind == 1 && (d + i) % 3 == 0) *to = NAN;
            if (kind == 3) *to = d < tokens ? (float)test_integer(&seed, 0, 5) : (float)LEBM_PADDING;
        }
    }
}

static void release(struct scored *s)
{
    lebm_prior_destroy(s->prior);
    lebm_generator_destroy(s->generator);
    free(s->x);
}

/* What comes of a call. */
struct scores {
    float z[CHAINS * N * M];
    double log_likelihood[N], log_prior[N];
};

static void score(lebm_sampler *sampler, const struct scored *s, int64_t first, int64_t n, int64_t chains,
                  struct scores *out)
{
    LEBM_ASSERT_OK(lebm_sampler_log_joint(sampler, s->prior, s->generator, s->x + first * D, n, first, chains, out->z,
                                          out->log_likelihood, out->log_prior));
}

static lebm_sampler *make_by(const char *kernel, int64_t stream)
{
    lebm_sampler *sampler;
    LEBM_ASSERT_OK(lebm_sampler_create(&sampler, kernel));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 6));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, 0.02));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_SEED, 11));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STREAM, stream));
    return sampler;
}

static void assert_same(const double *a, const double *b, int64_t n, const char *what)
{
    for (int64_t i = 0; i < n; i++)
        LEBM_ASSERT_MSG(memcmp(&a[i], &b[i], sizeof *a) == 0, "%s of row %lld is %.17g, expected %.17g", what,
                        (long long)i, a[i], b[i]);
}

START_TEST(scores_are_means_over_runs) /* _i: the kind */
{
    static struct scores got, expected;
    float log_likelihood[N], log_prior[N];
    struct scored s;
    make(&s, _i);
    for (int64_t chains = 1; chains <= CHAINS; chains += CHAINS - 1) {
        lebm_sampler *sampler = make_by(_i % 2 ? LEBM_MALA : LEBM_LANGEVIN, 5),
                     *runs = make_by(lebm_sampler_kernel(sampler), 5);
        memset(&expected, 0, sizeof expected);
        for (int64_t chain = 0; chain < chains; chain++) {
            float *z = expected.z + chain * N * M;
            LEBM_ASSERT_OK(lebm_sampler_run_posterior(runs, s.prior, s.generator, s.x, N, z));
            LEBM_ASSERT_OK(lebm_generator_log_likelihood(s.generator, z, s.x, N, log_likelihood));
            LEBM_ASSERT_OK(lebm_prior_log_density(s.prior, z, N, log_prior));
            for (int i = 0; i < N; i++) {
                expected.log_likelihood[i] += (double)log_likelihood[i];
                expected.log_prior[i] += (double)log_prior[i];
            }
        }
        for (int i = 0; i < N; i++) {
            expected.log_likelihood[i] /= (double)chains;
            expected.log_prior[i] /= (double)chains;
        }
        score(sampler, &s, 0, N, chains, &got);
        LEBM_ASSERT_SAME_BITS(got.z, expected.z, chains * N * M);
        assert_same(got.log_likelihood, expected.log_likelihood, N, "log p(x|z)");
        assert_same(got.log_prior, expected.log_prior, N, "log p(z)");
        lebm_sampler_destroy(sampler);
        lebm_sampler_destroy(runs);
    }
    release(&s);
}
END_TEST

START_TEST(bits_do_not_depend_on_threads_or_pieces) /* _i: the kind */
{
    static const int64_t threads[] = {1, 2, 3, 7}, pieces[] = {N, 1, 67, 100};
    static struct scores whole, piece;
    struct scored s;
    make(&s, _i);
    lebm_sampler *sampler = make_by(LEBM_LANGEVIN, 0);
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, 1));
    score(sampler, &s, 0, N, CHAINS, &whole);
    for (int t = 0; t < 4; t++) {
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, threads[t]));
        for (int64_t first = 0, n; first < N; first += n) {
            n = first + pieces[t] < N ? pieces[t] : N - first;
            score(sampler, &s, first, n, CHAINS, &piece);
            for (int chain = 0; chain < CHAINS; chain++)
                LEBM_ASSERT_SAME_BITS(piece.z + chain * n * M, whole.z + (chain * N + first) * M, n * M);
            assert_same(piece.log_likelihood, whole.log_likelihood + first, n, "log p(x|z)");
            assert_same(piece.log_prior, whole.log_prior + first, n, "log p(z)");
        }
    }
    lebm_sampler_destroy(sampler);
    release(&s);
}
END_TEST

START_TEST(chains_differ)
{
    static struct scores got;
    struct scored s;
    make(&s, 0);
    lebm_sampler *sampler = make_by(LEBM_LANGEVIN, 0);
    score(sampler, &s, 0, N, CHAINS, &got);
    for (int chain = 1; chain < CHAINS; chain++)
        ck_assert_double_gt(approx_farthest(got.z, got.z + chain * N * M, M), 1e-3);
    ck_assert_double_gt(approx_farthest(got.z, got.z + M, M), 1e-3);
    lebm_sampler_destroy(sampler);
    release(&s);
}
END_TEST

/* The noise-free score: a second call goes on from the z of the first, uphill. */
START_TEST(chains_go_on_from_z_that_are_given) /* _i: the kind */
{
    static struct scores drawn, mode;
    struct scored s;
    make(&s, _i);
    lebm_sampler *sampler = make_by(LEBM_LANGEVIN, 0), *uphill = make_noiseless_sampler(20, 0.01, 1);
    score(sampler, &s, 0, N, CHAINS, &drawn);
    mode = drawn;
    score(uphill, &s, 0, N, CHAINS, &mode);
    for (int i = 0; i < N; i++) {
        const double before = drawn.log_likelihood[i] + drawn.log_prior[i];
        LEBM_ASSERT_MSG(mode.log_likelihood[i] + mode.log_prior[i] > before, "row %d: %g uphill of %g", i,
                        mode.log_likelihood[i] + mode.log_prior[i], before);
    }
    LEBM_ASSERT_OK(lebm_sampler_run_posterior(uphill, s.prior, s.generator, s.x, N, drawn.z + N * M));
    LEBM_ASSERT_SAME_BITS(mode.z + N * M, drawn.z + N * M, N * M); /* the second chain from its own z */
    lebm_sampler_destroy(sampler);
    lebm_sampler_destroy(uphill);
    release(&s);
}
END_TEST

START_TEST(the_sampler_stays_as_it_was)
{
    static struct scores got;
    struct scored s;
    float z[N * M], expected[N * M];
    double density, density_after;
    int64_t stream;
    lebm_traces *traces;
    make(&s, 0);
    lebm_sampler *sampler = make_by(LEBM_LANGEVIN, 4);
    LEBM_ASSERT_OK(lebm_traces_create(&traces, 100, 1, 1));
    LEBM_ASSERT_OK(lebm_sampler_set_traces(sampler, traces));
    LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, s.prior, s.generator, s.x, N, z));
    LEBM_ASSERT_OK(lebm_sampler_metric(sampler, LEBM_SAMPLER_LOG_DENSITY, &density));
    score(sampler, &s, 0, N, 2, &got);
    LEBM_ASSERT_OK(lebm_sampler_get_i64(sampler, LEBM_SAMPLER_STREAM, &stream));
    ck_assert_int_eq(stream, 5);
    LEBM_ASSERT_OK(lebm_sampler_metric(sampler, LEBM_SAMPLER_LOG_DENSITY, &density_after));
    ck_assert_double_eq(density_after, density);
    ck_assert_int_eq(lebm_traces_length(traces), 6);

    LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, "continue"));
    LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, s.prior, s.generator, s.x, N, z));
    lebm_sampler *other = make_by(LEBM_LANGEVIN, 4);
    LEBM_ASSERT_OK(lebm_sampler_set_i64(other, LEBM_SAMPLER_STEPS, 12));
    LEBM_ASSERT_OK(lebm_sampler_run_posterior(other, s.prior, s.generator, s.x, N, expected));
    LEBM_ASSERT_SAME_BITS(z, expected, N * M);
    lebm_sampler_destroy(sampler);
    lebm_sampler_destroy(other);
    lebm_traces_destroy(traces);
    release(&s);
}
END_TEST

/* Fails unless scoring the first two rows does, with that text, and writes nothing. */
static void assert_refused(lebm_sampler *sampler, const lebm_prior *prior, const lebm_generator *generator,
                           const float *x, const float *start, int status, const char *text)
{
    float z[2 * M];
    double log_likelihood[2] = {3, 4}, log_prior[2] = {5, 6};
    memcpy(z, start, sizeof z);
    LEBM_ASSERT_STATUS(lebm_sampler_log_joint(sampler, prior, generator, x, 2, 0, 1, z, log_likelihood, log_prior),
                       status);
    LEBM_ASSERT_ERROR_NAMES(text);
    LEBM_ASSERT_SAME_BITS(z, start, 2 * M);
    ck_assert(log_likelihood[0] == 3 && log_likelihood[1] == 4 && log_prior[0] == 5 && log_prior[1] == 6);
}

START_TEST(what_rows_would_share_is_refused)
{
    static const float start[2 * M];
    struct scored s;
    make(&s, 0);
    lebm_sampler *sampler = make_by(LEBM_HMC, 0);
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_WARMUP, 30));
    assert_refused(sampler, s.prior, s.generator, s.x, start, LEBM_ERR_STATE, "warmup is 30");
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_WARMUP, 0));
    LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, "continue"));
    assert_refused(sampler, s.prior, s.generator, s.x, start, LEBM_ERR_STATE, "start is 'continue'");
    lebm_sampler_destroy(sampler);
    release(&s);
}
END_TEST

START_TEST(a_chain_that_diverges_has_no_score)
{
    /* f = 0, g = 0: the steps are z' = (1 - s) z. */
    struct model model;
    const float x[2] = {0}, far[2 * M] = {0, 0, 0, 1e30f, 0, 0};
    model_linear(&model, M, 1, 1, 1);
    lebm_sampler *sampler = make_noiseless_sampler(3, 5, 1);
    assert_refused(sampler, model.prior, model.generator, x, far, LEBM_ERR_DIVERGED, "chain 1 to the posterior");
    /* What no step has met: z may be squared as a double, but the density is a float. */
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 1));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, 1e6));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_DIVERGENCE_THRESHOLD, 0));
    float z[M] = {1e15f, 0, 0};
    LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, model.prior, model.generator, x, 1, z));
    const float edge[2 * M] = {0, 0, 0, 1e15f, 0, 0};
    assert_refused(sampler, model.prior, model.generator, x, edge, LEBM_ERR_DIVERGED,
                   "log p(x, z) is -inf after the last step of chain 1 to the posterior");
    lebm_sampler_destroy(sampler);
    model_free(&model);
}
END_TEST

START_TEST(progress_goes_through_all_chains)
{
    static struct scores got, before;
    struct scored s;
    struct watch watch = {.thread = pthread_self()};
    make(&s, 0);
    lebm_sampler *sampler = make_by(LEBM_LANGEVIN, 0);
    LEBM_ASSERT_OK(lebm_sampler_set_progress(sampler, watch_progress, &watch));
    score(sampler, &s, 0, N, CHAINS, &got);
    assert_watched(&watch);
    ck_assert_int_ge(watch.calls, CHAINS);
    ck_assert_double_eq(watch.last, 1);

    memset(&got, 0x55, sizeof got);
    before = got;
    watch = (struct watch){.thread = pthread_self(), .stop_at = 2, .stop_with = 7};
    LEBM_ASSERT_STATUS(lebm_sampler_log_joint(sampler, s.prior, s.generator, s.x, N, 0, CHAINS, got.z,
                                              got.log_likelihood, got.log_prior),
                       LEBM_STOPPED);
    ck_assert_int_eq(watch.calls, 2);
    ck_assert_double_lt(watch.last, 1);
    ck_assert_int_eq(memcmp(&got, &before, sizeof got), 0);
    lebm_sampler_destroy(sampler);
    release(&s);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("log joint");
    TCase *scores = tcase_create("scores");
    tcase_set_timeout(scores, 60);
    tcase_add_loop_test(scores, scores_are_means_over_runs, 0, KINDS);
    tcase_add_loop_test(scores, bits_do_not_depend_on_threads_or_pieces, 0, KINDS);
    tcase_add_test(scores, chains_differ);
    tcase_add_loop_test(scores, chains_go_on_from_z_that_are_given, 0, KINDS);
    suite_add_tcase(suite, scores);

    TCase *calls = tcase_create("calls");
    tcase_set_timeout(calls, 60);
    tcase_add_test(calls, the_sampler_stays_as_it_was);
    tcase_add_test(calls, what_rows_would_share_is_refused);
    tcase_add_test(calls, a_chain_that_diverges_has_no_score);
    tcase_add_test(calls, progress_goes_through_all_chains);
    suite_add_tcase(suite, calls);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
