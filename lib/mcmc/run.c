#include "mcmc/run.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/status.h"
#include "mcmc/chain.h"
#include "model/model.h"

/* What one thread needs to run its tiles. */
typedef struct {
    lebm__model_target model;
    lebm__tile tile;
} run_worker;

/* A run under way: who does what, and where it goes. */
typedef struct {
    const lebm__run *run;
    int64_t dims, rows, tiles; /* numbers of a chain's state, chains of a tile, and tiles */
    run_worker *workers;
    double asked;          /* when the caller was asked last, in seconds */
    _Atomic int64_t begun; /* steps of all tiles, by all threads */
    _Atomic int stopped;   /* the caller said so */
    float *z;              /* [n, M] the result */
    lebm__chain_metrics metrics;
} run_state;

static void run_lay_out(void *context, int thread, lebm__arena *arena)
{
    const run_state *r = context;
    run_worker *w = &r->workers[thread];
    const int64_t numel = r->rows * r->dims;
    w->tile = (lebm__tile){.z = lebm__arena_take(arena, numel, sizeof *w->tile.z),
                           .score = lebm__arena_take(arena, numel, sizeof *w->tile.score),
                           .squares = lebm__arena_take(arena, r->rows, sizeof *w->tile.squares),
                           .max_squares = lebm__arena_take(arena, r->rows, sizeof *w->tile.max_squares),
                           .workspace = r->run->kernel->lay_out(r->rows, r->dims, arena)};
    lebm__model_target_lay_out(&w->model, r->run->prior, r->run->generator, r->rows, arena);
}

/* A thread that runs a tile, for asking whether to stop. */
typedef struct {
    run_state *state;
    int thread;
} run_place;

/* Whether to stop before a step. The calling thread, which is thread 0, asks the caller now and then. */
static int run_stop(void *context)
{
    const run_place *at = context;
    run_state *r = at->state;
    const lebm__run *run = r->run;
    const int64_t begun = atomic_fetch_add(&r->begun, 1);
    if (run->progress.ask != NULL && at->thread == 0 && lebm__is_due(&r->asked)) {
        const double all = (double)run->options->steps * (double)r->tiles;
        if (run->progress.ask((double)begun / all, run->progress.user)) r->stopped = 1;
    }
    return r->stopped;
}

void lebm__run_noise(const lebm__run *run, int64_t row, int64_t n, float *z)
{
    const int64_t dims = lebm_prior_latent_size(run->prior);
    if (run->numbers == NULL)
        lebm__normals(run->key, row, 0, n, dims, z);
    else
        lebm__normals_of(run->key, run->numbers + row, 0, n, dims, z);
    for (int64_t i = 0; i < n * dims; i++) z[i] *= (float)run->options->start_std;
}

/* Where the chains of a tile begin. */
static void run_start(const run_state *r, const lebm__tile *tile, int64_t row)
{
    const lebm__run *run = r->run;
    if (run->start == NULL)
        lebm__run_noise(run, row, tile->n, tile->z);
    else
        memcpy(tile->z, run->start + row * r->dims, (size_t)(tile->n * r->dims) * sizeof *tile->z);
}

/* Have a tile measure what the run reports of its chains. */
static void run_place_metrics(const run_state *r, lebm__tile *tile, int64_t row)
{
    tile->log_density = r->metrics.log_density + row;
    tile->score_norm = r->metrics.score_norm + row;
    tile->acceptance = r->metrics.acceptance + row;
    tile->energy_error = r->metrics.energy_error + row;
    tile->tested = 0;
}

/* Make means of what was summed up over the steps. */
static void run_average_metrics(const lebm__tile *tile)
{
    for (int64_t i = 0; i < tile->n; i++) {
        tile->acceptance[i] = tile->tested == 0 ? NAN : tile->acceptance[i] / (double)tile->tested;
        tile->energy_error[i] = tile->tested == 0 ? NAN : tile->energy_error[i] / (double)tile->tested;
    }
}

/* All steps of a tile of chains. */
static int run_tile(void *context, int64_t task, int thread)
{
    run_state *r = context;
    const lebm__run *run = r->run;
    const lebm__sampler_options *options = run->options;
    run_worker *w = &r->workers[thread];
    lebm__tile *tile = &w->tile;
    const int64_t row = task * r->rows, left = run->n - row;
    const lebm__chain chain = {.kernel = run->kernel,
                               .options = run->kernel_options,
                               .target = lebm__model_target_get(&w->model),
                               .steps = options->steps,
                               .steps_before = run->steps_before,
                               .step_sizes = *(const lebm__step_sizes *)run->kernel_options,
                               .temperature = options->temperature,
                               .divergence_threshold = options->divergence_threshold,
                               .is_kept = run->is_kept,
                               .start_std = options->start_std,
                               .key = run->key,
                               .stop = run_stop,
                               .context = &(run_place){r, thread}};
    tile->first = row;
    tile->numbers = run->numbers == NULL ? NULL : run->numbers + row;
    tile->n = left < r->rows ? left : r->rows;
    run_place_metrics(r, tile, row);
    run_start(r, tile, row);
    if (run->generator != NULL) {
        const float *x = run->x + row * run->generator->data_size;
        run->generator->kind->observe(run->generator, w->model.g, x, tile->n);
    }
    LEBM__TRY(lebm__chain_run(&chain, tile));
    run_average_metrics(tile);
    memcpy(r->z + row * r->dims, tile->z, (size_t)(tile->n * r->dims) * sizeof *tile->z);
    return LEBM_OK;
}

/* Chains of a tile: as equal a share for each thread as goes, but no more than good products want as rows. */
static int64_t run_tile_rows(int64_t n, int threads)
{
    enum { MAX = 64 }; /* rows, beyond which the products of a layer gain nothing and the cache holds fewer layers */
    const int64_t rounds = (n + (int64_t)threads * MAX - 1) / ((int64_t)threads * MAX);
    const int64_t tiles = rounds * threads;
    return (n + tiles - 1) / tiles;
}

/* All tiles, with memory for workers and results that the caller releases. */
static int run_all(run_state *r)
{
    const lebm__run *run = r->run;
    const int threads = lebm__pool_share(run->pool, r->tiles);
    LEBM__TRY(lebm__model_require_set(run->prior, run->generator));
    LEBM__TRY(lebm__model_prepare(run->prior, run->generator, LEBM__SCORE, run->pool));
    r->workers = lebm__alloc(threads, sizeof *r->workers);
    r->z = lebm__alloc_raw(run->n * r->dims, sizeof *r->z);
    r->metrics.log_density = lebm__alloc(4 * run->n, sizeof *r->metrics.log_density);
    if (r->workers == NULL || r->z == NULL || r->metrics.log_density == NULL) return LEBM_ERR_NOMEM;
    r->metrics.score_norm = r->metrics.log_density + run->n;
    r->metrics.acceptance = r->metrics.score_norm + run->n;
    r->metrics.energy_error = r->metrics.acceptance + run->n;
    LEBM__TRY(lebm__pool_lay_out(run->pool, threads, run_lay_out, r));
    LEBM__TRY(lebm__pool_run(run->pool, r->tiles, run_tile, r));
    return run->progress.ask != NULL && run->progress.ask(1.0, run->progress.user) ? LEBM_STOPPED : LEBM_OK;
}

int lebm__sampler_run(const lebm__run *run)
{
    const int64_t dims = lebm_prior_latent_size(run->prior);
    const int64_t rows = run_tile_rows(run->n, lebm__pool_threads(run->pool));
    run_state r = {
        .run = run, .dims = dims, .rows = rows, .tiles = (run->n + rows - 1) / rows, .asked = lebm__seconds()};
    LEBM__TRY(lebm__model_use(run->prior, run->generator));
    const int status = run_all(&r);
    lebm__model_leave(run->prior, run->generator);
    if (status == LEBM_STOPPED) lebm__fail(LEBM_STOPPED, "the progress callback stopped the call");
    if (status == LEBM_OK) {
        memcpy(run->z, r.z, (size_t)(run->n * dims) * sizeof *r.z);
        const lebm__step_sizes *s = run->kernel_options;
        const int is_first = s->last == 0.0 || run->options->steps == 1;
        *run->metrics = lebm__metrics_sum_up(&r.metrics, run->n, is_first ? s->first : s->last);
    }
    lebm__free(r.workers);
    lebm__free(r.z);
    lebm__free(r.metrics.log_density);
    return status;
}
