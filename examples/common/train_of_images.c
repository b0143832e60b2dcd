#include <inttypes.h>

#include "pictures.h"
#include "train_places.h"
#include "train_run.h"

enum { PICTURE_SAMPLES = 100, PICTURE_PAIRS = 50 };

static data_source images_source(const argument options[TRAIN_OPTIONS])
{
    return options[TRAIN].name == NULL ? data_source_of_each(&options[DATA], &options[EVAL])
                                       : data_source_from(&options[DATA], &options[TRAIN], &options[EVAL]);
}

static void images_prepare(run *r)
{
    if (train_takes_places(r->program)) train_read_places(r);
}

/* Images of places are there already: what they are like decides what the nets are. */
static int images_read(run *r, data_part part, dataset *data, failure *why)
{
    return train_takes_places(r->program) ? 0 : r->program->read(&r->source, part, data, why);
}

static int images_show(run *r, bool at_end)
{
    (void)at_end;
    int status = picture_samples(&r->view, PICTURE_SAMPLES, r->view_paths[SAMPLES_VIEW]);
    if (status == LEBM_OK)
        status =
            picture_reconstructions(&r->view, &r->held_out, PICTURE_PAIRS, r->view_paths[RECONSTRUCTIONS_VIEW], NULL);
    if (status == LEBM_OK) status = picture_prior(&r->view, PICTURE_PAIRS, r->view_paths[PRIOR_VIEW]);
    return status;
}

static int images_judge(run *r, results *e)
{
    (void)r;
    (void)e;
    return LEBM_OK;
}

static void images_report_data(const run *r)
{
    const dataset *data = &r->train;
    printf("  data       %" PRId64 " %s to train on and %" PRId64 " held out, %" PRId64 "x%" PRId64 "x%" PRId64 "%s\n",
           data->count, data->name, r->held_out.count, data->channels, data->height, data->width,
           data_source_is_empty(&r->source) ? " (no --data was given)" : "");
    if (data->missing > 0)
        printf("             %.3g %% of the numbers to train on are missing\n",
               100 * (double)data->missing / (double)(data->count * dataset_row_size(data)));
}

static void images_report_results(const run *r, const results *e)
{
    printf("Held-out reconstruction MSE  %.6f per pixel in [-1,1] units (%" PRId64 " images, %" PRId64
           " posterior steps from noise)\n",
           e->all.error, r->held_out.count, e->steps);
    printf("With longer chains           %.6f at %" PRId64 " steps, %.6f at %" PRId64 " (the first %" PRId64
           " images)\n",
           e->of_few_longer.error, e->longer_steps, e->of_few.error, e->steps, e->few);
}

static void images_report_held_out(const run *r)
{
    const int options[] = {EVAL, HELD_OUT, AXES};
    if (!r->options[EVAL].given || !train_takes_places(r->program)) report_option_given(&r->options[DATA]);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) report_option_given(&r->options[options[i]]);
}

static double images_terms(const dataset *data, const int64_t *chosen, int64_t n)
{
    int64_t observed = 0;
    for (int64_t i = 0; i < n; i++) observed += dataset_observed(data, chosen[i]);
    return (double)observed;
}

const train_kind train_of_images = {
    .things = "images",
    .likelihood = LEBM_GAUSSIAN,
    .error_metric = LEBM_TRAINER_RECONSTRUCTION_MSE,
    .error_name = "mse",
    .speed_title = "Training images per second",
    .view_names = {"samples.png", "reconstructions.png", "prior.png"},
    .view_titles = {"Samples", "Held-out, reconstructed", "Before and after the prior"},
    .source = images_source,
    .prepare = images_prepare,
    .read = images_read,
    .show = images_show,
    .terms = images_terms,
    .evaluate = picture_evaluate,
    .judge = images_judge,
    .report_data = images_report_data,
    .report_results = images_report_results,
    .report_held_out = images_report_held_out,
};
