#include "mcmc/annealing_run.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/status.h"
#include "lebm/diagnostics.h"
#include "mcmc/anneal.h"
#include "mcmc/user_target.h"
#include "model/model.h"

/* The phases of a row, which draw unrelated random numbers. */
typedef enum { PILOT, FORWARD, REVERSE, PHASES } annealing_phase;

enum { MOST_DRAWS = 100 }; /* of the tilt, of a chain that settles */

/* What one thread needs. */
typedef struct {
    lebm__model_target model; /* unless the target is a user's */
    lebm__tempered tempered;
    lebm__tile tile;
    float *x; /* [rows, D] the same for each chain of a row */
    double *spare;
    int64_t *from;
} annealing_worker;

/* A run under way. Some rows are annealed at a time; of these is what has [batch] before it. */
typedef struct {
    const lebm__annealing_run *run;
    const lebm__annealing_options *options;
    lebm__key keys[PHASES];
    double spread;                         /* standard deviation of the base */
    int64_t dims, tiles, tile_rows, batch; /* tiles of a row, chains of a tile, and rows at a time */
    int64_t first;                         /* of the rows that are annealed now */
    int64_t draws;                         /* of each chain that settles */
    annealing_worker *workers;
    lebm__user_run user;
    double asked;          /* when the caller was asked last, in seconds */
    _Atomic int64_t begun; /* evaluations of all tiles, by all threads */
    _Atomic int stopped;
    lebm__annealed_rows rows;
    double *betas, *step_sizes;            /* [batch, temperatures + 1] */
    float *z;                              /* [batch, chains, dims] */
    float *group;                          /* [chains / groups, dims] */
    double *integrals[2], *acceptances[2]; /* [batch, chains] forward and back */
    double *tilts;                         /* [batch, chains, draws] */
    double *spare;                         /* [chains] */
    int64_t *from;                         /* [chains] */
} annealing_state;

/* ---- Tiles ---- */

static int64_t annealing_worker_rows(const annealing_state *s)
{
    return s->tile_rows > s->options->pilot_chains ? s->tile_rows : s->options->pilot_chains;
}

static void annealing_lay_out(void *context, int thread, lebm__arena *arena)
{
    const annealing_state *s = context;
    const lebm__annealing_run *run = s->run;
    const int64_t rows = annealing_worker_rows(s), numel = rows * s->dims;
    annealing_worker *w = &s->workers[thread];
    w->tile = (lebm__tile){.z = lebm__arena_take(arena, numel, sizeof *w->tile.z),
                           .score = lebm__arena_take(arena, numel, sizeof *w->tile.score),
                           .log_density = lebm__arena_take(arena, rows, sizeof *w->tile.log_density),
                           .squares = lebm__arena_take(arena, rows, sizeof *w->tile.squares),
                           .max_squares = lebm__arena_take(arena, rows, sizeof *w->tile.max_squares),
                           .acceptance = lebm__arena_take(arena, rows, sizeof *w->tile.acceptance),
                           .energy_error = lebm__arena_take(arena, rows, sizeof *w->tile.energy_error),
                           .probability = lebm__arena_take(arena, rows, sizeof *w->tile.probability),
                           .energy = lebm__arena_take(arena, rows, sizeof *w->tile.energy),
                           .workspace = run->kernel->lay_out(rows, s->dims, arena)};
    w->spare = lebm__arena_take(arena, rows, sizeof *w->spare);
    w->from = lebm__arena_take(arena, rows, sizeof *w->from);
    lebm__tempered_lay_out(&w->tempered, rows, s->dims, arena);
    if (run->target == NULL) lebm__model_target_lay_out(&w->model, run->prior, run->generator, 1.0, rows, arena);
    if (run->generator != NULL) w->x = lebm__arena_take(arena, rows * run->generator->data_size, sizeof *w->x);
}

/* A thread that runs a tile, for asking whether to stop. */
typedef struct {
    annealing_state *state;
    int thread, counts; /* whether its evaluations are of those that are told as progress */
} annealing_place;

/* Whether to stop before an evaluation. The calling thread, which is thread 0, asks the caller now and then. */
static int annealing_stop(void *context)
{
    const annealing_place *at = context;
    annealing_state *s = at->state;
    const lebm__annealing_options *o = s->options;
    const lebm__progress *progress = &s->run->progress;
    const int64_t begun = at->counts ? atomic_fetch_add(&s->begun, 1) : s->begun;
    if (progress->ask != NULL && at->thread == 0 && lebm__is_due(&s->asked)) {
        const int64_t path = o->temperatures * o->steps, back = o->reverse ? o->settle_steps + path : 0;
        const int64_t evaluations = lebm__kernel_evaluations(s->run->kernel, s->run->kernel_options);
        const double all = (double)(path + back) * (double)evaluations * (double)(s->tiles * s->run->n);
        if (progress->ask((double)begun / all, progress->user)) s->stopped = 1;
    }
    return s->stopped;
}

/* A thread's tile as n chains of a phase, of which the first has the number `first`; x is that of a row of the run. */
static lebm__annealed annealing_place_tile(annealing_state *s, annealing_place *place, annealing_phase phase,
                                           int64_t row, int64_t first, int64_t n)
{
    const lebm__annealing_run *run = s->run;
    annealing_worker *w = &s->workers[place->thread];
    w->tile.first = first;
    w->tile.n = n;
    w->tile.tested = 0;
    for (int64_t i = 0; i < n; i++) w->tile.acceptance[i] = w->tile.energy_error[i] = 0.0;
    w->tempered.target =
        run->target == NULL ? lebm__model_target_get(&w->model) : lebm__user_target_from_noise(&s->user);
    if (run->generator != NULL) {
        const int64_t size = run->generator->data_size;
        for (int64_t i = 0; i < n; i++) memcpy(w->x + i * size, run->x + row * size, (size_t)size * sizeof *w->x);
        run->generator->kind->observe(run->generator, w->model.g, w->x, n, NULL);
    }
    const lebm__chain chain = {.kernel = run->kernel,
                               .options = run->kernel_options,
                               .target = lebm__tempered_target(&w->tempered),
                               .temperature = 1.0,
                               .divergence_threshold = s->options->divergence_threshold,
                               .start_std = s->spread,
                               .key = s->keys[phase],
                               .stop = annealing_stop,
                               .context = place};
    return (lebm__annealed){chain, &w->tempered, &w->tile, 0};
}

/* Have the chains of a tile begin at the base density. */
static int annealing_begin(const annealing_state *s, lebm__annealed *chains)
{
    lebm__tile *tile = chains->tile;
    lebm__normals(chains->chain.key, tile->first, 0, tile->n, s->dims, tile->z);
    for (int64_t i = 0; i < tile->n * s->dims; i++) tile->z[i] *= (float)s->spread;
    return lebm__anneal_begin(chains, 0.0);
}

/* ---- Phases ---- */

static lebm__schedule annealing_schedule(const lebm__annealing_options *o)
{
    return strcmp(o->schedule, "linear") == 0    ? LEBM__LINEAR_BETAS
           : strcmp(o->schedule, "sigmoid") == 0 ? LEBM__SIGMOID_BETAS
                                                 : LEBM__ADAPTIVE_BETAS;
}

/* The pilot of a row, and the schedule that comes of it. */
static int annealing_do_pilot(void *context, int64_t task, int thread)
{
    annealing_state *s = context;
    const lebm__annealing_options *o = s->options;
    const lebm__step_sizes *given = s->run->kernel_options;
    annealing_worker *w = &s->workers[thread];
    annealing_place place = {s, thread, 0};
    const lebm__pilot pilot = {o->pilot_ess, o->pilot_steps, given->first, given->target_acceptance};
    const int64_t row = s->first + task, n = o->pilot_chains, count = o->temperatures + 1;
    lebm__annealed chains = annealing_place_tile(s, &place, PILOT, row, (o->first_row + row) * n, n);
    lebm__ladder ladder = {.count = 0};
    int status = annealing_begin(s, &chains);
    if (status == LEBM_OK) status = lebm__pilot_run(&chains, &pilot, w->spare, w->from, &ladder);
    if (status == LEBM_OK) {
        lebm__schedule_fill(annealing_schedule(o), &ladder, o->temperatures, s->betas + task * count,
                            s->step_sizes + task * count);
        s->rows.rows[row].rungs = (double)(ladder.count - 1);
    }
    lebm__ladder_free(&ladder);
    return status;
}

/* Steps from draw to draw of chains that settle, and draws up to a step. */
static int64_t annealing_draw_every(const lebm__annealing_options *o)
{
    return o->settle_steps / (2 * MOST_DRAWS) + 1;
}

static int64_t annealing_draws_by(const lebm__annealing_options *o, int64_t step)
{
    return step / annealing_draw_every(o);
}

/* Chains of a row that one tile has: from this one of the row on, which is that one of the batch. */
typedef struct {
    int64_t row, task_row, chain, n, of_batch;
} annealing_part;

static annealing_part annealing_part_of(const annealing_state *s, int64_t task)
{
    const int64_t chains = s->options->chains, row = task / s->tiles, chain = task % s->tiles * s->tile_rows;
    const int64_t n = chains - chain < s->tile_rows ? chains - chain : s->tile_rows;
    return (annealing_part){s->first + row, row, chain, n, row * chains + chain};
}

/* Send a tile's chains, which have begun, along the path of their row, and keep what comes of it. */
static int annealing_walk(annealing_state *s, const annealing_part *part, int direction, lebm__annealed *chains)
{
    const lebm__annealing_options *o = s->options;
    const lebm__tile *tile = chains->tile;
    const int64_t count = o->temperatures + 1;
    const lebm__path path = {o->temperatures, s->betas + part->task_row * count, s->step_sizes + part->task_row * count,
                             direction, o->steps};
    double *log_weights = s->rows.log_weights[direction] + part->row * o->chains + part->chain;
    LEBM__TRY(lebm__anneal(chains, &path, log_weights, s->integrals[direction] + part->of_batch));
    for (int64_t i = 0; i < tile->n; i++) {
        s->acceptances[direction][part->of_batch + i] = tile->acceptance[i] / (double)tile->tested;
    }
    return LEBM_OK;
}

static int annealing_do_forward(void *context, int64_t task, int thread)
{
    annealing_state *s = context;
    const annealing_part part = annealing_part_of(s, task);
    const int64_t number = (s->options->first_row + part.row) * s->options->chains + part.chain;
    annealing_place place = {s, thread, 1};
    lebm__annealed chains = annealing_place_tile(s, &place, FORWARD, part.row, number, part.n);
    LEBM__TRY(annealing_begin(s, &chains));
    LEBM__TRY(annealing_walk(s, &part, 0, &chains));
    memcpy(s->z + part.of_batch * s->dims, chains.tile->z, (size_t)(part.n * s->dims) * sizeof *s->z);
    return LEBM_OK;
}

/* Have chains that begin where forward ones ended, resampled, come to rest at beta 1, and keep some of their tilts of the
 * second half of the steps. */
static int annealing_settle(annealing_state *s, const annealing_part *part, lebm__annealed *chains)
{
    const lebm__annealing_options *o = s->options;
    const double step_size = s->step_sizes[part->task_row * (o->temperatures + 1) + o->temperatures];
    double *tilts = s->tilts + part->of_batch * s->draws;
    for (int64_t step = 1; step <= o->settle_steps; step++) {
        LEBM__TRY(lebm__anneal_step(chains, step_size));
        const int64_t draw = annealing_draws_by(o, step) - annealing_draws_by(o, o->settle_steps / 2) - 1;
        if (draw < 0 || step % annealing_draw_every(o) != 0) continue;
        for (int64_t i = 0; i < part->n; i++) tilts[i * s->draws + draw] = chains->tempered->chains.tilt[i];
    }
    return LEBM_OK;
}

static int annealing_do_reverse(void *context, int64_t task, int thread)
{
    annealing_state *s = context;
    const annealing_part part = annealing_part_of(s, task);
    const int64_t number = (s->options->first_row + part.row) * s->options->chains + part.chain;
    annealing_place place = {s, thread, 1};
    if (!s->rows.rows[part.row].has_starts) return LEBM_OK;
    lebm__annealed chains = annealing_place_tile(s, &place, REVERSE, part.row, number, part.n);
    memcpy(chains.tile->z, s->z + part.of_batch * s->dims, (size_t)(part.n * s->dims) * sizeof *s->z);
    LEBM__TRY(lebm__anneal_begin(&chains, 1.0));
    LEBM__TRY(annealing_settle(s, &part, &chains));
    return annealing_walk(s, &part, 1, &chains);
}

/* ---- Between phases ---- */

/* Resample the ends of a row's forward chains, each group by itself; 0 if the weights of one are all 0. */
static int annealing_resample(annealing_state *s, int64_t row)
{
    const lebm__annealing_options *o = s->options;
    const int64_t size = o->chains / o->groups;
    const double *log_weights = s->rows.log_weights[0] + (s->first + row) * o->chains;
    const int64_t number = (o->first_row + s->first + row) * o->chains;
    for (int64_t g = 0; g < o->groups; g++) {
        float *z = s->z + (row * o->chains + g * size) * s->dims;
        double chances[2];
        lebm__chances(s->keys[REVERSE], number + g * size, NULL, 0, 1, chances);
        if (!lebm__resample(log_weights + g * size, size, chances[0], s->from)) return 0;
        memcpy(s->group, z, (size_t)(size * s->dims) * sizeof *z);
        for (int64_t i = 0; i < size; i++) {
            memcpy(z + i * s->dims, s->group + s->from[i] * s->dims, (size_t)s->dims * sizeof *z);
        }
    }
    return 1;
}

/* What the chains of a row say in a direction. Those that go back began in groups that share ancestors, which neither
 * their weights nor their integrals tell. */
static lebm__direction annealing_measure(const annealing_state *s, int64_t row, int direction)
{
    const lebm__annealing_options *o = s->options;
    const int64_t chains = o->chains, begin = row * chains;
    const double sign = direction == 0 ? 1.0 : -1.0;
    const lebm__weights w =
        lebm__weights_measure(s->rows.log_weights[direction] + (s->first + row) * chains, chains, o->groups, s->spare);
    const double *integrals = s->integrals[direction] + begin;
    const lebm__estimate integral = lebm__estimate_mean(integrals, chains, s->spare);
    const double group_error = lebm__estimate_of_groups(integrals, chains, o->groups, s->spare).error;
    return (lebm__direction){.estimate = 0.0 + sign * w.log_mean,
                             .error = direction == 0 ? w.error : fmax(w.error, w.group_error),
                             .group_error = w.group_error,
                             .ess = w.ess,
                             .largest = w.largest,
                             .integral = 0.0 + sign * integral.mean,
                             .integral_error = direction == 0 ? integral.error : fmax(integral.error, group_error),
                             .acceptance =
                                 lebm__estimate_mean(s->acceptances[direction] + begin, chains, s->spare).mean};
}

/* All phases of the rows of a batch. */
static int annealing_do_batch(annealing_state *s, int64_t n)
{
    const lebm__annealing_options *o = s->options;
    lebm__pool *pool = s->run->pool;
    LEBM__TRY(lebm__pool_run(pool, n, annealing_do_pilot, s));
    LEBM__TRY(lebm__pool_run(pool, n * s->tiles, annealing_do_forward, s));
    for (int64_t row = 0; row < n; row++) {
        lebm__annealed_row *result = &s->rows.rows[s->first + row];
        result->forward = annealing_measure(s, row, 0);
        result->has_starts = annealing_resample(s, row);
    }
    if (!o->reverse) return LEBM_OK;
    LEBM__TRY(lebm__pool_run(pool, n * s->tiles, annealing_do_reverse, s));
    for (int64_t row = 0; row < n; row++) {
        lebm__annealed_row *result = &s->rows.rows[s->first + row];
        const double *tilts = s->tilts + row * o->chains * s->draws;
        if (!result->has_starts) continue;
        result->reverse = annealing_measure(s, row, 1);
        LEBM__TRY(lebm_diagnostics_nested_rhat(tilts, o->chains, s->draws, 1, NULL, o->groups, 1, &result->groups_rhat,
                                               NULL));
    }
    return LEBM_OK;
}

/* ---- The whole ---- */

/* Tiles as large as good products want, as many as give each thread one. */
static void annealing_choose_tiles(annealing_state *s)
{
    const lebm__annealing_run *run = s->run;
    const int64_t chains = s->options->chains, threads = lebm__pool_threads(run->pool);
    const int64_t most = run->target == NULL ? 64 : lebm__user_target_rows(run->target); /* as in mcmc/run.c */
    int64_t tiles = (chains + most - 1) / most;
    if (tiles * run->n < threads) tiles = (threads + run->n - 1) / run->n;
    if (tiles > chains) tiles = chains;
    s->tile_rows = (chains + tiles - 1) / tiles;
    s->tiles = (chains + s->tile_rows - 1) / s->tile_rows;
    s->batch = (4 * threads + s->tiles - 1) / s->tiles; /* that threads seldom wait for each other */
    if (s->batch > run->n) s->batch = run->n;
}

static lebm__annealing_kind annealing_kind(const lebm__annealing_run *run)
{
    if (run->target != NULL) return LEBM__ANNEALED_TARGET;
    return run->generator == NULL ? LEBM__ANNEALED_PRIOR : LEBM__ANNEALED_POSTERIORS;
}

static int annealing_allocate(annealing_state *s, int threads)
{
    const lebm__annealing_options *o = s->options;
    const int64_t n = s->run->n, chains = s->batch * o->chains, path = s->batch * (o->temperatures + 1);
    s->rows = (lebm__annealed_rows){
        .n = n, .chains = o->chains, .kind = annealing_kind(s->run), .has_reverse = o->reverse != 0};
    s->workers = lebm__alloc(threads, sizeof *s->workers);
    s->rows.rows = lebm__alloc(n, sizeof *s->rows.rows);
    s->z = lebm__alloc_raw(chains * s->dims, sizeof *s->z);
    s->group = lebm__alloc_raw(o->chains / o->groups * s->dims, sizeof *s->group);
    s->from = lebm__alloc_raw(o->chains, sizeof *s->from);
    s->betas = lebm__alloc_raw(2 * path, sizeof *s->betas);
    s->tilts = lebm__alloc_raw(chains * s->draws, sizeof *s->tilts);
    s->spare = lebm__alloc_raw(o->chains + 4 * chains, sizeof *s->spare);
    if (s->workers == NULL || s->rows.rows == NULL || s->z == NULL || s->group == NULL || s->from == NULL ||
        s->betas == NULL || s->tilts == NULL || s->spare == NULL)
        return LEBM_ERR_NOMEM;
    s->step_sizes = s->betas + path;
    for (int direction = 0; direction < 2; direction++) {
        s->integrals[direction] = s->spare + o->chains + 2 * direction * chains;
        s->acceptances[direction] = s->integrals[direction] + chains;
        s->rows.log_weights[direction] = lebm__alloc_raw(n * o->chains, sizeof(double));
        if (s->rows.log_weights[direction] == NULL) return LEBM_ERR_NOMEM;
    }
    return LEBM_OK;
}

static int annealing_do_all(annealing_state *s)
{
    const lebm__annealing_run *run = s->run;
    const int threads = lebm__pool_share(run->pool, s->batch * s->tiles);
    LEBM__TRY(annealing_allocate(s, threads));
    LEBM__TRY(lebm__pool_lay_out(run->pool, threads, annealing_lay_out, s));
    for (s->first = 0; s->first < run->n; s->first += s->batch) {
        const int64_t left = run->n - s->first;
        LEBM__TRY(annealing_do_batch(s, left < s->batch ? left : s->batch));
    }
    return run->progress.ask != NULL && run->progress.ask(1.0, run->progress.user) ? LEBM_STOPPED : LEBM_OK;
}

/* The same with the model in use, if there is one. */
static int annealing_in_use(annealing_state *s)
{
    const lebm__annealing_run *run = s->run;
    if (run->target != NULL) return annealing_do_all(s);
    LEBM__TRY(lebm__model_use(run->prior, run->generator));
    int status = lebm__model_require_set(run->prior, run->generator);
    if (status == LEBM_OK) status = lebm__model_prepare(run->prior, run->generator, LEBM__SCORE, run->pool);
    if (status == LEBM_OK) status = annealing_do_all(s);
    lebm__model_leave(run->prior, run->generator);
    return status;
}

void lebm__annealed_rows_free(lebm__annealed_rows *rows)
{
    lebm__free(rows->rows);
    lebm__free(rows->log_weights[0]);
    lebm__free(rows->log_weights[1]);
    *rows = (lebm__annealed_rows){.n = 0};
}

static void annealing_free(annealing_state *s)
{
    lebm__free(s->workers);
    lebm__free(s->z);
    lebm__free(s->group);
    lebm__free(s->from);
    lebm__free(s->betas);
    lebm__free(s->tilts);
    lebm__free(s->spare);
    lebm__annealed_rows_free(&s->rows);
}

int lebm__annealing_do(const lebm__annealing_run *run, lebm__annealed_rows *rows)
{
    const lebm__annealing_options *o = run->options;
    annealing_state s = {.run = run,
                         .options = o,
                         .spread = run->target == NULL ? lebm_prior_sigma0(run->prior) : o->start_std,
                         .dims = run->target == NULL ? lebm_prior_latent_size(run->prior) : run->target->dims,
                         .draws = annealing_draws_by(o, o->settle_steps) - annealing_draws_by(o, o->settle_steps / 2),
                         .user = {.target = run->target, .start_std = o->start_std},
                         .asked = lebm__seconds()};
    for (int phase = 0; phase < PHASES; phase++) {
        const lebm__purpose purpose =
            (lebm__purpose)((int)LEBM__FOR_ANNEALING + (int)annealing_kind(run) * PHASES + phase);
        s.keys[phase] = lebm__key_make((uint64_t)o->seed, (uint64_t)o->stream, purpose);
    }
    annealing_choose_tiles(&s);
    const int status = annealing_in_use(&s);
    if (status == LEBM_OK) {
        *rows = s.rows;
        s.rows = (lebm__annealed_rows){.n = 0};
    }
    if (status == LEBM_STOPPED && s.user.returned != 0)
        lebm__fail(LEBM_STOPPED, "the target's function returned %d, which stopped the call", s.user.returned);
    else if (status == LEBM_STOPPED)
        lebm__fail(LEBM_STOPPED, "the progress callback stopped the call");
    annealing_free(&s);
    return status;
}
