#include <math.h>
#include <string.h>

#include "core/text.h"
#include "nn/layer.h"

static const char *const activation_names[] = {
    [LEBM__RELU] = "relu",       [LEBM__LEAKY_RELU] = "leaky_relu",
    [LEBM__GELU] = "gelu",       [LEBM__SILU] = "silu",
    [LEBM__MISH] = "mish",       [LEBM__TANH] = "tanh",
    [LEBM__SIGMOID] = "sigmoid", [LEBM__SOFTPLUS] = "softplus",
};

int lebm__activation_find(const char *name, lebm__activation *activation)
{
    for (size_t i = 0; i < sizeof activation_names / sizeof *activation_names; i++) {
        if (strcmp(name, activation_names[i]) == 0) {
            *activation = (lebm__activation)i;
            return 1;
        }
    }
    return 0;
}

const char *lebm__activation_name(lebm__activation activation)
{
    return activation_names[activation];
}

void lebm__activation_list(char *list, int64_t size)
{
    for (size_t i = 0; i < sizeof activation_names / sizeof *activation_names; i++)
        lebm__list_add(list, size, activation_names[i]);
}

void lebm__activation_range(lebm__activation activation, double *low, double *high)
{
    *low = -INFINITY;
    *high = INFINITY;
    if (activation == LEBM__TANH || activation == LEBM__SIGMOID) *high = 1.0;
    if (activation == LEBM__TANH) *low = -1.0;
    if (activation == LEBM__SIGMOID || activation == LEBM__RELU || activation == LEBM__SOFTPLUS) *low = 0.0;
}

static void activation_forward(const lebm__layer *layer, const lebm__buffers *at, int64_t first, int64_t n)
{
    const int64_t size = lebm__numel(layer->in);
    lebm__kernels()->activate(layer->activation, layer->parameter, n * size, at->in + first * size,
                              at->out + first * size);
}

static void activation_backward(const lebm__layer *layer, const lebm__buffers *at, int64_t first, int64_t n)
{
    const int64_t size = lebm__numel(layer->in);
    lebm__kernels()->multiply(n * size, at->out + first * size, at->in + first * size);
}

const lebm__layer_kind lebm__activation_layer = {.forward = {.pre = activation_forward},
                                                 .backward = {.pre = activation_backward}};
