/* y = W x + b, with W [out, in]. For a row of values that is y = x W^T + b. */
#include "core/memory.h"
#include "core/status.h"
#include "math/blas.h"
#include "math/packed.h"
#include "nn/layer.h"

/* Room for the gradient of the bias. */
static int64_t scratch_size(const lebm__layer *layer, int64_t n, lebm__passes passes)
{
    (void)n;
    return passes == LEBM__LEARN ? layer->out.channels : 0;
}

static int pack(lebm__layer *layer, const float *params, int backward_pass)
{
    const int64_t in = layer->in.channels, out = layer->out.channels;
    const float *weight = params + layer->weight;
    const int64_t k = backward_pass ? out : in, n = backward_pass ? in : out;
    float **packed = backward_pass ? &layer->backward : &layer->forward;
    if (*packed == NULL) *packed = lebm__alloc_raw(lebm__packed_size(k, n), sizeof **packed);
    if (*packed == NULL) return LEBM_ERR_NOMEM;
    if (backward_pass) {
        lebm__pack(out, in, weight, in, 1, *packed);
    } else {
        lebm__pack(in, out, weight, 1, in, *packed);
    }
    return LEBM_OK;
}

static void forward(const lebm__layer *layer, const float *params, int64_t n, float *in, float *out, float *scratch)
{
    (void)scratch;
    const int64_t from = layer->in.channels, to = layer->out.channels;
    const float *bias = layer->bias < 0 ? NULL : params + layer->bias;
    lebm__kernels()->product(n, to, from, in, from, layer->forward, bias, out, to);
}

/* grad_in = grad_out W */
static void backward(const lebm__layer *layer, int64_t n, const float *in, const float *grad_out, float *grad_in,
                     float *scratch)
{
    (void)in, (void)scratch;
    const int64_t from = layer->out.channels, to = layer->in.channels;
    lebm__kernels()->product(n, to, from, grad_out, from, layer->backward, NULL, grad_in, to);
}

/* grad_W += grad_out^T in, grad_b += sum of grad_out */
static void accumulate(const lebm__layer *layer, int64_t n, const float *in, const float *grad_out, float *grads,
                       float *scratch)
{
    const int64_t from = layer->in.channels, to = layer->out.channels;
    lebm__blas_add_transposed(to, from, n, grad_out, to, in, from, grads + layer->weight, from);
    if (layer->bias < 0) return;
    /* The rows of this call by themselves: short sums round less than long ones. */
    for (int64_t j = 0; j < to; j++) scratch[j] = 0.0f;
    for (int64_t i = 0; i < n; i++) lebm__kernels()->add(to, grad_out + i * to, scratch);
    lebm__kernels()->add(to, scratch, grads + layer->bias);
}

const lebm__layer_kind lebm__linear = {
    .scratch_size = scratch_size, .pack = pack, .forward = forward, .backward = backward, .accumulate = accumulate};
