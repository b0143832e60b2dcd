#include "pictures.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "image.h"

/* Of the numbers of a that are there. */
static double square_error(const float *a, const float *b, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        if (isnan(a[i])) continue;
        const double difference = (double)a[i] - (double)b[i];
        sum += difference * difference;
    }
    return sum;
}

/* The mean of that many square errors, in the units of pixels from -1 to 1 whatever the model's range is. */
static double mean_square_error(const model *m, double sum, int64_t count)
{
    const pixel_range range = model_pixel_range(m);
    const double unit = 2 / (double)(range.white - range.black);
    return unit * unit * sum / (double)count;
}

/* The frame of a picture at `path`, before there are images for it; ends the program if there can be none. */
static image_grid frame(const model *m, int64_t count, int64_t columns, int64_t blocks, const char *path)
{
    int64_t shape[3];
    failure why;
    or_die(lebm_generator_data_shape(m->generator, shape), "generator");
    if (shape[1] * shape[2] == 1) die("the model is not one of images: its x has %" PRId64 " numbers", shape[0]);
    const image_grid grid = {.channels = shape[0],
                             .height = shape[1],
                             .width = shape[2],
                             .scale = 2,
                             .count = count,
                             .columns = count < columns ? count : columns,
                             .blocks = blocks,
                             .range = model_pixel_range(m)};
    if (image_check_grid(&grid, path, &why) != 0) die("%s", why.text);
    return grid;
}

static void write_blocks(image_grid grid, const float *left, const float *right, const char *path)
{
    failure why;
    grid.images[0] = left;
    grid.images[1] = right;
    if (image_write_grid(&grid, path, &why) != 0) die("%s", why.text);
}

void picture_must_be_possible(const model *m, const char *path)
{
    frame(m, 1, 1, 1, path);
}

bool picture_is_possible(const model *m)
{
    int64_t shape[3];
    or_die(lebm_generator_data_shape(m->generator, shape), "generator");
    return shape[1] * shape[2] > 1 && (shape[0] == 1 || shape[0] == 3);
}

int picture_samples(const model *m, int64_t count, const char *path)
{
    const image_grid grid = frame(m, count, 10, 1, path);
    float *z = view_latents(m, count), *x = view_rows(m, count);
    view_start_stream(m->to_prior, STREAM_SAMPLES);
    const int status = lebm_sampler_run_prior(m->to_prior, m->prior, count, z);
    if (status == LEBM_OK) {
        view_decode(m, z, count, x);
        write_blocks(grid, x, NULL, path);
    }
    free(x);
    free(z);
    return status;
}

int picture_prior(const model *m, int64_t count, const char *path)
{
    const image_grid grid = frame(m, count, 5, 2, path);
    float *z = view_latents(m, count), *before = view_rows(m, count), *after = view_rows(m, count);
    view_noise(m, STREAM_PRIOR, count, z);
    view_decode(m, z, count, before);

    const int status = view_run_prior_from(m, STREAM_PRIOR, count, z);
    if (status == LEBM_OK) {
        view_decode(m, z, count, after);
        write_blocks(grid, before, after, path);
    }
    free(after);
    free(before);
    free(z);
    return status;
}

static int64_t count_observed(const float *x, int64_t count)
{
    int64_t observed = 0;
    for (int64_t i = 0; i < count; i++) observed += !isnan(x[i]);
    return observed;
}

int picture_reconstructions(const model *m, const dataset *data, int64_t count, const char *path, double *mse)
{
    int64_t *chosen = allocate((size_t)count, sizeof *chosen);
    float *z = view_latents(m, count), *x = view_rows(m, count), *y = view_rows(m, count);
    const int64_t size = dataset_row_size(data);
    count = dataset_choose(data, count, (count + 9) / 10, chosen);
    const image_grid grid = frame(m, count, 5, 2, path);
    for (int64_t i = 0; i < count; i++) dataset_row(data, chosen[i], grid.range, x + i * size);

    view_start_stream(m->to_posterior, STREAM_RECONSTRUCTIONS);
    const int status = lebm_sampler_run_posterior(m->to_posterior, m->prior, m->generator, x, count, z);
    if (status == LEBM_OK) {
        view_decode(m, z, count, y);
        write_blocks(grid, x, y, path);
        if (mse != NULL) *mse = mean_square_error(m, square_error(x, y, count * size), count_observed(x, count * size));
    }
    free(y);
    free(x);
    free(z);
    free(chosen);
    return status;
}

void picture_rows(const model *m, const float *x, int64_t rows, int64_t columns, const char *path)
{
    write_blocks(frame(m, rows * columns, columns, 1, path), x, NULL, path);
}

int picture_evaluate(const model *m, const dataset *data, int64_t count, evaluation *result)
{
    const int64_t size = dataset_row_size(data);
    const pixel_range range = model_pixel_range(m);
    float *z = view_latents(m, VIEW_CHUNK), *x = view_rows(m, VIEW_CHUNK), *y = view_rows(m, VIEW_CHUNK);
    int status = LEBM_OK;
    int64_t observed = 0;
    evaluation sum = {0};
    view_start_stream(m->to_posterior, STREAM_EVALUATION); /* each chunk moves on to the next stream */
    view_start_stream(m->to_prior, STREAM_EVALUATION);
    for (int64_t first = 0; first < count && status == LEBM_OK; first += VIEW_CHUNK) {
        const int64_t n = count - first < VIEW_CHUNK ? count - first : VIEW_CHUNK;
        for (int64_t i = 0; i < n; i++) dataset_row(data, first + i, range, x + i * size);
        status = lebm_sampler_run_posterior(m->to_posterior, m->prior, m->generator, x, n, z);
        if (status != LEBM_OK) break;
        view_decode(m, z, n, y);
        sum.error += square_error(x, y, n * size);
        observed += count_observed(x, n * size);
        sum.f_positive += view_sum_of_f(m, z, n);
        status = lebm_sampler_run_prior(m->to_prior, m->prior, n, z);
        if (status == LEBM_OK) sum.f_negative += view_sum_of_f(m, z, n);
    }
    const double n = (double)count;
    *result = (evaluation){.error = mean_square_error(m, sum.error, observed),
                           .f_positive = sum.f_positive / n,
                           .f_negative = sum.f_negative / n};
    free(y);
    free(x);
    free(z);
    return status;
}
