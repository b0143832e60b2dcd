/* Learns SVHN, or house numbers that it draws itself. */
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
        .batch = 100,

        .prior = "in 100; linear 200; gelu; linear 200; gelu; linear 1",
        .generator = "in 100; conv_transpose2d 8N 4 1 0; leaky_relu 0.2; conv_transpose2d 4N 4 2 1; leaky_relu 0.2; "
                     "conv_transpose2d 2N 4 2 1; leaky_relu 0.2; conv_transpose2d 3 4 2 1; tanh",
        .width = 64,
        .prior_init = "pytorch",
        .generator_init = "xavier_normal",
        .sigma = .3,
        .sigma0 = 1,

        /* The net and the chains to the posterior are the authors'; for a training of hours their rates are too small
         * (2e-5 and 1e-4, times .998 an epoch): at 1e-4 f lags behind a generator that reconstructs well already. These
         * chains to the prior (theirs: 60 steps of .08) first stride, then settle, as for MNIST. */
        .prior_steps = 160,
        .posterior_steps = 20,
        .prior_step_size = .25,
        .prior_last_step_size = .01,
        .posterior_step_size = .005,
        .posterior_temperature = 1,
        .posterior_chains = "fresh",
        .prior_chains = "fresh",
        .first_visit_steps = 0,
        .prior_renewal = .05,

        .prior_learning_rate = 5e-4,
        .generator_learning_rate = 1e-3,
        .beta1 = .5,
        .beta2 = .999,
        .decay_per_epoch = .9,
        .prior_weight_decay = 0,
        .generator_weight_decay = 0,
        .prior_clip_norm = 1,
        .generator_clip_norm = 300,
        .average_decay = 0,

        .read = svhn_read,
    };
    return train_main(argc, argv, &program);
}
