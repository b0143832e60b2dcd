/* The gradient of the parameters of a transposed convolution with W [in, out, kernel, kernel], which is the same for
 * all its forms. */
#include <string.h>

#include "math/blas.h"
#include "nn/layer.h"

/* Images whose patches are made at a time: enough for a good product. */
static int64_t images_at_once(const lebm__layer *layer, int64_t rows)
{
    enum { PIXELS = 512 };
    const int64_t images = PIXELS / lebm__pixels(layer->in);
    return images < 1 ? 1 : images < rows ? images : rows;
}

int64_t lebm__conv_accumulate_scratch(const lebm__layer *layer, int64_t rows)
{
    const int64_t patches = images_at_once(layer, rows) * lebm__pixels(layer->in) * lebm__patch_size(layer);
    const int64_t sums = 2 * layer->out.channels;
    return (patches > sums ? patches : sums) + layer->in.channels * lebm__patch_size(layer);
}

/* Sums of sums: short ones round less than long ones. */
static void accumulate_bias(const lebm__layer *layer, const float *grad_out, int64_t n, float *scratch, float *grad)
{
    const int64_t channels = layer->out.channels;
    float *of_image = scratch, *of_all = scratch + channels;
    memset(of_all, 0, (size_t)channels * sizeof *of_all);
    for (int64_t i = 0; i < n; i++) {
        memset(of_image, 0, (size_t)channels * sizeof *of_image);
        for (int64_t p = 0; p < lebm__pixels(layer->out); p++, grad_out += channels) {
            for (int64_t c = 0; c < channels; c++) of_image[c] += grad_out[c];
        }
        for (int64_t c = 0; c < channels; c++) of_all[c] += of_image[c];
    }
    for (int64_t c = 0; c < channels; c++) grad[c] += of_all[c];
}

/* Seen as a matrix [in, (y, x, out)], W has the gradient in^T (patches of the output's gradient). */
void lebm__conv_accumulate(const lebm__layer *layer, const lebm__place *at, int64_t first, int64_t n, float *grads)
{
    const int64_t in = layer->in.channels, out = layer->out.channels, columns = lebm__patch_size(layer);
    const int64_t pixels = lebm__pixels(layer->in), taps = layer->geometry.kernel * layer->geometry.kernel;
    const int64_t at_once = images_at_once(layer, at->points.group);
    const float *x = at->in + first * lebm__numbers(layer->in);
    const float *grad_out = at->out + first * lebm__numbers(layer->out);
    float *patches = at->scratch, *matrix = at->scratch + at_once * pixels * columns;
    memset(matrix, 0, (size_t)(in * columns) * sizeof *matrix);
    for (int64_t done = 0; done < n; done += at_once) {
        const int64_t images = n - done < at_once ? n - done : at_once;
        for (int64_t i = 0; i < images; i++) {
            lebm__kernels()->cut_patches(&layer->geometry, grad_out + (done + i) * lebm__numbers(layer->out),
                                         patches + i * pixels * columns);
        }
        lebm__blas_add_transposed(in, columns, images * pixels, x + done * lebm__numbers(layer->in), in, patches,
                                  columns, matrix, columns);
    }
    float *weight = grads + layer->weight;
    for (int64_t i = 0; i < in; i++, weight += columns, matrix += columns) {
        for (int64_t o = 0; o < out; o++) {
            for (int64_t t = 0; t < taps; t++) weight[o * taps + t] += matrix[t * out + o];
        }
    }
    if (layer->bias >= 0) accumulate_bias(layer, grad_out, n, patches, grads + layer->bias);
}
