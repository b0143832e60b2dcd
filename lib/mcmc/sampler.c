#include "mcmc/sampler.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/status.h"
#include "mcmc/langevin.h"
#include "model/generator.h"
#include "model/prior.h"

int lebm_sampler_create(lebm_sampler **out, const char *kernel)
{
    LEBM__REQUIRE(out);
    *out = NULL;
    LEBM__REQUIRE(kernel);
    if (strcmp(kernel, LEBM_LANGEVIN) != 0) {
        return lebm__fail(LEBM_ERR_UNKNOWN_OPTION, "there is no transition kernel '%.64s'; there is %s", kernel,
                          LEBM_LANGEVIN);
    }
    lebm_sampler *sampler = lebm__alloc(1, sizeof *sampler);
    if (sampler == NULL) return LEBM_ERR_NOMEM;
    sampler->kernel = LEBM_LANGEVIN;
    lebm__handle_init(&sampler->head, "sampler");
    lebm__handle_add_options(&sampler->head, &lebm__sampler_table, &sampler->options);
    *out = sampler;
    return LEBM_OK;
}

int lebm_sampler_copy(lebm_sampler **out, const lebm_sampler *from)
{
    LEBM__REQUIRE(out);
    *out = NULL;
    LEBM__REQUIRE(from);
    LEBM__TRY(lebm_sampler_create(out, from->kernel));
    lebm__handle_assign_options(&(*out)->head, &from->head);
    return LEBM_OK;
}

void lebm_sampler_destroy(lebm_sampler *sampler)
{
    if (sampler == NULL) return;
    lebm__pool_destroy(sampler->pool);
    lebm__free(sampler);
}

const char *lebm_sampler_kernel(const lebm_sampler *sampler)
{
    return sampler == NULL ? NULL : sampler->kernel;
}

int lebm_sampler_set_progress(lebm_sampler *sampler, lebm_progress_fn progress, void *user)
{
    LEBM__REQUIRE(sampler);
    return lebm__handle_set_progress(&sampler->head, __func__, (lebm__progress){progress, user});
}

/* What one thread needs to run its tiles. */
typedef struct {
    const lebm_prior *prior;
    const lebm_generator *generator; /* NULL: the target is the prior */
    lebm__tape f, g;
    float *x;                 /* [tile, D] the tile's observations, pixel-major */
    float *z, *score, *noise; /* [tile, M] */
    double *squares, *most;   /* [tile] */
} worker;

/* A run: who does what, and where it goes. */
typedef struct {
    const lebm_sampler *sampler;
    lebm__key key;
    const lebm_prior *prior;
    const lebm_generator *generator;
    const float *x, *start; /* start: NULL for noise */
    int64_t n, tile, tiles, dims;
    worker *workers;
    lebm_progress_fn progress;
    void *user;
    double asked;                     /* when it was called last, in seconds */
    _Atomic int64_t begun;            /* steps of all tiles, by all threads */
    _Atomic int stopped;              /* it said so */
    float *z;                         /* [n, M] the result */
    double *log_density, *score_norm; /* [n] */
} run;

static void lay_out(worker *w, const run *r, lebm__arena *arena)
{
    *w = (worker){.prior = r->prior, .generator = r->generator};
    w->z = lebm__arena_take(arena, r->tile * r->dims, sizeof *w->z);
    w->score = lebm__arena_take(arena, r->tile * r->dims, sizeof *w->score);
    w->noise = lebm__arena_take(arena, r->tile * r->dims, sizeof *w->noise);
    w->squares = lebm__arena_take(arena, r->tile, sizeof *w->squares);
    w->most = lebm__arena_take(arena, r->tile, sizeof *w->most);
    lebm__tape_lay_out(&w->f, r->prior->net, r->tile, LEBM__SCORE, arena);
    if (r->generator == NULL) return;
    w->x = lebm__arena_take(arena, r->tile * lebm_generator_data_size(r->generator), sizeof *w->x);
    lebm__tape_lay_out(&w->g, r->generator->net, r->tile, LEBM__SCORE, arena);
}

/* Workers for so many threads, in the pool's memory. */
static int make_workers(run *r, lebm__pool *pool, int threads)
{
    worker any;
    lebm__arena arena = {NULL, 0};
    lay_out(&any, r, &arena);
    LEBM__TRY(lebm__pool_reserve(pool, threads, arena.used));
    for (int i = 0; i < threads; i++) {
        arena = (lebm__arena){lebm__pool_memory(pool, i), 0};
        lay_out(&r->workers[i], r, &arena);
    }
    return LEBM_OK;
}

/* The log density of the prior, or of the posterior up to log p(x), and its score (eq. 21, 25). */
static void evaluate(void *context, int64_t n, const float *z, double *log_density, float *score, double *squares)
{
    const worker *w = context;
    memset(log_density, 0, (size_t)n * sizeof *log_density);
    memset(score, 0, (size_t)(n * lebm__numel(w->prior->net->in)) * sizeof *score);
    lebm__prior_add(w->prior, &w->f, z, n, log_density, score, squares);
    if (w->generator != NULL) lebm__generator_add(w->generator, &w->g, z, w->x, n, log_density, score);
}

/* A thread that runs a tile, for asking whether to stop. */
typedef struct {
    run *r;
    int thread;
} on_the_way;

/* Whether to stop before a step. The calling thread, which is thread 0, asks the caller now and then. */
static int stop(void *context)
{
    const on_the_way *at = context;
    run *r = at->r;
    const int64_t begun = atomic_fetch_add(&r->begun, 1);
    if (r->progress != NULL && at->thread == 0 && lebm__is_due(&r->asked)) {
        const double all = (double)r->sampler->options.steps * (double)r->tiles;
        if (r->progress((double)begun / all, r->user)) r->stopped = 1;
    }
    return r->stopped;
}

/* All steps of a tile of chains. */
static int run_tile(void *context, int64_t task, int thread)
{
    run *r = context;
    on_the_way at = {r, thread};
    worker *w = &r->workers[thread];
    const lebm__sampler_options *options = &r->sampler->options;
    const int64_t first = task * r->tile, left = r->n - first, n = left < r->tile ? left : r->tile;
    if (r->start != NULL) {
        memcpy(w->z, r->start + first * r->dims, (size_t)(n * r->dims) * sizeof *w->z);
    } else {
        lebm__normals(r->key, first, 0, n, r->dims, w->z);
        for (int64_t i = 0; i < n * r->dims; i++) w->z[i] *= (float)options->start_std;
    }
    if (r->generator != NULL) {
        const float *x = r->x + first * lebm_generator_data_size(r->generator);
        lebm__generator_arrange(r->generator, x, n, w->x);
    }
    const int is_prior = r->generator == NULL;
    const lebm__target target = {.name = is_prior ? "prior" : "posterior",
                                 .remedy = is_prior ? "a smaller step_size may help"
                                                    : "a smaller step_size may help, or x of a smaller scale",
                                 .dims = r->dims,
                                 .spread = r->prior->sigma0 * sqrt((double)r->dims),
                                 .evaluate = evaluate,
                                 .context = w};
    const lebm__langevin langevin = {.steps = options->steps,
                                     .step_size = options->step_size,
                                     .last_step_size =
                                         options->last_step_size > 0.0 ? options->last_step_size : options->step_size,
                                     .divergence_threshold = options->divergence_threshold,
                                     .noise = (int)options->noise,
                                     .key = r->key,
                                     .stop = stop,
                                     .context = &at};
    lebm__tile tile = {
        first, n, w->z, w->score, w->noise, w->squares, w->most, r->log_density + first, r->score_norm + first};
    LEBM__TRY(lebm__langevin_run(&langevin, &target, &tile));
    memcpy(r->z + first * r->dims, w->z, (size_t)(n * r->dims) * sizeof *w->z);
    return LEBM_OK;
}

/* Chains of a tile: as equal a share for each thread as goes, but no more than good products want as rows. */
static int64_t tile_size(int64_t n, int threads)
{
    enum { MOST = 64 };
    const int64_t rounds = (n + (int64_t)threads * MOST - 1) / ((int64_t)threads * MOST);
    const int64_t tiles = rounds * threads;
    return (n + tiles - 1) / tiles;
}

double lebm__mean(const double *values, int64_t n)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) sum += values[i];
    return sum / (double)n;
}

int lebm__sampler_run(const lebm_sampler *sampler, lebm__pool *pool, lebm__key key, const lebm_prior *prior,
                      const lebm_generator *generator, const float *x, int64_t n, float *z, lebm__run_metrics *metrics,
                      lebm_progress_fn progress, void *user)
{
    run r = {.sampler = sampler,
             .key = key,
             .prior = prior,
             .generator = generator,
             .x = x,
             .start = strcmp(sampler->options.start, "given") == 0 ? z : NULL,
             .n = n,
             .tile = tile_size(n, lebm__pool_threads(pool)),
             .dims = lebm_prior_latent_size(prior),
             .progress = progress,
             .user = user,
             .asked = lebm__seconds()};
    r.tiles = (n + r.tile - 1) / r.tile;
    const int threads = lebm__pool_share(pool, r.tiles);
    LEBM__TRY(lebm__model_require_set(prior, generator));
    LEBM__TRY(lebm__model_use(prior, generator));
    int status = lebm__net_prepare(prior->net, LEBM__SCORE, pool);
    if (status == LEBM_OK && generator != NULL) status = lebm__net_prepare(generator->net, LEBM__SCORE, pool);
    r.workers = lebm__alloc(threads, sizeof *r.workers);
    r.z = lebm__alloc_raw(n * r.dims, sizeof *r.z);
    r.log_density = lebm__alloc_raw(2 * n, sizeof *r.log_density);
    r.score_norm = r.log_density == NULL ? NULL : r.log_density + n;
    if (r.workers == NULL || r.z == NULL || r.log_density == NULL) status = LEBM_ERR_NOMEM;
    if (status == LEBM_OK) status = make_workers(&r, pool, threads);
    if (status == LEBM_OK) status = lebm__pool_run(pool, r.tiles, run_tile, &r);
    if (status == LEBM_OK && progress != NULL && progress(1.0, user)) status = LEBM_STOPPED;
    lebm__model_leave(prior, generator);
    if (status == LEBM_STOPPED) lebm__fail(LEBM_STOPPED, "the progress callback stopped the call");
    if (status == LEBM_OK) {
        memcpy(z, r.z, (size_t)(n * r.dims) * sizeof *z);
        *metrics = (lebm__run_metrics){lebm__mean(r.log_density, n), lebm__mean(r.score_norm, n)};
    }
    lebm__free(r.workers);
    lebm__free(r.z);
    lebm__free(r.log_density);
    return status;
}

/* Both public runs, after their arguments are checked for NULL and the sampler is claimed. */
static int run_public(lebm_sampler *sampler, const lebm_prior *prior, const lebm_generator *generator, const float *x,
                      int64_t n, float *z)
{
    lebm__sampler_options *options = &sampler->options;
    if (n < 1 || n > INT32_MAX) {
        return lebm__fail(LEBM_ERR_RANGE, "n is %lld chains; allowed are 1 to %d", (long long)n, INT32_MAX);
    }
    if (generator != NULL) LEBM__TRY(lebm__generator_check(generator, x, n));
    LEBM__TRY(lebm__pool_resize(&sampler->pool, lebm__thread_count(options->threads)));
    const lebm__key key = lebm__key_make((uint64_t)options->seed, (uint64_t)options->stream,
                                         generator == NULL ? LEBM__FOR_PRIOR : LEBM__FOR_POSTERIOR);
    const int status = lebm__sampler_run(sampler, sampler->pool, key, prior, generator, x, n, z, &sampler->metrics,
                                         sampler->head.progress.ask, sampler->head.progress.user);
    if (status != LEBM_OK) return status;
    options->stream = options->stream == INT64_MAX ? 0 : options->stream + 1;
    sampler->has_run = 1;
    return LEBM_OK;
}

int lebm_sampler_run_prior(lebm_sampler *sampler, const lebm_prior *prior, int64_t n, float *z)
{
    LEBM__REQUIRE(sampler);
    LEBM__REQUIRE(prior);
    LEBM__REQUIRE(z);
    LEBM__TRY(lebm__handle_claim(&sampler->head, __func__, 0));
    const int status = run_public(sampler, prior, NULL, NULL, n, z);
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
    const int status = run_public(sampler, prior, generator, x, n, z);
    lebm__handle_yield(&sampler->head, 0);
    return status;
}

int lebm_sampler_metric(const lebm_sampler *sampler, const char *key, double *value)
{
    LEBM__REQUIRE(sampler);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(value);
    const double *metric = strcmp(key, LEBM_SAMPLER_LOG_DENSITY) == 0  ? &sampler->metrics.log_density
                           : strcmp(key, LEBM_SAMPLER_SCORE_NORM) == 0 ? &sampler->metrics.score_norm
                                                                       : NULL;
    if (metric == NULL) {
        return lebm__fail(LEBM_ERR_UNKNOWN_OPTION, "sampler has no metric '%.64s'; it has %s, %s", key,
                          LEBM_SAMPLER_LOG_DENSITY, LEBM_SAMPLER_SCORE_NORM);
    }
    if (!sampler->has_run) return lebm__fail(LEBM_ERR_STATE, "metric '%s': the sampler has not run yet", key);
    *value = *metric;
    return LEBM_OK;
}
