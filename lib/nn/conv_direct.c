/* The direct algorithm of a transposed convolution: a product and a scattering. Each input pixel, a row of `in` channels,
 * times W seen as a matrix [in, (y, x, out)] is the patch that the pixel adds to the output. Backward, patches are cut
 * from the gradient, and each is a row of the product with the transposed matrix. */
#include "core/memory.h"
#include "core/status.h"
#include "nn/layer.h"

/* Images whose patches are made at a time: two of the product's blocks of 12 rows make it worth packing, and patches of
 * more would not stay in the cache. */
static int64_t conv_direct_images_at_once(const lebm__layer *layer)
{
    enum { ROWS = 24 };
    const int64_t images = ROWS / lebm__pixels(layer->in);
    return images < 1 ? 1 : images;
}

static lebm__workspace_size conv_direct_workspace_size(const lebm__layer *layer, int64_t rows)
{
    const int64_t at_once = conv_direct_images_at_once(layer), images = rows < at_once ? rows : at_once;
    return (lebm__workspace_size){.workspace = images * lebm__pixels(layer->in) * lebm__patch_size(layer)};
}

static lebm__matrix_shape conv_direct_matrix_shape(const lebm__layer *layer, int backward)
{
    const int64_t in = layer->in.channels, columns = lebm__patch_size(layer);
    return backward ? (lebm__matrix_shape){1, columns, in, 0} : (lebm__matrix_shape){1, in, columns, 0};
}

static int conv_direct_pack(const lebm__layer *layer, const float *params, int backward, int64_t part, int64_t parts)
{
    (void)parts;
    const int64_t in = layer->in.channels, columns = lebm__patch_size(layer), kernel = layer->geometry.kernel;
    if (part > 0) return LEBM_OK;                                  /* too little to share */
    float *weight = lebm__alloc_raw(in * columns, sizeof *weight); /* [in, (y, x, out)] */
    if (weight == NULL) return LEBM_ERR_NOMEM;
    lebm__to_channels_last(in, (lebm__shape){layer->out.channels, kernel, kernel}, params + layer->weight, weight);
    lebm__matrix_pack_all(&layer->weight_matrix[backward], weight, backward);
    lebm__free(weight);
    return LEBM_OK;
}

static void conv_direct_forward(const lebm__layer *layer, const lebm__buffers *at, int64_t first, int64_t n)
{
    const lebm__kernel_table *kernels = lebm__kernels();
    const int64_t pixels = lebm__pixels(layer->in), columns = lebm__patch_size(layer), channels = layer->out.channels;
    const int64_t at_once = conv_direct_images_at_once(layer), end = first + n;
    for (; first < end; first += at_once) {
        const int64_t images = end - first < at_once ? end - first : at_once;
        lebm__matrix_multiply(&layer->weight_matrix[0], 0, images * pixels, at->in + first * lebm__numel(layer->in),
                              layer->in.channels, at->workspace, columns);
        for (int64_t i = 0; i < images; i++) {
            float *image = at->out + (first + i) * lebm__numel(layer->out);
            for (int64_t p = 0; p < lebm__pixels(layer->out); p++) {
                for (int64_t c = 0; c < channels; c++) {
                    image[p * channels + c] = layer->bias < 0 ? 0.0f : at->params[layer->bias + c];
                }
            }
            kernels->add_patches(&layer->geometry, at->workspace + i * pixels * columns, image);
        }
    }
}

static void conv_direct_backward(const lebm__layer *layer, const lebm__buffers *at, int64_t first, int64_t n)
{
    const lebm__kernel_table *kernels = lebm__kernels();
    const int64_t pixels = lebm__pixels(layer->in), columns = lebm__patch_size(layer);
    const int64_t at_once = conv_direct_images_at_once(layer), end = first + n;
    for (; first < end; first += at_once) {
        const int64_t images = end - first < at_once ? end - first : at_once;
        for (int64_t i = 0; i < images; i++) {
            kernels->cut_patches(&layer->geometry, at->out + (first + i) * lebm__numel(layer->out), 0, columns,
                                 at->workspace + i * pixels * columns);
        }
        lebm__matrix_multiply(&layer->weight_matrix[1], 0, images * pixels, at->workspace, columns,
                              at->in + first * lebm__numel(layer->in), layer->in.channels);
    }
}

const lebm__layer_kind lebm__conv_direct = {.algorithm = "direct",
                                            .workspace_size = conv_direct_workspace_size,
                                            .matrix_shape = conv_direct_matrix_shape,
                                            .pack = conv_direct_pack,
                                            .forward = {.pre = conv_direct_forward},
                                            .backward = {.pre = conv_direct_backward},
                                            .weight_grad = &lebm__conv_weight_grad};
