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
    lebm__handle_init(&trainer->head, "trainer");
    lebm__handle_add_options(&trainer->head, &lebm__trainer_table, &trainer->options);
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
    LEBM__TRY(lebm__handle_claim(&trainer->head, __func__, 0));
    trainer->progress = progress;
    trainer->progress_user = user;
    lebm__handle_yield(&trainer->head, 0);
    return LEBM_OK;
}

/* The phases of a step: chains of either kind, and learning. */
enum { TO_POSTERIOR, TO_PRIOR, LEARNING, PHASES };

/* Progress of a step through its phases, each of which has its share in the work. */
typedef struct {
    const lebm_trainer *trainer;
    double share[PHASES];
    int phase;
    double asked; /* when the caller was asked last, in seconds */
} progress;

/* For a row, a step of a chain takes its nets forward and back; learning wants the gradients of parameters, too, of g
 * at z+ and of f at z+ and z-. */
static progress start_progress(const lebm_trainer *t)
{
    const double f = lebm__net_work(t->prior->net), g = lebm__net_work(t->generator->net);
    progress p = {.trainer = t,
                  .share = {[TO_POSTERIOR] = 2.0 * (double)t->to_posterior->options.steps * (f + g),
                            [TO_PRIOR] = 2.0 * (double)t->to_prior->options.steps * f,
                            [LEARNING] = 3.0 * (g + 2.0 * f)},
                  .asked = lebm__seconds()};
    const double all = p.share[TO_POSTERIOR] + p.share[TO_PRIOR] + p.share[LEARNING];
    for (int i = 0; i < PHASES; i++) p.share[i] /= all;
    return p;
}

/* Tell how much of its phase is done; anything but 0 stops the step. */
static int report(double done, void *user)
{
    progress *p = user;
    if (p->trainer->progress == NULL) return 0;
    double before = 0.0;
    for (int i = 0; i < p->phase; i++) before += p->share[i];
    p->asked = lebm__seconds();
    const int is_end = p->phase == PHASES - 1 && done == 1.0; /* where shares may add up to a little less */
    return p->trainer->progress(is_end ? 1.0 : before + done * p->share[p->phase], p->trainer->progress_user);
}

/* Gradients are summed over the batch in chunks of so many rows, in order: the sum does not depend on threads. */
enum { CHUNK = 25 };

static int64_t chunks(int64_t n)
{
    return (n + CHUNK - 1) / CHUNK;
}

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
    progress progress;
    atomic_int stopped;             /* the caller said so while chunks were learned */
    float *z_positive, *z_negative; /* [n, M] */
    worker *workers;
    pthread_mutex_t mutex;
    pthread_cond_t turn_passed;
    int64_t turn;                                                     /* the chunk whose gradients are added next */
    float *grad_f, *grad_g;                                           /* of the batch */
    double *f_positive, *f_negative, *log_likelihood, *squared_error; /* [n] */
    double scale_f, scale_g;                                          /* of the gradients, for Adam */
} step;

static void lay_out(void *context, int thread, lebm__arena *arena)
{
    const step *s = context;
    const lebm_trainer *t = s->trainer;
    worker *w = &s->workers[thread];
    lebm__tape_lay_out(&w->f, t->prior->net, CHUNK, LEBM__LEARN, arena);
    lebm__tape_lay_out(&w->g, t->generator->net, CHUNK, LEBM__LEARN, arena);
    w->x = lebm__arena_take(arena, CHUNK * lebm_generator_data_size(t->generator), sizeof *w->x);
    w->grad_f = lebm__arena_take(arena, t->adam_f.size, sizeof *w->grad_f);
    w->grad_g = lebm__arena_take(arena, t->adam_g.size, sizeof *w->grad_g);
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
    *s = (step){
        .trainer = t, .x = x, .n = n, .threads = lebm__pool_share(t->pool, chunks(n)), .progress = start_progress(t)};
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

/* The gradients of a chunk of rows. */
static void compute_gradients(step *s, int64_t chunk, worker *w)
{
    const lebm_trainer *t = s->trainer;
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
}

/* The gradients of a chunk, added to those of the batch when it is the chunk's turn. Chunks are begun in order, so the
 * one whose turn it is never waits. The calling thread, which is thread 0, asks the caller now and then whether to stop;
 * a chunk that was begun passes its turn on all the same. */
static int learn_chunk(void *context, int64_t chunk, int thread)
{
    step *s = context;
    const lebm_trainer *t = s->trainer;
    worker *w = &s->workers[thread];
    if (thread == 0 && t->progress != NULL && lebm__is_due(&s->progress.asked) &&
        report((double)chunk / (double)chunks(s->n), &s->progress)) {
        s->stopped = 1;
    }
    if (!s->stopped) compute_gradients(s, chunk, w);
    pthread_mutex_lock(&s->mutex);
    while (s->turn != chunk) pthread_cond_wait(&s->turn_passed, &s->mutex);
    pthread_mutex_unlock(&s->mutex);
    if (!s->stopped) {
        lebm__kernels()->add(t->adam_f.size, w->grad_f, s->grad_f);
        lebm__kernels()->add(t->adam_g.size, w->grad_g, s->grad_g);
    }
    pthread_mutex_lock(&s->mutex);
    s->turn++;
    pthread_cond_broadcast(&s->turn_passed);
    pthread_mutex_unlock(&s->mutex);
    return s->stopped ? LEBM_STOPPED : LEBM_OK;
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

static int require_finite(const char *quantity, double value, int64_t step_number)
{
    if (isfinite(value)) return LEBM_OK;
    return lebm__fail(LEBM_ERR_DIVERGED, "the %s is %g at training step %lld", quantity, value,
                      (long long)step_number + 1);
}

static double root_mean_square(int64_t n, const float *values)
{
    return sqrt(lebm__kernels()->squares(n, values) / (double)n);
}

static int require_within(const step *s, const char *quantity, double value, double unit)
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
static int check_growth(const step *s, const lebm__trainer_metrics *m)
{
    const lebm_trainer *t = s->trainer;
    const int64_t dims = lebm_prior_latent_size(t->prior), size = lebm_generator_data_size(t->generator);
    const double unit = fmax(fmax(1.0, t->prior->sigma0),
                             fmax(root_mean_square(s->n * size, s->x), root_mean_square(s->n * dims, s->z_positive)));
    const char *misfit;
    const double value = lebm__generator_misfit(t->generator, m->log_likelihood, m->reconstruction_mse, &misfit);
    LEBM__TRY(require_within(s, misfit, value, unit));
    return require_within(s, "f_gap over sqrt(M)", fabs(m->f_gap) / sqrt((double)dims), unit);
}

/* Read off what the sums over the batch tell; everything must be finite and within bounds. */
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
    LEBM__TRY(require_finite("norm of g's gradient", m->generator_grad_norm, t->steps_done));
    return check_growth(s, m);
}

/* What multiplies the summed gradient: the mean over the batch, cut as torch.nn.utils.clip_grad_norm_ does, and
 * downhill, since the likelihood is to rise. */
static double gradient_scale(double norm, double clip, int64_t n)
{
    const double cut = clip > 0.0 ? fmin(1.0, clip / (norm + 1e-6)) : 1.0;
    return -cut / (double)n;
}

/* Adam's step for both nets, or for neither. All that a checkpoint keeps changes under the claim. */
static int update(step *s, const lebm__trainer_metrics *metrics)
{
    lebm_trainer *t = s->trainer;
    const int64_t count = parts(t->adam_f.size) + parts(t->adam_g.size);
    s->scale_f = gradient_scale(metrics->prior_grad_norm, t->options.prior_clip_norm, s->n);
    s->scale_g = gradient_scale(metrics->generator_grad_norm, t->options.generator_clip_norm, s->n);
    LEBM__TRY(lebm__pool_run(t->pool, count, check_part, s));
    LEBM__TRY(lebm__model_claim(t->prior, t->generator, "lebm_trainer_step", 1));
    const int status = lebm__pool_run(t->pool, count, update_part, s);
    t->adam_f.steps++;
    t->adam_g.steps++;
    t->steps_done++;
    lebm__net_changed(t->prior->net);
    lebm__net_changed(t->generator->net);
    lebm__model_yield(t->prior, t->generator, 1);
    return status;
}

/* A run of chains, as a phase of the step. */
static int run_chains(step *s, int phase, float *z)
{
    lebm_trainer *t = s->trainer;
    const int is_posterior = phase == TO_POSTERIOR;
    lebm__run_metrics unused;
    const lebm__run run = {.sampler = is_posterior ? t->to_posterior : t->to_prior,
                           .pool = t->pool,
                           .key = lebm__key_make((uint64_t)t->options.seed, (uint64_t)t->steps_done,
                                                 is_posterior ? LEBM__FOR_TRAINER_POSTERIOR : LEBM__FOR_TRAINER_PRIOR),
                           .prior = t->prior,
                           .generator = is_posterior ? t->generator : NULL,
                           .x = s->x,
                           .n = s->n,
                           .z = z,
                           .metrics = &unused,
                           .progress = report,
                           .user = &s->progress};
    s->progress.phase = phase;
    const int status = lebm__sampler_run(&run);
    if (status != LEBM_ERR_DIVERGED || t->steps_done == 0) return status;
    return lebm__fail(status, "%s; at training step %lld smaller learning rates may help, too", lebm_last_error(),
                      (long long)t->steps_done + 1);
}

/* The gradients of both nets. */
static int learn(step *s)
{
    lebm_trainer *t = s->trainer;
    s->progress.phase = LEARNING;
    LEBM__TRY(lebm__net_prepare(t->prior->net, LEBM__LEARN, t->pool));
    LEBM__TRY(lebm__net_prepare(t->generator->net, LEBM__LEARN, t->pool));
    LEBM__TRY(lebm__pool_lay_out(t->pool, s->threads, lay_out, s)); /* where the chains' memory was */
    LEBM__TRY(lebm__blas_prepare());
    int status = lebm__pool_run(t->pool, chunks(s->n), learn_chunk, s);
    if (status == LEBM_OK && report(1.0, &s->progress)) status = LEBM_STOPPED;
    if (status == LEBM_STOPPED) lebm__fail(LEBM_STOPPED, "the progress callback stopped the call");
    return status;
}

int lebm__trainer_claim(lebm_trainer *trainer, const char *function)
{
    LEBM__TRY(lebm__handle_claim(&trainer->head, function, 0));
    int status = lebm__handle_claim(&trainer->to_prior->head, function, 0);
    if (status == LEBM_OK && trainer->to_posterior != trainer->to_prior) {
        status = lebm__handle_claim(&trainer->to_posterior->head, function, 0);
        if (status != LEBM_OK) lebm__handle_yield(&trainer->to_prior->head, 0);
    }
    if (status != LEBM_OK) lebm__handle_yield(&trainer->head, 0);
    return status;
}

void lebm__trainer_release(lebm_trainer *trainer)
{
    lebm__handle_yield(&trainer->to_prior->head, 0);
    lebm__handle_yield(&trainer->to_posterior->head, 0);
    lebm__handle_yield(&trainer->head, 0);
}

/* What a step changes but the trainer's own numbers. */
static int run_step(lebm_trainer *trainer, const float *x, int64_t n, lebm__trainer_metrics *metrics)
{
    step s;
    LEBM__TRY(lebm__model_use(trainer->prior, trainer->generator));
    int status = step_create(&s, trainer, x, n);
    if (status == LEBM_OK) status = run_chains(&s, TO_POSTERIOR, s.z_positive);
    if (status == LEBM_OK) status = run_chains(&s, TO_PRIOR, s.z_negative);
    if (status == LEBM_OK) status = learn(&s);
    if (status == LEBM_OK) status = measure(&s, metrics);
    if (status == LEBM_OK) status = update(&s, metrics);
    step_destroy(&s);
    lebm__model_leave(trainer->prior, trainer->generator);
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
        return lebm__fail(LEBM_ERR_STATE,
                          "a trainer's chains start at noise: set option start of its samplers to 'noise'");
    }
    LEBM__TRY(lebm__generator_check(trainer->generator, x, n));
    LEBM__TRY(lebm__pool_resize(&trainer->pool, lebm__thread_count(trainer->options.threads)));

    lebm__trainer_metrics metrics;
    LEBM__TRY(run_step(trainer, x, n, &metrics));
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
    LEBM__TRY(lebm__handle_claim(&trainer->head, __func__, 0));
    trainer->epochs_done++;
    lebm__handle_yield(&trainer->head, 0);
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
