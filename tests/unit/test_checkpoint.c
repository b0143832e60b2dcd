/* Checkpoints: training goes on from one to the bit, and one that does not fit changes nothing. */
#include <errno.h>

#include "lebm.h"
#include "support/approx.h"
#include "support/failing.h"
#include "support/files.h"
#include "support/nets.h"
#include "train/trainer.h"

enum { LATENT = 3, DATA = 5, BATCH = 7 };

static const char f_spec[] = "in 3; linear 4; gelu; linear 1";
static const char g_spec[] = "in 3; conv_transpose2d 2 2 1 0; leaky_relu 0.2; reshape 8; linear 5; tanh";

/* ---- Trainings ---- */

typedef struct {
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_sampler *to_prior, *to_posterior; /* may be the same */
    lebm_trainer *trainer;
} training;

static training make_training(const char *f, const char *g, double sigma0, const char *likelihood, double sigma)
{
    training t;
    t.prior = make_prior(make_net(f, 1), sigma0);
    t.generator = make_generator(make_net(g, 2), likelihood, sigma);
    LEBM_ASSERT_OK(lebm_sampler_create(&t.to_prior, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_sampler_create(&t.to_posterior, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_trainer_create(&t.trainer, t.prior, t.generator, t.to_prior, t.to_posterior));
    LEBM_ASSERT_OK(lebm_trainer_set_i64(t.trainer, LEBM_TRAINER_THREADS, 1));
    return t;
}

static training make_standard(void)
{
    return make_training(f_spec, g_spec, 1, LEBM_GAUSSIAN, 0.3);
}

/* The same with one sampler in both roles. */
static training make_shared(void)
{
    training t = make_standard();
    lebm_trainer_destroy(t.trainer);
    lebm_sampler_destroy(t.to_posterior);
    t.to_posterior = t.to_prior;
    LEBM_ASSERT_OK(lebm_trainer_create(&t.trainer, t.prior, t.generator, t.to_prior, t.to_posterior));
    return t;
}

static void free_training(training *t)
{
    lebm_trainer_destroy(t->trainer);
    lebm_prior_destroy(t->prior);
    lebm_generator_destroy(t->generator);
    if (t->to_posterior != t->to_prior) lebm_sampler_destroy(t->to_posterior);
    lebm_sampler_destroy(t->to_prior);
}

/* No option at its default. */
static void set_options(training *t)
{
    LEBM_ASSERT_OK(lebm_sampler_set_i64(t->to_prior, LEBM_SAMPLER_STEPS, 6));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(t->to_prior, LEBM_SAMPLER_STEP_SIZE, 0.1 + 0.2));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(t->to_posterior, LEBM_SAMPLER_STEPS, 5));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(t->to_posterior, LEBM_SAMPLER_STEP_SIZE, 0.01));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(t->to_posterior, LEBM_SAMPLER_START_STD, 0.7));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(t->to_posterior, LEBM_SAMPLER_SEED, 77));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(t->to_posterior, LEBM_SAMPLER_DIVERGENCE_THRESHOLD, 123));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(t->trainer, LEBM_TRAINER_DIVERGENCE_THRESHOLD, 456));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(t->trainer, LEBM_TRAINER_PRIOR_LEARNING_RATE, 1e-2));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(t->trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 1e-3));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(t->trainer, LEBM_TRAINER_BETA1, 0.6));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(t->trainer, LEBM_TRAINER_BETA2, 0.99));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(t->trainer, LEBM_TRAINER_EPSILON, 1e-7));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(t->trainer, LEBM_TRAINER_DECAY_PER_EPOCH, 0.9));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(t->trainer, LEBM_TRAINER_PRIOR_WEIGHT_DECAY, 0.01));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(t->trainer, LEBM_TRAINER_GENERATOR_WEIGHT_DECAY, 0.02));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(t->trainer, LEBM_TRAINER_PRIOR_CLIP_NORM, 0.5));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(t->trainer, LEBM_TRAINER_GENERATOR_CLIP_NORM, 5));
    LEBM_ASSERT_OK(lebm_trainer_set_i64(t->trainer, LEBM_TRAINER_SEED, INT64_MAX - 1));
    LEBM_ASSERT_OK(lebm_trainer_set_str(t->trainer, LEBM_TRAINER_NOTE, "\"h\xc3\xa9\"\\u0000\n, \\"));
}

/* Two steps on a batch of their own, and the end of an epoch. */
static void train(training *t)
{
    for (int i = 0; i < 2; i++) {
        float *x = test_random_floats(BATCH * DATA, -1, 1, 100 + (uint64_t)lebm_trainer_steps_done(t->trainer));
        LEBM_ASSERT_OK(lebm_trainer_step(t->trainer, x, BATCH));
        free(x);
    }
    LEBM_ASSERT_OK(lebm_trainer_end_epoch(t->trainer));
}

/* The same of a training that keeps chains and averages: of OBSERVATIONS, and each step has others. */
enum { OBSERVATIONS = 10 };

static training make_keeping(void)
{
    training t = make_standard();
    set_options(&t);
    LEBM_ASSERT_OK(lebm_trainer_set_str(t.trainer, LEBM_TRAINER_POSTERIOR_CHAINS, "kept"));
    LEBM_ASSERT_OK(lebm_trainer_set_i64(t.trainer, LEBM_TRAINER_OBSERVATIONS, OBSERVATIONS));
    LEBM_ASSERT_OK(lebm_trainer_set_i64(t.trainer, LEBM_TRAINER_FIRST_VISIT_STEPS, 8));
    LEBM_ASSERT_OK(lebm_trainer_set_str(t.trainer, LEBM_TRAINER_PRIOR_CHAINS, "kept"));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(t.trainer, LEBM_TRAINER_PRIOR_RENEWAL, 0.25));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(t.trainer, LEBM_TRAINER_AVERAGE_DECAY, 0.95));
    return t;
}

static void train_keeping(training *t, int steps)
{
    for (int i = 0; i < steps; i++) {
        const int64_t done = lebm_trainer_steps_done(t->trainer);
        int64_t ids[BATCH];
        for (int64_t k = 0; k < BATCH; k++) ids[k] = (k * 3 + done) % OBSERVATIONS;
        float *x = test_random_floats(BATCH * DATA, -1, 1, 100 + (uint64_t)done);
        LEBM_ASSERT_OK(lebm_trainer_step_of(t->trainer, x, ids, BATCH - done % 3));
        free(x);
    }
}

static void save_keeping(int steps)
{
    training t = make_keeping();
    train_keeping(&t, steps);
    LEBM_ASSERT_OK(lebm_trainer_save(t.trainer, path));
    free_training(&t);
}

/* A checkpoint of a training that had begun. */
static void save_checkpoint(void)
{
    training t = make_standard();
    set_options(&t);
    train(&t);
    LEBM_ASSERT_OK(lebm_trainer_save(t.trainer, path));
    free_training(&t);
}

/* All that a trainer is, as the bytes of its checkpoint; freed by the caller. */
static unsigned char *state_of(const training *t, size_t *size)
{
    LEBM_ASSERT_OK(lebm_trainer_save(t->trainer, other_path));
    return read_bytes(other_path, size);
}

static void assert_state(const training *t, const unsigned char *expected, size_t size)
{
    LEBM_ASSERT_OK(lebm_trainer_save(t->trainer, other_path));
    assert_bytes(other_path, expected, size);
}

static void assert_same_state(const training *a, const training *b)
{
    size_t size;
    unsigned char *state = state_of(b, &size);
    assert_state(a, state, size);
    free(state);
}

/* Fails unless loading the file fails with `status`, names the file and `error`, and leaves the training as it was. */
static void assert_refused(training *t, int status, const char *error)
{
    size_t size;
    unsigned char *before = state_of(t, &size);
    LEBM_ASSERT_STATUS(lebm_trainer_load(t->trainer, path), status);
    LEBM_ASSERT_ERROR_NAMES(path);
    LEBM_ASSERT_ERROR_NAMES(error);
    assert_state(t, before, size);
    free(before);
}

/* ---- Resuming ---- */

START_TEST(goes_on_to_the_bit)
{
    training whole = make_standard(), first = make_standard(), second = make_standard();
    set_options(&whole);
    set_options(&first);
    train(&whole);
    train(&whole);
    train(&first);
    LEBM_ASSERT_OK(lebm_trainer_save(first.trainer, path));
    LEBM_ASSERT_OK(lebm_trainer_set_i64(second.trainer, LEBM_TRAINER_THREADS, 3));
    LEBM_ASSERT_OK(lebm_trainer_load(second.trainer, path));
    assert_same_state(&first, &second);
    ck_assert_int_eq(lebm_trainer_steps_done(second.trainer), 2);
    ck_assert_int_eq(lebm_trainer_epochs_done(second.trainer), 1);
    train(&second);
    assert_same_nets(lebm_prior_net(whole.prior), lebm_prior_net(second.prior));
    assert_same_nets(lebm_generator_net(whole.generator), lebm_generator_net(second.generator));
    assert_same_state(&whole, &second);
    free_training(&whole);
    free_training(&first);
    free_training(&second);
}
END_TEST

START_TEST(goes_on_with_chains_and_averages_to_the_bit) /* _i: steps before */
{
    training whole = make_keeping(), second = make_standard();
    lebm_prior *prior[2];
    lebm_generator *generator[2];
    train_keeping(&whole, _i + 3);
    save_keeping(_i);
    LEBM_ASSERT_OK(lebm_trainer_set_i64(second.trainer, LEBM_TRAINER_THREADS, 3));
    LEBM_ASSERT_OK(lebm_trainer_load(second.trainer, path));
    train_keeping(&second, 3);
    assert_same_nets(lebm_prior_net(whole.prior), lebm_prior_net(second.prior));
    assert_same_nets(lebm_generator_net(whole.generator), lebm_generator_net(second.generator));
    assert_same_state(&whole, &second);
    LEBM_ASSERT_OK(lebm_trainer_average(whole.trainer, &prior[0], &generator[0]));
    LEBM_ASSERT_OK(lebm_trainer_average(second.trainer, &prior[1], &generator[1]));
    assert_same_nets(lebm_prior_net(prior[0]), lebm_prior_net(prior[1]));
    assert_same_nets(lebm_generator_net(generator[0]), lebm_generator_net(generator[1]));
    for (int i = 0; i < 2; i++) {
        lebm_prior_destroy(prior[i]);
        lebm_generator_destroy(generator[i]);
    }
    free_training(&whole);
    free_training(&second);
}
END_TEST

/* A file of before has no chains and no averages: all chains are fresh again, and if they are to be kept nobody was visited
 * yet. */
START_TEST(forgets_chains_that_the_file_has_not)
{
    training t = make_keeping(), same = make_standard();
    lebm_prior *prior;
    lebm_generator *generator;
    const char *chains;
    save_checkpoint();
    train_keeping(&t, 2);
    ck_assert_int_eq(t.trainer->kept_posterior.count, OBSERVATIONS);
    LEBM_ASSERT_OK(lebm_trainer_load(t.trainer, path));
    LEBM_ASSERT_OK(lebm_trainer_load(same.trainer, path));
    LEBM_ASSERT_OK(lebm_trainer_get_str(t.trainer, LEBM_TRAINER_POSTERIOR_CHAINS, &chains));
    ck_assert_str_eq(chains, "fresh");
    LEBM_ASSERT_STATUS(lebm_trainer_average(t.trainer, &prior, &generator), LEBM_ERR_STATE);
    assert_same_state(&t, &same);
    LEBM_ASSERT_OK(lebm_trainer_set_str(t.trainer, LEBM_TRAINER_POSTERIOR_CHAINS, "kept"));
    LEBM_ASSERT_OK(lebm_trainer_set_i64(t.trainer, LEBM_TRAINER_OBSERVATIONS, OBSERVATIONS));
    train_keeping(&t, 1);
    int64_t visited = 0;
    for (int i = 0; i < OBSERVATIONS; i++) visited += t.trainer->kept_posterior.visited[i] == 1;
    ck_assert_int_eq(visited, BATCH - 2);
    free_training(&t);
    free_training(&same);
}
END_TEST

/* The trainer that saved has gone on since: loading takes it back. */
START_TEST(goes_back)
{
    training t = make_standard(), same = make_standard();
    float *z = test_normal_floats(lebm_generator_latent_size(t.generator), 1, 1), saved[DATA], x[DATA];
    set_options(&t);
    train(&t);
    LEBM_ASSERT_OK(lebm_trainer_save(t.trainer, path));
    LEBM_ASSERT_OK(lebm_generator_decode(t.generator, z, 1, saved));
    train(&t);
    LEBM_ASSERT_OK(lebm_generator_decode(t.generator, z, 1, x)); /* by what is loaded over next */
    ck_assert_mem_ne(x, saved, sizeof saved);
    LEBM_ASSERT_OK(lebm_trainer_load(t.trainer, path));
    LEBM_ASSERT_OK(lebm_generator_decode(t.generator, z, 1, x));
    LEBM_ASSERT_SAME_BITS(x, saved, DATA);
    LEBM_ASSERT_OK(lebm_trainer_load(same.trainer, path));
    assert_same_state(&t, &same);
    train(&t);
    train(&same);
    assert_same_state(&t, &same);
    free(z);
    free_training(&t);
    free_training(&same);
}
END_TEST

START_TEST(restores_options_but_threads)
{
    training t = make_standard();
    int64_t i64;
    double f64;
    const char *text;
    save_checkpoint();
    LEBM_ASSERT_OK(lebm_trainer_set_i64(t.trainer, LEBM_TRAINER_THREADS, 5));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(t.to_prior, LEBM_SAMPLER_THREADS, 6));
    LEBM_ASSERT_OK(lebm_trainer_load(t.trainer, path));
    LEBM_ASSERT_OK(lebm_trainer_get_i64(t.trainer, LEBM_TRAINER_THREADS, &i64));
    ck_assert_int_eq(i64, 5);
    LEBM_ASSERT_OK(lebm_sampler_get_i64(t.to_prior, LEBM_SAMPLER_THREADS, &i64));
    ck_assert_int_eq(i64, 6);
    LEBM_ASSERT_OK(lebm_trainer_get_i64(t.trainer, LEBM_TRAINER_SEED, &i64));
    ck_assert_int_eq(i64, INT64_MAX - 1);
    LEBM_ASSERT_OK(lebm_trainer_get_f64(t.trainer, LEBM_TRAINER_EPSILON, &f64));
    ck_assert_double_eq(f64, 1e-7);
    LEBM_ASSERT_OK(lebm_trainer_get_str(t.trainer, LEBM_TRAINER_NOTE, &text));
    ck_assert_str_eq(text, "\"h\xc3\xa9\"\\u0000\n, \\");
    LEBM_ASSERT_OK(lebm_sampler_get_f64(t.to_prior, LEBM_SAMPLER_STEP_SIZE, &f64));
    ck_assert_double_eq(f64, 0.1 + 0.2);
    LEBM_ASSERT_OK(lebm_sampler_get_i64(t.to_posterior, LEBM_SAMPLER_SEED, &i64));
    ck_assert_int_eq(i64, 77);
    free_training(&t);
}
END_TEST

static void count_texts(const char *group, int expected)
{
    size_t size;
    int count = 0;
    unsigned char *bytes = read_bytes(path, &size);
    for (const char *at = (char *)bytes + 8; (at = strstr(at, group)) != NULL; at++) count++;
    ck_assert_int_eq(count, expected);
    free(bytes);
}

/* What a file does not say is at its file default, whatever the trainer that reads it was set to. */
START_TEST(keeps_only_what_differs)
{
    training t = make_standard(), other = make_standard();
    set_options(&other);
    LEBM_ASSERT_OK(lebm_trainer_save(t.trainer, path));
    count_texts("\"trainer.", 2);  /* the steps and epochs done */
    count_texts("\"to_prior.", 1); /* the kernel */
    count_texts("\"to_posterior.", 1);
    LEBM_ASSERT_OK(lebm_trainer_load(other.trainer, path));
    assert_same_state(&t, &other);
    LEBM_ASSERT_OK(lebm_trainer_set_f64(t.trainer, LEBM_TRAINER_PRIOR_CLIP_NORM, -0.0));
    LEBM_ASSERT_OK(lebm_trainer_save(t.trainer, path));
    count_texts("\"trainer.", 3); /* to the bit */
    free_training(&t);
    free_training(&other);
}
END_TEST

START_TEST(forgets_metrics_of_before)
{
    training t = make_standard();
    double value;
    save_checkpoint();
    train(&t);
    LEBM_ASSERT_OK(lebm_trainer_metric(t.trainer, LEBM_TRAINER_F_GAP, &value));
    LEBM_ASSERT_OK(lebm_trainer_load(t.trainer, path));
    LEBM_ASSERT_STATUS(lebm_trainer_metric(t.trainer, LEBM_TRAINER_F_GAP, &value), LEBM_ERR_STATE);
    train(&t);
    LEBM_ASSERT_OK(lebm_trainer_metric(t.trainer, LEBM_TRAINER_F_GAP, &value));
    free_training(&t);
}
END_TEST

START_TEST(saves_before_the_first_step)
{
    training a = make_standard(), b = make_standard();
    set_options(&a);
    LEBM_ASSERT_OK(lebm_trainer_save(a.trainer, path));
    LEBM_ASSERT_OK(lebm_trainer_load(b.trainer, path));
    train(&a);
    train(&b);
    assert_same_state(&a, &b);
    free_training(&a);
    free_training(&b);
}
END_TEST

START_TEST(works_without_parameters)
{
    training a = make_training("in 1", "in 1", 1, LEBM_GAUSSIAN, 1);
    training b = make_training("in 1", "in 1", 1, LEBM_GAUSSIAN, 1);
    set_options(&a);
    LEBM_ASSERT_OK(lebm_trainer_save(a.trainer, path));
    LEBM_ASSERT_OK(lebm_trainer_load(b.trainer, path));
    assert_same_state(&a, &b);
    free_training(&a);
    free_training(&b);
}
END_TEST

START_TEST(is_a_model_file)
{
    training t = make_standard();
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_sampler *sampler;
    train(&t);
    LEBM_ASSERT_OK(lebm_trainer_save(t.trainer, path));
    LEBM_ASSERT_OK(lebm_model_load(path, &prior, &generator));
    assert_same_nets(lebm_prior_net(t.prior), lebm_prior_net(prior));
    assert_same_nets(lebm_generator_net(t.generator), lebm_generator_net(generator));
    LEBM_ASSERT_OK(lebm_model_load_sampler(path, LEBM_TO_POSTERIOR, &sampler));
    lebm_sampler_destroy(sampler);
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
    free_training(&t);
}
END_TEST

/* One sampler for both roles. */
START_TEST(serves_a_shared_sampler)
{
    training two = make_standard(), one = make_shared(), again = make_shared();
    LEBM_ASSERT_OK(lebm_sampler_set_i64(one.to_prior, LEBM_SAMPLER_STEPS, 9));
    LEBM_ASSERT_OK(lebm_trainer_save(one.trainer, path));
    LEBM_ASSERT_OK(lebm_trainer_load(again.trainer, path));
    assert_same_state(&one, &again);
    LEBM_ASSERT_OK(lebm_trainer_load(two.trainer, path));
    assert_same_state(&one, &two);
    LEBM_ASSERT_OK(lebm_sampler_set_i64(two.to_prior, LEBM_SAMPLER_STEPS, 8));
    LEBM_ASSERT_OK(lebm_trainer_save(two.trainer, path));
    assert_refused(&one, LEBM_ERR_SHAPE, "'steps' (8, 9)");
    free_training(&two);
    free_training(&one);
    free_training(&again);
}
END_TEST

/* ---- Refusing ---- */

static const struct {
    const char *f, *g;
    double sigma0;
    const char *likelihood;
    double sigma;
    const char *error;
} others[] = {
    {"in 3; linear 5; gelu; linear 1", g_spec, 1, LEBM_GAUSSIAN, 0.3, "linear 5; gelu"},
    {"in 3; linear 4; silu; linear 1", g_spec, 1, LEBM_GAUSSIAN, 0.3, "f.spec"}, /* the same tensors */
    {f_spec, "in 3; linear 5", 1, LEBM_GAUSSIAN, 0.3, "g.spec"},
    {"in 2; linear 1", "in 2; linear 5", 1, LEBM_GAUSSIAN, 0.3, "f.spec"},
    {f_spec, g_spec, 1.5, LEBM_GAUSSIAN, 0.3, "sigma0 is 1, but the trainer's is 1.5"},
    {f_spec, g_spec, 1, LEBM_GAUSSIAN, 0.25, "sigma is 0.3, but the trainer's is 0.25"},
    {f_spec, g_spec, 1, LEBM_BERNOULLI, 0, "bernoulli"},
};

START_TEST(refuses_another_architecture)
{
    training t = make_training(others[_i].f, others[_i].g, others[_i].sigma0, others[_i].likelihood, others[_i].sigma);
    save_checkpoint();
    assert_refused(&t, LEBM_ERR_SHAPE, others[_i].error);
    free_training(&t);
}
END_TEST

static const struct {
    const char *from, *to;
    int status;
    const char *error;
} edits[] = {
    {"\"format_version\":\"1\"", "\"format_version\":\"2\"", LEBM_ERR_VERSION, "format_version"},
    {"\"to_prior.kernel\":\"langevin\"", "\"to_prior.kernel\":\"x\"", LEBM_ERR_SHAPE, "'x'"},
    {"\"to_prior.kernel\":\"langevin\"", "\"x\":\"\"", LEBM_ERR_FORMAT, "'to_prior.kernel' is missing"},
    {"\"to_prior.kernel\":\"langevin\"", "\"to_prior.kernel\":\"x\",\"to_prior.y\":\"2\"", LEBM_ERR_VERSION,
     "'to_prior.y' is unknown"}, /* which explains the kernel */
    {"\"to_prior.steps\":\"6\"", "\"to_prior.steps\":\"0\"", LEBM_ERR_FORMAT, "steps"},
    {"\"to_posterior.steps\":\"5\"", "\"to_posterior.steps\":\"5.0\"", LEBM_ERR_FORMAT, "'5.0'"},
    {"\"trainer.beta1\":\"0.6\"", "\"trainer.beta1\":\"1\"", LEBM_ERR_FORMAT, "beta1"},
    {"\"trainer.beta1\":\"0.6\"", "\"trainer.beta3\":\"0.6\"", LEBM_ERR_VERSION, "'trainer.beta3' is unknown"},
    {"\"trainer.beta1\":\"0.6\"", "\"trainer.threads\":\"1\"", LEBM_ERR_VERSION, "'trainer.threads' is unknown"},
    {"\"trainer.beta1\":\"0.6\"", "\"to_posterior.beta1\":\"1\"", LEBM_ERR_VERSION, "'to_posterior.beta1' is unknown"},
    {"\"trainer.beta1\":\"0.6\"", "\"g.beta1\":\"1\"", LEBM_ERR_VERSION, "'g.beta1' is unknown"},
    {"\"trainer.beta1\":\"0.6\"", "\"adam.h.steps\":\"1\"", LEBM_ERR_VERSION, "'adam.h.steps' is unknown"},
    {"\"trainer.seed\":\"9223372036854775806\"", "\"trainer.seed\":\"9223372036854775808\"", LEBM_ERR_FORMAT, "seed"},
    {"\"trainer.seed\":\"9223372036854775806\"", "\"trainer.seed\":\"-1\"", LEBM_ERR_FORMAT, "seed"},
    {"\"trainer.steps_done\":\"2\"", "\"trainer.steps_done\":\"-2\"", LEBM_ERR_FORMAT, "steps_done is -2"},
    {"\"trainer.steps_done\":\"2\"", "\"trainer.steps_done\":\"9223372036854775807\"", LEBM_ERR_FORMAT, "steps_done"},
    {"\"trainer.steps_done\":\"2\"", "\"x\":\"2\"", LEBM_ERR_FORMAT, "not a checkpoint"},
    {"\"trainer.epochs_done\":\"1\"", "\"trainer.epochs_done\":\"\"", LEBM_ERR_FORMAT, "epochs_done"},
    {"\"adam.f.steps\":\"2\"", "\"adam.f.steps\":\"-1\"", LEBM_ERR_FORMAT, "adam.f.steps"},
    {"\"adam.g.steps\":\"2\"", "\"x\":\"2\"", LEBM_ERR_FORMAT, "'adam.g.steps' is missing"},
    {"\"adam.m.f.0.weight\"", "\"adam.m.f.0.wait\"", LEBM_ERR_FORMAT, "'adam.m.f.0.weight' is missing"},
    {"\"adam.v.g.3.bias\"", "\"adam.v.g.3.bios\"", LEBM_ERR_FORMAT, "'adam.v.g.3.bias' is missing"},
    {"\"f.0.weight\"", "\"f.0.wait\"", LEBM_ERR_FORMAT, "'f.0.weight' is missing, which a net of the spec"},
    {"\"g.0.weight\":{\"dtype\":\"F32\",\"shape\":[3,2,2,2]", "\"g.0.weight\":{\"dtype\":\"F32\",\"shape\":[2,3,2,2]",
     LEBM_ERR_FORMAT, "'g.0.weight' is of shape [2,3,2,2]; needed is [3,2,2,2]"},
    {"\"f.0.bias\"", "\"f.9.bias\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},\"f.0.bias\"",
     LEBM_ERR_FORMAT, "has no tensor 'f.9.bias'"},
    {"\"adam.v.g.3.bias\":{\"dtype\":\"F32\"", "\"adam.v.g.3.bias\":{\"dtype\":\"I32\"", LEBM_ERR_UNSUPPORTED, "I32"},
};

START_TEST(refuses_edited_checkpoints)
{
    training t = make_standard();
    train(&t);
    save_checkpoint();
    edit_header(edits[_i].from, edits[_i].to);
    assert_refused(&t, edits[_i].status, edits[_i].error);
    free_training(&t);
}
END_TEST

static const struct {
    const char *from, *to;
    int status;
    const char *error;
} keeping_edits[] = {
    {"\"trainer.posterior_chains\":\"kept\"", "\"trainer.posterior_chains\":\"kep\"", LEBM_ERR_FORMAT,
     "posterior_chains"},
    {"\"trainer.observations\":\"10\"", "\"trainer.observations\":\"-1\"", LEBM_ERR_FORMAT, "observations"},
    {"\"trainer.average_decay\":\"0.95\"", "\"trainer.average_decay\":\"1\"", LEBM_ERR_FORMAT, "average_decay"},
    {"\"trainer.prior_renewal\":\"0.25\"", "\"trainer.prior_renewal\":\"1.5\"", LEBM_ERR_FORMAT, "prior_renewal"},
    {"\"average.updates\":\"2\"", "\"average.updates\":\"-2\"", LEBM_ERR_FORMAT, "average.updates is -2"},
    {"\"average.updates\":\"2\"", "\"average.updates\":\"9223372036854775807\"", LEBM_ERR_FORMAT, "average.updates"},
    {"\"average.updates\":\"2\"", "\"average.steps\":\"2\"", LEBM_ERR_VERSION, "'average.steps' is unknown"},
    {"\"average.f.0.weight\"", "\"average.f.0.wait\"", LEBM_ERR_FORMAT, "'average.f.0.weight' is missing"},
    {"\"average.g.3.bias\"", "\"average.g.3.bios\"", LEBM_ERR_FORMAT, "'average.g.3.bias' is missing"},
    {"\"f.0.weight\"", "\"f.0.wait\"", LEBM_ERR_FORMAT, "'f.0.weight' is missing, which a net of the spec"},
    {"\"chains.visited\"", "\"chains.visits\"", LEBM_ERR_FORMAT, "chains.visited"},
    {"\"chains.visited\":{\"dtype\":\"F32\",\"shape\":[10]", "\"chains.visited\":{\"dtype\":\"F32\",\"shape\":[2,5]",
     LEBM_ERR_FORMAT, "'chains.visited' is of shape [2,5]; needed is [10]"},
    {"\"chains.posterior\":{\"dtype\":\"F32\",\"shape\":[10,3]",
     "\"chains.posterior\":{\"dtype\":\"F32\",\"shape\":[3,10]", LEBM_ERR_FORMAT,
     "'chains.posterior' is of shape [3,10]; needed is [10,3]"},
    {"\"chains.posterior\":{\"dtype\":\"F32\"", "\"chains.posterior\":{\"dtype\":\"I32\"", LEBM_ERR_UNSUPPORTED, "I32"},
    {"\"chains.prior\":{\"dtype\":\"F32\",\"shape\":[7,3]", "\"chains.prior\":{\"dtype\":\"F32\",\"shape\":[21]",
     LEBM_ERR_FORMAT, "'chains.prior' is of shape [21]; needed is [7,3]"},
};

START_TEST(refuses_edited_chains_and_averages)
{
    training t = make_keeping();
    train_keeping(&t, 1);
    save_keeping(2);
    edit_header(keeping_edits[_i].from, keeping_edits[_i].to);
    assert_refused(&t, keeping_edits[_i].status, keeping_edits[_i].error);
    free_training(&t);
}
END_TEST

/* A file with chains whose last tensors are short of a chain, or empty. */
START_TEST(refuses_chains_of_no_row)
{
    training t = make_keeping();
    train_keeping(&t, 1);
    save_keeping(2);
    edit_header("\"chains.prior\"",
                "\"chains.prier\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},\"chains.prior\"");
    LEBM_ASSERT_OK(lebm_trainer_load(t.trainer, path)); /* which is nobody's */
    ck_assert_int_eq(t.trainer->kept_prior.count, BATCH);
    edit_header("\"chains.prior\"", "\"chains.others\"");
    edit_header("\"chains.prier\"", "\"chains.prior\"");
    assert_refused(&t, LEBM_ERR_FORMAT, "'chains.prior' has 0 numbers");
    free_training(&t);
}
END_TEST

/* The last tensors are average.g.3.bias, of 5 numbers, and the chains: of 10 and 7 rows, and the 10 that were visited. */
START_TEST(refuses_impossible_chains)
{
    static const struct {
        size_t from_end; /* of the file, in numbers */
        float value;
        const char *error;
    } bad[] = {
        {1, NAN, "number 20 of tensor 'chains.prior' is"},
        {21, INFINITY, "number 0 of tensor 'chains.prior' is inf"},
        {22, 0.5f, "number 9 of tensor 'chains.visited' is 0.5; it must be 0 or 1"},
        {22, -1, "number 9 of tensor 'chains.visited' is -1"},
        {31, NAN, "number 0 of tensor 'chains.visited' is"},
        {32, NAN, "number 29 of tensor 'chains.posterior' is"},
        {61, -INFINITY, "number 0 of tensor 'chains.posterior' is -inf"},
        {62, NAN, "number 4 of tensor 'average.g.3.bias' is"},
    };
    training t = make_keeping();
    size_t size;
    train_keeping(&t, 1);
    save_keeping(2);
    unsigned char *bytes = read_bytes(path, &size);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        unsigned char *edited = malloc(size);
        ck_assert_ptr_nonnull(edited);
        memcpy(edited, bytes, size);
        memcpy(edited + size - 4 * bad[i].from_end, &bad[i].value, 4);
        write_bytes(path, edited, size);
        assert_refused(&t, LEBM_ERR_FORMAT, bad[i].error);
        free(edited);
    }
    free(bytes);
    free_training(&t);
}
END_TEST

/* A value in the last tensor, adam.v.g.3.bias, comes after all else was read. */
START_TEST(refuses_impossible_moments)
{
    static const float bad[] = {NAN, INFINITY, -1e-30f};
    training t = make_standard();
    size_t size;
    save_checkpoint();
    unsigned char *bytes = read_bytes(path, &size);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        memcpy(bytes + size - 4, &bad[i], 4);
        write_bytes(path, bytes, size);
        assert_refused(&t, LEBM_ERR_FORMAT, "number 4 of tensor 'adam.v.g.3.bias'");
    }
    free(bytes);
    free_training(&t);
}
END_TEST

START_TEST(refuses_what_is_no_checkpoint)
{
    training t = make_standard();
    assert_refused(&t, LEBM_ERR_IO, strerror(ENOENT));
    LEBM_ASSERT_OK(lebm_trainer_save_model(t.trainer, path));
    assert_refused(&t, LEBM_ERR_FORMAT, "not a checkpoint");
    LEBM_ASSERT_OK(lebm_model_save(path, t.prior, t.generator));
    assert_refused(&t, LEBM_ERR_FORMAT, "not a checkpoint");
    free_training(&t);
}
END_TEST

START_TEST(refuses_null)
{
    training t = make_standard();
    LEBM_ASSERT_STATUS(lebm_trainer_save(NULL, path), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_trainer_save(t.trainer, NULL), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_trainer_save_model(NULL, path), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_trainer_save_model(t.trainer, NULL), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_trainer_load(NULL, path), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_trainer_load(t.trainer, NULL), LEBM_ERR_INVALID);
    free_training(&t);
}
END_TEST

START_TEST(refuses_to_save_what_cannot_be_loaded)
{
    training t = make_standard();
    memcpy(t.trainer->options.note, "caf\xe9", 5); /* Latin-1, which setting the option refuses */
    LEBM_ASSERT_STATUS(lebm_trainer_save(t.trainer, path), LEBM_ERR_INVALID);
    LEBM_ASSERT_ERROR_NAMES("UTF-8");
    LEBM_ASSERT_STATUS(lebm_trainer_save(t.trainer, "/nonexistent/run"), LEBM_ERR_INVALID);
    LEBM_ASSERT_OK(lebm_trainer_set_str(t.trainer, LEBM_TRAINER_NOTE, ""));
    LEBM_ASSERT_STATUS(lebm_trainer_save(t.trainer, "/nonexistent/run"), LEBM_ERR_IO);
    LEBM_ASSERT_ERROR_NAMES("/nonexistent/run");
    free_training(&t);
}
END_TEST

/* Every truncation, and one flipped bit in every byte: an error that changes nothing, or another sound checkpoint. */
START_TEST(survives_truncation_and_flipped_bits)
{
    training t = make_standard(), pristine = make_standard();
    size_t size;
    int loaded = 0;
    save_checkpoint();
    unsigned char *bytes = read_bytes(path, &size);
    for (size_t i = 0; i < size; i++) {
        write_bytes(path, bytes, i);
        LEBM_ASSERT_STATUS(lebm_trainer_load(t.trainer, path), LEBM_ERR_FORMAT);
    }
    assert_same_state(&t, &pristine);
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= (unsigned char)(1 << i % 8);
        write_bytes(path, bytes, size);
        bytes[i] ^= (unsigned char)(1 << i % 8);
        const int status = lebm_trainer_load(t.trainer, path);
        ck_assert(status == LEBM_OK || status == LEBM_ERR_FORMAT || status == LEBM_ERR_VERSION ||
                  status == LEBM_ERR_SHAPE || status == LEBM_ERR_UNSUPPORTED);
        loaded += status == LEBM_OK;
    }
    ck_assert_int_gt(loaded, 100); /* most bits of a tensor may be anything */
    write_bytes(path, bytes, size);
    LEBM_ASSERT_OK(lebm_trainer_load(t.trainer, path));
    train(&t);
    free(bytes);
    free_training(&t);
    free_training(&pristine);
}
END_TEST

/* ---- Memory ---- */

static training standard;
static unsigned char *before; /* its state */
static size_t before_size;

static int save_it(void)
{
    return lebm_trainer_save(standard.trainer, other_path);
}

static int load_it(void)
{
    return lebm_trainer_load(standard.trainer, path);
}

static void assert_unchanged(void)
{
    assert_state(&standard, before, before_size);
}

START_TEST(survives_each_failing_allocation)
{
    training same = make_standard();
    save_checkpoint();
    standard = make_standard();
    before = state_of(&standard, &before_size);
    fail_each(lebm__alloc_fail_after, save_it, assert_unchanged, 20);
    fail_each(lebm__alloc_fail_after, load_it, assert_unchanged, 4);
    LEBM_ASSERT_OK(lebm_trainer_load(same.trainer, path));
    assert_same_state(&standard, &same);
    free(before);
    free_training(&standard);
    free_training(&same);

    save_keeping(2); /* with chains and averages, in the place of others */
    standard = make_keeping();
    train_keeping(&standard, 1);
    before = state_of(&standard, &before_size);
    fail_each(lebm__alloc_fail_after, load_it, assert_unchanged, 9);
    free(before);
    free_training(&standard);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checkpoint");
    TCase *resuming = tcase_create("resuming");
    tcase_add_checked_fixture(resuming, make_folder, remove_folder);
    tcase_add_test(resuming, goes_on_to_the_bit);
    tcase_add_loop_test(resuming, goes_on_with_chains_and_averages_to_the_bit, 0, 4);
    tcase_add_test(resuming, forgets_chains_that_the_file_has_not);
    tcase_add_test(resuming, goes_back);
    tcase_add_test(resuming, restores_options_but_threads);
    tcase_add_test(resuming, keeps_only_what_differs);
    tcase_add_test(resuming, forgets_metrics_of_before);
    tcase_add_test(resuming, saves_before_the_first_step);
    tcase_add_test(resuming, works_without_parameters);
    tcase_add_test(resuming, is_a_model_file);
    tcase_add_test(resuming, serves_a_shared_sampler);
    suite_add_tcase(suite, resuming);

    TCase *refusing = tcase_create("refusing");
    tcase_add_checked_fixture(refusing, make_folder, remove_folder);
    tcase_set_timeout(refusing, 30);
    tcase_add_loop_test(refusing, refuses_another_architecture, 0, sizeof others / sizeof *others);
    tcase_add_loop_test(refusing, refuses_edited_checkpoints, 0, sizeof edits / sizeof *edits);
    tcase_add_loop_test(refusing, refuses_edited_chains_and_averages, 0, sizeof keeping_edits / sizeof *keeping_edits);
    tcase_add_test(refusing, refuses_chains_of_no_row);
    tcase_add_test(refusing, refuses_impossible_chains);
    tcase_add_test(refusing, refuses_impossible_moments);
    tcase_add_test(refusing, refuses_what_is_no_checkpoint);
    tcase_add_test(refusing, refuses_null);
    tcase_add_test(refusing, refuses_to_save_what_cannot_be_loaded);
    tcase_add_test(refusing, survives_truncation_and_flipped_bits);
    suite_add_tcase(suite, refusing);

    TCase *memory = tcase_create("memory");
    tcase_add_checked_fixture(memory, make_folder, remove_folder);
    tcase_set_timeout(memory, 30);
    tcase_add_test(memory, survives_each_failing_allocation);
    suite_add_tcase(suite, memory);
    return test_run_suite(suite);
}
