#include <string.h>

#include "nn/layer.h"

/* dst [columns, rows] = src [rows, columns] transposed, for each of n images. */
static void reshape_transpose(int64_t n, int64_t rows, int64_t columns, const float *src, float *dst)
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

void lebm__to_channels_last(int64_t n, lebm__shape shape, const float *src, float *dst)
{
    reshape_transpose(n, shape.channels, lebm__pixels(shape), src, dst);
}

void lebm__to_channels_first(int64_t n, lebm__shape shape, const float *src, float *dst)
{
    reshape_transpose(n, lebm__pixels(shape), shape.channels, src, dst);
}

static lebm__workspace_size reshape_workspace_size(const lebm__layer *layer, int64_t rows)
{
    return (lebm__workspace_size){.workspace = rows * lebm__numel(layer->in)};
}

/* Both ways lead over the channels-first order, which is the same before and after. */

static void reshape_forward(const lebm__layer *layer, const lebm__buffers *at, int64_t first, int64_t n)
{
    const int64_t size = lebm__numel(layer->in);
    lebm__to_channels_first(n, layer->in, at->in + first * size, at->workspace);
    lebm__to_channels_last(n, layer->out, at->workspace, at->out + first * size);
}

static void reshape_backward(const lebm__layer *layer, const lebm__buffers *at, int64_t first, int64_t n)
{
    const int64_t size = lebm__numel(layer->in);
    lebm__to_channels_first(n, layer->out, at->out + first * size, at->workspace);
    lebm__to_channels_last(n, layer->in, at->workspace, at->in + first * size);
}

const lebm__layer_kind lebm__reshape = {.workspace_size = reshape_workspace_size,
                                        .forward = {.pre = reshape_forward},
                                        .backward = {.pre = reshape_backward}};
