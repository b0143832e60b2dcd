#include "idx.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "packed_file.h"

enum {
    IMAGES_MAGIC = 0x00000803, /* bytes, in three dimensions */
    LABELS_MAGIC = 0x00000801, /* bytes, in one */
    LARGEST_SIDE = 4096,       /* pixels */
};

static const int64_t most_bytes = INT64_C(1) << 31;

static int read_number(gzFile file, const char *path, uint32_t *number, failure *why)
{
    uint8_t b[4];
    if (packed_read(file, path, b, sizeof b, why) != 0) return -1;
    *number = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    return 0;
}

/* Reads the number that tells what the file holds, and checks it. */
static int expect_magic(gzFile file, const char *path, uint32_t expected, failure *why)
{
    uint32_t found = 0;
    if (read_number(file, path, &found, why) != 0)
        return gzeof(file) && gztell(file) == 0 ? fail(why, "%s: empty file", path) : -1;
    if (found == expected) return 0;
    const char *what = found == IMAGES_MAGIC ? "IDX images" : found == LABELS_MAGIC ? "IDX labels" : "no IDX file";
    return fail(why, "%s: holds %s (magic number 0x%08" PRIx32 "), where IDX %s (0x%08" PRIx32 ") belong", path, what,
                found, expected == IMAGES_MAGIC ? "images" : "labels", expected);
}

static int read_images(gzFile file, const char *path, dataset *data, failure *why)
{
    uint32_t count = 0, height = 0, width = 0;
    if (expect_magic(file, path, IMAGES_MAGIC, why) != 0 || read_number(file, path, &count, why) != 0 ||
        read_number(file, path, &height, why) != 0 || read_number(file, path, &width, why) != 0)
        return -1;
    if (count == 0 || height == 0 || width == 0 || height > LARGEST_SIDE || width > LARGEST_SIDE ||
        count > most_bytes / ((int64_t)height * width))
        return fail(why,
                    "%s: its header says %" PRIu32 " images of %" PRIu32 "x%" PRIu32
                    ", where 1 to %d pixels a side and 1 to %" PRId64 " bytes in all are allowed",
                    path, count, height, width, LARGEST_SIDE, most_bytes);
    const int64_t size = (int64_t)count * height * width;
    if (packed_is_too_small(path, size))
        return fail(why, "%s: truncated: it is too small for the %" PRId64 " bytes of its header", path, size);
    data->pixels = malloc((size_t)size);
    if (data->pixels == NULL) return fail(why, "%s: out of memory (%" PRId64 " bytes)", path, size);
    data->name = "IDX images";
    data->count = count;
    data->channels = 1;
    data->height = height;
    data->width = width;
    if (packed_read(file, path, data->pixels, size, why) != 0) return -1;
    return packed_expect_end(file, path, why);
}

int idx_read_images(const char *path, dataset *data, failure *why)
{
    memset(data, 0, sizeof *data);
    gzFile file = packed_open(path, why);
    if (file == NULL) return -1;
    const int result = read_images(file, path, data, why);
    gzclose_r(file);
    if (result != 0) dataset_free(data);
    return result;
}

static int read_labels(gzFile file, const char *path, uint8_t *labels, int64_t count, failure *why)
{
    uint32_t size = 0;
    if (expect_magic(file, path, LABELS_MAGIC, why) != 0 || read_number(file, path, &size, why) != 0) return -1;
    if (size != count)
        return fail(why, "%s: has %" PRIu32 " labels, but there are %" PRId64 " images", path, size, count);
    if (packed_read(file, path, labels, count, why) != 0) return -1;
    return packed_expect_end(file, path, why);
}

int idx_read_labels(const char *path, dataset *data, failure *why)
{
    gzFile file = packed_open(path, why);
    if (file == NULL) return -1;
    uint8_t *labels = malloc((size_t)data->count);
    const int result = labels == NULL ? fail(why, "%s: out of memory (%" PRId64 " bytes)", path, data->count)
                                      : read_labels(file, path, labels, data->count, why);
    gzclose_r(file);
    if (result == 0) {
        free(data->labels);
        data->labels = labels;
    } else {
        free(labels);
    }
    return result;
}
