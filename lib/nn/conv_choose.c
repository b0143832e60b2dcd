/* Which of its algorithms a transposed convolution takes. */
#include <string.h>

#include "nn/conv_filtered.h"

int lebm__is_conv(const lebm__layer *layer)
{
    return layer->kind == &lebm__conv_direct || layer->kind == &lebm__conv_of_pixel ||
           layer->kind == &lebm__conv_filtered;
}

/* Inputs to a tile of minimal filtering; 0 for another algorithm. */
static int64_t conv_choose_tile(const lebm__layer *layer, const char *convolution)
{
    if (strcmp(convolution, "direct") == 0) return 0;
    return lebm__conv_filtered_tile(layer, strcmp(convolution, "filtered") == 0);
}

void lebm__conv_choose(lebm__layer *layer, const char *convolution)
{
    const lebm__layer_kind *kind = lebm__pixels(layer->in) == 1 ? &lebm__conv_of_pixel : &lebm__conv_direct;
    const int64_t tile = conv_choose_tile(layer, convolution);
    if (tile > 0) kind = &lebm__conv_filtered;
    if (kind == layer->kind) return;
    layer->kind = kind;
    layer->tile = tile;
    lebm__matrix_free(&layer->weight_matrix[0]);
    lebm__matrix_free(&layer->weight_matrix[1]);
}
