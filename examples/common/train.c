#include "train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "errors.h"
#include "files.h"
#include "interrupt.h"
#include "train_run.h"

typedef enum outcome { FINISHED, OUT_OF_TIME, INTERRUPTED } outcome;

/* Shows how far the training is when `part` of the present step is done. */
static void show_progress(run *r, double part)
{
    const double done = (double)lebm_trainer_steps_done(r->trainer) + part, all = (double)run_last_step(r);
    const double limit = 60 * r->options[MINUTES].value.f64, elapsed = seconds_now() - r->started_at;
    const double n = (double)r->epoch.steps;
    if (r->epoch.steps == 0) return; /* nothing to tell yet */

    progress_state state = {.done = done / all,
                            .epoch = lebm_trainer_epochs_done(r->trainer) + 1,
                            .epochs = r->options[EPOCHS].value.i64,
                            .error_name = r->program->kind->error_name,
                            .error = r->epoch.error / r->epoch.terms,
                            .f_positive = r->epoch.f_positive / n,
                            .f_negative = r->epoch.f_negative / n,
                            .images_per_second = run_things_per_second(r)};
    state.seconds_left = (all - done) * (double)r->batches.size / state.images_per_second;
    if (limit > 0 && limit - elapsed < state.seconds_left) {
        state.seconds_left = elapsed < limit ? limit - elapsed : 0;
        state.done = elapsed < limit ? elapsed / limit : 1;
    }
    progress_show(&r->progress, &state);
}

static int on_progress(double done, void *user)
{
    show_progress(user, done);
    return interrupt_signal() != 0;
}

_Noreturn static void stop_diverged(run *r)
{
    metrics_flush(&r->metrics);
    fprintf(stderr,
            "%s: diverged: %s\n"
            "The columns of f in %s show how it went. To tame it, lower --prior-learning-rate or\n"
            "--generator-learning-rate, limit the gradients with --prior-clip-norm and --generator-clip-norm, or take\n"
            "smaller steps with --prior-step-size and --posterior-step-size.\n",
            r->program->name, lebm_last_error(), r->metrics_path);
    if (file_exists(r->checkpoint_path))
        fprintf(stderr, "%s was kept: --resume with such options goes on from there.\n", r->checkpoint_path);
    exit(EXIT_FAILURE);
}

/* Metrics first: metrics.csv then has all rows of the steps that the checkpoint knows. */
static void save_checkpoint(run *r)
{
    progress_clear(&r->progress);
    metrics_flush(&r->metrics);
    or_die(lebm_trainer_save(r->trainer, r->checkpoint_path), "cannot save the checkpoint");
}

/* Any epoch may be one of the last, as --resume may change their number. Before the checkpoint, which then knows of no epoch
 * whose model is missing. */
static void keep_model(const run *r)
{
    if (r->program->models_kept == 0) return;
    char *path = run_epoch_path(r, lebm_trainer_epochs_done(r->trainer));
    or_die(lebm_trainer_save_model(r->trainer, path), "cannot save the model");
    free(path);
}

/* After the checkpoint, for which it is none of the last. */
static void drop_model(const run *r)
{
    const int64_t epoch = lebm_trainer_epochs_done(r->trainer) - r->program->models_kept;
    if (r->program->models_kept == 0 || epoch < 1) return;
    char *path = run_epoch_path(r, epoch);
    remove(path);
    free(path);
}

/* What a status of the library means here: LEBM_OK and LEBM_STOPPED are returned, all others end the program. */
static int check(run *r, int status, const char *what)
{
    if (status == LEBM_OK || status == LEBM_STOPPED) return status;
    progress_clear(&r->progress);
    if (status == LEBM_ERR_DIVERGED) stop_diverged(r);
    or_die(status, what);
    return status;
}

/* Shows what the model can do. */
static int show(run *r, bool at_end)
{
    run_refresh_view(r);
    return check(r, r->program->kind->show(r, at_end), "looking at the model");
}

static double metric(const run *r, const char *key)
{
    double value;
    or_die(lebm_trainer_metric(r->trainer, key, &value), key);
    return value;
}

/* Whether the last step was the last of an epoch. */
static bool at_end_of_epoch(const run *r)
{
    return lebm_trainer_steps_done(r->trainer) % r->batches.per_epoch == 0;
}

/* One step and its row in metrics.csv, and the end of the epoch if it is due: all or nothing of it happens before a
 * checkpoint. `x` is room for a batch. Returns LEBM_OK or LEBM_STOPPED. */
static int train_step(run *r, float *x)
{
    const double start = seconds_now();
    const int64_t *chosen = batches_read(&r->batches, lebm_trainer_steps_done(r->trainer), x);
    const int status = check(r, lebm_trainer_step_of(r->trainer, x, chosen, r->batches.size), "training step");
    if (status != LEBM_OK) return status;

    r->step_seconds += seconds_now() - start;
    r->epoch.steps++;
    const double terms = r->program->kind->terms(&r->train, chosen, r->batches.size);
    r->epoch.terms += terms;
    r->epoch.error += terms * metric(r, r->program->kind->error_metric);
    r->epoch.f_positive += metric(r, LEBM_TRAINER_F_POSITIVE);
    r->epoch.f_negative += metric(r, LEBM_TRAINER_F_NEGATIVE);
    metrics_append(&r->metrics, r->trainer, lebm_trainer_epochs_done(r->trainer) + 1);
    show_progress(r, 0);
    if (at_end_of_epoch(r)) or_die(lebm_trainer_end_epoch(r->trainer), "end of epoch");
    return LEBM_OK;
}

/* How long a chain of the training to the prior is; a kept one goes on until it is renewed, but ten visits are enough to see. */
static int64_t prior_chain_steps(const run *r)
{
    const double most_visits = 10;
    int64_t steps;
    double renewal;
    const char *chains;
    or_die(lebm_sampler_get_i64(r->model.to_prior, LEBM_SAMPLER_STEPS, &steps), "sampler");
    or_die(lebm_trainer_get_f64(r->trainer, LEBM_TRAINER_PRIOR_RENEWAL, &renewal), "trainer");
    or_die(lebm_trainer_get_str(r->trainer, LEBM_TRAINER_PRIOR_CHAINS, &chains), "trainer");
    return strcmp(chains, "kept") == 0 ? (int64_t)((double)steps * fmin(1 / renewal, most_visits)) : steps;
}

/* Looks whether the prior's chains keep up with it. Returns LEBM_OK or LEBM_STOPPED. */
static int watch(const run *r)
{
    prior_watch seen;
    const int status = prior_watch_look(r->model.prior, r->watcher, prior_chain_steps(r), &seen);
    if (status == LEBM_OK) report_watch(r, &seen);
    return status;
}

static outcome train(run *r)
{
    const double limit = 60 * r->options[MINUTES].value.f64;
    float *x = allocate((size_t)(r->batches.size * dataset_row_size(&r->train)), sizeof *x);
    outcome result = FINISHED;
    while (result == FINISHED && lebm_trainer_steps_done(r->trainer) < run_last_step(r)) {
        int status = train_step(r, x);
        if (status == LEBM_OK && at_end_of_epoch(r)) {
            keep_model(r);
            save_checkpoint(r);
            drop_model(r);
            report_epoch(r);
            status = watch(r);
            r->epoch = (tally){0};
            if (status == LEBM_OK && lebm_trainer_steps_done(r->trainer) < run_last_step(r)) status = show(r, false);
        }
        if (status == LEBM_STOPPED || interrupt_signal() != 0)
            result = INTERRUPTED;
        else if (limit > 0 && seconds_now() - r->started_at >= limit)
            result = OUT_OF_TIME;
    }
    free(x);
    progress_clear(&r->progress);
    return result;
}

/* Measures the model on the held-out data, and what short chains leave out. Returns LEBM_OK or LEBM_STOPPED. */
static int measure(run *r, results *e)
{
    enum { LONGER = 10, FEWEST = 100 };
    const dataset *data = &r->held_out;
    lebm_sampler *to_posterior = r->view.to_posterior;
    or_die(lebm_sampler_get_i64(to_posterior, LEBM_SAMPLER_STEPS, &e->steps), "sampler");
    e->few = data->count / LONGER > FEWEST ? data->count / LONGER : data->count < FEWEST ? data->count : FEWEST;
    e->longer_steps = LONGER * e->steps;
    int (*const evaluate)(const model *, const dataset *, int64_t, evaluation *) = r->program->kind->evaluate;
    int status = evaluate(&r->view, data, data->count, &e->all);
    if (status == LEBM_OK) status = r->program->kind->judge(r, e);
    if (status == LEBM_OK)
        status = view_step_sizes(&r->view, data, data->count < FEWEST ? data->count : FEWEST, &e->suggested);
    if (status == LEBM_OK) status = evaluate(&r->view, data, e->few, &e->of_few);
    if (status == LEBM_OK) {
        or_die(lebm_sampler_set_i64(to_posterior, LEBM_SAMPLER_STEPS, e->longer_steps), "sampler");
        status = evaluate(&r->view, data, e->few, &e->of_few_longer);
        or_die(lebm_sampler_set_i64(to_posterior, LEBM_SAMPLER_STEPS, e->steps), "sampler");
    }
    return check(r, status, "evaluation");
}

/* Shows and measures what was learned. Returns LEBM_OK or LEBM_STOPPED. */
static int look(run *r, results *e)
{
    const int status = show(r, true);
    return status == LEBM_OK ? measure(r, e) : status;
}

/* Returns the exit status. */
static int finish(run *r, outcome result)
{
    results e;
    save_checkpoint(r);
    or_die(lebm_trainer_save_model(r->trainer, r->model_path), "cannot save the model");
    if (result == INTERRUPTED || look(r, &e) == LEBM_STOPPED) {
        report_interrupted(r);
        report_resume_command(r);
        return 128 + interrupt_signal(); /* as shells report it */
    }
    report_results(r, &e);
    if (result == OUT_OF_TIME) report_resume_command(r);
    return EXIT_SUCCESS;
}

int train_main(int argc, char **argv, const train_program *program)
{
    run r;
    setvbuf(stdout, NULL, _IOLBF, 0); /* lines in a log come in the order in which they happened */
    run_set_up(&r, program, argc, argv);
    interrupt_watch("\nStopping: the checkpoint is being written. Again in a second or later: quit without it.\n");
    report_start(&r);
    progress_start(&r.progress);
    or_die(lebm_trainer_set_progress(r.trainer, on_progress, &r), "trainer");
    r.started_at = seconds_now();
    const int status = finish(&r, train(&r));
    run_free(&r);
    return status;
}
