/* The data set of the MNIST examples. */
#ifndef MNIST_H
#define MNIST_H

#include "dataset.h"
#include "errors.h"

/* Reads the official files (train-images-idx3-ubyte and so on, as they are or compressed to .gz) from the folder, or
 * draws digits if it is NULL. The labels may be missing. Either data set may be NULL: not wanted.
 * Returns 0, or -1 with the reason in *why. */
int mnist_read(const char *folder, dataset *train, dataset *held_out, failure *why);

#endif
