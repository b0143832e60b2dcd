/* A recurrent net one step after the other, for sequences that come about as it goes: those that are drawn or searched for. */
#ifndef LEBM_NN_RECURRENT_STATE_H
#define LEBM_NN_RECURRENT_STATE_H

#include "core/memory.h"
#include "nn/recurrent.h"

/* What rows that go on have of a layer. */
typedef struct {
    float *output, *output_after; /* [rows, units] before and after a step, which then exchange their places */
    float *memory;                /* [rows, units] */
} lebm__recurrent_layer_state;

typedef struct {
    const lebm__recurrent *net;
    int64_t rows;
    float *context_gates;              /* [rows, gates] */
    float *embedding, *gates, *hidden; /* [rows, embedding], [rows, 4 units], [rows, gates] */
    float *starts;                     /* [rows, layers units] */
    lebm__recurrent_layer_state *layers;
} lebm__recurrent_state;

void lebm__recurrent_state_lay_out(lebm__recurrent_state *state, const lebm__recurrent *net, int64_t rows,
                                   lebm__arena *arena);

/* The states that n rows begin with. */
void lebm__recurrent_state_begin(const lebm__recurrent_state *state, const float *context, int64_t n);

/* A step of all n rows with these classes as inputs. Returns the outputs of the last layer, [n, units]. */
const float *lebm__recurrent_state_step(const lebm__recurrent_state *state, const int64_t *inputs, int64_t n);

/* Keep n rows alone: row i becomes what row from[i] is. */
void lebm__recurrent_state_select(const lebm__recurrent_state *state, const int64_t *from, int64_t n);

#endif
