#include "anomaly_scores.h"

#include <math.h>
#include <stdlib.h>

#include "errors.h"
#include "reconstruction.h"
#include "view.h"

static const struct {
    const char *title, *key;
} names[ANOMALY_SCORES] = {
    [JOINT_SCORE] = {"log p(x,z)", "joint"},     [NOISE_FREE_SCORE] = {"noise-free", "noise_free"},
    [PIXELS_SCORE] = {"log p(x|z)", "pixels"},   [PRIOR_SCORE] = {"log p(z)", "prior"},
    [BALANCED_SCORE] = {"balanced", "balanced"}, [DETAIL_SCORE] = {"by detail", "by_detail"},
    [EVIDENCE_SCORE] = {"log p(x)", "evidence"},
};

const char *anomaly_score_title(anomaly_score score)
{
    return names[score].title;
}

const char *anomaly_score_key(anomaly_score score)
{
    return names[score].key;
}

/* How a part of a score lies for ordinary images: around mean + slope (detail - mean_detail). Where no image deviates, as one of a
 * kind does not from itself, nor two from their line, 1 stands for the deviation. */
typedef struct spread {
    double mean, slope, mean_detail, deviation;
} spread;

/* Images are scored some at a time. */
typedef struct work {
    const model *m;
    const dataset *data, *ordinary;
    const anomaly_settings *settings;
    anomaly_scores *scores;
    lebm_sampler *noisy, *noise_free;
    lebm_annealing *annealing;
    spread prior, pixels, pixels_by_detail;
    int64_t first, n;                   /* of the images under way */
    float *x, *z;                       /* [n, D], [chains, n, M] */
    double *log_likelihood, *log_prior; /* [n] */
    double done, part, all;             /* pieces of work, and that under way */
} work;

static int on_progress(double done, void *user)
{
    const work *w = user;
    return w->settings->progress((w->done + done * w->part) / w->all, w->settings->user);
}

/* A sampler like that to the posterior of the training, but for the steps. */
static lebm_sampler *make_noisy(work *w)
{
    lebm_sampler *s;
    or_die(lebm_sampler_copy(&s, w->m->to_posterior), "sampler");
    or_die(lebm_sampler_set_i64(s, LEBM_SAMPLER_STEPS, w->settings->steps), "steps");
    or_die(lebm_sampler_set_i64(s, LEBM_SAMPLER_SEED, 1), "seed");
    or_die(lebm_sampler_set_i64(s, LEBM_SAMPLER_STREAM, STREAM_SCORES), "stream");
    or_die(lebm_sampler_set_i64(s, LEBM_SAMPLER_THREADS, w->settings->threads), "threads");
    or_die(lebm_sampler_set_str(s, LEBM_SAMPLER_START, "noise"), "start");
    or_die(lebm_sampler_set_progress(s, on_progress, w), "sampler");
    return s;
}

/* A ranking needs no upper bounds, and few chains to each image, as there are many. */
static lebm_annealing *make_annealing(work *w)
{
    lebm_annealing *a;
    or_die(lebm_annealing_create(&a, LEBM_MALA), "annealing");
    or_die(lebm_annealing_set_i64(a, LEBM_ANNEALING_TEMPERATURES, w->settings->temperatures), "temperatures");
    or_die(lebm_annealing_set_i64(a, LEBM_ANNEALING_CHAINS, 16), "annealing");
    or_die(lebm_annealing_set_i64(a, LEBM_ANNEALING_REVERSE_CHAINS, 0), "annealing");
    or_die(lebm_annealing_set_i64(a, LEBM_ANNEALING_PILOT_CHAINS, 16), "annealing");
    or_die(lebm_annealing_set_i64(a, LEBM_ANNEALING_PILOT_STEPS, 3), "annealing");
    or_die(lebm_annealing_set_i64(a, LEBM_ANNEALING_SEED, 1), "annealing");
    or_die(lebm_annealing_set_i64(a, LEBM_ANNEALING_THREADS, w->settings->threads), "threads");
    or_die(lebm_annealing_set_progress(a, on_progress, w), "annealing");
    return a;
}

/* Both parts of log p(x, z) where chains of the sampler end. */
static int score_joint(work *w, lebm_sampler *sampler, int64_t steps)
{
    w->part = (double)(w->n * w->settings->chains * steps);
    const int status = lebm_sampler_log_joint(sampler, w->m->prior, w->m->generator, w->x, w->n, w->first,
                                              w->settings->chains, w->z, w->log_likelihood, w->log_prior);
    w->done += w->part;
    return status;
}

/* Mean square error of pixels that are rounded to 8 bits: no image is explained better. */
static double rounding(const work *w)
{
    const pixel_range range = model_pixel_range(w->m);
    return pow(((double)range.white - range.black) / 255, 2) / 12;
}

/* log p(x|z) of a row, a sum over pixels of -(log 2 pi sigma^2 + error^2 / sigma^2) / 2, but at the sigma that makes it largest:
 * the root mean square error. */
static double at_own_sigma(const work *w, int64_t row)
{
    static const double log_2pi = 1.8378770664093454836;
    const double variance = pow(lebm_generator_sigma(w->m->generator), 2), size = (double)dataset_row_size(w->data),
                 square_error = -variance * (2 * w->log_likelihood[row] / size + log_2pi + log(variance));
    return -size / 2 * (log_2pi + log(fmax(square_error, rounding(w))) + 1);
}

/* The log of the total variation: the mean square difference of neighbours. */
static double detail_of(const work *w, int64_t row)
{
    const int64_t height = w->data->height, width = w->data->width;
    const float *x = w->x + row * height * width;
    double sum = 0;
    for (int64_t i = 0; i < height; i++)
        for (int64_t j = 0; j < width; j++) {
            if (i > 0) sum += pow((double)x[i * width + j] - x[(i - 1) * width + j], 2);
            if (j > 0) sum += pow((double)x[i * width + j] - x[i * width + j - 1], 2);
        }
    return log(fmax(sum / (double)(height * width), rounding(w)));
}

static double in_deviations(const spread *s, double value, double detail)
{
    return (value - s->mean - s->slope * (detail - s->mean_detail)) / s->deviation;
}

static int score_by_chains(work *w)
{
    double *const *values = w->scores->values;
    int status = score_joint(w, w->noisy, w->settings->steps);
    for (int64_t i = 0; i < w->n && status == LEBM_OK; i++) {
        values[PIXELS_SCORE][w->first + i] = w->log_likelihood[i];
        values[PRIOR_SCORE][w->first + i] = w->log_prior[i];
        values[JOINT_SCORE][w->first + i] = w->log_likelihood[i] + w->log_prior[i];
        const double pixels = at_own_sigma(w, i), detail = detail_of(w, i),
                     prior = in_deviations(&w->prior, w->log_prior[i], detail);
        values[BALANCED_SCORE][w->first + i] = prior + in_deviations(&w->pixels, pixels, detail);
        values[DETAIL_SCORE][w->first + i] = prior + in_deviations(&w->pixels_by_detail, pixels, detail);
    }
    if (status == LEBM_OK) status = score_joint(w, w->noise_free, NOISE_FREE_STEPS);
    for (int64_t i = 0; i < w->n && status == LEBM_OK; i++)
        values[NOISE_FREE_SCORE][w->first + i] = w->log_likelihood[i] + w->log_prior[i];
    return status;
}

/* log Z(x) of an image, by its weights if they carry it. */
static double evidence_of(work *w, int64_t row)
{
    double value;
    if (lebm_annealing_result(w->annealing, row, LEBM_ANNEALING_FORWARD, &value) == LEBM_OK) return value;
    or_die(lebm_annealing_result(w->annealing, row, LEBM_ANNEALING_FORWARD_INTEGRAL, &value), "annealing");
    w->scores->integrated++;
    return value;
}

static int score_by_annealing(work *w)
{
    const int64_t left = w->scores->counts[EVIDENCE_SCORE] - w->first, n = left < w->n ? left : w->n;
    if (n <= 0) return LEBM_OK;
    w->part = (double)(n * w->settings->temperatures * 16);
    or_die(lebm_annealing_set_i64(w->annealing, LEBM_ANNEALING_FIRST_ROW, w->first), "annealing");
    const int status = lebm_annealing_run_posterior(w->annealing, w->m->prior, w->m->generator, w->x, n);
    for (int64_t i = 0; i < n && status == LEBM_OK; i++)
        w->scores->values[EVIDENCE_SCORE][w->first + i] = evidence_of(w, i);
    w->done += w->part;
    return status;
}

/* Makes the images from `first` on, up to `end`, or as many of them as there is room for, those under way. */
static void take_images(work *w, const dataset *data, int64_t first, int64_t end)
{
    const int64_t size = dataset_row_size(data);
    w->first = first;
    w->n = end - first < VIEW_CHUNK ? end - first : VIEW_CHUNK;
    for (int64_t i = 0; i < w->n; i++) dataset_row(data, first + i, model_pixel_range(w->m), w->x + i * size);
}

static int64_t yardstick_images(const dataset *ordinary)
{
    return ordinary->count < YARDSTICK_IMAGES ? ordinary->count : YARDSTICK_IMAGES;
}

static double mean_of(const double *values, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += values[i];
    return sum / (double)n;
}

/* Whether n values differ from their mean by more than the rounding of sums. */
static bool is_spread(double squares, double mean, int64_t n)
{
    return squares > (double)n * pow(1e-9 * (1 + fabs(mean)), 2);
}

static void measure_deviation(spread *s, const double *values, const double *detail, int64_t n)
{
    double squares = 0;
    s->deviation = 1;
    for (int64_t i = 0; i < n; i++) squares += pow(in_deviations(s, values[i], detail[i]), 2);
    if (is_spread(squares, s->mean, n)) s->deviation = sqrt(squares / (double)n);
}

static spread spread_of(const double *values, const double *detail, int64_t n)
{
    spread s = {.mean = mean_of(values, n)};
    measure_deviation(&s, values, detail, n);
    return s;
}

/* Around the line of least squares. */
static spread spread_by_detail(const double *values, const double *detail, int64_t n)
{
    spread s = {.mean = mean_of(values, n), .mean_detail = mean_of(detail, n)};
    double products = 0, squares = 0;
    for (int64_t i = 0; i < n; i++) {
        products += (values[i] - s.mean) * (detail[i] - s.mean_detail);
        squares += pow(detail[i] - s.mean_detail, 2);
    }
    s.slope = is_spread(squares, s.mean_detail, n) ? products / squares : 0;
    measure_deviation(&s, values, detail, n);
    return s;
}

/* Finds how the parts lie for ordinary images. */
static int measure_spreads(work *w)
{
    const int64_t count = yardstick_images(w->ordinary);
    double *pixels = allocate((size_t)count, sizeof *pixels), *prior = allocate((size_t)count, sizeof *prior),
           *detail = allocate((size_t)count, sizeof *detail);
    int status = LEBM_OK;
    for (int64_t first = 0; first < count && status == LEBM_OK; first += VIEW_CHUNK) {
        take_images(w, w->ordinary, first, count);
        status = score_joint(w, w->noisy, w->settings->steps);
        for (int64_t i = 0; i < w->n && status == LEBM_OK; i++) {
            pixels[first + i] = at_own_sigma(w, i);
            prior[first + i] = w->log_prior[i];
            detail[first + i] = detail_of(w, i);
        }
    }
    if (status == LEBM_OK) {
        w->prior = spread_of(prior, detail, count);
        w->pixels = spread_of(pixels, detail, count);
        w->pixels_by_detail = spread_by_detail(pixels, detail, count);
    }
    free(detail);
    free(prior);
    free(pixels);
    return status;
}

static int score_all(work *w)
{
    const int64_t count = w->scores->counts[JOINT_SCORE];
    int status = measure_spreads(w);
    for (int64_t first = 0; first < count && status == LEBM_OK; first += VIEW_CHUNK) {
        take_images(w, w->data, first, count);
        status = score_by_chains(w);
        if (status == LEBM_OK) status = score_by_annealing(w);
    }
    return status;
}

int anomaly_scores_make(anomaly_scores *s, const model *m, const dataset *data, int64_t count, const dataset *ordinary,
                        const anomaly_settings *settings)
{
    const int64_t annealed = settings->annealed < count ? settings->annealed : count;
    work w = {.m = m, .data = data, .ordinary = ordinary, .settings = settings, .scores = s};
    *s = (anomaly_scores){0};
    for (int i = 0; i < ANOMALY_SCORES; i++) {
        s->counts[i] = i == EVIDENCE_SCORE ? annealed : count;
        s->values[i] = allocate((size_t)s->counts[i], sizeof *s->values[i]);
    }
    w.all = (double)((count + yardstick_images(ordinary)) * settings->chains * settings->steps +
                     count * settings->chains * NOISE_FREE_STEPS + annealed * settings->temperatures * 16);
    w.x = view_rows(m, VIEW_CHUNK);
    w.z = view_latents(m, VIEW_CHUNK * settings->chains);
    w.log_likelihood = allocate(VIEW_CHUNK, sizeof *w.log_likelihood);
    w.log_prior = allocate(VIEW_CHUNK, sizeof *w.log_prior);
    w.noisy = make_noisy(&w);
    w.noise_free = view_uphill(w.noisy, NOISE_FREE_STEPS);
    or_die(lebm_sampler_set_progress(w.noise_free, on_progress, &w), "sampler");
    w.annealing = make_annealing(&w);
    const int status = score_all(&w);
    if (status != LEBM_OK && status != LEBM_STOPPED && status != LEBM_ERR_DIVERGED) or_die(status, "scores");
    lebm_annealing_destroy(w.annealing);
    lebm_sampler_destroy(w.noise_free);
    lebm_sampler_destroy(w.noisy);
    free(w.log_prior);
    free(w.log_likelihood);
    free(w.z);
    free(w.x);
    if (status != LEBM_OK) anomaly_scores_free(s);
    return status;
}

void anomaly_scores_free(anomaly_scores *s)
{
    for (int i = 0; i < ANOMALY_SCORES; i++) free(s->values[i]);
    *s = (anomaly_scores){0};
}
