#include "mcmc/annealing.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "core/text.h"
#include "mcmc/user_target.h"
#include "model/model.h"

/* The kernel's options but for a schedule of step sizes, which annealing has its own of. */
static void annealing_take_options(lebm_annealing *annealing, const lebm__options *table)
{
    int64_t count = 0;
    for (int64_t i = 0; i < table->count; i++) {
        const lebm__option *row = &table->rows[i];
        if (strcmp(row->key, LEBM_SAMPLER_LAST_STEP_SIZE) != 0) annealing->kernel_rows[count++] = *row;
    }
    annealing->kernel_table = (lebm__options){annealing->kernel_rows, count, table->size};
}

int lebm_annealing_create(lebm_annealing **out, const char *kernel)
{
    LEBM__REQUIRE(out);
    *out = NULL;
    LEBM__REQUIRE(kernel);
    const lebm__kernel *found;
    LEBM__TRY(lebm__kernel_find(kernel, &found));
    if (!found->is_exact) {
        return lebm__fail(LEBM_ERR_UNSUPPORTED,
                          "annealing with '%s' would have no law, as its steps are not tested; "
                          "take %s or %s",
                          found->name, LEBM_HMC, LEBM_MALA);
    }
    lebm_annealing *annealing = lebm__alloc(1, (int64_t)(sizeof *annealing + found->options.size));
    if (annealing == NULL) return LEBM_ERR_NOMEM;
    annealing->kernel = found;
    annealing_take_options(annealing, &found->options);
    lebm__handle_init(&annealing->head, "annealing");
    lebm__handle_add_options(&annealing->head, &lebm__annealing_table, &annealing->options);
    lebm__handle_add_options(&annealing->head, &annealing->kernel_table, annealing + 1);
    *out = annealing;
    return LEBM_OK;
}

void lebm_annealing_destroy(lebm_annealing *annealing)
{
    if (annealing == NULL) return;
    lebm__pool_destroy(annealing->pool);
    lebm__annealed_rows_free(&annealing->rows);
    lebm__free(annealing);
}

const char *lebm_annealing_kernel(const lebm_annealing *annealing)
{
    return annealing == NULL ? NULL : annealing->kernel->name;
}

int lebm_annealing_set_progress(lebm_annealing *annealing, lebm_progress_fn progress, void *user)
{
    LEBM__REQUIRE(annealing);
    return lebm__handle_set_progress(&annealing->head, __func__, (lebm__progress){progress, user});
}

/* ---- Runs ---- */

static int annealing_check(const lebm_annealing *annealing, const lebm__annealing_run *run)
{
    const lebm__annealing_options *o = &annealing->options;
    if (run->n < 1 || run->n > INT32_MAX)
        return lebm__fail(LEBM_ERR_RANGE, "n is %lld rows; allowed are 1 to %d", (long long)run->n, INT32_MAX);
    if (o->chains % o->groups == 0 && o->chains >= 2 * o->groups) return LEBM_OK;
    return lebm__fail(LEBM_ERR_STATE, "chains is %lld, which groups, %lld, does not divide into two or more each",
                      (long long)o->chains, (long long)o->groups);
}

/* All public runs, after their arguments are checked for NULL and the handle is claimed. */
static int annealing_run(lebm_annealing *annealing, lebm__annealing_run run)
{
    const int is_serial = run.target != NULL && !run.target->concurrent;
    lebm__annealed_rows rows;
    LEBM__TRY(annealing_check(annealing, &run));
    if (run.generator != NULL) LEBM__TRY(lebm__generator_check(run.generator, run.x, run.n));
    const int threads = is_serial ? 1 : lebm__thread_count(annealing->options.threads);
    LEBM__TRY(lebm__pool_resize(&annealing->pool, threads));
    run.kernel = annealing->kernel;
    run.options = &annealing->options;
    run.kernel_options = annealing->head.options[1].values;
    run.pool = annealing->pool;
    run.progress = annealing->head.progress;
    LEBM__TRY(lebm__annealing_do(&run, &rows));
    lebm__annealed_rows_free(&annealing->rows);
    annealing->rows = rows;
    return LEBM_OK;
}

int lebm_annealing_run_prior(lebm_annealing *annealing, const lebm_prior *prior)
{
    LEBM__REQUIRE(annealing);
    LEBM__REQUIRE(prior);
    LEBM__TRY(lebm__handle_claim(&annealing->head, __func__, 0));
    const int status = annealing_run(annealing, (lebm__annealing_run){.prior = prior, .n = 1});
    lebm__handle_yield(&annealing->head, 0);
    return status;
}

int lebm_annealing_run_posterior(lebm_annealing *annealing, const lebm_prior *prior, const lebm_generator *generator,
                                 const float *x, int64_t n)
{
    LEBM__REQUIRE(annealing);
    LEBM__REQUIRE(prior);
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(x);
    LEBM__TRY(lebm__model_check(prior, generator));
    LEBM__TRY(lebm__handle_claim(&annealing->head, __func__, 0));
    const lebm__annealing_run run = {.prior = prior, .generator = generator, .x = x, .n = n};
    const int status = annealing_run(annealing, run);
    lebm__handle_yield(&annealing->head, 0);
    return status;
}

int lebm_annealing_run_target(lebm_annealing *annealing, const lebm_target *target)
{
    LEBM__REQUIRE(annealing);
    LEBM__REQUIRE(target);
    LEBM__TRY(lebm__handle_claim(&annealing->head, __func__, 0));
    const int status = annealing_run(annealing, (lebm__annealing_run){.target = target, .n = 1});
    lebm__handle_yield(&annealing->head, 0);
    return status;
}
