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

/* What a layer hands from `each` over `all` to `then`, for up to `group` rows of which the first is `base`. */
typedef struct {
    float *in, *out; /* [group] */
    int64_t group, base;
} lebm__points;

/* Where a layer works. */
typedef struct {
    const float *params; /* the net's */
    float *in, *out;     /* [rows, layer->in], [rows, layer->out]: values, or on the way back their gradients */
    lebm__points points;
    float *scratch;
} lebm__place;

/* Work on the n rows from `first` on. */
typedef void lebm__stage(const lebm__layer *layer, const lebm__place *at, int64_t first, int64_t n);

/* A pass of a layer. Layers are passed a few rows at a time, so that what one writes is in the cache when the next
 * reads it; a layer whose product wants many rows at once has it in `all`, between what it does before and after. */
typedef struct {
    lebm__stage *each; /* NULL: nothing to do */
    lebm__stage *all;  /* NULL: `each` is the whole pass; so it is for both passes of a kind, or for neither */
    lebm__stage *then; /* NULL: nothing to do */
} lebm__pass;

/* Floats of a place that a layer needs. */
typedef struct {
    int64_t points_in, points_out, scratch;
} lebm__room;

typedef struct {
    const char *form; /* how it is computed, where there is a choice; else NULL */

    /* Rows that `all` wants at once; NULL: as many as there are. */
    int64_t (*group)(const lebm__layer *layer);

    /* What the passes on groups of up to `group` rows need; NULL: nothing. */
    lebm__room (*room)(const lebm__layer *layer, int64_t group, lebm__passes passes);

    /* Floats of the weight packed for the forward or the backward pass; NULL: there is no weight. */
    int64_t (*packed_size)(const lebm__layer *layer, int backward);

    /* Pack that of `params` (the net's) into layer->packed[backward]: one of `parts` parts, on any thread. */
    int (*pack)(const lebm__layer *layer, const float *params, int backward, int64_t part, int64_t parts);

    lebm__pass forward;  /* at->in -> at->out. An activation leaves its slope in at->in. */
    lebm__pass backward; /* gradient in at->out -> gradient in at->in, in place of what forward left there */

    /* Add the gradient of the layer's parameters, summed over n rows from `first` on, to `grads` (the net's). Comes
     * before the backward pass writes at->in. NULL: no parameters. */
    void (*accumulate)(const lebm__layer *layer, const lebm__place *at, int64_t first, int64_t n, float *grads);
} lebm__layer_kind;

struct lebm__layer {
    const lebm__layer_kind *kind;
    lebm__shape in, out;
    int64_t weight, bias;        /* where they begin in the net's parameters; -1: none */
    float *packed[2];            /* the weight packed for the forward and the backward pass */
    lebm__geometry geometry;     /* of conv_transpose2d */
    int64_t tile;                /* of its filtered form: inputs to a tile along either axis */
    lebm__activation activation; /* of an activation, with its parameter */
    float parameter;
};

extern const lebm__layer_kind lebm__linear, lebm__reshape, lebm__activation_layer;

/* The forms of conv_transpose2d. That of a pixel is for images of one pixel. */
extern const lebm__layer_kind lebm__conv_direct, lebm__conv_of_pixel, lebm__conv_filtered;

/* Give a conv_transpose2d the form that the option "convolution" asks for, as far as it has it. What was packed for
 * another form is released. */
void lebm__conv_choose(lebm__layer *layer, const char *convolution);
int lebm__is_conv(const lebm__layer *layer);

/* Numbers of a patch, what one input pixel adds to the output. */
static inline int64_t lebm__patch_size(const lebm__layer *layer)
{
    return layer->geometry.kernel * layer->geometry.kernel * layer->out.channels;
}

/* The accumulate of all forms of conv_transpose2d, and the scratch that it needs. */
void lebm__conv_accumulate(const lebm__layer *layer, const lebm__place *at, int64_t first, int64_t n, float *grads);
int64_t lebm__conv_accumulate_scratch(const lebm__layer *layer, int64_t rows);

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

static inline int64_t lebm__numbers(lebm__shape s)
{
    return s.channels * s.height * s.width;
}

/* dst [columns, rows] = src [rows, columns] transposed, for each of n images: between pixel-major and channel-first. */
void lebm__transpose(int64_t n, int64_t rows, int64_t columns, const float *src, float *dst);

#endif
