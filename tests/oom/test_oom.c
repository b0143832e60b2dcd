/* Every allocation failing in turn: each public function says so, changes nothing, and does its work once there is
 * memory. Under AddressSanitizer this also shows that nothing is lost on the way. */
#include <cjson/cJSON.h>

#include "lebm.h"
#include "support/approx.h"
#include "support/failing.h"
#include "support/files.h"
#include "support/nets.h"

/* ---- a world to fail in ---- */

enum { LATENT = 3, DATA = 32, N = 70, MOST_RESULTS = 20000 }; /* N rows are more than the public passes hold at once */

static const char net_spec[] = "in 3; linear 5; gelu; linear 1";
static const char f_spec[] = "in 3; linear 8; gelu; linear 1";
static const char g_spec[] = "in 3; linear 16; silu; reshape 4 2 2; conv_transpose2d 2 4 2 1; tanh";

/* Objects of all kinds, made from fixed seeds; and results of the calls under test, for comparison. It saves to `path`;
 * at `other_path` is a checkpoint of a trainer like this one. */
struct world {
    lebm_net *net; /* of no model */
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_sampler *to_prior, *to_posterior;
    lebm_trainer *trainer;
    const float *z, *x;
    float results[MOST_RESULTS];
    int64_t count;
};

static void keep(struct world *w, const float *values, int64_t count)
{
    LEBM_ASSERT_MSG(w->count + count <= MOST_RESULTS, "the test has no room for %lld results",
                    (long long)(w->count + count));
    memcpy(w->results + w->count, values, (size_t)count * sizeof *values);
    w->count += count;
}

static void keep_net(struct world *w, const lebm_net *net)
{
    float values[1000];
    for (int64_t t = 0; t < lebm_net_param_count(net); t++) {
        const int64_t size = lebm_net_param_size(net, t);
        LEBM_ASSERT_MSG(size <= 1000, "the test has no room for %lld numbers", (long long)size);
        LEBM_ASSERT_OK(lebm_net_get_param(net, t, values, size));
        keep(w, values, size);
    }
    for (const char *c = lebm_net_spec(net); *c != '\0'; c++) keep(w, &(float){*c}, 1);
}

/* The file that the world saves to; nothing if there is none. */
static void keep_saved(struct world *w)
{
    size_t size;
    if (access(path, F_OK) != 0) return;
    unsigned char *bytes = read_bytes(path, &size);
    for (size_t i = 0; i < size; i++) keep(w, &(float){(float)bytes[i]}, 1);
    free(bytes);
}

static lebm_sampler *make_sampler(int threads)
{
    lebm_sampler *sampler;
    LEBM_ASSERT_OK(lebm_sampler_create(&sampler, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 2));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, threads));
    return sampler;
}

static void make_world(struct world *w, const float *z, const float *x, int threads, int has_stepped)
{
    memset(w, 0, sizeof *w);
    w->z = z;
    w->x = x;
    write_bytes(path, "an older file", 13);
    w->net = make_net(net_spec, 1);
    LEBM_ASSERT_OK(lebm_prior_create(&w->prior, make_net(f_spec, 2), 1));
    lebm_net *g = make_net(g_spec, 3);
    if (threads > 1) LEBM_ASSERT_OK(lebm_net_set_str(g, LEBM_NET_CONVOLUTION, "filtered"));
    LEBM_ASSERT_OK(lebm_generator_create(&w->generator, g, LEBM_GAUSSIAN, 0.3));
    w->to_prior = make_sampler(threads);
    w->to_posterior = make_sampler(threads);
    LEBM_ASSERT_OK(lebm_trainer_create(&w->trainer, w->prior, w->generator, w->to_prior, w->to_posterior));
    LEBM_ASSERT_OK(lebm_trainer_set_i64(w->trainer, LEBM_TRAINER_THREADS, threads));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(w->trainer, LEBM_TRAINER_PRIOR_LEARNING_RATE, 1e-3));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(w->trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 1e-3));
    if (has_stepped) LEBM_ASSERT_OK(lebm_trainer_step(w->trainer, x, N));
}

static void free_world(struct world *w)
{
    lebm_trainer_destroy(w->trainer);
    lebm_sampler_destroy(w->to_prior);
    lebm_sampler_destroy(w->to_posterior);
    lebm_prior_destroy(w->prior);
    lebm_generator_destroy(w->generator);
    lebm_net_destroy(w->net);
}

/* All that a caller can see of the objects: a call that fails must change nothing of it. */
static uint64_t look(const struct world *w)
{
    static struct world seen;
    int64_t stream[2];
    seen.count = 0;
    keep_net(&seen, w->net);
    keep_net(&seen, lebm_prior_net(w->prior));
    keep_net(&seen, lebm_generator_net(w->generator));
    LEBM_ASSERT_OK(lebm_sampler_get_i64(w->to_prior, LEBM_SAMPLER_STREAM, &stream[0]));
    LEBM_ASSERT_OK(lebm_sampler_get_i64(w->to_posterior, LEBM_SAMPLER_STREAM, &stream[1]));
    keep(&seen, &(float){(float)(stream[0] + 100 * stream[1])}, 1);
    keep(&seen, &(float){(float)lebm_trainer_steps_done(w->trainer)}, 1);
    keep(&seen, &(float){(float)count_files()}, 1);
    keep_saved(&seen);
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < (size_t)seen.count * sizeof(float); i++)
        hash = (hash ^ ((unsigned char *)seen.results)[i]) * 1099511628211u;
    return hash;
}

/* Use everything once more, and keep what comes of it. */
static void use(struct world *w)
{
    float out[N * DATA];
    if (w->net) {
        LEBM_ASSERT_OK(lebm_net_forward(w->net, w->z, N, out));
        keep(w, out, N * lebm_net_out_features(w->net));
    }
    LEBM_ASSERT_OK(lebm_generator_decode(w->generator, w->z, N, out));
    keep(w, out, N * DATA);
    LEBM_ASSERT_OK(lebm_sampler_run_prior(w->to_prior, w->prior, N, out));
    keep(w, out, N * LATENT);
    LEBM_ASSERT_OK(lebm_sampler_run_posterior(w->to_posterior, w->prior, w->generator, w->x, N, out));
    keep(w, out, N * LATENT);
    LEBM_ASSERT_OK(lebm_trainer_step(w->trainer, w->x, N));
    keep_net(w, lebm_prior_net(w->prior));
    keep_net(w, lebm_generator_net(w->generator));
}

/* ---- what may fail: each returns the status, and releases what it made itself ---- */

/* Of a create function: with a failure comes NULL. */
static void check_created(int status, const void *object)
{
    LEBM_ASSERT_MSG((status == LEBM_OK) == (object != NULL), "%s came with the object %p", lebm_status_name(status),
                    object);
}

static int create_net(struct world *w)
{
    lebm_net *net = w->net;
    const int status = lebm_net_create(&net, 3);
    check_created(status, net);
    lebm_net_destroy(net);
    return status;
}

static int create_from_spec(struct world *w)
{
    lebm_net *net = w->net;
    const int status = lebm_net_create_from_spec(&net, g_spec);
    check_created(status, net);
    if (status == LEBM_OK) keep_net(w, net);
    lebm_net_destroy(net);
    return status;
}

static int add_linear(struct world *w)
{
    return lebm_net_add_linear(w->net, 7, 1);
}

static int add_conv_transpose2d(struct world *w)
{
    return lebm_net_add_conv_transpose2d(w->net, 3, 2, 1, 0, 1);
}

static int add_reshape(struct world *w)
{
    return lebm_net_add_reshape(w->net, 1, 1, 1);
}

static int add_activation(struct world *w)
{
    return lebm_net_add_activation(w->net, LEBM_LEAKY_RELU, 0.1);
}

static int forward(struct world *w)
{
    float out[N];
    const int status = lebm_net_forward(w->net, w->z, N, out);
    if (status == LEBM_OK) keep(w, out, N);
    return status;
}

static int vjp(struct world *w)
{
    enum { MOST = 1000 };
    lebm_net *g = lebm_generator_net(w->generator);
    float grad_in[N * LATENT], grad_params[MOST];
    ck_assert_int_le(lebm_net_param_total(g), MOST);
    const int status = lebm_net_vjp(g, w->z, N, w->x, grad_in, grad_params);
    if (status == LEBM_OK) keep(w, grad_in, N * LATENT);
    if (status == LEBM_OK) keep(w, grad_params, lebm_net_param_total(g));
    return status;
}

static int vjp_of_inputs(struct world *w)
{
    float grad_in[N * LATENT];
    const int status = lebm_net_vjp(lebm_generator_net(w->generator), w->z, N, w->x, grad_in, NULL);
    if (status == LEBM_OK) keep(w, grad_in, N * LATENT);
    return status;
}

static int create_prior(struct world *w)
{
    lebm_prior *prior = w->prior;
    const int status = lebm_prior_create(&prior, w->net, 1);
    check_created(status, prior);
    if (status == LEBM_OK) w->net = NULL; /* taken over */
    lebm_prior_destroy(prior);
    return status;
}

static int create_generator(struct world *w)
{
    lebm_generator *generator = w->generator;
    const int status = lebm_generator_create(&generator, w->net, LEBM_BERNOULLI, 0);
    check_created(status, generator);
    if (status == LEBM_OK) w->net = NULL; /* taken over */
    lebm_generator_destroy(generator);
    return status;
}

static int log_density(struct world *w)
{
    float out[N];
    const int status = lebm_prior_log_density(w->prior, w->z, N, out);
    if (status == LEBM_OK) keep(w, out, N);
    return status;
}

static int prior_score(struct world *w)
{
    float out[N * LATENT];
    const int status = lebm_prior_score(w->prior, w->z, N, out);
    if (status == LEBM_OK) keep(w, out, N * LATENT);
    return status;
}

static int decode(struct world *w)
{
    float out[N * DATA];
    const int status = lebm_generator_decode(w->generator, w->z, N, out);
    if (status == LEBM_OK) keep(w, out, N * DATA);
    return status;
}

static int log_likelihood(struct world *w)
{
    float out[N];
    const int status = lebm_generator_log_likelihood(w->generator, w->z, w->x, N, out);
    if (status == LEBM_OK) keep(w, out, N);
    return status;
}

static int generator_score(struct world *w)
{
    float out[N * LATENT];
    const int status = lebm_generator_score(w->generator, w->z, w->x, N, out);
    if (status == LEBM_OK) keep(w, out, N * LATENT);
    return status;
}

static int create_sampler(struct world *w)
{
    lebm_sampler *sampler = w->to_prior;
    const int status = lebm_sampler_create(&sampler, LEBM_LANGEVIN);
    check_created(status, sampler);
    lebm_sampler_destroy(sampler);
    return status;
}

/* A failed run must not touch z. */
static int run(struct world *w, int to_posterior)
{
    float z[N * LATENT];
    for (int i = 0; i < N * LATENT; i++) z[i] = 12345;
    const int status = to_posterior ? lebm_sampler_run_posterior(w->to_posterior, w->prior, w->generator, w->x, N, z)
                                    : lebm_sampler_run_prior(w->to_prior, w->prior, N, z);
    if (status == LEBM_OK) keep(w, z, N * LATENT);
    for (int i = 0; i < N * LATENT && status != LEBM_OK; i++)
        LEBM_ASSERT_MSG(z[i] == 12345, "a failed run wrote %g to z[%d]", (double)z[i], i);
    return status;
}

static int run_prior(struct world *w)
{
    return run(w, 0);
}

static int run_posterior(struct world *w)
{
    return run(w, 1);
}

static int create_trainer(struct world *w)
{
    lebm_trainer *trainer = w->trainer;
    const int status = lebm_trainer_create(&trainer, w->prior, w->generator, w->to_prior, w->to_posterior);
    check_created(status, trainer);
    lebm_trainer_destroy(trainer);
    return status;
}

static int step(struct world *w)
{
    return lebm_trainer_step(w->trainer, w->x, N);
}

static int save(struct world *w)
{
    const int status = lebm_trainer_save(w->trainer, path);
    if (status == LEBM_OK) keep_saved(w);
    return status;
}

static int save_model_of_trainer(struct world *w)
{
    const int status = lebm_trainer_save_model(w->trainer, path);
    if (status == LEBM_OK) keep_saved(w);
    return status;
}

static int save_model(struct world *w)
{
    const int status = lebm_model_save(path, w->prior, w->generator);
    if (status == LEBM_OK) keep_saved(w);
    return status;
}

static int load(struct world *w)
{
    return lebm_trainer_load(w->trainer, other_path);
}

static int load_model(struct world *w)
{
    lebm_prior *prior = w->prior;
    lebm_generator *generator = w->generator;
    const int status = lebm_model_load(other_path, &prior, &generator);
    check_created(status, prior);
    check_created(status, generator);
    if (status == LEBM_OK) {
        keep_net(w, lebm_prior_net(prior));
        keep_net(w, lebm_generator_net(generator));
    }
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
    return status;
}

static int load_generator(struct world *w)
{
    lebm_generator *generator = w->generator;
    const int status = lebm_model_load(other_path, NULL, &generator);
    check_created(status, generator);
    if (status == LEBM_OK) keep_net(w, lebm_generator_net(generator));
    lebm_generator_destroy(generator);
    return status;
}

static int load_sampler(struct world *w)
{
    lebm_sampler *sampler = w->to_prior;
    int64_t steps;
    const int status = lebm_model_load_sampler(other_path, LEBM_TO_POSTERIOR, &sampler);
    check_created(status, sampler);
    if (status == LEBM_OK) {
        LEBM_ASSERT_OK(lebm_sampler_get_i64(sampler, LEBM_SAMPLER_STEPS, &steps));
        keep(w, &(float){(float)steps}, 1);
    }
    lebm_sampler_destroy(sampler);
    return status;
}

/* The whole life of a model, from nothing. */
static int whole_life(struct world *w)
{
    lebm_net *f = NULL, *g = NULL;
    lebm_prior *prior = NULL;
    lebm_generator *generator = NULL;
    lebm_sampler *sampler = NULL;
    lebm_trainer *trainer = NULL;
    float z[N * LATENT], x[N * DATA];
    int status = lebm_net_create(&f, LATENT);
    if (status == LEBM_OK) status = lebm_net_add_linear(f, 6, 1);
    if (status == LEBM_OK) status = lebm_net_add_activation(f, LEBM_MISH, 0);
    if (status == LEBM_OK) status = lebm_net_add_linear(f, 1, 0);
    if (status == LEBM_OK) status = lebm_net_create_from_spec(&g, g_spec);
    if (status == LEBM_OK) status = lebm_net_init(f, LEBM_INIT_PYTORCH, 1);
    if (status == LEBM_OK) status = lebm_net_init(g, LEBM_INIT_XAVIER_NORMAL, 2);
    if (status == LEBM_OK) status = lebm_prior_create(&prior, f, 1);
    if (status == LEBM_OK) status = lebm_generator_create(&generator, g, LEBM_GAUSSIAN, 0.3);
    if (status == LEBM_OK) status = lebm_sampler_create(&sampler, LEBM_LANGEVIN);
    if (status == LEBM_OK) status = lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 2);
    if (status == LEBM_OK) status = lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, 2);
    if (status == LEBM_OK) status = lebm_trainer_create(&trainer, prior, generator, sampler, sampler);
    if (status == LEBM_OK) status = lebm_trainer_set_i64(trainer, LEBM_TRAINER_THREADS, 2);
    for (int i = 0; i < 3 && status == LEBM_OK; i++) status = lebm_trainer_step(trainer, w->x, N);
    if (status == LEBM_OK) status = lebm_sampler_run_prior(sampler, prior, N, z);
    if (status == LEBM_OK) status = lebm_generator_decode(generator, z, N, x);
    if (status == LEBM_OK) keep(w, x, N * DATA);
    lebm_trainer_destroy(trainer);
    lebm_sampler_destroy(sampler);
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
    if (!prior) lebm_net_destroy(f);
    if (!generator) lebm_net_destroy(g);
    return status;
}

static const struct scenario {
    const char *name;
    int (*act)(struct world *w);
    int has_stepped; /* the trainer, before */
    int has_json;    /* whether cJSON allocates memory of its own */
} scenarios[] = {
    {"create a net", create_net, 0, 0},
    {"create a net from a spec", create_from_spec, 0, 0},
    {"add a linear layer", add_linear, 0, 0},
    {"add a transposed convolution", add_conv_transpose2d, 0, 0},
    {"add a reshape", add_reshape, 0, 0},
    {"add an activation", add_activation, 0, 0},
    {"forward", forward, 0, 0},
    {"vjp", vjp, 0, 0},
    {"vjp after training", vjp, 1, 0},
    {"vjp of the inputs", vjp_of_inputs, 0, 0},
    {"create a prior", create_prior, 0, 0},
    {"create a generator", create_generator, 0, 0},
    {"log density", log_density, 0, 0},
    {"score of the prior", prior_score, 0, 0},
    {"decode", decode, 0, 0},
    {"log likelihood", log_likelihood, 0, 0},
    {"score of the generator", generator_score, 0, 0},
    {"create a sampler", create_sampler, 0, 0},
    {"run to the prior", run_prior, 0, 0},
    {"run to the posterior", run_posterior, 0, 0},
    {"run to the posterior after training", run_posterior, 1, 0},
    {"create a trainer", create_trainer, 0, 0},
    {"first step", step, 0, 0},
    {"second step", step, 1, 0},
    {"save a checkpoint", save, 1, 1},
    {"save the model of a trainer", save_model_of_trainer, 0, 1},
    {"save a model", save_model, 0, 1},
    {"load a checkpoint", load, 1, 1},
    {"load a model", load_model, 0, 1},
    {"load a generator", load_generator, 0, 1},
    {"load a sampler", load_sampler, 0, 1},
    {"whole life", whole_life, 0, 0},
};

enum { SCENARIOS = sizeof scenarios / sizeof *scenarios };

/* ---- failing ---- */

/* Act with failures from allocation k on; 0 if there were none. Everything is compared with a world without failures.
 */
static int survives(const struct scenario *s, struct world *w, const struct world *clean,
                    void (*fail_after)(int64_t count), int64_t k)
{
    const uint64_t before = look(w);
    fail_after(k);
    const int status = s->act(w);
    fail_after(-1);
    if (status != LEBM_OK) {
        LEBM_ASSERT_MSG(status == LEBM_ERR_NOMEM, "%s, allocation %lld failing: %s, \"%s\"", s->name, (long long)k,
                        lebm_status_name(status), lebm_last_error());
        LEBM_ASSERT_ERROR_NAMES("memory");
        LEBM_ASSERT_MSG(look(w) == before, "%s, allocation %lld failing: something changed all the same", s->name,
                        (long long)k);
        w->count = 0;
        const int again = s->act(w);
        LEBM_ASSERT_MSG(again == LEBM_OK, "%s, after allocation %lld failed: %s, \"%s\"", s->name, (long long)k,
                        lebm_status_name(again), lebm_last_error());
    }
    use(w);
    ck_assert_int_eq(w->count, clean->count);
    for (int64_t i = 0; i < w->count; i++)
        LEBM_ASSERT_MSG(memcmp(&w->results[i], &clean->results[i], sizeof *w->results) == 0,
                        "%s, after allocation %lld failed: number %lld of the results is %a, not %a", s->name,
                        (long long)k, (long long)i, (double)w->results[i], (double)clean->results[i]);
    return status != LEBM_OK;
}

/* All k until nothing fails; what a call can do without is no failure, so a few more. */
static void assert_survives(const struct scenario *s, int threads, void (*fail_after)(int64_t count))
{
    static struct world clean, w;
    float *z = test_normal_floats(N * LATENT, 1, 4), *x = test_random_floats(N * DATA, -1, 1, 5);
    fail_after(-1); /* a test that failed before this one, in the same process, may have left it otherwise */
    make_world(&clean, z, x, threads, 1);
    LEBM_ASSERT_OK(lebm_trainer_step(clean.trainer, x, N));
    LEBM_ASSERT_OK(lebm_trainer_save(clean.trainer, other_path));
    free_world(&clean);

    make_world(&clean, z, x, threads, s->has_stepped);
    LEBM_ASSERT_OK(s->act(&clean));
    use(&clean);
    int64_t failures = 0;
    for (int64_t k = 0, successes = 0; successes < 4; k++) {
        make_world(&w, z, x, threads, s->has_stepped);
        if (survives(s, &w, &clean, fail_after, k))
            failures++;
        else
            successes++;
        free_world(&w);
    }
    LEBM_ASSERT_MSG(failures > 0, "%s: no allocation failed", s->name);
    free_world(&clean);
    free(z);
    free(x);
}

START_TEST(every_allocation_may_fail) /* _i: the scenario, with 1 or 3 threads */
{
    assert_survives(&scenarios[_i % SCENARIOS], _i < SCENARIOS ? 1 : 3, lebm__alloc_fail_after);
}
END_TEST

START_TEST(every_allocation_of_cjson_may_fail) /* _i: the scenario */
{
    if (!scenarios[_i].has_json) return;
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = json_malloc, .free_fn = free});
    assert_survives(&scenarios[_i], 1, json_fail_after);
    cJSON_InitHooks(NULL);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("oom");
    TCase *ours = tcase_create("ours");
    tcase_add_checked_fixture(ours, make_folder_in_memory, remove_folder);
    tcase_set_timeout(ours, 30);
    tcase_add_loop_test(ours, every_allocation_may_fail, 0, 2 * SCENARIOS);
    suite_add_tcase(suite, ours);

    TCase *of_cjson = tcase_create("of cJSON");
    tcase_add_checked_fixture(of_cjson, make_folder_in_memory, remove_folder);
    tcase_set_timeout(of_cjson, 30);
    tcase_add_loop_test(of_cjson, every_allocation_of_cjson_may_fail, 0, SCENARIOS);
    suite_add_tcase(suite, of_cjson);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
