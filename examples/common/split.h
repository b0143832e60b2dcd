/* Which images of a place are held out: decided for each by its number, so that it is the same in every program, and does
 * not depend on the order in which they lie, as it would if they were the last ones. */
#ifndef SPLIT_H
#define SPLIT_H

#include <stdbool.h>
#include <stdint.h>

#include "dataset.h"

/* Whether image `index` of a place is among the share, 0 to 1, that is held out. */
bool split_holds_out(int64_t index, double share);

/* Parts a data set in two, in the order in which the images were. What is not asked for, where the pointer is NULL, is
 * dropped. *all is empty afterwards. A part may be empty. */
void split_dataset(dataset *all, double share, dataset *train, dataset *held_out);

#endif
