/* The nets of train_mnist and anomaly_mnist, and how they learn, but for what each says of chains to the posterior and rates. */
#ifndef MNIST_DEFAULTS_H
#define MNIST_DEFAULTS_H

/* The chains to the prior first stride across it, then settle where the posterior's z lie. Those to the posterior are kept, so
 * that few steps bring them near p(z|x). */
#define MNIST_DEFAULTS                                                                                                 \
    .prior = "in 16; linear 200; gelu; linear 200; gelu; linear 1",                                                    \
    .generator = "in 16; linear N; leaky_relu 0.2; linear 2N; leaky_relu 0.2; linear 784; reshape 1 28 28; tanh",      \
    .width = 256, .prior_init = "pytorch", .generator_init = "pytorch", .sigma = .3, .sigma0 = 1, .prior_steps = 160,  \
    .prior_step_size = .25, .prior_last_step_size = .01, .posterior_step_size = .005, .posterior_temperature = 1,      \
    .posterior_likelihood_weight = 1, .posterior_chains = "kept", .prior_chains = "fresh", .prior_renewal = .05,       \
    .prior_learning_rate = 3e-3, .beta1 = .5, .beta2 = .999, .prior_weight_decay = 0, .generator_weight_decay = 0,     \
    .prior_clip_norm = 0, .generator_clip_norm = 0, .average_decay = .999, .read = mnist_read

#endif
