#include "nn/recurrent.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"

/* ---- Parameters ---- */

static int64_t recurrent_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Columns of weight_ih of a layer. */
static int64_t recurrent_in_features(const lebm__recurrent_form *form, int64_t layer)
{
    if (layer > 0) return form->units;
    return form->embedding + (form->steps_without_context ? 0 : form->context);
}

/* Numbers of all tensors; as a double, which has room for any form. */
static double recurrent_count_params(const lebm__recurrent_form *form)
{
    const double classes = (double)form->tokens + 1.0, units = (double)form->units;
    const double gates = (double)form->cell->gates * units;
    double sum = classes * (double)form->embedding + classes;
    if (!form->is_tied) sum += classes * units;
    if (!form->start_without_context) sum += (double)form->layers * units * ((double)form->context + 1.0);
    for (int64_t i = 0; i < form->layers; i++) {
        sum += gates * ((double)recurrent_in_features(form, i) + units + 2.0);
    }
    return sum;
}

static int64_t recurrent_add(lebm__recurrent *net, const char *name, int64_t rows, int64_t columns,
                             lebm__init_rule rule)
{
    const int64_t dims[] = {rows, columns};
    const int64_t offset = lebm__params_add(&net->params, name, columns == 0 ? 1 : 2, dims);
    lebm__param *param = &net->params.list[net->params.count - 1];
    param->rule = rule;
    param->units = net->form.units;
    return offset;
}

static int64_t recurrent_add_to_cell(lebm__recurrent *net, const char *tensor, int64_t layer, int64_t columns)
{
    char name[sizeof net->params.list->name];
    snprintf(name, sizeof name, "%s.%s_l%d", net->form.cell->name, tensor, (int)layer);
    return recurrent_add(net, name, lebm__recurrent_gates(net), columns, LEBM__BY_UNITS);
}

/* In the order of the module's state_dict. A tied embedding is an output's weight before all. */
static void recurrent_add_params(lebm__recurrent *net)
{
    const lebm__recurrent_form *form = &net->form;
    const int64_t classes = lebm__recurrent_classes(net);
    net->embedding = recurrent_add(net, "embedding.weight", classes, form->embedding,
                                   form->is_tied ? LEBM__BY_FAN_IN : LEBM__STANDARD_NORMAL);
    net->start_weight = net->start_bias = -1;
    if (!form->start_without_context) {
        const int64_t outputs = form->layers * form->units;
        net->start_weight = recurrent_add(net, "start.weight", outputs, form->context, LEBM__BY_FAN_IN);
        net->start_bias = recurrent_add(net, "start.bias", outputs, 0, LEBM__BY_FAN_IN);
    }
    for (int64_t i = 0; i < form->layers; i++) {
        lebm__recurrent_layer *layer = &net->layers[i];
        layer->in_features = recurrent_in_features(form, i);
        layer->weight_ih = recurrent_add_to_cell(net, "weight_ih", i, layer->in_features);
        layer->weight_hh = recurrent_add_to_cell(net, "weight_hh", i, form->units);
        layer->bias_ih = recurrent_add_to_cell(net, "bias_ih", i, 0);
        layer->bias_hh = recurrent_add_to_cell(net, "bias_hh", i, 0);
    }
    net->output_weight =
        form->is_tied ? net->embedding : recurrent_add(net, "output.weight", classes, form->units, LEBM__BY_FAN_IN);
    net->output_bias = recurrent_add(net, "output.bias", classes, 0, LEBM__BY_UNITS);
}

/* ---- Creation ---- */

/* Blocks of classes so large that both packed forms of their weights stay in a second-level cache, 512 KiB, while the steps
 * of a tile go by; and large enough that adding up what blocks give costs little beside it. */
static int64_t recurrent_class_block_size(int64_t units)
{
    enum { FLOATS = 1 << 16, LEAST = 64, MOST = 1024 };
    const int64_t size = FLOATS / units / LEBM__MATRIX_COLUMNS * LEBM__MATRIX_COLUMNS;
    return size < LEAST ? LEAST : recurrent_min(size, MOST);
}

static int recurrent_create_class_blocks(lebm__recurrent *net)
{
    const int64_t classes = lebm__recurrent_classes(net), size = recurrent_class_block_size(net->form.units);
    net->class_block_size = recurrent_min(size, classes);
    net->class_block_count = (classes + size - 1) / size;
    net->class_blocks = lebm__alloc(net->class_block_count, sizeof *net->class_blocks);
    if (net->class_blocks == NULL) return LEBM_ERR_NOMEM;
    for (int64_t i = 0; i < net->class_block_count; i++) {
        net->class_blocks[i].first = i * size;
        net->class_blocks[i].count = recurrent_min(size, classes - i * size);
    }
    return LEBM_OK;
}

static int recurrent_make(lebm__recurrent *net, int64_t max_params)
{
    const double total = recurrent_count_params(&net->form);
    enum { TENSORS = 5, OF_LAYER = 4 };
    if (total > (double)max_params) {
        return lebm__fail(LEBM_ERR_SHAPE, "spec: the net would have %.0f parameters; allowed are %lld", total,
                          (long long)max_params);
    }
    net->layers = lebm__alloc(net->form.layers, sizeof *net->layers);
    if (net->layers == NULL) return LEBM_ERR_NOMEM;
    LEBM__TRY(lebm__params_reserve(&net->params, TENSORS + OF_LAYER * net->form.layers, (int64_t)total));
    recurrent_add_params(net);
    LEBM__TRY(recurrent_create_class_blocks(net));
    net->spec = lebm__recurrent_print(&net->form);
    return net->spec == NULL ? LEBM_ERR_NOMEM : LEBM_OK;
}

int lebm__recurrent_create(lebm__recurrent **out, const char *spec, int64_t max_params, lebm__handle *owner)
{
    lebm__recurrent_form form;
    *out = NULL;
    LEBM__TRY(lebm__recurrent_parse(&form, spec));
    lebm__recurrent *net = lebm__alloc(1, sizeof *net);
    if (net == NULL) return LEBM_ERR_NOMEM;
    net->form = form;
    net->params.owner = owner;
    pthread_mutex_init(&net->packing, NULL);
    const int status = recurrent_make(net, max_params);
    if (status == LEBM_OK) {
        *out = net;
    } else {
        lebm__recurrent_destroy(net);
    }
    return status;
}

static void recurrent_free_matrices(lebm__matrix matrices[2])
{
    lebm__matrix_free(&matrices[0]);
    lebm__matrix_free(&matrices[1]);
}

void lebm__recurrent_destroy(lebm__recurrent *net)
{
    if (net == NULL) return;
    for (int64_t i = 0; i < net->form.layers && net->layers != NULL; i++) {
        recurrent_free_matrices(net->layers[i].input);
        recurrent_free_matrices(net->layers[i].hidden);
    }
    for (int64_t i = 0; i < net->class_block_count && net->class_blocks != NULL; i++) {
        recurrent_free_matrices(net->class_blocks[i].weight);
    }
    recurrent_free_matrices(net->context);
    recurrent_free_matrices(net->start);
    pthread_mutex_destroy(&net->packing);
    lebm__free(net->layers);
    lebm__free(net->class_blocks);
    lebm__free(net->blocks);
    lebm__free(net->spec);
    lebm__params_release(&net->params);
    lebm__free(net);
}

double lebm__recurrent_work(const lebm__recurrent *net)
{
    const double units = (double)net->form.units;
    double sum = units * (double)lebm__recurrent_classes(net);
    for (int64_t i = 0; i < net->form.layers; i++) {
        sum += (double)lebm__recurrent_gates(net) * ((double)net->layers[i].in_features + units);
    }
    return sum;
}

/* ---- Packed weights ---- */

/* A matrix of weights, and the columns `first` to first + rows of B (or of B^T, for the way back) that it is of: weight
 * [out, width], of which `in` columns are multiplied. */
typedef struct {
    lebm__matrix *matrix; /* [2] */
    int64_t weight, width, out, in, bias;
} recurrent_packed;

/* The number of matrices, and the one at an index. */
static int64_t recurrent_packed_count(const lebm__recurrent *net)
{
    return 2 + 2 * net->form.layers + net->class_block_count;
}

/* in: of weight_ih_l0 the columns of the embedding. An index of what the form has not gives no matrix. */
static recurrent_packed recurrent_packed_at(const lebm__recurrent *net, int64_t index)
{
    const lebm__recurrent_form *form = &net->form;
    lebm__recurrent *own = (lebm__recurrent *)net; /* what is packed is a copy of what const promises to keep */
    const int64_t units = form->units, gates = lebm__recurrent_gates(net);
    if (index == 0) {
        if (form->start_without_context) return (recurrent_packed){.matrix = NULL};
        return (recurrent_packed){own->start,           net->start_weight, form->context,
                                  form->layers * units, form->context,     net->start_bias};
    }
    if (index == 1) {
        const lebm__recurrent_layer *first = &net->layers[0];
        if (form->steps_without_context) return (recurrent_packed){.matrix = NULL};
        return (recurrent_packed){
            own->context, first->weight_ih + form->embedding, first->in_features, gates, form->context, -1};
    }
    index -= 2;
    if (index < 2 * form->layers) {
        lebm__recurrent_layer *layer = &own->layers[index / 2];
        const int64_t in = index / 2 > 0 ? units : form->embedding;
        if (index % 2 == 0) {
            return (recurrent_packed){layer->input, layer->weight_ih, layer->in_features, gates, in, layer->bias_ih};
        }
        return (recurrent_packed){layer->hidden, layer->weight_hh, units, gates, units, layer->bias_hh};
    }
    lebm__class_block *block = &own->class_blocks[index - 2 * form->layers];
    return (recurrent_packed){block->weight, net->output_weight + block->first * units,
                              units,         block->count,
                              units,         net->output_bias + block->first};
}

/* Forward y = x W^T + b, back the gradient by x = that by y, W. */
static lebm__matrix_shape recurrent_matrix_shape(const recurrent_packed *p, int backward)
{
    return backward ? (lebm__matrix_shape){1, p->out, p->in, 0} : (lebm__matrix_shape){1, p->in, p->out, p->bias >= 0};
}

static void recurrent_pack(const recurrent_packed *p, const float *params, int backward)
{
    const lebm__matrix *matrix = &p->matrix[backward];
    const int64_t row_stride = backward ? p->width : 1, column_stride = backward ? 1 : p->width;
    lebm__matrix_pack(matrix, (lebm__matrix_part){0, matrix->shape.k, 0, matrix->shape.n, params + p->weight, 0,
                                                  row_stride, column_stride});
    if (matrix->bias != NULL) memcpy(matrix->bias, params + p->bias, (size_t)p->out * sizeof(float));
}

typedef struct {
    const lebm__recurrent *net;
    int backward;
} recurrent_packing;

static int recurrent_pack_one(void *context, int64_t task, int thread)
{
    (void)thread;
    const recurrent_packing *packing = context;
    const recurrent_packed p = recurrent_packed_at(packing->net, task);
    if (p.matrix != NULL) recurrent_pack(&p, packing->net->params.values, packing->backward);
    return LEBM_OK;
}

static int recurrent_pack_all(const lebm__recurrent *net, int backward, lebm__pool *pool)
{
    recurrent_packing packing = {net, backward};
    const int64_t count = recurrent_packed_count(net);
    for (int64_t i = 0; i < count; i++) {
        const recurrent_packed p = recurrent_packed_at(net, i);
        if (p.matrix == NULL || p.matrix[backward].data != NULL) continue;
        LEBM__TRY(
            lebm__matrix_create(&p.matrix[backward], &lebm__matrix_float32, recurrent_matrix_shape(&p, backward)));
    }
    if (pool != NULL) return lebm__pool_run(pool, count, recurrent_pack_one, &packing);
    for (int64_t i = 0; i < count; i++) recurrent_pack_one(&packing, i, 0);
    return LEBM_OK;
}

/* Pack for one pass, unless another thread has just done so. */
static int recurrent_prepare(lebm__recurrent *net, int backward, lebm__pool *pool)
{
    int status = LEBM_OK;
    const unsigned long version = atomic_load(&net->params.version);
    if (atomic_load(&net->packed[backward]) == version) return LEBM_OK;
    pthread_mutex_lock(&net->packing);
    if (atomic_load(&net->packed[backward]) != version) {
        status = recurrent_pack_all(net, backward, pool);
        if (status == LEBM_OK) atomic_store(&net->packed[backward], version);
    }
    pthread_mutex_unlock(&net->packing);
    return status;
}

int lebm__recurrent_prepare(const lebm__recurrent *net, lebm__passes passes, lebm__pool *pool)
{
    lebm__recurrent *cache = (lebm__recurrent *)net; /* what is written is a copy of what const promises to keep */
    LEBM__TRY(recurrent_prepare(cache, 0, pool));
    return passes == LEBM__FORWARD ? LEBM_OK : recurrent_prepare(cache, 1, pool);
}
