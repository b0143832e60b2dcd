/* The gradient of the weight of a transposed convolution, W [in, out, kernel, kernel], which is the same for all its
 * algorithms. Seen as a matrix [in, (y, x, out)], W has the gradient in^T (patches of the output's gradient). A block is
 * columns of it, of which alone patches are cut. */
#include <string.h>

#include "math/blas.h"
#include "nn/layer.h"

static int64_t conv_grad_workspace_size(const lebm__layer *layer, int64_t columns)
{
    return LEBM__CHUNK * lebm__pixels(layer->in) * columns;
}

static void conv_grad_compute(const lebm__layer *layer, lebm__block block, const float *in, const float *output_grad,
                              int64_t n, float *workspace, float *sum)
{
    const int64_t channels = layer->in.channels, pixels = lebm__pixels(layer->in);
    for (int64_t i = 0; i < n; i++) {
        lebm__kernels()->cut_patches(&layer->geometry, output_grad + i * lebm__numel(layer->out), block.first,
                                     block.count, workspace + i * pixels * block.count);
    }
    memset(sum, 0, (size_t)(channels * block.count) * sizeof *sum);
    lebm__blas_add_transposed(channels, block.count, n * pixels, in, channels, workspace, block.count, sum,
                              block.count);
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
