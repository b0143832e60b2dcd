/* IDX files, of images or of labels, plain or compressed. What is read has the size that its header says and, written
 * again, the same bytes; a plain file is read the same once it is compressed; what is refused leaves the data set as it
 * was. */
#include "idx.h"

#include <string.h>

#include "fuzz.h"
#include "store_as_gzip.h"

enum {
    DEFLATE_RATIO = 1032, /* that deflate can reach at most */
    MORE = 1 << 14,
    MOST_SIZE = 1 << 15,
    HEADER = 16,
};

static void put_u32(uint8_t bytes[4], uint64_t value)
{
    for (int i = 0; i < 4; i++) bytes[i] = (uint8_t)(value >> 8 * (3 - i));
}

/* Checks that the data set is that of a plain file. */
static void check_images(const dataset *images, const uint8_t *plain, size_t plain_size)
{
    const int64_t size = images->count * dataset_row_size(images);
    uint8_t header[HEADER] = {0, 0, 8, 3};
    put_u32(header + 4, (uint64_t)images->count);
    put_u32(header + 8, (uint64_t)images->height);
    put_u32(header + 12, (uint64_t)images->width);
    FUZZ_ASSERT(images->channels == 1 && images->labels == NULL && images->name != NULL, "no grey images");
    FUZZ_ASSERT(plain_size == HEADER + (size_t)size && memcmp(plain, header, HEADER) == 0,
                "%lld bytes of pixels from a file of %zu", (long long)size, plain_size);
    FUZZ_ASSERT(memcmp(images->pixels, plain + HEADER, (size_t)size) == 0, "other pixels than the file has");
}

/* Reads images. Returns 0 if there are none. */
static int read_images(const char *path, dataset *images)
{
    failure why = {""};
    memset(images, 0xa5, sizeof *images);
    if (idx_read_images(path, images, &why) == 0) return 1;
    const dataset empty = {0};
    FUZZ_ASSERT(memcmp(images, &empty, sizeof empty) == 0, "refused, but there is data: %s", why.text);
    fuzz_check_line(why.text);
    return 0;
}

/* Reads labels for so many images. Returns 0 if there are none. */
static int read_labels(const char *path, int64_t count, dataset *data)
{
    failure why = {""};
    *data = (dataset){.name = "images", .count = count, .channels = 1, .height = 1, .width = 1};
    const dataset before = *data;
    if (idx_read_labels(path, data, &why) == 0) {
        FUZZ_ASSERT(data->labels != NULL && data->count == count, "no labels");
        return 1;
    }
    FUZZ_ASSERT(memcmp(data, &before, sizeof before) == 0, "labels were refused, but the data set is another");
    fuzz_check_line(why.text);
    return 0;
}

/* The images of a file; those of a plain one are checked, and read again from a compressed one. */
static void check_file_of_images(const uint8_t *data, size_t size, const char *path, const char *packed_path)
{
    dataset images, again;
    const int is_read = read_images(path, &images);
    if (packed_path == NULL) {
        dataset_free(&images);
        return;
    }
    if (is_read) check_images(&images, data, size);
    FUZZ_ASSERT(read_images(packed_path, &again) == is_read, "plain and compressed are not the same");
    if (is_read) check_images(&again, data, size);
    dataset_free(&images);
    dataset_free(&again);
}

static void check_file_of_labels(const uint8_t *data, size_t size, const char *path, const char *packed_path)
{
    const int64_t count = packed_path != NULL && size > 8 ? (int64_t)size - 8 : 3;
    dataset labels, again;
    const int is_read = read_labels(path, count, &labels);
    if (packed_path != NULL) {
        FUZZ_ASSERT(read_labels(packed_path, count, &again) == is_read, "plain and compressed are not the same");
        FUZZ_ASSERT(!is_read || (memcmp(labels.labels, data + 8, (size_t)count) == 0 &&
                                 memcmp(again.labels, data + 8, (size_t)count) == 0),
                    "other labels than the file has");
        dataset_free(&again);
    }
    dataset_free(&labels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t packed[MOST_SIZE + 64];
    if (size > MOST_SIZE) return 0;
    const int is_gzip = size >= 2 && data[0] == 0x1f && data[1] == 0x8b;
    const char *path = fuzz_write(FUZZ_INPUT, data, size), *packed_path = NULL;
    if (!is_gzip) packed_path = fuzz_write(FUZZ_OTHER, packed, store_as_gzip(data, size, packed));
    fuzz_begin();
    fuzz_limit(2 * DEFLATE_RATIO * (int64_t)size + MORE, 0);
    if (size > 3 && !is_gzip && data[3] == 1)
        check_file_of_labels(data, size, path, packed_path);
    else
        check_file_of_images(data, size, path, packed_path);
    if (is_gzip) check_file_of_labels(data, size, path, NULL);
    fuzz_end();
    return 0;
}
