#include "ref/ref.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t volume(const int64_t shape[3])
{
    return shape[0] * shape[1] * shape[2];
}

static double *alloc_doubles(int64_t count)
{
    double *values = calloc(count > 0 ? (size_t)count : 1, sizeof *values);
    if (!values) abort();
    return values;
}

void ref_net_init(struct ref_net *net, int64_t in_features)
{
    memset(net, 0, sizeof *net);
    net->in_features = in_features;
    net->out_features = in_features;
    net->out[0] = in_features;
    net->out[1] = net->out[2] = 1;
}

void ref_net_free(struct ref_net *net)
{
    free(net->params);
    memset(net, 0, sizeof *net);
}

/* Appends a layer and makes room for its parameters, zero at first. */
static struct ref_layer *append(struct ref_net *net, enum ref_kind kind, int64_t c, int64_t h, int64_t w,
                                int64_t param_count)
{
    if (net->count == REF_MAX_LAYERS) abort();
    struct ref_layer *layer = &net->layers[net->count++];
    layer->kind = kind;
    memcpy(layer->in, net->out, sizeof layer->in);
    net->out[0] = layer->out[0] = c;
    net->out[1] = layer->out[1] = h;
    net->out[2] = layer->out[2] = w;
    net->out_features = volume(net->out);
    layer->weight = net->param_total;

    double *params = alloc_doubles(net->param_total + param_count);
    if (net->params) memcpy(params, net->params, (size_t)net->param_total * sizeof *params);
    free(net->params);
    net->params = params;
    net->param_total += param_count;
    return layer;
}

void ref_net_add_linear(struct ref_net *net, int64_t out_features, int bias)
{
    int64_t in_features = net->out_features;
    append(net, REF_LINEAR, out_features, 1, 1, out_features * in_features + (bias ? out_features : 0))->bias = bias;
}

void ref_net_add_conv_transpose2d(struct ref_net *net, int64_t out_channels, int64_t kernel, int64_t stride,
                                  int64_t padding, int bias)
{
    int64_t height = (net->out[1] - 1) * stride - 2 * padding + kernel;
    int64_t width = (net->out[2] - 1) * stride - 2 * padding + kernel;
    int64_t param_count = net->out[0] * out_channels * kernel * kernel + (bias ? out_channels : 0);
    struct ref_layer *layer = append(net, REF_CONV_TRANSPOSE2D, out_channels, height, width, param_count);
    layer->kernel = kernel;
    layer->stride = stride;
    layer->padding = padding;
    layer->bias = bias;
}

void ref_net_add_reshape(struct ref_net *net, int64_t channels, int64_t height, int64_t width)
{
    append(net, REF_RESHAPE, channels, height, width, 0);
}

void ref_net_add_activation(struct ref_net *net, enum ref_kind kind, double slope)
{
    append(net, kind, net->out[0], net->out[1], net->out[2], 0)->slope = slope;
}

int64_t ref_least_size(int64_t kernel, int64_t stride, int64_t padding)
{
    const int64_t missing = 2 * padding + 1 - kernel;
    return missing <= 0 ? 1 : 1 + (missing + stride - 1) / stride;
}

static enum ref_kind activation_by_name(const char *name)
{
    static const char *const names[] = {"relu", "leaky_relu", "gelu", "silu", "mish", "tanh", "sigmoid", "softplus"};
    for (int i = 0; i < 8; i++)
        if (strcmp(name, names[i]) == 0) return (enum ref_kind)(REF_RELU + i);
    abort();
}

void ref_net_add_spec(struct ref_net *net, const char *spec)
{
    for (const char *item = spec; item; item = strchr(item, ';')) {
        char name[32], last[32] = "";
        long long v[4] = {0, 0, 0, 0};
        double slope = 0;
        item += strspn(item, "; ");
        if (sscanf(item, "%31[a-z_0-9]", name) != 1) abort();
        const char *numbers = item + strlen(name);
        if (strcmp(name, "in") == 0) {
            if (sscanf(numbers, "%lld", v) != 1 || v[0] != net->out_features) abort();
        } else if (strcmp(name, "linear") == 0) {
            if (sscanf(numbers, "%lld %31[a-z]", v, last) < 1) abort();
            ref_net_add_linear(net, v[0], strcmp(last, "nobias") != 0);
        } else if (strcmp(name, "conv_transpose2d") == 0) {
            if (sscanf(numbers, "%lld %lld %lld %lld %31[a-z]", v, v + 1, v + 2, v + 3, last) < 4) abort();
            ref_net_add_conv_transpose2d(net, v[0], v[1], v[2], v[3], strcmp(last, "nobias") != 0);
        } else if (strcmp(name, "reshape") == 0) {
            v[1] = v[2] = 1;
            if (sscanf(numbers, "%lld %lld %lld", v, v + 1, v + 2) < 1) abort();
            ref_net_add_reshape(net, v[0], v[1], v[2]);
        } else {
            sscanf(numbers, "%lf", &slope);
            ref_net_add_activation(net, activation_by_name(name), slope);
        }
    }
}

/* ---- activations ---- */

static double sigmoid(double x)
{
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

static double softplus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static double normal_cdf(double x)
{
    return 0.5 * erfc(-x / sqrt(2.0));
}

static double normal_pdf(double x)
{
    return exp(-x * x / 2) / sqrt(8 * atan(1.0));
}

double ref_activation(enum ref_kind kind, double slope, double x)
{
    switch (kind) {
    case REF_RELU:
        return x > 0 ? x : 0;
    case REF_LEAKY_RELU:
        return x > 0 ? x : slope * x;
    case REF_GELU:
        return x * normal_cdf(x);
    case REF_SILU:
        return x * sigmoid(x);
    case REF_MISH:
        return x * tanh(softplus(x));
    case REF_TANH:
        return tanh(x);
    case REF_SIGMOID:
        return sigmoid(x);
    case REF_SOFTPLUS:
        return softplus(x);
    default:
        abort();
    }
}

double ref_activation_slope(enum ref_kind kind, double slope, double x)
{
    double t;
    switch (kind) {
    case REF_RELU: /* at 0, PyTorch takes the slope of the negative side */
        return x > 0 ? 1 : 0;
    case REF_LEAKY_RELU:
        return x > 0 ? 1 : slope;
    case REF_GELU:
        return normal_cdf(x) + x * normal_pdf(x);
    case REF_SILU:
        return sigmoid(x) * (1 + x * (1 - sigmoid(x)));
    case REF_MISH:
        t = tanh(softplus(x));
        return t + x * (1 - t * t) * sigmoid(x);
    case REF_TANH:
        t = tanh(x);
        return 1 - t * t;
    case REF_SIGMOID:
        return sigmoid(x) * sigmoid(-x);
    case REF_SOFTPLUS:
        return sigmoid(x);
    default:
        abort();
    }
}

/* ---- layers, forward and backward ---- */

static void linear_forward(const struct ref_layer *layer, const double *params, const double *in, double *out)
{
    int64_t in_count = volume(layer->in);
    int64_t out_count = layer->out[0];
    const double *weight = params + layer->weight;
    const double *bias = weight + out_count * in_count;
    for (int64_t o = 0; o < out_count; o++) {
        out[o] = layer->bias ? bias[o] : 0;
        for (int64_t i = 0; i < in_count; i++) out[o] += weight[o * in_count + i] * in[i];
    }
}

static void linear_backward(const struct ref_layer *layer, const double *params, const double *in,
                            const double *grad_out, double *grad_in, double *grad_params)
{
    int64_t in_count = volume(layer->in);
    int64_t out_count = layer->out[0];
    const double *weight = params + layer->weight;
    for (int64_t i = 0; i < in_count; i++) {
        grad_in[i] = 0;
        for (int64_t o = 0; o < out_count; o++) grad_in[i] += weight[o * in_count + i] * grad_out[o];
    }
    if (!grad_params) return;
    double *grad_weight = grad_params + layer->weight;
    double *grad_bias = grad_weight + out_count * in_count;
    for (int64_t o = 0; o < out_count; o++) {
        for (int64_t i = 0; i < in_count; i++) grad_weight[o * in_count + i] += grad_out[o] * in[i];
        if (layer->bias) grad_bias[o] += grad_out[o];
    }
}

/* The definition: out[o, y stride - padding + ky, x stride - padding + kx] += in[c, y, x] weight[c, o, ky, kx]. Calls
 * the three arrays' indices for each product that lies inside the output. */
struct product {
    int64_t in, out, weight;
};

static int conv_product(const struct ref_layer *l, int64_t c, int64_t y, int64_t x, int64_t o, int64_t ky, int64_t kx,
                        struct product *at)
{
    int64_t out_y = y * l->stride - l->padding + ky;
    int64_t out_x = x * l->stride - l->padding + kx;
    if (out_y < 0 || out_y >= l->out[1] || out_x < 0 || out_x >= l->out[2]) return 0;
    at->in = (c * l->in[1] + y) * l->in[2] + x;
    at->out = (o * l->out[1] + out_y) * l->out[2] + out_x;
    at->weight = ((c * l->out[0] + o) * l->kernel + ky) * l->kernel + kx;
    return 1;
}

#define FOR_EACH_CONV_PRODUCT(l)                                                                                       \
    for (int64_t c = 0; c < (l)->in[0]; c++)                                                                           \
        for (int64_t y = 0; y < (l)->in[1]; y++)                                                                       \
            for (int64_t x = 0; x < (l)->in[2]; x++)                                                                   \
                for (int64_t o = 0; o < (l)->out[0]; o++)                                                              \
                    for (int64_t ky = 0; ky < (l)->kernel; ky++)                                                       \
                        for (int64_t kx = 0; kx < (l)->kernel; kx++)                                                   \
                            if (conv_product((l), c, y, x, o, ky, kx, &at))

static void conv_forward(const struct ref_layer *layer, const double *params, const double *in, double *out)
{
    const double *weight = params + layer->weight;
    const double *bias = weight + layer->in[0] * layer->out[0] * layer->kernel * layer->kernel;
    int64_t pixels = layer->out[1] * layer->out[2];
    for (int64_t o = 0; o < layer->out[0]; o++)
        for (int64_t p = 0; p < pixels; p++) out[o * pixels + p] = layer->bias ? bias[o] : 0;
    struct product at;
    FOR_EACH_CONV_PRODUCT(layer) out[at.out] += in[at.in] * weight[at.weight];
}

static void conv_backward(const struct ref_layer *layer, const double *params, const double *in, const double *grad_out,
                          double *grad_in, double *grad_params)
{
    const double *weight = params + layer->weight;
    int64_t in_count = volume(layer->in);
    for (int64_t i = 0; i < in_count; i++) grad_in[i] = 0;
    struct product at;
    FOR_EACH_CONV_PRODUCT(layer) grad_in[at.in] += grad_out[at.out] * weight[at.weight];
    if (!grad_params) return;

    double *grad_weight = grad_params + layer->weight;
    FOR_EACH_CONV_PRODUCT(layer) grad_weight[at.weight] += grad_out[at.out] * in[at.in];
    if (!layer->bias) return;
    double *grad_bias = grad_weight + layer->in[0] * layer->out[0] * layer->kernel * layer->kernel;
    int64_t pixels = layer->out[1] * layer->out[2];
    for (int64_t o = 0; o < layer->out[0]; o++)
        for (int64_t p = 0; p < pixels; p++) grad_bias[o] += grad_out[o * pixels + p];
}

static void layer_forward(const struct ref_layer *layer, const double *params, const double *in, double *out)
{
    if (layer->kind == REF_LINEAR) {
        linear_forward(layer, params, in, out);
    } else if (layer->kind == REF_CONV_TRANSPOSE2D) {
        conv_forward(layer, params, in, out);
    } else if (layer->kind == REF_RESHAPE) {
        memcpy(out, in, (size_t)volume(layer->out) * sizeof *out);
    } else {
        for (int64_t i = 0; i < volume(layer->out); i++) out[i] = ref_activation(layer->kind, layer->slope, in[i]);
    }
}

static void layer_backward(const struct ref_layer *layer, const double *params, const double *in,
                           const double *grad_out, double *grad_in, double *grad_params)
{
    if (layer->kind == REF_LINEAR) {
        linear_backward(layer, params, in, grad_out, grad_in, grad_params);
    } else if (layer->kind == REF_CONV_TRANSPOSE2D) {
        conv_backward(layer, params, in, grad_out, grad_in, grad_params);
    } else if (layer->kind == REF_RESHAPE) {
        memcpy(grad_in, grad_out, (size_t)volume(layer->in) * sizeof *grad_in);
    } else {
        for (int64_t i = 0; i < volume(layer->in); i++)
            grad_in[i] = grad_out[i] * ref_activation_slope(layer->kind, layer->slope, in[i]);
    }
}

/* The inputs of all layers and the output of the last: count + 1 arrays. */
static void all_values(const struct ref_net *net, const double *in, double *values[REF_MAX_LAYERS + 1])
{
    values[0] = alloc_doubles(net->in_features);
    memcpy(values[0], in, (size_t)net->in_features * sizeof *in);
    for (int i = 0; i < net->count; i++) {
        values[i + 1] = alloc_doubles(volume(net->layers[i].out));
        layer_forward(&net->layers[i], net->params, values[i], values[i + 1]);
    }
}

void ref_net_forward(const struct ref_net *net, const double *in, double *out)
{
    double *values[REF_MAX_LAYERS + 1];
    all_values(net, in, values);
    memcpy(out, values[net->count], (size_t)net->out_features * sizeof *out);
    for (int i = 0; i <= net->count; i++) free(values[i]);
}

void ref_net_vjp(const struct ref_net *net, const double *in, const double *grad_out, double *grad_in,
                 double *grad_params)
{
    double *values[REF_MAX_LAYERS + 1];
    all_values(net, in, values);
    double *grad = alloc_doubles(net->out_features);
    memcpy(grad, grad_out, (size_t)net->out_features * sizeof *grad);
    for (int i = net->count - 1; i >= 0; i--) {
        double *before = alloc_doubles(volume(net->layers[i].in));
        layer_backward(&net->layers[i], net->params, values[i], grad, before, grad_params);
        free(grad);
        grad = before;
    }
    if (grad_in) memcpy(grad_in, grad, (size_t)net->in_features * sizeof *grad_in);
    free(grad);
    for (int i = 0; i <= net->count; i++) free(values[i]);
}

double ref_net_bend(const struct ref_net *net, const double *in)
{
    double *values[REF_MAX_LAYERS + 1], nearest = INFINITY;
    all_values(net, in, values);
    for (int i = 0; i < net->count; i++) {
        const struct ref_layer *layer = &net->layers[i];
        if (layer->kind != REF_RELU && layer->kind != REF_LEAKY_RELU) continue;
        for (int64_t j = 0; j < volume(layer->in); j++) nearest = fmin(nearest, fabs(values[i][j]));
    }
    for (int i = 0; i <= net->count; i++) free(values[i]);
    return nearest;
}
