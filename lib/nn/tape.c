#include "core/memory.h"
#include "core/status.h"
#include "nn/net.h"

/* Floats of a buffer, rounded up so that each begins at a vector. */
static int64_t room(int64_t floats)
{
    const int64_t align = LEBM__ALIGNMENT / (int64_t)sizeof(float);
    return (floats + align - 1) / align * align;
}

static int64_t largest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int lebm__tape_create(lebm__tape *tape, const lebm_net *net, int64_t rows, lebm__passes passes)
{
    int64_t values = room(rows * lebm__numbers(net->in)), widest = values, scratch = 0;
    for (int64_t i = 0; i < net->layer_count; i++) {
        const lebm__layer *layer = &net->layers[i];
        const int64_t size = room(rows * lebm__numbers(layer->out));
        values += size;
        widest = largest(widest, size);
        if (layer->kind->scratch_size != NULL) {
            scratch = largest(scratch, layer->kind->scratch_size(layer, rows, passes));
        }
    }
    const int64_t grads = passes == LEBM__FORWARD ? 0 : widest;
    *tape = (lebm__tape){.net = net, .rows = rows};
    tape->memory = lebm__alloc_raw(values + 2 * grads + scratch, sizeof *tape->memory);
    tape->values = lebm__alloc(net->layer_count + 1, sizeof *tape->values);
    if (tape->memory == NULL || tape->values == NULL) {
        lebm__tape_destroy(tape);
        return LEBM_ERR_NOMEM;
    }
    float *next = tape->memory;
    tape->values[0] = next;
    next += room(rows * lebm__numbers(net->in));
    for (int64_t i = 0; i < net->layer_count; i++) {
        tape->values[i + 1] = next;
        next += room(rows * lebm__numbers(net->layers[i].out));
    }
    tape->grads[0] = next;
    tape->grads[1] = next + grads;
    tape->scratch = next + 2 * grads;
    return LEBM_OK;
}

void lebm__tape_destroy(lebm__tape *tape)
{
    lebm__free(tape->memory);
    lebm__free(tape->values);
    *tape = (lebm__tape){0};
}

float *lebm__tape_input(const lebm__tape *tape)
{
    return tape->values[0];
}

float *lebm__tape_output(const lebm__tape *tape)
{
    return tape->values[tape->net->layer_count];
}

float *lebm__tape_input_grad(const lebm__tape *tape)
{
    return tape->grads[0];
}

float *lebm__tape_output_grad(const lebm__tape *tape)
{
    return tape->grads[tape->net->layer_count % 2];
}

void lebm__tape_forward(const lebm__tape *tape, int64_t n)
{
    const lebm_net *net = tape->net;
    for (int64_t i = 0; i < net->layer_count; i++) {
        const lebm__layer *layer = &net->layers[i];
        layer->kind->forward(layer, net->params, n, tape->values[i], tape->values[i + 1], tape->scratch);
    }
}

void lebm__tape_backward(const lebm__tape *tape, int64_t n, float *grads)
{
    const lebm_net *net = tape->net;
    for (int64_t i = net->layer_count - 1; i >= 0; i--) {
        const lebm__layer *layer = &net->layers[i];
        const float *grad_out = tape->grads[(i + 1) % 2];
        if (grads != NULL && layer->kind->accumulate != NULL) {
            layer->kind->accumulate(layer, n, tape->values[i], grad_out, grads, tape->scratch);
        }
        layer->kind->backward(layer, n, tape->values[i], grad_out, tape->grads[i % 2], tape->scratch);
    }
}
