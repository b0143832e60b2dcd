#include "mcmc/run.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/status.h"
#include "mcmc/chain.h"
#include "mcmc/curvature.h"
#include "mcmc/tiles.h"
#include "mcmc/user_target.h"
#include "mcmc/warmup.h"
#include "model/model.h"

/* What one thread needs to run its tiles. */
typedef struct {
    lebm__model_target model; /* unless the target is a user's */
    lebm__tile tile;
    lebm__chain_metrics metrics; /* of its chains */
    int64_t *numbers;            /* of them */
    float *x;                    /* of rows that do not lie side by side */
    lebm__curvature curvature;   /* if that is measured */
} run_worker;

/* A run under way: who does what, and where it goes. */
typedef struct {
    const lebm__run *run;
    int64_t dims; /* numbers of a chain's state */
    lebm__tiles tiles;
    run_worker *workers;
    lebm__user_run user;   /* of a user's target */
    double asked;          /* when the caller was asked last, in seconds */
    _Atomic int64_t begun; /* evaluations of all tiles, by all threads */
    _Atomic int stopped;   /* the caller said so */
    float *z;              /* [n, M] the result; in a warm-up where the chains are */
    lebm__chain_metrics metrics;
    lebm__step_sizes step_sizes; /* of the run itself, after its warm-up */
    lebm__tuning tuning;
    float *numbers; /* what the tuning's point into, if they are not the caller's */
    lebm__warmup warmup;
    int64_t warmup_step;
    double *curvatures; /* [n] measured where chains would begin, in place of running them; NULL: they run */
} run_state;

static void run_lay_out(void *context, int thread, lebm__arena *arena)
{
    const run_state *r = context;
    run_worker *w = &r->workers[thread];
    const int64_t rows = r->tiles.most, numel = rows * r->dims;
    w->tile = (lebm__tile){.z = lebm__arena_take(arena, numel, sizeof *w->tile.z),
                           .score = lebm__arena_take(arena, numel, sizeof *w->tile.score),
                           .squares = lebm__arena_take(arena, rows, sizeof *w->tile.squares),
                           .max_squares = lebm__arena_take(arena, rows, sizeof *w->tile.max_squares),
                           .probability = lebm__arena_take(arena, rows, sizeof *w->tile.probability),
                           .energy = lebm__arena_take(arena, rows, sizeof *w->tile.energy),
                           .workspace = r->run->kernel->lay_out(rows, r->dims, arena)};
    if (r->run->target == NULL) {
        lebm__model_target_lay_out(&w->model, r->run->prior, r->run->generator, r->run->options->likelihood_weight,
                                   rows, arena);
    }
    if (r->curvatures != NULL) lebm__curvature_lay_out(&w->curvature, rows, r->dims, arena);
    if (r->tiles.rows == NULL) return;
    w->metrics = (lebm__chain_metrics){.log_density = lebm__arena_take(arena, rows, sizeof(double)),
                                       .score_norm = lebm__arena_take(arena, rows, sizeof(double)),
                                       .acceptance = lebm__arena_take(arena, rows, sizeof(double)),
                                       .energy_error = lebm__arena_take(arena, rows, sizeof(double))};
    w->numbers = lebm__arena_take(arena, rows, sizeof *w->numbers);
    w->x = lebm__arena_take(arena, rows * r->run->generator->data_size, sizeof *w->x);
}

/* A thread that runs a tile, for asking whether to stop. */
typedef struct {
    run_state *state;
    int thread;
} run_place;

/* Of the target, for each tile. */
static double run_evaluations(const run_state *r)
{
    const lebm__run *run = r->run;
    if (r->curvatures != NULL) return LEBM__CURVATURE_EVALUATIONS;
    return (double)(run->tuning.warmup + run->options->steps) *
           (double)lebm__kernel_evaluations(run->kernel, run->kernel_options);
}

/* Whether to stop before an evaluation. The calling thread, which is thread 0, asks the caller now and then. */
static int run_stop(void *context)
{
    const run_place *at = context;
    run_state *r = at->state;
    const lebm__run *run = r->run;
    const int64_t begun = atomic_fetch_add(&r->begun, 1);
    if (run->progress.ask != NULL && at->thread == 0 && lebm__is_due(&r->asked)) {
        const double all = run_evaluations(r) * (double)r->tiles.count;
        if (run->progress.ask((double)begun / all, run->progress.user)) r->stopped = 1;
    }
    return r->stopped;
}

int64_t lebm__run_dims(const lebm__run *run)
{
    return run->target == NULL ? lebm_prior_latent_size(run->prior) : run->target->dims;
}

/* z[n, M] = the noise that chains begin at: of these numbers or, if that is NULL, of `first` on. */
static void run_noise(const lebm__run *run, int64_t first, const int64_t *numbers, int64_t n, float *z)
{
    const int64_t dims = lebm__run_dims(run);
    if (numbers == NULL)
        lebm__normals(run->key, first, 0, n, dims, z);
    else
        lebm__normals_of(run->key, numbers, 0, n, dims, z);
    for (int64_t i = 0; i < n * dims; i++) z[i] *= (float)run->options->start_std;
}

void lebm__run_noise(const lebm__run *run, int64_t row, int64_t n, float *z)
{
    run_noise(run, row, run->numbers == NULL ? NULL : run->numbers + row, n, z);
}

/* Have the chains of a tile begin at their rows of `start` or, if that is NULL, at noise. */
static void run_start(const run_state *r, const lebm__tile *tile, const float *start)
{
    if (start == NULL) {
        run_noise(r->run, tile->first, tile->numbers, tile->n, tile->z);
        return;
    }
    for (int64_t i = 0; i < tile->n; i++) {
        memcpy(tile->z + i * r->dims, start + lebm__tile_row(tile, i) * r->dims, (size_t)r->dims * sizeof *tile->z);
    }
}

/* The numbers of a tile's chains: keys of their random numbers. */
static const int64_t *run_numbers(const run_state *r, const run_worker *w, const lebm__tile *tile)
{
    const int64_t *numbers = r->run->numbers;
    if (numbers == NULL) return tile->rows;
    if (tile->rows == NULL) return numbers + tile->first;
    for (int64_t i = 0; i < tile->n; i++) w->numbers[i] = numbers[tile->rows[i]];
    return w->numbers;
}

/* The chains of a task in a thread's tile, with nothing measured yet. */
static void run_place_tile(const run_state *r, const run_worker *w, int64_t task, lebm__tile *tile)
{
    const int64_t row = r->tiles.begins[task];
    const lebm__chain_metrics *all = &r->metrics;
    tile->first = row;
    tile->n = r->tiles.begins[task + 1] - row;
    tile->rows = r->tiles.rows == NULL ? NULL : r->tiles.rows + row;
    tile->numbers = run_numbers(r, w, tile);
    const int lies_apart = tile->rows != NULL;
    tile->log_density = lies_apart ? w->metrics.log_density : all->log_density + row;
    tile->score_norm = lies_apart ? w->metrics.score_norm : all->score_norm + row;
    tile->acceptance = lies_apart ? w->metrics.acceptance : all->acceptance + row;
    tile->energy_error = lies_apart ? w->metrics.energy_error : all->energy_error + row;
    tile->tested = 0;
    for (int64_t i = 0; i < tile->n; i++) {
        tile->acceptance[i] = tile->energy_error[i] = 0.0;
        tile->probability[i] = tile->energy[i] = NAN;
    }
}

/* Give the run what came of a tile. */
static void run_store_tile(const run_state *r, const lebm__tile *tile)
{
    for (int64_t i = 0; i < tile->n; i++) {
        const int64_t row = lebm__tile_row(tile, i);
        memcpy(r->z + row * r->dims, tile->z + i * r->dims, (size_t)r->dims * sizeof *tile->z);
        r->metrics.log_density[row] = tile->log_density[i];
        r->metrics.score_norm[row] = tile->score_norm[i];
        r->metrics.acceptance[row] = tile->acceptance[i];
        r->metrics.energy_error[row] = tile->energy_error[i];
    }
}

static lebm__target run_target(run_state *r, const run_worker *w)
{
    const lebm__step_sizes *options = r->run->kernel_options;
    const double spread = r->run->options->start_std * sqrt((double)r->dims);
    lebm__target target =
        r->run->target == NULL ? lebm__model_target_get(&w->model) : lebm__user_target_get(&r->user, spread);
    const int finds_step_size = r->run->tuning.warmup > 0 && options->target_acceptance > 0.0;
    if (finds_step_size) target.remedy = "a higher target_acceptance may help";
    return target;
}

/* Have the thread's copy of the generator see the x of a tile's chains. */
static void run_observe(const run_state *r, const run_worker *w, const lebm__tile *tile)
{
    const lebm__run *run = r->run;
    if (run->generator == NULL) return;
    const int64_t size = run->generator->data_size;
    const float *x = run->x + tile->first * size;
    if (tile->rows != NULL) {
        for (int64_t i = 0; i < tile->n; i++) {
            memcpy(w->x + i * size, run->x + tile->rows[i] * size, (size_t)size * sizeof *w->x);
        }
        x = w->x;
    }
    lebm__dropout dropout;
    if (run->dropout != NULL) {
        dropout = *run->dropout;
        dropout.first = tile->first;
        dropout.numbers = tile->numbers;
    }
    run->generator->kind->observe(run->generator, w->model.g, x, tile->n, run->dropout == NULL ? NULL : &dropout);
}

/* Chains of the run itself, to be asked by whoever is at `place` whether to stop. */
static lebm__chain run_chain(run_state *r, const run_worker *w, run_place *place)
{
    const lebm__run *run = r->run;
    const lebm__sampler_options *options = run->options;
    return (lebm__chain){.kernel = run->kernel,
                         .options = run->kernel_options,
                         .target = run_target(r, w),
                         .steps = options->steps,
                         .steps_before = run->steps_before + run->tuning.warmup,
                         .step_sizes = r->step_sizes,
                         .variances = r->tuning.variances,
                         .roots = r->tuning.roots,
                         .temperature = options->temperature,
                         .divergence_threshold = options->divergence_threshold,
                         .is_kept = run->is_kept,
                         .start_std = options->start_std,
                         .key = run->key,
                         .record = run->record,
                         .stop = run_stop,
                         .context = place};
}

/* All steps of a tile of chains, after the warm-up. */
static int run_tile(void *context, int64_t task, int thread)
{
    run_state *r = context;
    run_worker *w = &r->workers[thread];
    lebm__tile *tile = &w->tile;
    const lebm__chain chain = run_chain(r, w, &(run_place){r, thread});
    run_place_tile(r, w, task, tile);
    run_start(r, tile, r->run->tuning.warmup > 0 ? r->z : r->run->start);
    run_observe(r, w, tile);
    LEBM__TRY(lebm__chain_run(&chain, tile));
    for (int64_t i = 0; i < tile->n; i++) { /* means of what was summed up over the steps */
        tile->acceptance[i] = tile->tested == 0 ? NAN : tile->acceptance[i] / (double)tile->tested;
        tile->energy_error[i] = tile->tested == 0 ? NAN : tile->energy_error[i] / (double)tile->tested;
    }
    run_store_tile(r, tile);
    return LEBM_OK;
}

/* The curvature where the chains of a tile would begin. Its rows are side by side. */
static int run_curvature_tile(void *context, int64_t task, int thread)
{
    run_state *r = context;
    run_worker *w = &r->workers[thread];
    lebm__tile *tile = &w->tile;
    const lebm__target target = run_target(r, w);
    run_place_tile(r, w, task, tile);
    run_start(r, tile, r->run->start);
    run_observe(r, w, tile);
    w->curvature.stop = run_stop;
    w->curvature.context = &(run_place){r, thread};
    return lebm__curvature_measure(&w->curvature, &target, r->tuning.roots, tile->first, tile->n, tile->z,
                                   r->curvatures + tile->first);
}

/* ---- The warm-up ---- */

/* One step of a tile of chains, whose states lie in the run's own arrays from step to step: its rows are side by side. */
static int run_warmup_tile(void *context, int64_t task, int thread)
{
    run_state *r = context;
    run_worker *w = &r->workers[thread];
    lebm__tile tile = w->tile;
    lebm__chain chain = run_chain(r, w, &(run_place){r, thread});
    const int64_t step = r->warmup_step, count = lebm__warmup_count(&r->warmup, step);
    run_place_tile(r, w, task, &tile);
    tile.z = r->z + tile.first * r->dims;
    tile.score = r->warmup.score + tile.first * r->dims;
    tile.squares = r->warmup.squares + tile.first;
    tile.max_squares = r->warmup.max_squares + tile.first;
    chain.steps_before = r->run->steps_before;
    chain.step_sizes = (lebm__step_sizes){.first = r->tuning.step_size};
    chain.adapts = r->warmup.learns_step_size;
    chain.record = NULL;
    run_observe(r, w, &tile);
    if (step == 1) {
        run_start(r, &tile, r->run->start);
        LEBM__TRY(lebm__chain_begin(&chain, &tile));
    }
    LEBM__TRY(lebm__chain_step(&chain, &tile, step));
    if (count > 0) lebm__moments_add(&r->warmup.moments, tile.first, tile.n, r->dims, count, tile.z);
    return LEBM_OK;
}

/* Step by step, with a barrier after each. */
static int run_warmup_steps(run_state *r)
{
    lebm__warmup *warmup = &r->warmup;
    const lebm__step_sizes *options = r->run->kernel_options;
    LEBM__TRY(lebm__warmup_create(warmup, options->first, options->target_acceptance));
    for (int64_t step = 1; step <= warmup->steps; step++) {
        r->warmup_step = step;
        r->tuning = lebm__warmup_tuning(warmup);
        LEBM__TRY(lebm__pool_run(r->run->pool, r->tiles.count, run_warmup_tile, r));
        lebm__warmup_learn(warmup, step, r->metrics.acceptance);
    }
    r->tuning = lebm__warmup_result(warmup);
    r->step_sizes.first = r->tuning.step_size;
    return LEBM_OK;
}

static int run_warm_up(run_state *r)
{
    const lebm__run *run = r->run;
    if (run->tuning.warmup == 0) return LEBM_OK;
    r->warmup = (lebm__warmup){.steps = run->tuning.warmup,
                               .n = run->n,
                               .dims = r->dims,
                               .is_one_target = run->generator == NULL,
                               .learns_variances = run->tuning.is_preconditioned,
                               .variances = r->numbers,
                               .roots = r->numbers == NULL ? NULL : r->numbers + r->dims};
    const int status = run_warmup_steps(r);
    lebm__warmup_destroy(&r->warmup);
    return status;
}

/* ---- The whole ---- */

/* The preconditioner that the run begins with: variances that were given, or else 1 for a warm-up to begin at. */
static int run_prepare_tuning(run_state *r)
{
    const lebm__run_tuning *given = &r->run->tuning;
    r->step_sizes = *(const lebm__step_sizes *)r->run->kernel_options;
    if (!given->is_preconditioned) return LEBM_OK;
    if (given->count == 0 && given->warmup == 0) {
        return lebm__fail(LEBM_ERR_STATE,
                          "option preconditioner is 'diagonal', but the sampler has no variances: let a run warm "
                          "up, or call lebm_sampler_set_variances()");
    }
    if (given->count != 0 && given->count != r->dims) {
        return lebm__fail(LEBM_ERR_SHAPE,
                          "the sampler has %lld variances for its preconditioner; this target has %lld numbers",
                          (long long)given->count, (long long)r->dims);
    }
    r->numbers = lebm__alloc_raw(2 * r->dims, sizeof *r->numbers);
    if (r->numbers == NULL) return LEBM_ERR_NOMEM;
    for (int64_t d = 0; d < r->dims; d++) r->numbers[d] = given->count == 0 ? 1.0f : given->variances[d];
    lebm__take_roots(r->dims, r->numbers, r->numbers + r->dims);
    r->tuning = (lebm__tuning){r->step_sizes.first, r->numbers, r->numbers + r->dims};
    return LEBM_OK;
}

/* What each row costs, if they do not all cost the same and need not lie side by side, as they do in a warm-up. */
static int run_take_costs(const run_state *r, int64_t **costs)
{
    const lebm__run *run = r->run;
    const int lies_together = run->tuning.warmup > 0 || r->curvatures != NULL;
    const lebm_generator *generator = run->generator;
    *costs = NULL;
    if (generator == NULL || generator->kind->cost == NULL || lies_together) return LEBM_OK;
    *costs = lebm__alloc_raw(run->n, sizeof **costs);
    if (*costs == NULL) return LEBM_ERR_NOMEM;
    for (int64_t i = 0; i < run->n; i++) {
        (*costs)[i] = generator->kind->cost(generator, run->x + i * generator->data_size);
    }
    return LEBM_OK;
}

/* As equal a share for each thread as goes, but no tile of more rows than good products want. */
static int run_make_tiles(run_state *r)
{
    const lebm__run *run = r->run;
    const int threads = lebm__pool_threads(run->pool);
    /* Beyond 64 the products of a layer gain nothing and the cache holds fewer layers. */
    const int64_t most = run->target == NULL ? 64 : lebm__user_target_rows(run->target);
    const int64_t rounds = (run->n + threads * most - 1) / (threads * most);
    int64_t *costs;
    LEBM__TRY(run_take_costs(r, &costs));
    const int status = lebm__tiles_create(&r->tiles, run->n, costs, rounds * threads, most);
    lebm__free(costs);
    return status;
}

/* All tiles, with memory for workers and results that the caller releases. */
static int run_all(run_state *r)
{
    const lebm__run *run = r->run;
    LEBM__TRY(run_make_tiles(r));
    const int threads = lebm__pool_share(run->pool, r->tiles.count);
    r->workers = lebm__alloc(threads, sizeof *r->workers);
    r->z = lebm__alloc_raw(run->n * r->dims, sizeof *r->z);
    r->metrics.log_density = lebm__alloc_raw(4 * run->n, sizeof *r->metrics.log_density);
    if (r->workers == NULL || r->z == NULL || r->metrics.log_density == NULL) return LEBM_ERR_NOMEM;
    r->metrics.score_norm = r->metrics.log_density + run->n;
    r->metrics.acceptance = r->metrics.score_norm + run->n;
    r->metrics.energy_error = r->metrics.acceptance + run->n;
    LEBM__TRY(run_prepare_tuning(r));
    LEBM__TRY(lebm__pool_lay_out(run->pool, threads, run_lay_out, r));
    if (r->curvatures == NULL) LEBM__TRY(run_warm_up(r));
    LEBM__TRY(lebm__pool_run(run->pool, r->tiles.count, r->curvatures == NULL ? run_tile : run_curvature_tile, r));
    return run->progress.ask != NULL && run->progress.ask(1.0, run->progress.user) ? LEBM_STOPPED : LEBM_OK;
}

/* The same with the model in use, if there is one. */
static int run_target_in_use(run_state *r)
{
    const lebm__run *run = r->run;
    if (run->target != NULL) return run_all(r);
    LEBM__TRY(lebm__model_use(run->prior, run->generator));
    int status = lebm__model_require_set(run->prior, run->generator);
    if (status == LEBM_OK) status = lebm__model_prepare(run->prior, run->generator, LEBM__SCORE, run->pool);
    if (status == LEBM_OK) status = run_all(r);
    lebm__model_leave(run->prior, run->generator);
    return status;
}

/* Give the caller what came of the run. */
static void run_give_results(const run_state *r)
{
    const lebm__run *run = r->run;
    const lebm__step_sizes *s = &r->step_sizes;
    const int is_first = s->last == 0.0 || run->options->steps == 1;
    memcpy(run->z, r->z, (size_t)(run->n * r->dims) * sizeof *r->z);
    *run->metrics = lebm__metrics_sum_up(&r->metrics, run->n, is_first ? s->first : s->last);
    if (run->tuning.warmup == 0) return;
    *run->tuning.learned_step_size = s->first;
    if (r->numbers != NULL) memcpy(run->tuning.learned_variances, r->numbers, (size_t)r->dims * sizeof *r->numbers);
}

/* Run chains or, if curvatures are asked for, measure these. */
static int run_begin(const lebm__run *run, double *curvatures)
{
    run_state r = {.run = run,
                   .dims = lebm__run_dims(run),
                   .user = {.target = run->target},
                   .asked = lebm__seconds(),
                   .curvatures = curvatures};
    const int status = run_target_in_use(&r);
    if (status == LEBM_OK && curvatures == NULL) run_give_results(&r);
    if (status == LEBM_STOPPED && r.user.returned != 0)
        lebm__fail(LEBM_STOPPED, "the target's function returned %d, which stopped the call", r.user.returned);
    else if (status == LEBM_STOPPED)
        lebm__fail(LEBM_STOPPED, "the progress callback stopped the call");
    lebm__tiles_destroy(&r.tiles);
    lebm__free(r.workers);
    lebm__free(r.z);
    lebm__free(r.metrics.log_density);
    lebm__free(r.numbers);
    return status;
}

int lebm__sampler_run(const lebm__run *run)
{
    return run_begin(run, NULL);
}

int lebm__sampler_curvatures(const lebm__run *run, double *curvatures)
{
    return run_begin(run, curvatures);
}
