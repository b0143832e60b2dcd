/* Elementwise kernels and sums over a row, for math/kernels_isa.c (math/kernels.h says what each does). */
#ifndef LEBM_MATH_ELEMENTWISE_INC_H
#define LEBM_MATH_ELEMENTWISE_INC_H

#include "math/kernels.h"
#include "math/vector.inc.h"

/* sigmoid(x) and 1 - sigmoid(x), both without cancellation. */
static inline void sigmoid_pair(vf x, vf *value, vf *complement)
{
    const vf e = exponential(-absolute(x));
    const vf large = 1.0f / (1.0f + e), small = e * large;
    const vi positive = x >= 0.0f;
    *value = choose(positive, large, small);
    *complement = choose(positive, small, large);
}

/* Each activation: y = act(x) and slope = act'(x). Comparisons are such that a NaN stays one. Where x multiplies a tail
 * of the exponential, which never gets below 1e-38, x is cut to where that tail ends; so it is where a power of x would
 * overflow, which a host may have made a trap, though nothing is taken of it. */

static inline void relu(vf x, float parameter, vf *y, vf *slope)
{
    (void)parameter;
    *y = choose(x < 0.0f, splat(0.0f), x);
    *slope = choose(x > 0.0f, splat(1.0f), choose(x <= 0.0f, splat(0.0f), x));
}

static inline void leaky_relu(vf x, float parameter, vf *y, vf *slope)
{
    *slope = choose(x > 0.0f, splat(1.0f), choose(x <= 0.0f, splat(parameter), x));
    *y = x * *slope;
}

/* x Phi(x), slope Phi(x) + x phi(x), with Phi(-|x|) = exp(-x^2/2) t P(t), t = 1/(1 + 0.35 |x|): P is a minimax fit with
 * a relative error of 3e-8. */
static inline void gelu(vf x, float parameter, vf *y, vf *slope)
{
    (void)parameter;
    const vf size = absolute(x), near = cut_above(size, 15.0f); /* beyond, e is at its least */
    const vf t = 1.0f / (1.0f + 0.35f * size);
    const vf e = exponential(-0.5f * near * near);
    vf p = t * -0.029157886f + 0.14403091f;
    p = p * t - 0.25583899f;
    p = p * t + 0.1593197f;
    p = p * t - 0.023212353f;
    p = p * t + 0.1055525f;
    p = p * t + 0.11982129f;
    p = p * t + 0.13986352f;
    p = p * t + 0.1396213f;
    const vf tail = p * t * e;
    const vf phi = choose(x > 0.0f, 1.0f - tail, tail);
    *y = x * phi;
    *slope = phi + with_sign_of(near, x) * e * 0.39894228f;
}

static inline void silu(vf x, float parameter, vf *y, vf *slope)
{
    (void)parameter;
    vf s, complement;
    sigmoid_pair(x, &s, &complement);
    *y = choose(x < -88.0f, splat(-88.0f), x) * s;
    *slope = s + cut(x, 88.0f) * s * complement;
}

/* x tanh(softplus(x)); with w = e^x and n = w (w + 2), tanh(softplus(x)) = n / (n + 2). */
static inline void mish(vf x, float parameter, vf *y, vf *slope)
{
    (void)parameter;
    const vf w = exponential(choose(x > 20.0f, splat(20.0f), x)); /* beyond, n / (n + 2) is 1 */
    const vf n = w * (w + 2.0f);
    const vf r = 1.0f / (n + 2.0f);
    const vf t = n * r;
    *y = choose(x < -88.0f, splat(-88.0f), x) * t;
    *slope = t + cut(x, 20.0f) * (4.0f * (n + 1.0f) * r * r) * (w / (1.0f + w));
}

static inline void hyperbolic_tangent(vf x, float parameter, vf *y, vf *slope)
{
    (void)parameter;
    const vf size = cut_above(absolute(x), 0.5f * GREATEST_DECAY); /* beyond, e is at its least */
    const vf x2 = size * size;
    const vf e = exponential_within(-2.0f * size);
    const vf r = 1.0f / (1.0f + e);
    /* Near 0 (1 - e) / (1 + e) would cancel: Cephes' polynomial. */
    vf p = x2 * -5.70498872745e-3f + 2.06390887954e-2f;
    p = p * x2 - 5.37397155531e-2f;
    p = p * x2 + 1.33314422036e-1f;
    p = p * x2 - 3.33332819422e-1f;
    p = p * x2 * size + size;
    *y = with_sign_of(choose(size < 0.625f, p, (1.0f - e) * r), x);
    *slope = 4.0f * e * r * r;
}

static inline void sigmoid(vf x, float parameter, vf *y, vf *slope)
{
    (void)parameter;
    vf complement;
    sigmoid_pair(x, y, &complement);
    *slope = *y * complement;
}

static inline vf softplus_of(vf x)
{
    return choose(x < 0.0f, splat(0.0f), x) + logarithm_of_1_plus(exponential(-absolute(x)));
}

static inline void softplus(vf x, float parameter, vf *y, vf *slope)
{
    (void)parameter;
    vf complement;
    *y = softplus_of(x);
    sigmoid_pair(x, slope, &complement);
}

#define ACTIVATE(function)                                                                                             \
    do {                                                                                                               \
        int64_t i = 0;                                                                                                 \
        vf value, slope;                                                                                               \
        for (; i + LANES <= n; i += LANES) {                                                                           \
            function(load(x + i), parameter, &value, &slope);                                                          \
            store(x + i, slope);                                                                                       \
            store(y + i, value);                                                                                       \
        }                                                                                                              \
        if (i < n) {                                                                                                   \
            function(load_part(x + i, n - i), parameter, &value, &slope);                                              \
            store_part(x + i, slope, n - i);                                                                           \
            store_part(y + i, value, n - i);                                                                           \
        }                                                                                                              \
    } while (0)

static void elementwise_activate(lebm__activation kind, float parameter, int64_t n, float *restrict x,
                                 float *restrict y)
{
    switch (kind) {
    case LEBM__RELU:
        ACTIVATE(relu);
        break;
    case LEBM__LEAKY_RELU:
        ACTIVATE(leaky_relu);
        break;
    case LEBM__GELU:
        ACTIVATE(gelu);
        break;
    case LEBM__SILU:
        ACTIVATE(silu);
        break;
    case LEBM__MISH:
        ACTIVATE(mish);
        break;
    case LEBM__TANH:
        ACTIVATE(hyperbolic_tangent);
        break;
    case LEBM__SIGMOID:
        ACTIVATE(sigmoid);
        break;
    case LEBM__SOFTPLUS:
        ACTIVATE(softplus);
        break;
    }
}

static void elementwise_multiply(int64_t n, const float *restrict x, float *restrict y)
{
    for (int64_t i = 0; i < n; i++) y[i] *= x[i];
}

static void elementwise_add(int64_t n, const float *restrict x, float *restrict y)
{
    for (int64_t i = 0; i < n; i++) y[i] += x[i];
}

static void elementwise_langevin(int64_t n, float step, float spread, const float *restrict score,
                                 const float *restrict noise, float *restrict z)
{
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        store(z + i, load(z + i) + (step * load(score + i) + spread * load(noise + i)));
    }
    if (i < n) {
        const vf s = load_part(score + i, n - i), e = load_part(noise + i, n - i);
        store_part(z + i, load_part(z + i, n - i) + (step * s + spread * e), n - i);
    }
}

static void elementwise_add_scaled(int64_t n, float scale, const float *restrict weights, const float *restrict x,
                                   float *restrict y)
{
    const vf ones = splat(1.0f);
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        const vf w = weights == NULL ? ones : load(weights + i);
        store(y + i, load(y + i) + scale * (w * load(x + i)));
    }
    if (i < n) {
        const vf w = weights == NULL ? ones : load_part(weights + i, n - i);
        store_part(y + i, load_part(y + i, n - i) + scale * (w * load_part(x + i, n - i)), n - i);
    }
}

/* noise^2 - (noise + shift)^2, without the cancellation */
static inline vd reversed_square(vf shift, vf noise)
{
    const vd wide_shift = __builtin_convertvector(shift, vd), wide_noise = __builtin_convertvector(noise, vd);
    return -wide_shift * (2.0 * wide_noise + wide_shift);
}

static double elementwise_reverse_noise(int64_t n, float half, const float *weights, const float *noise,
                                        const float *score, const float *new_score)
{
    const vf ones = splat(1.0f);
    vd sum = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        const vf w = weights == NULL ? ones : load(weights + i);
        sum += reversed_square(half * (w * (load(score + i) + load(new_score + i))), load(noise + i));
    }
    if (i < n) {
        const vf w = weights == NULL ? ones : load_part(weights + i, n - i);
        const vf scores = load_part(score + i, n - i) + load_part(new_score + i, n - i);
        sum += reversed_square(half * (w * scores), load_part(noise + i, n - i));
    }
    return sum_of(sum);
}

/* The upper and the lower words of x times a constant. */
static inline void multiply_words(vu x, uint32_t by, vu *upper, vu *lower)
{
    const vw product = __builtin_convertvector(x, vw) * by;
    *upper = __builtin_convertvector(product >> 32, vu);
    *lower = x * by;
}

static void elementwise_philox(const uint32_t key[2], int64_t n, uint32_t *words)
{
    for (int64_t i = 0; i < n; i += LANES) {
        vu c[4];
        uint32_t key0 = key[0], key1 = key[1];
        for (int w = 0; w < 4; w++) memcpy(&c[w], words + w * n + i, sizeof c[w]);
        for (int round = 0; round < 10; round++, key0 += 0x9e3779b9u, key1 += 0xbb67ae85u) {
            vu upper0, lower0, upper2, lower2;
            multiply_words(c[0], 0xd2511f53u, &upper0, &lower0);
            multiply_words(c[2], 0xcd9e8d57u, &upper2, &lower2);
            c[0] = upper2 ^ c[1] ^ key0;
            c[1] = lower2;
            c[2] = upper0 ^ c[3] ^ key1;
            c[3] = lower0;
        }
        for (int w = 0; w < 4; w++) memcpy(words + w * n + i, &c[w], sizeof c[w]);
    }
}

static void elementwise_box_muller(int64_t pairs, const uint32_t *restrict bits, float *restrict out)
{
    for (int64_t i = 0; i < pairs; i += LANES) {
        vu radius_bits, angle_bits;
        memcpy(&radius_bits, bits + i, sizeof radius_bits);
        memcpy(&angle_bits, bits + pairs + i, sizeof angle_bits);
        /* Uniform in (0, 1]: the upper 31 bits, so that the conversion is a signed one. */
        const vf uniform = (__builtin_convertvector((vi)(radius_bits >> 1), vf) + 0.5f) * 0x1p-31f;
        const vf radius = square_root(-2.0f * logarithm(uniform));
        vf sine, cosine;
        turn(angle_bits, &sine, &cosine);
        store(out + i, radius * cosine);
        store(out + pairs + i, radius * sine);
    }
}

static inline vd square_of(vf x)
{
    const vd wide = __builtin_convertvector(x, vd);
    return wide * wide;
}

static double elementwise_squares(int64_t n, const float *x)
{
    vd sum = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) sum += square_of(load(x + i));
    if (i < n) sum += square_of(load_part(x + i, n - i));
    return sum_of(sum);
}

/* Here and in the next `grad` may be g. */
static double elementwise_residual(int64_t n, float scale, const float *x, const float *g, float *grad)
{
    vd sum = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        const vf r = load(x + i) - load(g + i);
        sum += square_of(r);
        store(grad + i, scale * r);
    }
    if (i < n) {
        const vf r = load_part(x + i, n - i) - load_part(g + i, n - i);
        sum += square_of(r);
        store_part(grad + i, scale * r, n - i);
    }
    return sum_of(sum);
}

static double elementwise_bernoulli(int64_t n, const float *x, const float *g, float *grad)
{
    vd sum = {0};
    for (int64_t i = 0; i < n; i += LANES) {
        const int64_t lanes = n - i < LANES ? n - i : LANES;
        const vf target = load_part(x + i, lanes), logit = load_part(g + i, lanes);
        vf mean, complement, term = target * logit - softplus_of(logit);
        sigmoid_pair(logit, &mean, &complement);
        store_part(grad + i, target - mean, lanes);
        for (int64_t lane = lanes; lane < LANES; lane++) term[lane] = 0.0f;
        sum += __builtin_convertvector(term, vd);
    }
    return sum_of(sum);
}

static int elementwise_adam(int64_t n, const lebm__adam_step *step, const float *restrict grad,
                            const float *restrict params, const float *restrict m, const float *restrict v,
                            float *restrict new_params, float *restrict new_m, float *restrict new_v)
{
    const lebm__adam_step s = *step;
    int bad = 0;
    for (int64_t i = 0; i < n; i++) {
        const float g = s.scale * grad[i] + s.decay * params[i];
        const float m_i = s.beta1 * m[i] + s.new1 * g, v_i = s.beta2 * v[i] + s.new2 * g * g;
        const float param = params[i] - s.rate * m_i / (s.root * __builtin_sqrtf(v_i) + s.epsilon);
        new_m[i] = m_i;
        new_v[i] = v_i;
        new_params[i] = param;
        bad |= (v_i - v_i) + (param - param) != 0.0f; /* each 0, or NaN; of m the parameter tells */
    }
    return !bad;
}

#endif
