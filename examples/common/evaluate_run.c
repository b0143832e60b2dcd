#include "evaluate_run.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "clock.h"
#include "interrupt.h"
#include "progress.h"
#include "reconstruction.h"
#include "view.h"
#include "writings.h"

/* What the progress is shown with: the present work, and its place among all of its kind. */
typedef struct display {
    progress bar;
    char what[64];
    double started_at;
    int64_t done, all;
} display;

static int on_progress(double done, void *user)
{
    display *d = user;
    char text[128];
    const double share = ((double)d->done + done) / (double)d->all, elapsed = seconds_now() - d->started_at;
    const int64_t left = share > 0 ? (int64_t)(elapsed / share - elapsed + .5) : 0;
    const int length = snprintf(text, sizeof text, "%3.0f%% of %s", 100 * share, d->what);
    if (share > .01) /* before, pilot chains took time that is no part of it */
        snprintf(text + length, sizeof text - (size_t)length, ", %" PRId64 ":%02d:%02d left", left / 3600,
                 (int)(left / 60 % 60), (int)(left % 60));
    progress_show_text(&d->bar, share, text);
    return interrupt_signal() != 0;
}

static void display_next(display *d, int64_t all, const char *what)
{
    snprintf(d->what, sizeof d->what, "%s", what);
    d->started_at = seconds_now();
    d->done = 0;
    d->all = all;
}

static float *read_rows(const model *m, const dataset *data, int64_t first, int64_t n)
{
    const int64_t size = dataset_row_size(data);
    float *x = view_rows(m, n);
    for (int64_t i = 0; i < n; i++) dataset_row(data, first + i, model_pixel_range(m), x + i * size);
    return x;
}

static int find_log_z(const model *m, const evaluate_settings *s, display *d, evaluate_results *r)
{
    evidence_settings of_prior = s->evidence;
    of_prior.chains = s->prior_chains;
    display_next(d, 1, "log Z");
    const int status = evidence_of_prior(m, &of_prior, on_progress, d, &r->of_prior);
    progress_clear(&d->bar);
    if (status == LEBM_OK && evidence_is_refused(&r->of_prior)) die("log Z: %s", r->of_prior.refused.text);
    return status;
}

/* Errors of the rows' reconstructions, by the model as it is: [2][rows]. They are all NaN where chains diverge. */
static int reconstruct(const model *m, const float *x, int64_t rows, display *d, double *errors, evaluate_results *r)
{
    display_next(d, 1, "the reconstructions");
    or_die(lebm_sampler_set_progress(m->to_posterior, on_progress, d), "sampler");
    const int status = reconstruction_errors(m, x, rows, errors, errors + rows);
    progress_clear(&d->bar);
    if (status != LEBM_ERR_DIVERGED) return status;
    fail(&r->why, "There are no reconstructions: %s", lebm_last_error());
    for (int64_t i = 0; i < 2 * rows; i++) errors[i] = NAN;
    return LEBM_OK;
}

static score start_row(const model *m, const dataset *data, int64_t index, const double *errors, int64_t rows)
{
    const int64_t terms = model_is_of_text(m) ? writing_terms(data, index) : 0;
    const double of_one = terms > 0 ? (double)terms : 1;
    return (score){.sigma = lebm_generator_sigma(m->generator),
                   .index = index,
                   .label = data->labels == NULL ? -1 : data->labels[index],
                   .terms = terms,
                   .error = errors[index] / of_one,
                   .error_noise_free = errors[rows + index] / of_one};
}

/* Scores the rows at the model's sigma that are not in the table. */
static int score_rows(const model *m, const dataset *data, const evaluate_settings *s, const float *x,
                      const double *errors, display *d, scores *table, evaluate_results *r)
{
    const double sigma = lebm_generator_sigma(m->generator);
    const int64_t rows = s->rows, size = dataset_row_size(data);
    int64_t left = 0;
    int status = LEBM_OK;
    char what[64];
    for (int64_t i = 0; i < rows; i++) left += scores_find(table, sigma, i) == NULL;
    snprintf(what, sizeof what, sigma > 0 ? "%" PRId64 " rows at sigma %.4g" : "%" PRId64 " rows", left, sigma);
    display_next(d, left, what);
    for (int64_t i = 0; i < rows && status == LEBM_OK; i++) {
        if (scores_find(table, sigma, i) != NULL) continue;
        score row = start_row(m, data, i, errors, rows);
        status = evidence_of_row(m, &s->evidence, x + i * size, i, on_progress, d, &row.of_x);
        if (status == LEBM_OK) scores_add(table, &row, &r->of_prior);
        d->done++;
    }
    progress_clear(&d->bar);
    r->sigmas[r->sigma_count++] = sigma;
    return status;
}

static int find_best_sigma(const model *m, const dataset *data, const evaluate_settings *s, display *d,
                           evaluate_results *r)
{
    float *x = read_rows(m, data, data->count - s->sigma_rows, s->sigma_rows);
    display_next(d, 1, "the best sigma");
    const int status =
        best_sigma_find(m, x, s->sigma_rows, s->evidence.seed, s->evidence.threads, on_progress, d, &r->best);
    if (status != LEBM_OK) r->best = (best_sigma){0};
    if (status == LEBM_ERR_DIVERGED) fail(&r->why, "There is no best sigma: %s", lebm_last_error());
    if (status == LEBM_OK && r->best.sigma == 0)
        fail(&r->why, "There is no best sigma: the last %" PRId64 " held-out images are all missing", s->sigma_rows);
    progress_clear(&d->bar);
    free(x);
    return status;
}

/* At the sigma that is best for rows which are not scored. */
static int score_at_best(const model *m, const dataset *data, const evaluate_settings *s, const float *x,
                         const double *errors, display *d, scores *table, evaluate_results *r)
{
    const int status = find_best_sigma(m, data, s, d, r);
    if (r->best.sigma == 0) return status == LEBM_STOPPED ? status : LEBM_OK;
    model at_best = *m;
    at_best.generator = model_generator_at(m, r->best.sigma);
    const int scored = score_rows(&at_best, data, s, x, errors, d, table, r);
    lebm_generator_destroy(at_best.generator);
    return scored;
}

int evaluate_run(const model *m, const dataset *held_out, const evaluate_settings *s, scores *table,
                 evaluate_results *r)
{
    display d;
    float *x = read_rows(m, held_out, 0, s->rows);
    double *errors = allocate((size_t)(2 * s->rows), sizeof *errors);
    *r = (evaluate_results){.why = {""}};
    progress_start(&d.bar);
    int status = find_log_z(m, s, &d, r);
    if (status == LEBM_OK) status = reconstruct(m, x, s->rows, &d, errors, r);
    if (status == LEBM_OK && s->at_model_sigma) status = score_rows(m, held_out, s, x, errors, &d, table, r);
    if (status == LEBM_OK && s->sigma_rows > 0) status = score_at_best(m, held_out, s, x, errors, &d, table, r);
    free(errors);
    free(x);
    return status;
}
