/* The gradient of the weight of a transposed convolution, W [in, out, kernel, kernel], which is the same for all its
 * algorithms. Seen as a matrix [in, (y, x, out)], W has the gradient in^T (patches of the output's gradient). A block is
 * columns of it, of which alone patches are cut. */
#include <string.h>

#include "math/blas.h"
#include "nn/layer.h"

/* Images whose patches are cut at a time: a CBLAS takes some 300 to 500 rows of a product at a time, and patches of more
 * pixels would leave the cache. */
static int64_t conv_grad_images_at_once(const lebm__layer *layer)
{
    enum { PIXELS = 512 };
    const int64_t images = PIXELS / lebm__pixels(layer->in);
    return images < 1 ? 1 : images < LEBM__CHUNK ? images : LEBM__CHUNK;
}

static int64_t conv_grad_workspace_size(const lebm__layer *layer, int64_t columns)
{
    return conv_grad_images_at_once(layer) * lebm__pixels(layer->in) * columns;
}

static void conv_grad_compute(const lebm__layer *layer, lebm__block block, const float *in, const float *output_grad,
                              int64_t n, float *workspace, float *sum)
{
    const int64_t channels = layer->in.channels, pixels = lebm__pixels(layer->in);
    const int64_t columns = block.count, at_once = conv_grad_images_at_once(layer);
    memset(sum, 0, (size_t)(channels * columns) * sizeof *sum);
    for (; n > 0; n -= at_once) {
        const int64_t images = n < at_once ? n : at_once;
        for (int64_t i = 0; i < images; i++, output_grad += lebm__numel(layer->out)) {
            lebm__kernels()->cut_patches(&layer->geometry, output_grad, block.first, columns,
                                         workspace + i * pixels * columns);
        }
        lebm__blas_add_transposed(channels, columns, images * pixels, in, channels, workspace, columns, sum, columns);
        in += images * lebm__numel(layer->in);
    }
}

static void conv_grad_store(const lebm__layer *layer, lebm__block block, const float *sum, float *grad)
{
    const int64_t out = layer->out.channels, taps = layer->geometry.kernel * layer->geometry.kernel;
    for (int64_t i = 0; i < layer->in.channels; i++, grad += out * taps) {
        int64_t tap = block.first / out, o = block.first % out;
        for (int64_t j = 0; j < block.count; j++) {
            grad[o * taps + tap] = *sum++;
            if (++o == out) o = 0, tap++;
        }
    }
}

const lebm__weight_grad lebm__conv_weight_grad = {conv_grad_workspace_size, conv_grad_compute, conv_grad_store};
