#include "train/step_chains.h"

#include <string.h>

#include "core/memory.h"
#include "core/status.h"

/* The rows whose chains to the posterior begin, and the others. The chains of other numbers of observations are not those
 * of these. */
static int step_chains_find_visits(lebm__step_chains *chains)
{
    const lebm_trainer *t = chains->trainer;
    const lebm__batch *b = chains->batch;
    const int64_t count = t->options.observations;
    const lebm__kept *kept = &t->kept_posterior;
    LEBM__TRY(lebm__kept_check_ids(chains->ids, b->n, count));
    if (kept->count != count) {
        LEBM__TRY(lebm__kept_create(&chains->new_posterior, count, t->generator->latent_size));
        kept = &chains->new_posterior;
    }
    for (int i = LEBM__FIRST_VISITS; i <= LEBM__OTHER_VISITS; i++) {
        LEBM__TRY(lebm__visits_create(&chains->visits[i], kept, i == LEBM__OTHER_VISITS, chains->ids, b->x, b->n,
                                      t->generator->data_size));
    }
    return LEBM_OK;
}

int lebm__step_chains_create(lebm__step_chains *chains, const lebm_trainer *trainer, const lebm__batch *batch,
                             const int64_t *ids)
{
    *chains = (lebm__step_chains){.trainer = trainer,
                                  .batch = batch,
                                  .ids = lebm__trainer_keeps(trainer->options.posterior_chains) ? ids : NULL,
                                  .keeps_prior = lebm__trainer_keeps(trainer->options.prior_chains),
                                  .first_visit = trainer->to_posterior->options};
    chains->first_visit.steps = lebm__trainer_first_visit_steps(trainer);
    if (chains->ids != NULL) LEBM__TRY(step_chains_find_visits(chains));
    if (!chains->keeps_prior || trainer->kept_prior.count >= batch->n) return LEBM_OK;
    return lebm__kept_create(&chains->new_prior, batch->n, trainer->generator->latent_size);
}

void lebm__step_chains_destroy(lebm__step_chains *chains)
{
    for (int i = LEBM__FIRST_VISITS; i <= LEBM__OTHER_VISITS; i++) lebm__visits_destroy(&chains->visits[i]);
    lebm__kept_destroy(&chains->new_posterior);
    lebm__kept_destroy(&chains->new_prior);
}

/* Of a step of a sampler's chain. */
static double step_chains_evaluations(const lebm_sampler *sampler)
{
    return (double)lebm__kernel_evaluations(sampler->kernel, sampler->head.options[1].values);
}

double lebm__step_chains_work(const lebm__step_chains *chains, lebm__chain_phase phase)
{
    const lebm_trainer *t = chains->trainer;
    const double n = (double)chains->batch->n, others = (double)chains->visits[LEBM__OTHER_VISITS].n;
    const double of_prior = step_chains_evaluations(t->to_prior),
                 of_posterior = step_chains_evaluations(t->to_posterior);
    switch (phase) {
    case LEBM__FIRST_VISITS:
        return (n - others) * (double)chains->first_visit.steps * of_posterior;
    case LEBM__OTHER_VISITS:
        return others * (double)t->to_posterior->options.steps * of_posterior;
    default:
        return n * (double)t->to_prior->options.steps * of_prior;
    }
}

static lebm__key step_chains_key(const lebm__step_chains *chains, lebm__purpose purpose)
{
    return lebm__key_make((uint64_t)chains->trainer->options.seed, (uint64_t)chains->trainer->steps_done, purpose);
}

/* A run of the whole batch, which begins at noise, to be completed. */
static lebm__run step_chains_begin_run(const lebm__step_chains *chains, const lebm_sampler *sampler,
                                       lebm__purpose purpose, float *z, lebm__progress progress)
{
    lebm__run run = lebm__sampler_begin_run(sampler);
    run.pool = chains->trainer->pool;
    run.key = step_chains_key(chains, purpose);
    run.prior = chains->trainer->prior;
    run.n = chains->batch->n;
    run.z = z;
    run.progress = progress;
    return run;
}

static int step_chains_make_run(const lebm__step_chains *chains, lebm__run run)
{
    const int64_t steps_done = chains->trainer->steps_done;
    lebm__run_metrics unused;
    run.metrics = &unused;
    const int status = lebm__sampler_run(&run);
    if (status != LEBM_ERR_DIVERGED || steps_done == 0) return status;
    return lebm__fail(status, "%s; at training step %lld smaller learning rates may help, too", lebm_last_error(),
                      (long long)steps_done + 1);
}

/* The chains of the rows of one of the groups. What a chain draws depends on seed, step and observation alone. */
static int step_chains_run_visits(const lebm__step_chains *chains, lebm__chain_phase phase, lebm__progress progress)
{
    const int is_first = phase == LEBM__FIRST_VISITS;
    const lebm__visits *visits = &chains->visits[phase];
    if (visits->n == 0) return LEBM_OK;
    lebm__run run =
        step_chains_begin_run(chains, chains->trainer->to_posterior,
                              is_first ? LEBM__FOR_TRAINER_POSTERIOR : LEBM__FOR_TRAINER_KEPT, visits->z, progress);
    if (is_first) run.options = &chains->first_visit;
    run.generator = chains->trainer->generator;
    run.x = visits->x;
    run.dropout = chains->batch->dropout;
    run.n = visits->n;
    run.numbers = visits->ids;
    run.start = is_first ? NULL : visits->z;
    run.is_kept = !is_first;
    LEBM__TRY(step_chains_make_run(chains, run));
    lebm__visits_scatter(visits, chains->batch->z_positive);
    return LEBM_OK;
}

static int step_chains_run_fresh(const lebm__step_chains *chains, lebm__progress progress)
{
    lebm__run run = step_chains_begin_run(chains, chains->trainer->to_posterior, LEBM__FOR_TRAINER_POSTERIOR,
                                          chains->batch->z_positive, progress);
    run.generator = chains->trainer->generator;
    run.x = chains->batch->x;
    run.dropout = chains->batch->dropout;
    return step_chains_make_run(chains, run);
}

/* Where kept chains to the prior begin: at noise, those that are new or chosen by chance, else where they were. `chance`
 * is room for a number of each. */
static void step_chains_start_prior(const lebm__step_chains *chains, const lebm__run *run, float *chance)
{
    const lebm__kept *kept = &chains->trainer->kept_prior;
    lebm__run_noise(run, 0, run->n, run->z);
    lebm__uniforms(step_chains_key(chains, LEBM__FOR_TRAINER_RENEWAL), 0, run->n, chance);
    for (int64_t i = 0; i < run->n && i < kept->count; i++) {
        if ((double)chance[i] < chains->trainer->options.prior_renewal) continue;
        memcpy(run->z + i * kept->dims, kept->z + i * kept->dims, (size_t)kept->dims * sizeof *run->z);
    }
}

static int step_chains_run_to_prior(const lebm__step_chains *chains, lebm__progress progress)
{
    lebm__run run = step_chains_begin_run(chains, chains->trainer->to_prior, LEBM__FOR_TRAINER_PRIOR,
                                          chains->batch->z_negative, progress);
    if (chains->keeps_prior) {
        float *chance = lebm__alloc_raw(run.n, sizeof *chance);
        if (chance == NULL) return LEBM_ERR_NOMEM;
        step_chains_start_prior(chains, &run, chance);
        lebm__free(chance);
        run.start = run.z;
        run.is_kept = 1;
    }
    return step_chains_make_run(chains, run);
}

int lebm__step_chains_run(lebm__step_chains *chains, lebm__chain_phase phase, lebm__progress progress)
{
    if (phase == LEBM__TO_PRIOR) return step_chains_run_to_prior(chains, progress);
    if (chains->ids != NULL) return step_chains_run_visits(chains, phase, progress);
    return phase == LEBM__FIRST_VISITS ? step_chains_run_fresh(chains, progress) : LEBM_OK;
}

static void step_chains_store_kind(lebm__kept *kept, lebm__kept *new, int is_kept, const int64_t *ids, int64_t n,
                                   const float *z)
{
    if (!is_kept || new->count > 0) {
        lebm__kept_destroy(kept);
        *kept = *new;
        *new = (lebm__kept){0};
    }
    if (is_kept) lebm__kept_store(kept, ids, n, z);
}

void lebm__step_chains_store(lebm__step_chains *chains, lebm_trainer *trainer)
{
    const lebm__batch *b = chains->batch;
    step_chains_store_kind(&trainer->kept_posterior, &chains->new_posterior, chains->ids != NULL, chains->ids, b->n,
                           b->z_positive);
    step_chains_store_kind(&trainer->kept_prior, &chains->new_prior, chains->keeps_prior, NULL, b->n, b->z_negative);
}
