/* The direct form of a transposed convolution of an image of one pixel: the output is the part of the pixel's patch
 * that the padding leaves, so the layer is a linear one whose matrix [in, (y, x, out)] is that part of W. */
#include "core/memory.h"
#include "core/status.h"
#include "math/packed.h"
#include "nn/layer.h"

static lebm__room room(const lebm__layer *layer, int64_t rows, lebm__passes passes)
{
    return (lebm__room){.scratch = passes == LEBM__LEARN ? lebm__conv_accumulate_scratch(layer, rows) : 0};
}

/* The matrix, row-major. */
static void gather(const lebm__layer *layer, const float *weight, float *matrix)
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

/* Forward, the packed matrix is followed by the bias of each of its columns. */
static int64_t packed_size(const lebm__layer *layer, int backward_pass)
{
    const int64_t in = layer->in.channels, columns = lebm__numbers(layer->out);
    return backward_pass ? lebm__packed_size(columns, in) : lebm__packed_size(in, columns) + columns;
}

static int pack(const lebm__layer *layer, const float *params, int backward_pass, int64_t part, int64_t parts)
{
    (void)parts;
    const int64_t in = layer->in.channels, columns = lebm__numbers(layer->out);
    if (part > 0) return LEBM_OK; /* too little to share */
    float *matrix = lebm__alloc_raw(in * columns, sizeof *matrix);
    if (matrix == NULL) return LEBM_ERR_NOMEM;
    gather(layer, params + layer->weight, matrix);
    if (backward_pass) {
        lebm__pack(columns, in, matrix, 1, columns, layer->packed[1]);
    } else {
        float *bias = layer->packed[0] + lebm__packed_size(in, columns);
        lebm__pack(in, columns, matrix, columns, 1, layer->packed[0]);
        for (int64_t i = 0; i < columns; i++) {
            bias[i] = layer->bias < 0 ? 0.0f : params[layer->bias + i % layer->out.channels];
        }
    }
    lebm__free(matrix);
    return LEBM_OK;
}

static void forward(const lebm__layer *layer, const lebm__place *at, int64_t first, int64_t n)
{
    const int64_t in = layer->in.channels, columns = lebm__numbers(layer->out);
    const float *bias = layer->packed[0] + lebm__packed_size(in, columns);
    lebm__kernels()->product(n, columns, in, at->in + first * in, in, layer->packed[0], bias, at->out + first * columns,
                             columns);
}

static void backward(const lebm__layer *layer, const lebm__place *at, int64_t first, int64_t n)
{
    const int64_t in = layer->in.channels, columns = lebm__numbers(layer->out);
    lebm__kernels()->product(n, in, columns, at->out + first * columns, columns, layer->packed[1], NULL,
                             at->in + first * in, in);
}

const lebm__layer_kind lebm__conv_of_pixel = {.form = "direct",
                                              .room = room,
                                              .packed_size = packed_size,
                                              .pack = pack,
                                              .forward = {.all = forward},
                                              .backward = {.all = backward},
                                              .accumulate = lebm__conv_accumulate};
