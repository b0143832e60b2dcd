/* A data set: images as bytes, given out as floats. */
#ifndef DATASET_H
#define DATASET_H

#include <stdint.h>

typedef struct dataset {
    const char *name; /* what it is, for people: a static string */
    int64_t count, channels, height, width;
    uint8_t *pixels; /* [count, channels, height, width] */
    uint8_t *labels; /* [count], or NULL */
} dataset;

void dataset_free(dataset *data);

/* Numbers per image. */
int64_t dataset_image_size(const dataset *data);

/* Keeps the first images only; 0 keeps all. */
void dataset_keep(dataset *data, int64_t count);

/* The numbers that the bytes 0 and 255 stand for: -1 and 1 for a generator that ends in tanh. */
typedef struct pixel_range {
    float black, white;
} pixel_range;

/* Writes image `index` to out, a row of dataset_image_size() floats in the range. */
void dataset_image(const dataset *data, int64_t index, pixel_range range, float *out);

/* A checksum of the images and their number and shape. */
uint32_t dataset_checksum(const dataset *data);

/* Chooses images to show, count at most: the labels in turn if there are labels, `each` of one and then `each` of the
 * next, and the first images where there are none or too few. Returns how many. */
int64_t dataset_choose(const dataset *data, int64_t count, int64_t each, int64_t *chosen);

#endif
