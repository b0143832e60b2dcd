#include "image.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"

enum { LINE = 1, GAP = 12, LINE_LEVEL = 96, GAP_LEVEL = 255 };

static uint8_t level(float value, pixel_range range)
{
    if (value <= range.black) return 0;
    const float levels = 255 / (range.white - range.black);
    return value < range.white ? (uint8_t)((value - range.black) * levels + .5f) : 255;
}

/* What shows that a number is missing: a pattern that no picture of a few pixels has. */
static uint8_t hatching(int64_t x, int64_t y)
{
    return (x + y) % 2 == 0 ? 0 : UINT8_MAX;
}

static int64_t block_width(const image_grid *grid)
{
    return grid->columns * (grid->width * grid->scale + LINE) + LINE;
}

static int64_t block_height(const image_grid *grid)
{
    const int64_t rows = (grid->count + grid->columns - 1) / grid->columns;
    return rows * (grid->height * grid->scale + LINE) + LINE;
}

/* Copies a channel-first image to its place in a picture whose pixels keep their channels together. */
static void draw_image(const image_grid *grid, const float *image, uint8_t *picture, int64_t row_size)
{
    const int64_t pixels = grid->height * grid->width;
    for (int64_t y = 0; y < grid->height * grid->scale; y++)
        for (int64_t x = 0; x < grid->width * grid->scale; x++)
            for (int64_t c = 0; c < grid->channels; c++) {
                const int64_t pixel = y / grid->scale * grid->width + x / grid->scale;
                const float value = image[c * pixels + pixel];
                picture[y * row_size + x * grid->channels + c] =
                    isnan(value) ? hatching(x, y) : level(value, grid->range);
            }
}

static void draw_block(const image_grid *grid, const float *images, uint8_t *picture, int64_t row_size)
{
    const int64_t size = grid->channels * grid->height * grid->width;
    for (int64_t y = 0; y < block_height(grid); y++)
        memset(picture + y * row_size, LINE_LEVEL, (size_t)(block_width(grid) * grid->channels));
    for (int64_t i = 0; i < grid->count; i++) {
        const int64_t y = i / grid->columns * (grid->height * grid->scale + LINE) + LINE;
        const int64_t x = i % grid->columns * (grid->width * grid->scale + LINE) + LINE;
        draw_image(grid, images + i * size, picture + y * row_size + x * grid->channels, row_size);
    }
}

static int write_png(png_image *png, const uint8_t *picture, const char *path, failure *why)
{
    output o;
    if (output_open(&o, path, why) != 0) return -1;
    errno = 0;
    if (png_image_write_to_stdio(png, o.file, 0, picture, 0, NULL)) return output_close(&o, why);
    fail(why, "cannot write %s: %s", path, errno != 0 ? strerror(errno) : png->message);
    output_discard(&o);
    return -1;
}

static int64_t picture_width(const image_grid *grid)
{
    return grid->blocks * (block_width(grid) + GAP) - GAP;
}

int image_check_grid(const image_grid *grid, const char *path, failure *why)
{
    const int64_t most = INT32_MAX / 4, width = picture_width(grid), height = block_height(grid);
    if (grid->channels != 1 && grid->channels != 3)
        return fail(why,
                    "cannot write %s: the images are %" PRId64 "x%" PRId64 "x%" PRId64
                    ", and pictures have 1 or 3 channels",
                    path, grid->channels, grid->height, grid->width);
    if (width > most / height)
        return fail(why,
                    "cannot write %s: the picture would have %" PRId64 "x%" PRId64 " pixels; allowed are %" PRId64
                    " in all",
                    path, width, height, most);
    return 0;
}

int image_write_grid(const image_grid *grid, const char *path, failure *why)
{
    if (image_check_grid(grid, path, why) != 0) return -1;
    const int64_t width = picture_width(grid), height = block_height(grid);
    const int64_t row_size = width * grid->channels;

    uint8_t *picture = malloc((size_t)(row_size * height));
    if (picture == NULL) return fail(why, "cannot write %s: out of memory", path);
    memset(picture, GAP_LEVEL, (size_t)(row_size * height));
    for (int64_t b = 0; b < grid->blocks; b++) {
        uint8_t *corner = picture + b * (block_width(grid) + GAP) * grid->channels;
        draw_block(grid, grid->images[b], corner, row_size);
    }

    png_image png = {.version = PNG_IMAGE_VERSION,
                     .width = (png_uint_32)width,
                     .height = (png_uint_32)height,
                     .format = grid->channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY};
    const int result = write_png(&png, picture, path, why);
    free(picture);
    return result;
}
