/* .npy files, plain or compressed. What is read are as many numbers as the shape says, pixels all, and the same from a
 * compressed file; what is refused leaves the data set empty. */
#include "npy.h"

#include <math.h>
#include <string.h>

#include "fuzz.h"
#include "store_as_gzip.h"

enum { DEFLATE_RATIO = 1032 /* that deflate can reach at most */, MORE = 1 << 14, MOST_SIZE = 1 << 15 };

static const char *const ways[] = {NULL, "NHW", "NCHW", "NHWC"};

static void check_images(const dataset *images)
{
    const int64_t numbers = images->count * dataset_row_size(images);
    int64_t missing = 0;
    FUZZ_ASSERT(images->name != NULL && images->labels == NULL && numbers > 0, "no images");
    FUZZ_ASSERT((images->pixels == NULL) != (images->numbers == NULL), "neither bytes nor floats, or both");
    for (int64_t i = 0; i < numbers && images->numbers != NULL; i++) {
        missing += isnan(images->numbers[i]);
        FUZZ_ASSERT(isnan(images->numbers[i]) || fabsf(images->numbers[i]) <= 1, "a pixel of %g",
                    (double)images->numbers[i]);
    }
    FUZZ_ASSERT(missing == images->missing, "%lld are missing", (long long)missing);
}

/* Returns the checksum of the images, or 0 if there are none. */
static uint32_t read_images(const char *path, const char *axes)
{
    dataset images;
    failure why = {""};
    memset(&images, 0xa5, sizeof images);
    if (npy_read_images(path, axes, &images, &why) != 0) {
        const dataset empty = {0};
        FUZZ_ASSERT(memcmp(&images, &empty, sizeof empty) == 0, "refused, but there is data: %s", why.text);
        fuzz_check_line(why.text);
        return 0;
    }
    check_images(&images);
    const uint32_t sum = dataset_checksum(&images);
    dataset_free(&images);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t packed[MOST_SIZE + 64];
    if (size > MOST_SIZE) return 0;
    const int is_gzip = size >= 2 && data[0] == 0x1f && data[1] == 0x8b;
    const char *path = fuzz_write(FUZZ_INPUT, data, size), *packed_path = NULL;
    if (!is_gzip) packed_path = fuzz_write(FUZZ_OTHER, packed, store_as_gzip(data, size, packed));
    fuzz_begin();
    fuzz_limit(3 * DEFLATE_RATIO * (int64_t)size + MORE, 0);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const uint32_t sum = read_images(path, ways[i]);
        if (packed_path != NULL)
            FUZZ_ASSERT(read_images(packed_path, ways[i]) == sum, "plain and compressed are not the same");
    }
    fuzz_end();
    return 0;
}
