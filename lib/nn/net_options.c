/* The options of a net. */
#include "core/status.h"
#include "nn/net.h"

static const lebm__option option_rows[] = {
    LEBM__OPTION_STR(LEBM_NET_CONVOLUTION, 0, "auto", "auto|direct|filtered", NULL,
                     "how transposed convolutions are computed: directly, by minimal filtering where the kernel is "
                     "twice the stride, or each layer by what is faster"),
};

const lebm__options lebm__net_table = {option_rows, sizeof option_rows / sizeof *option_rows,
                                       sizeof((lebm_net *)NULL)->options};

int lebm_net_set_str(lebm_net *net, const char *key, const char *value)
{
    LEBM__REQUIRE(net);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(value);
    LEBM__TRY(lebm__handle_claim(&net->head, __func__, 0));
    const int status = lebm__handle_put_str(&net->head, key, value);
    for (int64_t i = 0; i < net->layer_count && status == LEBM_OK; i++) {
        if (lebm__is_conv(&net->layers[i])) lebm__conv_choose(&net->layers[i], net->options.convolution);
    }
    if (status == LEBM_OK) lebm__params_changed(&net->params);
    lebm__handle_yield(&net->head, 0);
    return status;
}

int lebm_net_get_str(const lebm_net *net, const char *key, const char **value)
{
    LEBM__REQUIRE(value);
    *value = NULL;
    LEBM__REQUIRE(net);
    LEBM__REQUIRE(key);
    return lebm__handle_get_str(&net->head, key, value);
}

int64_t lebm_net_option_count(const lebm_net *net)
{
    return net == NULL ? 0 : lebm__handle_option_count(&net->head);
}

const char *lebm_net_option_key(const lebm_net *net, int64_t index)
{
    return net == NULL ? NULL : lebm__handle_option_key(&net->head, index);
}

const char *lebm_net_option_type(const lebm_net *net, const char *key)
{
    return net == NULL ? NULL : lebm__handle_option_type(&net->head, key);
}

const char *lebm_net_option_help(const lebm_net *net, const char *key)
{
    return net == NULL ? NULL : lebm__handle_option_help(&net->head, key);
}

const char *lebm_net_option_choices(const lebm_net *net, const char *key)
{
    return net == NULL ? NULL : lebm__handle_option_choices(&net->head, key);
}
