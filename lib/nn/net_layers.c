/* How a net grows. */
#include <stdio.h>

#include "core/memory.h"
#include "core/status.h"
#include "nn/tape.h"

enum {
    MAX_KERNEL = 64,
    MAX_LAYERS = 1024 /* of a hostile spec, too */
};

/* A tensor of the layer that comes next. Returns its offset. */
static int64_t net_add_param(lebm_net *net, const char *name, int64_t ndim, const int64_t *dims)
{
    char full_name[sizeof net->params.list->name];
    snprintf(full_name, sizeof full_name, "%lld.%s", (long long)net->layer_count, name);
    return lebm__params_add(&net->params, full_name, ndim, dims);
}

/* Append a layer with its weight, if it has one, of these dimensions. There is memory for all of it before the net is
 * changed. */
static int net_append(lebm_net *net, lebm__layer layer, int64_t ndim, const int64_t *dims, int bias)
{
    const int has_weight = ndim > 0, has_bias = has_weight && bias;
    int64_t numel = has_weight;
    for (int64_t i = 0; i < ndim; i++) numel *= dims[i];
    if (has_bias) numel += layer.out.channels;
    if (numel > net->max_params - net->params.total) {
        return lebm__fail(LEBM_ERR_SHAPE,
                          "the net would have %lld parameters or more; the file's tensors hold %lld numbers",
                          (long long)(net->params.total + numel), (long long)net->max_params);
    }
    LEBM__TRY(lebm__params_reserve(&net->params, has_weight + has_bias, numel));
    lebm__layer *layers = lebm__grow(net->layers, &net->layer_capacity, net->layer_count, 1, sizeof *layers);
    if (layers == NULL) return LEBM_ERR_NOMEM;
    net->layers = layers;
    layer.weight = layer.bias = -1;
    if (has_weight) layer.weight = net_add_param(net, "weight", ndim, dims);
    if (has_bias) layer.bias = net_add_param(net, "bias", 1, &layer.out.channels);
    layer.first_block = lebm__net_grad_blocks(net);
    net->layers[net->layer_count++] = layer;
    net->out = layer.out;
    lebm__free(atomic_exchange(&net->spec, NULL));
    return LEBM_OK;
}

/* All add functions begin with this, before they look at the net, and end with lebm__handle_yield(). */
static int net_begin_adding(lebm_net *net, const char *function)
{
    int status = LEBM_OK;
    if (net == NULL) return lebm__fail(LEBM_ERR_INVALID, "%s: net is NULL", function);
    LEBM__TRY(lebm__handle_claim(&net->head, function, 0));
    if (lebm__handle_is_held(&net->head, LEBM__MODEL)) {
        status = lebm__fail(LEBM_ERR_STATE, "%s: the net belongs to a prior or generator", function);
    } else if (net->layer_count == MAX_LAYERS) {
        status =
            lebm__fail(LEBM_ERR_RANGE, "%s: the net has %d layers already, which is the most", function, MAX_LAYERS);
    }
    if (status != LEBM_OK) lebm__handle_yield(&net->head, 0);
    return status;
}

static int net_add_linear(lebm_net *net, int64_t out_features, int bias)
{
    LEBM__TRY(lebm__check_range("out_features of linear", out_features, 1, LEBM__MAX_FEATURES));
    if (lebm__pixels(net->out) != 1) {
        return lebm__fail(LEBM_ERR_SHAPE,
                          "linear takes a flat vector, but the layer before gives (%lld, %lld, %lld): "
                          "put \"reshape %lld\" between",
                          (long long)net->out.channels, (long long)net->out.height, (long long)net->out.width,
                          (long long)lebm__numel(net->out));
    }
    const lebm__layer layer = {.kind = &lebm__linear, .in = net->out, .out = {out_features, 1, 1}};
    const int64_t dims[] = {out_features, net->out.channels};
    return net_append(net, layer, 2, dims, bias);
}

int lebm_net_add_linear(lebm_net *net, int64_t out_features, int bias)
{
    LEBM__TRY(net_begin_adding(net, __func__));
    const int status = net_add_linear(net, out_features, bias);
    lebm__handle_yield(&net->head, 0);
    return status;
}

static int net_add_conv_transpose2d(lebm_net *net, int64_t out_channels, int64_t kernel, int64_t stride,
                                    int64_t padding, int bias)
{
    LEBM__TRY(lebm__check_range("out_channels of conv_transpose2d", out_channels, 1, LEBM__MAX_FEATURES));
    LEBM__TRY(lebm__check_range("kernel of conv_transpose2d", kernel, 1, MAX_KERNEL));
    LEBM__TRY(lebm__check_range("stride of conv_transpose2d", stride, 1, MAX_KERNEL));
    LEBM__TRY(lebm__check_range("padding of conv_transpose2d", padding, 0, kernel - 1));
    const lebm__shape in = net->out;
    const lebm__shape out = {out_channels, (in.height - 1) * stride - 2 * padding + kernel,
                             (in.width - 1) * stride - 2 * padding + kernel};
    if (out.height < 1 || out.width < 1) {
        return lebm__fail(LEBM_ERR_SHAPE, "conv_transpose2d would give %lld by %lld pixels", (long long)out.height,
                          (long long)out.width);
    }
    LEBM__TRY(lebm__check_range("numbers of a patch of conv_transpose2d", out_channels * kernel * kernel, 1,
                                LEBM__MAX_NUMEL));
    LEBM__TRY(lebm__check_range("pixels of an image", lebm__pixels(out), 1, LEBM__MAX_NUMEL / out_channels));
    lebm__layer layer = {
        .in = in,
        .out = out,
        .geometry = {in.height, in.width, out.height, out.width, out_channels, kernel, stride, padding}};
    lebm__conv_choose(&layer, net->options.convolution);
    const int64_t dims[] = {in.channels, out_channels, kernel, kernel};
    return net_append(net, layer, 4, dims, bias);
}

int lebm_net_add_conv_transpose2d(lebm_net *net, int64_t out_channels, int64_t kernel, int64_t stride, int64_t padding,
                                  int bias)
{
    LEBM__TRY(net_begin_adding(net, __func__));
    const int status = net_add_conv_transpose2d(net, out_channels, kernel, stride, padding, bias);
    lebm__handle_yield(&net->head, 0);
    return status;
}

static int net_add_reshape(lebm_net *net, int64_t channels, int64_t height, int64_t width)
{
    LEBM__TRY(lebm__check_range("channels of reshape", channels, 1, LEBM__MAX_NUMEL));
    LEBM__TRY(lebm__check_range("height of reshape", height, 1, LEBM__MAX_NUMEL / channels));
    LEBM__TRY(lebm__check_range("width of reshape", width, 1, LEBM__MAX_NUMEL / channels / height));
    const lebm__layer layer = {.kind = &lebm__reshape, .in = net->out, .out = {channels, height, width}};
    if (lebm__numel(layer.in) != lebm__numel(layer.out)) {
        return lebm__fail(LEBM_ERR_SHAPE,
                          "reshape to (%lld, %lld, %lld), but the layer before gives (%lld, %lld, %lld)",
                          (long long)channels, (long long)height, (long long)width, (long long)net->out.channels,
                          (long long)net->out.height, (long long)net->out.width);
    }
    return net_append(net, layer, 0, NULL, 0);
}

int lebm_net_add_reshape(lebm_net *net, int64_t channels, int64_t height, int64_t width)
{
    LEBM__TRY(net_begin_adding(net, __func__));
    const int status = net_add_reshape(net, channels, height, width);
    lebm__handle_yield(&net->head, 0);
    return status;
}

static int net_add_activation(lebm_net *net, const char *kind, double parameter)
{
    lebm__layer layer = {.kind = &lebm__activation_layer, .in = net->out, .out = net->out};
    if (!lebm__activation_find(kind, &layer.activation)) {
        char kinds[LEBM__ERROR_SIZE] = "";
        lebm__activation_list(kinds, sizeof kinds);
        return lebm__fail(LEBM_ERR_UNKNOWN_OPTION, "there is no activation '%.64s'; there are %s", kind, kinds);
    }
    const double max = layer.activation == LEBM__LEAKY_RELU ? 1.0 : 0.0;
    if (!(parameter >= 0.0 && parameter <= max)) {
        return lebm__fail(LEBM_ERR_RANGE, "parameter of %s is %g; allowed are 0 to %g", kind, parameter, max);
    }
    layer.parameter = (float)parameter;
    return net_append(net, layer, 0, NULL, 0);
}

int lebm_net_add_activation(lebm_net *net, const char *kind, double parameter)
{
    LEBM__REQUIRE(net);
    LEBM__REQUIRE(kind);
    LEBM__TRY(net_begin_adding(net, __func__));
    const int status = net_add_activation(net, kind, parameter);
    lebm__handle_yield(&net->head, 0);
    return status;
}
