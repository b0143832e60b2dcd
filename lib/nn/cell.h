/* Recurrent cells. A step of one takes an input x_t and its state, to a new output h_t, after PyTorch's LSTM and GRU:
 *
 *     lstm   i = sigmoid(W_ii x + b_ii + W_hi h + b_hi), f, o likewise, g = tanh(W_ig x + b_ig + W_hg h + b_hg),
 *            c_t = f c + i g, h_t = o tanh(c_t)                           rows of weight_ih, weight_hh: i, f, g, o
 *     gru    r = sigmoid(W_ir x + b_ir + W_hr h + b_hr), z likewise, n = tanh(W_in x + b_in + r (W_hn h + b_hn)),
 *            h_t = (1 - z) n + z h                                        rows of weight_ih, weight_hh: r, z, n
 *
 * The products of all rows come first; what is left of a row's step is elementwise. */
#ifndef LEBM_NN_CELL_H
#define LEBM_NN_CELL_H

#include <stdint.h>

#include "core/arithmetic.h"

/* Places of `units` numbers each that a step keeps its gates in, whatever the cell. */
enum { LEBM__GATE_PLACES = 4 };

typedef struct {
    const char *name; /* as specs and parameters say it */
    int64_t gates;    /* of weight_ih and weight_hh, each of `units` rows */
    int has_memory;   /* c beside h */

    /* gates[4 units]: what the input makes of the gates, W_i x + b_i, in the first of its places; then what the way back
     * needs. hidden[gates units] = W_h h + b_h. */
    void (*forward)(int64_t units, float *gates, const float *hidden, const float *output_before,
                    const float *memory_before, float *output, float *memory);

    /* From the gradient by h_t: by the gates' sums in place of the gates; by h, but for what comes through `hidden`; and
     * memory_grad, that by c_t, becomes that by c. */
    void (*backward)(int64_t units, float *gates, const float *output_before, const float *memory_before,
                     const float *memory, const float *output_grad, float *output_before_grad, float *memory_grad);

    /* The gradient by `hidden`, which lies in places of `gates` after `backward`, as one piece. */
    void (*hidden_grad)(int64_t units, const float *gates, float *grad);
} lebm__cell;

extern const lebm__cell lebm__lstm, lebm__gru;

/* The cell of that name, or NULL. */
const lebm__cell *lebm__cell_find(const char *name);

#endif
