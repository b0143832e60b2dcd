/* Learns images of one's own. */
#include "image_defaults.h"
#include "train.h"

int main(int argc, char **argv)
{
    static const train_program program = {
        .kind = &train_of_images,
        .name = "train_images",
        .summary = "Learns a latent-space energy-based prior model of images of your own.",
        .out = "out-images",
        .epochs = 30,
        .batch = 50,

        .prior = "in M; linear 200; gelu; linear 200; gelu; linear 1",
        IMAGE_DEFAULTS,
    };
    return train_main(argc, argv, &program);
}
