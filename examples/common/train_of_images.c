#include <inttypes.h>

#include "pictures.h"
#include "train_run.h"

enum { PICTURE_SAMPLES = 100, PICTURE_PAIRS = 50 };

static data_source images_source(const argument options[TRAIN_OPTIONS])
{
    return data_source_from(&options[DATA], &options[TRAIN], &options[EVAL]);
}

static void images_prepare(run *r)
{
    (void)r; /* their size stands in the generator's spec */
}

static int images_read(run *r, data_part part, dataset *data, failure *why)
{
    return r->program->read(&r->source, part, data, why);
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
    printf("  data       %" PRId64 " %s to train on and %" PRId64 " held out, %" PRId64 "x%" PRId64 "x%" PRId64 "%s\n",
           r->train.count, r->train.name, r->held_out.count, r->train.channels, r->train.height, r->train.width,
           data_source_is_empty(&r->source) ? " (no --data was given)" : "");
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
    report_option_given(&r->options[DATA]);
    report_option_given(&r->options[EVAL]);
}

static double images_terms(const dataset *data, const int64_t *chosen, int64_t n)
{
    (void)chosen;
    return (double)(n * dataset_row_size(data));
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
