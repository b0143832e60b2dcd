/* The product of a tile with packed weights, for math/kernels_isa.c.
 *
 * A block of up to ROWS rows and two vectors of columns is kept in registers while k runs: each step loads two vectors
 * of the panel and one number of each row. Each element has one accumulator and adds its products in the order of k, so
 * a row's bits do not depend on the rows beside it. */
#ifndef LEBM_MATH_PRODUCT_INC_H
#define LEBM_MATH_PRODUCT_INC_H

#include "math/vector.inc.h"

#if defined(__AVX512F__)
enum { ROWS = 12 }; /* 24 accumulators of 32 registers */
#else
enum { ROWS = 6 }; /* 12 accumulators of 16 registers */
#endif

static inline __attribute__((always_inline)) void product_block(int rows, int vectors, int64_t k, const float *a,
                                                                int64_t lda, const float *b, const float *bias,
                                                                float *c, int64_t ldc, int64_t columns)
{
    vf sum[ROWS][2];
    for (int v = 0; v < vectors; v++) {
        const int64_t lanes = columns - v * LANES < LANES ? columns - v * LANES : LANES;
        const vf start = bias == NULL ? (vf){0} : load_part(bias + v * LANES, lanes);
        for (int r = 0; r < rows; r++) sum[r][v] = start;
    }
    for (int r = 0; r < rows; r++) { /* let the results' place come into the cache meanwhile */
        for (int v = 0; v < vectors; v++) __builtin_prefetch(c + r * ldc + v * LANES, 1);
    }
    for (int64_t p = 0; p < k; p++, b += vectors * LANES) {
        vf w[2];
        for (int v = 0; v < vectors; v++) w[v] = load(b + v * LANES);
        for (int r = 0; r < rows; r++) {
            const float x = a[r * lda + p];
            for (int v = 0; v < vectors; v++) sum[r][v] += x * w[v];
        }
    }
    for (int r = 0; r < rows; r++) {
        for (int v = 0; v < vectors; v++) {
            const int64_t lanes = columns - v * LANES;
            if (lanes >= LANES) {
                store(c + r * ldc + v * LANES, sum[r][v]);
            } else {
                store_part(c + r * ldc + v * LANES, sum[r][v], lanes);
            }
        }
    }
}

/* The block of each number of rows, so that the sums of each stay in registers. */
#define BLOCK(rows)                                                                                                    \
    case rows:                                                                                                         \
        if (columns > LANES) {                                                                                         \
            product_block(rows, 2, k, a, lda, b, bias, c, ldc, columns);                                               \
        } else {                                                                                                       \
            product_block(rows, 1, k, a, lda, b, bias, c, ldc, columns);                                               \
        }                                                                                                              \
        break

static void product_block_of(int64_t rows, int64_t k, const float *a, int64_t lda, const float *b, const float *bias,
                             float *c, int64_t ldc, int64_t columns)
{
    switch (rows) {
        BLOCK(1);
        BLOCK(2);
        BLOCK(3);
        BLOCK(4);
        BLOCK(5);
        BLOCK(6);
#if defined(__AVX512F__)
        BLOCK(7);
        BLOCK(8);
        BLOCK(9);
        BLOCK(10);
        BLOCK(11);
        BLOCK(12);
#endif
    }
}

static void product(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b, const float *bias,
                    float *c, int64_t ldc)
{
    const int64_t blocks = (m + ROWS - 1) / ROWS;
    for (int64_t first = 0; first < n; first += 2 * LANES) {
        const int64_t columns = n - first < 2 * LANES ? n - first : 2 * LANES;
        int64_t row = 0;
        for (int64_t i = 0; i < blocks; i++) { /* blocks of nearly the same number of rows */
            const int64_t rows = (m - row) / (blocks - i);
            product_block_of(rows, k, a + row * lda, lda, b, bias == NULL ? NULL : bias + first, c + row * ldc + first,
                             ldc, columns);
            row += rows;
        }
        b += k * (columns > LANES ? 2 * LANES : LANES);
    }
}

#endif
