#include "nn/net.h"

#include <math.h>

#include "core/memory.h"
#include "core/status.h"

static const lebm__option option_rows[] = {
    LEBM__OPTION_STR(LEBM_NET_CONVOLUTION, 0, "auto", "auto|direct|filtered", NULL,
                     "how transposed convolutions are computed: directly, by minimal filtering where the kernel is "
                     "twice the stride, or each layer by what is faster"),
};

static const lebm__options table = {"net", option_rows, sizeof option_rows / sizeof *option_rows};

int lebm_net_set_str(lebm_net *net, const char *key, const char *value)
{
    LEBM__REQUIRE(net);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(value);
    LEBM__TRY(lebm__net_claim(net, 0));
    const int status = lebm__options_set_str(&table, &net->options, key, value);
    for (int64_t i = 0; i < net->layer_count && status == LEBM_OK; i++) {
        if (lebm__is_conv(&net->layers[i])) lebm__conv_choose(&net->layers[i], net->options.convolution);
    }
    if (status == LEBM_OK) lebm__params_changed(&net->params);
    lebm__net_yield(net, 0);
    return status;
}

int lebm_net_get_str(const lebm_net *net, const char *key, const char **value)
{
    LEBM__REQUIRE(value);
    *value = NULL;
    LEBM__REQUIRE(net);
    LEBM__REQUIRE(key);
    return lebm__options_get_str(&table, &net->options, key, value);
}

LEBM__DEFINE_OPTION_LISTING(net, &table);

int lebm_net_create(lebm_net **out, int64_t in_features)
{
    LEBM__REQUIRE(out);
    *out = NULL;
    if (in_features < 1 || in_features > LEBM__MAX_FEATURES) {
        return lebm__fail(LEBM_ERR_RANGE, "in_features is %lld; allowed are 1 to %d", (long long)in_features,
                          LEBM__MAX_FEATURES);
    }
    lebm_net *net = lebm__alloc(1, sizeof *net);
    if (net == NULL) return LEBM_ERR_NOMEM;
    net->in = net->out = (lebm__shape){in_features, 1, 1};
    net->max_params = INT64_MAX;
    net->params.owner = "net";
    net->holders = LEBM__CALLER;
    lebm__options_reset(&table, &net->options);
    pthread_mutex_init(&net->packing, NULL);
    *out = net;
    return LEBM_OK;
}

static void net_release(lebm_net *net)
{
    for (int64_t i = 0; i < net->layer_count; i++) {
        lebm__matrix_free(&net->layers[i].weight_matrix[0]);
        lebm__matrix_free(&net->layers[i].weight_matrix[1]);
    }
    pthread_mutex_destroy(&net->packing);
    lebm__free(net->layers);
    lebm__params_release(&net->params);
    lebm__free(net->spec);
    lebm__free(net);
}

void lebm__net_let_go(lebm_net *net, lebm__holder holder)
{
    if (atomic_fetch_and(&net->holders, ~(int)holder) == (int)holder) net_release(net);
}

void lebm_net_destroy(lebm_net *net)
{
    if (net != NULL) lebm__net_let_go(net, LEBM__CALLER);
}

int lebm__net_take(lebm_net *net, const char *function)
{
    LEBM__TRY(lebm__net_use(net)); /* it must not be growing */
    const int before = atomic_fetch_or(&net->holders, LEBM__MODEL);
    lebm__net_leave(net);
    if ((before & LEBM__MODEL) == 0) return LEBM_OK;
    return lebm__fail(LEBM_ERR_STATE, "%s: the net belongs to another prior or generator", function);
}

int64_t lebm_net_layer_count(const lebm_net *net)
{
    return net == NULL ? 0 : net->layer_count;
}

const char *lebm_net_layer_form(const lebm_net *net, int64_t index)
{
    return net == NULL || index < 0 || index >= net->layer_count ? NULL : net->layers[index].kind->algorithm;
}

int64_t lebm_net_in_features(const lebm_net *net)
{
    return net == NULL ? 0 : lebm__numel(net->in);
}

int64_t lebm_net_out_features(const lebm_net *net)
{
    return net == NULL ? 0 : lebm__numel(net->out);
}

int lebm_net_out_shape(const lebm_net *net, int64_t *chw)
{
    LEBM__REQUIRE(net);
    LEBM__REQUIRE(chw);
    chw[0] = net->out.channels;
    chw[1] = net->out.height;
    chw[2] = net->out.width;
    return LEBM_OK;
}

void lebm__net_out_range(const lebm_net *net, double *low, double *high)
{
    int64_t last = net->layer_count - 1;
    while (last >= 0 && net->layers[last].kind == &lebm__reshape) last--;
    *low = -INFINITY;
    *high = INFINITY;
    if (last < 0 || net->layers[last].kind != &lebm__activation_layer) return;
    lebm__activation_range(net->layers[last].activation, low, high);
}

double lebm__net_work(const lebm_net *net)
{
    double sum = (double)lebm__numel(net->in);
    for (int64_t i = 0; i < net->layer_count; i++) {
        const lebm__layer *layer = &net->layers[i];
        if (layer->weight < 0) {
            sum += (double)lebm__numel(layer->out);
        } else {
            const int64_t of_each = lebm__is_conv(layer) ? lebm__patch_size(layer) : layer->out.channels;
            sum += (double)lebm__numel(layer->in) * (double)of_each;
        }
    }
    return sum;
}

int lebm__net_use(const lebm_net *net)
{
    return lebm__params_use(&net->params);
}

void lebm__net_leave(const lebm_net *net)
{
    lebm__params_leave(&net->params);
}

int lebm__net_claim(lebm_net *net, int own_uses)
{
    return lebm__params_claim(&net->params, own_uses);
}

void lebm__net_yield(lebm_net *net, int own_uses)
{
    lebm__params_yield(&net->params, own_uses);
}
