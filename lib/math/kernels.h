/* The inner loops, compiled for several instruction sets; the best that the processor has is chosen at the first use.
 *
 * A kernel of a chain's loop gives an element the same bits wherever it stands and however many there are, so that a
 * chain does not depend on the tile it is in. */
#ifndef LEBM_MATH_KERNELS_H
#define LEBM_MATH_KERNELS_H

#include <stdint.h>

#include "core/arithmetic.h"

typedef enum {
    LEBM__RELU,
    LEBM__LEAKY_RELU,
    LEBM__GELU,
    LEBM__SILU,
    LEBM__MISH,
    LEBM__TANH,
    LEBM__SIGMOID,
    LEBM__SOFTPLUS
} lebm__activation;

typedef struct {
    float scale, decay;             /* g = scale grad + decay params */
    float beta1, new1, beta2, new2; /* m = beta1 m + new1 g, v = beta2 v + new2 g^2 */
    float rate, root, epsilon;      /* params -= rate m / (root sqrt(v) + epsilon) */
} lebm__adam_step;

/* A transposed convolution of an image [height, width, .] to [out_height, out_width, channels]. */
typedef struct {
    int64_t height, width, out_height, out_width, channels, kernel, stride, padding;
} lebm__geometry;

/* Minimal filtering of a transposed convolution: how its images are cut into tiles, and where the tiles' points lie. */
typedef struct {
    lebm__geometry geometry;
    int64_t in_channels;
    int64_t tile;                /* inputs to a tile along either axis: 2 or 4 */
    int64_t tiles_y, tiles_x;    /* as many as cover the input */
    int64_t in_row, out_row;     /* floats from one tile to the next at a point of the input's or output's side */
    int64_t in_point, out_point; /* and from one point to the next */
} lebm__filter;

/* A pass of a Fourier transform of `length`: `step` series of n numbers side by side. */
typedef struct {
    int64_t length, n, step;
    const double *cosines, *sines; /* [length] of 2 pi k / length */
    const double *re, *im;         /* [n, step] */
    double *out_re, *out_im;       /* [n / 4, 4 step] */
} lebm__fourier;

typedef struct {
    const char *name;
    int64_t lanes; /* floats in a vector: packed matrices are cut into panels of two vectors (matrix_float32.c) */

    /* C[m, n] = A[m, k] B + bias (0 if NULL), B packed; an element adds its k products in order. A and C are row-major
     * with leading dimensions lda and ldc. */
    void (*product)(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b, const float *bias,
                    float *c, int64_t ldc);

    /* y = act(x); then x = act'(x), the slope that the backward pass multiplies by. */
    void (*activate)(lebm__activation kind, float parameter, int64_t n, float *x, float *y);

    void (*multiply)(int64_t n, const float *x, float *y); /* y *= x */
    void (*add)(int64_t n, const float *x, float *y);      /* y += x */

    /* Add patches [height, width, kernel, kernel, channels] into the image where each belongs; and cut the image's
     * gradient into patches, or columns [column, column + columns) of each, with zeros beyond its border. */
    void (*add_patches)(const lebm__geometry *g, const float *patches, float *image);
    void (*cut_patches)(const lebm__geometry *g, const float *image, int64_t column, int64_t columns, float *patches);

    /* Minimal filtering: the four transforms of an image, and that of a row of weights (math/filter.inc.h). */
    void (*filter_evaluate)(const lebm__filter *f, const float *image, float *points);
    void (*filter_evaluate_transposed)(const lebm__filter *f, const float *points, float *image);
    void (*filter_interpolate)(const lebm__filter *f, const float *points, const float *bias, float *image);
    void (*filter_interpolate_transposed)(const lebm__filter *f, const float *image, float *points);
    void (*filter_weights)(int64_t tile, int64_t n, const float *const taps[4], int64_t stride, float *points);

    /* z += step score + spread noise */
    void (*langevin)(int64_t n, float step, float spread, const float *score, const float *noise, float *z);

    /* y += scale x, or scale weights x unless weights is NULL */
    void (*add_scaled)(int64_t n, float scale, const float *weights, const float *x, float *y);

    /* A step of Langevin's form with this noise, from where the score is `score` to where it is `new_score`, is taken back
     * by one with the noise -b, b = noise + half weights (score + new_score), weights NULL: 1. Returns the sum of
     * noise^2 - b^2. */
    double (*reverse_noise)(int64_t n, float half, const float *weights, const float *noise, const float *score,
                            const float *new_score);

    /* words[4][n]: counters, one of four words in each column, in whose place their random numbers by Philox 4x32-10
     * come. n is a multiple of `lanes`. */
    void (*philox)(const uint32_t key[2], int64_t n, uint32_t *words);

    /* out[2 pairs] = standard normals from 2 `pairs` random words: `pairs` radii, then as many angles. `pairs` is a
     * multiple of `lanes`. */
    void (*box_muller)(int64_t pairs, const uint32_t *bits, float *out);

    double (*squares)(int64_t n, const float *x); /* sum of x^2 */

    /* grad = scale (x - g), which may take the place of g, and the sum of (x - g)^2. */
    double (*residual)(int64_t n, float scale, const float *x, const float *g, float *grad);

    /* grad = x - sigmoid(g), which may take the place of g, and the sum of x g - softplus(g). */
    double (*bernoulli)(int64_t n, const float *x, const float *g, float *grad);

    /* A step of a recurrent cell for a row of so many units (nn/cell.h has the equations). `gates` [4 units] holds what
     * the input makes of the gates, and then what `lstm_back` needs; `hidden`, what the state before makes of them. On the
     * way back, gradients by the gates' sums take the place of the gates; memory_grad is that by the memory after, then
     * by the memory before. A GRU has no memory. */
    void (*lstm)(int64_t units, float *gates, const float *hidden, const float *output_before,
                 const float *memory_before, float *output, float *memory);
    void (*lstm_back)(int64_t units, float *gates, const float *output_before, const float *memory_before,
                      const float *memory, const float *output_grad, float *output_before_grad, float *memory_grad);
    void (*gru)(int64_t units, float *gates, const float *hidden, const float *output_before,
                const float *memory_before, float *output, float *memory);
    void (*gru_back)(int64_t units, float *gates, const float *output_before, const float *memory_before,
                     const float *memory, const float *output_grad, float *output_before_grad, float *memory_grad);

    float (*greatest)(int64_t n, const float *x); /* of n >= 1 numbers; one that is NaN may go unseen */

    /* x = exp(x - shift), at most 1 and at least the smallest normal number, and their sum. */
    double (*exponentials)(int64_t n, float shift, float *x);

    void (*scale_add)(int64_t n, float scale, const float *x, float *y); /* y = scale y + x */

    /* Each series becomes four of a fourth of the length, of which the transforms are its own at every fourth place;
     * nothing if n is less than 4. */
    void (*fourier)(const lebm__fourier *pass);

    /* A step of Adam, written beside the old state: whether the new one is finite. */
    int (*adam)(int64_t n, const lebm__adam_step *step, const float *grad, const float *params, const float *m,
                const float *v, float *new_params, float *new_m, float *new_v);
} lebm__kernel_table;

const lebm__kernel_table *lebm__kernels(void);

/* The tables there are; lebm__kernels() chooses among them. */
extern const lebm__kernel_table lebm__kernels_baseline;
#if defined(__x86_64__) || defined(__i386__)
extern const lebm__kernel_table lebm__kernels_avx2, lebm__kernels_avx512;
#endif

#endif
