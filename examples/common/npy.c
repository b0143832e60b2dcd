#include "npy.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npy_header.h"
#include "packed_file.h"

enum { LARGEST_SIDE = 4096 /* pixels */ };

static const int64_t most_bytes = INT64_C(1) << 40;

/* The ways in which an array may lie. */
static const char *const all_axes[] = {"NHW", "NCHW", "NHWC"};
enum { WAYS = sizeof all_axes / sizeof *all_axes };

/* "(10, 28, 28)" */
typedef struct shape_text {
    char text[NPY_AXES * 16 + 8];
} shape_text;

static shape_text print_shape(const npy_header *h)
{
    shape_text s;
    size_t at = 0;
    for (int64_t i = 0; i < h->axes; i++)
        at += (size_t)snprintf(s.text + at, sizeof s.text - at, "%s%" PRId64, i == 0 ? "(" : ", ", h->shape[i]);
    snprintf(s.text + at, sizeof s.text - at, "%s)", h->axes == 0 ? "(" : h->axes == 1 ? "," : "");
    return s;
}

/* The axis of that letter; -1 if there is none. */
static int64_t axis(const char *axes, char letter)
{
    const char *at = strchr(axes, letter);
    return at == NULL ? -1 : at - axes;
}

static int find_axes(const npy_header *h, const char *path, const char **axes, failure *why)
{
    int fitting = 0;
    const char *found = NULL;
    for (int i = 0; i < WAYS && *axes != NULL; i++)
        if (strcmp(*axes, all_axes[i]) == 0 && (int64_t)strlen(*axes) == h->axes) return 0;
    if (*axes != NULL)
        return fail(why, "%s: axes %s of the shape %s; allowed are NHW, NCHW, NHWC", path, *axes, print_shape(h).text);
    for (int i = 0; i < WAYS; i++) {
        const int64_t c = axis(all_axes[i], 'C');
        if ((int64_t)strlen(all_axes[i]) != h->axes || (c >= 0 && h->shape[c] != 1 && h->shape[c] != 3)) continue;
        found = all_axes[i];
        fitting++;
    }
    if (fitting != 1)
        return fail(why, "%s: the shape %s does not tell its axes: give --axes, one of NHW, NCHW, NHWC", path,
                    print_shape(h).text);
    *axes = found;
    return 0;
}

/* How far apart neighbours along each axis lie in the file, in numbers: channel, row, column, image. */
typedef struct strides {
    int64_t n, c, y, x;
} strides;

static strides find_strides(const npy_header *h, const char *axes)
{
    int64_t along[NPY_AXES] = {0}, stride = 1;
    for (int64_t i = 0; i < h->axes; i++) {
        const int64_t a = h->fortran_order ? i : h->axes - 1 - i;
        along[a] = stride;
        stride *= h->shape[a];
    }
    const int64_t c = axis(axes, 'C');
    return (strides){along[0], c < 0 ? 0 : along[c], along[axis(axes, 'H')], along[axis(axes, 'W')]};
}

static int take_shape(const npy_header *h, const char *path, const char *axes, dataset *data, failure *why)
{
    const int64_t c = axis(axes, 'C');
    data->count = h->shape[0];
    data->channels = c < 0 ? 1 : h->shape[c];
    data->height = h->shape[axis(axes, 'H')];
    data->width = h->shape[axis(axes, 'W')];
    const bool sides = data->channels > 0 && data->channels <= LARGEST_SIDE && data->height > 0 &&
                       data->height <= LARGEST_SIDE && data->width > 0 && data->width <= LARGEST_SIDE;
    if (!sides || data->count == 0 || data->count > most_bytes / (dataset_row_size(data) * npy_type_size(h->type)))
        return fail(
            why, "%s: an array of shape %s, where 1 to %d pixels a side and 1 to %" PRId64 " bytes in all are allowed",
            path, print_shape(h).text, LARGEST_SIDE, most_bytes);
    return 0;
}

/* Sign, 5 bits of exponent, 10 of fraction (IEEE 754). */
static float half_float(uint64_t bits)
{
    const int exponent = (int)(bits >> 10 & 0x1f), fraction = (int)(bits & 0x3ff);
    const float size = exponent == 0x1f ? (fraction == 0 ? INFINITY : NAN)
                       : exponent == 0  ? ldexpf((float)fraction, -24)
                                        : ldexpf((float)(fraction | 0x400), exponent - 25);
    return bits >> 15 == 0 ? size : -size;
}

/* A float of 2, 4 or 8 bytes. */
static float read_float(const npy_header *h, const uint8_t *bytes)
{
    const int size = (int)npy_type_size(h->type);
    uint64_t bits = 0;
    for (int i = 0; i < size; i++) bits = bits << 8 | bytes[h->big_endian ? i : size - 1 - i];
    if (h->type == NPY_FLOAT64) {
        double number;
        memcpy(&number, &bits, sizeof number);
        return (float)number;
    }
    if (h->type == NPY_FLOAT16) return half_float(bits);
    const uint32_t low = (uint32_t)bits;
    float number;
    memcpy(&number, &low, sizeof number);
    return number;
}

/* Copies image i of the data from what was read. */
static void take_image(const npy_header *h, const strides *s, const uint8_t *image, int64_t i, dataset *data)
{
    int64_t to = i * dataset_row_size(data);
    for (int64_t c = 0; c < data->channels; c++)
        for (int64_t y = 0; y < data->height; y++)
            for (int64_t x = 0; x < data->width; x++, to++) {
                const int64_t from = c * s->c + y * s->y + x * s->x;
                if (data->pixels != NULL)
                    data->pixels[to] = image[from];
                else
                    data->numbers[to] = read_float(h, image + from * npy_type_size(h->type));
            }
}

/* Reads the file in pieces: image by image, or, where images lie entangled, all at once. */
static int read_numbers(gzFile file, const char *path, const npy_header *h, const strides *s, dataset *data,
                        failure *why)
{
    const int64_t images = h->fortran_order ? data->count : 1, size = npy_type_size(h->type);
    const int64_t bytes = images * dataset_row_size(data) * size;
    uint8_t *piece = malloc((size_t)bytes);
    int result = piece == NULL ? fail(why, "%s: out of memory (%" PRId64 " bytes)", path, bytes) : 0;
    for (int64_t i = 0; i < data->count && result == 0; i += images) {
        result = packed_read(file, path, piece, bytes, why);
        for (int64_t k = 0; k < images && result == 0; k++) take_image(h, s, piece + k * s->n * size, i + k, data);
    }
    free(piece);
    return result == 0 ? packed_expect_end(file, path, why) : result;
}

/* Numbers that are missing are NaN; the others must be pixels. */
static int check_floats(const char *path, dataset *data, failure *why)
{
    float least = INFINITY, most = -INFINITY;
    for (int64_t i = 0; i < data->count * dataset_row_size(data); i++) {
        if (isnan(data->numbers[i])) {
            data->missing++;
            continue;
        }
        if (data->numbers[i] < least) least = data->numbers[i];
        if (data->numbers[i] > most) most = data->numbers[i];
    }
    if (data->missing == data->count * dataset_row_size(data)) return fail(why, "%s: all numbers are NaN", path);
    if (least < -1 || most > 1)
        return fail(why, "%s: floats from %g to %g; allowed are -1 to 1", path, (double)least, (double)most);
    return 0;
}

static int read_images(gzFile file, const char *path, const char *axes, dataset *data, failure *why)
{
    npy_header h;
    if (npy_header_read(file, path, &h, why) != 0 || find_axes(&h, path, &axes, why) != 0 ||
        take_shape(&h, path, axes, data, why) != 0)
        return -1;
    const int64_t numbers = data->count * dataset_row_size(data);
    if (packed_is_too_small(path, numbers * npy_type_size(h.type)))
        return fail(why, "%s: truncated: it is too small for the %" PRId64 " numbers of its header", path, numbers);
    data->name = "NumPy images";
    if (h.type == NPY_UINT8)
        data->pixels = malloc((size_t)numbers);
    else
        data->numbers = malloc((size_t)numbers * sizeof *data->numbers);
    if (data->pixels == NULL && data->numbers == NULL)
        return fail(why, "%s: out of memory (%" PRId64 " numbers)", path, numbers);
    const strides s = find_strides(&h, axes);
    if (read_numbers(file, path, &h, &s, data, why) != 0) return -1;
    return data->numbers == NULL ? 0 : check_floats(path, data, why);
}

int npy_read_images(const char *path, const char *axes, dataset *data, failure *why)
{
    *data = (dataset){0};
    gzFile file = packed_open(path, why);
    if (file == NULL) return -1;
    const int result = read_images(file, path, axes, data, why);
    gzclose_r(file);
    if (result != 0) dataset_free(data);
    return result;
}
