#include "nn/recurrent_pass.h"

#include <string.h>

#include "math/kernels.h"

/* Rows that are at work at a step. */
static int64_t pass_active(const lebm__recurrent_tape *tape, int64_t t)
{
    return tape->first[t + 1] - tape->first[t];
}

static int64_t pass_places(const lebm__recurrent_tape *tape)
{
    return tape->first[tape->time];
}

/* The outputs of a layer before a step, of which each row is `stride` numbers from the next. */
static const float *pass_output_before(const lebm__recurrent_tape *tape, int64_t layer, int64_t t, int64_t *stride)
{
    const int64_t units = tape->net->form.units;
    *stride = t == 0 ? tape->net->form.layers * units : units;
    return t == 0 ? tape->start + layer * units : tape->layers[layer].output + tape->first[t - 1] * units;
}

/* The memory of row i of a layer before and after a step; NULL if the cell has none. */

static const float *pass_memory_before(const lebm__recurrent_tape *tape, int64_t layer, int64_t t, int64_t i)
{
    const float *memory = tape->layers[layer].memory;
    if (memory == NULL) return NULL;
    return t == 0 ? tape->zeros : memory + (tape->first[t - 1] + i) * tape->net->form.units;
}

static float *pass_memory(const lebm__recurrent_tape *tape, int64_t layer, int64_t t, int64_t i)
{
    float *memory = tape->layers[layer].memory;
    return memory == NULL ? NULL : memory + (tape->first[t] + i) * tape->net->form.units;
}

/* ---- Forward ---- */

/* What the context makes of the first layer's gates, and of all layers' states before the first step. */
static void pass_enter(const lebm__recurrent_tape *tape, const float *context)
{
    const lebm__recurrent *net = tape->net;
    const int64_t size = net->form.context, states = net->form.layers * net->form.units;
    const int64_t gates = lebm__recurrent_gates(net);
    for (int64_t i = 0; i < tape->n; i++) {
        memcpy(tape->context + i * size, context + tape->order[i] * size, (size_t)size * sizeof *context);
    }
    if (!net->form.steps_without_context) {
        lebm__matrix_multiply(&net->context[0], 0, tape->n, tape->context, size, tape->context_gates, gates);
    }
    if (net->form.start_without_context) {
        memset(tape->start, 0, (size_t)(tape->n * states) * sizeof *tape->start);
    } else {
        lebm__matrix_multiply(&net->start[0], 0, tape->n, tape->context, size, tape->start, states);
    }
    memset(tape->zeros, 0, (size_t)net->form.units * sizeof *tape->zeros);
}

/* What the input of a layer makes of its gates, at all steps at once. */
static void pass_input_gates(const lebm__recurrent_tape *tape, int64_t layer)
{
    const lebm__recurrent *net = tape->net;
    const int64_t units = net->form.units, gates = lebm__recurrent_gates(net), stride = LEBM__GATE_PLACES * units;
    float *to = tape->layers[layer].gates;
    if (layer > 0) {
        lebm__matrix_multiply(&net->layers[layer].input[0], 0, pass_places(tape), tape->layers[layer - 1].output, units,
                              to, stride);
        return;
    }
    for (int64_t t = 0; t < tape->time; t++) {
        for (int64_t i = 0; i < pass_active(tape, t); i++) {
            const int64_t place = tape->first[t] + i;
            memcpy(to + place * stride, tape->input_gates + place * gates, (size_t)gates * sizeof *to);
            if (net->form.steps_without_context) continue;
            lebm__kernels()->add(gates, tape->context_gates + i * gates, to + place * stride);
        }
    }
}

/* A layer at all steps, one after the other. */
static void pass_layer(const lebm__recurrent_tape *tape, int64_t layer)
{
    const lebm__recurrent *net = tape->net;
    const lebm__recurrent_trace *trace = &tape->layers[layer];
    const int64_t units = net->form.units, gates = lebm__recurrent_gates(net);
    pass_input_gates(tape, layer);
    for (int64_t t = 0; t < tape->time; t++) {
        int64_t stride;
        const float *before = pass_output_before(tape, layer, t, &stride);
        lebm__matrix_multiply(&net->layers[layer].hidden[0], 0, pass_active(tape, t), before, stride, tape->hidden,
                              gates);
        for (int64_t i = 0; i < pass_active(tape, t); i++) {
            const int64_t place = tape->first[t] + i;
            net->form.cell->forward(units, trace->gates + place * LEBM__GATE_PLACES * units, tape->hidden + i * gates,
                                    before + i * stride, pass_memory_before(tape, layer, t, i),
                                    trace->output + place * units, pass_memory(tape, layer, t, i));
        }
    }
}

/* The outputs of the last layer as the classes see them. */
static const float *pass_classified(const lebm__recurrent_tape *tape)
{
    const float *outputs = tape->layers[tape->net->form.layers - 1].output;
    const int64_t count = pass_places(tape) * tape->net->form.units;
    if (!tape->drops_outputs) return outputs;
    memcpy(tape->classified, outputs, (size_t)count * sizeof *outputs);
    lebm__kernels()->multiply(count, tape->output_factors, tape->classified);
    return tape->classified;
}

/* log p of a sequence is the sum of its steps'. */
static void pass_run(const lebm__recurrent_tape *tape, const float *context, double *log_probability,
                     float *output_grad)
{
    const int64_t layers = tape->net->form.layers;
    pass_enter(tape, context);
    for (int64_t layer = 0; layer < layers; layer++) pass_layer(tape, layer);
    lebm__classes_log_probability(tape->net, &tape->classes, pass_places(tape), pass_classified(tape), tape->targets,
                                  tape->log_probability, output_grad);
    if (output_grad != NULL && tape->drops_outputs) {
        lebm__kernels()->multiply(pass_places(tape) * tape->net->form.units, tape->output_factors, output_grad);
    }
    for (int64_t i = 0; i < tape->n; i++) {
        double sum = 0.0;
        for (int64_t t = 0; t < tape->steps[i]; t++) sum += tape->log_probability[tape->first[t] + i];
        log_probability[tape->order[i]] += sum;
    }
}

void lebm__recurrent_forward(const lebm__recurrent_tape *tape, const float *context, double *log_probability)
{
    pass_run(tape, context, log_probability, NULL);
}

/* ---- Back ---- */

/* A step of a layer back: gradients by the gates' sums take the place of the gates, and state_grad becomes that by the
 * state before. */
static void pass_step_back(const lebm__recurrent_tape *tape, int64_t layer, int64_t t)
{
    const lebm__recurrent *net = tape->net;
    const lebm__recurrent_trace *trace = &tape->layers[layer];
    const int64_t units = net->form.units, gates = lebm__recurrent_gates(net), n = pass_active(tape, t);
    int64_t stride;
    const float *before = pass_output_before(tape, layer, t, &stride);
    for (int64_t i = 0; i < n; i++) {
        const int64_t place = tape->first[t] + i;
        float *of_gates = trace->gates + place * LEBM__GATE_PLACES * units;
        memcpy(tape->step_grad, tape->output_grad + place * units, (size_t)units * sizeof *tape->step_grad);
        lebm__kernels()->add(units, tape->state_grad + i * units, tape->step_grad);
        net->form.cell->backward(units, of_gates, before + i * stride, pass_memory_before(tape, layer, t, i),
                                 pass_memory(tape, layer, t, i), tape->step_grad, tape->state_grad + i * units,
                                 tape->memory_grad + i * units);
        net->form.cell->hidden_grad(units, of_gates, tape->hidden + i * gates);
    }
    lebm__matrix_multiply(&net->layers[layer].hidden[1], 0, n, tape->hidden, gates, tape->through_hidden, units);
    lebm__kernels()->add(n * units, tape->through_hidden, tape->state_grad);
}

/* A layer back through time, from output_grad, that by its outputs, which becomes that by the outputs of the layer below.
 * A row joins in at its last step. */
static void pass_layer_back(const lebm__recurrent_tape *tape, int64_t layer)
{
    const lebm__recurrent *net = tape->net;
    const int64_t units = net->form.units, states = net->form.layers * units;
    const size_t bytes = (size_t)(tape->n * units) * sizeof(float);
    memset(tape->state_grad, 0, bytes);
    memset(tape->memory_grad, 0, bytes);
    for (int64_t t = tape->time - 1; t >= 0; t--) pass_step_back(tape, layer, t);
    for (int64_t i = 0; i < tape->n; i++) {
        memcpy(tape->start_grad + i * states + layer * units, tape->state_grad + i * units,
               (size_t)units * sizeof(float));
    }
    if (layer == 0) return;
    lebm__matrix_multiply(&net->layers[layer].input[1], 0, pass_places(tape), tape->layers[layer].gates,
                          LEBM__GATE_PLACES * units, tape->output_grad, units);
}

/* What the context makes of the gates enters at every step. */
static void pass_sum_gates_grad(const lebm__recurrent_tape *tape)
{
    const int64_t gates = lebm__recurrent_gates(tape->net), stride = LEBM__GATE_PLACES * tape->net->form.units;
    memset(tape->context_gates_grad, 0, (size_t)(tape->n * gates) * sizeof(float));
    for (int64_t t = 0; t < tape->time; t++) {
        for (int64_t i = 0; i < pass_active(tape, t); i++) {
            lebm__kernels()->add(gates, tape->layers[0].gates + (tape->first[t] + i) * stride,
                                 tape->context_gates_grad + i * gates);
        }
    }
}

static void pass_scatter_add(const lebm__recurrent_tape *tape, float *grad)
{
    const int64_t size = tape->net->form.context;
    for (int64_t i = 0; i < tape->n; i++) {
        lebm__kernels()->add(size, tape->context_grad + i * size, grad + tape->order[i] * size);
    }
}

void lebm__recurrent_context_grad(const lebm__recurrent_tape *tape, float *grad)
{
    const lebm__recurrent *net = tape->net;
    const int64_t size = net->form.context, gates = lebm__recurrent_gates(net);
    const int64_t states = net->form.layers * net->form.units;
    if (!net->form.steps_without_context) {
        lebm__matrix_multiply(&net->context[1], 0, tape->n, tape->context_gates_grad, gates, tape->context_grad, size);
        pass_scatter_add(tape, grad);
    }
    if (!net->form.start_without_context) {
        lebm__matrix_multiply(&net->start[1], 0, tape->n, tape->start_grad, states, tape->context_grad, size);
        pass_scatter_add(tape, grad);
    }
}

/* ---- What the gradients of the parameters are made of ---- */

static void pass_copy(float *to, int64_t row, const float *from, int64_t i, int64_t columns)
{
    memcpy(to + row * columns, from + i * columns, (size_t)columns * sizeof *to);
}

static void pass_record_embedding_grad(const lebm__recurrent_tape *tape, int64_t t)
{
    const lebm__recurrent *net = tape->net;
    const int64_t size = net->form.embedding, longest = net->form.longest, stride = LEBM__GATE_PLACES * net->form.units;
    for (int64_t first = 0; first < pass_active(tape, t); first += LEBM__EMBEDDING_ROWS) {
        const int64_t left = pass_active(tape, t) - first,
                      n = left < LEBM__EMBEDDING_ROWS ? left : LEBM__EMBEDDING_ROWS;
        lebm__matrix_multiply(&net->layers[0].input[1], 0, n, tape->layers[0].gates + (tape->first[t] + first) * stride,
                              stride, tape->embedding, size);
        for (int64_t i = 0; i < n; i++) {
            float *grad = tape->record.embedding_grad + (tape->order[first + i] * longest + t) * size;
            memcpy(grad, tape->embedding + i * size, (size_t)size * sizeof *grad);
            if (!tape->drops_inputs) continue;
            lebm__kernels()->multiply(size, tape->input_factors + (tape->first[t] + first + i) * size, grad);
        }
    }
}

static void pass_record_step(const lebm__recurrent_tape *tape, int64_t t)
{
    const lebm__recurrent_record *record = &tape->record;
    const lebm__recurrent_form *form = &tape->net->form;
    const float *classified = tape->drops_outputs ? tape->classified : tape->layers[form->layers - 1].output;
    for (int64_t i = 0; i < pass_active(tape, t); i++) {
        const int64_t place = tape->first[t] + i, to = tape->order[i] * form->longest + t;
        record->inputs[to] = tape->inputs[place];
        record->targets[to] = tape->targets[place];
        record->log_sum[to] = tape->classes.log_sum[place];
        pass_copy(record->classified, to, classified, place, form->units);
        lebm__recurrent_take_embedding(tape, place, record->embedding + to * form->embedding);
        for (int64_t layer = 0; layer < form->layers; layer++) {
            const lebm__recurrent_trace *trace = &tape->layers[layer];
            pass_copy(record->gates_grad[layer], to, trace->gates, place, LEBM__GATE_PLACES * form->units);
            pass_copy(record->outputs[layer], to, trace->output, place, form->units);
        }
    }
    pass_record_embedding_grad(tape, t);
}

static void pass_record(const lebm__recurrent_tape *tape)
{
    const lebm__recurrent_record *record = &tape->record;
    const lebm__recurrent_form *form = &tape->net->form;
    for (int64_t i = 0; i < tape->n; i++) {
        const int64_t row = tape->order[i];
        record->steps[row] = tape->steps[i];
        pass_copy(record->context, row, tape->context, i, form->context);
        pass_copy(record->context_gates_grad, row, tape->context_gates_grad, i, lebm__recurrent_gates(tape->net));
        pass_copy(record->start, row, tape->start, i, form->layers * form->units);
        pass_copy(record->start_grad, row, tape->start_grad, i, form->layers * form->units);
    }
    for (int64_t t = 0; t < tape->time; t++) pass_record_step(tape, t);
}

void lebm__recurrent_forward_backward(const lebm__recurrent_tape *tape, const float *context, double *log_probability)
{
    pass_run(tape, context, log_probability, tape->output_grad);
    for (int64_t layer = tape->net->form.layers - 1; layer >= 0; layer--) pass_layer_back(tape, layer);
    pass_sum_gates_grad(tape);
    if (tape->records) pass_record(tape);
}
