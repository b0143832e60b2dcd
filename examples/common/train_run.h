/* A training as its files share it: train_setup.c makes it ready, train.c carries it out, train_report.c tells of it.
 * train_of_images.c and train_of_text.c have what is done in another way with each. */
#ifndef TRAIN_RUN_H
#define TRAIN_RUN_H

#include <lebm.h>
#include <stdbool.h>
#include <stdint.h>

#include "anomaly_files.h"
#include "anomaly_table.h"
#include "arguments.h"
#include "batches.h"
#include "data_source.h"
#include "dataset.h"
#include "judgement.h"
#include "lexicon.h"
#include "metrics.h"
#include "model.h"
#include "prior_watch.h"
#include "progress.h"
#include "sentences.h"
#include "spec.h"
#include "train.h"
#include "train_options.h"
#include "view.h"

/* Sums over the steps of this epoch that this run made. */
typedef struct tally {
    int64_t steps;
    double error, terms; /* the error times the numbers or tokens that each step's is the mean of, and these */
    double f_positive, f_negative;
} tally;

/* The files that show what a model can do. */
enum {
    SAMPLES_VIEW,
    RECONSTRUCTIONS_VIEW,
    PRIOR_VIEW,
    INTERPOLATIONS_VIEW,
    ANOMALIES_VIEW,
    ANOMALY_TABLE_VIEW,
    ANOMALY_SCORES_VIEW,
    ANOMALY_POINTS_VIEW,
    ANOMALY_CURVES_VIEW, /* two for each protocol */
    TRAIN_VIEWS = ANOMALY_CURVES_VIEW + ANOMALY_PROTOCOLS * ANOMALY_CURVES
};

/* What the held-out data say of the model. */
typedef struct results {
    evaluation all;
    int64_t few; /* the first of them, on which chains are made longer: as much work as on all with their own steps */
    evaluation of_few, of_few_longer;
    int64_t steps, longer_steps; /* of a chain to the posterior */
    step_sizes suggested;        /* by the curvature where chains end */
    judgement drawn;             /* of a model of drawn sentences */
} results;

/* Text on its way to the model. */
typedef struct run_text {
    text_lines lines[DATA_PARTS];
    lexicon known;
    int64_t longest;
    sentences_told told[DATA_PARTS];
} run_text;

/* Anomalies, and how well they are told. */
typedef struct run_anomalies {
    int64_t held_out, stand_in; /* digits; stand_in: NO_DIGIT or that of a validation */
    bool protocols[ANOMALY_PROTOCOLS];
    anomaly_split split;
    anomaly_table table;
    int64_t integrated; /* estimates of log p(x) that are by thermodynamic integration */
} run_anomalies;

typedef struct run {
    const train_program *program;
    const char *command; /* that started it */
    argument options[TRAIN_OPTIONS];
    char *checkpoint_path, *model_path, *metrics_path;
    char *view_paths[TRAIN_VIEWS]; /* NULL: of a kind that has fewer */

    bool locked; /* the folder for the results is this program's alone */

    data_source source;
    run_text text;
    run_anomalies anomalies;
    spec_sizes sizes; /* what the letters in the specs stand for */
    dataset train, held_out;
    model model; /* the one that learns */
    model view; /* what is looked at: the same nets or their averages, and samplers of its own, for looking at the model
                  * must not disturb its training */
    lebm_trainer *trainer;
    lebm_sampler *watcher; /* of chains like those of the training to the prior */

    batches batches;
    metrics metrics;
    progress progress;
    double started_at;   /* the training */
    int64_t first_step;  /* of this run: more than 0 if it goes on from a checkpoint */
    double step_seconds; /* spent in training steps */
    tally epoch;
} run;

/* What is done in another way with images and with text. Functions that return a status of the library return LEBM_OK,
 * LEBM_STOPPED or LEBM_ERR_DIVERGED, and end the program where something else fails. */
typedef struct train_kind {
    bool of_text, of_anomalies;
    const char *things; /* "images" */
    const char *likelihood;
    const char *error_metric;             /* the trainer's: how far reconstructions are off */
    const char *error_name;               /* what it is called in one line: "mse" */
    const char *speed_title;              /* "Training images per second" */
    const char *view_names[TRAIN_VIEWS];  /* of their files; NULL: no more */
    const char *view_titles[TRAIN_VIEWS]; /* what they show */

    data_source (*source)(const argument options[TRAIN_OPTIONS]);

    /* What comes before there is a model, whose specs and sizes it may decide. */
    void (*prepare)(run *r);

    /* Reads or draws a part of the data. Returns 0, or -1 with the reason in *why. */
    int (*read)(run *r, data_part part, dataset *data, failure *why);

    /* So many numbers or tokens are in chosen rows, the mean of whose errors is the trainer's. */
    double (*terms)(const dataset *data, const int64_t *chosen, int64_t n);

    /* Shows what the view can do, in files, and at the end also on the terminal if it is text. Returns a status. */
    int (*show)(run *r, bool at_end);

    /* Measures the view on the first `count` held-out images or sentences. Returns a status. */
    int (*evaluate)(const model *m, const dataset *data, int64_t count, evaluation *e);

    /* Measures what else there is. Returns a status. */
    int (*judge)(run *r, results *e);

    /* Prints what the data are, and what the held-out ones say. */
    void (*report_data)(const run *r);
    void (*report_results)(const run *r, const results *e);

    /* Prints the options by which `reconstruct` is told the held-out data. */
    void (*report_held_out)(const run *r);
} train_kind;

/* Makes the folder for the results, before all else is known to work, if something must be kept there. */
void run_claim_folder(run *r);

/* Whether the run goes on from a checkpoint. */
bool run_resumes(const run *r);

/* Whether each image's or sentence's chain to the posterior is kept. */
bool run_keeps_chains(const run *r);

/* Takes what was learned for what is looked at: step sizes, and the averages of the parameters if there are any. */
void run_refresh_view(run *r);

/* The file of the model of an epoch that is kept; the caller frees the path. */
char *run_epoch_path(const run *r, int64_t epoch);

/* The step at which the last epoch ends. */
int64_t run_last_step(const run *r);

/* Training images or sentences per second of training steps, over this whole run. */
double run_things_per_second(const run *r);

/* Reads the command line and makes everything ready, or ends the program; writes to the folder for the results only
 * after all else has worked. */
void run_set_up(run *r, const train_program *program, int argc, char *const *argv);

void run_free(run *r);

/* Prints what is going to be trained, and how. */
void report_start(const run *r);

/* Prints the means of the epoch that has just ended. */
void report_epoch(const run *r);

/* Prints so if the chains to the prior lag. */
void report_watch(const run *r, const prior_watch *seen);

/* Prints what came of it. */
void report_results(const run *r, const results *e);

/* Prints where it was interrupted. */
void report_interrupted(const run *r);

/* Prints " --NAME VALUE", or " --NAME" of a flag, if the option was given, as a shell must be given it. */
void report_option_given(const argument *option);

/* Prints the command that goes on from the checkpoint. */
void report_resume_command(const run *r);

#endif
