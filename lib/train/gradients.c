#include "train/gradients.h"

#include <stddef.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/status.h"
#include "math/blas.h"
#include "nn/evaluate.h"

/* The leaves of the tree are chunks of LEBM__CHUNK rows, each a leaf for every term of a learner. What a chunk is does
 * not depend on n or threads, and so does no sum. The activations of a group of chunks are held at a time: a power of
 * two of them, so that the sum of a group is a branch of the tree, and so many that a common batch is one group. */
enum { GROUP = 4, GROUP_ROWS = GROUP * LEBM__CHUNK };

/* What rows are learned from: of each learner, a workspace for each of its terms. */
typedef struct {
    void *of[LEBM__LEARNERS][LEBM__MAX_TERMS];
} gradients_workspaces;

/* What a thread works in. */
typedef struct {
    void *views; /* memory of the workspaces that a tile is passed by */
    float *sums; /* of the tree of a group's chunks */
    float *scratch;
} gradients_worker;

typedef struct {
    const lebm_prior *prior;
    const lebm_generator *generator;
    lebm__learner *learners;
    lebm__batch *batch;
    lebm__pool *pool;
    gradients_workspaces group_workspaces;
    gradients_worker *workers;
    int64_t tile_rows;     /* that a task passes */
    int64_t blocks;        /* of all learners */
    int64_t groups, group; /* how many, and the one at work */
    int64_t first, rows;   /* of it */
    lebm__progress progress;
    int64_t tasks, tasks_done; /* of the whole call, and before the run at work */
    double asked;              /* when the caller was asked last, in seconds; 0: not yet */
} gradients_run;

static int64_t gradients_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t gradients_max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t gradients_shares(int64_t n, int64_t share)
{
    return (n + share - 1) / share;
}

/* The calling thread, which is thread 0, asks the caller now and then whether to stop. */
static int gradients_ask(gradients_run *run, int64_t task, int thread)
{
    if (thread != 0 || run->progress.ask == NULL || !lebm__is_due(&run->asked)) return LEBM_OK;
    const double done = (double)(run->tasks_done + task) / (double)run->tasks;
    return run->progress.ask(done, run->progress.user) ? LEBM_STOPPED : LEBM_OK;
}

static void gradients_lay_out_group(gradients_run *run, lebm__arena *arena)
{
    const int64_t rows = gradients_min(run->batch->n, GROUP_ROWS);
    run->group_workspaces = (gradients_workspaces){
        .of = {[LEBM__PRIOR] = {lebm__prior_lay_out(run->prior, rows, LEBM__LEARN, arena),
                                lebm__prior_lay_out(run->prior, rows, LEBM__LEARN, arena)},
               [LEBM__GENERATOR] = {run->generator->kind->lay_out(run->generator, rows, LEBM__LEARN, arena)}}};
}

static gradients_workspaces gradients_lay_out_views(const gradients_run *run, int64_t first, lebm__arena *arena)
{
    void *const *f = run->group_workspaces.of[LEBM__PRIOR], *g = run->group_workspaces.of[LEBM__GENERATOR][0];
    const int64_t rows = run->tile_rows;
    return (gradients_workspaces){
        .of = {[LEBM__PRIOR] = {lebm__prior_lay_out_view(f[0], first, rows, arena),
                                lebm__prior_lay_out_view(f[1], first, rows, arena)},
               [LEBM__GENERATOR] = {run->generator->kind->lay_out_view(run->generator, g, first, rows, arena)}}};
}

/* A tile of the group, forward and back: f at z+ and, with a minus, at z- (eq. 19); log p(x|z+) (eq. 22). */
static int gradients_pass_tile(void *context, int64_t task, int thread)
{
    gradients_run *run = context;
    const lebm__batch *batch = run->batch;
    const lebm_generator *generator = run->generator;
    const int64_t in_group = task * run->tile_rows, first = run->first + in_group;
    const int64_t n = gradients_min(run->tile_rows, run->rows - in_group);
    const float *positive = batch->z_positive + first * generator->latent_size;
    const float *negative = batch->z_negative + first * generator->latent_size;
    LEBM__TRY(gradients_ask(run, task, thread));
    lebm__arena arena = {run->workers[thread].views, 0};
    const gradients_workspaces views = gradients_lay_out_views(run, in_group, &arena);
    void *const *f = views.of[LEBM__PRIOR], *g = views.of[LEBM__GENERATOR][0];
    lebm__prior_forward_backward(run->prior, f[0], positive, n, 1.0f, batch->f_positive + first);
    lebm__prior_forward_backward(run->prior, f[1], negative, n, -1.0f, batch->f_negative + first);
    lebm__dropout dropout;
    if (batch->dropout != NULL) dropout = lebm__dropout_from(batch->dropout, first);
    generator->kind->observe(generator, g, batch->x + first * generator->data_size, n,
                             batch->dropout == NULL ? NULL : &dropout);
    generator->kind->forward_backward(generator, g, positive, n, batch->log_likelihood + first,
                                      batch->squared_error + first);
    return LEBM_OK;
}

/* A block of a learner's parameters: the sum over the group's chunks, a leaf of the tree of groups; and after the last of
 * these the gradient. */
static int gradients_sum_block(void *context, int64_t task, int thread)
{
    gradients_run *run = context;
    const gradients_worker *worker = &run->workers[thread];
    int64_t block = task, i = 0;
    LEBM__TRY(gradients_ask(run, task, thread));
    for (; block >= run->learners[i].blocks; i++) block -= run->learners[i].blocks;
    const lebm__learner *learner = &run->learners[i];
    lebm__tree *groups = &learner->trees[block], chunks = {.size = groups->size, .sums = worker->sums};
    for (int64_t row = 0; row < run->rows; row += LEBM__CHUNK) {
        for (int term = 0; term < learner->terms; term++) {
            learner->gradient->sum(run->group_workspaces.of[i][term], block, row,
                                   gradients_min(LEBM__CHUNK, run->rows - row), worker->scratch,
                                   lebm__tree_leaf(&chunks));
            lebm__tree_push(&chunks);
        }
    }
    if (run->group == 0) groups->leaves = 0; /* whatever a stopped call left */
    memcpy(lebm__tree_leaf(groups), lebm__tree_total(&chunks), (size_t)groups->size * sizeof(float));
    lebm__tree_push(groups);
    if (run->group + 1 < run->groups) return LEBM_OK;
    learner->gradient->store(learner->gradient_owner, block, lebm__tree_total(groups), learner->grads);
    return LEBM_OK;
}

static void gradients_lay_out_worker(void *context, int thread, lebm__arena *arena)
{
    const gradients_run *run = context;
    gradients_worker *worker = &run->workers[thread];
    lebm__arena views = {NULL, 0};
    int64_t scratch = 0, sums = 0;
    for (const lebm__learner *learner = run->learners; learner < run->learners + LEBM__LEARNERS; learner++) {
        scratch = gradients_max(scratch, learner->gradient->scratch(learner->gradient_owner));
        sums = gradients_max(sums, learner->largest_block * lebm__tree_levels(GROUP * learner->terms));
    }
    gradients_lay_out_views(run, 0, &views);
    worker->views = lebm__arena_take(arena, views.used, 1);
    worker->sums = lebm__arena_take(arena, sums, sizeof *worker->sums);
    worker->scratch = lebm__arena_take(arena, scratch, sizeof *worker->scratch);
}

/* Memory for the activations of a group. */
static int gradients_reserve_group(gradients_run *run, lebm__activations *activations)
{
    lebm__arena arena = {NULL, 0};
    gradients_lay_out_group(run, &arena);
    if (arena.used > activations->size) {
        lebm__free(activations->memory);
        activations->memory = lebm__alloc_raw(arena.used, 1);
        activations->size = activations->memory == NULL ? 0 : arena.used;
        if (activations->memory == NULL) return LEBM_ERR_NOMEM;
    }
    arena = (lebm__arena){activations->memory, 0};
    gradients_lay_out_group(run, &arena);
    return LEBM_OK;
}

/* Memory for all, and what a pass begins with. Each thread has a tile, but none of more rows than good products want. */
static int gradients_begin(gradients_run *run, lebm__activations *activations)
{
    const int threads = lebm__pool_threads(run->pool);
    run->tile_rows = gradients_min(LEBM__ROWS, gradients_shares(gradients_min(run->batch->n, GROUP_ROWS), threads));
    run->workers = lebm__alloc(threads, sizeof *run->workers);
    if (run->workers == NULL) return LEBM_ERR_NOMEM;
    for (int i = 0; i < LEBM__LEARNERS; i++) {
        LEBM__TRY(lebm__learner_reserve(&run->learners[i], lebm__tree_levels(run->groups)));
        run->blocks += run->learners[i].blocks;
    }
    LEBM__TRY(lebm__model_prepare(run->prior, run->generator, LEBM__LEARN, run->pool));
    LEBM__TRY(lebm__blas_prepare());
    LEBM__TRY(gradients_reserve_group(run, activations));
    return lebm__pool_lay_out(run->pool, threads, gradients_lay_out_worker, run);
}

static int gradients_run_groups(gradients_run *run)
{
    const int64_t tiles_of_group = gradients_shares(GROUP_ROWS, run->tile_rows);
    const int64_t last_rows = run->batch->n - (run->groups - 1) * GROUP_ROWS;
    run->tasks = (run->groups - 1) * tiles_of_group + gradients_shares(last_rows, run->tile_rows);
    run->tasks += run->groups * run->blocks;
    for (; run->group < run->groups; run->group++) {
        run->first = run->group * GROUP_ROWS;
        run->rows = gradients_min(GROUP_ROWS, run->batch->n - run->first);
        const int64_t tiles = gradients_shares(run->rows, run->tile_rows);
        LEBM__TRY(lebm__pool_run(run->pool, tiles, gradients_pass_tile, run));
        run->tasks_done += tiles;
        LEBM__TRY(lebm__pool_run(run->pool, run->blocks, gradients_sum_block, run));
        run->tasks_done += run->blocks;
    }
    return LEBM_OK;
}

int lebm__gradients_compute(const lebm_prior *prior, const lebm_generator *generator, lebm__learner *learners,
                            lebm__batch *batch, lebm__activations *activations, lebm__pool *pool,
                            lebm__progress progress)
{
    gradients_run run = {.prior = prior,
                         .generator = generator,
                         .learners = learners,
                         .batch = batch,
                         .pool = pool,
                         .groups = gradients_shares(batch->n, GROUP_ROWS),
                         .progress = progress};
    int status = gradients_begin(&run, activations);
    if (status == LEBM_OK) status = gradients_run_groups(&run);
    lebm__free(run.workers);
    return status;
}
