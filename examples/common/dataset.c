#include "dataset.h"

#include <inttypes.h>
#include <lebm.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <zlib.h>

void dataset_free(dataset *data)
{
    if (data->mapping != NULL)
        munmap(data->mapping, data->mapping_size);
    else
        free(data->pixels);
    free(data->labels);
    free(data->names);
    free(data->numbers);
    free(data->tokens);
    free(data->starts);
    memset(data, 0, sizeof *data);
}

int64_t dataset_row_size(const dataset *data)
{
    return data->channels * data->height * data->width;
}

int64_t dataset_length(const dataset *data, int64_t index)
{
    return data->tokens == NULL ? 0 : data->starts[index + 1] - data->starts[index];
}

int64_t dataset_observed(const dataset *data, int64_t index)
{
    const int64_t size = dataset_row_size(data);
    int64_t observed = size;
    for (int64_t i = index * size; data->missing > 0 && i < (index + 1) * size; i++)
        if (isnan(data->numbers[i])) observed--;
    return observed;
}

const char *dataset_name(const dataset *data, int64_t index, char number[static DATASET_NUMBER])
{
    if (data->names != NULL) return data->names[index];
    snprintf(number, DATASET_NUMBER, "%" PRId64, index);
    return number;
}

void dataset_keep(dataset *data, int64_t count)
{
    if (count > 0 && count < data->count) data->count = count;
}

static void write_image(const dataset *data, int64_t index, pixel_range range, float *out)
{
    const float levels = 255 / (range.white - range.black); /* in a unit */
    const int64_t size = dataset_row_size(data);
    const uint8_t *pixels = data->pixels + index * size;
    for (int64_t i = 0; i < size; i++) out[i] = (float)pixels[i] / levels + range.black;
}

static void write_numbers(const dataset *data, int64_t index, pixel_range range, float *out)
{
    const float half = (range.white - range.black) / 2, middle = (range.white + range.black) / 2;
    const int64_t size = dataset_row_size(data);
    const float *numbers = data->numbers + index * size;
    for (int64_t i = 0; i < size; i++) out[i] = numbers[i] * half + middle;
}

static void write_sentence(const dataset *data, int64_t index, float *out)
{
    const int64_t length = dataset_length(data, index);
    const int32_t *tokens = data->tokens + data->starts[index];
    for (int64_t i = 0; i < length; i++) out[i] = (float)tokens[i];
    for (int64_t i = length; i < dataset_row_size(data); i++) out[i] = LEBM_PADDING;
}

void dataset_row(const dataset *data, int64_t index, pixel_range range, float *out)
{
    if (data->tokens != NULL)
        write_sentence(data, index, out);
    else if (data->numbers != NULL)
        write_numbers(data, index, range, out);
    else
        write_image(data, index, range, out);
}

/* The checksum goes on with a number byte by byte: the same on machines of either endianness. */
static uLong add_number(uLong sum, int64_t number, int bytes)
{
    for (int byte = 0; byte < bytes; byte++) {
        const Bytef value = (Bytef)(number >> (8 * byte) & 0xff);
        sum = crc32(sum, &value, 1);
    }
    return sum;
}

static uLong add_sentence(uLong sum, const dataset *data, int64_t index)
{
    sum = add_number(sum, dataset_length(data, index), 4);
    for (int64_t i = data->starts[index]; i < data->starts[index + 1]; i++) sum = add_number(sum, data->tokens[i], 4);
    return sum;
}

static uLong add_floats(uLong sum, const float *numbers, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &numbers[i], sizeof bits);
        sum = add_number(sum, isnan(numbers[i]) ? -1 : (int64_t)bits, 4); /* one NaN is like another */
    }
    return sum;
}

static uLong add_row(uLong sum, const dataset *data, int64_t index)
{
    const int64_t size = dataset_row_size(data);
    if (data->tokens != NULL) return add_sentence(sum, data, index);
    if (data->numbers != NULL) return add_floats(sum, data->numbers + index * size, size);
    return crc32(sum, data->pixels + index * size, (uInt)size);
}

uint32_t dataset_checksum(const dataset *data)
{
    const int64_t shape[] = {data->count, data->channels, data->height, data->width};
    uLong sum = crc32(0, NULL, 0);
    for (size_t i = 0; i < 4; i++) sum = add_number(sum, shape[i], 8);
    for (int64_t i = 0; i < data->count; i++) sum = add_row(sum, data, i);
    return (uint32_t)sum;
}

/* The next image from `from` on with this label; -1 if there is none. */
static int64_t find_label(const dataset *data, int64_t from, uint8_t label)
{
    for (int64_t i = from; i < data->count; i++)
        if (data->labels[i] == label) return i;
    return -1;
}

int64_t dataset_choose(const dataset *data, int64_t count, int64_t each, int64_t *chosen)
{
    int64_t found = 0;
    if (data->labels != NULL) {
        for (int label = 0; label <= UINT8_MAX && found < count; label++) {
            int64_t at = find_label(data, 0, (uint8_t)label);
            for (int64_t k = 0; k < each && at >= 0 && found < count; k++) {
                chosen[found++] = at;
                at = find_label(data, at + 1, (uint8_t)label);
            }
        }
        if (found == count) return found;
    }
    if (count > data->count) count = data->count;
    for (found = 0; found < count; found++) chosen[found] = found;
    return found;
}
