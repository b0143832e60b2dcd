#include "nn/net.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "nn/spec.h"

enum {
    MOST_FEATURES = 1 << 24, /* of a flat vector or of an image's channels */
    MOST_KERNEL = 64,
    MOST_LAYERS = 1024 /* of a hostile spec, too */
};

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
    if (status == LEBM_OK) lebm__net_changed(net);
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

int64_t lebm_net_layer_count(const lebm_net *net)
{
    return net == NULL ? 0 : net->layer_count;
}

const char *lebm_net_layer_form(const lebm_net *net, int64_t index)
{
    return net == NULL || index < 0 || index >= net->layer_count ? NULL : net->layers[index].kind->algorithm;
}

int lebm_net_create(lebm_net **out, int64_t in_features)
{
    LEBM__REQUIRE(out);
    *out = NULL;
    if (in_features < 1 || in_features > MOST_FEATURES) {
        return lebm__fail(LEBM_ERR_RANGE, "in_features is %lld; allowed are 1 to %d", (long long)in_features,
                          MOST_FEATURES);
    }
    lebm_net *net = lebm__alloc(1, sizeof *net);
    if (net == NULL) return LEBM_ERR_NOMEM;
    net->in = net->out = (lebm__shape){in_features, 1, 1};
    net->most_params = INT64_MAX;
    net->holders = LEBM__CALLER;
    lebm__options_reset(&table, &net->options);
    pthread_mutex_init(&net->packing, NULL);
    net->spec = lebm__alloc_raw(LEBM__SPEC_ITEM_SIZE, 1);
    if (net->spec == NULL) {
        lebm_net_destroy(net);
        return LEBM_ERR_NOMEM;
    }
    net->spec_room = LEBM__SPEC_ITEM_SIZE;
    net->spec_length = lebm__spec_begin(net, net->spec);
    *out = net;
    return LEBM_OK;
}

static void release(lebm_net *net)
{
    for (int64_t i = 0; i < net->layer_count; i++) {
        lebm__matrix_free(&net->layers[i].weight_matrix[0]);
        lebm__matrix_free(&net->layers[i].weight_matrix[1]);
    }
    pthread_mutex_destroy(&net->packing);
    lebm__free(net->layers);
    lebm__free(net->params);
    lebm__free(net->param_list);
    lebm__free(net->spec);
    lebm__free(net);
}

void lebm__net_let_go(lebm_net *net, lebm__holder holder)
{
    if (atomic_fetch_and(&net->holders, ~(int)holder) == (int)holder) release(net);
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

/* A tensor that begins where `offset` says, for the layer at `index`. */
static lebm__param param_of(int64_t index, const char *name, int64_t offset, int64_t ndim, const int64_t *dims)
{
    lebm__param param = {.offset = offset, .size = 1, .ndim = ndim};
    for (int64_t i = 0; i < ndim; i++) {
        param.dims[i] = dims[i];
        param.size *= dims[i];
    }
    snprintf(param.name, sizeof param.name, "%lld.%s", (long long)index, name);
    return param;
}

/* The array, or a longer copy in its place, with room for `more` behind its `count`; NULL, and the array as it was, if
 * there is no memory. It grows by half, so that a net of many layers is not copied for each of them. */
static void *make_room(void *array, int64_t *room, int64_t count, int64_t more, int64_t size)
{
    const int64_t enough = count + more, grown = count + count / 2, wanted = enough > grown ? enough : grown;
    if (array != NULL && enough <= *room) return array;
    void *copy = lebm__alloc_raw(wanted, size);
    if (copy == NULL) return NULL;
    if (array != NULL) memcpy(copy, array, (size_t)(count * size));
    lebm__free(array);
    *room = wanted;
    return copy;
}

/* Room for a layer with so many parameter tensors of so many numbers. */
static int reserve(lebm_net *net, int64_t tensors, int64_t numbers)
{
    lebm__layer *layers = make_room(net->layers, &net->layer_room, net->layer_count, 1, sizeof *layers);
    if (layers == NULL) return LEBM_ERR_NOMEM;
    net->layers = layers;
    float *params = make_room(net->params, &net->param_room, net->param_total, numbers, sizeof *params);
    if (params == NULL) return LEBM_ERR_NOMEM;
    net->params = params;
    lebm__param *list = make_room(net->param_list, &net->param_list_room, net->param_count, tensors, sizeof *list);
    if (list == NULL) return LEBM_ERR_NOMEM;
    net->param_list = list;
    char *spec = make_room(net->spec, &net->spec_room, net->spec_length, LEBM__SPEC_ITEM_SIZE, 1);
    if (spec == NULL) return LEBM_ERR_NOMEM;
    net->spec = spec;
    return LEBM_OK;
}

/* Append a layer with its weight, if it has one, of these dimensions. There is room for all of it before the net is
 * changed. */
static int append(lebm_net *net, lebm__layer layer, int64_t ndim, const int64_t *dims, int bias)
{
    lebm__param params[2];
    int64_t count = 0, numbers = 0;
    layer.weight = layer.bias = -1;
    if (ndim > 0) {
        params[count] = param_of(net->layer_count, "weight", net->param_total, ndim, dims);
        layer.weight = params[count].offset;
        numbers += params[count++].size;
        if (bias) {
            params[count] = param_of(net->layer_count, "bias", net->param_total + numbers, 1, &layer.out.channels);
            layer.bias = params[count].offset;
            numbers += params[count++].size;
        }
    }
    if (numbers > net->most_params - net->param_total) {
        return lebm__fail(LEBM_ERR_SHAPE,
                          "the net would have %lld parameters or more; the file's tensors hold %lld numbers",
                          (long long)(net->param_total + numbers), (long long)net->most_params);
    }
    LEBM__TRY(reserve(net, count, numbers));
    net->layers[net->layer_count++] = layer;
    for (int64_t i = 0; i < count; i++) net->param_list[net->param_count++] = params[i];
    memset(net->params + net->param_total, 0, (size_t)numbers * sizeof *net->params);
    net->param_total += numbers;
    net->spec_length += lebm__spec_add(&layer, net->spec + net->spec_length);
    net->out = layer.out;
    lebm__net_changed(net);
    return LEBM_OK;
}

/* All add functions begin with this, before they look at the net, and end with lebm__net_yield(). */
static int begin_adding(lebm_net *net, const char *function)
{
    int status = LEBM_OK;
    if (net == NULL) return lebm__fail(LEBM_ERR_INVALID, "%s: net is NULL", function);
    LEBM__TRY(lebm__net_claim(net, 0));
    if (atomic_load(&net->holders) & LEBM__MODEL) {
        status = lebm__fail(LEBM_ERR_STATE, "%s: the net belongs to a prior or generator", function);
    } else if (net->layer_count == MOST_LAYERS) {
        status =
            lebm__fail(LEBM_ERR_RANGE, "%s: the net has %d layers already, which is the most", function, MOST_LAYERS);
    }
    if (status != LEBM_OK) lebm__net_yield(net, 0);
    return status;
}

static int add_linear(lebm_net *net, int64_t out_features, int bias)
{
    LEBM__TRY(lebm__check_range("out_features of linear", out_features, 1, MOST_FEATURES));
    if (lebm__pixels(net->out) != 1) {
        return lebm__fail(LEBM_ERR_SHAPE,
                          "linear takes a flat vector, but the layer before gives (%lld, %lld, %lld): "
                          "put \"reshape %lld\" between",
                          (long long)net->out.channels, (long long)net->out.height, (long long)net->out.width,
                          (long long)lebm__numel(net->out));
    }
    const lebm__layer layer = {.kind = &lebm__linear, .in = net->out, .out = {out_features, 1, 1}};
    const int64_t dims[] = {out_features, net->out.channels};
    return append(net, layer, 2, dims, bias);
}

int lebm_net_add_linear(lebm_net *net, int64_t out_features, int bias)
{
    LEBM__TRY(begin_adding(net, __func__));
    const int status = add_linear(net, out_features, bias);
    lebm__net_yield(net, 0);
    return status;
}

static int add_conv_transpose2d(lebm_net *net, int64_t out_channels, int64_t kernel, int64_t stride, int64_t padding,
                                int bias)
{
    LEBM__TRY(lebm__check_range("out_channels of conv_transpose2d", out_channels, 1, MOST_FEATURES));
    LEBM__TRY(lebm__check_range("kernel of conv_transpose2d", kernel, 1, MOST_KERNEL));
    LEBM__TRY(lebm__check_range("stride of conv_transpose2d", stride, 1, MOST_KERNEL));
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
    return append(net, layer, 4, dims, bias);
}

int lebm_net_add_conv_transpose2d(lebm_net *net, int64_t out_channels, int64_t kernel, int64_t stride, int64_t padding,
                                  int bias)
{
    LEBM__TRY(begin_adding(net, __func__));
    const int status = add_conv_transpose2d(net, out_channels, kernel, stride, padding, bias);
    lebm__net_yield(net, 0);
    return status;
}

static int add_reshape(lebm_net *net, int64_t channels, int64_t height, int64_t width)
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
    return append(net, layer, 0, NULL, 0);
}

int lebm_net_add_reshape(lebm_net *net, int64_t channels, int64_t height, int64_t width)
{
    LEBM__TRY(begin_adding(net, __func__));
    const int status = add_reshape(net, channels, height, width);
    lebm__net_yield(net, 0);
    return status;
}

static int add_activation(lebm_net *net, const char *kind, double parameter)
{
    lebm__layer layer = {.kind = &lebm__activation_layer, .in = net->out, .out = net->out};
    if (!lebm__activation_find(kind, &layer.activation)) {
        char kinds[LEBM__ERROR_SIZE] = "";
        lebm__activation_list(kinds, sizeof kinds);
        return lebm__fail(LEBM_ERR_UNKNOWN_OPTION, "there is no activation '%.64s'; there are %s", kind, kinds);
    }
    const double most = layer.activation == LEBM__LEAKY_RELU ? 1.0 : 0.0;
    if (!(parameter >= 0.0 && parameter <= most)) {
        return lebm__fail(LEBM_ERR_RANGE, "parameter of %s is %g; allowed are 0 to %g", kind, parameter, most);
    }
    layer.parameter = (float)parameter;
    return append(net, layer, 0, NULL, 0);
}

int lebm_net_add_activation(lebm_net *net, const char *kind, double parameter)
{
    LEBM__REQUIRE(net);
    LEBM__REQUIRE(kind);
    LEBM__TRY(begin_adding(net, __func__));
    const int status = add_activation(net, kind, parameter);
    lebm__net_yield(net, 0);
    return status;
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

const char *lebm_net_spec(const lebm_net *net)
{
    return net == NULL ? NULL : net->spec;
}

int64_t lebm_net_param_count(const lebm_net *net)
{
    return net == NULL ? 0 : net->param_count;
}

int64_t lebm_net_param_total(const lebm_net *net)
{
    return net == NULL ? 0 : net->param_total;
}

static const lebm__param *find(const lebm_net *net, int64_t index)
{
    return net == NULL || index < 0 || index >= net->param_count ? NULL : &net->param_list[index];
}

int64_t lebm_net_param_size(const lebm_net *net, int64_t index)
{
    const lebm__param *param = find(net, index);
    return param == NULL ? 0 : param->size;
}

const char *lebm_net_param_name(const lebm_net *net, int64_t index)
{
    const lebm__param *param = find(net, index);
    return param == NULL ? NULL : param->name;
}

int64_t lebm_net_param_ndim(const lebm_net *net, int64_t index)
{
    const lebm__param *param = find(net, index);
    return param == NULL ? 0 : param->ndim;
}

int64_t lebm_net_param_dim(const lebm_net *net, int64_t index, int64_t axis)
{
    const lebm__param *param = find(net, index);
    return param == NULL || axis < 0 || axis >= param->ndim ? 0 : param->dims[axis];
}

/* The tensor that get and set mean. */
static int find_for_copy(const lebm_net *net, int64_t index, int64_t count, const lebm__param **param)
{
    *param = find(net, index);
    if (*param == NULL) {
        return lebm__fail(LEBM_ERR_RANGE, "index is %lld; the net has %lld parameter tensors", (long long)index,
                          (long long)net->param_count);
    }
    if (count != (*param)->size) {
        return lebm__fail(LEBM_ERR_SHAPE, "count is %lld; tensor %s has %lld numbers", (long long)count, (*param)->name,
                          (long long)(*param)->size);
    }
    return LEBM_OK;
}

int lebm_net_get_param(const lebm_net *net, int64_t index, float *dst, int64_t count)
{
    LEBM__REQUIRE(net);
    LEBM__REQUIRE(dst);
    const lebm__param *param;
    LEBM__TRY(find_for_copy(net, index, count, &param));
    LEBM__TRY(lebm__net_use(net));
    memcpy(dst, net->params + param->offset, (size_t)count * sizeof *dst);
    lebm__net_leave(net);
    return LEBM_OK;
}

int lebm_net_set_param(lebm_net *net, int64_t index, const float *src, int64_t count)
{
    LEBM__REQUIRE(net);
    LEBM__REQUIRE(src);
    const lebm__param *param;
    LEBM__TRY(find_for_copy(net, index, count, &param));
    LEBM__TRY(lebm__net_claim(net, 0));
    memcpy(net->params + param->offset, src, (size_t)count * sizeof *src);
    net->param_list[index].is_set = 1;
    lebm__net_changed(net);
    lebm__net_yield(net, 0);
    return LEBM_OK;
}

void lebm__net_set_all(lebm_net *net)
{
    for (int64_t i = 0; i < net->param_count; i++) net->param_list[i].is_set = 1;
    lebm__net_changed(net);
}

int lebm__net_require_set(const lebm_net *net, const char *name)
{
    for (int64_t i = 0; i < net->param_count; i++) {
        const lebm__param *param = &net->param_list[i];
        const int is_bias = param->ndim == 1; /* zero is a good beginning for one */
        if (param->is_set || is_bias) continue;
        return lebm__fail(LEBM_ERR_STATE, "%s: %s was never set, and all zero it cannot learn: call lebm_net_init()",
                          name, param->name);
    }
    return LEBM_OK;
}

void lebm__net_changed(lebm_net *net)
{
    atomic_store(&net->packed[0], 0);
    atomic_store(&net->packed[1], 0);
}

int lebm__net_use(const lebm_net *net)
{
    lebm_net *shared = (lebm_net *)net; /* the count is not what const promises to keep */
    int users = atomic_load(&shared->users);
    while (users >= 0) {
        if (atomic_compare_exchange_weak(&shared->users, &users, users + 1)) return LEBM_OK;
    }
    return lebm__fail(LEBM_ERR_STATE, "the net is being changed by another call");
}

void lebm__net_leave(const lebm_net *net)
{
    atomic_fetch_sub(&((lebm_net *)net)->users, 1);
}

int lebm__net_claim(lebm_net *net, int own_uses)
{
    int users = own_uses;
    if (atomic_compare_exchange_strong(&net->users, &users, -1)) return LEBM_OK;
    return lebm__fail(LEBM_ERR_STATE,
                      "the net cannot be changed: a call is running on it, in another thread or the one "
                      "that this callback belongs to");
}

void lebm__net_yield(lebm_net *net, int own_uses)
{
    atomic_store(&net->users, own_uses);
}
