/* A net's inside, for the folders below nn. */
#ifndef LEBM_NN_NET_H
#define LEBM_NN_NET_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/handle.h"
#include "core/memory.h"
#include "lebm/net.h"
#include "math/threads.h"
#include "nn/layer.h"

typedef struct {
    int64_t offset, size; /* in the net's parameters */
    int64_t ndim, dims[4];
    int is_set; /* by whoever: initialised, copied or loaded; else it is zero */
    char name[32];
} lebm__param;

struct lebm_net {
    lebm__handle head; /* used by calls that compute with the net, claimed by those that change it */
    lebm__shape in, out;
    lebm__layer *layers;
    int64_t layer_count, layer_room;
    float *params; /* all tensors one after the other, each in PyTorch's layout */
    int64_t param_total, param_room, most_params;
    lebm__param *param_list;
    int64_t param_count, param_list_room;
    char *spec;
    int64_t spec_length, spec_room;
    struct {
        char convolution[LEBM__TEXT_SIZE];
    } options;

    /* Packed weights are made anew at the first use after a change, by whichever thread comes first. */
    pthread_mutex_t packing;
    _Atomic int packed[2]; /* whether those of the forward, backward pass are those of params */
};

/* Make sure that the weights are packed for the passes, on the threads of the pool or, if it is NULL, on this one.
 * Every use of a net for passes starts with this. */
int lebm__net_prepare(const lebm_net *net, lebm__passes passes, lebm__pool *pool);

/* To be called after params changed; and after all of them were given values. */
void lebm__net_changed(lebm_net *net);
void lebm__net_set_all(lebm_net *net);

/* LEBM_ERR_STATE if a weight was never set; `name` is for the text: "the prior's net f". */
int lebm__net_require_set(const lebm_net *net, const char *name);

/* Have a prior or generator hold the net; LEBM_ERR_STATE if another one does. */
int lebm__net_take(lebm_net *net, const char *function);

/* What the last layer, but for reshapes, lets the output be: -infinity and infinity where it has no bounds. */
void lebm__net_out_range(const lebm_net *net, double *low, double *high);

/* Multiply-adds that a row takes forward, by the shapes of the layers; each way back takes about as many. */
double lebm__net_work(const lebm_net *net);

/* Holding ends, and with the last holder the net. */
void lebm__net_let_go(lebm_net *net, lebm__holder holder);

/* What passes over up to `rows` rows need of a layer. */
typedef struct {
    float *values; /* that enter it (behind the last layer, the output), then their gradients */
    lebm__points points;
} lebm__tape_place;

/* The layers from behind one product to before the next, and how far a pass has come with them. */
typedef struct {
    int64_t from, to;   /* layer from - 1 has the product before them, layer `to` the one behind */
    int64_t first, end; /* rows that the product before has handed on and that are not done */
    int64_t group;      /* how many of them the product behind takes at a time */
} lebm__segment;

/* What they need of all. */
typedef struct {
    const lebm_net *net;
    int64_t rows;
    lebm__tape_place *at;    /* [layer_count + 1] */
    lebm__segment *segments; /* in their order; the last one ends with the net */
    float *scratch;          /* of the layer at work */
} lebm__tape;

/* To be called twice: the tape can be used after the call whose arena has memory. */
void lebm__tape_lay_out(lebm__tape *tape, const lebm_net *net, int64_t rows, lebm__passes passes, lebm__arena *arena);

/* What a public function on n rows begins and ends with: check n, use and prepare the net, and lay out a tape for
 * LEBM__ROWS rows, which is how many the function passes at a time, in new memory. */
enum { LEBM__ROWS = 64 };
int lebm__net_begin(const lebm_net *net, int64_t n, lebm__passes passes, lebm__tape *tape, void **memory);
void lebm__net_end(const lebm_net *net, void *memory);

/* Where the caller writes the input [n, in], and finds its gradient after lebm__tape_run(). */
float *lebm__tape_input(const lebm__tape *tape);

/* Where the caller finds the output after lebm__tape_forward(). */
float *lebm__tape_output(const lebm__tape *tape);

void lebm__tape_forward(const lebm__tape *tape, int64_t n);

/* Called when the output of the n rows from `first` on is there: replaces it by the gradient. */
typedef void lebm__turn(void *context, int64_t first, int64_t n, float *out);

/* Forward and, after `turn`, backward. grads (NULL: not wanted; else of a tape for LEBM__LEARN) has the gradient of the
 * net's parameters added. */
void lebm__tape_run(const lebm__tape *tape, int64_t n, lebm__turn *turn, void *context, float *grads);

#endif
