/* Learns MNIST, or digits that it draws itself. */
#include "mnist.h"
#include "mnist_defaults.h"
#include "train.h"

int main(int argc, char **argv)
{
    static const train_program program = {
        .kind = &train_of_images,
        .name = "train_mnist",
        .summary = "Learns a latent-space energy-based prior model of MNIST, or of digits that it draws itself.",
        .out = "out-mnist",
        .epochs = 11,
        .batch = 100,

        MNIST_DEFAULTS,
        .posterior_steps = 40,
        .posterior_chains = "fresh",
        .first_visit_steps = 0,
        .decay_per_epoch = .75,
        .average_decay = 0,
    };
    return train_main(argc, argv, &program);
}
