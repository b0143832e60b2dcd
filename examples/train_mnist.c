/* Learns MNIST, or digits that it draws itself. */
#include "mnist.h"
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

        .prior = "in 16; linear 200; gelu; linear 200; gelu; linear 1",
        .generator = "in 16; linear N; leaky_relu 0.2; linear 2N; leaky_relu 0.2; linear 784; reshape 1 28 28; tanh",
        .width = 256,
        .prior_init = "pytorch",
        .generator_init = "pytorch",
        .sigma = .3,
        .sigma0 = 1,

        /* The chains to the prior first stride across it, then settle where the posterior's z lie. */
        .prior_steps = 160,
        .posterior_steps = 40,
        .prior_step_size = .25,
        .prior_last_step_size = .01,
        .posterior_step_size = .005,
        .posterior_temperature = 1,
        .posterior_chains = "fresh",
        .prior_chains = "fresh",
        .first_visit_steps = 0,
        .prior_renewal = .05,

        .prior_learning_rate = 3e-3,
        .generator_learning_rate = 1e-3,
        .beta1 = .5,
        .beta2 = .999,
        .decay_per_epoch = .75,
        .prior_weight_decay = 0,
        .generator_weight_decay = 0,
        .prior_clip_norm = 0,
        .generator_clip_norm = 0,
        .average_decay = 0,

        .read = mnist_read,
    };
    return train_main(argc, argv, &program);
}
