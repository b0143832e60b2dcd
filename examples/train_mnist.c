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
        .epochs = 13,
        .batch = 100,

        MNIST_DEFAULTS,
        .posterior_steps = 4,
        .first_visit_steps = 40,
        .generator_learning_rate = 2e-3,
        .decay_per_epoch = .85,
    };
    return train_main(argc, argv, &program);
}
