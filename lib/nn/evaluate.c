/* Passes over nets: weights packed for them, and the public functions forward and vjp. */
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "math/blas.h"
#include "math/tree.h"
#include "nn/evaluate.h"

/* A packing of all layers for one pass. Each layer is a task of its own in so many parts: more than there are threads
 * for, mostly, so that they end together. */
typedef struct {
    const lebm_net *net;
    int backward;
} packing;

enum { PARTS = 16 };

static int evaluate_pack_part(void *context, int64_t task, int thread)
{
    (void)thread;
    const packing *p = context;
    const lebm__layer *layer = &p->net->layers[task / PARTS];
    if (layer->kind->pack == NULL) return LEBM_OK;
    return layer->kind->pack(layer, p->net->params.values, p->backward, task % PARTS, PARTS);
}

static int evaluate_pack(lebm_net *net, int backward, lebm__pool *pool)
{
    packing p = {net, backward};
    for (int64_t i = 0; i < net->layer_count; i++) {
        lebm__layer *layer = &net->layers[i];
        lebm__matrix *matrix = &layer->weight_matrix[backward];
        if (layer->kind->pack == NULL || matrix->data != NULL) continue;
        LEBM__TRY(lebm__matrix_create(matrix, &lebm__matrix_float32, layer->kind->matrix_shape(layer, backward)));
    }
    if (pool != NULL) return lebm__pool_run(pool, net->layer_count * PARTS, evaluate_pack_part, &p);
    for (int64_t task = 0; task < net->layer_count * PARTS; task++) LEBM__TRY(evaluate_pack_part(&p, task, 0));
    return LEBM_OK;
}

/* Pack for one pass, unless another thread has just done so. */
static int evaluate_prepare(lebm_net *net, int backward, lebm__pool *pool)
{
    int status = LEBM_OK;
    const unsigned long version = atomic_load(&net->params.version);
    if (atomic_load(&net->packed[backward]) == version) return LEBM_OK;
    pthread_mutex_lock(&net->packing);
    if (atomic_load(&net->packed[backward]) != version) {
        status = evaluate_pack(net, backward, pool);
        if (status == LEBM_OK) atomic_store(&net->packed[backward], version);
    }
    pthread_mutex_unlock(&net->packing);
    return status;
}

int lebm__net_prepare(const lebm_net *net, lebm__passes passes, lebm__pool *pool)
{
    lebm_net *cache = (lebm_net *)net; /* what is written is a copy of what const promises to keep, and locked */
    LEBM__TRY(evaluate_prepare(cache, 0, pool));
    return passes == LEBM__FORWARD ? LEBM_OK : evaluate_prepare(cache, 1, pool);
}

int lebm__net_begin(const lebm_net *net, int64_t n, lebm__passes passes, lebm__tape *tape, void **memory)
{
    const int64_t rows = n < LEBM__ROWS ? n : LEBM__ROWS;
    LEBM__TRY(lebm__check_range("n", n, 0, INT64_MAX / (int64_t)sizeof(float) / LEBM__MAX_NUMEL));
    LEBM__TRY(lebm__handle_use(&net->head));
    const int status = lebm__net_prepare(net, passes, NULL);
    lebm__arena arena = {NULL, 0};
    lebm__tape_lay_out(tape, net, rows, passes, &arena);
    *memory = status == LEBM_OK ? lebm__alloc_raw(arena.used, 1) : NULL;
    if (*memory == NULL) {
        lebm__handle_leave(&net->head);
        return status == LEBM_OK ? LEBM_ERR_NOMEM : status;
    }
    arena = (lebm__arena){*memory, 0};
    lebm__tape_lay_out(tape, net, rows, passes, &arena);
    return LEBM_OK;
}

void lebm__net_end(const lebm_net *net, void *memory)
{
    lebm__free(memory);
    lebm__handle_leave(&net->head);
}

int lebm_net_forward(const lebm_net *net, const float *in, int64_t n, float *out)
{
    LEBM__REQUIRE(net);
    LEBM__REQUIRE(in);
    LEBM__REQUIRE(out);
    lebm__tape tape;
    void *memory;
    LEBM__TRY(lebm__net_begin(net, n, LEBM__FORWARD, &tape, &memory));
    const int64_t from = lebm__numel(net->in), to = lebm__numel(net->out);
    for (int64_t first = 0; first < n; first += LEBM__ROWS) {
        const int64_t rows = n - first < LEBM__ROWS ? n - first : LEBM__ROWS;
        memcpy(lebm__tape_input(&tape), in + first * from, (size_t)(rows * from) * sizeof *in);
        lebm__tape_forward(&tape, rows);
        lebm__to_channels_first(rows, net->out, lebm__tape_output(&tape), out + first * to);
    }
    lebm__net_end(net, memory);
    return LEBM_OK;
}

typedef struct {
    const lebm_net *net;
    const float *grad_out; /* [n, out_features] channels first */
} evaluate_given_grad;

static void evaluate_copy_grad(void *context, int64_t first, int64_t n, float *output)
{
    const evaluate_given_grad *given = context;
    const lebm__shape shape = given->net->out;
    lebm__to_channels_last(n, shape, given->grad_out + first * lebm__numel(shape), output);
}

/* The gradient of the parameters, summed over all rows: a tree of chunks for each block. */
typedef struct {
    const lebm_net *net;
    const lebm__tape *tape; /* of LEBM__ROWS rows: */
    lebm__tape view;        /* what they are passed by */
    int64_t blocks;
    lebm__tree *trees; /* [blocks] */
    float *workspace;
    void *memory;
} evaluate_sums;

static void evaluate_lay_out_sums(evaluate_sums *s, int64_t n, lebm__arena *arena)
{
    const int levels = lebm__tree_levels((n + LEBM__CHUNK - 1) / LEBM__CHUNK);
    lebm__tape_lay_out_view(&s->view, s->tape, 0, s->tape->rows, arena);
    s->workspace = lebm__arena_take(arena, lebm__net_grad_workspace(s->net), sizeof *s->workspace);
    s->trees = lebm__arena_take(arena, s->blocks, sizeof *s->trees);
    for (int64_t b = 0; b < s->blocks; b++) {
        lebm__tree tree = {.size = lebm__net_grad_block_size(s->net, b)};
        tree.sums = lebm__arena_take(arena, levels * tree.size, sizeof *tree.sums);
        if (s->trees != NULL) s->trees[b] = tree;
    }
}

static int evaluate_begin_sums(evaluate_sums *s, const lebm__tape *tape, int64_t n)
{
    lebm__arena arena = {NULL, 0};
    *s = (evaluate_sums){.net = tape->net, .tape = tape, .blocks = lebm__net_grad_blocks(tape->net)};
    LEBM__TRY(lebm__blas_prepare());
    evaluate_lay_out_sums(s, n, &arena);
    s->memory = lebm__alloc_raw(arena.used, 1);
    if (s->memory == NULL) return LEBM_ERR_NOMEM;
    arena = (lebm__arena){s->memory, 0};
    evaluate_lay_out_sums(s, n, &arena);
    return LEBM_OK;
}

/* Add the gradients of the tape's rows, all but the last of which fill chunks. */
static void evaluate_add_grads(const evaluate_sums *s, int64_t rows)
{
    for (int64_t b = 0; b < s->blocks; b++) {
        for (int64_t first = 0; first < rows; first += LEBM__CHUNK) {
            const int64_t n = rows - first < LEBM__CHUNK ? rows - first : LEBM__CHUNK;
            lebm__tape_grad(s->tape, b, first, n, s->workspace, lebm__tree_leaf(&s->trees[b]));
            lebm__tree_push(&s->trees[b]);
        }
    }
}

int lebm_net_vjp(const lebm_net *net, const float *in, int64_t n, const float *grad_out, float *grad_in,
                 float *grad_params)
{
    LEBM__REQUIRE(net);
    LEBM__REQUIRE(in);
    LEBM__REQUIRE(grad_out);
    lebm__tape tape;
    evaluate_sums sums = {.memory = NULL};
    void *memory;
    LEBM__TRY(lebm__net_begin(net, n, grad_params == NULL ? LEBM__SCORE : LEBM__LEARN, &tape, &memory));
    const int status = grad_params == NULL ? LEBM_OK : evaluate_begin_sums(&sums, &tape, n);
    const lebm__tape *passed = grad_params == NULL ? &tape : &sums.view;
    const int64_t from = lebm__numel(net->in), to = lebm__numel(net->out);
    for (int64_t first = 0; first < n && status == LEBM_OK; first += LEBM__ROWS) {
        const int64_t rows = n - first < LEBM__ROWS ? n - first : LEBM__ROWS;
        memcpy(lebm__tape_input(passed), in + first * from, (size_t)(rows * from) * sizeof *in);
        evaluate_given_grad given = {net, grad_out + first * to};
        lebm__tape_forward_backward(passed, rows, evaluate_copy_grad, &given);
        if (grad_params != NULL) evaluate_add_grads(&sums, rows);
        if (grad_in != NULL) {
            memcpy(grad_in + first * from, lebm__tape_input_grad(passed), (size_t)(rows * from) * sizeof *grad_in);
        }
    }
    for (int64_t b = 0; b < sums.blocks && status == LEBM_OK; b++) {
        lebm__net_grad_store(net, b, lebm__tree_total(&sums.trees[b]), grad_params);
    }
    lebm__free(sums.memory);
    lebm__net_end(net, memory);
    return status;
}
