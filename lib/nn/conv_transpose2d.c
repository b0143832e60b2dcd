/* Transposed convolution with W [in, out, kernel, kernel], as a product and a scattering: each input pixel, a row of
 * `in` channels, times W seen as a matrix [in, (y, x, out)] is the patch that the pixel adds to the output. Backward,
 * patches are cut from the gradient, and each is a row of the product with the transposed matrix. */
#include "core/memory.h"
#include "core/status.h"
#include "math/blas.h"
#include "math/packed.h"
#include "nn/layer.h"

/* Numbers of a patch, the columns of the matrix. */
static int64_t patch_size(const lebm__layer *layer)
{
    return layer->geometry.kernel * layer->geometry.kernel * layer->out.channels;
}

/* Images whose patches are made at a time: enough rows to make the product worth it, no more than the cache holds. */
static int64_t images_at_once(const lebm__layer *layer, int64_t n)
{
    enum { ROWS = 24 };
    const int64_t images = ROWS / lebm__pixels(layer->in);
    return images < 1 ? 1 : images < n ? images : n;
}

static int64_t scratch_size(const lebm__layer *layer, int64_t n, lebm__passes passes)
{
    const int64_t patches = images_at_once(layer, n) * lebm__pixels(layer->in) * patch_size(layer);
    /* Learning also needs the gradient of W in the order of patches, and two sums of the bias's. */
    const int64_t sums = 2 * layer->out.channels;
    return (patches > sums ? patches : sums) + (passes == LEBM__LEARN ? layer->in.channels * patch_size(layer) : 0);
}

static int pack(lebm__layer *layer, const float *params, int backward_pass)
{
    const int64_t in = layer->in.channels, out = layer->out.channels, columns = patch_size(layer);
    const int64_t taps = layer->geometry.kernel * layer->geometry.kernel;
    const int64_t k = backward_pass ? columns : in, n = backward_pass ? in : columns;
    float **packed = backward_pass ? &layer->backward : &layer->forward;
    if (*packed == NULL) *packed = lebm__alloc_raw(lebm__packed_size(k, n), sizeof **packed);
    if (*packed == NULL) return LEBM_ERR_NOMEM;
    float *matrix = lebm__alloc_raw(in * columns, sizeof *matrix); /* [in, (y, x, out)] */
    if (matrix == NULL) return LEBM_ERR_NOMEM;
    lebm__transpose(in, out, taps, params + layer->weight, matrix);
    if (backward_pass) {
        lebm__pack(columns, in, matrix, 1, columns, *packed);
    } else {
        lebm__pack(in, columns, matrix, columns, 1, *packed);
    }
    lebm__free(matrix);
    return LEBM_OK;
}

static void forward(const lebm__layer *layer, const float *params, int64_t n, float *in, float *out, float *scratch)
{
    const lebm__kernel_table *kernels = lebm__kernels();
    const int64_t pixels = lebm__pixels(layer->in), columns = patch_size(layer), channels = layer->out.channels;
    const int64_t at_once = images_at_once(layer, n);
    for (int64_t first = 0; first < n; first += at_once) {
        const int64_t images = n - first < at_once ? n - first : at_once;
        kernels->product(images * pixels, columns, layer->in.channels, in + first * lebm__numbers(layer->in),
                         layer->in.channels, layer->forward, NULL, scratch, columns);
        for (int64_t i = 0; i < images; i++) {
            float *image = out + (first + i) * lebm__numbers(layer->out);
            for (int64_t p = 0; p < lebm__pixels(layer->out); p++) {
                for (int64_t c = 0; c < channels; c++) {
                    image[p * channels + c] = layer->bias < 0 ? 0.0f : params[layer->bias + c];
                }
            }
            kernels->add_patches(&layer->geometry, scratch + i * pixels * columns, image);
        }
    }
}

/* Patches of the gradient of `images` images from `first` on, into scratch. */
static void cut(const lebm__layer *layer, int64_t first, int64_t images, const float *grad_out, float *scratch)
{
    for (int64_t i = 0; i < images; i++) {
        lebm__kernels()->cut_patches(&layer->geometry, grad_out + (first + i) * lebm__numbers(layer->out),
                                     scratch + i * lebm__pixels(layer->in) * patch_size(layer));
    }
}

static void backward(const lebm__layer *layer, int64_t n, const float *in, const float *grad_out, float *grad_in,
                     float *scratch)
{
    (void)in;
    const int64_t columns = patch_size(layer), at_once = images_at_once(layer, n);
    for (int64_t first = 0; first < n; first += at_once) {
        const int64_t images = n - first < at_once ? n - first : at_once;
        cut(layer, first, images, grad_out, scratch);
        lebm__kernels()->product(images * lebm__pixels(layer->in), layer->in.channels, columns, scratch, columns,
                                 layer->backward, NULL, grad_in + first * lebm__numbers(layer->in), layer->in.channels);
    }
}

static void accumulate(const lebm__layer *layer, int64_t n, const float *in, const float *grad_out, float *grads,
                       float *scratch)
{
    const int64_t channels = layer->out.channels, columns = patch_size(layer);
    const int64_t taps = layer->geometry.kernel * layer->geometry.kernel, at_once = images_at_once(layer, n);
    float *matrix = scratch + at_once * lebm__pixels(layer->in) * columns; /* gradient of W as [in, (y, x, out)] */
    for (int64_t i = 0; i < layer->in.channels * columns; i++) matrix[i] = 0.0f;
    for (int64_t first = 0; first < n; first += at_once) {
        const int64_t images = n - first < at_once ? n - first : at_once;
        cut(layer, first, images, grad_out, scratch);
        lebm__blas_add_transposed(layer->in.channels, columns, images * lebm__pixels(layer->in),
                                  in + first * lebm__numbers(layer->in), layer->in.channels, scratch, columns, matrix,
                                  columns);
    }
    float *weight = grads + layer->weight;
    for (int64_t i = 0; i < layer->in.channels; i++, weight += columns, matrix += columns) {
        for (int64_t o = 0; o < channels; o++) {
            for (int64_t t = 0; t < taps; t++) weight[o * taps + t] += matrix[t * channels + o];
        }
    }
    if (layer->bias < 0) return;
    float *of_image = scratch, *of_all = scratch + channels; /* sums of sums: short ones round less than long ones */
    for (int64_t c = 0; c < channels; c++) of_all[c] = 0.0f;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t c = 0; c < channels; c++) of_image[c] = 0.0f;
        for (int64_t p = 0; p < lebm__pixels(layer->out); p++, grad_out += channels) {
            for (int64_t c = 0; c < channels; c++) of_image[c] += grad_out[c];
        }
        for (int64_t c = 0; c < channels; c++) of_all[c] += of_image[c];
    }
    for (int64_t c = 0; c < channels; c++) grads[layer->bias + c] += of_all[c];
}

const lebm__layer_kind lebm__conv_transpose2d = {
    .scratch_size = scratch_size, .pack = pack, .forward = forward, .backward = backward, .accumulate = accumulate};
