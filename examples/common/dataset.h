/* A data set: images as bytes or as floats, or sentences as numbers of tokens; given out as floats. */
#ifndef DATASET_H
#define DATASET_H

#include <stddef.h>
#include <stdint.h>

typedef struct dataset {
    const char *name;                       /* what it is, for people: a static string */
    int64_t count, channels, height, width; /* of sentences 1, 1 and the length of the longest that may be */
    uint8_t *pixels;                        /* of images: [count, channels, height, width] */
    float *numbers;                         /* the same, in [-1, 1], instead of bytes: NaN where a number is missing */
    int64_t missing;                        /* so many numbers are */
    void *mapping; /* the file in memory in which the pixels lie; NULL: they are the data set's own */
    size_t mapping_size;
    char **names;    /* of pictures their files, of a part the numbers in the whole, in one piece of memory; or NULL */
    uint8_t *labels; /* [count], or NULL */
    int32_t *tokens; /* of sentences: one behind the other */
    int64_t *starts; /* [count + 1]: the tokens of sentence i are those from starts[i] to starts[i + 1] - 1 */
} dataset;

void dataset_free(dataset *data);

/* Numbers in a row: of an image, or of a sentence with its padding. */
int64_t dataset_row_size(const dataset *data);

/* Tokens of a sentence; 0 for an image. */
int64_t dataset_length(const dataset *data, int64_t index);

/* Numbers of an image that are there; of all of it if none is missing. */
int64_t dataset_observed(const dataset *data, int64_t index);

/* What an image is called: by its file, or by its number, from 0, which is put into `number`. */
enum { DATASET_NUMBER = 32 };
const char *dataset_name(const dataset *data, int64_t index, char number[static DATASET_NUMBER]);

/* Keeps the first images or sentences only; 0 keeps all. */
void dataset_keep(dataset *data, int64_t count);

/* The numbers that the bytes 0 and 255 stand for: -1 and 1 for a generator that ends in tanh. */
typedef struct pixel_range {
    float black, white;
} pixel_range;

/* Writes image or sentence `index` to out, a row of dataset_row_size() floats: pixels in the range, or tokens and then
 * LEBM_PADDING, for which the range means nothing. */
void dataset_row(const dataset *data, int64_t index, pixel_range range, float *out);

/* A checksum of images or sentences and their number and shape. */
uint32_t dataset_checksum(const dataset *data);

/* Chooses images or sentences to show, count at most: the labels in turn if there are labels, `each` of one and then `each` of the
 * next, and the first images where there are none or too few. Returns how many. */
int64_t dataset_choose(const dataset *data, int64_t count, int64_t each, int64_t *chosen);

#endif
