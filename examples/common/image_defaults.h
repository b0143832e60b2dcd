/* How nets of transposed convolutions learn images of colour, if nothing else is said: chains and rates of train_svhn and
 * train_images. */
#ifndef IMAGE_DEFAULTS_H
#define IMAGE_DEFAULTS_H

/* The net and the size of steps to the posterior are the authors', and so are the 20 steps, here of a first visit alone: chains
 * are kept. For a training of hours their rates are too small (2e-5 and 1e-4, times .998 an epoch): f lags behind a generator
 * that reconstructs well already. These chains to the prior (theirs: 60 steps of .08) first stride, then settle, as for
 * MNIST. */
#define IMAGE_DEFAULTS                                                                                                 \
    .prior_init = "pytorch", .generator_init = "xavier_normal", .sigma = .3, .sigma0 = 1, .prior_steps = 160,          \
    .posterior_steps = 2, .prior_step_size = .25, .prior_last_step_size = .01, .posterior_step_size = .005,            \
    .posterior_temperature = 1, .posterior_likelihood_weight = 1, .posterior_chains = "kept", .prior_chains = "fresh", \
    .first_visit_steps = 20, .prior_renewal = .05, .prior_learning_rate = 2e-4, .generator_learning_rate = 1e-3,       \
    .beta1 = .5, .beta2 = .999, .decay_per_epoch = .9, .prior_weight_decay = 0, .generator_weight_decay = 0,           \
    .prior_clip_norm = 1, .generator_clip_norm = 300, .average_decay = .999

#endif
