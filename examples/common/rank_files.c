#include "rank_files.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "image.h"
#include "output.h"
#include "view.h"

enum { CHANNELS = 3, EACH = 3 /* images of a picture: itself, its reconstruction, its error */, NAME_WIDTH = 24 };

/* ---- tables ---- */

/* log p(x) and its error, or that it was refused. */
static void print_log_p(FILE *out, const ranked *row, const evidence *of_prior)
{
    if (evidence_is_refused(&row->of_x)) {
        fprintf(out, " %12s", "refused");
        return;
    }
    const log_p p = evidence_log_p(&row->of_x, of_prior);
    fprintf(out, " %12.1f +- %.1f", p.middle, p.error);
}

void rank_print(FILE *out, const dataset *pictures, const ranking_of_pictures *r, int64_t count)
{
    char number[DATASET_NUMBER];
    fprintf(out, "%5s  %-*s %12s %12s %12s %10s", "rank", NAME_WIDTH, "picture", "log p(x,z)", "log p(x|z)", "log p(z)",
            "error");
    if (r->annealed > 0) fprintf(out, " %12s", "log p(x)");
    fputc('\n', out);
    for (int64_t i = 0; i < count && i < r->scored; i++) {
        const ranked *row = &r->rows[i];
        const char *name = dataset_name(pictures, row->index, number);
        const int blanks = strlen(name) < NAME_WIDTH ? NAME_WIDTH - (int)strlen(name) : 0;
        fprintf(out, "%5" PRId64 "  ", i + 1);
        print_name(out, name);
        fprintf(out, "%*s %12.1f %12.1f %12.1f %10.5f", blanks, "", row->log_likelihood + row->log_prior,
                row->log_likelihood, row->log_prior, row->error);
        if (i < r->annealed) print_log_p(out, row, &r->of_prior);
        fputc('\n', out);
    }
}

/* A text as a field: in quotes, if it has what would end it. */
static void write_text(FILE *out, const char *text)
{
    const bool is_plain = strpbrk(text, "\",\r\n") == NULL;
    if (!is_plain) fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"') fputc('"', out);
        fputc(*text, out);
    }
    if (!is_plain) fputc('"', out);
}

/* A number as a field, which is empty if there is none. */
static void write_number(FILE *out, double value)
{
    if (isnan(value))
        fputc(',', out);
    else
        fprintf(out, ",%.9g", value);
}

static void write_log_p(FILE *out, const ranked *row, bool is_annealed, const evidence *of_prior)
{
    log_p p = {NAN, NAN, NAN, NAN};
    if (is_annealed && !evidence_is_refused(&row->of_x)) p = evidence_log_p(&row->of_x, of_prior);
    write_number(out, p.middle);
    write_number(out, p.lower);
    write_number(out, p.upper);
    write_number(out, p.error);
    fputc(',', out);
    if (is_annealed) write_text(out, row->of_x.refused.text);
}

static void write_row(FILE *out, const dataset *pictures, const ranking_of_pictures *r, int64_t place)
{
    const ranked *row = &r->rows[place];
    char number[DATASET_NUMBER];
    if (place < r->scored) fprintf(out, "%" PRId64, place + 1);
    fputc(',', out);
    write_text(out, dataset_name(pictures, row->index, number));
    fputc(',', out);
    if (pictures->labels != NULL) fprintf(out, "%d", pictures->labels[row->index]);
    write_number(out, row->log_likelihood + row->log_prior);
    write_number(out, row->log_likelihood);
    write_number(out, row->log_prior);
    write_number(out, row->error);
    write_log_p(out, row, place < r->annealed, &r->of_prior);
    fputc('\n', out);
}

void rank_write_csv(const dataset *pictures, const ranking_of_pictures *r, const char *path)
{
    output o;
    failure why;
    if (output_open(&o, path, &why) != 0) die("%s", why.text);
    fputs("rank,picture,label,log_joint,log_likelihood,log_prior,error,log_p,log_p_lower,log_p_upper,log_p_error,"
          "refused\n",
          o.file);
    for (int64_t i = 0; i < r->count; i++) write_row(o.file, pictures, r, i);
    if (output_close(&o, &why) != 0) die("%s", why.text);
}

/* ---- the contact sheet ---- */

/* A picture in three colours from 0, black, to 1. */
static void colour(const float *image, int64_t channels, int64_t pixels, pixel_range range, float *out)
{
    for (int64_t c = 0; c < CHANNELS; c++)
        for (int64_t p = 0; p < pixels; p++)
            out[c * pixels + p] =
                (image[(channels == 1 ? 0 : c) * pixels + p] - range.black) / (range.white - range.black);
}

/* The root of the mean square over the colours of the difference of two pictures; returns the largest. */
static float difference(const float *a, const float *b, int64_t pixels, float *out)
{
    float largest = 0;
    for (int64_t p = 0; p < pixels; p++) {
        float square = 0;
        for (int64_t c = 0; c < CHANNELS; c++) {
            const float of_colour = a[c * pixels + p] - b[c * pixels + p];
            square += of_colour * of_colour / CHANNELS;
        }
        out[p] = sqrtf(square);
        largest = fmaxf(largest, out[p]); /* which passes over NaN */
    }
    return largest;
}

/* What of `value` lies in one of three steps from 0 to 1. */
static float step(float value, int64_t which)
{
    return fminf(fmaxf(3 * value - (float)which, 0), 1);
}

/* Differences, in the first colour of an image, as heats, with the largest one white. */
static void heat(float *image, int64_t pixels, float largest)
{
    for (int64_t p = 0; p < pixels; p++) {
        const float value = largest > 0 ? image[p] / largest : image[p];
        for (int64_t c = 0; c < CHANNELS; c++) image[c * pixels + p] = isnan(value) ? NAN : step(value, c);
    }
}

/* A block of the sheet. */
typedef struct block {
    int64_t first, stride; /* places of its pictures */
    float *images;         /* [count, EACH, CHANNELS, H, W] */
    float largest;         /* of the differences */
} block;

/* All images, but for the heats. */
static void draw_block(block *b, const model *m, const dataset *pictures, const ranking_of_pictures *r, int64_t count)
{
    const int64_t dims = lebm_prior_latent_size(m->prior), pixels = pictures->height * pictures->width;
    const pixel_range range = model_pixel_range(m);
    float *row = view_rows(m, 1);
    b->images = allocate((size_t)(count * EACH * CHANNELS * pixels), sizeof *b->images);
    for (int64_t i = 0; i < count; i++) {
        const int64_t index = r->rows[b->first + i * b->stride].index;
        float *picture = b->images + i * EACH * CHANNELS * pixels, *made = picture + CHANNELS * pixels;
        dataset_row(pictures, index, range, row);
        colour(row, pictures->channels, pixels, range, picture);
        view_decode(m, r->z + index * dims, 1, row);
        colour(row, pictures->channels, pixels, range, made);
        b->largest = fmaxf(b->largest, difference(picture, made, pixels, made + CHANNELS * pixels));
    }
    free(row);
}

/* The sheet, but for its images. */
static image_grid sheet_of(const dataset *pictures, int64_t count)
{
    const int64_t side_by_side = (count + 9) / 10;
    return (image_grid){.channels = CHANNELS,
                        .height = pictures->height,
                        .width = pictures->width,
                        .scale = 2,
                        .count = EACH * count,
                        .columns = EACH * side_by_side,
                        .blocks = 2,
                        .range = {0, 1}};
}

int rank_check_sheet(const dataset *pictures, int64_t count, const char *path, failure *why)
{
    const image_grid grid = sheet_of(pictures, count < pictures->count ? count : pictures->count);
    return image_check_grid(&grid, path, why);
}

void rank_write_sheet(const model *m, const dataset *pictures, const ranking_of_pictures *r, int64_t count,
                      const char *path)
{
    failure why;
    if (count > r->scored) count = r->scored;
    block strange = {.first = 0, .stride = 1}, ordinary = {.first = r->scored - 1, .stride = -1};
    draw_block(&strange, m, pictures, r, count);
    draw_block(&ordinary, m, pictures, r, count);
    const float largest = fmaxf(strange.largest, ordinary.largest);
    const int64_t pixels = pictures->height * pictures->width;
    for (int64_t i = EACH - 1; i < EACH * count; i += EACH) {
        heat(strange.images + i * CHANNELS * pixels, pixels, largest);
        heat(ordinary.images + i * CHANNELS * pixels, pixels, largest);
    }
    image_grid grid = sheet_of(pictures, count);
    grid.images[0] = strange.images;
    grid.images[1] = ordinary.images;
    if (image_write_grid(&grid, path, &why) != 0) die("%s", why.text);
    free(strange.images);
    free(ordinary.images);
}
