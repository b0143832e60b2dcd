#include "mcmc/sampler.h"

#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "mcmc/adapt.h"
#include "mcmc/user_target.h"
#include "model/model.h"

enum { NO_RUN = -1 };

int lebm_sampler_create(lebm_sampler **out, const char *kernel)
{
    LEBM__REQUIRE(out);
    *out = NULL;
    LEBM__REQUIRE(kernel);
    const lebm__kernel *found;
    LEBM__TRY(lebm__kernel_find(kernel, &found));
    lebm_sampler *sampler = lebm__alloc(1, (int64_t)(sizeof *sampler + found->options.size));
    if (sampler == NULL) return LEBM_ERR_NOMEM;
    sampler->kernel = found;
    sampler->traced = NO_RUN;
    lebm__handle_init(&sampler->head, "sampler");
    lebm__handle_add_options(&sampler->head, &lebm__sampler_table, &sampler->options);
    lebm__handle_add_options(&sampler->head, &found->options, sampler + 1);
    *out = sampler;
    return LEBM_OK;
}

int lebm__sampler_check_variances(const float *variances, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        if (variances[i] >= (float)LEBM__LEAST_VARIANCE && variances[i] <= (float)LEBM__MOST_VARIANCE) continue;
        return lebm__fail(LEBM_ERR_RANGE, "number %lld of variances is %g; allowed are 1e-30 to 1e+30", (long long)i,
                          (double)variances[i]);
    }
    return LEBM_OK;
}

void lebm__sampler_scale_steps(lebm_sampler *sampler, double factor)
{
    lebm__step_sizes *sizes = sampler->head.options[1].values; /* the kernel's options begin with them */
    const double scale = sampler->kernel->step_size(factor) / sampler->kernel->step_size(1.0);
    sizes->first = lebm__step_size_within_bounds(scale * sizes->first);
    if (sizes->last > 0.0) sizes->last = lebm__step_size_within_bounds(scale * sizes->last);
}

void lebm__sampler_take_variances(lebm_sampler *sampler, float *variances, int64_t count)
{
    lebm__free(sampler->variances);
    sampler->variances = variances;
    sampler->variance_count = count;
}

int lebm_sampler_copy(lebm_sampler **out, const lebm_sampler *from)
{
    LEBM__REQUIRE(out);
    *out = NULL;
    LEBM__REQUIRE(from);
    const int64_t count = from->variance_count;
    float *variances = NULL;
    if (count > 0) {
        variances = lebm__alloc_raw(count, sizeof *variances);
        if (variances == NULL) return LEBM_ERR_NOMEM;
        memcpy(variances, from->variances, (size_t)count * sizeof *variances);
    }
    const int status = lebm_sampler_create(out, from->kernel->name);
    if (status != LEBM_OK) {
        lebm__free(variances);
        return status;
    }
    lebm__handle_assign_options(&(*out)->head, &from->head);
    lebm__sampler_take_variances(*out, variances, count);
    return LEBM_OK;
}

void lebm_sampler_destroy(lebm_sampler *sampler)
{
    if (sampler == NULL) return;
    lebm__pool_destroy(sampler->pool);
    if (sampler->traces != NULL) lebm__traces_let_go(sampler->traces, LEBM__SAMPLER);
    lebm__free(sampler->variances);
    lebm__free(sampler);
}

const char *lebm_sampler_kernel(const lebm_sampler *sampler)
{
    return sampler == NULL ? NULL : sampler->kernel->name;
}

int lebm_sampler_set_progress(lebm_sampler *sampler, lebm_progress_fn progress, void *user)
{
    LEBM__REQUIRE(sampler);
    return lebm__handle_set_progress(&sampler->head, __func__, (lebm__progress){progress, user});
}

int lebm_sampler_set_traces(lebm_sampler *sampler, lebm_traces *traces)
{
    LEBM__REQUIRE(sampler);
    LEBM__TRY(lebm__handle_claim(&sampler->head, __func__, 0));
    int status = LEBM_OK;
    if (traces != sampler->traces) {
        if (traces != NULL) status = lebm__traces_take(traces, __func__);
        if (status == LEBM_OK && sampler->traces != NULL) lebm__traces_let_go(sampler->traces, LEBM__SAMPLER);
        if (status == LEBM_OK) sampler->traces = traces;
    }
    if (status == LEBM_OK) sampler->traced = NO_RUN;
    lebm__handle_yield(&sampler->head, 0);
    return status;
}

lebm__run lebm__sampler_begin_run(const lebm_sampler *sampler)
{
    const lebm__run_tuning tuning = {.is_preconditioned = strcmp(sampler->options.preconditioner, "diagonal") == 0,
                                     .variances = sampler->variances,
                                     .count = sampler->variance_count};
    return (lebm__run){.kernel = sampler->kernel,
                       .options = &sampler->options,
                       .kernel_options = sampler->head.options[1].values,
                       .tuning = tuning};
}

/* The kinds of targets, with what error texts call them and what their random numbers are keyed by. */
static const struct {
    const char *name;
    lebm__purpose purpose;
} sampler_targets[] = {{"prior", LEBM__FOR_PRIOR}, {"posterior", LEBM__FOR_POSTERIOR}, {"target", LEBM__FOR_TARGET}};

static int sampler_target(const lebm__run *run)
{
    return run->target != NULL ? 2 : run->generator != NULL;
}

/* Have a run go on where the last one of its kind stopped, whose random numbers it takes up. */
static int sampler_continue(const lebm__last_run *last, lebm__run *run)
{
    const char *target = sampler_targets[sampler_target(run)].name;
    const int64_t dims = lebm__run_dims(run), steps = run->tuning.warmup + run->options->steps;
    if (last->n == 0) {
        return lebm__fail(LEBM_ERR_STATE, "start is 'continue', but the sampler has not run to a %s yet", target);
    }
    if (run->n != last->n || dims != last->dims) {
        return lebm__fail(LEBM_ERR_SHAPE,
                          "start is 'continue', but z [%lld, %lld] is not of the shape of the last run to a %s, "
                          "[%lld, %lld]",
                          (long long)run->n, (long long)dims, target, (long long)last->n, (long long)last->dims);
    }
    if (last->steps > (int64_t)UINT32_MAX - steps) {
        return lebm__fail(LEBM_ERR_RANGE,
                          "start is 'continue': %lld steps after %lld; random numbers are there for at most %lld",
                          (long long)steps, (long long)last->steps, (long long)UINT32_MAX);
    }
    run->key = last->key;
    run->steps_before = last->steps;
    return LEBM_OK;
}

/* Run, and keep what a warm-up learns; only what succeeds changes the sampler. */
static int sampler_run_and_learn(lebm_sampler *sampler, lebm__run run)
{
    const int64_t dims = lebm__run_dims(&run), warmup = run.tuning.warmup;
    lebm__step_sizes *step_sizes = sampler->head.options[1].values;
    double step_size = step_sizes->first;
    float *variances = NULL;
    if (warmup > 0 && run.tuning.is_preconditioned) {
        variances = lebm__alloc_raw(dims, sizeof *variances);
        if (variances == NULL) return LEBM_ERR_NOMEM;
    }
    run.tuning.learned_step_size = &step_size;
    run.tuning.learned_variances = variances;
    const int status = lebm__sampler_run(&run);
    if (status != LEBM_OK) {
        lebm__free(variances);
        return status;
    }
    step_sizes->first = step_size;
    sampler->options.warmup = 0;
    if (variances != NULL) lebm__sampler_take_variances(sampler, variances, dims);
    return LEBM_OK;
}

int lebm__sampler_prepare_run(lebm_sampler *sampler, lebm__run *run)
{
    const lebm__sampler_options *options = &sampler->options;
    const int is_serial = run->target != NULL && !run->target->concurrent;
    if (run->n < 1 || run->n > INT32_MAX) {
        return lebm__fail(LEBM_ERR_RANGE, "n is %lld chains; allowed are 1 to %d", (long long)run->n, INT32_MAX);
    }
    if (run->generator != NULL) LEBM__TRY(lebm__generator_check(run->generator, run->x, run->n));
    LEBM__TRY(lebm__pool_resize(&sampler->pool, is_serial ? 1 : lebm__thread_count(options->threads)));
    run->pool = sampler->pool;
    run->tuning.warmup = options->warmup;
    return LEBM_OK;
}

/* The same, recorded if there are traces. */
static int sampler_run_and_record(lebm_sampler *sampler, lebm__run run, int continues)
{
    const int target = sampler_target(&run);
    const lebm__traced_run traced = {run.n, lebm__run_dims(&run), run.options->steps,
                                     continues && sampler->traced == target};
    lebm__record record;
    if (sampler->traces == NULL) return sampler_run_and_learn(sampler, run);
    LEBM__TRY(lebm__traces_begin(sampler->traces, &traced, &record));
    run.record = &record;
    const int status = sampler_run_and_learn(sampler, run);
    lebm__traces_end(sampler->traces, &record, status == LEBM_OK);
    if (status == LEBM_OK) sampler->traced = target;
    return status;
}

/* All public runs, after their arguments are checked for NULL and the sampler is claimed. */
static int sampler_run(lebm_sampler *sampler, lebm__run run)
{
    lebm__sampler_options *options = &sampler->options;
    const int target = sampler_target(&run), continues = strcmp(options->start, "continue") == 0;
    lebm__last_run *last = &sampler->last_runs[target];
    LEBM__TRY(lebm__sampler_prepare_run(sampler, &run));
    run.key = lebm__key_make((uint64_t)options->seed, (uint64_t)options->stream, sampler_targets[target].purpose);
    if (continues) LEBM__TRY(sampler_continue(last, &run));
    run.start = strcmp(options->start, "noise") == 0 ? NULL : run.z;
    run.metrics = &sampler->metrics;
    run.progress = sampler->head.progress;
    const int64_t steps_done = run.steps_before + options->warmup + options->steps;
    LEBM__TRY(sampler_run_and_record(sampler, run, continues));
    *last = (lebm__last_run){run.key, run.n, lebm__run_dims(&run), steps_done};
    if (!continues) options->stream = options->stream == INT64_MAX ? 0 : options->stream + 1;
    return LEBM_OK;
}

int lebm_sampler_run_prior(lebm_sampler *sampler, const lebm_prior *prior, int64_t n, float *z)
{
    LEBM__REQUIRE(sampler);
    LEBM__REQUIRE(prior);
    LEBM__REQUIRE(z);
    LEBM__TRY(lebm__handle_claim(&sampler->head, __func__, 0));
    lebm__run run = lebm__sampler_begin_run(sampler);
    run.prior = prior;
    run.n = n;
    run.z = z;
    const int status = sampler_run(sampler, run);
    lebm__handle_yield(&sampler->head, 0);
    return status;
}

int lebm_sampler_run_posterior(lebm_sampler *sampler, const lebm_prior *prior, const lebm_generator *generator,
                               const float *x, int64_t n, float *z)
{
    LEBM__REQUIRE(sampler);
    LEBM__REQUIRE(prior);
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(x);
    LEBM__REQUIRE(z);
    LEBM__TRY(lebm__model_check(prior, generator));
    LEBM__TRY(lebm__handle_claim(&sampler->head, __func__, 0));
    lebm__run run = lebm__sampler_begin_run(sampler);
    run.prior = prior;
    run.generator = generator;
    run.x = x;
    run.n = n;
    run.z = z;
    const int status = sampler_run(sampler, run);
    lebm__handle_yield(&sampler->head, 0);
    return status;
}

int lebm_sampler_run_target(lebm_sampler *sampler, const lebm_target *target, int64_t n, float *z)
{
    LEBM__REQUIRE(sampler);
    LEBM__REQUIRE(target);
    LEBM__REQUIRE(z);
    LEBM__TRY(lebm__handle_claim(&sampler->head, __func__, 0));
    lebm__run run = lebm__sampler_begin_run(sampler);
    run.target = target;
    run.n = n;
    run.z = z;
    const int status = sampler_run(sampler, run);
    lebm__handle_yield(&sampler->head, 0);
    return status;
}

int lebm_sampler_metric(const lebm_sampler *sampler, const char *key, double *value)
{
    LEBM__REQUIRE(sampler);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(value);
    LEBM__TRY(lebm__metrics_find(key));
    if (sampler->last_runs[0].n + sampler->last_runs[1].n + sampler->last_runs[2].n == 0)
        return lebm__fail(LEBM_ERR_STATE, "metric '%s': the sampler has not run yet", key);
    return lebm__metrics_get(&sampler->metrics, key, value);
}
