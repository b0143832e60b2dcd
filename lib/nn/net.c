#include "nn/net.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "math/blas.h"
#include "nn/spec.h"

enum {
    MOST_FEATURES = 1 << 24, /* of a flat vector or of an image's channels */
    MOST_NUMBERS = 1 << 30,  /* of an image, and of a patch of a transposed convolution */
    MOST_KERNEL = 64,
    MOST_LAYERS = 1024 /* of a hostile spec, too */
};

static const lebm__option option_rows[] = {
    LEBM__OPTION_STR(LEBM_NET_CONVOLUTION, 0, "auto", "auto|direct|filtered", NULL,
                     "how transposed convolutions are computed: directly, by minimal filtering where the kernel is "
                     "twice the stride, or each layer by what is faster"),
};

static const lebm__options table = {option_rows, sizeof option_rows / sizeof *option_rows,
                                    sizeof((lebm_net *)NULL)->options};

static lebm__conv_choice conv_choice(const lebm_net *net)
{
    return strcmp(net->options.convolution, "direct") == 0     ? LEBM__CONV_DIRECT
           : strcmp(net->options.convolution, "filtered") == 0 ? LEBM__CONV_FILTERED
                                                               : LEBM__CONV_AUTO;
}

int lebm_net_set_str(lebm_net *net, const char *key, const char *value)
{
    LEBM__REQUIRE(net);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(value);
    LEBM__TRY(lebm__handle_claim(&net->head, __func__, 0));
    const int status = lebm__handle_put_str(&net->head, key, value);
    for (int64_t i = 0; i < net->layer_count && status == LEBM_OK; i++) {
        if (lebm__is_conv(&net->layers[i])) lebm__conv_choose(&net->layers[i], conv_choice(net));
    }
    if (status == LEBM_OK) lebm__net_changed(net);
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

int64_t lebm_net_layer_count(const lebm_net *net)
{
    return net == NULL ? 0 : net->layer_count;
}

const char *lebm_net_layer_form(const lebm_net *net, int64_t index)
{
    return net == NULL || index < 0 || index >= net->layer_count ? NULL : net->layers[index].kind->form;
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
    lebm__handle_init(&net->head, "net");
    lebm__handle_add_options(&net->head, &table, &net->options);
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
        lebm__free(net->layers[i].packed[0]);
        lebm__free(net->layers[i].packed[1]);
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
    if (lebm__handle_let_go(&net->head, holder)) release(net);
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

/* All add functions begin with this, before they look at the net, and end with lebm__handle_yield(). */
static int begin_adding(lebm_net *net, const char *function)
{
    int status = LEBM_OK;
    if (net == NULL) return lebm__fail(LEBM_ERR_INVALID, "%s: net is NULL", function);
    LEBM__TRY(lebm__handle_claim(&net->head, function, 0));
    if (lebm__handle_is_held(&net->head, LEBM__MODEL)) {
        status = lebm__fail(LEBM_ERR_STATE, "%s: the net belongs to a prior or generator", function);
    } else if (net->layer_count == MOST_LAYERS) {
        status =
            lebm__fail(LEBM_ERR_RANGE, "%s: the net has %d layers already, which is the most", function, MOST_LAYERS);
    }
    if (status != LEBM_OK) lebm__handle_yield(&net->head, 0);
    return status;
}

static int in_range(const char *what, int64_t value, int64_t least, int64_t most)
{
    if (value >= least && value <= most) return LEBM_OK;
    return lebm__fail(LEBM_ERR_RANGE, "%s is %lld; allowed are %lld to %lld", what, (long long)value, (long long)least,
                      (long long)most);
}

static int add_linear(lebm_net *net, int64_t out_features, int bias)
{
    LEBM__TRY(in_range("out_features of linear", out_features, 1, MOST_FEATURES));
    if (lebm__pixels(net->out) != 1) {
        return lebm__fail(LEBM_ERR_SHAPE,
                          "linear takes a flat vector, but the layer before gives (%lld, %lld, %lld): "
                          "put \"reshape %lld\" between",
                          (long long)net->out.channels, (long long)net->out.height, (long long)net->out.width,
                          (long long)lebm__numbers(net->out));
    }
    const lebm__layer layer = {.kind = &lebm__linear, .in = net->out, .out = {out_features, 1, 1}};
    const int64_t dims[] = {out_features, net->out.channels};
    return append(net, layer, 2, dims, bias);
}

int lebm_net_add_linear(lebm_net *net, int64_t out_features, int bias)
{
    LEBM__TRY(begin_adding(net, __func__));
    const int status = add_linear(net, out_features, bias);
    lebm__handle_yield(&net->head, 0);
    return status;
}

static int add_conv_transpose2d(lebm_net *net, int64_t out_channels, int64_t kernel, int64_t stride, int64_t padding,
                                int bias)
{
    LEBM__TRY(in_range("out_channels of conv_transpose2d", out_channels, 1, MOST_FEATURES));
    LEBM__TRY(in_range("kernel of conv_transpose2d", kernel, 1, MOST_KERNEL));
    LEBM__TRY(in_range("stride of conv_transpose2d", stride, 1, MOST_KERNEL));
    LEBM__TRY(in_range("padding of conv_transpose2d", padding, 0, kernel - 1));
    const lebm__shape in = net->out;
    const lebm__shape out = {out_channels, (in.height - 1) * stride - 2 * padding + kernel,
                             (in.width - 1) * stride - 2 * padding + kernel};
    if (out.height < 1 || out.width < 1) {
        return lebm__fail(LEBM_ERR_SHAPE, "conv_transpose2d would give %lld by %lld pixels", (long long)out.height,
                          (long long)out.width);
    }
    LEBM__TRY(in_range("numbers of a patch of conv_transpose2d", out_channels * kernel * kernel, 1, MOST_NUMBERS));
    LEBM__TRY(in_range("pixels of an image", lebm__pixels(out), 1, MOST_NUMBERS / out_channels));
    lebm__layer layer = {
        .in = in,
        .out = out,
        .geometry = {in.height, in.width, out.height, out.width, out_channels, kernel, stride, padding}};
    lebm__conv_choose(&layer, conv_choice(net));
    const int64_t dims[] = {in.channels, out_channels, kernel, kernel};
    return append(net, layer, 4, dims, bias);
}

int lebm_net_add_conv_transpose2d(lebm_net *net, int64_t out_channels, int64_t kernel, int64_t stride, int64_t padding,
                                  int bias)
{
    LEBM__TRY(begin_adding(net, __func__));
    const int status = add_conv_transpose2d(net, out_channels, kernel, stride, padding, bias);
    lebm__handle_yield(&net->head, 0);
    return status;
}

static int add_reshape(lebm_net *net, int64_t channels, int64_t height, int64_t width)
{
    LEBM__TRY(in_range("channels of reshape", channels, 1, MOST_NUMBERS));
    LEBM__TRY(in_range("height of reshape", height, 1, MOST_NUMBERS / channels));
    LEBM__TRY(in_range("width of reshape", width, 1, MOST_NUMBERS / channels / height));
    const lebm__layer layer = {.kind = &lebm__reshape, .in = net->out, .out = {channels, height, width}};
    if (lebm__numbers(layer.in) != lebm__numbers(layer.out)) {
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
    lebm__handle_yield(&net->head, 0);
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
    lebm__handle_yield(&net->head, 0);
    return status;
}

int64_t lebm_net_in_features(const lebm_net *net)
{
    return net == NULL ? 0 : lebm__numbers(net->in);
}

int64_t lebm_net_out_features(const lebm_net *net)
{
    return net == NULL ? 0 : lebm__numbers(net->out);
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
    double sum = (double)lebm__numbers(net->in);
    for (int64_t i = 0; i < net->layer_count; i++) {
        const lebm__layer *layer = &net->layers[i];
        if (layer->weight < 0) {
            sum += (double)lebm__numbers(layer->out);
        } else {
            const int64_t of_each = lebm__is_conv(layer) ? lebm__patch_size(layer) : layer->out.channels;
            sum += (double)lebm__numbers(layer->in) * (double)of_each;
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
    LEBM__TRY(lebm__handle_use(&net->head));
    memcpy(dst, net->params + param->offset, (size_t)count * sizeof *dst);
    lebm__handle_leave(&net->head);
    return LEBM_OK;
}

int lebm_net_set_param(lebm_net *net, int64_t index, const float *src, int64_t count)
{
    LEBM__REQUIRE(net);
    LEBM__REQUIRE(src);
    const lebm__param *param;
    LEBM__TRY(find_for_copy(net, index, count, &param));
    LEBM__TRY(lebm__handle_claim(&net->head, __func__, 0));
    memcpy(net->params + param->offset, src, (size_t)count * sizeof *src);
    net->param_list[index].is_set = 1;
    lebm__net_changed(net);
    lebm__handle_yield(&net->head, 0);
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

/* A packing of all layers for one pass. Each layer is a task of its own in so many parts. */
typedef struct {
    const lebm_net *net;
    int backward;
} packing;

enum { PARTS = 16 };

static int pack_part(void *context, int64_t task, int thread)
{
    (void)thread;
    const packing *p = context;
    const lebm__layer *layer = &p->net->layers[task / PARTS];
    if (layer->kind->pack == NULL) return LEBM_OK;
    return layer->kind->pack(layer, p->net->params, p->backward, task % PARTS, PARTS);
}

static int pack(lebm_net *net, int backward, lebm__pool *pool)
{
    packing p = {net, backward};
    for (int64_t i = 0; i < net->layer_count; i++) {
        lebm__layer *layer = &net->layers[i];
        if (layer->kind->pack == NULL || layer->packed[backward] != NULL) continue;
        layer->packed[backward] = lebm__alloc_raw(layer->kind->packed_size(layer, backward), sizeof(float));
        if (layer->packed[backward] == NULL) return LEBM_ERR_NOMEM;
    }
    if (pool != NULL) return lebm__pool_run(pool, net->layer_count * PARTS, pack_part, &p);
    for (int64_t task = 0; task < net->layer_count * PARTS; task++) LEBM__TRY(pack_part(&p, task, 0));
    return LEBM_OK;
}

/* Pack for one pass, unless another thread has just done so. */
static int prepare(lebm_net *net, int backward, lebm__pool *pool)
{
    int status = LEBM_OK;
    if (atomic_load(&net->packed[backward])) return LEBM_OK;
    pthread_mutex_lock(&net->packing);
    if (!atomic_load(&net->packed[backward])) {
        status = pack(net, backward, pool);
        if (status == LEBM_OK) atomic_store(&net->packed[backward], 1);
    }
    pthread_mutex_unlock(&net->packing);
    return status;
}

int lebm__net_prepare(const lebm_net *net, lebm__passes passes, lebm__pool *pool)
{
    lebm_net *cache = (lebm_net *)net; /* what is written is a copy of what const promises to keep, and locked */
    LEBM__TRY(prepare(cache, 0, pool));
    return passes == LEBM__FORWARD ? LEBM_OK : prepare(cache, 1, pool);
}

int lebm__net_begin(const lebm_net *net, int64_t n, lebm__passes passes, lebm__tape *tape, void **memory)
{
    const int64_t rows = n < LEBM__ROWS ? n : LEBM__ROWS;
    LEBM__TRY(in_range("n", n, 0, INT64_MAX / (int64_t)sizeof(float) / MOST_NUMBERS));
    LEBM__TRY(lebm__handle_use(&net->head));
    const int status = lebm__net_prepare(net, passes, NULL);
    lebm__arena arena = {NULL, 0};
    lebm__tape_lay_out(tape, net, rows, passes, &arena);
    *memory = status == LEBM_OK ? lebm__alloc_raw(arena.used, 1) : NULL;
    if (*memory == NULL) {
        lebm__handle_leave(&net->head);
        return status == LEBM_OK ? LEBM_ERR_NOMEM : status;
    }
    arena = (lebm__arena){*memory, 0};
    lebm__tape_lay_out(tape, net, rows, passes, &arena);
    return LEBM_OK;
}

void lebm__net_end(const lebm_net *net, void *memory)
{
    lebm__free(memory);
    lebm__handle_leave(&net->head);
}

int lebm_net_forward(const lebm_net *net, const float *in, int64_t n, float *out)
{
    LEBM__REQUIRE(net);
    LEBM__REQUIRE(in);
    LEBM__REQUIRE(out);
    lebm__tape tape;
    void *memory;
    LEBM__TRY(lebm__net_begin(net, n, LEBM__FORWARD, &tape, &memory));
    const int64_t from = lebm__numbers(net->in), to = lebm__numbers(net->out);
    for (int64_t first = 0; first < n; first += LEBM__ROWS) {
        const int64_t rows = n - first < LEBM__ROWS ? n - first : LEBM__ROWS;
        memcpy(lebm__tape_input(&tape), in + first * from, (size_t)(rows * from) * sizeof *in);
        lebm__tape_forward(&tape, rows);
        lebm__transpose(rows, lebm__pixels(net->out), net->out.channels, lebm__tape_output(&tape), out + first * to);
    }
    lebm__net_end(net, memory);
    return LEBM_OK;
}

typedef struct {
    const lebm_net *net;
    const float *grad_out; /* [n, out_features] channel-first */
} given_gradient;

static void turn_to_given(void *context, int64_t first, int64_t n, float *out)
{
    const given_gradient *given = context;
    const lebm__shape shape = given->net->out;
    lebm__transpose(n, shape.channels, lebm__pixels(shape), given->grad_out + first * lebm__numbers(shape), out);
}

int lebm_net_vjp(const lebm_net *net, const float *in, int64_t n, const float *grad_out, float *grad_in,
                 float *grad_params)
{
    LEBM__REQUIRE(net);
    LEBM__REQUIRE(in);
    LEBM__REQUIRE(grad_out);
    lebm__tape tape;
    void *memory;
    const lebm__passes passes = grad_params == NULL ? LEBM__SCORE : LEBM__LEARN;
    if (grad_params != NULL) LEBM__TRY(lebm__blas_prepare());
    LEBM__TRY(lebm__net_begin(net, n, passes, &tape, &memory));
    const int64_t from = lebm__numbers(net->in), to = lebm__numbers(net->out);
    if (grad_params != NULL) memset(grad_params, 0, (size_t)net->param_total * sizeof *grad_params);
    for (int64_t first = 0; first < n; first += LEBM__ROWS) {
        const int64_t rows = n - first < LEBM__ROWS ? n - first : LEBM__ROWS;
        memcpy(lebm__tape_input(&tape), in + first * from, (size_t)(rows * from) * sizeof *in);
        given_gradient given = {net, grad_out + first * to};
        lebm__tape_run(&tape, rows, turn_to_given, &given, grad_params);
        if (grad_in != NULL) {
            memcpy(grad_in + first * from, lebm__tape_input(&tape), (size_t)(rows * from) * sizeof *grad_in);
        }
    }
    lebm__net_end(net, memory);
    return LEBM_OK;
}
