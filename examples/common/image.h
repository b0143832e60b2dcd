/* Grids of images as PNG files. */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdint.h>

#include "dataset.h"
#include "errors.h"

/* Images of one shape, laid out in blocks side by side with a wide gap between them, as many in each block. */
typedef struct image_grid {
    int64_t channels, height, width; /* of an image; 1 channel is grey, 3 are red, green and blue */
    int64_t scale;                   /* how many times as large a pixel is drawn */
    int64_t count;                   /* images in a block */
    int64_t columns;                 /* images in a row of a block */
    int64_t blocks;
    pixel_range range;
    const float *images[2]; /* of each block, [count, channels, height, width] in the range; NaN is hatched */
} image_grid;

/* Whether there can be a picture of this shape; the images need not be there yet. Returns 0, or -1 with the reason in
 * *why. */
int image_check_grid(const image_grid *grid, const char *path, failure *why);

/* Writes the grid as a PNG file of 8 bits: see output.h for what becomes of what is there.
 * Returns 0, or -1 with the reason in *why. */
int image_write_grid(const image_grid *grid, const char *path, failure *why);

#endif
