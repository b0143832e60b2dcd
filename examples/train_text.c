/* Learns text, or sentences that it draws itself. */
#include "train.h"

int main(int argc, char **argv)
{
    static const train_program program = {
        .kind = &train_of_text,
        .name = "train_text",
        .summary = "Learns a latent-space energy-based prior model of text, or of sentences that it draws itself.",
        .out = "out-text",
        .epochs = 40,
        .batch = 25,

        .prior = "in 8; linear 100; gelu; linear 100; gelu; linear 1",
        .generator = "in 8; embedding 8; lstm N; tokens V D",
        .width = 64,
        .prior_init = "pytorch",
        .generator_init = "pytorch",
        .sigma = 0,
        .sigma0 = 1,
        .vocabulary = 10000,
        .longest = 100,

        /* A weight on the likelihood, and an embedding of few numbers, keep z from being ignored (docs/text.md). */
        .prior_steps = 160,
        .posterior_steps = 4,
        .prior_step_size = .25,
        .prior_last_step_size = .01,
        .posterior_step_size = .05,
        .posterior_last_step_size = .015,
        .posterior_temperature = 1,
        .posterior_likelihood_weight = 2.5,
        .posterior_chains = "kept",
        .prior_chains = "fresh",
        .first_visit_steps = 40,
        .prior_renewal = .05,

        .prior_learning_rate = 1e-3,
        .generator_learning_rate = 5e-3,
        .beta1 = .9,
        .beta2 = .999,
        .decay_per_epoch = .91,
        .prior_weight_decay = 0,
        .generator_weight_decay = 0,
        .prior_clip_norm = 0,
        .generator_clip_norm = 5,
        .average_decay = .998,
        .dropout = 0,
        .word_dropout = 0,
    };
    return train_main(argc, argv, &program);
}
