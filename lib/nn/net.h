/* A net's inside, for the folders below nn. */
#ifndef LEBM_NN_NET_H
#define LEBM_NN_NET_H

#include <pthread.h>
#include <stdatomic.h>

#include "lebm/net.h"
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
    int owned; /* by a prior or generator: the shape is fixed, and its owner releases the net */

    /* Packed weights are made anew at the first use after a change, by whichever thread comes first. */
    pthread_mutex_t packing;
    _Atomic int packed[2]; /* whether those of the forward, backward pass are those of params */
};

/* Make sure that the weights are packed for the passes. Every use of a net for passes starts with this. */
int lebm__net_prepare(const lebm_net *net, lebm__passes passes);

/* To be called after params changed. */
void lebm__net_changed(lebm_net *net);

/* Give the net to a prior or generator; LEBM_ERR_STATE if it has been given away. */
int lebm__net_take(lebm_net *net, const char *function);

/* Release a net whoever owns it. */
void lebm__net_free(lebm_net *net);

/* The values of up to `rows` rows between all layers, their gradients and the layers' scratch, in one piece of memory.
 */
typedef struct {
    const lebm_net *net;
    int64_t rows;
    float *memory;
    float **values;  /* [layer_count + 1]: values[i] enters layer i, the last one is the output */
    float *grads[2]; /* gradients, in turns: that of values[i] is in grads[i % 2] */
    float *scratch;
} lebm__tape;

/* `tape` is cleared; on failure there is nothing to destroy. */
int lebm__tape_create(lebm__tape *tape, const lebm_net *net, int64_t rows, lebm__passes passes);
void lebm__tape_destroy(lebm__tape *tape);

/* What a public function on n rows begins with: check n, prepare the net, and create a tape for LEBM__ROWS rows, which
 * is how many the function passes at a time. */
enum { LEBM__ROWS = 64 };
int lebm__net_begin(const lebm_net *net, int64_t n, lebm__passes passes, lebm__tape *tape);

/* Where the caller writes the input [n, in] before lebm__tape_forward(), and then finds the output. */
float *lebm__tape_input(const lebm__tape *tape);
float *lebm__tape_output(const lebm__tape *tape);
void lebm__tape_forward(const lebm__tape *tape, int64_t n);

/* Where the caller writes the gradient of the output before lebm__tape_backward(), and then finds that of the input.
 * One backward pass for each forward pass. grads (NULL: not wanted) has the net's parameters' gradient added. */
float *lebm__tape_output_grad(const lebm__tape *tape);
float *lebm__tape_input_grad(const lebm__tape *tape);
void lebm__tape_backward(const lebm__tape *tape, int64_t n, float *grads);

#endif
