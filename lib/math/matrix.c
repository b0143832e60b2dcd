#include "math/matrix.h"

#include <stddef.h>

#include "core/memory.h"
#include "core/status.h"

int lebm__matrix_create(lebm__matrix *matrix, const lebm__matrix_format *format, lebm__matrix_shape shape)
{
    const int64_t size = format->size(shape.k, shape.n), of_bias = shape.has_bias ? shape.n : 0;
    char *data = lebm__alloc_raw(shape.count * size + of_bias * (int64_t)sizeof(float), 1);
    if (data == NULL) return LEBM_ERR_NOMEM;
    *matrix = (lebm__matrix){.format = format, .shape = shape, .size = size, .data = data};
    if (shape.has_bias) matrix->bias = (float *)(void *)(data + shape.count * size);
    return LEBM_OK;
}

void lebm__matrix_free(lebm__matrix *matrix)
{
    lebm__free(matrix->data);
    *matrix = (lebm__matrix){0};
}

void lebm__matrix_pack(const lebm__matrix *matrix, lebm__matrix_part part)
{
    const lebm__matrix_shape *s = &matrix->shape;
    for (int64_t i = 0; i < s->count; i++) {
        matrix->format->pack(s->k, s->n, &part, part.values + i * part.matrix_stride, matrix->data + i * matrix->size);
    }
}

void lebm__matrix_pack_all(const lebm__matrix *matrix, const float *values, int transposed)
{
    const int64_t k = matrix->shape.k, n = matrix->shape.n;
    const int64_t row_stride = transposed ? 1 : n, column_stride = transposed ? k : 1;
    lebm__matrix_pack(matrix, (lebm__matrix_part){0, k, 0, n, values, 0, row_stride, column_stride});
}
