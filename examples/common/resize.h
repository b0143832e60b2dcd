/* Resizing of square images. */
#ifndef RESIZE_H
#define RESIZE_H

#include <stdint.h>

#include "errors.h"

/* Makes planes [n, side, side] of planes [n, from, from] with a bicubic filter, which is as wide as the pixels of the
 * smaller image, so that nothing aliases; the same bytes on every processor. Returns 0, or -1 with the reason in *why. */
int resize_planes(const uint8_t *in, int64_t from, int64_t n, int64_t side, uint8_t *out, failure *why);

#endif
