#include <string.h>

#include "math/kernels.h"
#include "nn/cell.h"

static void gru_forward(int64_t units, float *gates, const float *hidden, const float *output_before,
                        const float *memory_before, float *output, float *memory)
{
    lebm__kernels()->gru(units, gates, hidden, output_before, memory_before, output, memory);
}

/* d n = d h_t (1 - z) n', d r = d n (W_hn h + b_hn) r', d z = d h_t (h - n) z', and d h has d h_t z beside what comes
 * through the gates; n sees the hidden sum times r. */
static void gru_backward(int64_t units, float *gates, const float *output_before, const float *memory_before,
                         const float *memory, const float *output_grad, float *output_before_grad, float *memory_grad)
{
    lebm__kernels()->gru_back(units, gates, output_before, memory_before, memory, output_grad, output_before_grad,
                              memory_grad);
}

/* Those of r and z, and the fourth place. */
static void gru_hidden_grad(int64_t units, const float *gates, float *grad)
{
    memcpy(grad, gates, (size_t)(2 * units) * sizeof *grad);
    memcpy(grad + 2 * units, gates + 3 * units, (size_t)units * sizeof *grad);
}

const lebm__cell lebm__gru = {"gru", 3, 0, gru_forward, gru_backward, gru_hidden_grad};
