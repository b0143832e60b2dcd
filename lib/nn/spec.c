#include "nn/spec.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/number.h"
#include "core/status.h"
#include "nn/net.h"
#include "nn/spec_item.h"

static int spec_unknown(const char *kind)
{
    char kinds[LEBM__ERROR_SIZE] = "linear, conv_transpose2d, reshape";
    lebm__activation_list(kinds, sizeof kinds);
    return lebm__fail(LEBM_ERR_UNKNOWN_OPTION, "spec: there is no layer '%s'; there are %s", kind, kinds);
}

static int spec_add_layer(lebm_net *net, lebm__spec_words *it)
{
    const char *kind = it->word[0];
    int64_t n[4] = {0};
    if (strcmp(kind, "linear") == 0) {
        const int bias = !lebm__spec_take_flag(it, "nobias");
        LEBM__TRY(lebm__spec_read_numbers(it, 1, 1, n, "expected \"linear OUT [nobias]\""));
        return lebm_net_add_linear(net, n[0], bias);
    }
    if (strcmp(kind, "conv_transpose2d") == 0) {
        const int bias = !lebm__spec_take_flag(it, "nobias");
        LEBM__TRY(
            lebm__spec_read_numbers(it, 4, 4, n, "expected \"conv_transpose2d OUT KERNEL STRIDE PADDING [nobias]\""));
        return lebm_net_add_conv_transpose2d(net, n[0], n[1], n[2], n[3], bias);
    }
    if (strcmp(kind, "reshape") == 0) {
        static const char grammar[] = "expected \"reshape C H W\" or \"reshape N\"";
        if (it->words == 3) return lebm__spec_malformed(it, grammar);
        LEBM__TRY(lebm__spec_read_numbers(it, 1, 3, n, grammar));
        return it->words == 2 ? lebm_net_add_reshape(net, n[0], 1, 1) : lebm_net_add_reshape(net, n[0], n[1], n[2]);
    }
    if (strcmp(kind, LEBM_LEAKY_RELU) == 0) {
        double slope;
        if (it->words != 2 || !lebm__parse_f64(it->word[1], &slope)) {
            return lebm__spec_malformed(it, "expected \"leaky_relu SLOPE\"");
        }
        return lebm_net_add_activation(net, kind, slope);
    }
    lebm__activation activation;
    if (!lebm__activation_find(kind, &activation)) return spec_unknown(kind);
    if (it->words != 1) return lebm__spec_malformed(it, "this layer takes no parameter");
    return lebm_net_add_activation(net, kind, 0.0);
}

int lebm__net_from_spec(lebm_net **out, const char *spec, int64_t max_params)
{
    lebm__spec_words it;
    int64_t in_features;
    *out = NULL;
    LEBM__TRY(lebm__spec_read_item(&spec, &it));
    if (strcmp(it.word[0], "in") != 0) return lebm__spec_malformed(&it, "a spec begins with \"in N\"");
    LEBM__TRY(lebm__spec_read_numbers(&it, 1, 1, &in_features, "expected \"in N\", and ';' between items"));
    lebm_net *net;
    LEBM__TRY(lebm_net_create(&net, in_features));
    net->max_params = max_params;
    int status = LEBM_OK;
    while (lebm__spec_goes_on(&spec) && status == LEBM_OK) {
        status = lebm__spec_read_item(&spec, &it);
        if (status == LEBM_OK) status = spec_add_layer(net, &it);
    }
    if (status != LEBM_OK) {
        lebm_net_destroy(net);
        return status;
    }
    net->max_params = INT64_MAX;
    *out = net;
    return LEBM_OK;
}

int lebm_net_create_from_spec(lebm_net **out, const char *spec)
{
    LEBM__REQUIRE(out);
    *out = NULL;
    LEBM__REQUIRE(spec);
    return lebm__net_from_spec(out, spec, INT64_MAX);
}

int64_t lebm__spec_item(const lebm_net *net, int64_t index, char *text)
{
    if (index == 0) return snprintf(text, LEBM__SPEC_ITEM_SIZE, "in %lld", (long long)net->in.channels);
    const lebm__layer *layer = &net->layers[index - 1];
    const char *bias = layer->bias < 0 ? " nobias" : "";
    const lebm__shape out = layer->out;
    if (layer->kind == &lebm__linear) {
        return snprintf(text, LEBM__SPEC_ITEM_SIZE, "; linear %lld%s", (long long)out.channels, bias);
    }
    if (lebm__is_conv(layer)) {
        return snprintf(text, LEBM__SPEC_ITEM_SIZE, "; conv_transpose2d %lld %lld %lld %lld%s", (long long)out.channels,
                        (long long)layer->geometry.kernel, (long long)layer->geometry.stride,
                        (long long)layer->geometry.padding, bias);
    }
    if (layer->kind == &lebm__reshape && lebm__pixels(out) == 1) {
        return snprintf(text, LEBM__SPEC_ITEM_SIZE, "; reshape %lld", (long long)out.channels);
    }
    if (layer->kind == &lebm__reshape) {
        return snprintf(text, LEBM__SPEC_ITEM_SIZE, "; reshape %lld %lld %lld", (long long)out.channels,
                        (long long)out.height, (long long)out.width);
    }
    if (layer->activation == LEBM__LEAKY_RELU) {
        char slope[LEBM__NUMBER_SIZE];
        lebm__format_f32(layer->parameter, slope);
        return snprintf(text, LEBM__SPEC_ITEM_SIZE, "; leaky_relu %s", slope);
    }
    return snprintf(text, LEBM__SPEC_ITEM_SIZE, "; %s", lebm__activation_name(layer->activation));
}

static char *spec_write(const lebm_net *net)
{
    char *spec = lebm__alloc_raw(net->layer_count + 1, LEBM__SPEC_ITEM_SIZE), *end = spec;
    for (int64_t i = 0; i <= net->layer_count && spec != NULL; i++) end += lebm__spec_item(net, i, end);
    return spec;
}

const char *lebm_net_spec(const lebm_net *net)
{
    if (net == NULL) return NULL;
    lebm_net *cache = (lebm_net *)net; /* what is written says what const promises to keep */
    char *spec = atomic_load(&cache->spec), *first = NULL;
    if (spec != NULL) return spec;
    spec = spec_write(net);
    if (spec == NULL || atomic_compare_exchange_strong(&cache->spec, &first, spec)) return spec;
    lebm__free(spec); /* another thread was first */
    return first;
}
