/* Specs of nets of any size. */
#ifndef SPEC_H
#define SPEC_H

#include <stdint.h>

/* What letters stand for; of those that are 0 the letter stays, as it does where it does not stand alone. */
typedef struct spec_sizes {
    int64_t width;            /* N, and 2N, 4N and so on for its multiples */
    int64_t latent;           /* M */
    int64_t channels, pixels; /* C, and P: numbers of an image, of all channels */
    int64_t tokens, longest;  /* V, and D: the length of the longest sequence */
} spec_sizes;

/* The spec with numbers in the places of letters. The caller frees it. */
char *spec_with_sizes(const char *spec, const spec_sizes *sizes);

#endif
