/* y = W x + b, with W [out, in]. For a row of values that is y = x W^T + b. */
#include "core/status.h"
#include "math/blas.h"
#include "math/packed.h"
#include "nn/layer.h"

/* Room for the gradient of the bias. */
static lebm__room room(const lebm__layer *layer, int64_t rows, lebm__passes passes)
{
    (void)rows;
    return (lebm__room){.scratch = passes == LEBM__LEARN ? layer->out.channels : 0};
}

static int64_t packed_size(const lebm__layer *layer, int backward_pass)
{
    const int64_t in = layer->in.channels, out = layer->out.channels;
    return backward_pass ? lebm__packed_size(out, in) : lebm__packed_size(in, out);
}

static int pack(const lebm__layer *layer, const float *params, int backward_pass, int64_t part, int64_t parts)
{
    (void)parts;
    const int64_t in = layer->in.channels, out = layer->out.channels;
    const float *weight = params + layer->weight;
    if (part > 0) return LEBM_OK; /* too little to share */
    if (backward_pass) {
        lebm__pack(out, in, weight, in, 1, layer->packed[1]);
    } else {
        lebm__pack(in, out, weight, 1, in, layer->packed[0]);
    }
    return LEBM_OK;
}

static void forward(const lebm__layer *layer, const lebm__place *at, int64_t first, int64_t n)
{
    const int64_t from = layer->in.channels, to = layer->out.channels;
    const float *bias = layer->bias < 0 ? NULL : at->params + layer->bias;
    lebm__kernels()->product(n, to, from, at->in + first * from, from, layer->packed[0], bias, at->out + first * to,
                             to);
}

/* Gradient by x = gradient by y, W */
static void backward(const lebm__layer *layer, const lebm__place *at, int64_t first, int64_t n)
{
    const int64_t from = layer->out.channels, to = layer->in.channels;
    lebm__kernels()->product(n, to, from, at->out + first * from, from, layer->packed[1], NULL, at->in + first * to,
                             to);
}

/* Gradient by W += (gradient by y)^T x, by b += sum of that by y */
static void accumulate(const lebm__layer *layer, const lebm__place *at, int64_t first, int64_t n, float *grads)
{
    const int64_t from = layer->in.channels, to = layer->out.channels;
    const float *x = at->in + first * from, *grad_y = at->out + first * to;
    lebm__blas_add_transposed(to, from, n, grad_y, to, x, from, grads + layer->weight, from);
    if (layer->bias < 0) return;
    /* The rows of this call by themselves: short sums round less than long ones. */
    for (int64_t j = 0; j < to; j++) at->scratch[j] = 0.0f;
    for (int64_t i = 0; i < n; i++) lebm__kernels()->add(to, grad_y + i * to, at->scratch);
    lebm__kernels()->add(to, at->scratch, grads + layer->bias);
}

const lebm__layer_kind lebm__linear = {.room = room,
                                       .packed_size = packed_size,
                                       .pack = pack,
                                       .forward = {.all = forward},
                                       .backward = {.all = backward},
                                       .accumulate = accumulate};
