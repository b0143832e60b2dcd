/* The trainer's inside, for files. */
#ifndef LEBM_TRAIN_TRAINER_H
#define LEBM_TRAIN_TRAINER_H

#include "core/handle.h"
#include "lebm/trainer.h"
#include "math/threads.h"
#include "train/adam.h"

typedef struct {
    double prior_learning_rate, generator_learning_rate, beta1, beta2, epsilon, decay_per_epoch;
    double prior_weight_decay, generator_weight_decay, prior_clip_norm, generator_clip_norm, divergence_threshold;
    int64_t seed, threads;
    char note[LEBM__TEXT_SIZE];
} lebm__trainer_options;

typedef struct {
    double reconstruction_mse, log_likelihood, f_positive, f_negative, f_gap;
    double prior_grad_norm, generator_grad_norm, images_per_second;
} lebm__trainer_metrics;

struct lebm_trainer {
    lebm__handle head; /* claimed while a call runs */
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_sampler *to_prior, *to_posterior;
    lebm__trainer_options options;
    int64_t steps_done, epochs_done;
    lebm__adam adam_f, adam_g;
    int has_stepped;
    lebm__trainer_metrics metrics;
    lebm__pool *pool; /* made at the first step */
    lebm_progress_fn progress;
    void *progress_user;
};

extern const lebm__options lebm__trainer_table;

/* Mark the trainer and its samplers as running for the call `function`, or fail if one of them is; and unmark them. */
int lebm__trainer_claim(lebm_trainer *trainer, const char *function);
void lebm__trainer_release(lebm_trainer *trainer);

#endif
