/* Images in an .npy file, plain or compressed by gzip. */
#ifndef NPY_H
#define NPY_H

#include "dataset.h"
#include "errors.h"

/* Reads an array of bytes, 0 to 255, or of floats in [-1, 1], where NaN is a missing number. `axes` says how it lies, "NHW",
 * "NCHW" or "NHWC"; NULL: its shape tells, by which axis has the length of channels, 1 or 3.
 * Returns 0, or -1 with the reason in *why and *data empty. */
int npy_read_images(const char *path, const char *axes, dataset *data, failure *why);

#endif
