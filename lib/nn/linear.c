/* y = W x + b, with W [out, in]. For a row of values that is y = x W^T + b. */
#include <string.h>

#include "core/status.h"
#include "math/blas.h"
#include "nn/layer.h"

static lebm__matrix_shape linear_matrix_shape(const lebm__layer *layer, int backward)
{
    const int64_t in = layer->in.channels, out = layer->out.channels;
    return backward ? (lebm__matrix_shape){1, out, in, 0} : (lebm__matrix_shape){1, in, out, layer->bias >= 0};
}

static int linear_pack(const lebm__layer *layer, const float *params, int backward, int64_t part, int64_t parts)
{
    (void)parts;
    const lebm__matrix *matrix = &layer->weight_matrix[backward];
    if (part > 0) return LEBM_OK; /* too little to share */
    lebm__matrix_pack_all(matrix, params + layer->weight, !backward);
    if (matrix->bias != NULL) memcpy(matrix->bias, params + layer->bias, (size_t)matrix->shape.n * sizeof(float));
    return LEBM_OK;
}

static void linear_forward(const lebm__layer *layer, const lebm__buffers *at, int64_t first, int64_t n)
{
    const int64_t in = layer->in.channels, out = layer->out.channels;
    lebm__matrix_multiply(&layer->weight_matrix[0], 0, n, at->in + first * in, in, at->out + first * out, out);
}

/* Gradient by x = gradient by y, W */
static void linear_backward(const lebm__layer *layer, const lebm__buffers *at, int64_t first, int64_t n)
{
    const int64_t in = layer->in.channels, out = layer->out.channels;
    lebm__matrix_multiply(&layer->weight_matrix[1], 0, n, at->out + first * out, out, at->in + first * in, in);
}

/* Gradient by W = (gradient by y)^T x. A block is rows of it. */

static void linear_compute_grad(const lebm__layer *layer, lebm__block block, const float *in, const float *output_grad,
                                int64_t n, float *workspace, float *sum)
{
    (void)workspace;
    const int64_t from = layer->in.channels, to = layer->out.channels;
    memset(sum, 0, (size_t)(block.count * from) * sizeof *sum);
    lebm__blas_add_transposed(block.count, from, n, output_grad + block.first, to, in, from, sum, from);
}

static void linear_store_grad(const lebm__layer *layer, lebm__block block, const float *sum, float *grad)
{
    const int64_t in = layer->in.channels;
    memcpy(grad + block.first * in, sum, (size_t)(block.count * in) * sizeof *grad);
}

static const lebm__weight_grad linear_weight_grad = {NULL, linear_compute_grad, linear_store_grad};

const lebm__layer_kind lebm__linear = {.matrix_shape = linear_matrix_shape,
                                       .pack = linear_pack,
                                       .forward = {.gemm = linear_forward},
                                       .backward = {.gemm = linear_backward},
                                       .weight_grad = &linear_weight_grad};
