/* A step of maximum likelihood: chains to the posterior and the prior, gradients, checks, Adam. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/status.h"
#include "math/kernels.h"
#include "train/step_chains.h"

/* The phases of a step: those of its chains, and gradients. */
enum { GRADIENTS = LEBM__CHAIN_PHASES, PHASES };

typedef struct {
    lebm_trainer *trainer;
    const char *function; /* the public one */
    const int64_t *ids;   /* of the observations; NULL: not told */
    lebm__batch batch;
    lebm__step_chains chains;
    lebm__dropout dropout;
    lebm__trainer_metrics metrics;
    double sigma;         /* that is learned; 0: it is not */
    double share[PHASES]; /* of the phases in the work */
    int phase;
} step;

static int step_drops(const lebm_trainer *trainer)
{
    return trainer->options.dropout > 0.0 || trainer->options.word_dropout > 0.0;
}

/* For a row, a step of a chain takes its decoders forward and back; the gradients of parameters are about as much work
 * again, of g at z+ and of f at z+ and z-. */
static void step_share_progress(step *s)
{
    const lebm_trainer *t = s->trainer;
    const double f = lebm__net_work(t->prior->net), g = t->generator->kind->work(t->generator);
    double all = 0.0;
    for (int i = 0; i < LEBM__CHAIN_PHASES; i++) {
        s->share[i] =
            2.0 * lebm__step_chains_work(&s->chains, (lebm__chain_phase)i) * (i == LEBM__TO_PRIOR ? f : f + g);
    }
    s->share[GRADIENTS] = 3.0 * (double)s->batch.n * (g + 2.0 * f);
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

/* What is dropped is a function of seed, steps done, and the number that a chain has its noise by. */
static void step_set_dropout(step *s)
{
    const lebm_trainer *t = s->trainer;
    const lebm__trainer_options *o = &t->options;
    s->dropout =
        (lebm__dropout){.key = lebm__key_make((uint64_t)o->seed, (uint64_t)t->steps_done, LEBM__FOR_TRAINER_DROPOUT),
                        .rate = o->dropout,
                        .word_rate = o->word_dropout,
                        .numbers = s->chains.ids};
    if (step_drops(t)) s->batch.dropout = &s->dropout;
}

static int step_create(step *s)
{
    const lebm_trainer *t = s->trainer;
    lebm__batch *b = &s->batch;
    const int64_t n = b->n, latent = n * t->generator->latent_size;
    LEBM__TRY(lebm__step_chains_create(&s->chains, t, b, s->ids));
    step_set_dropout(s);
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
    lebm__step_chains_destroy(&s->chains);
    lebm__free(s->batch.z_positive);
    lebm__free(s->batch.f_positive);
}

static int step_run_chains(step *s)
{
    for (int i = 0; i < LEBM__CHAIN_PHASES; i++) {
        s->phase = i;
        LEBM__TRY(lebm__step_chains_run(&s->chains, (lebm__chain_phase)i, (lebm__progress){step_report, s}));
    }
    return LEBM_OK;
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

/* sigma^2 goes a share of the way to the mean square error, along the natural gradient; see the option. */
static int step_learn_sigma(step *s)
{
    const lebm_trainer *t = s->trainer;
    const double rate = t->options.sigma_learning_rate, before = t->generator->sigma * t->generator->sigma;
    if (rate == 0.0 || t->generator->kind->count(t->generator, s->batch.x, s->batch.n) == 0) return LEBM_OK;
    s->sigma = sqrt(before + rate * (s->metrics.reconstruction_mse - before));
    if (s->sigma >= LEBM__LEAST_SIGMA && s->sigma <= LEBM__MOST_SIGMA) return LEBM_OK;
    return lebm__fail(LEBM_ERR_DIVERGED, "sigma would be %g at training step %lld; allowed are %g to %g", s->sigma,
                      (long long)t->steps_done + 1, LEBM__LEAST_SIGMA, LEBM__MOST_SIGMA);
}

/* Steps of chains to the posterior follow sigma. */
static void step_accept_sigma(const step *s)
{
    lebm_trainer *t = s->trainer;
    if (s->sigma == 0.0) return;
    lebm__sampler_scale_steps(t->to_posterior, pow(s->sigma / t->generator->sigma, 2.0));
    t->generator->sigma = s->sigma;
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
    step_accept_sigma(s);
    lebm__step_chains_store(&s->chains, t);
    t->steps_done++;
    lebm__model_yield(t->prior, t->generator, 1);
    return LEBM_OK;
}

/* The step, while the model is in use. */
static int step_run(step *s)
{
    LEBM__TRY(step_create(s));
    LEBM__TRY(step_run_chains(s));
    LEBM__TRY(step_compute_gradients(s));
    LEBM__TRY(step_measure(s));
    LEBM__TRY(step_learn_sigma(s));
    return step_update(s);
}

/* Whether there is a sigma to be learned, and a sampler whose steps may follow it. */
static int step_check_sigma(const lebm_trainer *trainer)
{
    if (trainer->generator->sigma == 0.0) {
        return lebm__fail(LEBM_ERR_STATE,
                          "option sigma_learning_rate is for generators of likelihood '%s', and this one's is '%s': "
                          "set it to 0",
                          LEBM_GAUSSIAN, trainer->generator->likelihood);
    }
    if (trainer->to_prior != trainer->to_posterior) return LEBM_OK;
    return lebm__fail(LEBM_ERR_STATE, "option sigma_learning_rate changes the step sizes of the sampler to the "
                                      "posterior: the trainer needs another one to the prior");
}

/* Whether the trainer's options and those of its samplers fit together, and with the call: `ids` NULL if it gives none. */
static int step_check_options(const lebm_trainer *trainer, const int64_t *ids)
{
    if (strcmp(trainer->to_prior->options.start, "noise") != 0 ||
        strcmp(trainer->to_posterior->options.start, "noise") != 0) {
        return lebm__fail(LEBM_ERR_STATE,
                          "a trainer's chains start at noise: set option start of its samplers to 'noise'");
    }
    if (trainer->to_prior->options.warmup > 0 || trainer->to_posterior->options.warmup > 0) {
        return lebm__fail(LEBM_ERR_STATE,
                          "a trainer's chains do not warm up: have its samplers run once before, which sets "
                          "their option warmup to 0, or do so");
    }
    if (step_drops(trainer) && !trainer->generator->kind->drops) {
        return lebm__fail(LEBM_ERR_STATE,
                          "options dropout and word_dropout are for generators of tokens, and this one is "
                          "of %s: set them to 0",
                          trainer->generator->kind->data);
    }
    if (trainer->options.sigma_learning_rate > 0.0) LEBM__TRY(step_check_sigma(trainer));
    if (!lebm__trainer_keeps(trainer->options.posterior_chains)) return LEBM_OK;
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
    step s = {.trainer = trainer, .function = function, .ids = ids, .batch = {.n = n, .x = x}};
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
