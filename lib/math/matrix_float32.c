/* Matrices of float32 for lebm__kernel_table.product: B[k, n] is cut into panels of two vectors of columns (the last one
 * of one vector, if that is enough), and each panel is stored row after row, the way the product's inner loop reads it.
 * What fills up the last panel is zero. */
#include <string.h>

#include "math/kernels.h"
#include "math/matrix.h"

static int64_t matrix_float32_size(int64_t k, int64_t n)
{
    const int64_t lanes = lebm__kernels()->lanes;
    return k * ((n + lanes - 1) / lanes * lanes) * (int64_t)sizeof(float);
}

static void matrix_float32_pack(int64_t k, int64_t n, const lebm__matrix_part *part, const float *values, void *data)
{
    const int64_t panel = 2 * lebm__kernels()->lanes;
    for (int64_t first = part->column; first < part->column + part->columns; first += panel) {
        const int64_t columns = n - first < panel ? n - first : panel;
        const int64_t width = columns <= panel / 2 ? panel / 2 : panel;
        const float *from = values + (first - part->column) * part->column_stride;
        float *to = (float *)data + k * first + part->row * width;
        for (int64_t p = 0; p < part->rows; p++, from += part->row_stride, to += width) {
            if (part->column_stride == 1) {
                memcpy(to, from, (size_t)columns * sizeof *to);
            } else {
                for (int64_t j = 0; j < columns; j++) to[j] = from[j * part->column_stride];
            }
            for (int64_t j = columns; j < width; j++) to[j] = 0.0f;
        }
    }
}

static void matrix_float32_multiply(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const void *b,
                                    const float *bias, float *c, int64_t ldc)
{
    lebm__kernels()->product(m, n, k, a, lda, b, bias, c, ldc);
}

const lebm__matrix_format lebm__matrix_float32 = {
    .size = matrix_float32_size, .pack = matrix_float32_pack, .multiply = matrix_float32_multiply};
