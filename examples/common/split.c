#include "split.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "rng.h"

static const uint64_t key = 0x6c65626d; /* of the hash; never to be changed: what was held out would be trained on */
static const double least_share = 1e-9; /* less is none */

/* Which of the blocks of 1/share images an image is in. */
static int64_t block_of(int64_t index, double share)
{
    return (int64_t)floor((double)index * share);
}

/* The first image of a block. */
static int64_t start_of(int64_t block, double share)
{
    int64_t start = (int64_t)ceil((double)block / share);
    while (start > 0 && block_of(start - 1, share) >= block) start--; /* what rounding left */
    while (block_of(start, share) < block) start++;
    return start;
}

/* One of each block, by a hash of the block's number. */
bool split_holds_out(int64_t index, double share)
{
    if (share < least_share) return false;
    const int64_t block = block_of(index, share), start = start_of(block, share);
    rng r = rng_start(key, (uint64_t)block);
    return index == start + rng_below(&r, start_of(block + 1, share) - start);
}

/* Copies an image; to and from may be one data set. */
static void copy_row(const dataset *from, int64_t index, dataset *to)
{
    const size_t size = (size_t)dataset_row_size(from), at = (size_t)index * size, place = (size_t)to->count * size;
    if (from->pixels != NULL) memmove(to->pixels + place, from->pixels + at, size);
    if (from->numbers != NULL) memmove(to->numbers + place, from->numbers + at, size * sizeof(float));
    if (from->labels != NULL) to->labels[to->count] = from->labels[index];
    if (from->missing > 0) to->missing += (int64_t)size - dataset_observed(from, index);
    to->count++;
}

/* Room for some images of the shape of others. */
static dataset make_room(const dataset *like, int64_t count)
{
    const size_t rows = (size_t)count, size = (size_t)dataset_row_size(like);
    dataset data = *like;
    if (like->pixels != NULL) data.pixels = allocate(rows, size);
    if (like->numbers != NULL) data.numbers = allocate(rows, size * sizeof(float));
    if (like->labels != NULL) data.labels = allocate(rows, 1);
    data.count = data.missing = 0;
    return data;
}

/* Those held out are still called by the numbers that they have among all. */
static void name_by_numbers(const dataset *all, double share, int64_t count, dataset *held_out)
{
    held_out->names = allocate((size_t)count, sizeof *held_out->names + DATASET_NUMBER);
    char *number = (char *)(held_out->names + count);
    for (int64_t i = 0, at = 0; i < all->count; i++) {
        if (!split_holds_out(i, share)) continue;
        snprintf(number, DATASET_NUMBER, "%" PRId64, i);
        held_out->names[at++] = number;
        number += DATASET_NUMBER;
    }
}

/* The held-out images get memory of their own, the others move together. */
static void part(dataset *all, double share, dataset *held_out)
{
    int64_t count = 0;
    for (int64_t i = 0; i < all->count; i++) count += split_holds_out(i, share);
    *held_out = make_room(all, count);
    name_by_numbers(all, share, count, held_out);
    dataset rest = *all;
    rest.count = rest.missing = 0;
    for (int64_t i = 0; i < all->count; i++) copy_row(all, i, split_holds_out(i, share) ? held_out : &rest);
    *all = rest;
}

void split_dataset(dataset *all, double share, dataset *train, dataset *held_out)
{
    dataset out;
    part(all, share, &out);
    if (held_out != NULL)
        *held_out = out;
    else
        dataset_free(&out);
    if (train != NULL)
        *train = *all;
    else
        dataset_free(all);
    *all = (dataset){0};
}
