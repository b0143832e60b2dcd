/* Recurrent cells and the softmax, for math/kernels_isa.c (math/kernels.h says what each does). All are of one row, whose
 * bits are the same whatever rows lie beside it. */
#ifndef LEBM_MATH_CELLS_INC_H
#define LEBM_MATH_CELLS_INC_H

#include "math/elementwise.inc.h"

static inline vf sigmoid_of(vf x)
{
    vf value, complement;
    sigmoid_pair(x, &value, &complement);
    return value;
}

static inline vf tanh_of(vf x)
{
    vf value, slope;
    hyperbolic_tangent(x, 0.0f, &value, &slope);
    return value;
}

/* Call `function` with the place and number of the lanes of each vector of n units. */
#define FOR_UNITS(function, n, ...)                                                                                    \
    do {                                                                                                               \
        int64_t i_ = 0;                                                                                                \
        for (; i_ + LANES <= (n); i_ += LANES) function(i_, LANES, n, __VA_ARGS__);                                    \
        if (i_ < (n)) function(i_, (n)-i_, n, __VA_ARGS__);                                                            \
    } while (0)

/* ---- LSTM: gates i, f, g, o ---- */

static inline __attribute__((always_inline)) void lstm_units(int64_t at, int64_t lanes, int64_t units, float *gates,
                                                             const float *hidden, const float *memory_before,
                                                             float *memory, float *output)
{
    const float *in = gates + at, *from = hidden + at;
    const vf i = sigmoid_of(load_part(in, lanes) + load_part(from, lanes));
    const vf f = sigmoid_of(load_part(in + units, lanes) + load_part(from + units, lanes));
    const vf g = tanh_of(load_part(in + 2 * units, lanes) + load_part(from + 2 * units, lanes));
    const vf o = sigmoid_of(load_part(in + 3 * units, lanes) + load_part(from + 3 * units, lanes));
    const vf c = f * load_part(memory_before + at, lanes) + i * g;
    store_part(gates + at, i, lanes);
    store_part(gates + units + at, f, lanes);
    store_part(gates + 2 * units + at, g, lanes);
    store_part(gates + 3 * units + at, o, lanes);
    store_part(memory + at, c, lanes);
    store_part(output + at, o * tanh_of(c), lanes);
}

static void cells_lstm(int64_t units, float *gates, const float *hidden, const float *output_before,
                       const float *memory_before, float *output, float *memory)
{
    (void)output_before;
    FOR_UNITS(lstm_units, units, gates, hidden, memory_before, memory, output);
}

static inline __attribute__((always_inline)) void lstm_units_back(int64_t at, int64_t lanes, int64_t units,
                                                                  float *gates, const float *memory_before,
                                                                  const float *memory, const float *output_grad,
                                                                  float *output_before_grad, float *memory_grad)
{
    const vf i = load_part(gates + at, lanes), f = load_part(gates + units + at, lanes);
    const vf g = load_part(gates + 2 * units + at, lanes), o = load_part(gates + 3 * units + at, lanes);
    const vf dh = load_part(output_grad + at, lanes);
    vf t, slope;
    hyperbolic_tangent(load_part(memory + at, lanes), 0.0f, &t, &slope);
    const vf dc = load_part(memory_grad + at, lanes) + dh * o * slope;
    store_part(gates + at, dc * g * i * (1.0f - i), lanes);
    store_part(gates + units + at, dc * load_part(memory_before + at, lanes) * f * (1.0f - f), lanes);
    store_part(gates + 2 * units + at, dc * i * (1.0f - g * g), lanes);
    store_part(gates + 3 * units + at, dh * t * o * (1.0f - o), lanes);
    store_part(memory_grad + at, dc * f, lanes);
    store_part(output_before_grad + at, splat(0.0f), lanes);
}

static void cells_lstm_back(int64_t units, float *gates, const float *output_before, const float *memory_before,
                            const float *memory, const float *output_grad, float *output_before_grad,
                            float *memory_grad)
{
    (void)output_before;
    FOR_UNITS(lstm_units_back, units, gates, memory_before, memory, output_grad, output_before_grad, memory_grad);
}

/* ---- GRU: gates r, z, n; in the fourth place, what r multiplies of n ---- */

static inline __attribute__((always_inline)) void gru_units(int64_t at, int64_t lanes, int64_t units, float *gates,
                                                            const float *hidden, const float *output_before,
                                                            float *output)
{
    const float *in = gates + at, *from = hidden + at;
    const vf r = sigmoid_of(load_part(in, lanes) + load_part(from, lanes));
    const vf z = sigmoid_of(load_part(in + units, lanes) + load_part(from + units, lanes));
    const vf of_hidden = load_part(from + 2 * units, lanes);
    const vf n = tanh_of(load_part(in + 2 * units, lanes) + r * of_hidden);
    store_part(gates + at, r, lanes);
    store_part(gates + units + at, z, lanes);
    store_part(gates + 2 * units + at, n, lanes);
    store_part(gates + 3 * units + at, of_hidden, lanes);
    store_part(output + at, (1.0f - z) * n + z * load_part(output_before + at, lanes), lanes);
}

static void cells_gru(int64_t units, float *gates, const float *hidden, const float *output_before,
                      const float *memory_before, float *output, float *memory)
{
    (void)memory_before;
    (void)memory;
    FOR_UNITS(gru_units, units, gates, hidden, output_before, output);
}

static inline __attribute__((always_inline)) void gru_units_back(int64_t at, int64_t lanes, int64_t units, float *gates,
                                                                 const float *output_before, const float *output_grad,
                                                                 float *output_before_grad)
{
    const vf r = load_part(gates + at, lanes), z = load_part(gates + units + at, lanes);
    const vf n = load_part(gates + 2 * units + at, lanes), of_hidden = load_part(gates + 3 * units + at, lanes);
    const vf dh = load_part(output_grad + at, lanes);
    const vf dn = dh * (1.0f - z) * (1.0f - n * n);
    store_part(gates + at, dn * of_hidden * r * (1.0f - r), lanes);
    store_part(gates + units + at, dh * (load_part(output_before + at, lanes) - n) * z * (1.0f - z), lanes);
    store_part(gates + 2 * units + at, dn, lanes);
    store_part(gates + 3 * units + at, dn * r, lanes);
    store_part(output_before_grad + at, dh * z, lanes);
}

static void cells_gru_back(int64_t units, float *gates, const float *output_before, const float *memory_before,
                           const float *memory, const float *output_grad, float *output_before_grad, float *memory_grad)
{
    (void)memory_before;
    (void)memory;
    (void)memory_grad;
    FOR_UNITS(gru_units_back, units, gates, output_before, output_grad, output_before_grad);
}

/* ---- Softmax ---- */

static float cells_greatest(int64_t n, const float *x)
{
    float greatest = x[0];
    int64_t i = 0;
    if (n >= LANES) {
        vf most = load(x);
        for (i = LANES; i + LANES <= n; i += LANES) {
            const vf value = load(x + i);
            most = choose(value > most, value, most);
        }
        for (int lane = 0; lane < LANES; lane++) greatest = most[lane] > greatest ? most[lane] : greatest;
    }
    for (; i < n; i++) greatest = x[i] > greatest ? x[i] : greatest;
    return greatest;
}

static double cells_exponentials(int64_t n, float shift, float *x)
{
    vd sum = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        const vf e = exponential(cut_above(load(x + i) - shift, 0.0f));
        store(x + i, e);
        sum += __builtin_convertvector(e, vd);
    }
    if (i < n) {
        vf e = exponential(cut_above(load_part(x + i, n - i) - shift, 0.0f));
        store_part(x + i, e, n - i);
        for (int64_t lane = n - i; lane < LANES; lane++) e[lane] = 0.0f;
        sum += __builtin_convertvector(e, vd);
    }
    return sum_of(sum);
}

static void cells_scale_add(int64_t n, float scale, const float *restrict x, float *restrict y)
{
    for (int64_t i = 0; i < n; i++) y[i] = scale * y[i] + x[i];
}

#undef FOR_UNITS

#endif
