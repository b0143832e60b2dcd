/* A step of maximum likelihood: chains to the posterior and the prior, gradients, checks, Adam. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/status.h"
#include "math/kernels.h"
#include "mcmc/sampler.h"
#include "train/trainer.h"

/* The phases of a step: chains to the posterior that begin and those that go on, chains to the prior, and gradients. */
enum { FIRST_VISITS, OTHER_VISITS, TO_PRIOR, GRADIENTS, PHASES };

typedef struct {
    lebm_trainer *trainer;
    const char *function; /* the public one */
    const int64_t *ids;   /* of the observations whose chains are kept; NULL: none are */
    int keeps_prior;
    lebm__batch batch;
    lebm__visits visits[2];              /* kept chains to the posterior, by phase */
    lebm__kept new_posterior, new_prior; /* chains that none are kept of yet: they come into their place */
    lebm__sampler_options first_visit;   /* of chains to the posterior that begin */
    lebm__trainer_metrics metrics;
    double share[PHASES]; /* of the phases in the work */
    int phase;
} step;

/* For a row, a step of a chain takes its decoders forward and back; the gradients of parameters are about as much work
 * again, of g at z+ and of f at z+ and z-. */
static void step_share_progress(step *s)
{
    const lebm_trainer *t = s->trainer;
    const double f = lebm__net_work(t->prior->net), g = t->generator->kind->work(t->generator);
    const double n = (double)s->batch.n, others = (double)s->visits[OTHER_VISITS].n;
    double all = 0.0;
    s->share[FIRST_VISITS] = 2.0 * (n - others) * (double)s->first_visit.steps * (f + g);
    s->share[OTHER_VISITS] = 2.0 * others * (double)t->to_posterior->options.steps * (f + g);
    s->share[TO_PRIOR] = 2.0 * n * (double)t->to_prior->options.steps * f;
    s->share[GRADIENTS] = 3.0 * n * (g + 2.0 * f);
    for (int i = 0; i < PHASES; i++) all += s->share[i];
    for (int i = 0; i < PHASES; i++) s->share[i] /= all;
}

/* Tell how much of its phase is done; anything but 0 stops the step. */
static int step_report(double done, void *user)
{
    const step *s = user;
    const lebm__progress progress = s->trainer->head.progress;
    if (progress.ask == NULL) return 0;
    double before = 0.0;
    for (int i = 0; i < s->phase; i++) before += s->share[i];
    const int is_end = s->phase == PHASES - 1 && done == 1.0; /* where shares may add up to a little less */
    return progress.ask(is_end ? 1.0 : before + done * s->share[s->phase], progress.user);
}

static int step_keeps(const char *chains)
{
    return strcmp(chains, "kept") == 0;
}

/* The rows whose chains to the posterior begin, and the others. The chains of other numbers of observations are not those
 * of these. */
static int step_visit(step *s)
{
    const lebm_trainer *t = s->trainer;
    const int64_t n = s->batch.n, data_size = t->generator->data_size, count = t->options.observations;
    const lebm__kept *kept = &t->kept_posterior;
    LEBM__TRY(lebm__kept_check_ids(s->ids, n, count));
    if (kept->count != count) {
        LEBM__TRY(lebm__kept_create(&s->new_posterior, count, t->generator->latent_size));
        kept = &s->new_posterior;
    }
    for (int i = FIRST_VISITS; i <= OTHER_VISITS; i++) {
        LEBM__TRY(lebm__visits_create(&s->visits[i], kept, i == OTHER_VISITS, s->ids, s->batch.x, n, data_size));
    }
    if (t->options.first_visit_steps > 0) s->first_visit.steps = t->options.first_visit_steps;
    return LEBM_OK;
}

static int step_create(step *s)
{
    const lebm_trainer *t = s->trainer;
    lebm__batch *b = &s->batch;
    const int64_t n = b->n, latent = n * t->generator->latent_size;
    s->first_visit = t->to_posterior->options;
    if (s->ids != NULL) LEBM__TRY(step_visit(s));
    if (s->keeps_prior && t->kept_prior.count < n) {
        LEBM__TRY(lebm__kept_create(&s->new_prior, n, t->generator->latent_size));
    }
    step_share_progress(s);
    b->z_positive = lebm__alloc_raw(2 * latent, sizeof *b->z_positive);
    b->f_positive = lebm__alloc_raw(4 * n, sizeof *b->f_positive);
    if (b->z_positive == NULL || b->f_positive == NULL) return LEBM_ERR_NOMEM;
    b->z_negative = b->z_positive + latent;
    b->f_negative = b->f_positive + n;
    b->log_likelihood = b->f_negative + n;
    b->squared_error = b->log_likelihood + n;
    return LEBM_OK;
}

static void step_destroy(step *s)
{
    for (int i = FIRST_VISITS; i <= OTHER_VISITS; i++) lebm__visits_destroy(&s->visits[i]);
    lebm__kept_destroy(&s->new_posterior);
    lebm__kept_destroy(&s->new_prior);
    lebm__free(s->batch.z_positive);
    lebm__free(s->batch.f_positive);
}

static lebm__key step_key(const step *s, lebm__purpose purpose)
{
    return lebm__key_make((uint64_t)s->trainer->options.seed, (uint64_t)s->trainer->steps_done, purpose);
}

/* A run of the whole batch, which begins at noise, to be completed. */
static lebm__run step_begin_run(step *s, const lebm_sampler *sampler, lebm__purpose purpose, float *z)
{
    lebm__run run = lebm__sampler_begin_run(sampler);
    run.pool = s->trainer->pool;
    run.key = step_key(s, purpose);
    run.prior = s->trainer->prior;
    run.n = s->batch.n;
    run.z = z;
    run.progress = (lebm__progress){step_report, s};
    return run;
}

static int step_run_chains(step *s, int phase, lebm__run run)
{
    const int64_t steps_done = s->trainer->steps_done;
    lebm__run_metrics unused;
    s->phase = phase;
    run.metrics = &unused;
    const int status = lebm__sampler_run(&run);
    if (status != LEBM_ERR_DIVERGED || steps_done == 0) return status;
    return lebm__fail(status, "%s; at training step %lld smaller learning rates may help, too", lebm_last_error(),
                      (long long)steps_done + 1);
}

/* The chains of the rows of one of the groups. What a chain draws depends on seed, step and observation alone. */
static int step_run_visits(step *s, int phase)
{
    const int is_first = phase == FIRST_VISITS;
    const lebm__visits *visits = &s->visits[phase];
    if (visits->n == 0) return LEBM_OK;
    lebm__run run = step_begin_run(s, s->trainer->to_posterior,
                                   is_first ? LEBM__FOR_TRAINER_POSTERIOR : LEBM__FOR_TRAINER_KEPT, visits->z);
    if (is_first) run.options = &s->first_visit;
    run.generator = s->trainer->generator;
    run.x = visits->x;
    run.n = visits->n;
    run.numbers = visits->ids;
    run.start = is_first ? NULL : visits->z;
    run.is_kept = !is_first;
    LEBM__TRY(step_run_chains(s, phase, run));
    lebm__visits_scatter(visits, s->batch.z_positive);
    return LEBM_OK;
}

static int step_run_to_posterior(step *s)
{
    if (s->ids != NULL) {
        LEBM__TRY(step_run_visits(s, FIRST_VISITS));
        return step_run_visits(s, OTHER_VISITS);
    }
    lebm__run run = step_begin_run(s, s->trainer->to_posterior, LEBM__FOR_TRAINER_POSTERIOR, s->batch.z_positive);
    run.generator = s->trainer->generator;
    run.x = s->batch.x;
    return step_run_chains(s, FIRST_VISITS, run);
}

/* Where kept chains to the prior begin: at noise, those that are new or chosen by chance, else where they were. `chance`
 * is room for a number of each. */
static void step_start_kept_prior(const step *s, const lebm__run *run, float *chance)
{
    const lebm__kept *kept = &s->trainer->kept_prior;
    lebm__run_noise(run, 0, run->n, run->z);
    lebm__uniforms(step_key(s, LEBM__FOR_TRAINER_RENEWAL), 0, run->n, chance);
    for (int64_t i = 0; i < run->n && i < kept->count; i++) {
        if ((double)chance[i] < s->trainer->options.prior_renewal) continue;
        memcpy(run->z + i * kept->dims, kept->z + i * kept->dims, (size_t)kept->dims * sizeof *run->z);
    }
}

static int step_run_to_prior(step *s)
{
    lebm__run run = step_begin_run(s, s->trainer->to_prior, LEBM__FOR_TRAINER_PRIOR, s->batch.z_negative);
    if (s->keeps_prior) {
        float *chance = lebm__alloc_raw(run.n, sizeof *chance);
        if (chance == NULL) return LEBM_ERR_NOMEM;
        step_start_kept_prior(s, &run, chance);
        lebm__free(chance);
        run.start = run.z;
        run.is_kept = 1;
    }
    return step_run_chains(s, TO_PRIOR, run);
}

static int step_compute_gradients(step *s)
{
    lebm_trainer *t = s->trainer;
    s->phase = GRADIENTS;
    int status = lebm__gradients_compute(t->prior, t->generator, t->learners, &s->batch, &t->activations, t->pool,
                                         (lebm__progress){t->head.progress.ask == NULL ? NULL : step_report, s});
    if (status == LEBM_OK && step_report(1.0, s)) status = LEBM_STOPPED;
    if (status == LEBM_STOPPED) lebm__fail(LEBM_STOPPED, "the progress callback stopped the call");
    return status;
}

/* ---- Checks ---- */

static int step_require_finite(const step *s, const char *quantity, double value)
{
    if (isfinite(value)) return LEBM_OK;
    return lebm__fail(LEBM_ERR_DIVERGED, "the %s is %g at training step %lld", quantity, value,
                      (long long)s->trainer->steps_done + 1);
}

static int step_require_within(const step *s, const char *quantity, double value, double unit)
{
    const double threshold = s->trainer->options.divergence_threshold;
    if (threshold == 0.0 || value <= threshold * unit) return LEBM_OK;
    return lebm__fail(
        LEBM_ERR_DIVERGED,
        "the %s has grown to %g at training step %lld; allowed are %g, which is divergence_threshold times "
        "%g; go on from an earlier state with smaller learning rates",
        quantity, value, (long long)s->trainer->steps_done + 1, threshold * unit, unit);
}

/* Learning that runs away takes g's output, or f's values, far beyond anything that x and z could make of nets whose
 * weights are of the order of 1. */
static int step_check_growth(const step *s, double rows_per_number)
{
    const lebm_trainer *t = s->trainer;
    const lebm__batch *b = &s->batch;
    const int64_t dims = t->generator->latent_size, numel = b->n * dims;
    const char *what;
    double unit;
    const double misfit =
        t->generator->kind->misfit(t->generator, b->x, b->n, s->metrics.log_likelihood * rows_per_number,
                                   s->metrics.reconstruction_mse, &what, &unit);
    unit = fmax(fmax(unit, sqrt(lebm__kernels()->squares(numel, b->z_positive) / (double)numel)),
                fmax(1.0, t->prior->sigma0));
    LEBM__TRY(step_require_within(s, what, misfit, unit));
    return step_require_within(s, "f_gap over sqrt(M)", fabs(s->metrics.f_gap) / sqrt((double)dims), unit);
}

/* Read off what the batch tells; everything must be finite and within bounds. */
static int step_measure(step *s)
{
    const lebm_trainer *t = s->trainer;
    const lebm__batch *b = &s->batch;
    lebm__trainer_metrics *m = &s->metrics;
    const int64_t count = t->generator->kind->count(t->generator, b->x, b->n); /* 0: all numbers are missing */
    const double rows_per_number = count == 0 ? 0.0 : (double)b->n / (double)count;
    m->f_positive = lebm__mean(b->f_positive, b->n);
    m->f_negative = lebm__mean(b->f_negative, b->n);
    m->f_gap = m->f_positive - m->f_negative;
    m->log_likelihood = lebm__mean(b->log_likelihood, b->n);
    m->reconstruction_mse = lebm__mean(b->squared_error, b->n) * rows_per_number;
    m->reconstruction_nll = -m->log_likelihood * rows_per_number;
    for (int i = 0; i < LEBM__LEARNERS; i++) m->grad_norm[i] = lebm__learner_norm(&t->learners[i], b->n);
    LEBM__TRY(step_require_finite(s, "mean of f on posterior samples", m->f_positive));
    LEBM__TRY(step_require_finite(s, "mean of f on prior samples", m->f_negative));
    LEBM__TRY(step_require_finite(s, "mean log likelihood", m->log_likelihood));
    LEBM__TRY(step_require_finite(s, "reconstruction error", m->reconstruction_mse));
    LEBM__TRY(step_require_finite(s, "norm of f's gradient", m->grad_norm[LEBM__PRIOR]));
    LEBM__TRY(step_require_finite(s, "norm of g's gradient", m->grad_norm[LEBM__GENERATOR]));
    return step_check_growth(s, rows_per_number);
}

/* Keep the chains that are to be kept, and forget the others. */
static void step_keep_chains(lebm__kept *kept, lebm__kept *new, int is_kept, const int64_t *ids, int64_t n,
                             const float *z)
{
    if (!is_kept || new->count > 0) {
        lebm__kept_destroy(kept);
        *kept = *new;
        *new = (lebm__kept){0};
    }
    if (is_kept) lebm__kept_store(kept, ids, n, z);
}

/* Adam's step for all learners, or for none. All that a checkpoint keeps changes under the claim. */
static int step_update(step *s)
{
    lebm_trainer *t = s->trainer;
    const lebm__trainer_options *o = &t->options;
    const double decay = pow(o->decay_per_epoch, (double)t->epochs_done);
    lebm__adam_settings settings[LEBM__LEARNERS];
    for (int i = 0; i < LEBM__LEARNERS; i++) {
        const lebm__learner_options *of_learner = &o->learner[i];
        settings[i] = (lebm__adam_settings){decay * of_learner->learning_rate, o->beta1, o->beta2, o->epsilon,
                                            of_learner->weight_decay};
        lebm__learner_clip(&t->learners[i], s->metrics.grad_norm[i], of_learner->clip_norm, s->batch.n);
    }
    const int status = lebm__learners_compute(t->learners, settings, o->average_decay, LEBM__LEARNERS, t->pool);
    if (status == LEBM_ERR_DIVERGED) {
        return lebm__fail(status, "%s at training step %lld", lebm_last_error(), (long long)t->steps_done + 1);
    }
    LEBM__TRY(status);
    LEBM__TRY(lebm__model_claim(t->prior, t->generator, s->function, 1));
    lebm__learners_accept(t->learners, LEBM__LEARNERS);
    step_keep_chains(&t->kept_posterior, &s->new_posterior, s->ids != NULL, s->ids, s->batch.n, s->batch.z_positive);
    step_keep_chains(&t->kept_prior, &s->new_prior, s->keeps_prior, NULL, s->batch.n, s->batch.z_negative);
    t->steps_done++;
    lebm__model_yield(t->prior, t->generator, 1);
    return LEBM_OK;
}

/* The step, while the model is in use. */
static int step_run(step *s)
{
    LEBM__TRY(step_create(s));
    LEBM__TRY(step_run_to_posterior(s));
    LEBM__TRY(step_run_to_prior(s));
    LEBM__TRY(step_compute_gradients(s));
    LEBM__TRY(step_measure(s));
    return step_update(s);
}

/* Whether the trainer's options and those of its samplers fit together, and with the call: `ids` NULL if it gives none. */
static int step_check_options(const lebm_trainer *trainer, const int64_t *ids)
{
    if (strcmp(trainer->to_prior->options.start, "noise") != 0 ||
        strcmp(trainer->to_posterior->options.start, "noise") != 0) {
        return lebm__fail(LEBM_ERR_STATE,
                          "a trainer's chains start at noise: set option start of its samplers to 'noise'");
    }
    if (!step_keeps(trainer->options.posterior_chains)) return LEBM_OK;
    if (ids == NULL) {
        return lebm__fail(LEBM_ERR_STATE, "option posterior_chains is 'kept': call lebm_trainer_step_of(), which tells "
                                          "which observations the rows of x are");
    }
    if (trainer->options.observations > 0) return LEBM_OK;
    return lebm__fail(LEBM_ERR_STATE, "option posterior_chains is 'kept': set option observations to their number");
}

/* After its arguments are checked for NULL and the trainer is claimed. */
static int step_public(const char *function, lebm_trainer *trainer, const float *x, const int64_t *ids, int64_t n)
{
    const double begin = lebm__seconds();
    if (n < 1 || n > INT32_MAX) {
        return lebm__fail(LEBM_ERR_RANGE, "n is %lld observations; allowed are 1 to %d", (long long)n, INT32_MAX);
    }
    LEBM__TRY(step_check_options(trainer, ids));
    LEBM__TRY(lebm__generator_check(trainer->generator, x, n));
    LEBM__TRY(lebm__pool_resize(&trainer->pool, lebm__thread_count(trainer->options.threads)));
    LEBM__TRY(lebm__model_use(trainer->prior, trainer->generator));
    step s = {.trainer = trainer,
              .function = function,
              .ids = step_keeps(trainer->options.posterior_chains) ? ids : NULL,
              .keeps_prior = step_keeps(trainer->options.prior_chains),
              .batch = {.n = n, .x = x}};
    const int status = step_run(&s);
    step_destroy(&s);
    lebm__model_leave(trainer->prior, trainer->generator);
    LEBM__TRY(status);
    s.metrics.images_per_second = (double)n / (lebm__seconds() - begin);
    trainer->metrics = s.metrics;
    trainer->has_stepped = 1;
    return LEBM_OK;
}

int lebm_trainer_step(lebm_trainer *trainer, const float *x, int64_t n)
{
    LEBM__REQUIRE(trainer);
    LEBM__REQUIRE(x);
    LEBM__TRY(lebm__trainer_claim(trainer, __func__));
    const int status = step_public(__func__, trainer, x, NULL, n);
    lebm__trainer_release(trainer);
    return status;
}

int lebm_trainer_step_of(lebm_trainer *trainer, const float *x, const int64_t *ids, int64_t n)
{
    LEBM__REQUIRE(trainer);
    LEBM__REQUIRE(x);
    LEBM__REQUIRE(ids);
    LEBM__TRY(lebm__trainer_claim(trainer, __func__));
    const int status = step_public(__func__, trainer, x, ids, n);
    lebm__trainer_release(trainer);
    return status;
}
