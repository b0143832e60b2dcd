#include "nn/net.h"

#include <math.h>

#include "core/memory.h"
#include "core/status.h"

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
    lebm__handle_init(&net->head, "net");
    lebm__handle_add_options(&net->head, &lebm__net_table, &net->options);
    net->params.owner = &net->head;
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
    if (lebm__handle_let_go(&net->head, holder)) net_release(net);
}

void lebm_net_destroy(lebm_net *net)
{
    if (net != NULL) lebm__net_let_go(net, LEBM__CALLER);
}

int lebm__net_take(lebm_net *net, const char *function)
{
    LEBM__TRY(lebm__handle_use(&net->head)); /* it must not be growing */
    const int is_ours = lebm__handle_hold(&net->head, LEBM__MODEL);
    lebm__handle_leave(&net->head);
    if (is_ours) return LEBM_OK;
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
