#include "dataset.h"

#include <lebm.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

void dataset_free(dataset *data)
{
    free(data->pixels);
    free(data->labels);
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

uint32_t dataset_checksum(const dataset *data)
{
    const int64_t shape[] = {data->count, data->channels, data->height, data->width}, size = dataset_row_size(data);
    uLong sum = crc32(0, NULL, 0);
    for (size_t i = 0; i < 4; i++) sum = add_number(sum, shape[i], 8);
    for (int64_t i = 0; i < data->count; i++)
        sum = data->tokens != NULL ? add_sentence(sum, data, i) : crc32(sum, data->pixels + i * size, (uInt)size);
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
