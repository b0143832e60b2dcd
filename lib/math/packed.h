/* Matrices packed for lebm__kernel_table.product: B[k, n] cut into panels of two vectors of columns (the last one of
 * one vector, if that is enough), and each panel stored row after row, the way the product's inner loop reads it. */
#ifndef LEBM_MATH_PACKED_H
#define LEBM_MATH_PACKED_H

#include <stdint.h>

/* Floats of a packed B[k, n]. */
int64_t lebm__packed_size(int64_t k, int64_t n);

/* packed = B, where B(p, j) = b[p row_stride + j column_stride]. */
void lebm__pack(int64_t k, int64_t n, const float *b, int64_t row_stride, int64_t column_stride, float *packed);

#endif
