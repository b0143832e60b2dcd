/* The binary files of CIFAR-10, plain or compressed by gzip: records of a class and 3 x 32 x 32 bytes. They are not
 * trusted. */
#ifndef CIFAR_H
#define CIFAR_H

#include "data_source.h"
#include "dataset.h"
#include "errors.h"

/* Reads the records of `count` files, one file behind the other. Returns 0, or -1 with the reason in *why and *data
 * empty. */
int cifar_read_images(char *const *paths, int64_t count, dataset *data, failure *why);

/* Reads the official files, data_batch_1.bin to data_batch_5.bin or test_batch.bin, from the folder; of the former those
 * that are there. Returns likewise. */
int cifar_read(const data_source *source, data_part part, dataset *data, failure *why);

/* Whether the folder has one of these files. */
bool cifar_is_in(const char *folder);

#endif
