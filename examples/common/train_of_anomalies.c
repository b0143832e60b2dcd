#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "interrupt.h"
#include "output.h"
#include "pictures.h"
#include "train_run.h"

enum { PICTURE_PAIRS = 50 };

static data_source anomalies_source(const argument options[TRAIN_OPTIONS])
{
    return (data_source){.folder = options[DATA].value.text};
}

/* ---- what is asked for ---- */

static int64_t digit_of(const argument *option)
{
    const char *text = option->value.text;
    if (strlen(text) != 1 || strspn(text, "0123456789") != 1)
        die("--%s '%s' is not allowed: it takes a digit from 0 to 9", option->name, text);
    return text[0] - '0';
}

static bool is_asked_for(const argument *option, const char *choice)
{
    return strcmp(option->value.text, choice) == 0 || strcmp(option->value.text, "both") == 0;
}

static void drop_view(run *r, int view)
{
    free(r->view_paths[view]);
    r->view_paths[view] = NULL;
}

static int curves_view(anomaly_protocol protocol, anomaly_curve curve)
{
    return ANOMALY_CURVES_VIEW + (int)protocol * ANOMALY_CURVES + (int)curve;
}

static void anomalies_prepare(run *r)
{
    const argument *o = r->options;
    run_anomalies *a = &r->anomalies;
    bool any = false;
    if (!o[ANOMALY].given) die("--held-out DIGIT is needed (see --help)");
    a->held_out = digit_of(&o[ANOMALY]);
    a->stand_in = o[VALIDATE].given ? digit_of(&o[VALIDATE]) : NO_DIGIT;
    if (a->stand_in == a->held_out) die("--validate and --held-out are the same digit: it takes another one");
    for (anomaly_protocol p = 0; p < ANOMALY_PROTOCOLS; p++) {
        a->protocols[p] = is_asked_for(&o[SPLIT], anomaly_protocol_name(p));
        any = any || a->protocols[p];
        for (anomaly_curve c = 0; c < ANOMALY_CURVES && !a->protocols[p]; c++) drop_view(r, curves_view(p, c));
    }
    if (!any) die("--split '%s' is not allowed: it takes 80-20, pooled, or both", o[SPLIT].value.text);
}

/* Hands over a data set of the split. */
static void take(dataset *from, dataset *to)
{
    *to = *from;
    *from = (dataset){0};
}

/* Both parts come of one split. */
static int anomalies_read(run *r, data_part part, dataset *data, failure *why)
{
    run_anomalies *a = &r->anomalies;
    int64_t seed;
    if (part == TRAIN_PART) {
        or_die(lebm_trainer_get_i64(r->trainer, LEBM_TRAINER_SEED, &seed), "seed");
        if (anomaly_split_read(&a->split, r->program->read, &r->source, a->held_out, a->stand_in, (uint64_t)seed,
                               why) != 0)
            return -1;
    }
    take(part == TRAIN_PART ? &a->split.train : &a->split.test_ordinary, data);
    return 0;
}

/* ---- looking ---- */

static int anomalies_show(run *r, bool at_end)
{
    const int status = train_of_images.show(r, at_end);
    return status != LEBM_OK ? status
                             : picture_reconstructions(&r->view, &r->anomalies.split.test_anomalies, PICTURE_PAIRS,
                                                       r->view_paths[ANOMALIES_VIEW], NULL);
}

/* ---- scoring ---- */

/* What the progress of the scores is shown with. */
typedef struct display {
    run *r;
    int64_t epoch;
} display;

static int on_progress(double done, void *user)
{
    const display *d = user;
    const anomaly_table *t = &d->r->anomalies.table;
    const int64_t all = lebm_trainer_epochs_done(d->r->trainer) - t->first_epoch + 1;
    const double part = ((double)t->epochs + done) / (double)all;
    char text[80];
    snprintf(text, sizeof text, "%3.0f%% of the scores, by the model of epoch %" PRId64, 100 * part, d->epoch);
    progress_show_text(&d->r->progress, part, text);
    return interrupt_signal() != 0;
}

static int64_t images_scored(const run *r)
{
    const int64_t most = r->options[EVAL_IMAGES].value.i64, all = r->anomalies.split.test.count;
    return most > 0 && most < all ? most : all;
}

static int score_epoch(run *r, int64_t epoch, anomaly_scores *scores)
{
    const argument *o = r->options;
    display d = {r, epoch};
    const anomaly_settings settings = {.steps = o[SCORE_STEPS].value.i64,
                                       .chains = o[SCORE_CHAINS].value.i64,
                                       .annealed = o[EVIDENCE].value.i64,
                                       .temperatures = o[TEMPERATURES].value.i64,
                                       .threads = o[THREADS].value.i64,
                                       .progress = on_progress,
                                       .user = &d};
    model m;
    char *path = run_epoch_path(r, epoch);
    model_load(&m, path);
    const int status =
        anomaly_scores_make(scores, &m, &r->anomalies.split.test, images_scored(r), &r->train, &settings);
    if (status == LEBM_ERR_DIVERGED)
        die("no scores: the training is complete and kept, but with its model of epoch %" PRId64 ": %s", epoch,
            lebm_last_error());
    model_free(&m);
    free(path);
    return status;
}

static output open_csv(const run *r, int view)
{
    output o;
    failure why;
    if (output_open(&o, r->view_paths[view], &why) != 0) die("%s", why.text);
    return o;
}

static void close_csv(output *o)
{
    failure why;
    if (output_close(o, &why) != 0) die("%s", why.text);
}

/* Writes the table, and the scores of the last epoch with their curves. */
static void write_files(const run *r, const anomaly_scores *scores)
{
    const run_anomalies *a = &r->anomalies;
    output table = open_csv(r, ANOMALY_TABLE_VIEW);
    anomaly_table_csv(table.file, &a->table, a->protocols, a->held_out, a->split.anomaly, (int64_t)r->batches.seed);
    close_csv(&table);
    output rows = open_csv(r, ANOMALY_SCORES_VIEW);
    anomaly_scores_csv(rows.file, &a->split, scores);
    close_csv(&rows);
    output points = open_csv(r, ANOMALY_POINTS_VIEW);
    anomaly_curves_csv(points.file, &a->split, scores, a->protocols);
    close_csv(&points);
    for (anomaly_protocol p = 0; p < ANOMALY_PROTOCOLS; p++)
        for (anomaly_curve c = 0; c < ANOMALY_CURVES && a->protocols[p]; c++)
            anomaly_picture(&a->split, scores, p, c, r->view_paths[curves_view(p, c)]);
}

/* Scores come when the last epoch is done: before, nobody knows which are the last ones. */
static int anomalies_judge(run *r, results *e)
{
    anomaly_table *t = &r->anomalies.table;
    const int64_t last = lebm_trainer_epochs_done(r->trainer);
    int status = LEBM_OK;
    (void)e;
    if (last < r->options[EPOCHS].value.i64) {
        for (int view = ANOMALY_TABLE_VIEW; view < TRAIN_VIEWS; view++) drop_view(r, view);
        return LEBM_OK;
    }
    t->first_epoch = last > MOST_EPOCHS_SCORED ? last - MOST_EPOCHS_SCORED + 1 : 1;
    for (int64_t epoch = t->first_epoch; epoch <= last && status == LEBM_OK; epoch++) {
        anomaly_scores scores;
        status = score_epoch(r, epoch, &scores);
        if (status != LEBM_OK) break;
        anomaly_table_add(t, &r->anomalies.split, &scores);
        if (epoch == last) write_files(r, &scores);
        r->anomalies.integrated += scores.integrated;
        anomaly_scores_free(&scores);
    }
    progress_clear(&r->progress);
    return status;
}

/* ---- telling ---- */

static void anomalies_report_data(const run *r)
{
    const run_anomalies *a = &r->anomalies;
    const int64_t odd = a->split.test_anomalies.count, all = a->split.test.count, scored = images_scored(r);
    printf("  data       %" PRId64 " %s to train on, without the digit %" PRId64, r->train.count, r->train.name,
           a->held_out);
    if (a->stand_in != NO_DIGIT) printf(" and, for validation, %" PRId64, a->stand_in);
    printf("%s\n             to test on: %" PRId64 " more, and %" PRId64 " of the digit %" PRId64 " as anomalies",
           data_source_is_empty(&r->source) ? " (no --data was given)" : "", all - odd, odd, a->split.anomaly);
    if (scored < all) printf("; of all these %" PRId64, scored);
    putchar('\n');
}

static void anomalies_report_results(const run *r, const results *e)
{
    const run_anomalies *a = &r->anomalies;
    const anomaly_table *t = &a->table;
    if (t->epochs == 0) {
        printf("No scores yet: they come when the last epoch is done.\n\n");
    } else {
        printf("The digit %" PRId64 " as the anomaly%s: mean and standard deviation over the epochs %" PRId64
               " to %" PRId64 "\n\n",
               a->split.anomaly, a->stand_in != NO_DIGIT ? ", of the training part" : "", t->first_epoch,
               t->first_epoch + t->epochs - 1);
        for (anomaly_protocol p = 0; p < ANOMALY_PROTOCOLS; p++) {
            if (!a->protocols[p]) continue;
            anomaly_table_print(stdout, t, p);
            putchar('\n');
        }
        if (a->integrated > 0)
            printf("%" PRId64
                   " estimates of log p(x) are by thermodynamic integration, as the weights of annealing do not "
                   "carry\nthem: more --temperatures may help.\n\n",
                   a->integrated);
    }
    train_of_images.report_results(r, e);
}

static void anomalies_report_held_out(const run *r)
{
    report_option_given(&r->options[DATA]);
}

static double anomalies_terms(const dataset *data, const int64_t *chosen, int64_t n)
{
    return train_of_images.terms(data, chosen, n);
}

const train_kind train_of_anomalies = {
    .of_anomalies = true,
    .things = "images",
    .likelihood = LEBM_GAUSSIAN,
    .error_metric = LEBM_TRAINER_RECONSTRUCTION_MSE,
    .error_name = "mse",
    .speed_title = "Training images per second",
    .view_names = {[SAMPLES_VIEW] = "samples.png",
                   [RECONSTRUCTIONS_VIEW] = "reconstructions.png",
                   [PRIOR_VIEW] = "prior.png",
                   [ANOMALIES_VIEW] = "anomalies.png",
                   [ANOMALY_TABLE_VIEW] = "results.csv",
                   [ANOMALY_SCORES_VIEW] = "scores.csv",
                   [ANOMALY_POINTS_VIEW] = "curves.csv",
                   [ANOMALY_CURVES_VIEW + 0] = "roc-80-20.png",
                   [ANOMALY_CURVES_VIEW + 1] = "precision-80-20.png",
                   [ANOMALY_CURVES_VIEW + 2] = "roc-pooled.png",
                   [ANOMALY_CURVES_VIEW + 3] = "precision-pooled.png"},
    .view_titles = {[SAMPLES_VIEW] = "Samples",
                    [RECONSTRUCTIONS_VIEW] = "Held-out, reconstructed",
                    [PRIOR_VIEW] = "Before and after the prior",
                    [ANOMALIES_VIEW] = "Anomalies, reconstructed",
                    [ANOMALY_TABLE_VIEW] = "AUROC and AUPRC, by epoch",
                    [ANOMALY_SCORES_VIEW] = "Scores by the last epoch",
                    [ANOMALY_POINTS_VIEW] = "Their curves",
                    [ANOMALY_CURVES_VIEW + 0] = "ROC of 80-20",
                    [ANOMALY_CURVES_VIEW + 1] = "Precision, recall of 80-20",
                    [ANOMALY_CURVES_VIEW + 2] = "ROC of pooled",
                    [ANOMALY_CURVES_VIEW + 3] = "Precision, recall of pooled"},
    .source = anomalies_source,
    .prepare = anomalies_prepare,
    .read = anomalies_read,
    .show = anomalies_show,
    .terms = anomalies_terms,
    .evaluate = picture_evaluate,
    .judge = anomalies_judge,
    .report_data = anomalies_report_data,
    .report_results = anomalies_report_results,
    .report_held_out = anomalies_report_held_out,
};
