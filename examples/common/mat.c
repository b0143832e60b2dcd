#include "mat.h"

#include <inttypes.h>
#include <math.h>
#include <matio.h>
#include <stdlib.h>
#include <string.h>

#include "mat_whole.h"

enum { LARGEST_SIDE = 4096 /* pixels */ };

static const int64_t most_bytes = INT32_MAX; /* matio counts in int */

static const char *class_name(const matvar_t *variable)
{
    static const char *const names[] = {
        [MAT_C_DOUBLE] = "double", [MAT_C_SINGLE] = "single", [MAT_C_INT8] = "int8",   [MAT_C_UINT8] = "uint8",
        [MAT_C_INT16] = "int16",   [MAT_C_UINT16] = "uint16", [MAT_C_INT32] = "int32", [MAT_C_UINT32] = "uint32",
        [MAT_C_INT64] = "int64",   [MAT_C_UINT64] = "uint64",
    };
    const size_t class = (size_t)variable->class_type;
    return class < sizeof names / sizeof *names && names[class] != NULL ? names[class] : "of an unknown class";
}

/* Reads a variable's numbers, which are of its class. */
static int read_numbers(mat_t *file, const char *path, matvar_t *variable, void *numbers, int64_t count, failure *why)
{
    if (Mat_VarReadDataLinear(file, variable, numbers, 0, 1, (int)count) != 0)
        return fail(why, "%s: damaged: %s cannot be read", path, variable->name);
    return 0;
}

/* Takes the shape of the images from that of X: height, width, channels, count. A last dimension of 1 is not written. */
static int take_shape(const char *path, const matvar_t *x, dataset *data, failure *why)
{
    if (x->class_type != MAT_C_UINT8) return fail(why, "%s: X is %s, where uint8 belongs", path, class_name(x));
    if (x->rank != 3 && x->rank != 4)
        return fail(why, "%s: X has %d dimensions, where height x width x channels x count belong", path, x->rank);
    const size_t *dims = x->dims, count = x->rank == 4 ? dims[3] : 1;
    if (dims[0] == 0 || dims[0] > LARGEST_SIDE || dims[1] == 0 || dims[1] > LARGEST_SIDE ||
        (dims[2] != 1 && dims[2] != 3) || count == 0 || count > (size_t)most_bytes / (dims[0] * dims[1] * dims[2]))
        return fail(why,
                    "%s: X is %zux%zux%zux%zu, where 1 to %d pixels a side, 1 or 3 channels and 1 to %" PRId64
                    " bytes in all are allowed",
                    path, dims[0], dims[1], dims[2], count, LARGEST_SIDE, most_bytes);
    data->height = (int64_t)dims[0];
    data->width = (int64_t)dims[1];
    data->channels = (int64_t)dims[2];
    data->count = (int64_t)count;
    return 0;
}

/* MATLAB stores an image column by column. */
static void transpose(uint8_t *plane, int64_t height, int64_t width, uint8_t *room)
{
    memcpy(room, plane, (size_t)(height * width));
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++) plane[y * width + x] = room[x * height + y];
}

static int read_images(mat_t *file, const char *path, dataset *data, failure *why)
{
    matvar_t *x = Mat_VarReadInfo(file, "X");
    if (x == NULL) return fail(why, "%s: has no variable X, the images", path);
    int result = take_shape(path, x, data, why);
    if (result == 0) {
        const int64_t plane = data->height * data->width, planes = data->count * data->channels;
        uint8_t *room = malloc((size_t)plane);
        data->name = "MATLAB images";
        data->pixels = calloc((size_t)planes, (size_t)plane);
        if (room == NULL || data->pixels == NULL)
            result = fail(why, "%s: out of memory (%" PRId64 " bytes)", path, planes * plane);
        else
            result = read_numbers(file, path, x, data->pixels, planes * plane, why);
        for (int64_t i = 0; result == 0 && i < planes; i++)
            transpose(data->pixels + i * plane, data->height, data->width, room);
        free(room);
    }
    Mat_VarFree(x);
    return result;
}

/* The digit that a label stands for; -1 if none. */
static int digit(double label)
{
    if (!(label >= 0 && label <= 10)) return -1;
    const int whole = (int)label;
    return whole < label ? -1 : whole % 10;
}

/* Number i of numbers of a class; NaN if it is none of numbers. */
static double number_at(const void *numbers, enum matio_classes class, int64_t i)
{
    switch (class) {
    case MAT_C_DOUBLE:
        return ((const double *)numbers)[i];
    case MAT_C_SINGLE:
        return (double)((const float *)numbers)[i];
    case MAT_C_INT8:
        return ((const int8_t *)numbers)[i];
    case MAT_C_UINT8:
        return ((const uint8_t *)numbers)[i];
    case MAT_C_INT16:
        return ((const int16_t *)numbers)[i];
    case MAT_C_UINT16:
        return ((const uint16_t *)numbers)[i];
    case MAT_C_INT32:
        return ((const int32_t *)numbers)[i];
    case MAT_C_UINT32:
        return ((const uint32_t *)numbers)[i];
    case MAT_C_INT64:
        return (double)((const int64_t *)numbers)[i];
    case MAT_C_UINT64:
        return (double)((const uint64_t *)numbers)[i];
    default:
        return (double)NAN;
    }
}

/* MATLAB writes y as a column, SciPy as a row. */
static int take_labels(mat_t *file, const char *path, matvar_t *y, dataset *data, failure *why)
{
    if (y->rank != 2 || (y->dims[0] != 1 && y->dims[1] != 1))
        return fail(why, "%s: y is neither a row nor a column of labels", path);
    const size_t count = y->dims[0] == 1 ? y->dims[1] : y->dims[0];
    if (count != (size_t)data->count)
        return fail(why, "%s: y has %zu labels, but X has %" PRId64 " images", path, count, data->count);

    double *numbers = calloc((size_t)data->count, sizeof *numbers); /* room for those of all classes */
    data->labels = malloc((size_t)data->count);
    int result = numbers == NULL || data->labels == NULL ? fail(why, "%s: out of memory", path)
                                                         : read_numbers(file, path, y, numbers, data->count, why);
    for (int64_t i = 0; result == 0 && i < data->count; i++) {
        const double label = number_at(numbers, y->class_type, i);
        if (digit(label) < 0)
            result = fail(why, "%s: label %" PRId64 " of y is %g, where 1 to 10 belong", path, i + 1, label);
        else
            data->labels[i] = (uint8_t)digit(label);
    }
    free(numbers);
    return result;
}

static int read_labels(mat_t *file, const char *path, dataset *data, failure *why)
{
    matvar_t *y = Mat_VarReadInfo(file, "y");
    if (y == NULL) return 0;
    const int result = take_labels(file, path, y, data, why);
    Mat_VarFree(y);
    return result;
}

int mat_read_images(const char *path, dataset *data, failure *why)
{
    memset(data, 0, sizeof *data);
    if (mat_check_whole(path, why) != 0) return -1;
    mat_t *file = Mat_Open(path, MAT_ACC_RDONLY);
    if (file == NULL) return fail(why, "%s: matio cannot open it", path);
    int result = read_images(file, path, data, why);
    if (result == 0) result = read_labels(file, path, data, why);
    Mat_Close(file);
    if (result != 0) dataset_free(data);
    return result;
}
