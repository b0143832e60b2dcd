#include "nn/recurrent_grad.h"

#include <string.h>

#include "core/status.h"
#include "math/blas.h"
#include "math/kernels.h"

/* Floats of a block's sum, 256 KiB; and steps that are gathered for a product at a time. */
enum { MAX_SUM = 1 << 16, STEPS = 256 };

/* What a product of a block works in. */
typedef struct {
    float *left;     /* [STEPS, a block's rows]: gradients by what the weight gives */
    float *right;    /* [STEPS, columns]: what it is multiplied with */
    float *hidden;   /* [gates] of a step */
    int64_t *places; /* [STEPS] in the record */
} grad_workspace;

/* The rows and steps that a sum is over, and how far it has come. */
typedef struct {
    const lebm__recurrent_tape *tape;
    const lebm__recurrent_block *block;
    int64_t first, n; /* rows */
    int64_t row, step;
    grad_workspace work;
} grad_sum;

/* Rows of a parameter matrix [., columns] that begins at `offset`. */
struct lebm__recurrent_block {
    void (*sum)(grad_sum *of, float *sum);
    int64_t layer;
    int64_t first, count, columns;
    int64_t offset;
    int64_t bias; /* where the rows' biases begin, whose gradient comes behind that of the rows; -1: there are none */
};

static int64_t grad_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t grad_max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- Gathering ---- */

/* The places of the next steps, up to STEPS of them; returns their number. */
static int64_t grad_next(grad_sum *of)
{
    const lebm__recurrent_record *record = &of->tape->record;
    const int64_t longest = of->tape->net->form.longest, end = of->first + of->n;
    int64_t count = 0;
    while (of->row < end && count < STEPS) {
        of->work.places[count++] = of->row * longest + of->step;
        if (++of->step < record->steps[of->row]) continue;
        of->step = 0;
        of->row++;
    }
    return count;
}

/* Rows of the record at the places; and the outputs of a layer at the steps before. */

static void grad_gather(const grad_sum *of, const float *rows, int64_t columns, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        memcpy(of->work.right + i * columns, rows + of->work.places[i] * columns, (size_t)columns * sizeof *rows);
    }
}

static void grad_gather_states(const grad_sum *of, int64_t layer, int64_t n)
{
    const lebm__recurrent_form *form = &of->tape->net->form;
    const lebm__recurrent_record *record = &of->tape->record;
    const int64_t units = form->units;
    for (int64_t i = 0; i < n; i++) {
        const int64_t place = of->work.places[i], row = place / form->longest;
        const float *start = record->start + (row * form->layers + layer) * units;
        const float *from = place % form->longest == 0 ? start : record->outputs[layer] + (place - 1) * units;
        memcpy(of->work.right + i * units, from, (size_t)units * sizeof *from);
    }
}

static const float *grad_gates(const grad_sum *of, int64_t place)
{
    return of->tape->record.gates_grad[of->block->layer] + place * LEBM__GATE_PLACES * of->tape->net->form.units;
}

/* The block's gates: gradients by what comes from the input, or from the state before. */

static void grad_gather_input_gates(const grad_sum *of, int64_t n)
{
    const int64_t count = of->block->count;
    for (int64_t i = 0; i < n; i++) {
        memcpy(of->work.left + i * count, grad_gates(of, of->work.places[i]) + of->block->first,
               (size_t)count * sizeof(float));
    }
}

static void grad_gather_hidden_gates(const grad_sum *of, int64_t n)
{
    const int64_t count = of->block->count;
    const lebm__recurrent_form *form = &of->tape->net->form;
    for (int64_t i = 0; i < n; i++) {
        form->cell->hidden_grad(form->units, grad_gates(of, of->work.places[i]), of->work.hidden);
        memcpy(of->work.left + i * count, of->work.hidden + of->block->first, (size_t)count * sizeof(float));
    }
}

/* sum += left^T right */
static void grad_multiply(const grad_sum *of, int64_t n, int64_t columns, float *sum)
{
    lebm__blas_add_transposed(of->block->count, columns, n, of->work.left, of->block->count, of->work.right, columns,
                              sum, of->block->columns);
}

/* ---- Sums ---- */

static void grad_sum_input(grad_sum *of, float *sum)
{
    const lebm__recurrent *net = of->tape->net;
    const lebm__recurrent_record *record = &of->tape->record;
    const int64_t layer = of->block->layer, of_input = layer > 0 ? net->form.units : net->form.embedding;
    for (int64_t n; (n = grad_next(of)) > 0;) {
        grad_gather_input_gates(of, n);
        if (layer > 0) {
            grad_gather(of, record->outputs[layer - 1], of_input, n);
        } else {
            grad_gather(of, record->embedding, of_input, n);
        }
        grad_multiply(of, n, of_input, sum);
    }
    if (layer > 0 || net->form.steps_without_context) return;
    const int64_t size = net->form.context, gates = lebm__recurrent_gates(net);
    lebm__blas_add_transposed(of->block->count, size, of->n,
                              record->context_gates_grad + of->first * gates + of->block->first, gates,
                              record->context + of->first * size, size, sum + of_input, of->block->columns);
}

static void grad_sum_hidden(grad_sum *of, float *sum)
{
    for (int64_t n; (n = grad_next(of)) > 0;) {
        grad_gather_hidden_gates(of, n);
        grad_gather_states(of, of->block->layer, n);
        grad_multiply(of, n, of->tape->net->form.units, sum);
    }
}

static void grad_sum_input_bias(grad_sum *of, float *sum)
{
    for (int64_t n; (n = grad_next(of)) > 0;) {
        for (int64_t i = 0; i < n; i++) lebm__kernels()->add(of->block->count, grad_gates(of, of->work.places[i]), sum);
    }
}

static void grad_sum_hidden_bias(grad_sum *of, float *sum)
{
    const lebm__recurrent_form *form = &of->tape->net->form;
    for (int64_t n; (n = grad_next(of)) > 0;) {
        for (int64_t i = 0; i < n; i++) {
            form->cell->hidden_grad(form->units, grad_gates(of, of->work.places[i]), of->work.hidden);
            lebm__kernels()->add(of->block->count, of->work.hidden, sum);
        }
    }
}

static void grad_sum_start(grad_sum *of, float *sum)
{
    const lebm__recurrent_form *form = &of->tape->net->form;
    const lebm__recurrent_record *record = &of->tape->record;
    const int64_t states = form->layers * form->units, size = form->context;
    lebm__blas_add_transposed(of->block->count, size, of->n, record->start_grad + of->first * states + of->block->first,
                              states, record->context + of->first * size, size, sum, size);
}

static void grad_sum_start_bias(grad_sum *of, float *sum)
{
    const int64_t states = of->block->count;
    for (int64_t row = of->first; row < of->first + of->n; row++) {
        lebm__kernels()->add(states, of->tape->record.start_grad + row * states, sum);
    }
}

static void grad_sum_embedding(grad_sum *of, float *sum)
{
    const lebm__recurrent_record *record = &of->tape->record;
    const int64_t size = of->tape->net->form.embedding, first = of->block->first;
    for (int64_t n; (n = grad_next(of)) > 0;) {
        for (int64_t i = 0; i < n; i++) {
            const int64_t place = of->work.places[i], class = record->inputs[place];
            if (class < first || class >= first + of->block->count) continue;
            lebm__kernels()->add(size, record->embedding_grad + place * size, sum + (class - first) * size);
        }
    }
}

/* Scores are computed anew. By the score of a class the gradient is 1 for the target, less the class's probability. */
static void grad_by_scores(const grad_sum *of, const lebm__class_block *classes, int64_t n)
{
    const lebm__recurrent_record *record = &of->tape->record;
    lebm__classes_scores(of->tape->net, classes, n, of->work.right, of->work.left);
    for (int64_t i = 0; i < n; i++) {
        const int64_t place = of->work.places[i], target = record->targets[place] - classes->first;
        float *row = of->work.left + i * classes->count;
        lebm__kernels()->exponentials(classes->count, (float)record->log_sum[place], row);
        for (int64_t c = 0; c < classes->count; c++) row[c] = -row[c];
        if (target >= 0 && target < classes->count) row[target] += 1.0f;
    }
}

static void grad_sum_output(grad_sum *of, float *sum)
{
    const lebm__recurrent *net = of->tape->net;
    const lebm__class_block *classes = &net->class_blocks[of->block->first / net->class_block_size];
    const int64_t units = net->form.units, count = classes->count;
    for (int64_t n; (n = grad_next(of)) > 0;) {
        grad_gather(of, of->tape->record.classified, units, n);
        grad_by_scores(of, classes, n);
        grad_multiply(of, n, units, sum);
        for (int64_t i = 0; i < n; i++) lebm__kernels()->add(count, of->work.left + i * count, sum + count * units);
    }
    if (!net->form.is_tied) return;
    of->row = of->first;
    grad_sum_embedding(of, sum);
}

/* ---- Blocks ---- */

/* A parameter matrix [rows, columns] that is to be cut. */
typedef struct {
    lebm__recurrent_block block;
    int64_t rows, share; /* rows of a block */
} grad_cut;

/* In blocks of nearly the same number of rows, or of one row that is larger than a block is to be. */
static grad_cut grad_cut_evenly(lebm__recurrent_block block, int64_t rows)
{
    const int64_t most = grad_max(1, MAX_SUM / block.columns), blocks = (rows + most - 1) / most;
    return (grad_cut){block, rows, (rows + blocks - 1) / blocks};
}

/* Append the blocks of a matrix, if there is memory for them; returns how many there are with them. */
static int64_t grad_append(lebm__recurrent_block *blocks, int64_t count, grad_cut cut)
{
    for (int64_t first = 0; first < cut.rows; first += cut.share, count++) {
        lebm__recurrent_block block = cut.block;
        block.first = first;
        block.count = grad_min(cut.share, cut.rows - first);
        block.offset += first * block.columns;
        if (block.bias >= 0) block.bias += first;
        if (blocks != NULL) blocks[count] = block;
    }
    return count;
}

/* The blocks of a weight of a layer, or of a bias. */

static grad_cut grad_cut_weight(void (*sum)(grad_sum *of, float *sum), int64_t layer, int64_t offset, int64_t rows,
                                int64_t columns)
{
    return grad_cut_evenly(
        (lebm__recurrent_block){.sum = sum, .layer = layer, .columns = columns, .offset = offset, .bias = -1}, rows);
}

static grad_cut grad_cut_bias(void (*sum)(grad_sum *of, float *sum), int64_t layer, int64_t offset, int64_t rows)
{
    const lebm__recurrent_block block = {.sum = sum, .layer = layer, .columns = 1, .offset = offset, .bias = -1};
    return (grad_cut){block, rows, rows};
}

/* All blocks, those that take longest first. */
static int64_t grad_list(const lebm__recurrent *net, lebm__recurrent_block *blocks)
{
    const lebm__recurrent_form *form = &net->form;
    const int64_t classes = lebm__recurrent_classes(net), gates = lebm__recurrent_gates(net);
    const int64_t units = form->units, states = form->layers * units;
    const lebm__recurrent_block output = {
        .sum = grad_sum_output, .columns = units, .offset = net->output_weight, .bias = net->output_bias};
    int64_t n = grad_append(blocks, 0, (grad_cut){output, classes, net->class_block_size});
    for (int64_t i = 0; i < form->layers; i++) {
        const lebm__recurrent_layer *layer = &net->layers[i];
        n = grad_append(blocks, n, grad_cut_weight(grad_sum_input, i, layer->weight_ih, gates, layer->in_features));
        n = grad_append(blocks, n, grad_cut_weight(grad_sum_hidden, i, layer->weight_hh, gates, units));
        n = grad_append(blocks, n, grad_cut_bias(grad_sum_input_bias, i, layer->bias_ih, gates));
        n = grad_append(blocks, n, grad_cut_bias(grad_sum_hidden_bias, i, layer->bias_hh, gates));
    }
    if (!form->is_tied) {
        n = grad_append(blocks, n, grad_cut_weight(grad_sum_embedding, 0, net->embedding, classes, form->embedding));
    }
    if (form->start_without_context) return n;
    n = grad_append(blocks, n, grad_cut_weight(grad_sum_start, 0, net->start_weight, states, form->context));
    return grad_append(blocks, n, grad_cut_bias(grad_sum_start_bias, 0, net->start_bias, states));
}

int lebm__recurrent_cut_gradient(lebm__recurrent *net)
{
    net->block_count = grad_list(net, NULL);
    net->blocks = lebm__alloc(net->block_count, sizeof *net->blocks);
    if (net->blocks == NULL) return LEBM_ERR_NOMEM;
    grad_list(net, net->blocks);
    return LEBM_OK;
}

int64_t lebm__recurrent_grad_blocks(const lebm__recurrent *net)
{
    return net->block_count;
}

static int64_t grad_rows_size(const lebm__recurrent_block *block)
{
    return block->count * block->columns;
}

int64_t lebm__recurrent_grad_block_size(const lebm__recurrent *net, int64_t block)
{
    const lebm__recurrent_block *found = &net->blocks[block];
    return grad_rows_size(found) + (found->bias >= 0 ? found->count : 0);
}

static void grad_lay_out(const lebm__recurrent *net, grad_workspace *work, lebm__arena *arena)
{
    int64_t rows = 0;
    const int64_t columns = grad_max(net->form.embedding, net->form.units);
    for (int64_t i = 0; i < net->block_count; i++) {
        const lebm__recurrent_block *block = &net->blocks[i];
        const int gathers =
            block->sum == grad_sum_input || block->sum == grad_sum_hidden || block->sum == grad_sum_output;
        if (gathers) rows = grad_max(rows, block->count);
    }
    work->left = lebm__arena_take(arena, STEPS * rows, sizeof *work->left);
    work->right = lebm__arena_take(arena, STEPS * columns, sizeof *work->right);
    work->hidden = lebm__arena_take(arena, lebm__recurrent_gates(net), sizeof *work->hidden);
    work->places = lebm__arena_take(arena, STEPS, sizeof *work->places);
}

int64_t lebm__recurrent_grad_workspace(const lebm__recurrent *net)
{
    grad_workspace work;
    lebm__arena arena = {NULL, 0};
    grad_lay_out(net, &work, &arena);
    return arena.used / (int64_t)sizeof(float);
}

void lebm__recurrent_grad(const lebm__recurrent_tape *tape, int64_t block, int64_t first, int64_t n, float *workspace,
                          float *sum)
{
    const lebm__recurrent *net = tape->net;
    grad_sum of = {.tape = tape, .block = &net->blocks[block], .first = first, .n = n, .row = first};
    lebm__arena arena = {(char *)workspace, 0};
    grad_lay_out(net, &of.work, &arena);
    memset(sum, 0, (size_t)lebm__recurrent_grad_block_size(net, block) * sizeof *sum);
    of.block->sum(&of, sum);
}

void lebm__recurrent_grad_store(const lebm__recurrent *net, int64_t block, const float *sum, float *grads)
{
    const lebm__recurrent_block *found = &net->blocks[block];
    const int64_t rows_size = grad_rows_size(found);
    memcpy(grads + found->offset, sum, (size_t)rows_size * sizeof *sum);
    if (found->bias < 0) return;
    memcpy(grads + found->bias, sum + rows_size, (size_t)found->count * sizeof *sum);
}
