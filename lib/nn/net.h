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
#include "nn/params.h"

enum {
    LEBM__MAX_FEATURES = 1 << 24, /* of a flat vector or of an image's channels */
    LEBM__MAX_NUMEL = 1 << 30     /* of an image, and of a patch of a transposed convolution */
};

struct lebm_net {
    lebm__handle head; /* used by calls that compute with the net, claimed by those that change it */
    lebm__shape in, out;
    lebm__layer *layers;
    int64_t layer_count, layer_capacity;
    lebm__params params;
    int64_t max_params;   /* numbers that it may have */
    _Atomic(char *) spec; /* once it was asked for, until the net grows */
    struct {
        char convolution[LEBM__TEXT_SIZE];
    } options;

    /* Packed weights are made anew at the first use after a change, by whichever thread comes first. */
    pthread_mutex_t packing;
    _Atomic(unsigned long) packed[2]; /* the params.version that those of the forward, backward pass are of */
};

extern const lebm__options lebm__net_table;

/* Have a prior or generator hold the net; LEBM_ERR_STATE if another one does. */
int lebm__net_take(lebm_net *net, const char *function);

/* What the last layer, but for reshapes, lets the output be: -infinity and infinity where it has no bounds. */
void lebm__net_out_range(const lebm_net *net, double *low, double *high);

/* The random stream of its first tensor, by its spec: f and g that were given one seed start unrelated. */
uint64_t lebm__net_stream(const lebm_net *net);

/* Multiply-adds that a row takes forward, by the shapes of the layers; each way back takes about as many. */
double lebm__net_work(const lebm_net *net);

/* Holding ends, and with the last holder the net. */
void lebm__net_let_go(lebm_net *net, lebm__holder holder);

#endif
