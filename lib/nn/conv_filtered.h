/* Whether a transposed convolution is worth filtering. */
#ifndef LEBM_NN_CONV_FILTERED_H
#define LEBM_NN_CONV_FILTERED_H

#include "nn/layer.h"

/* Inputs to a tile along either axis with which the layer is filtered; 0: it is not, because its kernel is not twice
 * its stride or, unless it is `forced`, because it would not be faster. */
int64_t lebm__conv_filtered_tile(const lebm__layer *layer, int forced);

#endif
