/* The data set of the SVHN examples. */
#ifndef SVHN_H
#define SVHN_H

#include "data_source.h"

/* Reads the official file (train_32x32.mat or test_32x32.mat) from the folder, or any file of that kind, or draws house
 * numbers. The labels may be missing. */
int svhn_read(const data_source *source, data_part part, dataset *data, failure *why);

/* Whether the folder has one of these files. */
bool svhn_is_in(const char *folder);

#endif
