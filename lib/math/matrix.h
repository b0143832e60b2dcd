/* Matrices that are packed once and multiplied often: B[k, n], or several of one shape. How their numbers are stored and
 * multiplied is known to their format alone; each format is a file of its own (matrix_float32.c). */
#ifndef LEBM_MATH_MATRIX_H
#define LEBM_MATH_MATRIX_H

#include <stdint.h>

#include "core/arithmetic.h"

typedef struct {
    int64_t count, k, n; /* matrices, their rows and columns */
    int has_bias;        /* a row of n numbers that is added to each row of a product */
} lebm__matrix_shape;

/* A rectangle of each matrix, and what is packed there: element (row + p, column + j) of matrix i is
 * values[i * matrix_stride + p * row_stride + j * column_stride]. It begins at a column that is a multiple of
 * LEBM__MATRIX_COLUMNS, and ends at one or with the matrix: the two vectors of 16 that the widest format takes as one, so
 * that nothing is cut. */
typedef struct {
    int64_t row, rows, column, columns;
    const float *values;
    int64_t matrix_stride, row_stride, column_stride;
} lebm__matrix_part;

enum { LEBM__MATRIX_COLUMNS = 32 };

typedef struct {
    int64_t (*size)(int64_t k, int64_t n); /* bytes of one matrix */
    void (*pack)(int64_t k, int64_t n, const lebm__matrix_part *part, const float *values, void *data);

    /* C[m, n] = A[m, k] B + bias (0 if NULL); an element adds its k products in order. A and C are row-major with
     * leading dimensions lda and ldc. */
    void (*multiply)(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const void *b, const float *bias,
                     float *c, int64_t ldc);
} lebm__matrix_format;

extern const lebm__matrix_format lebm__matrix_float32;

typedef struct {
    const lebm__matrix_format *format;
    lebm__matrix_shape shape;
    int64_t size; /* bytes of one matrix */
    char *data;   /* NULL: not created */
    float *bias;  /* [n], written by whoever packs; NULL: none */
} lebm__matrix;

/* Memory for matrices of this shape. */
int lebm__matrix_create(lebm__matrix *matrix, const lebm__matrix_format *format, lebm__matrix_shape shape);

/* The memory is given back, and the matrix is as before it was created. */
void lebm__matrix_free(lebm__matrix *matrix);

void lebm__matrix_pack(const lebm__matrix *matrix, lebm__matrix_part part);

/* All of a matrix, values[k, n] or, transposed, values[n, k]. */
void lebm__matrix_pack_all(const lebm__matrix *matrix, const float *values, int transposed);

/* C[m, n] = A[m, k] B + bias with the matrix at `index`. */
static inline void lebm__matrix_multiply(const lebm__matrix *matrix, int64_t index, int64_t m, const float *a,
                                         int64_t lda, float *c, int64_t ldc)
{
    const lebm__matrix_shape *s = &matrix->shape;
    matrix->format->multiply(m, s->n, s->k, a, lda, matrix->data + index * matrix->size, matrix->bias, c, ldc);
}

#endif
