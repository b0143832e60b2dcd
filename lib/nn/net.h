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
    int is_set; /* by whoever: initialised, copied or loaded; else it is zero */
    char name[32];
} lebm__param;

/* Who holds a net: it is released when nobody does. */
typedef enum { LEBM__CALLER = 1, LEBM__MODEL = 2 } lebm__holder;

enum { LEBM__MAX_NUMEL = 1 << 30 }; /* of an image, and of a patch of a transposed convolution */

struct lebm_net {
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
    _Atomic int holders; /* of lebm__holder; in a model the shape is fixed */
    _Atomic int users;   /* calls that compute with it, during which it must not change; -1: it is being changed */

    /* Packed weights are made anew at the first use after a change, by whichever thread comes first. */
    pthread_mutex_t packing;
    _Atomic int packed[2]; /* whether those of the forward, backward pass are those of params */
};

/* Calls that compute with a net begin and end with these; LEBM_ERR_STATE while it is being changed. */
int lebm__net_use(const lebm_net *net);
void lebm__net_leave(const lebm_net *net);

/* Calls that change a net begin and end with these; LEBM_ERR_STATE if it is in use, but for `own_uses` of the call
 * itself, which it has again after it yields. */
int lebm__net_claim(lebm_net *net, int own_uses);
void lebm__net_yield(lebm_net *net, int own_uses);

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

#endif
