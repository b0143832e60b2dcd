/* The direct form of a transposed convolution: a product and a scattering. Each input pixel, a row of `in` channels,
 * times W seen as a matrix [in, (y, x, out)] is the patch that the pixel adds to the output. Backward, patches are cut
 * from the gradient, and each is a row of the product with the transposed matrix. */
#include "core/memory.h"
#include "core/status.h"
#include "math/packed.h"
#include "nn/layer.h"

/* Images whose patches are made at a time: enough rows to make the product worth it, no more than the cache holds. */
static int64_t images_at_once(const lebm__layer *layer)
{
    enum { ROWS = 24 };
    const int64_t images = ROWS / lebm__pixels(layer->in);
    return images < 1 ? 1 : images;
}

static lebm__room room(const lebm__layer *layer, int64_t rows, lebm__passes passes)
{
    const int64_t at_once = images_at_once(layer), images = rows < at_once ? rows : at_once;
    const int64_t patches = images * lebm__pixels(layer->in) * lebm__patch_size(layer);
    const int64_t to_learn = passes == LEBM__LEARN ? lebm__conv_accumulate_scratch(layer, rows) : 0;
    return (lebm__room){.scratch = patches > to_learn ? patches : to_learn};
}

static int64_t packed_size(const lebm__layer *layer, int backward_pass)
{
    const int64_t in = layer->in.channels, columns = lebm__patch_size(layer);
    return backward_pass ? lebm__packed_size(columns, in) : lebm__packed_size(in, columns);
}

static int pack(const lebm__layer *layer, const float *params, int backward_pass, int64_t part, int64_t parts)
{
    (void)parts;
    const int64_t in = layer->in.channels, out = layer->out.channels, columns = lebm__patch_size(layer);
    const int64_t taps = layer->geometry.kernel * layer->geometry.kernel;
    if (part > 0) return LEBM_OK;                                  /* too little to share */
    float *matrix = lebm__alloc_raw(in * columns, sizeof *matrix); /* [in, (y, x, out)] */
    if (matrix == NULL) return LEBM_ERR_NOMEM;
    lebm__transpose(in, out, taps, params + layer->weight, matrix);
    if (backward_pass) {
        lebm__pack(columns, in, matrix, 1, columns, layer->packed[1]);
    } else {
        lebm__pack(in, columns, matrix, columns, 1, layer->packed[0]);
    }
    lebm__free(matrix);
    return LEBM_OK;
}

static void forward(const lebm__layer *layer, const lebm__place *at, int64_t first, int64_t n)
{
    const lebm__kernel_table *kernels = lebm__kernels();
    const int64_t pixels = lebm__pixels(layer->in), columns = lebm__patch_size(layer), channels = layer->out.channels;
    const int64_t at_once = images_at_once(layer), end = first + n;
    for (; first < end; first += at_once) {
        const int64_t images = end - first < at_once ? end - first : at_once;
        kernels->product(images * pixels, columns, layer->in.channels, at->in + first * lebm__numbers(layer->in),
                         layer->in.channels, layer->packed[0], NULL, at->scratch, columns);
        for (int64_t i = 0; i < images; i++) {
            float *image = at->out + (first + i) * lebm__numbers(layer->out);
            for (int64_t p = 0; p < lebm__pixels(layer->out); p++) {
                for (int64_t c = 0; c < channels; c++) {
                    image[p * channels + c] = layer->bias < 0 ? 0.0f : at->params[layer->bias + c];
                }
            }
            kernels->add_patches(&layer->geometry, at->scratch + i * pixels * columns, image);
        }
    }
}

static void backward(const lebm__layer *layer, const lebm__place *at, int64_t first, int64_t n)
{
    const lebm__kernel_table *kernels = lebm__kernels();
    const int64_t pixels = lebm__pixels(layer->in), columns = lebm__patch_size(layer);
    const int64_t at_once = images_at_once(layer), end = first + n;
    for (; first < end; first += at_once) {
        const int64_t images = end - first < at_once ? end - first : at_once;
        for (int64_t i = 0; i < images; i++) {
            kernels->cut_patches(&layer->geometry, at->out + (first + i) * lebm__numbers(layer->out),
                                 at->scratch + i * pixels * columns);
        }
        kernels->product(images * pixels, layer->in.channels, columns, at->scratch, columns, layer->packed[1], NULL,
                         at->in + first * lebm__numbers(layer->in), layer->in.channels);
    }
}

const lebm__layer_kind lebm__conv_direct = {.form = "direct",
                                            .room = room,
                                            .packed_size = packed_size,
                                            .pack = pack,
                                            .forward = {.each = forward},
                                            .backward = {.each = backward},
                                            .accumulate = lebm__conv_accumulate};
