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

static lebm__room room(const lebm__layer *layer, int64_t rows, lebm__passes passes)
{
    (void)passes;
    return (lebm__room){.scratch = rows * lebm__numbers(layer->in)};
}

/* Both ways lead over the channel-first order, which is the same before and after. */

static void forward(const lebm__layer *layer, const lebm__place *at, int64_t first, int64_t n)
{
    const int64_t size = lebm__numbers(layer->in);
    lebm__transpose(n, lebm__pixels(layer->in), layer->in.channels, at->in + first * size, at->scratch);
    lebm__transpose(n, layer->out.channels, lebm__pixels(layer->out), at->scratch, at->out + first * size);
}

static void backward(const lebm__layer *layer, const lebm__place *at, int64_t first, int64_t n)
{
    const int64_t size = lebm__numbers(layer->in);
    lebm__transpose(n, lebm__pixels(layer->out), layer->out.channels, at->out + first * size, at->scratch);
    lebm__transpose(n, layer->in.channels, lebm__pixels(layer->in), at->scratch, at->in + first * size);
}

const lebm__layer_kind lebm__reshape = {.room = room, .forward = {.each = forward}, .backward = {.each = backward}};
