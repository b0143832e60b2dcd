#include "rank_run.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "interrupt.h"
#include "progress.h"
#include "view.h"

const char *const rank_order_names[RANK_ORDERS] = {"joint", "likelihood", "prior", "error"};
const char *const rank_order_titles[RANK_ORDERS] = {"log p(x,z)", "log p(x|z)", "log p(z)",
                                                    "the error of the reconstruction"};

/* What the progress is shown with: the work under way, how much of it is done, and how much the present call adds. */
typedef struct display {
    progress bar;
    char what[64];
    double started_at, done, part;
} display;

/* Scoring under way. */
typedef struct work {
    const model *m;
    const dataset *pictures;
    const rank_settings *settings;
    lebm_sampler *uphill; /* NULL: chains are scored where they end */
    double uphill_share;  /* of all steps */
    float *x, *z, *made;  /* of a piece: [VIEW_CHUNK, D], [chains, VIEW_CHUNK, M], [VIEW_CHUNK, D] */
    display d;
    ranking_of_pictures *r;
} work;

static int on_progress(double done, void *user)
{
    display *d = user;
    char text[128];
    const double share = d->done + d->part * done, elapsed = seconds_now() - d->started_at;
    const int64_t left = share > 0 ? (int64_t)(elapsed / share - elapsed + .5) : 0;
    snprintf(text, sizeof text, "%3.0f%% of %s, %" PRId64 ":%02d left", 100 * share, d->what, left / 60,
             (int)(left % 60));
    progress_show_text(&d->bar, share, text);
    return interrupt_signal() != 0;
}

static void display_next(display *d, const char *what)
{
    snprintf(d->what, sizeof d->what, "%s", what);
    d->started_at = seconds_now();
    d->done = 0;
}

/* ---- scores ---- */

/* Adds the mean square error of a piece's reconstructions by one chain, of the numbers that are there. */
static void add_errors(work *w, const float *z, int64_t n, double share, ranked *rows)
{
    const int64_t size = dataset_row_size(w->pictures);
    const pixel_range range = model_pixel_range(w->m);
    const double unit = 2 / (double)(range.white - range.black);
    view_decode(w->m, z, n, w->made);
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        int64_t observed = 0;
        for (int64_t k = i * size; k < (i + 1) * size; k++) {
            if (isnan(w->x[k])) continue;
            const double difference = unit * ((double)w->x[k] - (double)w->made[k]);
            sum += difference * difference;
            observed++;
        }
        rows[i].error += observed == 0 ? 0 : share * sum / (double)observed;
    }
}

/* Scores pictures `first` to first + n - 1, if no chain diverges. */
static int try_piece(work *w, int64_t first, int64_t n)
{
    const model *m = w->m;
    const int64_t chains = w->settings->chains, dims = lebm_prior_latent_size(m->prior);
    double log_likelihood[VIEW_CHUNK], log_prior[VIEW_CHUNK];
    ranked *rows = w->r->rows + first;
    const double before = w->d.done, part = (double)n / (double)w->pictures->count;
    for (int64_t i = 0; i < n; i++)
        dataset_row(w->pictures, first + i, model_pixel_range(m), w->x + i * dataset_row_size(w->pictures));
    w->d.part = part * (1 - w->uphill_share);
    int status = lebm_sampler_log_joint(m->to_posterior, m->prior, m->generator, w->x, n, first, chains, w->z,
                                        log_likelihood, log_prior);
    if (status == LEBM_OK && w->uphill != NULL) {
        w->d.done += w->d.part;
        w->d.part = part * w->uphill_share;
        status = lebm_sampler_log_joint(w->uphill, m->prior, m->generator, w->x, n, first, chains, w->z, log_likelihood,
                                        log_prior);
    }
    w->d.done = before;
    if (status != LEBM_OK) return status;
    for (int64_t i = 0; i < n; i++)
        rows[i] =
            (ranked){.index = first + i, .log_likelihood = log_likelihood[i], .log_prior = log_prior[i], .error = 0};
    for (int64_t c = 0; c < chains; c++) add_errors(w, w->z + c * n * dims, n, 1 / (double)chains, rows);
    memcpy(w->r->z + first * dims, w->z, (size_t)(n * dims) * sizeof *w->z);
    w->d.done += part;
    return LEBM_OK;
}

/* The same; a picture whose chain diverges is found by halves, and has no score. */
static int score_piece(work *w, int64_t first, int64_t n)
{
    int status = try_piece(w, first, n);
    if (status != LEBM_ERR_DIVERGED) return status;
    if (n == 1) {
        w->r->rows[first] = (ranked){.index = first, .log_likelihood = NAN, .log_prior = NAN, .error = NAN};
        w->d.done += 1 / (double)w->pictures->count;
        return LEBM_OK;
    }
    status = score_piece(w, first, n / 2);
    return status != LEBM_OK ? status : score_piece(w, first + n / 2, n - n / 2);
}

static int score_all(work *w)
{
    const int64_t all = w->pictures->count;
    int status = LEBM_OK;
    char what[64];
    snprintf(what, sizeof what, "%" PRId64 " pictures", all);
    display_next(&w->d, what);
    while (w->r->count < all && status == LEBM_OK) {
        const int64_t first = w->r->count, n = all - first < VIEW_CHUNK ? all - first : VIEW_CHUNK;
        status = score_piece(w, first, n);
        if (status == LEBM_OK) w->r->count += n;
    }
    if (status != LEBM_STOPPED) or_die(status, "scoring");
    return status;
}

/* ---- order ---- */

static double key_of(const ranked *row, rank_order order)
{
    switch (order) {
    case RANK_BY_LIKELIHOOD:
        return row->log_likelihood;
    case RANK_BY_PRIOR:
        return row->log_prior;
    case RANK_BY_ERROR:
        return -row->error;
    default:
        return row->log_likelihood + row->log_prior;
    }
}

/* By the key, what has none last; then as they came. */
static int compare(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (isnan(x->key) != isnan(y->key)) return isnan(x->key) ? 1 : -1;
    if (x->key != y->key && !isnan(x->key)) return x->key < y->key ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static void put_in_order(ranking_of_pictures *r, rank_order order)
{
    for (int64_t i = 0; i < r->count; i++) {
        r->rows[i].key = key_of(&r->rows[i], order);
        r->scored += !isnan(r->rows[i].key);
    }
    qsort(r->rows, (size_t)r->count, sizeof *r->rows, compare);
}

/* ---- log p(x) ---- */

static int anneal_strangest(work *w)
{
    const rank_settings *s = w->settings;
    const int64_t n = s->annealed < w->r->scored ? s->annealed : w->r->scored;
    evidence_settings of_prior = s->evidence;
    char what[64];
    of_prior.chains = s->prior_chains;
    w->d.part = 1;
    display_next(&w->d, "log Z");
    int status = evidence_of_prior(w->m, &of_prior, on_progress, &w->d, &w->r->of_prior);
    if (status == LEBM_OK && evidence_is_refused(&w->r->of_prior)) {
        progress_clear(&w->d.bar);
        die("log Z: %s", w->r->of_prior.refused.text);
    }
    snprintf(what, sizeof what, "log p(x) of %" PRId64 " pictures", n);
    display_next(&w->d, what);
    w->d.part = 1 / (double)n;
    for (int64_t i = 0; i < n && status == LEBM_OK; i++) {
        ranked *row = &w->r->rows[i];
        dataset_row(w->pictures, row->index, model_pixel_range(w->m), w->x);
        status = evidence_of_row(w->m, &s->evidence, w->x, row->index, on_progress, &w->d, &row->of_x);
        w->r->annealed += status == LEBM_OK;
        w->d.done += w->d.part;
    }
    return status;
}

int rank_run(const model *m, const dataset *pictures, const rank_settings *s, ranking_of_pictures *r)
{
    int64_t steps;
    or_die(lebm_sampler_get_i64(m->to_posterior, LEBM_SAMPLER_STEPS, &steps), "sampler");
    work w = {.m = m,
              .pictures = pictures,
              .settings = s,
              .uphill = s->noise_free_steps > 0 ? view_uphill(m->to_posterior, s->noise_free_steps) : NULL,
              .uphill_share = (double)s->noise_free_steps / (double)(steps + s->noise_free_steps),
              .x = view_rows(m, VIEW_CHUNK),
              .z = view_latents(m, s->chains * VIEW_CHUNK),
              .made = view_rows(m, VIEW_CHUNK),
              .r = r};
    *r = (ranking_of_pictures){.rows = allocate((size_t)pictures->count, sizeof *r->rows),
                               .z = view_latents(m, pictures->count)};
    or_die(lebm_sampler_set_str(m->to_posterior, LEBM_SAMPLER_START, "noise"), "sampler");
    or_die(lebm_sampler_set_progress(m->to_posterior, on_progress, &w.d), "sampler");
    if (w.uphill != NULL) or_die(lebm_sampler_set_progress(w.uphill, on_progress, &w.d), "sampler");
    progress_start(&w.d.bar);
    int status = score_all(&w);
    put_in_order(r, s->order);
    if (status == LEBM_OK && s->annealed > 0 && r->scored > 0) status = anneal_strangest(&w);
    progress_clear(&w.d.bar);
    lebm_sampler_destroy(w.uphill);
    or_die(lebm_sampler_set_progress(m->to_posterior, NULL, NULL), "sampler");
    free(w.x);
    free(w.z);
    free(w.made);
    return status;
}

void rank_free(ranking_of_pictures *r)
{
    free(r->rows);
    free(r->z);
    memset(r, 0, sizeof *r);
}
