/* Generators for images of usual sizes. */
#ifndef IMAGE_GENERATOR_H
#define IMAGE_GENERATOR_H

#include <stdint.h>

typedef struct image_generator {
    int64_t side;
    const char *spec; /* with letters for the sizes (spec.h) */
    int64_t width, latent;
} image_generator;

/* That for square images of this side; NULL: there is none. */
const image_generator *image_generator_for(int64_t side);

#endif
