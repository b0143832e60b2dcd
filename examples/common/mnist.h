/* The data set of the MNIST examples. */
#ifndef MNIST_H
#define MNIST_H

#include "data_source.h"

/* Reads the official files (train-images-idx3-ubyte and so on, as they are or compressed to .gz) from the folder, those
 * of MNIST or of a set that is made like it: Fashion-MNIST, KMNIST, one of EMNIST's; or a file of IDX images; or draws
 * digits. The labels may be missing, and a file has none. */
int mnist_read(const data_source *source, data_part part, dataset *data, failure *why);

/* Whether the folder has one of these sets, or a part of it. */
bool mnist_is_in(const char *folder);

#endif
