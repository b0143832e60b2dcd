#include "math/packed.h"

#include "math/kernels.h"

int64_t lebm__packed_size(int64_t k, int64_t n)
{
    const int64_t lanes = lebm__kernels()->lanes;
    return k * ((n + lanes - 1) / lanes * lanes);
}

void lebm__pack(int64_t k, int64_t n, const float *b, int64_t row_stride, int64_t column_stride, float *packed)
{
    const int64_t lanes = lebm__kernels()->lanes;
    for (int64_t first = 0; first < n; first += 2 * lanes) {
        const int64_t columns = n - first < 2 * lanes ? n - first : 2 * lanes;
        const int64_t width = columns <= lanes ? lanes : 2 * lanes;
        for (int64_t p = 0; p < k; p++, packed += width) {
            const float *row = b + p * row_stride + first * column_stride;
            for (int64_t j = 0; j < columns; j++) packed[j] = row[j * column_stride];
            for (int64_t j = columns; j < width; j++) packed[j] = 0.0f;
        }
    }
}
