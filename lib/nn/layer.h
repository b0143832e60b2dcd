/* What a net knows of a layer.
 *
 * Values between layers are stored pixel-major, [n, height, width, channels], because that makes each pixel a row of a
 * matrix product; a flat vector is an image of one pixel. PyTorch's channel-first order is met at the public functions
 * and in reshape. */
#ifndef LEBM_NN_LAYER_H
#define LEBM_NN_LAYER_H

#include <stddef.h>
#include <stdint.h>

#include "math/kernels.h"

typedef struct {
    int64_t channels, height, width;
} lebm__shape;

/* What passes a tape is made for; each needs what those before it need. */
typedef enum { LEBM__FORWARD, LEBM__SCORE, LEBM__LEARN } lebm__passes;

typedef struct lebm__layer lebm__layer;

typedef struct {
    /* Floats of scratch that the passes on n rows need; NULL: none. */
    int64_t (*scratch_size)(const lebm__layer *layer, int64_t n, lebm__passes passes);

    /* Make the packed form of `params` (the net's) for the forward or backward pass; NULL: there is none. */
    int (*pack)(lebm__layer *layer, const float *params, int backward);

    /* in [n, layer->in] -> out [n, layer->out]. An activation leaves its slope in `in`. */
    void (*forward)(const lebm__layer *layer, const float *params, int64_t n, float *in, float *out, float *scratch);

    /* grad_out [n, layer->out] -> grad_in [n, layer->in]; `in` is what forward left there. */
    void (*backward)(const lebm__layer *layer, int64_t n, const float *in, const float *grad_out, float *grad_in,
                     float *scratch);

    /* Add the gradient of the layer's parameters, summed over n rows, to `grads` (the net's). NULL: no parameters. */
    void (*accumulate)(const lebm__layer *layer, int64_t n, const float *in, const float *grad_out, float *grads,
                       float *scratch);
} lebm__layer_kind;

struct lebm__layer {
    const lebm__layer_kind *kind;
    lebm__shape in, out;
    int64_t weight, bias;        /* where they begin in the net's parameters; -1: none */
    float *forward, *backward;   /* the weight packed for either pass */
    lebm__geometry geometry;     /* of conv_transpose2d */
    lebm__activation activation; /* of an activation, with its parameter */
    float parameter;
};

extern const lebm__layer_kind lebm__linear, lebm__conv_transpose2d, lebm__reshape, lebm__activation_layer;

/* Kind by name; 0 if there is none. And the name of a kind. */
int lebm__activation_find(const char *name, lebm__activation *activation);
const char *lebm__activation_name(lebm__activation activation);

static inline int64_t lebm__pixels(lebm__shape s)
{
    return s.height * s.width;
}

static inline int64_t lebm__numbers(lebm__shape s)
{
    return s.channels * s.height * s.width;
}

/* dst [columns, rows] = src [rows, columns] transposed, for each of n images: between pixel-major and channel-first. */
void lebm__transpose(int64_t n, int64_t rows, int64_t columns, const float *src, float *dst);

#endif
