/* The trainer that all train_... programs share. Such a program is a table of defaults and a reader of its data. */
#ifndef TRAIN_H
#define TRAIN_H

#include <stdint.h>

#include "data_source.h"

struct train_kind;

/* What is done in another way with images, with text, and with images among which others are to be told from them. */
extern const struct train_kind train_of_images, train_of_text, train_of_anomalies;

typedef struct train_program {
    const struct train_kind *kind;
    const char *name, *summary; /* for --help */
    const char *out;            /* the folder of the results */
    int64_t models_kept;        /* those of the last so many epochs have files of their own */
    int64_t epochs, batch;

    const char *prior, *generator; /* specs of f and g, with letters for sizes (spec.h); NULL: as images want */
    int64_t width;                 /* N; 0: as images want */
    const char *prior_init, *generator_init; /* their schemes of initialisation */
    double sigma, sigma0;

    int64_t prior_steps, posterior_steps; /* of the chains */
    double prior_step_size, posterior_step_size;
    double posterior_temperature, posterior_likelihood_weight; /* 1: the posterior itself */
    double prior_last_step_size, posterior_last_step_size;     /* 0: the same */

    const char *posterior_chains, *prior_chains; /* "fresh" or "kept" */
    int64_t first_visit_steps;                   /* of kept ones; 0: as of others */
    double prior_renewal;                        /* share of kept ones that begin anew */

    double prior_learning_rate, generator_learning_rate; /* of Adam */
    double beta1, beta2, decay_per_epoch;
    double prior_weight_decay, generator_weight_decay;
    double prior_clip_norm, generator_clip_norm;
    double average_decay; /* 0: no averages */

    data_reader
        *read; /* of images; NULL: --data and --eval name any PLACE (place.h), which also decides what is NULL above */

    int64_t vocabulary, longest; /* of text: words, and tokens in a sentence, at most */
    double dropout, word_dropout;

    int64_t score_steps, score_chains; /* of anomalies: to the posterior, of each image that is scored */
} train_program;

/* The whole program: reads the command line, trains, and returns the exit status. */
int train_main(int argc, char **argv, const train_program *program);

#endif
