/* Which images of a place are held out: decided for each by its number and the share, so that it is the same in every program.
 * They are spread evenly, but not at equal distances, as what is stored may be in an order or have a period. */
#ifndef SPLIT_H
#define SPLIT_H

#include <stdbool.h>
#include <stdint.h>

#include "dataset.h"

/* Whether image `index` of a place is among the share, 0 to 1, that is held out: one of each block of 1/share images. */
bool split_holds_out(int64_t index, double share);

/* Parts a data set in two, in the order in which the images were. What is not asked for, where the pointer is NULL, is
 * dropped. *all is empty afterwards. A part may be empty. */
void split_dataset(dataset *all, double share, dataset *train, dataset *held_out);

#endif
