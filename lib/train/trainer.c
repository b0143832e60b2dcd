#include "train/trainer.h"

#include <math.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/status.h"
#include "core/text.h"
#include "math/blas.h"
#include "math/kernels.h"
#include "mcmc/sampler.h"
#include "model/generator.h"
#include "model/prior.h"

#define ROW(member) offsetof(lebm__trainer_options, member)

static const lebm__option rows[] = {
    LEBM__OPTION_F64(LEBM_TRAINER_PRIOR_LEARNING_RATE, ROW(prior_learning_rate), 2e-5, 0.0, 1e3, 1,
                     "Adam's learning rate for f"),
    LEBM__OPTION_F64(LEBM_TRAINER_GENERATOR_LEARNING_RATE, ROW(generator_learning_rate), 1e-4, 0.0, 1e3, 1,
                     "Adam's learning rate for g"),
    LEBM__OPTION_F64(LEBM_TRAINER_BETA1, ROW(beta1), 0.5, 0.0, 0.99999, 1, "Adam's decay of the first moment"),
    LEBM__OPTION_F64(LEBM_TRAINER_BETA2, ROW(beta2), 0.999, 0.0, 0.99999, 1, "Adam's decay of the second moment"),
    LEBM__OPTION_F64(LEBM_TRAINER_EPSILON, ROW(epsilon), 1e-8, 1e-30, 1.0, 1, "Adam's epsilon"),
    LEBM__OPTION_F64(LEBM_TRAINER_DECAY_PER_EPOCH, ROW(decay_per_epoch), 1.0, 0.0, 1.0, 1,
                     "factor on both learning rates for each epoch done"),
    LEBM__OPTION_F64(LEBM_TRAINER_PRIOR_WEIGHT_DECAY, ROW(prior_weight_decay), 0.0, 0.0, 1e3, 1,
                     "weight of the L2 term added to f's gradient"),
    LEBM__OPTION_F64(LEBM_TRAINER_GENERATOR_WEIGHT_DECAY, ROW(generator_weight_decay), 0.0, 0.0, 1e3, 1,
                     "weight of the L2 term added to g's gradient"),
    LEBM__OPTION_F64(LEBM_TRAINER_PRIOR_CLIP_NORM, ROW(prior_clip_norm), 0.0, 0.0, 1e30, 1,
                     "norm that f's gradient is cut to; 0: never"),
    LEBM__OPTION_F64(LEBM_TRAINER_GENERATOR_CLIP_NORM, ROW(generator_clip_norm), 0.0, 0.0, 1e30, 1,
                     "norm that g's gradient is cut to; 0: never"),
    LEBM__OPTION_I64(LEBM_TRAINER_SEED, ROW(seed), 0, 0, INT64_MAX, 1, "key of all random numbers of training"),
    LEBM__OPTION_I64(LEBM_TRAINER_THREADS, ROW(threads), 0, 0, 1024, 0,
                     "threads of a step; 0: LEBM_NUM_THREADS or all processors"),
    LEBM__OPTION_STR(LEBM_TRAINER_NOTE, ROW(note), "", "", 1, "the caller's own text, kept in checkpoints"),
};

const lebm__options lebm__trainer_table = {"trainer", rows, sizeof rows / sizeof *rows};

LEBM__DEFINE_OPTION_FUNCTIONS(trainer, &lebm__trainer_table);

int lebm_trainer_create(lebm_trainer **out, lebm_prior *prior, lebm_generator *generator, lebm_sampler *to_prior,
                        lebm_sampler *to_posterior)
{
    LEBM__REQUIRE(out);
    *out = NULL;
    LEBM__REQUIRE(prior);
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(to_prior);
    LEBM__REQUIRE(to_posterior);
    LEBM__TRY(lebm__model_check(prior, generator));
    lebm_trainer *trainer = lebm__alloc(1, sizeof *trainer);
    if (trainer == NULL) return LEBM_ERR_NOMEM;
    trainer->prior = prior;
    trainer->generator = generator;
    trainer->to_prior = to_prior;
    trainer->to_posterior = to_posterior;
    lebm__options_reset(&lebm__trainer_table, &trainer->options);
    if (lebm__adam_create(&trainer->adam_f, prior->net->param_total) != LEBM_OK ||
        lebm__adam_create(&trainer->adam_g, generator->net->param_total) != LEBM_OK) {
        lebm_trainer_destroy(trainer);
        return LEBM_ERR_NOMEM;
    }
    *out = trainer;
    return LEBM_OK;
}

void lebm_trainer_destroy(lebm_trainer *trainer)
{
    if (trainer == NULL) return;
    lebm__adam_destroy(&trainer->adam_f);
    lebm__adam_destroy(&trainer->adam_g);
    lebm__pool_destroy(trainer->pool);
    lebm__free(trainer);
}

int lebm_trainer_set_progress(lebm_trainer *trainer, lebm_progress_fn progress, void *user)
{
    LEBM__REQUIRE(trainer);
    LEBM__REQUIRE_IDLE(trainer);
    trainer->progress = progress;
    trainer->progress_user = user;
    return LEBM_OK;
}

/* Gradients are summed over the batch in chunks of so many rows, in order: the sum does not depend on threads. */
enum { CHUNK = 25 };

/* What one thread needs to learn from its chunks. */
typedef struct {
    lebm__tape f, g;
    float *x;               /* [CHUNK, D] pixel-major */
    float *grad_f, *grad_g; /* of a chunk */
} worker;

/* One step: the batch, the chains' ends and the sums over the batch. */
typedef struct {
    lebm_trainer *trainer;
    const float *x;
    int64_t n;
    int threads;
    float *z_positive, *z_negative; /* [n, M] */
    worker *workers;
    pthread_mutex_t mutex;
    pthread_cond_t turn_passed;
    int64_t turn;                                                     /* the chunk whose gradients are added next */
    float *grad_f, *grad_g;                                           /* of the batch */
    double *f_positive, *f_negative, *log_likelihood, *squared_error; /* [n] */
    double scale_f, scale_g;                                          /* of the gradients, for Adam */
} step;

static void lay_out(worker *w, const lebm_trainer *t, lebm__arena *arena)
{
    lebm__tape_lay_out(&w->f, t->prior->net, CHUNK, LEBM__LEARN, arena);
    lebm__tape_lay_out(&w->g, t->generator->net, CHUNK, LEBM__LEARN, arena);
    w->x = lebm__arena_take(arena, CHUNK * lebm_generator_data_size(t->generator), sizeof *w->x);
    w->grad_f = lebm__arena_take(arena, t->adam_f.size, sizeof *w->grad_f);
    w->grad_g = lebm__arena_take(arena, t->adam_g.size, sizeof *w->grad_g);
}

/* Workers for all threads, in the pool's memory, where the chains' lay before. */
static int make_workers(step *s)
{
    lebm_trainer *t = s->trainer;
    worker any;
    lebm__arena arena = {NULL, 0};
    lay_out(&any, t, &arena);
    LEBM__TRY(lebm__pool_reserve(t->pool, s->threads, arena.used));
    for (int i = 0; i < s->threads; i++) {
        arena = (lebm__arena){lebm__pool_memory(t->pool, i), 0};
        lay_out(&s->workers[i], t, &arena);
    }
    return LEBM_OK;
}

static void step_destroy(step *s)
{
    lebm__free(s->workers);
    lebm__free(s->z_positive);
    lebm__free(s->grad_f);
    lebm__free(s->f_positive);
    pthread_cond_destroy(&s->turn_passed);
    pthread_mutex_destroy(&s->mutex);
}

static int step_create(step *s, lebm_trainer *t, const float *x, int64_t n)
{
    const int64_t latent = n * lebm_prior_latent_size(t->prior);
    *s = (step){.trainer = t, .x = x, .n = n, .threads = lebm__pool_share(t->pool, (n + CHUNK - 1) / CHUNK)};
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->turn_passed, NULL);
    s->z_positive = lebm__alloc_raw(2 * latent, sizeof *s->z_positive);
    s->grad_f = lebm__alloc(t->adam_f.size + t->adam_g.size, sizeof *s->grad_f);
    s->f_positive = lebm__alloc_raw(4 * n, sizeof *s->f_positive);
    s->workers = lebm__alloc(s->threads, sizeof *s->workers);
    if (s->z_positive == NULL || s->grad_f == NULL || s->f_positive == NULL || s->workers == NULL) {
        return LEBM_ERR_NOMEM;
    }
    s->z_negative = s->z_positive + latent;
    s->grad_g = s->grad_f + t->adam_f.size;
    s->f_negative = s->f_positive + n;
    s->log_likelihood = s->f_negative + n;
    s->squared_error = s->log_likelihood + n;
    return LEBM_OK;
}

/* The gradients of a chunk of rows, added to those of the batch when it is the chunk's turn. Chunks are begun in order,
 * so the one whose turn it is never waits. */
static int learn_chunk(void *context, int64_t chunk, int thread)
{
    step *s = context;
    const lebm_trainer *t = s->trainer;
    worker *w = &s->workers[thread];
    const int64_t first = chunk * CHUNK, n = s->n - first < CHUNK ? s->n - first : CHUNK;
    const int64_t dims = lebm_prior_latent_size(t->prior), size = lebm_generator_data_size(t->generator);
    const float *positive = s->z_positive + first * dims, *negative = s->z_negative + first * dims;
    memset(w->grad_f, 0, (size_t)t->adam_f.size * sizeof *w->grad_f);
    memset(w->grad_g, 0, (size_t)t->adam_g.size * sizeof *w->grad_g);
    lebm__generator_arrange(t->generator, s->x + first * size, n, w->x);
    lebm__generator_learn(t->generator, &w->g, positive, w->x, n, s->log_likelihood + first, s->squared_error + first,
                          w->grad_g);
    lebm__prior_learn(t->prior, &w->f, positive, n, 1.0f, s->f_positive + first, w->grad_f);
    lebm__prior_learn(t->prior, &w->f, negative, n, -1.0f, s->f_negative + first, w->grad_f);

    pthread_mutex_lock(&s->mutex);
    while (s->turn != chunk) pthread_cond_wait(&s->turn_passed, &s->mutex);
    pthread_mutex_unlock(&s->mutex);
    lebm__kernels()->add(t->adam_f.size, w->grad_f, s->grad_f);
    lebm__kernels()->add(t->adam_g.size, w->grad_g, s->grad_g);
    pthread_mutex_lock(&s->mutex);
    s->turn++;
    pthread_cond_broadcast(&s->turn_passed);
    pthread_mutex_unlock(&s->mutex);
    return LEBM_OK;
}

/* Adam for a part of the parameters: first f's parts, then g's. */
enum { PART = 16384 };

static int64_t parts(int64_t size)
{
    return (size + PART - 1) / PART;
}

typedef struct {
    const char *net; /* "f" or "g" */
    const lebm__adam *adam;
    lebm__adam_settings settings;
    double scale;
    int64_t first, count;
    const float *grad;
    float *params;
} part;

static part get_part(const step *s, int64_t task)
{
    const lebm_trainer *t = s->trainer;
    const lebm__trainer_options *o = &t->options;
    const int64_t f_parts = parts(t->adam_f.size);
    const int is_f = task < f_parts;
    const lebm__adam *adam = is_f ? &t->adam_f : &t->adam_g;
    const int64_t first = (is_f ? task : task - f_parts) * PART;
    const double decay = pow(o->decay_per_epoch, (double)t->epochs_done);
    return (part){.net = is_f ? "f" : "g",
                  .adam = adam,
                  .settings = {.learning_rate = decay * (is_f ? o->prior_learning_rate : o->generator_learning_rate),
                               .beta1 = o->beta1,
                               .beta2 = o->beta2,
                               .epsilon = o->epsilon,
                               .weight_decay = is_f ? o->prior_weight_decay : o->generator_weight_decay},
                  .scale = is_f ? s->scale_f : s->scale_g,
                  .first = first,
                  .count = adam->size - first < PART ? adam->size - first : PART,
                  .grad = is_f ? s->grad_f : s->grad_g,
                  .params = (is_f ? t->prior->net : t->generator->net)->params};
}

/* A huge gradient, its square in Adam's moments, or a huge parameter with weight decay can all be too much. */
static int check_part(void *context, int64_t task, int thread)
{
    (void)thread;
    const step *s = context;
    const part p = get_part(s, task);
    if (lebm__adam_is_finite(p.adam, &p.settings, p.scale, p.first, p.count, p.grad, p.params)) return LEBM_OK;
    return lebm__fail(LEBM_ERR_DIVERGED, "Adam's update of %s is not finite at training step %lld", p.net,
                      (long long)s->trainer->steps_done + 1);
}

static int update_part(void *context, int64_t task, int thread)
{
    (void)thread;
    const part p = get_part(context, task);
    lebm__adam_update(p.adam, &p.settings, p.scale, p.first, p.count, p.grad, p.params);
    return LEBM_OK;
}

/* Progress of the three phases of a step, the chains of either kind and the learning, as that of one. */
typedef struct {
    const lebm_trainer *trainer;
    int phase;
} phases;

static int report(double done, void *user)
{
    const phases *p = user;
    if (p->trainer->progress == NULL) return 0;
    return p->trainer->progress((p->phase + done) / 3.0, p->trainer->progress_user);
}

static int require_finite(const char *quantity, double value, int64_t step_number)
{
    if (isfinite(value)) return LEBM_OK;
    return lebm__fail(LEBM_ERR_DIVERGED, "the %s is %g at training step %lld", quantity, value,
                      (long long)step_number + 1);
}

/* Read off what the sums over the batch tell; everything must be finite. */
static int measure(const step *s, lebm__trainer_metrics *m)
{
    const lebm_trainer *t = s->trainer;
    const double n = (double)s->n;
    m->f_positive = lebm__mean(s->f_positive, s->n);
    m->f_negative = lebm__mean(s->f_negative, s->n);
    m->f_gap = m->f_positive - m->f_negative;
    m->log_likelihood = lebm__mean(s->log_likelihood, s->n);
    m->reconstruction_mse = lebm__mean(s->squared_error, s->n) / (double)lebm_generator_data_size(t->generator);
    m->prior_grad_norm = sqrt(lebm__kernels()->squares(t->adam_f.size, s->grad_f)) / n;
    m->generator_grad_norm = sqrt(lebm__kernels()->squares(t->adam_g.size, s->grad_g)) / n;
    LEBM__TRY(require_finite("mean of f on posterior samples", m->f_positive, t->steps_done));
    LEBM__TRY(require_finite("mean of f on prior samples", m->f_negative, t->steps_done));
    LEBM__TRY(require_finite("mean log likelihood", m->log_likelihood, t->steps_done));
    LEBM__TRY(require_finite("reconstruction error", m->reconstruction_mse, t->steps_done));
    LEBM__TRY(require_finite("norm of f's gradient", m->prior_grad_norm, t->steps_done));
    return require_finite("norm of g's gradient", m->generator_grad_norm, t->steps_done);
}

/* What multiplies the summed gradient: the mean over the batch, cut as torch.nn.utils.clip_grad_norm_ does, and
 * downhill, since the likelihood is to rise. */
static double gradient_scale(double norm, double clip, int64_t n)
{
    const double cut = clip > 0.0 ? fmin(1.0, clip / (norm + 1e-6)) : 1.0;
    return -cut / (double)n;
}

/* Adam's step for both nets, or for neither. */
static int update(step *s, const lebm__trainer_metrics *metrics)
{
    const lebm_trainer *t = s->trainer;
    const int64_t count = parts(t->adam_f.size) + parts(t->adam_g.size);
    s->scale_f = gradient_scale(metrics->prior_grad_norm, t->options.prior_clip_norm, s->n);
    s->scale_g = gradient_scale(metrics->generator_grad_norm, t->options.generator_clip_norm, s->n);
    LEBM__TRY(lebm__pool_run(t->pool, count, check_part, s));
    return lebm__pool_run(t->pool, count, update_part, s);
}

/* Both kinds of chains, then the gradients; changes nothing of the trainer. */
static int gather(step *s, lebm__trainer_metrics *metrics)
{
    lebm_trainer *t = s->trainer;
    const uint64_t seed = (uint64_t)t->options.seed, number = (uint64_t)t->steps_done;
    lebm__run_metrics unused;
    phases p = {t, 0};
    LEBM__TRY(lebm__sampler_run(t->to_posterior, t->pool, lebm__key_make(seed, number, LEBM__FOR_TRAINER_POSTERIOR),
                                t->prior, t->generator, s->x, s->n, s->z_positive, &unused, report, &p));
    p.phase = 1;
    LEBM__TRY(lebm__sampler_run(t->to_prior, t->pool, lebm__key_make(seed, number, LEBM__FOR_TRAINER_PRIOR), t->prior,
                                NULL, NULL, s->n, s->z_negative, &unused, report, &p));
    p.phase = 2;
    LEBM__TRY(lebm__net_prepare(t->prior->net, LEBM__LEARN, t->pool));
    LEBM__TRY(lebm__net_prepare(t->generator->net, LEBM__LEARN, t->pool));
    LEBM__TRY(make_workers(s));
    LEBM__TRY(lebm__blas_prepare());
    LEBM__TRY(lebm__pool_run(t->pool, (s->n + CHUNK - 1) / CHUNK, learn_chunk, s));
    if (report(1.0, &p)) return lebm__fail(LEBM_STOPPED, "the progress callback stopped the call");
    return measure(s, metrics);
}

int lebm__trainer_claim(lebm_trainer *trainer, const char *function)
{
    LEBM__TRY(lebm__claim(&trainer->running, function, "trainer"));
    int status = lebm__claim(&trainer->to_prior->running, function, "to_prior");
    if (status == LEBM_OK && trainer->to_posterior != trainer->to_prior) {
        status = lebm__claim(&trainer->to_posterior->running, function, "to_posterior");
        if (status != LEBM_OK) trainer->to_prior->running = 0;
    }
    if (status != LEBM_OK) trainer->running = 0;
    return status;
}

void lebm__trainer_release(lebm_trainer *trainer)
{
    trainer->to_prior->running = trainer->to_posterior->running = 0;
    trainer->running = 0;
}

/* What a step changes but the trainer's own numbers. */
static int run_step(lebm_trainer *trainer, const float *x, int64_t n, lebm__trainer_metrics *metrics)
{
    step s;
    lebm__net_use(trainer->prior->net);
    lebm__net_use(trainer->generator->net);
    int status = step_create(&s, trainer, x, n);
    if (status == LEBM_OK) status = gather(&s, metrics);
    if (status == LEBM_OK) status = update(&s, metrics);
    step_destroy(&s);
    lebm__net_leave(trainer->prior->net);
    lebm__net_leave(trainer->generator->net);
    return status;
}

/* A step, after its arguments are checked for NULL and the trainer is claimed. */
static int step_public(lebm_trainer *trainer, const float *x, int64_t n)
{
    const double begin = lebm__seconds();
    if (n < 1 || n > INT32_MAX) {
        return lebm__fail(LEBM_ERR_RANGE, "n is %lld observations; allowed are 1 to %d", (long long)n, INT32_MAX);
    }
    if (strcmp(trainer->to_prior->options.start, "noise") != 0 ||
        strcmp(trainer->to_posterior->options.start, "noise") != 0) {
        return lebm__fail(LEBM_ERR_STATE, "a trainer's chains start at noise: set option start of its samplers to it");
    }
    LEBM__TRY(lebm__generator_check(trainer->generator, x, n));
    LEBM__TRY(lebm__pool_resize(&trainer->pool, lebm__thread_count(trainer->options.threads)));

    lebm__trainer_metrics metrics;
    LEBM__TRY(run_step(trainer, x, n, &metrics));
    trainer->adam_f.steps++;
    trainer->adam_g.steps++;
    trainer->steps_done++;
    lebm__net_changed(trainer->prior->net);
    lebm__net_changed(trainer->generator->net);
    metrics.images_per_second = (double)n / (lebm__seconds() - begin);
    trainer->metrics = metrics;
    trainer->has_stepped = 1;
    return LEBM_OK;
}

int lebm_trainer_step(lebm_trainer *trainer, const float *x, int64_t n)
{
    LEBM__REQUIRE(trainer);
    LEBM__REQUIRE(x);
    LEBM__TRY(lebm__trainer_claim(trainer, __func__));
    const int status = step_public(trainer, x, n);
    lebm__trainer_release(trainer);
    return status;
}

int lebm_trainer_end_epoch(lebm_trainer *trainer)
{
    LEBM__REQUIRE(trainer);
    LEBM__REQUIRE_IDLE(trainer);
    trainer->epochs_done++;
    return LEBM_OK;
}

int64_t lebm_trainer_steps_done(const lebm_trainer *trainer)
{
    return trainer == NULL ? 0 : trainer->steps_done;
}

int64_t lebm_trainer_epochs_done(const lebm_trainer *trainer)
{
    return trainer == NULL ? 0 : trainer->epochs_done;
}

#define METRIC(key, member)                                                                                            \
    {                                                                                                                  \
        key, offsetof(lebm__trainer_metrics, member)                                                                   \
    }

static const struct {
    const char *key;
    size_t offset;
} metric_table[] = {
    METRIC(LEBM_TRAINER_RECONSTRUCTION_MSE, reconstruction_mse),
    METRIC(LEBM_TRAINER_LOG_LIKELIHOOD, log_likelihood),
    METRIC(LEBM_TRAINER_F_POSITIVE, f_positive),
    METRIC(LEBM_TRAINER_F_NEGATIVE, f_negative),
    METRIC(LEBM_TRAINER_F_GAP, f_gap),
    METRIC(LEBM_TRAINER_PRIOR_GRAD_NORM, prior_grad_norm),
    METRIC(LEBM_TRAINER_GENERATOR_GRAD_NORM, generator_grad_norm),
    METRIC(LEBM_TRAINER_IMAGES_PER_SECOND, images_per_second),
};

enum { METRICS = sizeof metric_table / sizeof *metric_table };

int lebm_trainer_metric(const lebm_trainer *trainer, const char *key, double *value)
{
    LEBM__REQUIRE(trainer);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(value);
    for (size_t i = 0; i < METRICS; i++) {
        if (strcmp(key, metric_table[i].key) != 0) continue;
        if (!trainer->has_stepped) {
            return lebm__fail(LEBM_ERR_STATE, "metric '%s': the trainer has not made a step yet", key);
        }
        memcpy(value, (const char *)&trainer->metrics + metric_table[i].offset, sizeof *value);
        return LEBM_OK;
    }
    char keys[LEBM__ERROR_SIZE] = "";
    for (size_t i = 0; i < METRICS; i++) lebm__list_add(keys, sizeof keys, metric_table[i].key);
    return lebm__fail(LEBM_ERR_UNKNOWN_OPTION, "trainer has no metric '%.64s'; it has %s", key, keys);
}
