#include <string.h>

#include "math/kernels.h"
#include "nn/cell.h"

static void lstm_forward(int64_t units, float *gates, const float *hidden, const float *output_before,
                         const float *memory_before, float *output, float *memory)
{
    lebm__kernels()->lstm(units, gates, hidden, output_before, memory_before, output, memory);
}

/* d c_t = d h_t o tanh'(c_t) + what came back with c_t; d i = d c_t g, d f = d c_t c, d g = d c_t i, d o = d h_t tanh(c_t),
 * each times the slope of its gate; d c = d c_t f. */
static void lstm_backward(int64_t units, float *gates, const float *output_before, const float *memory_before,
                          const float *memory, const float *output_grad, float *output_before_grad, float *memory_grad)
{
    lebm__kernels()->lstm_back(units, gates, output_before, memory_before, memory, output_grad, output_before_grad,
                               memory_grad);
}

/* Both sums enter a gate alike. */
static void lstm_hidden_grad(int64_t units, const float *gates, float *grad)
{
    memcpy(grad, gates, (size_t)(4 * units) * sizeof *grad);
}

const lebm__cell lebm__lstm = {"lstm", 4, 1, lstm_forward, lstm_backward, lstm_hidden_grad};
