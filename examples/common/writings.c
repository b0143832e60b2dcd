#include "writings.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "files.h"
#include "output.h"

enum { BETWEEN = 7 /* lines of an interpolation, both ends among them */ };

/* What the range of pixels is for sentences: nothing. */
static const pixel_range no_range = {0, 0};

char *writing_lines(const model *m, const float *x, int64_t n)
{
    int64_t length;
    or_die(lebm_generator_x_to_text(m->generator, x, n, NULL, 0, &length), "text");
    char *lines = allocate((size_t)length + 1, 1);
    or_die(lebm_generator_x_to_text(m->generator, x, n, lines, length + 1, &length), "text");
    return lines;
}

void writing_draw(const model *m, const float *z, int64_t n, double temperature, int64_t stream, float *x)
{
    if (temperature == 0)
        view_decode(m, z, n, x);
    else
        or_die(lebm_generator_draw_tempered(m->generator, z, n, temperature, view_seed(m), (uint64_t)stream, x),
               "drawing");
}

/* ---- texts of several sentences ---- */

static void end(FILE *out)
{
    if (ferror(out) != 0 || fclose(out) != 0) die("out of memory");
}

/* Moves *at behind the line that begins there, which is printed behind its title. */
static void put_line(FILE *out, const char *title, const char **at)
{
    const int length = (int)strcspn(*at, "\n");
    fprintf(out, "%s%.*s\n", title, length, *at);
    *at += length + 1;
}

/* Lines above and below, in pairs. */
static char *in_pairs(const char *above, const char *upper, const char *below, const char *lower, int64_t n)
{
    char *written;
    size_t size;
    FILE *out = open_text(&written, &size);
    for (int64_t i = 0; i < n; i++) {
        if (i > 0) fputc('\n', out);
        put_line(out, above, &upper);
        put_line(out, below, &lower);
    }
    end(out);
    return written;
}

int writing_samples(const model *m, int64_t count, double temperature, int64_t beam_width, char **written)
{
    float *z = view_latents(m, count), *x = view_rows(m, count);
    view_start_stream(m->to_prior, STREAM_SAMPLES);
    const int status = lebm_sampler_run_prior(m->to_prior, m->prior, count, z);
    if (status == LEBM_OK) {
        if (beam_width > 0)
            or_die(lebm_generator_search(m->generator, z, count, beam_width, x), "beam search");
        else
            writing_draw(m, z, count, temperature, STREAM_SAMPLES, x);
        *written = writing_lines(m, x, count);
    }
    free(x);
    free(z);
    return status;
}

int writing_prior(const model *m, int64_t count, char **written)
{
    float *z = view_latents(m, count), *x = view_rows(m, count);
    view_noise(m, STREAM_PRIOR, count, z);
    view_decode(m, z, count, x);
    char *before = writing_lines(m, x, count);
    const int status = view_run_prior_from(m, STREAM_PRIOR, count, z);
    if (status == LEBM_OK) {
        view_decode(m, z, count, x);
        char *after = writing_lines(m, x, count);
        *written = in_pairs("before  ", before, "after   ", after, count);
        free(after);
    }
    free(before);
    free(x);
    free(z);
    return status;
}

/* Tokens and ends of a sentence that count: after the longest one the end is certain. */
int64_t writing_terms(const dataset *data, int64_t index)
{
    const int64_t length = dataset_length(data, index);
    return length < data->width ? length + 1 : length;
}

/* Writes chosen sentences of the data to x, and draws z of their posterior. Returns a status. */
static int infer(const model *m, const dataset *data, const int64_t *chosen, int64_t n, int64_t stream, float *x,
                 float *z)
{
    for (int64_t i = 0; i < n; i++) dataset_row(data, chosen[i], no_range, x + i * dataset_row_size(data));
    view_start_stream(m->to_posterior, stream);
    return lebm_sampler_run_posterior(m->to_posterior, m->prior, m->generator, x, n, z);
}

/* -log p(x|z), summed over the rows. */
static double sum_of_nll(const model *m, const float *z, const float *x, int64_t n)
{
    double sum = 0;
    float *likelihood = allocate((size_t)n, sizeof *likelihood);
    or_die(lebm_generator_log_likelihood(m->generator, z, x, n, likelihood), "likelihood");
    for (int64_t i = 0; i < n; i++) sum -= (double)likelihood[i];
    free(likelihood);
    return sum;
}

int writing_reconstructions(const model *m, const dataset *data, int64_t count, char **written, double *nll)
{
    int64_t *chosen = allocate((size_t)count, sizeof *chosen), all_terms = 0;
    float *z = view_latents(m, count), *x = view_rows(m, count), *y = view_rows(m, count);
    count = dataset_choose(data, count, (count + 9) / 10, chosen);
    const int status = infer(m, data, chosen, count, STREAM_RECONSTRUCTIONS, x, z);
    if (status == LEBM_OK) {
        view_decode(m, z, count, y);
        char *originals = writing_lines(m, x, count), *again = writing_lines(m, y, count);
        *written = in_pairs("original        ", originals, "reconstruction  ", again, count);
        for (int64_t i = 0; i < count; i++) all_terms += writing_terms(data, chosen[i]);
        if (nll != NULL) *nll = sum_of_nll(m, z, x, count) / (double)all_terms;
        free(again);
        free(originals);
    }
    free(y);
    free(x);
    free(z);
    free(chosen);
    return status;
}

/* The most probable tokens on the way from one z to another. */
static void put_way(FILE *out, const model *m, const float *from, const float *to)
{
    const int64_t latent = lebm_prior_latent_size(m->prior);
    float *z = view_latents(m, BETWEEN), *x = view_rows(m, BETWEEN);
    for (int64_t i = 0; i < BETWEEN; i++) {
        const float part = (float)i / (BETWEEN - 1);
        for (int64_t k = 0; k < latent; k++) z[i * latent + k] = (1 - part) * from[k] + part * to[k];
    }
    view_decode(m, z, BETWEEN, x);
    char *lines = writing_lines(m, x, BETWEEN);
    const char *at = lines;
    for (int i = 0; i < BETWEEN; i++) {
        char title[8];
        snprintf(title, sizeof title, "%.2f  ", (double)i / (BETWEEN - 1));
        put_line(out, title, &at);
    }
    free(lines);
    free(x);
    free(z);
}

int writing_interpolations(const model *m, const dataset *data, int64_t count, char **written)
{
    int64_t *chosen = allocate((size_t)(2 * count), sizeof *chosen);
    float *z = view_latents(m, 2 * count), *x = view_rows(m, 2 * count);
    const int64_t latent = lebm_prior_latent_size(m->prior), row = dataset_row_size(data);
    size_t size;
    const int64_t half =
        dataset_choose(data, 2 * count, 1, chosen) / 2; /* from one of the first half to one of the other */
    const int status = half == 0 ? LEBM_OK : infer(m, data, chosen, 2 * half, STREAM_INTERPOLATIONS, x, z);
    if (status == LEBM_OK) {
        FILE *out = open_text(written, &size);
        for (int64_t i = 0; i < half; i++) {
            char *from = writing_lines(m, x + i * row, 1), *to = writing_lines(m, x + (half + i) * row, 1);
            const char *at = from;
            put_line(out, i == 0 ? "from  " : "\nfrom  ", &at);
            put_way(out, m, z + i * latent, z + (half + i) * latent);
            at = to;
            put_line(out, "to    ", &at);
            free(to);
            free(from);
        }
        end(out);
    }
    free(x);
    free(z);
    free(chosen);
    return status;
}

void writing_save(const char *written, const char *path)
{
    output o;
    failure why;
    if (output_open(&o, path, &why) != 0) die("%s", why.text);
    fputs(written, o.file);
    if (output_close(&o, &why) != 0) die("%s", why.text);
}

/* Bytes of the control character that text begins with, U+0080 to U+009F among them, but for a line's end; 0: it is none. */
static int control_bytes(const char *text)
{
    const unsigned char first = (unsigned char)text[0], second = (unsigned char)text[1];
    if (first == 0xc2 && second >= 0x80 && second < 0xa0) return 2;
    return first != '\n' && (first < ' ' || first == 0x7f);
}

void writing_print(const char *title, const char *written)
{
    printf("\n%s\n", title);
    for (const char *c = written; *c != '\0'; c++) {
        if (c == written || c[-1] == '\n') fputs(*c == '\n' ? "" : "  ", stdout);
        const int bytes = control_bytes(c);
        putchar(bytes > 0 ? ' ' : *c);
        if (bytes > 1) c++;
    }
}

/* ---- figures ---- */

/* Sentences whose chains run together: never one alone, unless there is no other, for each is to get the z of another. */
static int64_t chunk_of(int64_t left)
{
    return left == VIEW_CHUNK + 1 ? VIEW_CHUNK - 1 : left < VIEW_CHUNK ? left : VIEW_CHUNK;
}

/* Every row gets the z of another, half of them all away. */
static void exchange(const model *m, const float *z, int64_t n, float *of_others)
{
    const int64_t latent = lebm_prior_latent_size(m->prior);
    for (int64_t i = 0; i < n; i++)
        memcpy(of_others + i * latent, z + (i + n / 2) % n * latent, (size_t)latent * sizeof *z);
}

int writing_evaluate(const model *m, const dataset *data, int64_t count, evaluation *result)
{
    float *z = view_latents(m, VIEW_CHUNK), *of_others = view_latents(m, VIEW_CHUNK), *x = view_rows(m, VIEW_CHUNK);
    int64_t all_terms = 0;
    int status = LEBM_OK;
    evaluation sum = {0};
    view_start_stream(m->to_posterior, STREAM_EVALUATION); /* each chunk moves on to the next stream */
    view_start_stream(m->to_prior, STREAM_EVALUATION);
    for (int64_t first = 0, n; first < count && status == LEBM_OK; first += n) {
        n = chunk_of(count - first);
        for (int64_t i = 0; i < n; i++) {
            dataset_row(data, first + i, no_range, x + i * dataset_row_size(data));
            all_terms += writing_terms(data, first + i);
        }
        status = lebm_sampler_run_posterior(m->to_posterior, m->prior, m->generator, x, n, z);
        if (status != LEBM_OK) break;
        exchange(m, z, n, of_others);
        sum.error += sum_of_nll(m, z, x, n);
        sum.error_of_other += sum_of_nll(m, of_others, x, n);
        sum.f_positive += view_sum_of_f(m, z, n);
        status = lebm_sampler_run_prior(m->to_prior, m->prior, n, z);
        if (status == LEBM_OK) sum.f_negative += view_sum_of_f(m, z, n);
    }
    const double n = (double)count, per_term = (double)all_terms;
    *result = (evaluation){.error = sum.error / per_term,
                           .error_of_other = count > 1 ? sum.error_of_other / per_term : NAN,
                           .row = per_term / n,
                           .f_positive = sum.f_positive / n,
                           .f_negative = sum.f_negative / n};
    free(x);
    free(of_others);
    free(z);
    return status;
}
