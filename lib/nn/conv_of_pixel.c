/* The direct algorithm of a transposed convolution of an image of one pixel: the output is the part of the pixel's patch
 * that the padding leaves, so the layer is a linear one whose matrix [in, (y, x, out)] is that part of W. */
#include "core/memory.h"
#include "core/status.h"
#include "nn/layer.h"

/* The matrix, row-major. */
static void conv_of_pixel_gather(const lebm__layer *layer, const float *weight, float *matrix)
{
    const lebm__geometry *g = &layer->geometry;
    for (int64_t i = 0; i < layer->in.channels; i++) {
        for (int64_t y = g->padding; y < g->padding + g->out_height; y++) {
            for (int64_t x = g->padding; x < g->padding + g->out_width; x++) {
                for (int64_t o = 0; o < g->channels; o++) {
                    *matrix++ = weight[((i * g->channels + o) * g->kernel + y) * g->kernel + x];
                }
            }
        }
    }
}

static lebm__matrix_shape conv_of_pixel_matrix_shape(const lebm__layer *layer, int backward)
{
    const int64_t in = layer->in.channels, columns = lebm__numel(layer->out);
    return backward ? (lebm__matrix_shape){1, columns, in, 0} : (lebm__matrix_shape){1, in, columns, layer->bias >= 0};
}

static int conv_of_pixel_pack(const lebm__layer *layer, const float *params, int backward, int64_t part, int64_t parts)
{
    (void)parts;
    const int64_t in = layer->in.channels, columns = lebm__numel(layer->out);
    const lebm__matrix *matrix = &layer->weight_matrix[backward];
    if (part > 0) return LEBM_OK; /* too little to share */
    float *weight = lebm__alloc_raw(in * columns, sizeof *weight);
    if (weight == NULL) return LEBM_ERR_NOMEM;
    conv_of_pixel_gather(layer, params + layer->weight, weight);
    lebm__matrix_pack_all(matrix, weight, backward);
    for (int64_t i = 0; matrix->bias != NULL && i < columns; i++) {
        matrix->bias[i] = params[layer->bias + i % layer->out.channels];
    }
    lebm__free(weight);
    return LEBM_OK;
}

static void conv_of_pixel_forward(const lebm__layer *layer, const lebm__buffers *at, int64_t first, int64_t n)
{
    const int64_t in = layer->in.channels, columns = lebm__numel(layer->out);
    lebm__matrix_multiply(&layer->weight_matrix[0], 0, n, at->in + first * in, in, at->out + first * columns, columns);
}

static void conv_of_pixel_backward(const lebm__layer *layer, const lebm__buffers *at, int64_t first, int64_t n)
{
    const int64_t in = layer->in.channels, columns = lebm__numel(layer->out);
    lebm__matrix_multiply(&layer->weight_matrix[1], 0, n, at->out + first * columns, columns, at->in + first * in, in);
}

const lebm__layer_kind lebm__conv_of_pixel = {.algorithm = "direct",
                                              .matrix_shape = conv_of_pixel_matrix_shape,
                                              .pack = conv_of_pixel_pack,
                                              .forward = {.gemm = conv_of_pixel_forward},
                                              .backward = {.gemm = conv_of_pixel_backward},
                                              .weight_grad = &lebm__conv_weight_grad};
