/* Every allocation of every public function failing in turn: the function says so, changes nothing, and does its work
 * once there is memory. Under AddressSanitizer this also shows that nothing is lost on the way. The functions are read
 * off the headers (tests/args). */
#include <cjson/cJSON.h>
#include <errno.h>
#include <pthread.h>

#include "oom/survive.h"
#include "support/failing.h"

/* ---- each function ---- */

/* From one allocation on all fail; test_malloc.c has one fail alone. */
static const failing ours = {lebm__alloc_fail_after, NULL}, of_cjson = {json_fail_after, NULL};

START_TEST(every_allocation_may_fail) /* _i: the function, in each kind of world */
{
    const function *f = &functions[_i / KINDS];
    const int promised = is_promised(f, LEBM_ERR_NOMEM);
    const int64_t failures = survive(f, &kinds[_i % KINDS], &ours);
    if (failures < 0) return;
    LEBM_ASSERT_MSG((failures > 0) == promised, "%s() failed for lack of memory %lld times, but its comment has %s",
                    f->name, (long long)failures, promised ? "LEBM_ERR_NOMEM" : "no LEBM_ERR_NOMEM");
}
END_TEST

START_TEST(every_allocation_of_cjson_may_fail) /* _i: the function */
{
    const function *f = &functions[_i];
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = json_malloc, .free_fn = free});
    const int64_t failures = survive(f, &kinds[1], &of_cjson);
    const int has_json = strstr(f->name, "_save") != NULL || strstr(f->name, "_load") != NULL;
    cJSON_InitHooks(NULL);
    LEBM_ASSERT_MSG((failures > 0) == has_json, "%s() failed for lack of memory for JSON %lld times", f->name,
                    (long long)failures);
}
END_TEST

static int threads_fail; /* whether no thread can be started; the linker's --wrap sends pthread_create() here */

int __real_pthread_create(pthread_t *id, const pthread_attr_t *attributes, void *(*start)(void *), void *argument);
int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attributes, void *(*start)(void *), void *argument);

int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
    return threads_fail ? EAGAIN : __real_pthread_create(id, attributes, start, argument);
}

/* The caller does all the work then. */
START_TEST(threads_may_fail_to_start) /* _i: the function */
{
    const function *f = &functions[_i];
    const struct world_kind threaded = trial_kind(f, &(struct world_kind){3, 1, LEBM_GAUSSIAN, 0});
    int64_t status, status_without;
    const uint64_t with = trial_of_fresh_world(f, 0, &threaded, &status);
    threads_fail = 1;
    const uint64_t without = trial_of_fresh_world(f, 0, &threaded, &status_without);
    threads_fail = 0;
    ck_assert_int_eq(status_without, status);
    LEBM_ASSERT_MSG(without == with, "%s() gives something else without threads of its own", f->name);
}
END_TEST

/* ---- what takes several functions ---- */

static struct world world; /* that they may use */

/* The whole life of a model, from nothing. */
static int whole_life(void)
{
    static float first[N * DATA];
    static int is_again;
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
    if (status == LEBM_OK) status = lebm_net_create_from_spec(&g, "in 3; linear 16; silu; linear 32");
    if (status == LEBM_OK) status = lebm_net_init(f, LEBM_INIT_PYTORCH, 1);
    if (status == LEBM_OK) status = lebm_net_init(g, LEBM_INIT_XAVIER_NORMAL, 2);
    if (status == LEBM_OK) status = lebm_prior_create(&prior, f, 1);
    if (status == LEBM_OK) status = lebm_generator_create(&generator, g, LEBM_GAUSSIAN, 0.3);
    if (status == LEBM_OK) status = lebm_sampler_create(&sampler, LEBM_LANGEVIN);
    if (status == LEBM_OK) status = lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 2);
    if (status == LEBM_OK) status = lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, 2);
    if (status == LEBM_OK) status = lebm_trainer_create(&trainer, prior, generator, sampler, sampler);
    if (status == LEBM_OK) status = lebm_trainer_set_i64(trainer, LEBM_TRAINER_THREADS, 2);
    for (int i = 0; i < 3 && status == LEBM_OK; i++) status = lebm_trainer_step(trainer, world.x, N);
    if (status == LEBM_OK) status = lebm_sampler_run_prior(sampler, prior, N, z);
    if (status == LEBM_OK) status = lebm_generator_decode(generator, z, N, x);
    if (status == LEBM_OK && is_again) LEBM_ASSERT_SAME_BITS(x, first, N * DATA);
    if (status == LEBM_OK) memcpy(first, x, sizeof x);
    is_again |= status == LEBM_OK;
    lebm_trainer_destroy(trainer);
    lebm_sampler_destroy(sampler);
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
    lebm_net_destroy(f);
    lebm_net_destroy(g);
    return status;
}

/* Steps on observations whose chains are kept: first visits, others, and both in one batch. */
static int keep_chains(void)
{
    enum { HALF = N / 2 };
    lebm_trainer *trainer = NULL;
    int status = lebm_trainer_create(&trainer, world.prior, world.generator, world.to_prior, world.to_posterior);
    if (status == LEBM_OK) status = lebm_trainer_set_i64(trainer, LEBM_TRAINER_OBSERVATIONS, N);
    if (status == LEBM_OK) status = lebm_trainer_set_i64(trainer, LEBM_TRAINER_THREADS, 1);
    if (status == LEBM_OK) status = lebm_trainer_set_f64(trainer, LEBM_TRAINER_PRIOR_LEARNING_RATE, 0);
    if (status == LEBM_OK) status = lebm_trainer_set_f64(trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 0);
    if (status == LEBM_OK) status = lebm_trainer_set_f64(trainer, LEBM_TRAINER_AVERAGE_DECAY, 0.9);
    if (status == LEBM_OK) status = lebm_trainer_set_str(trainer, LEBM_TRAINER_POSTERIOR_CHAINS, "kept");
    if (status == LEBM_OK) status = lebm_trainer_set_str(trainer, LEBM_TRAINER_PRIOR_CHAINS, "kept");
    if (status == LEBM_OK) status = lebm_trainer_step_of(trainer, world.x, world.ids, HALF);
    if (status == LEBM_OK) status = lebm_trainer_step_of(trainer, world.x, world.ids, N);
    if (status == LEBM_OK) status = lebm_trainer_step_of(trainer, world.x, world.ids, HALF);
    if (status == LEBM_OK) status = lebm_trainer_save(trainer, saved_path);
    if (status == LEBM_OK) status = lebm_trainer_load(trainer, saved_path);
    lebm_trainer_destroy(trainer);
    return status;
}

/* Runs that warm up, of which what fails leaves nothing in the sampler. */
static int warm_up(void)
{
    static const char *const tested[] = {LEBM_MALA, LEBM_HMC};
    float z[N * LATENT];
    int status = LEBM_OK;
    for (int i = 0; i < 2 && status == LEBM_OK; i++) {
        lebm_sampler *sampler = NULL, *copy = NULL;
        status = lebm_sampler_create(&sampler, tested[i]);
        if (status == LEBM_OK) status = lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 2);
        if (status == LEBM_OK) status = lebm_sampler_set_i64(sampler, LEBM_SAMPLER_WARMUP, 8);
        if (status == LEBM_OK) status = lebm_sampler_set_str(sampler, LEBM_SAMPLER_PRECONDITIONER, "diagonal");
        if (status == LEBM_OK) status = lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, 2);
        if (status == LEBM_OK) {
            status = lebm_sampler_run_posterior(sampler, world.prior, world.generator, world.x, N, z);
            ck_assert_int_eq(lebm_sampler_variance_count(sampler), status == LEBM_OK ? LATENT : 0);
        }
        if (status == LEBM_OK) status = lebm_sampler_run_target(sampler, world.target, N, z);
        if (status == LEBM_OK) status = lebm_sampler_copy(&copy, sampler);
        lebm_sampler_destroy(sampler);
        lebm_sampler_destroy(copy);
    }
    return status;
}

/* Runs that append to traces, where there is room and where there is none, and that have draws dropped. */
static int record(void)
{
    float z[N * LATENT];
    lebm_sampler *sampler = NULL;
    lebm_traces *traces = NULL;
    int status = lebm_sampler_create(&sampler, LEBM_MALA);
    if (status == LEBM_OK) status = lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 4);
    if (status == LEBM_OK) status = lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, 2);
    if (status == LEBM_OK) status = lebm_traces_create(&traces, 10, 1, 0);
    if (status == LEBM_OK) status = lebm_sampler_set_traces(sampler, traces);
    for (int i = 0; i < 4 && status == LEBM_OK; i++) {
        const int64_t length = lebm_traces_length(traces);
        status = lebm_sampler_run_target(sampler, world.target, N, z);
        if (status == LEBM_OK) status = lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, "continue");
        if (status != LEBM_OK) ck_assert_int_eq(lebm_traces_length(traces), length);
    }
    lebm_traces_destroy(traces);
    lebm_sampler_destroy(sampler);
    return status;
}

/* Runs of several rows and threads, of which what fails leaves the results of the run before. */
static int anneal(void)
{
    static const char *const few[] = {LEBM_ANNEALING_TEMPERATURES, LEBM_ANNEALING_GROUPS, LEBM_ANNEALING_SETTLE_STEPS,
                                      LEBM_ANNEALING_PILOT_STEPS};
    lebm_annealing *annealing = NULL;
    double ess;
    int status = lebm_annealing_create(&annealing, LEBM_MALA);
    for (int i = 0; i < 4 && status == LEBM_OK; i++) status = lebm_annealing_set_i64(annealing, few[i], 2);
    if (status == LEBM_OK) status = lebm_annealing_set_i64(annealing, LEBM_ANNEALING_CHAINS, 8);
    if (status == LEBM_OK) status = lebm_annealing_set_i64(annealing, LEBM_ANNEALING_PILOT_CHAINS, 4);
    if (status == LEBM_OK) status = lebm_annealing_set_i64(annealing, LEBM_ANNEALING_THREADS, 3);
    if (status == LEBM_OK) status = lebm_annealing_run_target(annealing, world.target);
    if (status == LEBM_OK) {
        status = lebm_annealing_run_posterior(annealing, world.prior, world.generator, world.x, 9);
        ck_assert_int_eq(lebm_annealing_row_count(annealing), status == LEBM_OK ? 9 : 1);
    }
    if (status == LEBM_OK) status = lebm_annealing_result(annealing, 8, LEBM_ANNEALING_REVERSE_ESS, &ess);
    lebm_annealing_destroy(annealing);
    return status;
}

/* A callback that needs memory, too. */
static int score(double done, void *status)
{
    float out[N * LATENT];
    (void)done;
    *(int *)status = lebm_prior_score(world.prior, world.z, N, out);
    return *(int *)status != LEBM_OK;
}

static int run_with_callback(void)
{
    float z[N * LATENT];
    int inside = LEBM_OK;
    const uint64_t before = world_look(&world);
    LEBM_ASSERT_OK(lebm_sampler_set_progress(world.to_posterior, score, &inside));
    const int status = lebm_sampler_run_posterior(world.to_posterior, world.prior, world.generator, world.x, N, z);
    if (inside != LEBM_OK) LEBM_ASSERT_STATUS(status, LEBM_STOPPED);
    if (status != LEBM_OK) ck_assert_uint_eq(world_look(&world), before);
    return inside != LEBM_OK ? inside : status;
}

static int step_with_callback(void)
{
    int inside = LEBM_OK;
    const uint64_t before = world_look(&world);
    LEBM_ASSERT_OK(lebm_trainer_set_progress(world.trainer, score, &inside));
    const int status = lebm_trainer_step(world.trainer, world.x, N);
    if (inside != LEBM_OK) LEBM_ASSERT_STATUS(status, LEBM_STOPPED);
    if (status != LEBM_OK) ck_assert_uint_eq(world_look(&world), before);
    return inside != LEBM_OK ? inside : status;
}

START_TEST(every_allocation_of_several_calls_may_fail) /* _i: the threads of a world */
{
    lebm__alloc_fail_after(-1);
    world_make(&world, &kinds[_i]);
    LEBM_ASSERT_OK(whole_life());
    fail_each(lebm__alloc_fail_after, whole_life, NULL, 50);
    LEBM_ASSERT_OK(keep_chains());
    fail_each(lebm__alloc_fail_after, keep_chains, NULL, 50);
    LEBM_ASSERT_OK(warm_up());
    fail_each(lebm__alloc_fail_after, warm_up, NULL, 20);
    LEBM_ASSERT_OK(record());
    fail_each(lebm__alloc_fail_after, record, NULL, 15);
    LEBM_ASSERT_OK(anneal());
    fail_each(lebm__alloc_fail_after, anneal, NULL, 20);
    fail_each(lebm__alloc_fail_after, run_with_callback, NULL, 5);
    fail_each(lebm__alloc_fail_after, step_with_callback, NULL, 5);
    world_free(&world);
}
END_TEST

static void add_case(Suite *suite, const char *name, const TTest *test, int end)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, world_open_folder, world_remove_folder);
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, test, 0, end);
    suite_add_tcase(suite, tcase);
}

static Suite *suite(void)
{
    Suite *suite = suite_create("oom");
    add_case(suite, "ours", every_allocation_may_fail, KINDS * function_count);
    add_case(suite, "of cJSON", every_allocation_of_cjson_may_fail, function_count);
    add_case(suite, "threads", threads_may_fail_to_start, function_count);
    add_case(suite, "several", every_allocation_of_several_calls_may_fail, KINDS);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
