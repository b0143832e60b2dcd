#include "image_generator.h"

#include <stddef.h>

#define UP(channels) "conv_transpose2d " channels " 4 2 1; leaky_relu 0.2; "

/* 28: that of train_mnist. 32 and 64: the authors' for SVHN and CelebA (Pang, Han, Nijkamp, Zhu and Wu 2020). 128: a layer
 * more of the kind. */
static const image_generator generators[] = {
    {28, "in M; linear N; leaky_relu 0.2; linear 2N; leaky_relu 0.2; linear P; reshape C 28 28; tanh", 256, 16},
    {32, "in M; conv_transpose2d 8N 4 1 0; leaky_relu 0.2; " UP("4N") UP("2N") "conv_transpose2d C 4 2 1; tanh", 64,
     100},
    {64, "in M; conv_transpose2d 8N 4 1 0; leaky_relu 0.2; " UP("4N") UP("2N") UP("N") "conv_transpose2d C 4 2 1; tanh",
     128, 100},
    {128,
     "in M; conv_transpose2d 16N 4 1 0; leaky_relu 0.2; " UP("8N") UP("4N") UP("2N")
         UP("N") "conv_transpose2d C 4 2 1; tanh",
     64, 100},
};

const image_generator *image_generator_for(int64_t side)
{
    for (size_t i = 0; i < sizeof generators / sizeof *generators; i++)
        if (generators[i].side == side) return &generators[i];
    return NULL;
}
