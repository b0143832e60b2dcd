/* MATLAB 5 files of images and labels. What is read is within its bounds and, written again, reads to the same; a file
 * of plain variables is read the same once they are compressed; what is refused leaves no data. */
#include "mat.h"

#include <string.h>
#include <zlib.h>

#include "fuzz.h"

enum {
    FACTOR = 32, /* bytes that may be asked for, for each of the file; a label of a byte is read into room for 16 */
    DEFLATE_RATIO = 1032, /* that deflate can reach at most */
    MORE = 1 << 14,
    MOST_SIZE = 1 << 15,
    HEADER = 128,
    TAG = 8,
};

enum { INT8 = 1, UINT8 = 2, INT32 = 5, UINT32 = 6, MATRIX = 14, COMPRESSED = 15 }; /* types of elements */
enum { CLASS_UINT8 = 9 };

/* A file that is being written. */
typedef struct bytes {
    uint8_t data[4 * MOST_SIZE];
    size_t size;
} bytes;

static void put(bytes *b, const void *data, size_t size)
{
    FUZZ_ASSERT(size <= sizeof b->data - b->size, "the test has no room for the file");
    if (size > 0) memcpy(b->data + b->size, data, size);
    b->size += size;
}

static void put_u32(bytes *b, uint32_t value)
{
    const uint8_t little[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
    put(b, little, sizeof little);
}

/* An element, filled up to 8 bytes. */
static void put_element(bytes *b, uint32_t type, const void *data, size_t size)
{
    static const uint8_t zeros[8];
    put_u32(b, type);
    put_u32(b, (uint32_t)size);
    put(b, data, size);
    put(b, zeros, (8 - size % 8) % 8);
}

static void put_numbers(bytes *b, uint32_t type, const uint32_t *numbers, size_t count)
{
    put_u32(b, type);
    put_u32(b, (uint32_t)(4 * count));
    for (size_t i = 0; i < count; i++) put_u32(b, numbers[i]);
    if (count % 2 == 1) put_u32(b, 0);
}

/* A variable of bytes; its one letter is its name. */
static void put_variable(bytes *b, char name, const uint32_t *dims, size_t rank, const uint8_t *numbers, size_t count)
{
    static bytes body;
    body.size = 0;
    put_numbers(&body, UINT32, (uint32_t[]){CLASS_UINT8, 0}, 2);
    put_numbers(&body, INT32, dims, rank);
    put_element(&body, INT8, &name, 1);
    put_element(&body, UINT8, numbers, count);
    put_element(b, MATRIX, body.data, body.size);
}

static void put_header(bytes *b)
{
    char header[HEADER];
    memset(header, ' ', sizeof header);
    memcpy(header, "MATLAB 5.0 MAT-file", 19);
    memset(header + 116, 0, 8);
    memcpy(header + HEADER - 4, "\0\1IM", 4);
    put(b, header, sizeof header);
}

/* Writes a data set as MATLAB would: images column by column, and 10 for the digit 0. */
static void write_dataset(const dataset *d, bytes *b)
{
    static uint8_t numbers[2 * MOST_SIZE];
    const uint32_t dims[4] = {(uint32_t)d->height, (uint32_t)d->width, (uint32_t)d->channels, (uint32_t)d->count};
    const int64_t planes = d->count * d->channels, plane = d->height * d->width;
    for (int64_t p = 0; p < planes; p++)
        for (int64_t x = 0; x < d->width; x++)
            for (int64_t y = 0; y < d->height; y++)
                numbers[p * plane + x * d->height + y] = d->pixels[p * plane + y * d->width + x];
    b->size = 0;
    put_header(b);
    put_variable(b, 'X', dims, 4, numbers, (size_t)(planes * plane));
    if (d->labels == NULL) return;
    for (int64_t i = 0; i < d->count; i++) numbers[i] = d->labels[i] == 0 ? 10 : d->labels[i];
    put_variable(b, 'y', (uint32_t[]){(uint32_t)d->count, 1}, 2, numbers, (size_t)d->count);
}

/* Reads a file. Returns 0 if it is refused. */
static int read_file(const char *path, dataset *d)
{
    failure why = {""};
    const dataset empty = {0};
    memset(d, 0xa5, sizeof *d);
    if (mat_read_images(path, d, &why) != 0) {
        FUZZ_ASSERT(memcmp(d, &empty, sizeof empty) == 0, "refused, but there is data: %s", why.text);
        fuzz_check_line(why.text);
        return 0;
    }
    FUZZ_ASSERT(d->count > 0 && d->height > 0 && d->width > 0 && (d->channels == 1 || d->channels == 3),
                "%lld images of %lldx%lldx%lld", (long long)d->count, (long long)d->channels, (long long)d->height,
                (long long)d->width);
    for (int64_t i = 0; d->labels != NULL && i < d->count; i++)
        FUZZ_ASSERT(d->labels[i] < 10, "a label is %d", d->labels[i]);
    return 1;
}

static void check_same(const dataset *a, const dataset *b)
{
    FUZZ_ASSERT(a->count == b->count && a->channels == b->channels && a->height == b->height && a->width == b->width,
                "another shape");
    FUZZ_ASSERT(memcmp(a->pixels, b->pixels, (size_t)(a->count * dataset_row_size(a))) == 0, "other pixels");
    FUZZ_ASSERT((a->labels == NULL) == (b->labels == NULL), "labels are there only once");
    FUZZ_ASSERT(a->labels == NULL || memcmp(a->labels, b->labels, (size_t)a->count) == 0, "other labels");
}

static void check_written(const dataset *d)
{
    static bytes b;
    dataset again;
    write_dataset(d, &b);
    FUZZ_ASSERT(read_file(fuzz_write(FUZZ_OUTPUT, b.data, b.size), &again), "written again, it is refused");
    check_same(d, &again);
    dataset_free(&again);
}

/* An element as zlib makes it of what it cannot compress. */
static void put_compressed(bytes *b, const uint8_t *data, size_t size)
{
    const uint8_t block[5] = {1, (uint8_t)size, (uint8_t)(size >> 8), (uint8_t)~size, (uint8_t)(~size >> 8)};
    const uint32_t sum = (uint32_t)adler32(1, data, (uInt)size);
    const uint8_t end[4] = {(uint8_t)(sum >> 24), (uint8_t)(sum >> 16), (uint8_t)(sum >> 8), (uint8_t)sum};
    put_u32(b, COMPRESSED);
    put_u32(b, (uint32_t)(2 + sizeof block + size + sizeof end));
    put(b, "\x78\x01", 2);
    put(b, block, sizeof block);
    put(b, data, size);
    put(b, end, sizeof end);
}

static uint32_t get_u32(const uint8_t *b)
{
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* Compresses each variable of a little-endian file; 0 if it is not made of plain ones, or too large for that. */
static int compress_variables(const uint8_t *data, size_t size, bytes *b)
{
    if (size < HEADER || memcmp(data + HEADER - 4, "\0\1IM", 4) != 0) return 0;
    b->size = 0;
    put(b, data, HEADER);
    for (size_t at = HEADER, length; at < size; at += length) {
        if (size - at < TAG || get_u32(data + at) != MATRIX || get_u32(data + at + 4) > size - at - TAG) return 0;
        if (b->size + size > sizeof b->data - HEADER) return 0;
        length = TAG + get_u32(data + at + 4);
        put_compressed(b, data + at, length);
    }
    return 1;
}

/* The file of plain variables that holds `d`, if it `is_read`, gives the same once they are compressed. */
static void check_compressed(const bytes *packed, const dataset *d, int is_read)
{
    dataset again;
    FUZZ_ASSERT(read_file(fuzz_write(FUZZ_OTHER, packed->data, packed->size), &again) == is_read,
                "plain and compressed are not the same");
    if (is_read) check_same(d, &again);
    dataset_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bytes packed;
    dataset d;
    if (size > MOST_SIZE) return 0;
    const int is_plain = compress_variables(data, size, &packed);
    const char *path = fuzz_write(FUZZ_INPUT, data, size);
    fuzz_begin();
    fuzz_limit(FACTOR * (is_plain ? 1 : DEFLATE_RATIO) * (int64_t)size + MORE, 0);
    const int is_read = read_file(path, &d);
    if (is_plain) check_compressed(&packed, &d, is_read);
    if (is_read && d.count * dataset_row_size(&d) <= MOST_SIZE) check_written(&d);
    dataset_free(&d);
    fuzz_end();
    return 0;
}
