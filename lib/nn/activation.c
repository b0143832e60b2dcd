#include <string.h>

#include "nn/layer.h"

static const char *const names[] = {
    [LEBM__RELU] = "relu",       [LEBM__LEAKY_RELU] = "leaky_relu",
    [LEBM__GELU] = "gelu",       [LEBM__SILU] = "silu",
    [LEBM__MISH] = "mish",       [LEBM__TANH] = "tanh",
    [LEBM__SIGMOID] = "sigmoid", [LEBM__SOFTPLUS] = "softplus",
};

int lebm__activation_find(const char *name, lebm__activation *activation)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            *activation = (lebm__activation)i;
            return 1;
        }
    }
    return 0;
}

const char *lebm__activation_name(lebm__activation activation)
{
    return names[activation];
}

static void forward(const lebm__layer *layer, const float *params, int64_t n, float *in, float *out, float *scratch)
{
    (void)params, (void)scratch;
    lebm__kernels()->activate(layer->activation, layer->parameter, n * lebm__numbers(layer->in), in, out);
}

static void backward(const lebm__layer *layer, int64_t n, const float *in, const float *grad_out, float *grad_in,
                     float *scratch)
{
    (void)scratch;
    lebm__kernels()->multiply(n * lebm__numbers(layer->in), grad_out, in, grad_in);
}

const lebm__layer_kind lebm__activation_layer = {.forward = forward, .backward = backward};
