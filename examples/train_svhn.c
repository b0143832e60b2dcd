/* Learns SVHN, or house numbers that it draws itself. */
#include "svhn.h"
#include "train.h"

int main(int argc, char **argv)
{
    static const train_program program = {
        .name = "train_svhn",
        .summary = "Learns a latent-space energy-based prior model of SVHN, or of house numbers that it draws itself.",
        .out = "out-svhn",
        .epochs = 100,
        .batch = 100,

        .prior = "in 100; linear 200; gelu; linear 200; gelu; linear 1",
        .generator = "in 100; conv_transpose2d 8N 4 1 0; leaky_relu 0.2; conv_transpose2d 4N 4 2 1; leaky_relu 0.2; "
                     "conv_transpose2d 2N 4 2 1; leaky_relu 0.2; conv_transpose2d 3 4 2 1; tanh",
        .width = 64,
        .prior_init = "pytorch",
        .generator_init = "xavier_normal",
        .sigma = .3,
        .sigma0 = 1,

        .prior_steps = 60,
        .posterior_steps = 20,
        .prior_step_size = .08,
        .prior_last_step_size = 0,
        .posterior_step_size = .005,

        .prior_learning_rate = 2e-5,
        .generator_learning_rate = 1e-4,
        .beta1 = .5,
        .beta2 = .999,
        .decay_per_epoch = .998,
        .prior_weight_decay = 0,
        .generator_weight_decay = 0,
        .prior_clip_norm = 0,
        .generator_clip_norm = 0,

        .read = svhn_read,
    };
    return train_main(argc, argv, &program);
}
