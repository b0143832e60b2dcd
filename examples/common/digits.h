/* Draws digits as if by hand, so that the examples run without a download. */
#ifndef DIGITS_H
#define DIGITS_H

#include <stdint.h>

#include "dataset.h"
#include "errors.h"
#include "rng.h"

/* Draws one digit, 0 to 9, in random handwriting: how much ink lies on each pixel of a size x size image, 0 to 1. */
void digits_draw_ink(rng *r, int digit, int size, float *ink);

/* Makes a data set of labelled grey digits, white on black, 28x28. Image i depends on seed and i alone.
 * Returns 0, or -1 with the reason in *why. */
int digits_make(int64_t count, uint64_t seed, dataset *data, failure *why);

#endif
