/* Learns nine digits of MNIST, or of those that it draws itself, and tells how well the tenth is told from them. */
#include "anomaly_table.h"
#include "mnist.h"
#include "train.h"

int main(int argc, char **argv)
{
    static const train_program program = {
        .kind = &train_of_anomalies,
        .name = "anomaly_mnist",
        .summary = "Learns nine digits of MNIST, or of digits that it draws itself, and measures how well the model "
                   "tells the\n"
                   "tenth from them: AUROC and AUPRC by several scores, in both splits that are in use.",
        .out = "out-anomaly",
        .epochs = 30,
        .batch = 100,
        .models_kept = MOST_EPOCHS_SCORED,

        .prior = "in 16; linear 200; gelu; linear 200; gelu; linear 1",
        .generator = "in 16; linear N; leaky_relu 0.2; linear 2N; leaky_relu 0.2; linear 784; reshape 1 28 28; tanh",
        .width = 256,
        .prior_init = "pytorch",
        .generator_init = "pytorch",
        .sigma = .3,
        .sigma0 = 1,

        /* Chains are kept, so that few steps bring them near p(z|x). */
        .prior_steps = 160,
        .posterior_steps = 3,
        .prior_step_size = .25,
        .prior_last_step_size = .01,
        .posterior_step_size = .005,
        .posterior_temperature = 1,
        .posterior_chains = "kept",
        .prior_chains = "fresh",
        .first_visit_steps = 20,
        .prior_renewal = .05,

        .prior_learning_rate = 3e-3,
        .generator_learning_rate = 1e-3,
        .beta1 = .5,
        .beta2 = .999,
        .decay_per_epoch = .9,
        .prior_weight_decay = 0,
        .generator_weight_decay = 0,
        .prior_clip_norm = 0,
        .generator_clip_norm = 0,
        .average_decay = .999,

        .read = mnist_read,

        .score_steps = 30,
        .score_chains = 1,
    };
    return train_main(argc, argv, &program);
}
