#include "nn/recurrent_state.h"

#include <string.h>

#include "math/kernels.h"

void lebm__recurrent_state_lay_out(lebm__recurrent_state *state, const lebm__recurrent *net, int64_t rows,
                                   lebm__arena *arena)
{
    const lebm__recurrent_form *form = &net->form;
    const int64_t gates = lebm__recurrent_gates(net);
    *state = (lebm__recurrent_state){.net = net, .rows = rows};
    state->context_gates = lebm__arena_take(arena, rows * gates, sizeof(float));
    state->embedding = lebm__arena_take(arena, rows * form->embedding, sizeof(float));
    state->gates = lebm__arena_take(arena, rows * LEBM__GATE_PLACES * form->units, sizeof(float));
    state->hidden = lebm__arena_take(arena, rows * gates, sizeof(float));
    state->starts = lebm__arena_take(arena, rows * form->layers * form->units, sizeof(float));
    state->layers = lebm__arena_take(arena, form->layers, sizeof *state->layers);
    for (int64_t i = 0; i < form->layers; i++) {
        lebm__recurrent_layer_state layer;
        layer.output = lebm__arena_take(arena, rows * form->units, sizeof(float));
        layer.output_after = lebm__arena_take(arena, rows * form->units, sizeof(float));
        layer.memory = lebm__arena_take(arena, rows * form->units, sizeof(float));
        if (state->layers != NULL) state->layers[i] = layer;
    }
}

void lebm__recurrent_state_begin(const lebm__recurrent_state *state, const float *context, int64_t n)
{
    const lebm__recurrent *net = state->net;
    const int64_t size = net->form.context, units = net->form.units, all = net->form.layers * units;
    if (!net->form.steps_without_context) {
        lebm__matrix_multiply(&net->context[0], 0, n, context, size, state->context_gates, lebm__recurrent_gates(net));
    }
    if (net->form.start_without_context) {
        memset(state->starts, 0, (size_t)(n * all) * sizeof(float));
    } else {
        lebm__matrix_multiply(&net->start[0], 0, n, context, size, state->starts, all);
    }
    for (int64_t layer = 0; layer < net->form.layers; layer++) {
        const lebm__recurrent_layer_state *to = &state->layers[layer];
        memset(to->memory, 0, (size_t)(n * units) * sizeof(float));
        for (int64_t i = 0; i < n; i++) {
            memcpy(to->output + i * units, state->starts + i * all + layer * units, (size_t)units * sizeof(float));
        }
    }
}

/* What the inputs of n rows make of the first layer's gates. */
static void state_enter(const lebm__recurrent_state *state, const int64_t *inputs, int64_t n)
{
    const lebm__recurrent *net = state->net;
    const int64_t size = net->form.embedding, gates = lebm__recurrent_gates(net);
    const int64_t stride = LEBM__GATE_PLACES * net->form.units;
    for (int64_t i = 0; i < n; i++) {
        memcpy(state->embedding + i * size, net->params.values + net->embedding + inputs[i] * size,
               (size_t)size * sizeof(float));
    }
    lebm__matrix_multiply(&net->layers[0].input[0], 0, n, state->embedding, size, state->gates, stride);
    for (int64_t i = 0; i < n && !net->form.steps_without_context; i++) {
        lebm__kernels()->add(gates, state->context_gates + i * gates, state->gates + i * stride);
    }
}

const float *lebm__recurrent_state_step(const lebm__recurrent_state *state, const int64_t *inputs, int64_t n)
{
    const lebm__recurrent *net = state->net;
    const int64_t units = net->form.units, gates = lebm__recurrent_gates(net), stride = LEBM__GATE_PLACES * units;
    const float *below = NULL;
    for (int64_t layer = 0; layer < net->form.layers; layer++) {
        lebm__recurrent_layer_state *at = &state->layers[layer];
        if (layer == 0) {
            state_enter(state, inputs, n);
        } else {
            lebm__matrix_multiply(&net->layers[layer].input[0], 0, n, below, units, state->gates, stride);
        }
        lebm__matrix_multiply(&net->layers[layer].hidden[0], 0, n, at->output, units, state->hidden, gates);
        for (int64_t i = 0; i < n; i++) {
            float *memory = at->memory + i * units;
            net->form.cell->forward(units, state->gates + i * stride, state->hidden + i * gates, at->output + i * units,
                                    memory, at->output_after + i * units, memory);
        }
        float *after = at->output_after;
        at->output_after = at->output;
        at->output = after;
        below = after;
    }
    return below;
}

/* Rows by way of the memory that a step works in. */
static void state_select_rows(const int64_t *from, int64_t n, float *rows, int64_t columns, float *work)
{
    const size_t bytes = (size_t)columns * sizeof *rows;
    for (int64_t i = 0; i < n; i++) memcpy(work + i * columns, rows + from[i] * columns, bytes);
    memcpy(rows, work, (size_t)n * bytes);
}

void lebm__recurrent_state_select(const lebm__recurrent_state *state, const int64_t *from, int64_t n)
{
    const lebm__recurrent_form *form = &state->net->form;
    for (int64_t layer = 0; layer < form->layers; layer++) {
        const lebm__recurrent_layer_state *at = &state->layers[layer];
        state_select_rows(from, n, at->output, form->units, state->hidden);
        state_select_rows(from, n, at->memory, form->units, state->hidden);
    }
    if (form->steps_without_context) return;
    state_select_rows(from, n, state->context_gates, lebm__recurrent_gates(state->net), state->hidden);
}
