/* Vectors of floats in the compiler's vector types and elementary functions on them, for the instruction set that the
 * including file is compiled for. Errors are below 3e-7 of the value unless said otherwise. */
#ifndef LEBM_MATH_VECTOR_INC_H
#define LEBM_MATH_VECTOR_INC_H

#include <stdint.h>
#include <string.h>

#if __FLT_EVAL_METHOD__ == 1 || __FLT_EVAL_METHOD__ == 2
#error "The kernels need floats rounded at each operation; on 32-bit x86 compile with -msse2 -mfpmath=sse"
#endif

#if defined(__AVX512F__)
enum { VECTOR_BYTES = 64 };
#elif defined(__AVX2__)
enum { VECTOR_BYTES = 32 };
#else
enum { VECTOR_BYTES = 16 };
#endif

enum { LANES = VECTOR_BYTES / 4 };

typedef float vf __attribute__((vector_size(VECTOR_BYTES)));
typedef int32_t vi __attribute__((vector_size(VECTOR_BYTES)));
typedef uint32_t vu __attribute__((vector_size(VECTOR_BYTES)));
typedef uint64_t vw __attribute__((vector_size(2 * VECTOR_BYTES)));
typedef double vd __attribute__((vector_size(2 * VECTOR_BYTES)));

static inline vf load(const float *p)
{
    vf v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void store(float *p, vf v)
{
    memcpy(p, &v, sizeof v);
}

/* The first n lanes; the others are zero or stay untouched. */
static inline vf load_part(const float *p, int64_t n)
{
    vf v = {0};
    memcpy(&v, p, (size_t)n * sizeof *p);
    return v;
}

static inline void store_part(float *p, vf v, int64_t n)
{
    memcpy(p, &v, (size_t)n * sizeof *p);
}

static inline vf splat(float x)
{
    return x - (vf){0}; /* not +, which would lose the sign of -0 */
}

/* mask ? a : b, for the mask of a comparison. */
static inline vf choose(vi mask, vf a, vf b)
{
    return (vf)((mask & (vi)a) | (~mask & (vi)b));
}

static inline vf absolute(vf x)
{
    return (vf)((vi)x & 0x7fffffff);
}

static inline vf with_sign_of(vf magnitude, vf sign)
{
    return (vf)(((vi)magnitude & 0x7fffffff) | ((vi)sign & (int32_t)0x80000000));
}

/* x cut to at most `limit`, and to [-limit, limit]; NaN stays NaN. */
static inline vf cut_above(vf x, float limit)
{
    return choose(x > limit, splat(limit), x);
}

static inline vf cut(vf x, float limit)
{
    return cut_above(choose(x < -limit, splat(-limit), x), limit);
}

static inline vf square_root(vf x)
{
    vf y;
    for (int i = 0; i < LANES; i++) y[i] = __builtin_sqrtf(x[i]);
    return y;
}

#define GREATEST_DECAY 87.3f /* exp(-x) is a normal number up to there */

/* exp(x) for -87.3 <= x <= 88.3; NaN stays NaN. After Cephes expf. */
static inline vf exponential_within(vf x)
{
    const vf shift = splat(0x1.8p23f); /* adding it rounds to the nearest integer and leaves that in the low bits */
    const vf n_shifted = x * 0x1.715476p0f + shift;
    const vf n = n_shifted - shift;
    const vf r = (x - n * 0x1.63p-1f) - n * -0x1.bd0106p-13f;
    vf p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    const vf y = (vf)((vu)p + ((vu)n_shifted << 23));
    return choose(x == x, y, x); /* the bits of a NaN could have made anything of y */
}

/* The same for x <= 88.3, of which what is below -87.3 counts as that. */
static inline vf exponential(vf x)
{
    return exponential_within(choose(x < -GREATEST_DECAY, splat(-GREATEST_DECAY), x));
}

/* log(x) for positive, normal x. After Cephes logf. */
static inline vf logarithm(vf x)
{
    /* x = 2^e m, sqrt(1/2) <= m < sqrt(2) */
    const vi offset = (vi)x - 0x3f3504f3;
    const vf e = __builtin_convertvector(offset >> 23, vf);
    const vf m = (vf)((offset & 0x007fffff) + 0x3f3504f3) - 1.0f;
    const vf m2 = m * m;
    vf p = m * 7.0376836292e-2f - 1.1514610310e-1f;
    p = p * m + 1.1676998740e-1f;
    p = p * m - 1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f;
    p = p * m - 1.6668057665e-1f;
    p = p * m + 2.0000714765e-1f;
    p = p * m - 2.4999993993e-1f;
    p = p * m + 3.3333331174e-1f;
    p = p * m * m2;
    p = p + e * -2.12194440e-4f;
    p = p - 0.5f * m2;
    return (m + p) + e * 0.693359375f;
}

/* log(1 + x) for x in [0, 1]. */
static inline vf logarithm_of_1_plus(vf x)
{
    /* What rounding took from 1 + x is given back to first order. */
    const vf sum = 1.0f + x;
    return logarithm(sum) + (x - (sum - 1.0f)) / sum;
}

/* sin and cos of 2 pi u / 2^32; errors below 1e-7 absolute. After Cephes sinf and cosf. */
static inline void turn(vu u, vf *sine, vf *cosine)
{
    const vu quadrant = (u + 0x20000000u) >> 30;
    const vf x = __builtin_convertvector((vi)(u - (quadrant << 30)), vf) * 0x1.921fb6p-30f; /* [-pi/4, pi/4] */
    const vf x2 = x * x;
    const vf s = ((x2 * -1.9515295891e-4f + 8.3321608736e-3f) * x2 - 1.6666654611e-1f) * x2 * x + x;
    const vf c = ((x2 * 2.443315711809948e-5f - 1.388731625493765e-3f) * x2 + 4.166664568298827e-2f) * x2 * x2 -
                 0.5f * x2 + 1.0f;
    const vi odd = -(vi)(quadrant & 1);
    const vi sine_sign = (vi)((quadrant & 2) << 30), cosine_sign = (vi)(((quadrant + 1) & 2) << 30);
    *sine = (vf)((vi)choose(odd, c, s) ^ sine_sign);
    *cosine = (vf)((vi)choose(odd, s, c) ^ cosine_sign);
}

/* Sum of the lanes, in order. */
static inline double sum_of(vd v)
{
    double sum = 0;
    for (int i = 0; i < LANES; i++) sum += v[i];
    return sum;
}

#endif
