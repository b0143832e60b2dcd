/* Training on images of one's own: reads them, and chooses the nets that fit them. */
#ifndef TRAIN_PLACES_H
#define TRAIN_PLACES_H

#include "train_run.h"

/* Reads the images that --data and --eval name, to train on and held out, and sets the specs and sizes of the nets that were
 * not given; ends the program if it cannot. */
void train_read_places(run *r);

#endif
