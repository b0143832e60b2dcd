/* What a net knows of a layer.
 *
 * Activations lie with the channels last, [n, height, width, channels], because that makes each pixel a row of a matrix
 * product; a flat vector is an image of one pixel. PyTorch's channels-first order is met at the public functions and in
 * reshape. */
#ifndef LEBM_NN_LAYER_H
#define LEBM_NN_LAYER_H

#include <stddef.h>
#include <stdint.h>

#include "math/kernels.h"
#include "math/matrix.h"

typedef struct {
    int64_t channels, height, width;
} lebm__shape;

/* What passes a tape is made for; each needs what those before it need. */
typedef enum { LEBM__FORWARD, LEBM__SCORE, LEBM__LEARN } lebm__passes;

typedef struct lebm__layer lebm__layer;

/* What a layer hands from `pre` over `gemm` to `post`, for up to `group` rows of which the first is `base`. */
typedef struct {
    float *in, *out; /* [group] */
    int64_t group, base;
} lebm__transform_domain;

/* What a pass works on. */
typedef struct {
    const float *params; /* the net's */
    float *in, *out;     /* [rows, layer->in], [rows, layer->out]: activations, or on the way back their gradients */
    lebm__transform_domain transform;
    float *workspace;
} lebm__buffers;

/* Work on the n rows from `first` on. */
typedef void lebm__stage(const lebm__layer *layer, const lebm__buffers *at, int64_t first, int64_t n);

/* A pass of a layer. Layers are passed a few rows at a time, so that what one writes is in the cache when the next
 * reads it; a layer whose product wants many rows at once has it in `gemm`, between what it does before and after. */
typedef struct {
    lebm__stage *pre;  /* NULL: nothing to do */
    lebm__stage *gemm; /* NULL: `pre` is the whole pass; so it is for both passes of a kind, or for neither */
    lebm__stage *post; /* NULL: nothing to do */
} lebm__pass;

/* Floats that a layer needs. */
typedef struct {
    int64_t transform_in, transform_out, workspace;
} lebm__workspace_size;

/* Rows whose gradients are summed at a time. Each sum is as large as the parameters, so of fewer rows a linear layer's
 * would cost more to add up than to compute: of 8 four times as much as of 32. */
enum { LEBM__CHUNK = 32 };

/* A part of a weight's gradient. As the gradient's block the weight is a matrix whose columns of layer->in.channels
 * numbers belong to an output channel each, or to a tap and a channel of conv_transpose2d: (y, x, out). */
typedef struct {
    int64_t first, count; /* columns */
} lebm__block;

typedef struct {
    /* Floats of workspace that compute() needs for a block of so many columns; NULL: none. */
    int64_t (*workspace_size)(const lebm__layer *layer, int64_t columns);

    /* sum = the gradient of a block for n <= LEBM__CHUNK rows of the layer's input and of its output's gradient. */
    void (*compute)(const lebm__layer *layer, lebm__block block, const float *in, const float *output_grad, int64_t n,
                    float *workspace, float *sum);

    /* Put it where it belongs in the gradient of the weight. */
    void (*store)(const lebm__layer *layer, lebm__block block, const float *sum, float *grad);
} lebm__weight_grad;

typedef struct {
    const char *algorithm; /* how it is computed, where there is a choice; else NULL */

    /* Rows that `gemm` wants at once; NULL: as many as there are. */
    int64_t (*group)(const lebm__layer *layer);

    /* What the passes on groups of up to `group` rows need; NULL: nothing. */
    lebm__workspace_size (*workspace_size)(const lebm__layer *layer, int64_t group);

    /* The shape of the weight's matrices for the forward or the backward pass. NULL: there is no weight. */
    lebm__matrix_shape (*matrix_shape)(const lebm__layer *layer, int backward);

    /* Pack those of `params` (the net's) into layer->weight_matrix[backward]: one of `parts` parts, on any thread. */
    int (*pack)(const lebm__layer *layer, const float *params, int backward, int64_t part, int64_t parts);

    lebm__pass forward; /* at->in -> at->out. An activation leaves its slope in at->in. */
    lebm__pass
        backward; /* gradient in at->out -> gradient in at->in; an activation multiplies what forward left there */

    const lebm__weight_grad *weight_grad; /* NULL: no weight */
} lebm__layer_kind;

struct lebm__layer {
    const lebm__layer_kind *kind;
    lebm__shape in, out;
    int64_t weight, bias;          /* where they begin in the net's parameters; -1: none */
    int64_t first_block;           /* of its parameters' gradient (nn/tape.h) */
    lebm__matrix weight_matrix[2]; /* the weight packed for the forward and, transposed, for the backward pass */
    lebm__geometry geometry;       /* of conv_transpose2d */
    int64_t tile;                  /* of its minimal filtering: inputs to a tile along either axis */
    lebm__activation activation;   /* of an activation, with its parameter */
    float parameter;
};

extern const lebm__layer_kind lebm__linear, lebm__reshape, lebm__activation_layer;

/* The algorithms of conv_transpose2d. That of a pixel is for images of one pixel. */
extern const lebm__layer_kind lebm__conv_direct, lebm__conv_of_pixel, lebm__conv_filtered;

/* Give a conv_transpose2d the algorithm that the option "convolution" asks for, as far as it has it. What was packed for
 * another one is released. */
void lebm__conv_choose(lebm__layer *layer, const char *convolution);
int lebm__is_conv(const lebm__layer *layer);

/* Numbers of a patch, what one input pixel adds to the output. */
static inline int64_t lebm__patch_size(const lebm__layer *layer)
{
    return layer->geometry.kernel * layer->geometry.kernel * layer->out.channels;
}

extern const lebm__weight_grad lebm__conv_weight_grad; /* of all algorithms of conv_transpose2d */

/* Kind by name; 0 if there is none. The name of a kind, and those of all, appended to a list (core/text.h). */
int lebm__activation_find(const char *name, lebm__activation *activation);
const char *lebm__activation_name(lebm__activation activation);
void lebm__activation_list(char *list, int64_t size);

/* What its values lie between. */
void lebm__activation_range(lebm__activation activation, double *low, double *high);

static inline int64_t lebm__pixels(lebm__shape s)
{
    return s.height * s.width;
}

static inline int64_t lebm__numel(lebm__shape s)
{
    return s.channels * s.height * s.width;
}

/* Between [n, channels, height, width] and [n, height, width, channels]. */
void lebm__to_channels_last(int64_t n, lebm__shape shape, const float *src, float *dst);
void lebm__to_channels_first(int64_t n, lebm__shape shape, const float *src, float *dst);

#endif
