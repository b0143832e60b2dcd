/* The public functions for a net's parameters. */
#include "core/status.h"
#include "core/text.h"
#include "nn/net.h"
#include "nn/spec.h"

int64_t lebm_net_param_count(const lebm_net *net)
{
    return net == NULL ? 0 : net->params.count;
}

int64_t lebm_net_param_total(const lebm_net *net)
{
    return net == NULL ? 0 : net->params.total;
}

int64_t lebm_net_param_size(const lebm_net *net, int64_t index)
{
    return net == NULL ? 0 : lebm__params_size(&net->params, index);
}

const char *lebm_net_param_name(const lebm_net *net, int64_t index)
{
    return net == NULL ? NULL : lebm__params_name(&net->params, index);
}

int64_t lebm_net_param_ndim(const lebm_net *net, int64_t index)
{
    return net == NULL ? 0 : lebm__params_ndim(&net->params, index);
}

int64_t lebm_net_param_dim(const lebm_net *net, int64_t index, int64_t axis)
{
    return net == NULL ? 0 : lebm__params_dim(&net->params, index, axis);
}

int lebm_net_get_param(const lebm_net *net, int64_t index, float *dst, int64_t count)
{
    LEBM__REQUIRE(net);
    LEBM__REQUIRE(dst);
    return lebm__params_get(&net->params, index, dst, count);
}

int lebm_net_set_param(lebm_net *net, int64_t index, const float *src, int64_t count)
{
    LEBM__REQUIRE(net);
    LEBM__REQUIRE(src);
    return lebm__params_set(&net->params, __func__, index, src, count);
}

uint64_t lebm__net_stream(const lebm_net *net)
{
    uint64_t hash = LEBM__HASH_START;
    for (int64_t i = 0; i <= net->layer_count; i++) {
        char item[LEBM__SPEC_ITEM_SIZE];
        hash = lebm__hash_text(hash, item, lebm__spec_item(net, i, item));
    }
    return hash;
}

int lebm_net_init(lebm_net *net, const char *scheme, uint64_t seed)
{
    LEBM__REQUIRE(net);
    LEBM__REQUIRE(scheme);
    LEBM__TRY(lebm__handle_claim(&net->head, __func__, 0));
    const int status = lebm__params_init(&net->params, scheme, seed, lebm__net_stream(net));
    lebm__handle_yield(&net->head, 0);
    return status;
}
