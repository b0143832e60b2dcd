#include "nn/recurrent_tape.h"

#include <string.h>

#include "math/kernels.h"

static float *tape_take(lebm__arena *arena, int64_t rows, int64_t columns)
{
    return lebm__arena_take(arena, rows * columns, sizeof(float));
}

static void tape_lay_out_trace(lebm__recurrent_tape *tape, int64_t places, lebm__arena *arena)
{
    const lebm__recurrent_form *form = &tape->net->form;
    tape->layers = lebm__arena_take(arena, form->layers, sizeof *tape->layers);
    for (int64_t i = 0; i < form->layers; i++) {
        lebm__recurrent_trace trace = {.memory = NULL};
        trace.gates = tape_take(arena, places, LEBM__GATE_PLACES * form->units);
        trace.output = tape_take(arena, places, form->units);
        if (form->cell->has_memory) trace.memory = tape_take(arena, places, form->units);
        if (tape->layers != NULL) tape->layers[i] = trace;
    }
}

/* What a pass over up to `rows` rows needs. Steps that shorter sequences have not are memory that is never touched. */
static void tape_lay_out_work(lebm__recurrent_tape *tape, int64_t rows, lebm__arena *arena)
{
    const lebm__recurrent_form *form = &tape->net->form;
    const int64_t places = rows * form->longest, gates = lebm__recurrent_gates(tape->net);
    tape->order = lebm__arena_take(arena, rows, sizeof *tape->order);
    tape->steps = lebm__arena_take(arena, rows, sizeof *tape->steps);
    tape->first = lebm__arena_take(arena, form->longest + 1, sizeof *tape->first);
    tape->inputs = lebm__arena_take(arena, places, sizeof *tape->inputs);
    tape->targets = lebm__arena_take(arena, places, sizeof *tape->targets);
    tape->input_gates = tape_take(arena, places, gates);
    tape->input_factors = tape_take(arena, places, form->embedding);
    tape->output_factors = tape_take(arena, places, form->units);
    tape->classified = tape_take(arena, places, form->units);
    tape->context = tape_take(arena, rows, form->context);
    tape->context_grad = tape_take(arena, rows, form->context);
    tape->context_gates = tape_take(arena, rows, gates);
    tape->context_gates_grad = tape_take(arena, rows, gates);
    tape->start = tape_take(arena, rows, form->layers * form->units);
    tape->start_grad = tape_take(arena, rows, form->layers * form->units);
    tape->zeros = tape_take(arena, 1, form->units);
    tape->hidden = tape_take(arena, rows, gates);
    tape->embedding = tape_take(arena, LEBM__EMBEDDING_ROWS, form->embedding);
    tape->output_grad = tape_take(arena, places, form->units);
    tape->state_grad = tape_take(arena, rows, form->units);
    tape->memory_grad = tape_take(arena, rows, form->units);
    tape->step_grad = tape_take(arena, 1, form->units);
    tape->through_hidden = tape_take(arena, rows, form->units);
    tape->log_probability = lebm__arena_take(arena, places, sizeof *tape->log_probability);
    lebm__classes_lay_out(&tape->classes, tape->net, places, arena);
    tape_lay_out_trace(tape, places, arena);
}

static void tape_lay_out_record(lebm__recurrent_tape *tape, int64_t rows, lebm__arena *arena)
{
    const lebm__recurrent_form *form = &tape->net->form;
    const int64_t places = rows * form->longest;
    lebm__recurrent_record *record = &tape->record;
    record->steps = lebm__arena_take(arena, rows, sizeof *record->steps);
    record->inputs = lebm__arena_take(arena, places, sizeof *record->inputs);
    record->targets = lebm__arena_take(arena, places, sizeof *record->targets);
    record->context = tape_take(arena, rows, form->context);
    record->context_gates_grad = tape_take(arena, rows, lebm__recurrent_gates(tape->net));
    record->start = tape_take(arena, rows, form->layers * form->units);
    record->start_grad = tape_take(arena, rows, form->layers * form->units);
    record->classified = tape_take(arena, places, form->units);
    record->embedding = tape_take(arena, places, form->embedding);
    record->embedding_grad = tape_take(arena, places, form->embedding);
    record->log_sum = lebm__arena_take(arena, places, sizeof *record->log_sum);
    record->gates_grad = lebm__arena_take(arena, form->layers, sizeof *record->gates_grad);
    record->outputs = lebm__arena_take(arena, form->layers, sizeof *record->outputs);
    for (int64_t i = 0; i < form->layers; i++) {
        float *gates_grad = tape_take(arena, places, LEBM__GATE_PLACES * form->units);
        float *outputs = tape_take(arena, places, form->units);
        if (record->gates_grad == NULL) continue;
        record->gates_grad[i] = gates_grad;
        record->outputs[i] = outputs;
    }
}

void lebm__recurrent_lay_out(lebm__recurrent_tape *tape, const lebm__recurrent *net, int64_t rows, lebm__passes passes,
                             lebm__arena *arena)
{
    *tape = (lebm__recurrent_tape){.net = net, .rows = rows};
    if (passes == LEBM__LEARN) {
        tape_lay_out_record(tape, rows, arena);
    } else {
        tape_lay_out_work(tape, rows, arena);
    }
}

/* The record from a row on; the pointers of the layers need memory of their own. */
static void tape_view_record(lebm__recurrent_tape *view, const lebm__recurrent_record *all, int64_t row,
                             lebm__arena *arena)
{
    const lebm__recurrent_form *form = &view->net->form;
    const int64_t place = row * form->longest, units = form->units;
    lebm__recurrent_record *record = &view->record;
    *record = *all;
    record->gates_grad = lebm__arena_take(arena, form->layers, sizeof *record->gates_grad);
    record->outputs = lebm__arena_take(arena, form->layers, sizeof *record->outputs);
    if (record->gates_grad == NULL) return;
    record->steps += row;
    record->inputs += place;
    record->targets += place;
    record->context += row * form->context;
    record->context_gates_grad += row * lebm__recurrent_gates(view->net);
    record->start += row * form->layers * units;
    record->start_grad += row * form->layers * units;
    record->classified += place * units;
    record->embedding += place * form->embedding;
    record->embedding_grad += place * form->embedding;
    record->log_sum += place;
    for (int64_t i = 0; i < form->layers; i++) {
        record->gates_grad[i] = all->gates_grad[i] + place * LEBM__GATE_PLACES * units;
        record->outputs[i] = all->outputs[i] + place * units;
    }
}

void lebm__recurrent_lay_out_view(lebm__recurrent_tape *view, const lebm__recurrent_tape *all, int64_t first,
                                  int64_t rows, lebm__arena *arena)
{
    *view = (lebm__recurrent_tape){.net = all->net, .rows = rows, .records = 1};
    tape_view_record(view, &all->record, first, arena);
    tape_lay_out_work(view, rows, arena);
}

/* ---- Sequences ---- */

int64_t lebm__recurrent_steps(const lebm__recurrent *net, const float *tokens)
{
    const int64_t longest = net->form.longest;
    int64_t length = 0;
    while (length < longest && tokens[length] >= 0.0f) length++;
    return length < longest ? length + 1 : longest;
}

/* The rows by their steps, the longest first and equals as they come. */
static void tape_sort(lebm__recurrent_tape *tape, const float *tokens)
{
    for (int64_t row = 0; row < tape->n; row++) {
        const int64_t steps = lebm__recurrent_steps(tape->net, tokens + row * tape->net->form.longest);
        int64_t i = row;
        for (; i > 0 && tape->steps[i - 1] < steps; i--) {
            tape->steps[i] = tape->steps[i - 1];
            tape->order[i] = tape->order[i - 1];
        }
        tape->steps[i] = steps;
        tape->order[i] = row;
    }
    tape->time = tape->n == 0 ? 0 : tape->steps[0];
}

/* The embedding of a place, times its factors. */
void lebm__recurrent_take_embedding(const lebm__recurrent_tape *tape, int64_t place, float *embedding)
{
    const lebm__recurrent *net = tape->net;
    const int64_t size = net->form.embedding;
    memcpy(embedding, net->params.values + net->embedding + tape->inputs[place] * size,
           (size_t)size * sizeof *embedding);
    if (tape->drops_inputs) lebm__kernels()->multiply(size, tape->input_factors + place * size, embedding);
}

/* What the first layer makes of the inputs of all steps, which is the same in all passes. */
static void tape_multiply_embeddings(lebm__recurrent_tape *tape)
{
    const lebm__recurrent *net = tape->net;
    const int64_t places = tape->first[tape->time], size = net->form.embedding, gates = lebm__recurrent_gates(net);
    for (int64_t first = 0; first < places; first += LEBM__EMBEDDING_ROWS) {
        const int64_t n = places - first < LEBM__EMBEDDING_ROWS ? places - first : LEBM__EMBEDDING_ROWS;
        for (int64_t i = 0; i < n; i++) lebm__recurrent_take_embedding(tape, first + i, tape->embedding + i * size);
        lebm__matrix_multiply(&net->layers[0].input[0], 0, n, tape->embedding, size, tape->input_gates + first * gates,
                              gates);
    }
}

/* The factors of all places, the same in all passes. */
static void tape_drop(lebm__recurrent_tape *tape, const lebm__dropout *dropout)
{
    const lebm__recurrent_form *form = &tape->net->form;
    tape->drops_inputs = dropout != NULL && lebm__dropout_of_inputs(dropout);
    tape->drops_outputs = dropout != NULL && lebm__dropout_of_outputs(dropout);
    for (int64_t t = 0; t < tape->time && dropout != NULL; t++) {
        for (int64_t place = tape->first[t]; place < tape->first[t + 1]; place++) {
            const int64_t row = tape->order[place - tape->first[t]];
            float *of_input = tape->input_factors + place * form->embedding;
            float *of_output = tape->output_factors + place * form->units;
            if (tape->drops_inputs) lebm__dropout_inputs(dropout, row, t, form->embedding, of_input);
            if (tape->drops_outputs) lebm__dropout_outputs(dropout, row, t, form->units, of_output);
        }
    }
}

void lebm__recurrent_observe(lebm__recurrent_tape *tape, const float *tokens, int64_t n, const lebm__dropout *dropout)
{
    const int64_t longest = tape->net->form.longest, mark = tape->net->form.tokens;
    tape->n = n;
    tape_sort(tape, tokens);
    int64_t place = 0;
    for (int64_t t = 0; t < tape->time; t++) {
        tape->first[t] = place;
        for (int64_t i = 0; i < n && tape->steps[i] > t; i++, place++) {
            const float *row = tokens + tape->order[i] * longest;
            tape->inputs[place] = t == 0 ? mark : (int64_t)row[t - 1];
            tape->targets[place] = row[t] < 0.0f ? mark : (int64_t)row[t];
        }
    }
    tape->first[tape->time] = place;
    tape_drop(tape, dropout);
    tape_multiply_embeddings(tape);
}
