#include "long_chains.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "view.h"

enum { MOST_DRAWS = 400 /* of a chain, which bounds the memory: farther apart in longer chains */ };

/* A run's part of all the work of a kernel. */
typedef struct stage {
    const chains_plan *plan;
    double before, share;
} stage;

static int on_progress(double done, void *user)
{
    const stage *s = user;
    return s->plan->progress(s->before + s->share * done, s->plan->user);
}

static void set_i64(lebm_sampler *s, const char *key, int64_t value)
{
    or_die(lebm_sampler_set_i64(s, key, value), key);
}

static void set_f64(lebm_sampler *s, const char *key, double value)
{
    or_die(lebm_sampler_set_f64(s, key, value), key);
}

static int64_t get_i64(const lebm_sampler *s, const char *key)
{
    int64_t value;
    or_die(lebm_sampler_get_i64(s, key, &value), key);
    return value;
}

static double get_f64(const lebm_sampler *s, const char *key)
{
    double value;
    or_die(lebm_sampler_get_f64(s, key, &value), key);
    return value;
}

static bool is_hmc(const char *kernel)
{
    return strcmp(kernel, LEBM_HMC) == 0;
}

static int64_t steps_of_transition(const chains_plan *plan, const char *kernel)
{
    return is_hmc(kernel) ? plan->leapfrog_steps : 1;
}

/* A Langevin sampler with the steps that the model was trained with, made endless: of those that shrink the last ones, and
 * always towards the density itself. */
static lebm_sampler *own_langevin(const lebm_sampler *trained)
{
    lebm_sampler *s;
    const bool has_steps = strcmp(lebm_sampler_kernel(trained), LEBM_LANGEVIN) == 0;
    or_die(has_steps ? lebm_sampler_copy(&s, trained) : lebm_sampler_create(&s, LEBM_LANGEVIN), "sampler");
    set_i64(s, LEBM_SAMPLER_MEASURE_ACCEPTANCE, 1);
    set_i64(s, LEBM_SAMPLER_NOISE, 1);
    set_f64(s, LEBM_SAMPLER_TEMPERATURE, 1);
    set_f64(s, LEBM_SAMPLER_LIKELIHOOD_WEIGHT, 1);
    const double last = get_f64(s, LEBM_SAMPLER_LAST_STEP_SIZE);
    if (last > 0) set_f64(s, LEBM_SAMPLER_STEP_SIZE, last);
    set_f64(s, LEBM_SAMPLER_LAST_STEP_SIZE, 0);
    return s;
}

static lebm_sampler *exact_kernel(const char *kernel, const chains_plan *plan)
{
    lebm_sampler *s;
    or_die(lebm_sampler_create(&s, kernel), "sampler");
    set_i64(s, LEBM_SAMPLER_WARMUP, plan->warmup);
    if (is_hmc(kernel)) set_i64(s, LEBM_SAMPLER_LEAPFROG_STEPS, plan->leapfrog_steps);
    return s;
}

static lebm_sampler *make_sampler(const model *m, const chains_plan *plan, const char *kernel)
{
    const lebm_sampler *trained = plan->x == NULL ? m->to_prior : m->to_posterior;
    lebm_sampler *s = strcmp(kernel, LEBM_LANGEVIN) == 0 ? own_langevin(trained) : exact_kernel(kernel, plan);
    set_i64(s, LEBM_SAMPLER_SEED, get_i64(trained, LEBM_SAMPLER_SEED));
    set_i64(s, LEBM_SAMPLER_THREADS, get_i64(trained, LEBM_SAMPLER_THREADS));
    set_i64(s, LEBM_SAMPLER_STREAM, STREAM_DIAGNOSIS);
    or_die(lebm_sampler_set_str(s, LEBM_SAMPLER_START, "given"), "sampler");
    return s;
}

/* Row r of n is that of a chain's superchain, which all targets have alike. */
static float *rows_of_starts(const model *m, const chains_plan *plan, int64_t n)
{
    const int64_t dims = lebm_prior_latent_size(m->prior);
    float *z = view_latents(m, n);
    for (int64_t i = 0; i < n; i++)
        memcpy(z + i * dims, plan->starts + i / plan->chains % plan->superchains * dims, (size_t)dims * sizeof *z);
    return z;
}

int64_t chains_count(const chains_plan *plan)
{
    return plan->targets * plan->superchains * plan->chains;
}

float *chains_rows_of_x(const model *m, const chains_plan *plan)
{
    if (plan->x == NULL) return NULL;
    const int64_t size = lebm_generator_data_size(m->generator), n = chains_count(plan);
    float *x = view_rows(m, n);
    for (int64_t i = 0; i < n; i++)
        memcpy(x + i * size, plan->x + i / (plan->superchains * plan->chains) * size, (size_t)size * sizeof *x);
    return x;
}

int chains_run(const model *m, lebm_sampler *sampler, const float *x, int64_t n, float *z)
{
    return x == NULL ? lebm_sampler_run_prior(sampler, m->prior, n, z)
                     : lebm_sampler_run_posterior(sampler, m->prior, m->generator, x, n, z);
}

static int run_stage(const model *m, lebm_sampler *s, const float *x, int64_t n, float *z, stage *part)
{
    or_die(lebm_sampler_set_progress(s, on_progress, part), "sampler");
    return chains_run(m, s, x, n, z);
}

/* One step after the warm-up, from which the recorded ones go on. */
static int warm_up(const model *m, lebm_sampler *s, const float *x, int64_t n, float *z, stage *part)
{
    set_i64(s, LEBM_SAMPLER_STEPS, 1);
    const int status = run_stage(m, s, x, n, z, part);
    if (status == LEBM_OK) or_die(lebm_sampler_set_str(s, LEBM_SAMPLER_START, "continue"), "sampler");
    return status;
}

static int record(const model *m, const chains_plan *plan, lebm_sampler *s, const float *x, int64_t n, float *z,
                  long_chains *c, stage *part)
{
    const int64_t per_transition = steps_of_transition(plan, c->kernel);
    const int64_t pieces = plan->steps / plan->leapfrog_steps; /* of as many steps as a transition of hmc has */
    const int64_t thin = (pieces + MOST_DRAWS - 1) / MOST_DRAWS;
    c->every = thin * plan->leapfrog_steps;
    or_die(lebm_traces_create(&c->traces, pieces / thin, c->every / per_transition, 0), "traces");
    or_die(lebm_sampler_set_traces(s, c->traces), "traces");
    set_i64(s, LEBM_SAMPLER_STEPS, pieces / thin * thin * plan->leapfrog_steps / per_transition);
    const double start = seconds_now();
    const int status = run_stage(m, s, x, n, z, part);
    c->seconds = seconds_now() - start;
    c->steps_per_second = (double)(pieces / thin * c->every * n) / c->seconds;
    return status;
}

int long_chains_run(const model *m, const chains_plan *plan, const char *kernel, long_chains *c)
{
    const int64_t n = chains_count(plan);
    lebm_sampler *s = make_sampler(m, plan, kernel);
    float *x = chains_rows_of_x(m, plan), *z = rows_of_starts(m, plan, n);
    *c = (long_chains){.kernel = kernel};
    const double warmup = (double)(get_i64(s, LEBM_SAMPLER_WARMUP) * steps_of_transition(plan, kernel));
    const double share = warmup / (warmup + (double)plan->steps);
    stage first = {plan, 0, share}, second = {plan, share, 1 - share};
    int status = warmup > 0 ? warm_up(m, s, x, n, z, &first) : LEBM_OK;
    c->step_size = get_f64(s, LEBM_SAMPLER_STEP_SIZE);
    if (status == LEBM_OK) status = record(m, plan, s, x, n, z, c, &second);
    if (status == LEBM_OK) or_die(lebm_sampler_metric(s, LEBM_SAMPLER_ACCEPTANCE, &c->acceptance), "acceptance");
    if (status == LEBM_ERR_DIVERGED)
        fail(&c->why, "%s", lebm_last_error());
    else if (status != LEBM_STOPPED)
        or_die(status, kernel);
    if (status != LEBM_OK) long_chains_free(c);
    lebm_sampler_destroy(s);
    free(z);
    free(x);
    return status;
}

void long_chains_free(long_chains *c)
{
    lebm_traces_destroy(c->traces);
    c->traces = NULL;
}
