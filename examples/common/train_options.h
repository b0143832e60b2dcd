/* The command line of a training. */
#ifndef TRAIN_OPTIONS_H
#define TRAIN_OPTIONS_H

#include <lebm.h>
#include <stdbool.h>

#include "arguments.h"
#include "train.h"

enum {
    ANOMALY,
    SPLIT,
    VALIDATE,
    DATA,
    TRAIN,
    EVAL,
    HELD_OUT,
    SIZE,
    GREY,
    AXES,
    MOST_BAD,
    OUT,
    RESUME,
    EPOCHS,
    MINUTES,
    BATCH,
    TRAIN_IMAGES,
    EVAL_IMAGES,
    CHARS,
    VOCABULARY,
    LONGEST,
    SEED,
    THREADS,
    PRIOR,
    GENERATOR,
    WIDTH,
    LATENT,
    PRIOR_INIT,
    GENERATOR_INIT,
    CONVOLUTION,
    SIGMA,
    SIGMA0,
    PRIOR_STEPS,
    PRIOR_STEP_SIZE,
    PRIOR_LAST_STEP_SIZE,
    PRIOR_START_STD,
    POSTERIOR_STEPS,
    POSTERIOR_STEP_SIZE,
    POSTERIOR_LAST_STEP_SIZE,
    POSTERIOR_START_STD,
    POSTERIOR_TEMPERATURE,
    POSTERIOR_LIKELIHOOD_WEIGHT,
    POSTERIOR_CHAINS,
    FIRST_VISIT_STEPS,
    PRIOR_CHAINS,
    PRIOR_RENEWAL,
    PRIOR_LEARNING_RATE,
    GENERATOR_LEARNING_RATE,
    BETA1,
    BETA2,
    DECAY_PER_EPOCH,
    PRIOR_WEIGHT_DECAY,
    GENERATOR_WEIGHT_DECAY,
    PRIOR_CLIP_NORM,
    GENERATOR_CLIP_NORM,
    AVERAGE_DECAY,
    SIGMA_LEARNING_RATE,
    DROPOUT,
    WORD_DROPOUT,
    SCORE_STEPS,
    SCORE_CHAINS,
    EVIDENCE,
    TEMPERATURES,
    TRAIN_OPTIONS
};

/* Whether --data and --eval of the program name any PLACE. */
bool train_takes_places(const train_program *program);

/* Fills the table with the program's defaults and reads the command line into it; on a wrong one ends the program. */
void train_options_read(argument options[TRAIN_OPTIONS], const train_program *program, int argc, char *const *argv);

/* Passes the options on to the trainer and the samplers: all of them, or only those given on the command line. */
void train_options_apply(const argument options[TRAIN_OPTIONS], lebm_trainer *trainer, lebm_sampler *to_prior,
                         lebm_sampler *to_posterior, bool only_given);

/* Ends the program unless the library's status is LEBM_OK, blaming the option. */
void option_or_die(int status, const argument *option);

#endif
