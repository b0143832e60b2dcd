/* A training as its files share it: train_setup.c makes it ready, train.c carries it out, train_report.c tells of it.
 */
#ifndef TRAIN_RUN_H
#define TRAIN_RUN_H

#include <lebm.h>
#include <stdbool.h>
#include <stdint.h>

#include "arguments.h"
#include "batches.h"
#include "data_source.h"
#include "dataset.h"
#include "metrics.h"
#include "model.h"
#include "pictures.h"
#include "progress.h"
#include "train.h"
#include "train_options.h"

/* Sums over the steps of this epoch that this run made. */
typedef struct tally {
    int64_t steps;
    double mse, f_positive, f_negative;
} tally;

typedef struct run {
    const train_program *program;
    const char *command; /* that started it */
    argument options[TRAIN_OPTIONS];
    char *checkpoint_path, *model_path, *metrics_path, *samples_path, *reconstructions_path, *prior_path;

    bool locked; /* the folder for the results is this program's alone */

    data_source source;
    dataset train, held_out;
    model model; /* the one that learns */
    model view; /* what is looked at: the same nets or their averages, and samplers of its own, for looking at the model
                  * must not disturb its training */
    lebm_trainer *trainer;

    batches batches;
    metrics metrics;
    progress progress;
    double started_at;   /* the training */
    int64_t first_step;  /* of this run: more than 0 if it goes on from a checkpoint */
    double step_seconds; /* spent in training steps */
    tally epoch;
} run;

/* Whether the run goes on from a checkpoint. */
bool run_resumes(const run *r);

/* Whether each image's chain to the posterior is kept. */
bool run_keeps_chains(const run *r);

/* Takes the averages of the parameters for what is looked at, if there are any. */
void run_refresh_view(run *r);

/* The step at which the last epoch ends. */
int64_t run_last_step(const run *r);

/* Training images per second of training steps, over this whole run. */
double run_images_per_second(const run *r);

/* Reads the command line and makes everything ready, or ends the program; writes to the folder for the results only
 * after all else has worked. */
void run_set_up(run *r, const train_program *program, int argc, char *const *argv);

void run_free(run *r);

/* Prints what is going to be trained, and how. */
void report_start(const run *r);

/* Prints the means of the epoch that has just ended. */
void report_epoch(const run *r);

/* What the held-out images say of the model. */
typedef struct results {
    evaluation all;
    int64_t few; /* the first images, on which chains are made longer: as much work as on all with their own steps */
    evaluation of_few, of_few_longer;
    int64_t steps, longer_steps; /* of a chain to the posterior */
} results;

/* Prints what came of it. */
void report_results(const run *r, const results *e);

/* Prints where it was interrupted. */
void report_interrupted(const run *r);

/* Prints the command that goes on from the checkpoint. */
void report_resume_command(const run *r);

#endif
