#include <string.h>

#include "nn/layer.h"

void lebm__transpose(int64_t n, int64_t rows, int64_t columns, const float *src, float *dst)
{
    const int64_t size = rows * columns;
    if (rows == 1 || columns == 1) {
        memcpy(dst, src, (size_t)(n * size) * sizeof *dst);
        return;
    }
    for (; n > 0; n--, src += size, dst += size) {
        for (int64_t c = 0; c < columns; c++) {
            for (int64_t r = 0; r < rows; r++) dst[c * rows + r] = src[r * columns + c];
        }
    }
}

static int64_t scratch_size(const lebm__layer *layer, int64_t n, lebm__passes passes)
{
    (void)passes;
    return n * lebm__numbers(layer->in);
}

/* Both ways lead over the channel-first order, which is the same before and after. */

static void forward(const lebm__layer *layer, const float *params, int64_t n, float *in, float *out, float *scratch)
{
    (void)params;
    lebm__transpose(n, lebm__pixels(layer->in), layer->in.channels, in, scratch);
    lebm__transpose(n, layer->out.channels, lebm__pixels(layer->out), scratch, out);
}

static void backward(const lebm__layer *layer, int64_t n, const float *in, const float *grad_out, float *grad_in,
                     float *scratch)
{
    (void)in;
    lebm__transpose(n, lebm__pixels(layer->out), layer->out.channels, grad_out, scratch);
    lebm__transpose(n, layer->in.channels, lebm__pixels(layer->in), scratch, grad_in);
}

const lebm__layer_kind lebm__reshape = {.scratch_size = scratch_size, .forward = forward, .backward = backward};
