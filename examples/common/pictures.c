#include "pictures.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "image.h"
#include "rng.h"

/* Streams of the samplers, and of the starting noise. */
enum { SAMPLES = 1, PRIOR, RECONSTRUCTIONS, EVALUATION };

enum { CHUNK = 500 /* held-out images whose chains run together */ };

static float *latents(const model *m, int64_t n)
{
    return allocate((size_t)(n * lebm_prior_latent_size(m->prior)), sizeof(float));
}

static float *images(const model *m, int64_t n)
{
    return allocate((size_t)(n * lebm_generator_data_size(m->generator)), sizeof(float));
}

static void start_stream(lebm_sampler *sampler, int64_t stream)
{
    or_die(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STREAM, stream), "sampler");
}

static void decode(const model *m, const float *z, int64_t n, float *x)
{
    or_die(lebm_generator_decode(m->generator, z, n, x), "generator");
}

static double square_error(const float *a, const float *b, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
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

int picture_samples(const model *m, int64_t count, const char *path)
{
    const image_grid grid = frame(m, count, 10, 1, path);
    float *z = latents(m, count), *x = images(m, count);
    start_stream(m->to_prior, SAMPLES);
    const int status = lebm_sampler_run_prior(m->to_prior, m->prior, count, z);
    if (status == LEBM_OK) {
        decode(m, z, count, x);
        write_blocks(grid, x, NULL, path);
    }
    free(x);
    free(z);
    return status;
}

int picture_prior(const model *m, int64_t count, const char *path)
{
    const image_grid grid = frame(m, count, 5, 2, path);
    float *z = latents(m, count), *before = images(m, count), *after = images(m, count);
    int64_t seed;
    or_die(lebm_sampler_get_i64(m->to_prior, LEBM_SAMPLER_SEED, &seed), "sampler");
    rng r = rng_start((uint64_t)seed, PRIOR);
    for (int64_t i = 0; i < count * lebm_prior_latent_size(m->prior); i++)
        z[i] = (float)rng_normal(&r, 0, lebm_prior_sigma0(m->prior));
    decode(m, z, count, before);

    start_stream(m->to_prior, PRIOR);
    or_die(lebm_sampler_set_str(m->to_prior, LEBM_SAMPLER_START, "given"), "sampler");
    const int status = lebm_sampler_run_prior(m->to_prior, m->prior, count, z);
    or_die(lebm_sampler_set_str(m->to_prior, LEBM_SAMPLER_START, "noise"), "sampler");
    if (status == LEBM_OK) {
        decode(m, z, count, after);
        write_blocks(grid, before, after, path);
    }
    free(after);
    free(before);
    free(z);
    return status;
}

int picture_reconstructions(const model *m, const dataset *data, int64_t count, const char *path, double *mse)
{
    int64_t *chosen = allocate((size_t)count, sizeof *chosen);
    float *z = latents(m, count), *x = images(m, count), *y = images(m, count);
    const int64_t size = dataset_row_size(data);
    count = dataset_choose(data, count, (count + 9) / 10, chosen);
    const image_grid grid = frame(m, count, 5, 2, path);
    for (int64_t i = 0; i < count; i++) dataset_row(data, chosen[i], grid.range, x + i * size);

    start_stream(m->to_posterior, RECONSTRUCTIONS);
    const int status = lebm_sampler_run_posterior(m->to_posterior, m->prior, m->generator, x, count, z);
    if (status == LEBM_OK) {
        decode(m, z, count, y);
        write_blocks(grid, x, y, path);
        if (mse != NULL) *mse = mean_square_error(m, square_error(x, y, count * size), count * size);
    }
    free(y);
    free(x);
    free(z);
    free(chosen);
    return status;
}

/* f(z), summed over the rows; `f` is room for n numbers. */
static double sum_of_f(const model *m, const float *z, int64_t n, float *f)
{
    double sum = 0;
    or_die(lebm_net_forward(lebm_prior_net(m->prior), z, n, f), "prior");
    for (int64_t i = 0; i < n; i++) sum += (double)f[i];
    return sum;
}

int evaluate(const model *m, const dataset *data, int64_t count, evaluation *result)
{
    const int64_t size = dataset_row_size(data);
    const pixel_range range = model_pixel_range(m);
    float *z = latents(m, CHUNK), *x = images(m, CHUNK), *y = images(m, CHUNK);
    float *f = allocate(CHUNK, sizeof *f);
    int status = LEBM_OK;
    evaluation sum = {0, 0, 0};
    start_stream(m->to_posterior, EVALUATION); /* each chunk moves on to the next stream */
    start_stream(m->to_prior, EVALUATION);
    for (int64_t first = 0; first < count && status == LEBM_OK; first += CHUNK) {
        const int64_t n = count - first < CHUNK ? count - first : CHUNK;
        for (int64_t i = 0; i < n; i++) dataset_row(data, first + i, range, x + i * size);
        status = lebm_sampler_run_posterior(m->to_posterior, m->prior, m->generator, x, n, z);
        if (status != LEBM_OK) break;
        decode(m, z, n, y);
        sum.mse += square_error(x, y, n * size);
        sum.f_positive += sum_of_f(m, z, n, f);
        status = lebm_sampler_run_prior(m->to_prior, m->prior, n, z);
        if (status == LEBM_OK) sum.f_negative += sum_of_f(m, z, n, f);
    }
    const double n = (double)count;
    *result = (evaluation){mean_square_error(m, sum.mse, count * size), sum.f_positive / n, sum.f_negative / n};
    free(f);
    free(y);
    free(x);
    free(z);
    return status;
}
