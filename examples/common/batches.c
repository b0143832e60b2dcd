#include "batches.h"

#include <stdlib.h>

#include "errors.h"
#include "rng.h"

void batches_start(batches *b, const dataset *data, pixel_range range, int64_t size, uint64_t seed)
{
    *b = (batches){
        .data = data, .range = range, .size = size, .per_epoch = data->count / size, .seed = seed, .epoch = -1};
    b->order = allocate((size_t)data->count, sizeof *b->order);
}

void batches_free(batches *b)
{
    free(b->order);
    b->order = NULL;
}

static void shuffle(batches *b, int64_t epoch)
{
    rng r = rng_start(b->seed, (uint64_t)epoch);
    for (int64_t i = 0; i < b->data->count; i++) { /* Fisher and Yates, inside out */
        const int64_t j = rng_below(&r, i + 1);
        b->order[i] = b->order[j];
        b->order[j] = i;
    }
    b->epoch = epoch;
}

const int64_t *batches_read(batches *b, int64_t step, float *x)
{
    const int64_t epoch = step / b->per_epoch, first = step % b->per_epoch * b->size;
    const int64_t row = dataset_image_size(b->data);
    if (epoch != b->epoch) shuffle(b, epoch);
    for (int64_t i = 0; i < b->size; i++) dataset_image(b->data, b->order[first + i], b->range, x + i * row);
    return b->order + first;
}
