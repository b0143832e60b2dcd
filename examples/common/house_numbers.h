/* Draws house numbers like those of SVHN, so that the examples run without a download. */
#ifndef HOUSE_NUMBERS_H
#define HOUSE_NUMBERS_H

#include <stdint.h>

#include "dataset.h"
#include "errors.h"

/* Makes a data set of labelled coloured digits on cluttered grounds, 32x32 red-green-blue: the label is the digit in
 * the middle, others may reach in from the sides. Image i depends on seed and i alone.
 * Returns 0, or -1 with the reason in *why. */
int house_numbers_make(int64_t count, uint64_t seed, dataset *data, failure *why);

#endif
