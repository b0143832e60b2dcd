#include "dataset.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

void dataset_free(dataset *data)
{
    free(data->pixels);
    free(data->labels);
    memset(data, 0, sizeof *data);
}

int64_t dataset_image_size(const dataset *data)
{
    return data->channels * data->height * data->width;
}

void dataset_keep(dataset *data, int64_t count)
{
    if (count > 0 && count < data->count) data->count = count;
}

void dataset_image(const dataset *data, int64_t index, pixel_range range, float *out)
{
    const float levels = 255 / (range.white - range.black); /* in a unit */
    const int64_t size = dataset_image_size(data);
    const uint8_t *pixels = data->pixels + index * size;
    for (int64_t i = 0; i < size; i++) out[i] = (float)pixels[i] / levels + range.black;
}

uint32_t dataset_checksum(const dataset *data)
{
    const int64_t shape[] = {data->count, data->channels, data->height, data->width};
    uLong sum = crc32(0, NULL, 0);
    for (size_t i = 0; i < 4; i++) {
        for (int byte = 0; byte < 8; byte++) { /* byte by byte: the same on machines of either endianness */
            const Bytef value = (Bytef)(shape[i] >> (8 * byte) & 0xff);
            sum = crc32(sum, &value, 1);
        }
    }
    for (int64_t i = 0; i < data->count; i++) {
        const int64_t size = dataset_image_size(data);
        sum = crc32(sum, data->pixels + i * size, (uInt)size);
    }
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
