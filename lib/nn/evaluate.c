/* Passes over nets: weights packed for them, and the public functions forward and vjp. */
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "math/blas.h"
#include "nn/net.h"

/* A packing of all layers for one pass. Each layer is a task of its own in so many parts. */
typedef struct {
    const lebm_net *net;
    int backward;
} packing;

enum { PARTS = 16 };

static int pack_part(void *context, int64_t task, int thread)
{
    (void)thread;
    const packing *p = context;
    const lebm__layer *layer = &p->net->layers[task / PARTS];
    if (layer->kind->pack == NULL) return LEBM_OK;
    return layer->kind->pack(layer, p->net->params.values, p->backward, task % PARTS, PARTS);
}

static int pack(lebm_net *net, int backward, lebm__pool *pool)
{
    packing p = {net, backward};
    for (int64_t i = 0; i < net->layer_count; i++) {
        lebm__layer *layer = &net->layers[i];
        if (layer->kind->pack == NULL || layer->packed[backward] != NULL) continue;
        layer->packed[backward] = lebm__alloc_raw(layer->kind->packed_size(layer, backward), sizeof(float));
        if (layer->packed[backward] == NULL) return LEBM_ERR_NOMEM;
    }
    if (pool != NULL) return lebm__pool_run(pool, net->layer_count * PARTS, pack_part, &p);
    for (int64_t task = 0; task < net->layer_count * PARTS; task++) LEBM__TRY(pack_part(&p, task, 0));
    return LEBM_OK;
}

/* Pack for one pass, unless another thread has just done so. */
static int prepare(lebm_net *net, int backward, lebm__pool *pool)
{
    const unsigned long version = atomic_load(&net->params.version);
    int status = LEBM_OK;
    if (atomic_load(&net->packed[backward]) == version) return LEBM_OK;
    pthread_mutex_lock(&net->packing);
    if (atomic_load(&net->packed[backward]) != version) {
        status = pack(net, backward, pool);
        if (status == LEBM_OK) atomic_store(&net->packed[backward], version);
    }
    pthread_mutex_unlock(&net->packing);
    return status;
}

int lebm__net_prepare(const lebm_net *net, lebm__passes passes, lebm__pool *pool)
{
    lebm_net *cache = (lebm_net *)net; /* what is written is a copy of what const promises to keep, and locked */
    LEBM__TRY(prepare(cache, 0, pool));
    return passes == LEBM__FORWARD ? LEBM_OK : prepare(cache, 1, pool);
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
    const int64_t from = lebm__numbers(net->in), to = lebm__numbers(net->out);
    for (int64_t first = 0; first < n; first += LEBM__ROWS) {
        const int64_t rows = n - first < LEBM__ROWS ? n - first : LEBM__ROWS;
        memcpy(lebm__tape_input(&tape), in + first * from, (size_t)(rows * from) * sizeof *in);
        lebm__tape_forward(&tape, rows);
        lebm__transpose(rows, lebm__pixels(net->out), net->out.channels, lebm__tape_output(&tape), out + first * to);
    }
    lebm__net_end(net, memory);
    return LEBM_OK;
}

typedef struct {
    const lebm_net *net;
    const float *grad_out; /* [n, out_features] channel-first */
} given_gradient;

static void turn_to_given(void *context, int64_t first, int64_t n, float *out)
{
    const given_gradient *given = context;
    const lebm__shape shape = given->net->out;
    lebm__transpose(n, shape.channels, lebm__pixels(shape), given->grad_out + first * lebm__numbers(shape), out);
}

int lebm_net_vjp(const lebm_net *net, const float *in, int64_t n, const float *grad_out, float *grad_in,
                 float *grad_params)
{
    LEBM__REQUIRE(net);
    LEBM__REQUIRE(in);
    LEBM__REQUIRE(grad_out);
    lebm__tape tape;
    void *memory;
    const lebm__passes passes = grad_params == NULL ? LEBM__SCORE : LEBM__LEARN;
    if (grad_params != NULL) LEBM__TRY(lebm__blas_prepare());
    LEBM__TRY(lebm__net_begin(net, n, passes, &tape, &memory));
    const int64_t from = lebm__numbers(net->in), to = lebm__numbers(net->out);
    if (grad_params != NULL) memset(grad_params, 0, (size_t)net->params.total * sizeof *grad_params);
    for (int64_t first = 0; first < n; first += LEBM__ROWS) {
        const int64_t rows = n - first < LEBM__ROWS ? n - first : LEBM__ROWS;
        memcpy(lebm__tape_input(&tape), in + first * from, (size_t)(rows * from) * sizeof *in);
        given_gradient given = {net, grad_out + first * to};
        lebm__tape_run(&tape, rows, turn_to_given, &given, grad_params);
        if (grad_in != NULL) {
            memcpy(grad_in + first * from, lebm__tape_input(&tape), (size_t)(rows * from) * sizeof *grad_in);
        }
    }
    lebm__net_end(net, memory);
    return LEBM_OK;
}
