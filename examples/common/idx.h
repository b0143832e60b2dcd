/* IDX files, the format of MNIST, plain or compressed by gzip. They are not trusted: what a file says about its size is
 * checked before memory is allocated, and what it holds is checked against what it says. */
#ifndef IDX_H
#define IDX_H

#include "dataset.h"
#include "errors.h"

/* Reads a file of images (count, height, width), 8 bits each, into a data set without labels.
 * Returns 0, or -1 with the reason in *why and *data empty. */
int idx_read_images(const char *path, dataset *data, failure *why);

/* Reads the labels of the data set's images from a file that must hold as many.
 * Returns 0, or -1 with the reason in *why and *data as it was. */
int idx_read_labels(const char *path, dataset *data, failure *why);

#endif
