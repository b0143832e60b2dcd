/* Learns SVHN, or house numbers that it draws itself. */
#include "image_defaults.h"
#include "svhn.h"
#include "train.h"

int main(int argc, char **argv)
{
    static const train_program program = {
        .kind = &train_of_images,
        .name = "train_svhn",
        .summary = "Learns a latent-space energy-based prior model of SVHN, or of house numbers that it draws itself.",
        .out = "out-svhn",
        .epochs = 30,
        .batch = 50,

        .prior = "in 100; linear 200; gelu; linear 200; gelu; linear 1",
        .generator = "in 100; conv_transpose2d 8N 4 1 0; leaky_relu 0.2; conv_transpose2d 4N 4 2 1; leaky_relu 0.2; "
                     "conv_transpose2d 2N 4 2 1; leaky_relu 0.2; conv_transpose2d 3 4 2 1; tanh",
        .width = 64,
        IMAGE_DEFAULTS,

        .read = svhn_read,
    };
    return train_main(argc, argv, &program);
}
