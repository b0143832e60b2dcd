/* One model used by several threads at once: the same bits as one after the other, from the first use on. */
#include <pthread.h>
#include <stdatomic.h>

#include "lebm.h"
#include "mcmc/sampler.h"
#include "support/approx.h"
#include "support/files.h"
#include "support/nets.h"
#include "train/trainer.h"

enum { THREADS = 4, LATENT = 4, DATA = 3 * 8 * 8, N = 70, MOST = 70000 };

/* Large enough that packing the weights takes a while. */
static const char f_spec[] = "in 4; linear 256; gelu; linear 256; leaky_relu 0.2; linear 1";
static const char g_spec[] = "in 4; conv_transpose2d 8 4 1 0; silu; conv_transpose2d 3 4 2 1; tanh";

struct model {
    lebm_prior *prior;
    lebm_generator *generator;
    float *z, *x; /* [N, LATENT], [N, DATA] */
};

/* The same seed gives the same model. */
static void set_params(struct model *m, uint64_t seed)
{
    LEBM_ASSERT_OK(lebm_net_init(lebm_prior_net(m->prior), LEBM_INIT_PYTORCH, seed));
    LEBM_ASSERT_OK(lebm_net_init(lebm_generator_net(m->generator), LEBM_INIT_XAVIER_NORMAL, seed));
}

static void make_model(struct model *m, uint64_t seed)
{
    lebm_net *f, *g;
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&f, f_spec));
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&g, g_spec));
    m->prior = make_prior(f, 1);
    m->generator = make_generator(g, LEBM_GAUSSIAN, 0.3);
    set_params(m, seed);
    ck_assert_int_eq(lebm_generator_data_size(m->generator), DATA);
    m->z = test_normal_floats(N * LATENT, 1, 1);
    m->x = test_random_floats(N * DATA, -1, 1, 2);
}

static void free_model(struct model *m)
{
    lebm_prior_destroy(m->prior);
    lebm_generator_destroy(m->generator);
    free(m->z);
    free(m->x);
}

/* ---- what a thread may do with a model that others use ---- */

/* Whose text the first one writes. */
static int spec(const struct model *m, float *out)
{
    const char *of_f = lebm_net_spec(lebm_prior_net(m->prior)), *of_g = lebm_net_spec(lebm_generator_net(m->generator));
    out[0] = of_f != NULL && strcmp(of_f, f_spec) == 0;
    out[1] = of_g != NULL && strcmp(of_g, g_spec) == 0;
    return out[0] == 1 && out[1] == 1 ? LEBM_OK : LEBM_ERR_INTERNAL;
}

static int forward(const struct model *m, float *out)
{
    return lebm_net_forward(lebm_prior_net(m->prior), m->z, N, out);
}

static int vjp(const struct model *m, float *out)
{
    return lebm_net_vjp(lebm_generator_net(m->generator), m->z, N, m->x, out, out + N * LATENT);
}

static int log_density(const struct model *m, float *out)
{
    return lebm_prior_log_density(m->prior, m->z, N, out);
}

static int prior_score(const struct model *m, float *out)
{
    return lebm_prior_score(m->prior, m->z, N, out);
}

static int decode(const struct model *m, float *out)
{
    return lebm_generator_decode(m->generator, m->z, N, out);
}

static int log_likelihood(const struct model *m, float *out)
{
    return lebm_generator_log_likelihood(m->generator, m->z, m->x, N, out);
}

static int generator_score(const struct model *m, float *out)
{
    return lebm_generator_score(m->generator, m->z, m->x, N, out);
}

/* With a sampler of the thread's own, which has workers of its own. */
static int run(const struct model *m, int to_posterior, float *out)
{
    lebm_sampler *sampler;
    int status = lebm_sampler_create(&sampler, LEBM_LANGEVIN);
    if (status == LEBM_OK) status = lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 3);
    if (status == LEBM_OK) status = lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, 1e-3);
    if (status == LEBM_OK) status = lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, 2);
    for (int i = 0; i < 2 && status == LEBM_OK; i++, out += N * LATENT)
        status = to_posterior ? lebm_sampler_run_posterior(sampler, m->prior, m->generator, m->x, N, out)
                              : lebm_sampler_run_prior(sampler, m->prior, N, out);
    lebm_sampler_destroy(sampler);
    return status;
}

static int run_prior(const struct model *m, float *out)
{
    return run(m, 0, out);
}

static int run_posterior(const struct model *m, float *out)
{
    return run(m, 1, out);
}

static const struct job {
    const char *name;
    int (*act)(const struct model *m, float *out);
} jobs[] = {{"spec", spec},
            {"forward", forward},
            {"decode", decode},
            {"score of the prior", prior_score},
            {"run to the posterior", run_posterior},
            {"vjp", vjp},
            {"log density", log_density},
            {"log likelihood", log_likelihood},
            {"run to the prior", run_prior},
            {"score of the generator", generator_score}};

enum { JOBS = sizeof jobs / sizeof *jobs };

/* Results of all jobs by one thread, freed by the caller. */
static float *expect(const struct model *m)
{
    float *expected = test_floats(JOBS * MOST);
    for (int j = 0; j < JOBS; j++) LEBM_ASSERT_OK(jobs[j].act(m, expected + j * MOST));
    return expected;
}

/* ---- threads that do them; Check is not for them, so they take notes ---- */

struct worker {
    const struct model *model;
    const float *expected;
    pthread_barrier_t *barrier;
    int first, count;  /* the job to begin with, and how many to do */
    const char *wrong; /* the job that went wrong, NULL if none did */
    int status;
    int64_t at; /* the first number that differs */
};

static void *do_jobs(void *argument)
{
    struct worker *w = argument;
    float *out = test_floats(MOST);
    pthread_barrier_wait(w->barrier);
    for (int i = 0; i < w->count && !w->wrong; i++) {
        const int j = (w->first + i) % JOBS;
        memset(out, 0, MOST * sizeof *out);
        w->status = jobs[j].act(w->model, out);
        for (w->at = 0; w->at < MOST; w->at++)
            if (memcmp(&out[w->at], &w->expected[j * MOST + w->at], sizeof *out) != 0) break;
        if (w->status != LEBM_OK || w->at < MOST) w->wrong = jobs[j].name;
    }
    free(out);
    return NULL;
}

/* All threads begin at once; `apart`: how far the jobs they begin with are apart. */
static void assert_all_right(const struct model *m, const float *expected, int first, int apart, int count)
{
    pthread_barrier_t barrier;
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (int t = 0; t < THREADS; t++) {
        workers[t] = (struct worker){
            .model = m, .expected = expected, .barrier = &barrier, .first = first + t * apart, .count = count};
        ck_assert_int_eq(pthread_create(&threads[t], NULL, do_jobs, &workers[t]), 0);
    }
    for (int t = 0; t < THREADS; t++) ck_assert_int_eq(pthread_join(threads[t], NULL), 0);
    pthread_barrier_destroy(&barrier);
    for (int t = 0; t < THREADS; t++)
        LEBM_ASSERT_MSG(!workers[t].wrong, "thread %d, %s: %s, and number %lld is not what one thread gets", t,
                        workers[t].wrong, lebm_status_name(workers[t].status), (long long)workers[t].at);
}

START_TEST(threads_share_a_model)
{
    struct model m;
    make_model(&m, 1);
    float *expected = expect(&m);
    for (int apart = 0; apart < 4; apart++) assert_all_right(&m, expected, 0, apart, 3 * JOBS);
    free(expected);
    free_model(&m);
}
END_TEST

START_TEST(the_first_use_after_a_change_may_be_anyones) /* _i: the job that thread 0 begins with */
{
    enum { SEEDS = 3 };
    struct model m, twin;
    float *expected[SEEDS];
    make_model(&m, 0);
    make_model(&twin, 0);
    for (int s = 0; s < SEEDS; s++) {
        set_params(&twin, (uint64_t)s);
        expected[s] = expect(&twin);
    }
    for (int round = 0; round < 12; round++) {
        set_params(&m, (uint64_t)(round % SEEDS));
        assert_all_right(&m, expected[round % SEEDS], _i, round % 4, 2);
    }
    for (int s = 0; s < SEEDS; s++) free(expected[s]);
    free_model(&m);
    free_model(&twin);
}
END_TEST

START_TEST(the_first_use_of_a_model_may_be_anyones)
{
    struct model twin;
    make_model(&twin, 5);
    float *expected = expect(&twin);
    for (int round = 0; round < 20; round++) {
        struct model m;
        make_model(&m, 5);
        assert_all_right(&m, expected, round, round % 3, 1);
        free_model(&m);
    }
    free(expected);
    free_model(&twin);
}
END_TEST

/* ---- threads with all their own ---- */

struct learner {
    float params[MOST];
    int64_t count;
    int status;
};

/* Make a model and a trainer, and take some steps. */
static int learn_some(struct learner *l)
{
    lebm_net *f = NULL, *g = NULL;
    lebm_prior *prior = NULL;
    lebm_generator *generator = NULL;
    lebm_sampler *sampler = NULL;
    lebm_trainer *trainer = NULL;
    float *x = test_random_floats(N * DATA, -1, 1, 3);
    int status = lebm_net_create_from_spec(&f, f_spec);
    if (status == LEBM_OK) status = lebm_net_create_from_spec(&g, g_spec);
    if (status == LEBM_OK) status = lebm_net_init(f, LEBM_INIT_PYTORCH, 1);
    if (status == LEBM_OK) status = lebm_net_init(g, LEBM_INIT_XAVIER_NORMAL, 1);
    if (status == LEBM_OK) status = lebm_prior_create(&prior, f, 1);
    if (status == LEBM_OK) status = lebm_generator_create(&generator, g, LEBM_GAUSSIAN, 0.3);
    if (status == LEBM_OK) status = lebm_sampler_create(&sampler, LEBM_LANGEVIN);
    if (status == LEBM_OK) status = lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 3);
    if (status == LEBM_OK) status = lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, 1e-3);
    if (status == LEBM_OK) status = lebm_trainer_create(&trainer, prior, generator, sampler, sampler);
    if (status == LEBM_OK) status = lebm_trainer_set_i64(trainer, LEBM_TRAINER_THREADS, 3);
    for (int i = 0; i < 4 && status == LEBM_OK; i++) status = lebm_trainer_step(trainer, x, N);
    for (int i = 0; i < 2 && status == LEBM_OK; i++) {
        const lebm_net *net = i == 0 ? f : g;
        for (int64_t t = 0; t < lebm_net_param_count(net) && status == LEBM_OK; t++) {
            const int64_t size = lebm_net_param_size(net, t);
            if (l->count + size > MOST) abort();
            status = lebm_net_get_param(net, t, l->params + l->count, size);
            l->count += size;
        }
    }
    lebm_trainer_destroy(trainer);
    lebm_sampler_destroy(sampler);
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
    lebm_net_destroy(f);
    lebm_net_destroy(g);
    free(x);
    return status;
}

static void *learn(void *learner)
{
    struct learner *l = learner;
    l->status = learn_some(l);
    return NULL;
}

START_TEST(threads_learn_side_by_side) /* and, in a process of its own, make the first use of all there is */
{
    pthread_t threads[THREADS];
    struct learner *learners = test_alloc(THREADS + 1, sizeof *learners), *alone = &learners[THREADS];
    for (int t = 0; t < THREADS; t++) ck_assert_int_eq(pthread_create(&threads[t], NULL, learn, &learners[t]), 0);
    for (int t = 0; t < THREADS; t++) ck_assert_int_eq(pthread_join(threads[t], NULL), 0);
    learn(alone);
    LEBM_ASSERT_OK(alone->status);
    for (int t = 0; t < THREADS; t++) {
        LEBM_ASSERT_MSG(learners[t].status == LEBM_OK, "thread %d: %s", t, lebm_status_name(learners[t].status));
        ck_assert_int_eq(learners[t].count, alone->count);
        LEBM_ASSERT_SAME_BITS(learners[t].params, alone->params, alone->count);
    }
    free(learners);
}
END_TEST

/* ---- threads at one sampler and its trainer ---- */

struct meeting {
    const struct model *model;
    lebm_sampler *sampler; /* of the trainer, for both kinds of its chains */
    lebm_trainer *trainer;
    pthread_barrier_t round;
    _Atomic int64_t runs, steps, refused, others; /* how calls ended */
};

/* Thread 0 makes a run and thread 1 a training step, in the same moment: one of them, or both in turn. */
static void *meet(void *argument, int makes_steps)
{
    struct meeting *m = argument;
    float z[3 * LATENT];
    for (int i = 0; i < 300; i++) {
        pthread_barrier_wait(&m->round);
        const int status = makes_steps ? lebm_trainer_step(m->trainer, m->model->x, 3)
                                       : lebm_sampler_run_prior(m->sampler, m->model->prior, 3, z);
        if (status == LEBM_OK) {
            (*(makes_steps ? &m->steps : &m->runs))++;
        } else {
            (*(status == LEBM_ERR_STATE ? &m->refused : &m->others))++;
        }
    }
    return NULL;
}

static void *make_runs(void *meeting)
{
    return meet(meeting, 0);
}

static void *make_steps(void *meeting)
{
    return meet(meeting, 1);
}

START_TEST(threads_that_meet_at_one_handle_take_turns) /* _i: whether the second makes steps, or runs as the first */
{
    struct model model;
    struct meeting m = {.model = &model};
    pthread_t threads[2];
    int64_t stream;
    make_model(&model, 8);
    LEBM_ASSERT_OK(lebm_sampler_create(&m.sampler, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(m.sampler, LEBM_SAMPLER_STEPS, 1));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(m.sampler, LEBM_SAMPLER_THREADS, 2));
    LEBM_ASSERT_OK(lebm_trainer_create(&m.trainer, model.prior, model.generator, m.sampler, m.sampler));
    LEBM_ASSERT_OK(lebm_trainer_set_i64(m.trainer, LEBM_TRAINER_THREADS, 2));
    ck_assert_int_eq(pthread_barrier_init(&m.round, NULL, 2), 0);
    ck_assert_int_eq(pthread_create(&threads[0], NULL, make_runs, &m), 0);
    ck_assert_int_eq(pthread_create(&threads[1], NULL, _i ? make_steps : make_runs, &m), 0);
    for (int t = 0; t < 2; t++) ck_assert_int_eq(pthread_join(threads[t], NULL), 0);
    ck_assert_int_eq(m.others, 0);
    ck_assert_int_eq(m.runs + m.steps + m.refused, 600);
    LEBM_ASSERT_OK(lebm_sampler_get_i64(m.sampler, LEBM_SAMPLER_STREAM, &stream));
    ck_assert_int_eq(stream, m.runs);
    ck_assert_int_eq(lebm_trainer_steps_done(m.trainer), m.steps);
    pthread_barrier_destroy(&m.round);
    lebm_trainer_destroy(m.trainer);
    lebm_sampler_destroy(m.sampler);
    free_model(&model);
}
END_TEST

/* Claim a trainer and release it, until there is no more need. */
static void *claim_often(void *meeting)
{
    struct meeting *m = meeting;
    while (!m->others)
        if (lebm__trainer_claim(m->trainer, __func__) == LEBM_OK) lebm__trainer_release(m->trainer);
    return NULL;
}

START_TEST(a_trainer_releases_nobody_elses_claim) /* on the one sampler that it has for both of its chains */
{
    struct model model;
    struct meeting m = {.model = &model};
    pthread_t other;
    int lost = 0;
    make_model(&model, 9);
    LEBM_ASSERT_OK(lebm_sampler_create(&m.sampler, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_trainer_create(&m.trainer, model.prior, model.generator, m.sampler, m.sampler));
    ck_assert_int_eq(pthread_create(&other, NULL, claim_often, &m), 0);
    for (int claims = 0; claims < 100000;) {
        if (lebm__handle_claim(&m.sampler->head, __func__, 0) != LEBM_OK) continue;
        for (int i = 0; i < 20; i++) lost += m.sampler->head.users != -1;
        lebm__handle_yield(&m.sampler->head, 0);
        claims++;
    }
    m.others = 1;
    ck_assert_int_eq(pthread_join(other, NULL), 0);
    ck_assert_int_eq(lost, 0);
    lebm_trainer_destroy(m.trainer);
    lebm_sampler_destroy(m.sampler);
    free_model(&model);
}
END_TEST

/* ---- files ---- */

struct saver {
    const struct model *model;
    int status;
    float decoded[N * DATA];
};

/* Save a model that others save, to a file that others write, and load what is there. */
static void *save_and_load(void *argument)
{
    struct saver *s = argument;
    for (int i = 0; i < 3 && s->status == LEBM_OK; i++) {
        lebm_generator *generator = NULL;
        s->status = lebm_model_save(path, s->model->prior, s->model->generator);
        if (s->status == LEBM_OK) s->status = lebm_model_load(path, NULL, &generator);
        if (s->status == LEBM_OK) s->status = lebm_generator_decode(generator, s->model->z, N, s->decoded);
        lebm_generator_destroy(generator);
    }
    return NULL;
}

START_TEST(threads_save_and_load_one_model)
{
    struct model m;
    pthread_t threads[THREADS];
    struct saver *savers = test_alloc(THREADS, sizeof *savers);
    make_model(&m, 6);
    float *expected = test_floats(N * DATA);
    LEBM_ASSERT_OK(lebm_generator_decode(m.generator, m.z, N, expected));
    for (int t = 0; t < THREADS; t++) {
        savers[t].model = &m;
        ck_assert_int_eq(pthread_create(&threads[t], NULL, save_and_load, &savers[t]), 0);
    }
    for (int t = 0; t < THREADS; t++) ck_assert_int_eq(pthread_join(threads[t], NULL), 0);
    for (int t = 0; t < THREADS; t++) {
        LEBM_ASSERT_MSG(savers[t].status == LEBM_OK, "thread %d: %s", t, lebm_status_name(savers[t].status));
        LEBM_ASSERT_SAME_BITS(savers[t].decoded, expected, N * DATA);
    }
    free(expected);
    free(savers);
    free_model(&m);
}
END_TEST

/* ---- errors ---- */

static atomic_int stop;

/* Fail again and again; the number of texts that were not this thread's. */
static void *fail_often(void *argument)
{
    const int size = (int)(intptr_t)argument;
    intptr_t wrong = 0;
    char expected[32];
    snprintf(expected, sizeof expected, "%d", -size);
    while (!stop) {
        lebm_net *net;
        if (lebm_net_create(&net, -size) != LEBM_ERR_RANGE || !strstr(lebm_last_error(), expected)) wrong++;
    }
    return (void *)wrong;
}

/* ---- what is not allowed, and yet must not spoil anything: a call finds the net its own, or says that it is not ---- */

enum { ADDED = 300 };

static void *add_layers(void *net)
{
    int64_t added = 0;
    for (int64_t width = 1; added < ADDED; width = width % 7 + 1) {
        const int status = lebm_net_add_linear(net, width, 1);
        LEBM_ASSERT_MSG(status == LEBM_OK || status == LEBM_ERR_STATE, "status %d", status);
        added += status == LEBM_OK;
    }
    return NULL;
}

START_TEST(threads_add_layers_one_at_a_time)
{
    lebm_net *net, *same;
    pthread_t other;
    LEBM_ASSERT_OK(lebm_net_create(&net, 3));
    ck_assert_int_eq(pthread_create(&other, NULL, add_layers, net), 0);
    add_layers(net);
    ck_assert_int_eq(pthread_join(other, NULL), 0);
    ck_assert_int_eq(lebm_net_layer_count(net), 2 * ADDED);
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&same, lebm_net_spec(net)));
    ck_assert_int_eq(lebm_net_param_total(net), lebm_net_param_total(same)); /* each fits the one before */
    lebm_net_destroy(net);
    lebm_net_destroy(same);
}
END_TEST

struct setter {
    lebm_net *net;
    atomic_int stop;
};

/* All weights are one number, and then another one. */
static void *set_over_and_over(void *user)
{
    enum { SIZE = 300 * 300 };
    struct setter *s = user;
    float *weights = test_floats(SIZE);
    for (float value = 1; !atomic_load(&s->stop); value = value < 1000 ? value + 1 : 1) {
        for (int i = 0; i < SIZE; i++) weights[i] = value;
        const int status = lebm_net_set_param(s->net, 0, weights, SIZE);
        LEBM_ASSERT_MSG(status == LEBM_OK || status == LEBM_ERR_STATE, "status %d", status);
    }
    free(weights);
    return NULL;
}

START_TEST(what_is_read_during_changes_is_of_one_state)
{
    enum { SIZE = 300 * 300, READS = 200 };
    pthread_t other;
    struct setter s = {.stop = 0};
    float *weights = test_floats(SIZE);
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&s.net, "in 300; linear 300 nobias"));
    ck_assert_int_eq(pthread_create(&other, NULL, set_over_and_over, &s), 0);
    for (int i = 0; i < READS; i++) {
        const int status = lebm_net_get_param(s.net, 0, weights, SIZE);
        LEBM_ASSERT_MSG(status == LEBM_OK || status == LEBM_ERR_STATE, "status %d", status);
        for (int k = 1; k < SIZE && status == LEBM_OK; k++) ck_assert_float_eq(weights[k], weights[0]);
    }
    atomic_store(&s.stop, 1);
    ck_assert_int_eq(pthread_join(other, NULL), 0);
    free(weights);
    lebm_net_destroy(s.net);
}
END_TEST

static void *add_layers_and_stop(void *net)
{
    add_layers(net);
    stop = 1;
    return NULL;
}

START_TEST(tensors_are_read_and_set_while_layers_are_added)
{
    lebm_net *net;
    pthread_t other;
    float weight[6] = {1, 2, 3, 4, 5, 6}, read[6] = {0};
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&net, "in 3; linear 2"));
    LEBM_ASSERT_OK(lebm_net_set_param(net, 0, weight, 6));
    stop = 0;
    ck_assert_int_eq(pthread_create(&other, NULL, add_layers_and_stop, net), 0);
    while (!stop) {
        const int status = lebm_net_get_param(net, 0, read, 6);
        LEBM_ASSERT_MSG(status == LEBM_OK || status == LEBM_ERR_STATE, "status %d", status);
        if (status == LEBM_OK) LEBM_ASSERT_SAME_BITS(read, weight, 6);
        const int set = lebm_net_set_param(net, 0, weight, 6);
        LEBM_ASSERT_MSG(set == LEBM_OK || set == LEBM_ERR_STATE, "status %d", set);
    }
    ck_assert_int_eq(pthread_join(other, NULL), 0);
    lebm_net_destroy(net);
}
END_TEST

START_TEST(a_net_that_grows_becomes_no_prior_of_several_outputs)
{
    for (int round = 0; round < 20; round++) {
        lebm_net *net;
        pthread_t other;
        LEBM_ASSERT_OK(lebm_net_create(&net, 1));
        stop = 0;
        ck_assert_int_eq(pthread_create(&other, NULL, add_layers_and_stop, net), 0);
        while (!stop) {
            lebm_prior *prior;
            const int status = lebm_prior_create(&prior, net, 1);
            if (status == LEBM_OK) ck_assert_int_eq(lebm_net_out_features(net), 1);
            LEBM_ASSERT_MSG(status == LEBM_OK || status == LEBM_ERR_STATE || status == LEBM_ERR_SHAPE, "%d", status);
            lebm_prior_destroy(prior);
        }
        ck_assert_int_eq(pthread_join(other, NULL), 0);
        lebm_net_destroy(net);
    }
}
END_TEST

/* Save a model, run chains of it, and save its training. */
static void *use_often(void *meeting)
{
    struct meeting *m = meeting;
    float z[3 * LATENT];
    for (int i = 0; i < 30; i++) {
        const int statuses[] = {lebm_model_save(path, m->model->prior, m->model->generator),
                                lebm_sampler_run_prior(m->sampler, m->model->prior, 3, z),
                                lebm_trainer_save(m->trainer, path)};
        for (int k = 0; k < 3; k++) m->others += statuses[k] != LEBM_OK && statuses[k] != LEBM_ERR_STATE;
    }
    stop = 1;
    return NULL;
}

START_TEST(a_model_is_used_while_it_is_set)
{
    struct model model;
    struct meeting m = {.model = &model};
    pthread_t other;
    make_model(&model, 10);
    lebm_net *g = lebm_generator_net(model.generator), *f = lebm_prior_net(model.prior);
    const int64_t size = lebm_net_param_size(f, 0);
    float *weight = test_floats(size);
    LEBM_ASSERT_OK(lebm_sampler_create(&m.sampler, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(m.sampler, LEBM_SAMPLER_STEPS, 1));
    LEBM_ASSERT_OK(lebm_trainer_create(&m.trainer, model.prior, model.generator, m.sampler, m.sampler));
    stop = 0;
    ck_assert_int_eq(pthread_create(&other, NULL, use_often, &m), 0);
    while (!stop) {
        const int statuses[] = {lebm_net_set_param(f, 0, weight, size), lebm_net_init(g, LEBM_INIT_PYTORCH, 1)};
        for (int k = 0; k < 2; k++) LEBM_ASSERT_MSG(statuses[k] == LEBM_OK || statuses[k] == LEBM_ERR_STATE, "%d", k);
    }
    ck_assert_int_eq(pthread_join(other, NULL), 0);
    ck_assert_int_eq(m.others, 0);
    free(weight);
    lebm_trainer_destroy(m.trainer);
    lebm_sampler_destroy(m.sampler);
    free_model(&model);
}
END_TEST

START_TEST(errors_of_others_do_not_disturb)
{
    pthread_t threads[2];
    struct model m;
    make_model(&m, 7);
    float *expected = expect(&m);
    stop = 0;
    for (int t = 0; t < 2; t++)
        ck_assert_int_eq(pthread_create(&threads[t], NULL, fail_often, (void *)(intptr_t)(1111 * (t + 1))), 0);
    assert_all_right(&m, expected, 0, 1, JOBS);
    stop = 1;
    for (int t = 0; t < 2; t++) {
        void *wrong;
        ck_assert_int_eq(pthread_join(threads[t], &wrong), 0);
        LEBM_ASSERT_MSG(!wrong, "thread %d saw %lld errors that were not its own", t, (long long)(intptr_t)wrong);
    }
    ck_assert_str_eq(lebm_last_error(), "");
    free(expected);
    free_model(&m);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("concurrency");
    TCase *shared = tcase_create("shared");
    tcase_set_timeout(shared, 30);
    tcase_add_test(shared, threads_share_a_model);
    tcase_add_loop_test(shared, the_first_use_after_a_change_may_be_anyones, 0, JOBS);
    tcase_add_test(shared, the_first_use_of_a_model_may_be_anyones);
    tcase_add_test(shared, errors_of_others_do_not_disturb); /* before those that make this thread meet errors */
    tcase_add_test(shared, threads_add_layers_one_at_a_time);
    tcase_add_test(shared, what_is_read_during_changes_is_of_one_state);
    tcase_add_test(shared, tensors_are_read_and_set_while_layers_are_added);
    tcase_add_test(shared, a_net_that_grows_becomes_no_prior_of_several_outputs);
    suite_add_tcase(suite, shared);

    TCase *files = tcase_create("files");
    tcase_add_checked_fixture(files, make_folder_in_memory, remove_folder);
    tcase_set_timeout(files, 30);
    tcase_add_test(files, threads_save_and_load_one_model);
    tcase_add_test(files, a_model_is_used_while_it_is_set);
    suite_add_tcase(suite, files);

    TCase *apart = tcase_create("apart");
    tcase_set_timeout(apart, 30);
    tcase_add_test(apart, threads_learn_side_by_side);
    tcase_add_loop_test(apart, threads_that_meet_at_one_handle_take_turns, 0, 2);
    tcase_add_test(apart, a_trainer_releases_nobody_elses_claim);
    suite_add_tcase(suite, apart);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
