#include "support/pair.h"

#include "support/approx.h"

void pair_init(struct pair *pair, int64_t in_features)
{
    LEBM_ASSERT_OK(lebm_net_create(&pair->net, in_features));
    ref_net_init(&pair->ref, in_features);
}

void pair_free(struct pair *pair)
{
    lebm_net_destroy(pair->net);
    pair->net = NULL;
    ref_net_free(&pair->ref);
}

void pair_add_linear(struct pair *pair, int64_t out_features, int bias)
{
    LEBM_ASSERT_OK(lebm_net_add_linear(pair->net, out_features, bias));
    ref_net_add_linear(&pair->ref, out_features, bias);
}

void pair_add_conv_transpose2d(struct pair *pair, int64_t out_channels, int64_t kernel, int64_t stride, int64_t padding,
                               int bias)
{
    LEBM_ASSERT_OK(lebm_net_add_conv_transpose2d(pair->net, out_channels, kernel, stride, padding, bias));
    ref_net_add_conv_transpose2d(&pair->ref, out_channels, kernel, stride, padding, bias);
}

void pair_add_reshape(struct pair *pair, int64_t channels, int64_t height, int64_t width)
{
    LEBM_ASSERT_OK(lebm_net_add_reshape(pair->net, channels, height, width));
    ref_net_add_reshape(&pair->ref, channels, height, width);
}

void pair_add_activation(struct pair *pair, const char *kind, double slope)
{
    LEBM_ASSERT_OK(lebm_net_add_activation(pair->net, kind, slope));
    ref_net_add_activation(&pair->ref, pair_kind(kind), slope);
}

enum ref_kind pair_kind(const char *kind)
{
    static const struct {
        const char *name;
        enum ref_kind kind;
    } kinds[] = {
        {LEBM_RELU, REF_RELU},       {LEBM_LEAKY_RELU, REF_LEAKY_RELU},
        {LEBM_GELU, REF_GELU},       {LEBM_SILU, REF_SILU},
        {LEBM_MISH, REF_MISH},       {LEBM_TANH, REF_TANH},
        {LEBM_SIGMOID, REF_SIGMOID}, {LEBM_SOFTPLUS, REF_SOFTPLUS},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kind, kinds[i].name) == 0) return kinds[i].kind;
    ck_abort_msg("the reference has no activation \"%s\"", kind);
    return REF_RELU;
}

void pair_randomise(struct pair *pair, double scale, uint64_t seed)
{
    for (int i = 0; i < pair->ref.count; i++) {
        const struct ref_layer *layer = &pair->ref.layers[i];
        int64_t end = i + 1 < pair->ref.count ? layer[1].weight : pair->ref.param_total;
        double products = (double)layer->in[0]; /* per number of the output, about */
        if (layer->kind == REF_CONV_TRANSPOSE2D)
            products *= fmax(1, (double)(layer->kernel * layer->kernel) / (double)(layer->stride * layer->stride));
        double bound = scale * sqrt(3 / products);
        for (int64_t p = layer->weight; p < end; p++) pair->ref.params[p] = test_uniform(&seed, -bound, bound);
    }
    pair_push(pair);
}

void pair_push(struct pair *pair)
{
    int64_t at = 0;
    ck_assert_int_eq(lebm_net_param_total(pair->net), pair->ref.param_total);
    for (int64_t t = 0; t < lebm_net_param_count(pair->net); t++) {
        int64_t size = lebm_net_param_size(pair->net, t);
        float *values = test_floats(size);
        for (int64_t i = 0; i < size; i++, at++) {
            values[i] = (float)pair->ref.params[at];
            pair->ref.params[at] = (double)values[i];
        }
        LEBM_ASSERT_OK(lebm_net_set_param(pair->net, t, values, size));
        free(values);
    }
    ck_assert_int_eq(at, pair->ref.param_total);
}

void pair_pull(struct pair *pair)
{
    float *params = pair_params(pair->net);
    ck_assert_int_eq(lebm_net_param_total(pair->net), pair->ref.param_total);
    for (int64_t i = 0; i < pair->ref.param_total; i++) pair->ref.params[i] = (double)params[i];
    free(params);
}

float *pair_params(const lebm_net *net)
{
    float *params = test_floats(lebm_net_param_total(net));
    int64_t at = 0;
    for (int64_t t = 0; t < lebm_net_param_count(net); t++) {
        LEBM_ASSERT_OK(lebm_net_get_param(net, t, params + at, lebm_net_param_size(net, t)));
        at += lebm_net_param_size(net, t);
    }
    ck_assert_int_eq(at, lebm_net_param_total(net));
    return params;
}

double *pair_ref_forward(const struct pair *pair, const float *in, int64_t n)
{
    double *rows = test_to_doubles(in, n * pair->ref.in_features);
    double *out = test_doubles(n * pair->ref.out_features);
    for (int64_t i = 0; i < n; i++)
        ref_net_forward(&pair->ref, rows + i * pair->ref.in_features, out + i * pair->ref.out_features);
    free(rows);
    return out;
}

void pair_ref_vjp(const struct pair *pair, const float *in, int64_t n, const float *grad_out, double **grad_in,
                  double **grad_params)
{
    double *rows = test_to_doubles(in, n * pair->ref.in_features);
    double *grad_rows = test_to_doubles(grad_out, n * pair->ref.out_features);
    *grad_in = test_doubles(n * pair->ref.in_features);
    *grad_params = test_doubles(pair->ref.param_total);
    for (int64_t i = 0; i < n; i++)
        ref_net_vjp(&pair->ref, rows + i * pair->ref.in_features, grad_rows + i * pair->ref.out_features,
                    *grad_in + i * pair->ref.in_features, *grad_params);
    free(rows);
    free(grad_rows);
}
