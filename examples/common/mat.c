#include "mat.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mat_file.h"

enum { LARGEST_SIDE = 4096 /* pixels */ };
enum { CLASS_UINT8 = 9, TYPE_UINT8 = 2 };

static const int64_t most_bytes = INT32_MAX;

/* Takes the shape of the images from that of X: height, width, channels, count. A last dimension of 1 is not written. */
static int take_shape(const char *path, const mat_variable *x, dataset *data, failure *why)
{
    if (x->class != CLASS_UINT8) return fail(why, "%s: X is %s, where uint8 belongs", path, mat_class_name(x));
    if (x->type != TYPE_UINT8) return fail(why, "%s: damaged: X is uint8, but not kept so", path);
    if (x->rank != 3 && x->rank != 4)
        return fail(why, "%s: X has %" PRId64 " dimensions, where height x width x channels x count belong", path,
                    x->rank);
    const int64_t *dims = x->dims, count = x->rank == 4 ? dims[3] : 1;
    if (dims[0] == 0 || dims[0] > LARGEST_SIDE || dims[1] == 0 || dims[1] > LARGEST_SIDE ||
        (dims[2] != 1 && dims[2] != 3) || count == 0 || count > most_bytes / (dims[0] * dims[1] * dims[2]))
        return fail(why,
                    "%s: X is %" PRId64 "x%" PRId64 "x%" PRId64 "x%" PRId64
                    ", where 1 to %d pixels a side, 1 or 3 channels and 1 to %" PRId64 " bytes in all are allowed",
                    path, dims[0], dims[1], dims[2], count, LARGEST_SIDE, most_bytes);
    data->height = dims[0];
    data->width = dims[1];
    data->channels = dims[2];
    data->count = count;
    return 0;
}

/* MATLAB stores an image column by column. */
static void transpose(uint8_t *plane, int64_t height, int64_t width, uint8_t *room)
{
    memcpy(room, plane, (size_t)(height * width));
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++) plane[y * width + x] = room[x * height + y];
}

static int read_images(mat_file *file, dataset *data, failure *why)
{
    const mat_variable *x = &file->x;
    if (!x->is_there) return fail(why, "%s: has no variable X, the images", file->path);
    if (take_shape(file->path, x, data, why) != 0) return -1;
    const int64_t plane = data->height * data->width, planes = data->count * data->channels;
    uint8_t *room = malloc((size_t)plane);
    data->name = "MATLAB images";
    data->pixels = calloc((size_t)planes, (size_t)plane);
    const int result = room == NULL || data->pixels == NULL
                           ? fail(why, "%s: out of memory (%" PRId64 " bytes)", file->path, planes * plane)
                           : mat_read(file, x, data->pixels, why);
    for (int64_t i = 0; result == 0 && i < planes; i++)
        transpose(data->pixels + i * plane, data->height, data->width, room);
    free(room);
    return result;
}

/* The digit that a label stands for; -1 if none. */
static int digit(double label)
{
    if (!(label >= 0 && label <= 10)) return -1;
    const int whole = (int)label;
    return whole < label ? -1 : whole % 10;
}

/* MATLAB writes y as a column, SciPy as a row. */
static int read_labels(mat_file *file, dataset *data, failure *why)
{
    const mat_variable *y = &file->y;
    if (!y->is_there) return 0;
    if (y->rank != 2 || (y->dims[0] != 1 && y->dims[1] != 1))
        return fail(why, "%s: y is neither a row nor a column of labels", file->path);
    if (y->count != data->count)
        return fail(why, "%s: y has %" PRId64 " labels, but X has %" PRId64 " images", file->path, y->count,
                    data->count);
    uint8_t *numbers = malloc((size_t)y->bytes);
    data->labels = malloc((size_t)data->count);
    int result = numbers == NULL || data->labels == NULL ? fail(why, "%s: out of memory", file->path)
                                                         : mat_read(file, y, numbers, why);
    for (int64_t i = 0; result == 0 && i < data->count; i++) {
        const double label = mat_number(file, y, numbers, i);
        if (digit(label) < 0)
            result = fail(why, "%s: label %" PRId64 " of y is %g, where 1 to 10 belong", file->path, i + 1, label);
        else
            data->labels[i] = (uint8_t)digit(label);
    }
    free(numbers);
    return result;
}

int mat_read_images(const char *path, dataset *data, failure *why)
{
    mat_file file;
    memset(data, 0, sizeof *data);
    if (mat_open(&file, path, why) != 0) return -1;
    int result = read_images(&file, data, why);
    if (result == 0) result = read_labels(&file, data, why);
    mat_close(&file);
    if (result != 0) dataset_free(data);
    return result;
}
