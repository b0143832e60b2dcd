#include "batches.h"

#include <stdlib.h>
#include <string.h>

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

/* By counting: sentences of a length stay in the order in which they were. */
static void sort_by_length(const batches *b, int64_t *order, int64_t count)
{
    const int64_t longest = b->data->width;
    int64_t *places = allocate((size_t)(longest + 2), sizeof *places),
            *sorted = allocate((size_t)count, sizeof *sorted);
    memset(places, 0, (size_t)(longest + 2) * sizeof *places);
    for (int64_t i = 0; i < count; i++) places[dataset_length(b->data, order[i]) + 1]++;
    for (int64_t length = 1; length <= longest; length++) places[length] += places[length - 1];
    for (int64_t i = 0; i < count; i++) sorted[places[dataset_length(b->data, order[i])]++] = order[i];
    memcpy(order, sorted, (size_t)count * sizeof *order);
    free(sorted);
    free(places);
}

/* Puts the batches in an order of chance. */
static void shuffle_batches(const batches *b, rng *r)
{
    for (int64_t i = 1; i < b->per_epoch; i++) {
        int64_t *here = b->order + i * b->size, *there = b->order + rng_below(r, i + 1) * b->size;
        for (int64_t k = 0; k < b->size; k++) {
            const int64_t index = here[k];
            here[k] = there[k];
            there[k] = index;
        }
    }
}

static void shuffle(batches *b, int64_t epoch)
{
    rng r = rng_start(b->seed, (uint64_t)epoch);
    for (int64_t i = 0; i < b->data->count; i++) { /* Fisher and Yates, inside out */
        const int64_t j = rng_below(&r, i + 1);
        b->order[i] = b->order[j];
        b->order[j] = i;
    }
    if (b->data->tokens != NULL) {
        sort_by_length(b, b->order, b->per_epoch * b->size); /* who sits out was decided before: it may be any length */
        shuffle_batches(b, &r);
    }
    b->epoch = epoch;
}

const int64_t *batches_read(batches *b, int64_t step, float *x)
{
    const int64_t epoch = step / b->per_epoch, first = step % b->per_epoch * b->size;
    const int64_t row = dataset_row_size(b->data);
    if (epoch != b->epoch) shuffle(b, epoch);
    for (int64_t i = 0; i < b->size; i++) dataset_row(b->data, b->order[first + i], b->range, x + i * row);
    return b->order + first;
}
