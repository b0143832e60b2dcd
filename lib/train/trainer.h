/* The trainer's inside, for files. */
#ifndef LEBM_TRAIN_TRAINER_H
#define LEBM_TRAIN_TRAINER_H

#include "core/handle.h"
#include "lebm/trainer.h"
#include "math/threads.h"
#include "train/gradients.h"
#include "train/kept.h"
#include "train/learner.h"

typedef struct {
    lebm__learner_options learner[LEBM__LEARNERS];
    double beta1, beta2, epsilon, decay_per_epoch, divergence_threshold;
    double prior_renewal, average_decay, sigma_learning_rate, dropout, word_dropout;
    int64_t observations, first_visit_steps, seed, threads;
    char posterior_chains[LEBM__TEXT_SIZE], prior_chains[LEBM__TEXT_SIZE], note[LEBM__TEXT_SIZE];
} lebm__trainer_options;

typedef struct {
    double reconstruction_mse, reconstruction_nll, log_likelihood, f_positive, f_negative, f_gap;
    double grad_norm[LEBM__LEARNERS], images_per_second;
} lebm__trainer_metrics;

struct lebm_trainer {
    lebm__handle head;
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_sampler *to_prior, *to_posterior;
    lebm__trainer_options options;
    lebm__learner learners[LEBM__LEARNERS];
    lebm__kept kept_posterior, kept_prior; /* of the last step, if that kept any */
    int64_t steps_done, epochs_done;
    lebm__activations activations;
    int has_stepped;
    lebm__trainer_metrics metrics;
    lebm__pool *pool; /* made at the first step */
};

extern const lebm__options lebm__trainer_table;

/* Whether an option says "kept". */
int lebm__trainer_keeps(const char *chains);

/* Steps of a chain to the posterior that begins at noise. */
int64_t lebm__trainer_first_visit_steps(const lebm_trainer *trainer);

/* Claim the trainer and its samplers for the call `function`, or fail if one of them is; and give them up. */
int lebm__trainer_claim(lebm_trainer *trainer, const char *function);
void lebm__trainer_release(lebm_trainer *trainer);

#endif
