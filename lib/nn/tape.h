/* Passes of a net over rows: forward, back to the input, and back to the parameters. */
#ifndef LEBM_NN_TAPE_H
#define LEBM_NN_TAPE_H

#include "core/memory.h"
#include "nn/net.h"

/* What passes over up to `rows` rows need of a layer. */
typedef struct {
    float *activations; /* that enter it (behind the last layer, the output) */
    float *grads;       /* their gradients: in the same memory, but for those that LEBM__LEARN needs both of */
    lebm__transform_domain transform;
} lebm__tape_node;

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
    lebm__tape_node *at;     /* [layer_count + 1] */
    lebm__segment *segments; /* in their order; the last one ends with the net */
    float *workspace;        /* of the layer at work */
} lebm__tape;

/* To be called twice: the tape can be used after the call whose arena has memory. One for LEBM__LEARN has the activations
 * alone, and is passed through by views: threads pass different rows of it at the same time. */
void lebm__tape_lay_out(lebm__tape *tape, const lebm_net *net, int64_t rows, lebm__passes passes, lebm__arena *arena);

/* A tape that is rows `first` to first + rows - 1 of another one, `all`, which has memory. */
void lebm__tape_lay_out_view(lebm__tape *view, const lebm__tape *all, int64_t first, int64_t rows, lebm__arena *arena);

/* Where the caller writes the input [n, in], which a pass overwrites; and where it finds the output and, after a pass
 * back, the input's gradient. */
float *lebm__tape_input(const lebm__tape *tape);
float *lebm__tape_output(const lebm__tape *tape);
float *lebm__tape_input_grad(const lebm__tape *tape);

void lebm__tape_forward(const lebm__tape *tape, int64_t n);

/* Called when the output of the n rows from `first` on is there: replaces it by its gradient. */
typedef void lebm__output_grad_fn(void *context, int64_t first, int64_t n, float *output);

void lebm__tape_forward_backward(const lebm__tape *tape, int64_t n, lebm__output_grad_fn *output_grad, void *context);

/* The gradient of the parameters comes in blocks, which are parts of a weight or a bias: so many of a net, of so many
 * floats each, fixed by the net's shapes. */
int64_t lebm__net_grad_blocks(const lebm_net *net);
int64_t lebm__net_grad_block_size(const lebm_net *net, int64_t block);

/* Floats of workspace that lebm__tape_grad() needs. */
int64_t lebm__net_grad_workspace(const lebm_net *net);

/* sum[block_size] = the gradient of a block, summed over n <= LEBM__CHUNK rows from `first` on of a tape for LEBM__LEARN
 * whose views have been forward and back; in any order, on any thread. lebm__blas_prepare() comes before. */
void lebm__tape_grad(const lebm__tape *tape, int64_t block, int64_t first, int64_t n, float *workspace, float *sum);

/* Put a block's sum where it belongs in the gradient of the net's parameters. */
void lebm__net_grad_store(const lebm_net *net, int64_t block, const float *sum, float *grads);

#endif
