/* CIFAR-10's files, plain or compressed. What is read are the file's own records, the same from a compressed file; what is
 * refused leaves the data set empty. */
#include "cifar.h"

#include <string.h>

#include "fuzz.h"
#include "store_as_gzip.h"

enum { DEFLATE_RATIO = 1032 /* that deflate can reach at most */, MORE = 1 << 14, MOST_SIZE = 1 << 15, RECORD = 3073 };

/* Reads a file; `plain` are its bytes, or NULL if they are not known. Returns how many images there are. */
static int64_t read_images(const char *path, const uint8_t *plain, size_t size)
{
    dataset images;
    failure why = {""};
    char *paths[] = {(char *)(uintptr_t)path};
    memset(&images, 0xa5, sizeof images);
    if (cifar_read_images(paths, 1, &images, &why) != 0) {
        const dataset empty = {0};
        FUZZ_ASSERT(memcmp(&images, &empty, sizeof empty) == 0, "refused, but there is data: %s", why.text);
        fuzz_check_line(why.text);
        return 0;
    }
    FUZZ_ASSERT(images.count > 0 && dataset_row_size(&images) == RECORD - 1, "no images");
    FUZZ_ASSERT(plain == NULL || (size_t)images.count * RECORD == size, "%lld images", (long long)images.count);
    for (int64_t i = 0; i < images.count && plain != NULL; i++)
        FUZZ_ASSERT(images.labels[i] == plain[i * RECORD] &&
                        memcmp(images.pixels + i * (RECORD - 1), plain + i * RECORD + 1, RECORD - 1) == 0,
                    "image %lld is another", (long long)i);
    const int64_t count = images.count;
    dataset_free(&images);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t packed[MOST_SIZE + 64];
    if (size > MOST_SIZE) return 0;
    const int is_gzip = size >= 2 && data[0] == 0x1f && data[1] == 0x8b;
    const char *path = fuzz_write(FUZZ_INPUT, data, size), *packed_path = NULL;
    if (!is_gzip) packed_path = fuzz_write(FUZZ_OTHER, packed, store_as_gzip(data, size, packed));
    fuzz_begin();
    fuzz_limit(4 * DEFLATE_RATIO * (int64_t)size + MORE, 0);
    const int64_t count = read_images(path, is_gzip ? NULL : data, size);
    if (packed_path != NULL)
        FUZZ_ASSERT(read_images(packed_path, data, size) == count, "plain and compressed are not the same");
    fuzz_end();
    return 0;
}
