/* A recurrent net of sequences: what it gives is, at each step, a score of every class that may come next.
 *
 *     in_t = (embedding of the class before, context)      begin mark first
 *     h_t of layer l = cell(h_t of layer l - 1 or in_t, state of layer l);   state before the first: h = W context + b, c = 0
 *     scores_t = W h_t of the last layer + b
 *
 * There are `tokens` + 1 classes: the tokens, and the mark that begins a sequence as an input and ends it as an output. A
 * sequence of `length` tokens is one of length + 1 steps, of which the last one is for the end mark; or, if it is as long
 * as a sequence may be, of as many steps as tokens.
 *
 * Parameters have PyTorch's names, shapes and layout, those of a module with embedding = Embedding(V + 1, E), start =
 * Linear(M, L H), lstm or gru = LSTM or GRU(E + M, H, L), output = Linear(H, V + 1), whose weight may be the embedding's. */
#ifndef LEBM_NN_RECURRENT_H
#define LEBM_NN_RECURRENT_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/handle.h"
#include "math/matrix.h"
#include "math/threads.h"
#include "nn/layer.h"
#include "nn/params.h"
#include "nn/recurrent_spec.h"

/* A layer: where its tensors begin in the parameters, and its weights packed for passes forward and back. */
typedef struct {
    int64_t weight_ih, weight_hh, bias_ih, bias_hh;
    int64_t in_features;              /* of weight_ih: of the first layer with the context behind the embedding */
    lebm__matrix input[2], hidden[2]; /* of the first layer `input` is of the embedding alone */
} lebm__recurrent_layer;

/* Classes whose scores are computed at a time: their weights are packed as matrices of their own. */
typedef struct {
    int64_t first, count;
    lebm__matrix weight[2];
} lebm__class_block;

typedef struct lebm__recurrent lebm__recurrent;

/* A part of a gradient (nn/recurrent_grad.c). */
typedef struct lebm__recurrent_block lebm__recurrent_block;

struct lebm__recurrent {
    lebm__recurrent_form form;
    lebm__params params;
    int64_t embedding, start_weight, start_bias, output_weight, output_bias; /* where they begin; -1: none */
    lebm__recurrent_layer *layers;
    lebm__class_block *class_blocks;
    int64_t class_block_count, class_block_size; /* all but the last one are of that size */
    lebm__matrix context[2], start[2];           /* part of weight_ih_l0, and start.weight */
    lebm__recurrent_block *blocks;               /* of the gradient */
    int64_t block_count;
    char *spec;

    /* Packed weights are made anew at the first use after a change, by whichever thread comes first. */
    pthread_mutex_t packing;
    _Atomic(unsigned long) packed[2]; /* the params.version that those of the forward, backward pass are of */
};

/* Make one of a spec: "in 32; embedding 256; lstm 256; tokens 10000 82" (lebm/tokens.h has the grammar), with no more
 * than `max_params` parameters, which `owner` owns. */
int lebm__recurrent_create(lebm__recurrent **out, const char *spec, int64_t max_params, lebm__handle *owner);
void lebm__recurrent_destroy(lebm__recurrent *net);

static inline int64_t lebm__recurrent_classes(const lebm__recurrent *net)
{
    return net->form.tokens + 1;
}

/* Columns of what a layer's input or hidden state makes of the gates. */
static inline int64_t lebm__recurrent_gates(const lebm__recurrent *net)
{
    return net->form.cell->gates * net->form.units;
}

/* Multiply-adds that a step takes forward. */
double lebm__recurrent_work(const lebm__recurrent *net);

/* Make sure that the weights are packed for the passes, on the threads of the pool or, if it is NULL, on this one. Every
 * use for passes starts with this. */
int lebm__recurrent_prepare(const lebm__recurrent *net, lebm__passes passes, lebm__pool *pool);

#endif
