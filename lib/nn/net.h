/* A net's inside, for the folders below nn. */
#ifndef LEBM_NN_NET_H
#define LEBM_NN_NET_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/memory.h"
#include "core/options.h"
#include "lebm/net.h"
#include "math/threads.h"
#include "nn/layer.h"

typedef struct {
    int64_t offset, size; /* in the net's parameters */
    int64_t ndim, dims[4];
    char name[32];
} lebm__param;

struct lebm_net {
    lebm__shape in, out;
    lebm__layer *layers;
    int64_t layer_count;
    float *params; /* all tensors one after the other, each in PyTorch's layout */
    int64_t param_total, most_params;
    lebm__param *param_list;
    int64_t param_count;
    char *spec;
    struct {
        char convolution[LEBM__TEXT_SIZE];
    } options;
    int owned;         /* by a prior or generator: the shape is fixed, and its owner releases the net */
    _Atomic int users; /* chains and training steps that run on it, whose callbacks must not change how it computes */

    /* Packed weights are made anew at the first use after a change, by whichever thread comes first. */
    pthread_mutex_t packing;
    _Atomic int packed[2]; /* whether those of the forward, backward pass are those of params */
};

/* Make sure that the weights are packed for the passes, on the threads of the pool or, if it is NULL, on this one.
 * Every use of a net for passes starts with this. */
int lebm__net_prepare(const lebm_net *net, lebm__passes passes, lebm__pool *pool);

/* Chains begin and end with these. */
void lebm__net_use(const lebm_net *net);
void lebm__net_leave(const lebm_net *net);

/* To be called after params changed. */
void lebm__net_changed(lebm_net *net);

/* Give the net to a prior or generator; LEBM_ERR_STATE if it has been given away. */
int lebm__net_take(lebm_net *net, const char *function);

/* What the last layer, but for reshapes, lets the output be: -infinity and infinity where it has no bounds. */
void lebm__net_out_range(const lebm_net *net, double *low, double *high);

/* Multiply-adds that a row takes forward, by the shapes of the layers; each way back takes about as many. */
double lebm__net_work(const lebm_net *net);

/* Release a net whoever owns it. */
void lebm__net_free(lebm_net *net);

/* What passes over up to `rows` rows need of a layer. */
typedef struct {
    float *values; /* that enter it (behind the last layer, the output), then their gradients */
    lebm__points points;
} lebm__tape_place;

/* What they need of all. */
typedef struct {
    const lebm_net *net;
    int64_t rows;
    lebm__tape_place *at; /* [layer_count + 1] */
    float *scratch;       /* of the layer at work */
} lebm__tape;

/* To be called twice: the tape can be used after the call whose arena has memory. */
void lebm__tape_lay_out(lebm__tape *tape, const lebm_net *net, int64_t rows, lebm__passes passes, lebm__arena *arena);

/* What a public function on n rows begins with: check n, prepare the net, and lay out a tape for LEBM__ROWS rows, which
 * is how many the function passes at a time, in new memory, to be released with lebm__free(). */
enum { LEBM__ROWS = 64 };
int lebm__net_begin(const lebm_net *net, int64_t n, lebm__passes passes, lebm__tape *tape, void **memory);

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
