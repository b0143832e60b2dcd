/* Safetensors files: exact bytes, hostile headers, and replacing a file in one piece or not at all. */
#include "io/replace_file.h"
#include "io/safetensors.h"

#include <cjson/cJSON.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "support/approx.h"
#include "support/failing.h"
#include "support/files.h"

/* For tests that leave other files, such as those of a process that was killed. */
static void remove_full_folder(void)
{
    DIR *listing = opendir(folder);
    ck_assert_ptr_nonnull(listing);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        ck_assert_int_eq(unlinkat(dirfd(listing), entry->d_name, 0), 0);
    }
    closedir(listing);
    remove_folder();
}

static int open_descriptors(void)
{
    int count = 0;
    for (int i = 0; i < 256; i++) count += fcntl(i, F_GETFD) >= 0;
    return count;
}

/* ---- Files to test with ---- */

static const float matrix[] = {1, -2, 0.5f, 0, 1e-45f, 3.4028235e38f};
static const int64_t matrix_shape[] = {2, 3};

/* A small file; `text` tells one from another. */
static int write_small(const char *to, const char *text)
{
    static const float vector[] = {7, 8};
    static const int64_t vector_shape[] = {2};
    lebm__st_writer writer;
    int status = lebm__st_writer_create(&writer);
    if (status != LEBM_OK) return status;
    status = lebm__st_add_text(&writer, "text", text);
    if (status == LEBM_OK) status = lebm__st_add_text(&writer, "empty", "");
    if (status == LEBM_OK) status = lebm__st_add_tensor(&writer, "z.weight", 2, matrix_shape, matrix);
    if (status == LEBM_OK) status = lebm__st_add_tensor(&writer, "a.bias", 1, vector_shape, vector);
    if (status == LEBM_OK) status = lebm__st_write(&writer, to);
    lebm__st_writer_destroy(&writer);
    return status;
}

/* Whether the small file is there with this text. */
static int is_small(const char *from, const char *text)
{
    float values[6] = {0};
    lebm__st_reader reader;
    LEBM_ASSERT_OK(lebm__st_open(&reader, from));
    LEBM_ASSERT_OK(lebm__st_read(&reader, "z.weight", 2, matrix_shape, values));
    LEBM_ASSERT_SAME_BITS(values, matrix, 6);
    const int same = strcmp(lebm__st_text(&reader, "text"), text) == 0;
    lebm__st_close(&reader);
    return same;
}

/* The first bytes of a file. */
static void put_length(unsigned char bytes[8], uint64_t length)
{
    for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)(length >> 8 * i);
}

/* Write a file with a header as it is given, and data of zeros. */
static void write_raw(const char *header, size_t header_size, size_t data_size)
{
    unsigned char *bytes = test_alloc((int64_t)(8 + header_size + data_size), 1);
    put_length(bytes, header_size);
    memcpy(bytes + 8, header, header_size);
    write_bytes(path, bytes, 8 + header_size + data_size);
    free(bytes);
}

/* Open what write_raw() made; an error must be one line that names the file. */
static int open_raw(lebm__st_reader *reader)
{
    const int status = lebm__st_open(reader, path);
    if (status != LEBM_OK) {
        ck_assert_ptr_nonnull(strstr(lebm_last_error(), path));
        ck_assert_ptr_null(strchr(lebm_last_error(), '\n'));
    }
    return status;
}

/* ---- Writing ---- */

START_TEST(has_these_bytes_exactly)
{
    static const char header[] = "{\"__metadata__\":{\"text\":\"a \\\"b\\\"\\n\xc3\xa9\",\"empty\":\"\"},"
                                 "\"z.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
                                 "\"a.bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[24,32]}}";
    static const unsigned char data[] = {
        0, 0, 0x80, 0x3f, 0,    0,    0,    0xc0, 0, 0, 0,    0x3f, 0, 0, 0, 0,   /* 1, -2, 0.5, 0 */
        1, 0, 0,    0,    0xff, 0xff, 0x7f, 0x7f, 0, 0, 0xe0, 0x40, 0, 0, 0, 0x41 /* smallest, largest, 7, 8 */
    };
    const size_t padded = (sizeof header - 1 + 7) / 8 * 8;
    size_t size;
    LEBM_ASSERT_OK(write_small(path, "a \"b\"\n\xc3\xa9"));
    unsigned char *bytes = read_bytes(path, &size);
    ck_assert_uint_eq(size, 8 + padded + sizeof data);
    ck_assert_uint_eq(bytes[0] + 256u * bytes[1], padded);
    for (int i = 2; i < 8; i++) ck_assert_uint_eq(bytes[i], 0);
    ck_assert_mem_eq(bytes + 8, header, sizeof header - 1);
    for (size_t i = 8 + sizeof header - 1; i < 8 + padded; i++) ck_assert_uint_eq(bytes[i], ' ');
    ck_assert_mem_eq(bytes + 8 + padded, data, sizeof data);
    free(bytes);
}
END_TEST

START_TEST(is_the_same_each_time)
{
    LEBM_ASSERT_OK(write_small(path, "x"));
    LEBM_ASSERT_OK(write_small(other_path, "x"));
    assert_same_files(path, other_path);
}
END_TEST

/* Tensors longer than a chunk of the writer, an empty one and a scalar come back bit for bit. */
START_TEST(returns_what_was_written)
{
    enum { LONG = 3 * 4096 + 5 };
    const int64_t shape[] = {5, LONG / 5 + 1}, none[] = {3, 0, 2};
    const int64_t count = shape[0] * shape[1];
    float *values = test_normal_floats(count, 1e3, 1), *back = test_floats(count), scalar = -0.0f, minus_zero = 1;
    lebm__st_writer writer;
    lebm__st_reader reader;
    LEBM_ASSERT_OK(lebm__st_writer_create(&writer));
    LEBM_ASSERT_OK(lebm__st_add_tensor(&writer, "none", 3, none, values));
    LEBM_ASSERT_OK(lebm__st_add_tensor(&writer, "values", 2, shape, values));
    LEBM_ASSERT_OK(lebm__st_add_tensor(&writer, "scalar", 0, NULL, &scalar));
    LEBM_ASSERT_OK(lebm__st_write(&writer, path));
    lebm__st_writer_destroy(&writer);
    LEBM_ASSERT_OK(lebm__st_open(&reader, path));
    LEBM_ASSERT_OK(lebm__st_read(&reader, "values", 2, shape, back));
    LEBM_ASSERT_SAME_BITS(back, values, count);
    LEBM_ASSERT_OK(lebm__st_read(&reader, "scalar", 0, NULL, &minus_zero));
    LEBM_ASSERT_SAME_BITS(&minus_zero, &scalar, 1);
    LEBM_ASSERT_OK(lebm__st_read(&reader, "none", 3, none, back));
    ck_assert_int_eq(lebm__st_numbers(&reader), count + 1);
    ck_assert_ptr_nonnull(lebm__st_find(&reader, "values"));
    ck_assert_ptr_null(lebm__st_find(&reader, "val"));
    ck_assert_ptr_null(lebm__st_text(&reader, "text"));
    lebm__st_close(&reader);
    free(values);
    free(back);
}
END_TEST

START_TEST(refuses_texts_that_are_not_utf8)
{
    LEBM_ASSERT_STATUS(write_small(path, "\xff"), LEBM_ERR_INVALID);
    LEBM_ASSERT_ERROR_NAMES("UTF-8");
    ck_assert_int_eq(count_files(), 0);
}
END_TEST

START_TEST(refuses_a_header_that_nobody_reads)
{
    const size_t size = 17 << 20;
    char *text = test_alloc((int64_t)size + 1, 1);
    memset(text, 'x', size);
    LEBM_ASSERT_STATUS(write_small(path, text), LEBM_ERR_UNSUPPORTED);
    ck_assert_int_eq(count_files(), 0);
    free(text);
}
END_TEST

/* ---- Reading ---- */

#define TENSOR(name, dtype, shape, offsets)                                                                            \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"
#define ONE TENSOR("a", "F32", "[1]", "[0,4]")

static const struct {
    const char *header;
    size_t data_size;
} sound[] = {
    {"{}", 0},
    {"{}      ", 0},
    {"{\"__metadata__\":{}}", 0},
    {"{" ONE "}", 4},
    {"{\n\t\"a\" : { \"shape\" : [ 1 ] , \"dtype\" : \"F32\" , \"data_offsets\" : [ 0 , 4 ] } }", 4},
    {"{" TENSOR("a", "F32", "[]", "[0,4]") "}", 4},
    {"{" TENSOR("a", "F32", "[0]", "[0,0]") "," TENSOR("b", "F32", "[7,0]", "[0,0]") "}", 0},
    {"{" TENSOR("b", "F32", "[1]", "[4,8]") "," ONE "}", 8},
    {"{" TENSOR("e", "I8", "[0]", "[4,4]") "," TENSOR("b", "F32", "[1]", "[4,8]") "," ONE "}", 8},
    {"{" TENSOR("a", "BF16", "[3]", "[0,6]") "," TENSOR("b", "I64", "[1]", "[6,14]") "}", 14},
    {"{" TENSOR("a", "BOOL", "[3]", "[0,3]") "," TENSOR("b", "F4", "[2,3]", "[3,6]") "}", 6},
    {"{" TENSOR("a", "F6_E2M3", "[4]", "[0,3]") "," TENSOR("b", "C64", "[1]", "[3,11]") "}", 11},
    {"{" TENSOR("\\u00e9\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "F32", "[1]", "[0,4]") "}", 4},
    {"{" TENSOR("\\\\u0000", "F32", "[1]", "[0,4]") "}", 4},
    {"{" TENSOR("A", "F32", "[1]", "[0,4]") "," TENSOR("a", "F32", "[1]", "[4,8]") "}", 8},
    {"{\"__metadata__\":{\"a\":\"\",\"A\":\"x\"}," ONE "}", 4},
};

START_TEST(opens_sound_headers)
{
    lebm__st_reader reader;
    write_raw(sound[_i].header, strlen(sound[_i].header), sound[_i].data_size);
    LEBM_ASSERT_OK(open_raw(&reader));
    lebm__st_close(&reader);
}
END_TEST

static const struct {
    const char *header;
    size_t data_size;
    const char *error;
} unsound[] = {
    {"", 0, "0 bytes"},
    {"{", 0, "1 bytes"},
    {"[]", 0, "begin"},
    {" {}", 0, "begin"},
    {"\xef\xbb\xbf{}", 0, "begin"},
    {"{}x", 0, "goes on"},
    {"{}{}", 0, "goes on"},
    {"{}\n", 0, "goes on"},
    {"{{}", 0, "JSON"},
    {"{\"a\":", 0, "JSON"},
    {"{\"a\":1,", 0, "JSON"},
    {"{\"a\":\"", 0, "JSON"},
    {"{\"a\":\"\\", 0, "JSON"},
    {"{\"a\":\"\\u12", 0, "JSON"},
    {"{\"a\":nan}", 0, "JSON"},
    {"{" ONE ",}", 4, "JSON"},
    {"{\"\xff\":1}", 0, "UTF-8"},
    {"{\"\xc0\x80\":1}", 0, "UTF-8"},         /* NUL in two bytes */
    {"{\"\xe0\x80\x80\":1}", 0, "UTF-8"},     /* NUL in three */
    {"{\"\xf0\x80\x80\x80\":1}", 0, "UTF-8"}, /* NUL in four */
    {"{\"\xed\xa0\x80\":1}", 0, "UTF-8"},     /* surrogate */
    {"{\"\xf4\x90\x80\x80\":1}", 0, "UTF-8"}, /* beyond the last character */
    {"{\"\xe2\x82", 0, "UTF-8"},              /* cut */
    {"{" TENSOR("a\\u0000b", "F32", "[1]", "[0,4]") "}", 4, "NUL"},
    {"{" TENSOR("\\\\\\u0000", "F32", "[1]", "[0,4]") "}", 4, "NUL"},
    {"{" ONE "," ONE "}", 4, "twice"},
    {"{" ONE "," TENSOR("\\u0061", "F32", "[1]", "[4,8]") "}", 8, "twice"},
    {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "twice"},
    {"{\"__metadata__\":{\"k\":\"\",\"k\":\"\"}}", 0, "twice"},
    {"{\"__metadata__\":[]}", 0, "__metadata__"},
    {"{\"__metadata__\":null}", 0, "__metadata__"},
    {"{\"__metadata__\":{\"k\":1}}", 0, "'k'"},
    {"{\"__metadata__\":{\"k\":{}}}", 0, "'k'"},
    {"{\"a\":1}", 0, "'a'"},
    {"{\"a\":[1,2,3]}", 0, "'a'"},
    {"{\"a\":null}", 0, "'a'"},
    {"{\"a\":{}}", 0, "'a'"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "'a'"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":0}}", 4, "'a'"},
    {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1]}}", 4, "'a'"},
    {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"I8\",\"data_offsets\":[0,4]}}", 4, "'a'"},
    {"{\"a\":{\"dtype\":32,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "'a'"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":1,\"data_offsets\":[0,4]}}", 4, "shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":{},\"data_offsets\":[0,4]}}", 4, "shape"},
    {"{" TENSOR("a", "F32", "[\"1\"]", "[0,4]") "}", 4, "shape"},
    {"{" TENSOR("a", "F32", "[[1]]", "[0,4]") "}", 4, "shape"},
    {"{" TENSOR("a", "F32", "[-1]", "[0,4]") "}", 4, "shape"},
    {"{" TENSOR("a", "F32", "[-1,-1]", "[0,4]") "}", 4, "shape"},
    {"{" TENSOR("a", "F32", "[0.5,2]", "[0,4]") "}", 4, "shape"},
    {"{" TENSOR("a", "F32", "[1e300]", "[0,4]") "}", 4, "shape"},
    {"{" TENSOR("a", "F32", "[1e999]", "[0,4]") "}", 4, "shape"},
    {"{" TENSOR("a", "F32", "[9007199254740993]", "[0,4]") "}", 4, "shape"},
    {"{" TENSOR("a", "F32", "[4294967296,4294967296]", "[0,0]") "}", 0, "shape"},
    {"{" TENSOR("a", "F32", "[65536,65536,65536,65536]", "[0,0]") "}", 0, "shape"},
    {"{" TENSOR("a", "F32", "[1073741824,1073741824]", "[0,0]") "}", 0, "32 bits"},
    {"{" TENSOR("a", "F32", "[1]", "[0]") "}", 4, "inside"},
    {"{" TENSOR("a", "F32", "[1]", "[0,4,4]") "}", 4, "inside"},
    {"{" TENSOR("a", "F32", "[1]", "[0,\"4\"]") "}", 4, "inside"},
    {"{" TENSOR("a", "F32", "[1]", "[-4,0]") "}", 4, "inside"},
    {"{" TENSOR("a", "F32", "[1]", "[0,4.5]") "}", 8, "inside"},
    {"{" TENSOR("a", "F32", "[1]", "[4,0]") "}", 4, "inside"},
    {"{" TENSOR("a", "F32", "[1]", "[0,4]") "}", 3, "inside"},
    {"{" TENSOR("a", "F32", "[1]", "[9007199254740988,9007199254740991]") "}", 4, "inside"},
    {"{" TENSOR("a", "F32", "[2]", "[0,4]") "}", 4, "4 bytes for 2 numbers"},
    {"{" TENSOR("a", "F16", "[1]", "[0,4]") "}", 4, "16 bits"},
    {"{" TENSOR("a", "F4", "[3]", "[0,1]") "}", 1, "4 bits"},
    {"{" TENSOR("a", "F4", "[3]", "[0,2]") "}", 2, "4 bits"},
    {"{" TENSOR("a", "F33", "[1]", "[0,4]") "}", 4, "'F33'"},
    {"{" TENSOR("a", "f32", "[1]", "[0,4]") "}", 4, "'f32'"},
    {"{" TENSOR("a", "", "[1]", "[0,4]") "}", 4, "unknown type"},
    {"{" TENSOR("a", "F32", "[1]", "[4,8]") "}", 8, "comes next"},
    {"{" ONE "," TENSOR("b", "F32", "[1]", "[8,12]") "}", 12, "comes next"},
    {"{" ONE "," TENSOR("b", "F32", "[1]", "[0,4]") "}", 4, "comes next"},
    {"{" TENSOR("a", "F32", "[2]", "[0,8]") "," TENSOR("b", "F32", "[2]", "[4,12]") "}", 12, "comes next"},
    {"{" TENSOR("a", "F32", "[2]", "[0,8]") "," TENSOR("b", "F32", "[0]", "[4,4]") "}", 8, "comes next"},
    {"{" ONE "}", 5, "end at byte 4 of 5"},
    {"{}", 1, "end at byte 0 of 1"},
};

START_TEST(refuses_unsound_headers)
{
    lebm__st_reader reader;
    const int before = open_descriptors();
    write_raw(unsound[_i].header, strlen(unsound[_i].header), unsound[_i].data_size);
    LEBM_ASSERT_STATUS(open_raw(&reader), LEBM_ERR_FORMAT);
    LEBM_ASSERT_ERROR_NAMES(unsound[_i].error);
    ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

START_TEST(refuses_nul_in_the_header)
{
    static const char header[] = "{\"a\":\"\0\"}";
    lebm__st_reader reader;
    write_raw(header, sizeof header - 1, 0);
    LEBM_ASSERT_STATUS(open_raw(&reader), LEBM_ERR_FORMAT);
    LEBM_ASSERT_ERROR_NAMES("NUL");
}
END_TEST

/* Without a call for each level: a thread may have 128 kB of stack, which 998 of cJSON's overflow. */
START_TEST(refuses_deep_nesting)
{
    static const int depths[] = {9, 998, 1000000};
    char *header = test_alloc(1000004, 1);
    lebm__st_reader reader;
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        memset(header, '[', (size_t)depths[i] + 4);
        memcpy(header, "{\"a\":", 5);
        write_raw(header, (size_t)depths[i] + 4, 0);
        LEBM_ASSERT_STATUS(open_raw(&reader), LEBM_ERR_FORMAT);
        LEBM_ASSERT_ERROR_NAMES("nested too deep");
    }
    free(header);
}
END_TEST

/* Checking must not take the square of the number of tensors in time. */
START_TEST(opens_many_tensors_quickly)
{
    enum { MANY = 100000, EACH = 64 };
    char *header = test_alloc(MANY * EACH, 1), *end = header;
    lebm__st_reader reader;
    for (int i = 0; i < MANY; i++) {
        end += snprintf(end, EACH, "%c\"%d\":{\"dtype\":\"I8\",\"shape\":[0],\"data_offsets\":[0,0]}",
                        i == 0 ? '{' : ',', i);
    }
    *end++ = '}';
    write_raw(header, (size_t)(end - header), 0);
    LEBM_ASSERT_OK(open_raw(&reader));
    ck_assert_int_eq(reader.count, MANY);
    lebm__st_close(&reader);
    free(header);
}
END_TEST

/* A length that the file does not have, or that no header has, must not be believed. */
START_TEST(refuses_impossible_lengths)
{
    static const uint64_t lengths[] = {0,
                                       1,
                                       9,
                                       100,
                                       (16 << 20) + 1,
                                       (uint64_t)1 << 32,
                                       (uint64_t)1 << 62,
                                       (uint64_t)INT64_MAX,
                                       (uint64_t)1 << 63,
                                       UINT64_MAX - 7,
                                       UINT64_MAX};
    unsigned char bytes[] = "12345678{}      ";
    lebm__st_reader reader;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        put_length(bytes, lengths[i]);
        write_bytes(path, bytes, sizeof bytes - 1);
        LEBM_ASSERT_STATUS(open_raw(&reader), LEBM_ERR_FORMAT);
    }
}
END_TEST

/* A file may be as long as it likes; its header may not. */
START_TEST(refuses_a_huge_header)
{
    const uint64_t length = (16 << 20) + 8;
    unsigned char bytes[8];
    lebm__st_reader reader;
    put_length(bytes, length);
    write_bytes(path, bytes, sizeof bytes);
    ck_assert_int_eq(truncate(path, (off_t)(2 * length)), 0);
    LEBM_ASSERT_STATUS(open_raw(&reader), LEBM_ERR_FORMAT);
    LEBM_ASSERT_ERROR_NAMES("allowed are");
}
END_TEST

START_TEST(refuses_every_truncation)
{
    size_t size;
    lebm__st_reader reader;
    LEBM_ASSERT_OK(write_small(path, "x"));
    unsigned char *bytes = read_bytes(path, &size);
    for (size_t length = 0; length < size; length++) {
        write_bytes(path, bytes, length);
        LEBM_ASSERT_STATUS(open_raw(&reader), LEBM_ERR_FORMAT);
    }
    write_bytes(path, bytes, size + 1); /* with the NUL */
    LEBM_ASSERT_STATUS(open_raw(&reader), LEBM_ERR_FORMAT);
    free(bytes);
}
END_TEST

/* Every bit of the file in turn: a changed file is another sound file or an error, and what it says can be read. */
START_TEST(survives_every_flipped_bit)
{
    size_t size;
    int refused = 0;
    LEBM_ASSERT_OK(write_small(path, "x"));
    unsigned char *bytes = read_bytes(path, &size);
    const size_t header_end = 8 + bytes[0] + 256u * bytes[1];
    for (size_t bit = 0; bit < 8 * size; bit++) {
        float values[6];
        lebm__st_reader reader;
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        write_bytes(path, bytes, size);
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        const int status = open_raw(&reader);
        if (bit >= 8 * header_end) LEBM_ASSERT_OK(status);
        if (status == LEBM_OK) {
            const int read = lebm__st_read(&reader, "z.weight", 2, matrix_shape, values);
            ck_assert(read == LEBM_OK || read == LEBM_ERR_FORMAT || read == LEBM_ERR_UNSUPPORTED);
            lebm__st_close(&reader);
        } else {
            ck_assert_int_eq(status, LEBM_ERR_FORMAT);
            refused++;
        }
    }
    ck_assert_int_gt(refused, (int)(2 * header_end)); /* most of the header is not free */
    free(bytes);
}
END_TEST

#define ONES ",1,1,1,1,1,1,1,1,1,1"

START_TEST(reads_only_what_is_asked_for)
{
    static const char header[] = "{" TENSOR("h", "F16", "[2]", "[0,4]") "," TENSOR(
        "f", "F32", "[2,1]", "[4,12]") "," TENSOR("long", "F32", "[2" ONES ONES ONES ONES "]", "[12,20]") "}";
    static const int64_t right[] = {2, 1}, wrong[] = {1, 2}, flat[] = {2}, more[] = {2, 1, 1};
    float values[2] = {-1, -1};
    lebm__st_reader reader;
    write_raw(header, sizeof header - 1, 20);
    LEBM_ASSERT_OK(open_raw(&reader));
    LEBM_ASSERT_STATUS(lebm__st_read(&reader, "g", 2, right, values), LEBM_ERR_FORMAT);
    LEBM_ASSERT_ERROR_NAMES("'g' is missing");
    LEBM_ASSERT_STATUS(lebm__st_read(&reader, "h", 1, flat, values), LEBM_ERR_UNSUPPORTED);
    LEBM_ASSERT_ERROR_NAMES("F16");
    LEBM_ASSERT_STATUS(lebm__st_read(&reader, "f", 2, wrong, values), LEBM_ERR_FORMAT);
    LEBM_ASSERT_STATUS(lebm__st_read(&reader, "f", 1, flat, values), LEBM_ERR_FORMAT);
    LEBM_ASSERT_STATUS(lebm__st_read(&reader, "f", 3, more, values), LEBM_ERR_FORMAT);
    LEBM_ASSERT_ERROR_NAMES("'f' is of shape [2,1]; needed is [2,1,1]");
    LEBM_ASSERT_STATUS(lebm__st_read(&reader, "f", 0, NULL, values), LEBM_ERR_FORMAT);
    LEBM_ASSERT_ERROR_NAMES("'f' is of shape [2,1]; needed is []");
    LEBM_ASSERT_STATUS(lebm__st_read(&reader, "long", 1, flat, values), LEBM_ERR_FORMAT);
    LEBM_ASSERT_ERROR_NAMES("needed is [2]");
    ck_assert_float_eq(values[0], -1);
    LEBM_ASSERT_OK(lebm__st_read(&reader, "f", 2, right, values));
    ck_assert_float_eq(values[0], 0);
    lebm__st_close(&reader);
}
END_TEST

START_TEST(notices_a_file_that_shrinks)
{
    float values[6];
    lebm__st_reader reader;
    LEBM_ASSERT_OK(write_small(path, "x"));
    LEBM_ASSERT_OK(open_raw(&reader));
    ck_assert_int_eq(truncate(path, (off_t)reader.data_begin + 3), 0);
    LEBM_ASSERT_STATUS(lebm__st_read(&reader, "z.weight", 2, matrix_shape, values), LEBM_ERR_IO);
    LEBM_ASSERT_ERROR_NAMES("shorter");
    lebm__st_close(&reader);
}
END_TEST

START_TEST(opens_regular_files_only)
{
    lebm__st_reader reader;
    LEBM_ASSERT_STATUS(lebm__st_open(&reader, path), LEBM_ERR_IO);
    LEBM_ASSERT_ERROR_NAMES(path);
    LEBM_ASSERT_ERROR_NAMES(strerror(ENOENT));
    LEBM_ASSERT_STATUS(lebm__st_open(&reader, folder), LEBM_ERR_IO);
    LEBM_ASSERT_STATUS(lebm__st_open(&reader, "/dev/zero"), LEBM_ERR_IO);
    LEBM_ASSERT_STATUS(lebm__st_open(&reader, ""), LEBM_ERR_IO);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    LEBM_ASSERT_STATUS(lebm__st_open(&reader, path), LEBM_ERR_IO); /* and does not wait for a writer */
    LEBM_ASSERT_ERROR_NAMES("regular");
}
END_TEST

/* ---- Replacing ---- */

START_TEST(keeps_the_mode_of_a_file)
{
    struct stat info;
    const mode_t mask = umask(022);
    LEBM_ASSERT_OK(write_small(path, "old"));
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(info.st_mode & 07777, 0644);
    ck_assert_int_eq(chmod(path, 0666), 0);
    LEBM_ASSERT_OK(write_small(path, "new"));
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(info.st_mode & 07777, 0666);
    ck_assert_int_eq(chmod(path, 0600), 0);
    LEBM_ASSERT_OK(write_small(path, "newer"));
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(info.st_mode & 07777, 0600);
    ck_assert(is_small(path, "newer"));
    ck_assert_int_eq(count_files(), 1);
    umask(mask);
}
END_TEST

START_TEST(writes_through_a_link)
{
    struct stat info;
    char link_path[128];
    snprintf(link_path, sizeof link_path, "%s/link", folder);
    LEBM_ASSERT_OK(write_small(path, "old"));
    ck_assert_int_eq(symlink("a.safetensors", link_path), 0);
    LEBM_ASSERT_OK(write_small(link_path, "new"));
    ck_assert_int_eq(lstat(link_path, &info), 0);
    ck_assert(S_ISLNK(info.st_mode));
    ck_assert_int_eq(lstat(path, &info), 0);
    ck_assert(S_ISREG(info.st_mode));
    ck_assert(is_small(path, "new"));
    ck_assert_int_eq(count_files(), 2);
    ck_assert_int_eq(unlink(path), 0);
    LEBM_ASSERT_OK(write_small(link_path, "again")); /* it now led to nothing */
    ck_assert(is_small(path, "again"));
    ck_assert_int_eq(count_files(), 2);
    ck_assert_int_eq(unlink(link_path), 0);
}
END_TEST

START_TEST(writes_relative_paths)
{
    char *home = getcwd(NULL, 0);
    ck_assert_ptr_nonnull(home);
    ck_assert_int_eq(chdir(folder), 0);
    LEBM_ASSERT_OK(write_small("a.safetensors", "x"));
    LEBM_ASSERT_OK(write_small("./b.safetensors", "y"));
    ck_assert_int_eq(chdir(home), 0);
    ck_assert(is_small(path, "x"));
    ck_assert(is_small(other_path, "y"));
    free(home);
}
END_TEST

START_TEST(refuses_paths_it_cannot_replace)
{
    static const char *const impossible[] = {"/dev/null", "/nonexistent/a", "/tmp", "/tmp/", "/", "", ".", ".."};
    const int before = open_descriptors();
    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++) {
        LEBM_ASSERT_STATUS(write_small(impossible[i], "x"), LEBM_ERR_IO);
        LEBM_ASSERT_ERROR_NAMES(impossible[i]);
    }
    LEBM_ASSERT_STATUS(write_small("/nonexistent/a", "x"), LEBM_ERR_IO);
    LEBM_ASSERT_ERROR_NAMES(strerror(ENOENT));
    ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

/* The remains of a process that was killed, and whose number came round again, are stepped over and left alone. */
START_TEST(shares_the_folder_with_other_files)
{
    char left[192];
    for (int i = 0; i < 50; i++) {
        snprintf(left, sizeof left, "%s.tmp-%ld-%d", path, (long)getpid(), i);
        write_bytes(left, "left", 4);
    }
    LEBM_ASSERT_OK(write_small(path, "x"));
    ck_assert(is_small(path, "x"));
    ck_assert_int_eq(count_files(), 51);
}
END_TEST

START_TEST(takes_names_as_long_as_the_system_does)
{
    char name[400];
    const int most = (int)pathconf(folder, _PC_NAME_MAX); /* 255, but 143 where names are encrypted */
    ck_assert_int_ge(most, 100);
    ck_assert_int_le(most, 255);
    for (int length = most - 65; length <= most + 5; length++) {
        snprintf(name, sizeof name, "%s/%0*d", folder, length, 0);
        LEBM_ASSERT_STATUS(write_small(name, "x"), length <= most ? LEBM_OK : LEBM_ERR_IO);
        if (length > most) LEBM_ASSERT_ERROR_NAMES(strerror(ENAMETOOLONG));
        if (length <= most) ck_assert(is_small(name, "x"));
        unlink(name);
        ck_assert_int_eq(count_files(), 0);
    }
}
END_TEST

/* Nothing is forbidden to root. 0 where it may not become another either, as in some containers. */
static int become_somebody(void)
{
    return geteuid() != 0 || seteuid(65534) == 0;
}

static void become_oneself(void)
{
    ck_assert_int_eq(seteuid(getuid()), 0);
}

/* A file of another group than its writer's stays of that group; else nobody may do more than before. */
START_TEST(shows_a_file_to_nobody_else) /* _i: which modes */
{
    enum { GROUP = 4711, SOMEBODY = 65534 };
    static const mode_t modes[][2] = {{0640, 0600}, {0604, 0600}, {0644, 0644}, {0664, 0644}, {0600, 0600}};
    struct stat info;
    LEBM_ASSERT_OK(write_small(path, "old"));
    if (geteuid() != 0 || chown(path, SOMEBODY, GROUP) != 0) return; /* only root can make such a file */
    ck_assert_int_eq(chmod(folder, 0777), 0);
    ck_assert_int_eq(chmod(path, modes[_i][0]), 0);
    LEBM_ASSERT_OK(write_small(path, "new"));
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(info.st_gid, GROUP);
    ck_assert_int_eq(info.st_mode & 07777, modes[_i][0]);

    ck_assert_int_eq(chown(path, SOMEBODY, GROUP), 0);
    ck_assert(become_somebody()); /* who owns it, and is not of its group */
    const int status = write_small(path, "newer");
    become_oneself();
    LEBM_ASSERT_OK(status);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_ne(info.st_gid, GROUP);
    ck_assert_int_eq(info.st_mode & 07777, modes[_i][1]);
    ck_assert(is_small(path, "newer"));
}
END_TEST

/* What a host without standard streams writes to them must not get into a file. */
START_TEST(keeps_off_the_standard_streams)
{
    lebm__replacement replacement;
    lebm__st_reader reader;
    write_raw("{}", 2, 0);
    const int kept = dup(STDOUT_FILENO);
    close(STDOUT_FILENO);
    const int begun = lebm__replace_begin(&replacement, path);
    const int file = replacement.file, directory = replacement.folder;
    const int ended = lebm__replace_end(&replacement, LEBM_STOPPED);
    const int opened = open_raw(&reader), read_from = reader.file;
    lebm__st_close(&reader);
    const int is_closed = fcntl(STDOUT_FILENO, F_GETFD) == -1;
    dup2(kept, STDOUT_FILENO);
    close(kept);
    ck_assert(begun == LEBM_OK && ended == LEBM_STOPPED && opened == LEBM_OK && is_closed);
    ck_assert(file > STDERR_FILENO && directory > STDERR_FILENO && read_from > STDERR_FILENO);
}
END_TEST

START_TEST(leaves_what_is_read_only)
{
    if (!become_somebody()) return;
    become_oneself();
    LEBM_ASSERT_OK(write_small(path, "old"));
    ck_assert_int_eq(chmod(folder, 0555), 0);
    ck_assert(become_somebody());
    const int in_folder = write_small(path, "new");
    become_oneself();
    LEBM_ASSERT_STATUS(in_folder, LEBM_ERR_IO);
    LEBM_ASSERT_ERROR_NAMES(strerror(EACCES));
    ck_assert_int_eq(chmod(folder, 0777), 0);
    ck_assert_int_eq(chmod(path, 0444), 0);
    ck_assert(become_somebody());
    const int on_file = write_small(path, "new");
    become_oneself();
    LEBM_ASSERT_STATUS(on_file, LEBM_ERR_IO);
    LEBM_ASSERT_ERROR_NAMES(strerror(EACCES));
    ck_assert(is_small(path, "old"));
    ck_assert_int_eq(count_files(), 1);
}
END_TEST

/* A folder that may be written and not read. */
START_TEST(writes_into_a_folder_that_it_cannot_read)
{
    ck_assert_int_eq(chmod(folder, 0333), 0);
    const int somebody = become_somebody();
    const int first = write_small(path, "old"), second = write_small(path, "new");
    if (somebody) become_oneself();
    ck_assert_int_eq(chmod(folder, 0777), 0);
    LEBM_ASSERT_OK(first);
    LEBM_ASSERT_OK(second);
    ck_assert(is_small(path, "new"));
    ck_assert_int_eq(count_files(), 1);
}
END_TEST

/* A disk that is full after any number of bytes leaves the old file, and nothing beside it. */
START_TEST(leaves_the_old_file_when_the_disk_is_full)
{
    struct rlimit limit;
    size_t size;
    LEBM_ASSERT_OK(write_small(path, "old"));
    free(read_bytes(path, &size));
    const int before = open_descriptors();
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    const rlim_t most = limit.rlim_cur;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    for (size_t room = 0; room < size; room++) {
        limit.rlim_cur = room;
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        const int status = write_small(path, "new");
        limit.rlim_cur = most;
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        LEBM_ASSERT_STATUS(status, LEBM_ERR_IO);
        LEBM_ASSERT_ERROR_NAMES(strerror(EFBIG));
        ck_assert(is_small(path, "old"));
        ck_assert_int_eq(count_files(), 1);
    }
    signal(SIGXFSZ, handler);
    ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

/* Whenever a process that saves is killed, there is a whole file. */
START_TEST(leaves_a_whole_file_when_killed)
{
    LEBM_ASSERT_OK(write_small(path, "saved"));
    for (int round = 0; round < 20; round++) {
        const pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            for (;;) write_small(path, "saved");
        }
        usleep(1000 + 500 * (useconds_t)round);
        ck_assert_int_eq(kill(child, SIGKILL), 0);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
        ck_assert(is_small(path, "saved"));
    }
}
END_TEST

static void *save_often(void *text)
{
    for (int i = 0; i < 25; i++) {
        if (write_small(path, text) != LEBM_OK) return text;
    }
    return NULL;
}

/* Threads that save to one path at once: the last one wins, and its file is whole. */
START_TEST(serves_several_threads)
{
    static char texts[4][8] = {"one", "two", "three", "four"};
    pthread_t threads[4];
    int winners = 0;
    for (int i = 0; i < 4; i++) ck_assert_int_eq(pthread_create(&threads[i], NULL, save_often, texts[i]), 0);
    for (int i = 0; i < 4; i++) {
        void *failed;
        ck_assert_int_eq(pthread_join(threads[i], &failed), 0);
        ck_assert_ptr_null(failed);
    }
    for (int i = 0; i < 4; i++) winners += is_small(path, texts[i]);
    ck_assert_int_eq(winners, 1);
    ck_assert_int_eq(count_files(), 1);
}
END_TEST

/* ---- Memory ---- */

static int save(void)
{
    return write_small(path, "new");
}

static int open_and_close(void)
{
    lebm__st_reader reader;
    const int status = lebm__st_open(&reader, path);
    if (status == LEBM_OK) lebm__st_close(&reader);
    return status;
}

static void assert_old(void)
{
    ck_assert(is_small(path, "old"));
}

START_TEST(survives_each_failing_allocation)
{
    static void (*const let[])(int64_t) = {lebm__alloc_fail_after, json_fail_after};
    static const int64_t least[] = {3, 20};
    cJSON_Hooks hooks = {json_malloc, free};
    const int descriptors = open_descriptors();
    cJSON_InitHooks(&hooks);
    for (int i = 0; i < 2; i++) {
        LEBM_ASSERT_OK(write_small(path, "old"));
        fail_each(let[i], open_and_close, assert_old, least[i]);
        fail_each(let[i], save, assert_old, least[i]);
        ck_assert_int_eq(count_files(), 1);
        ck_assert_int_eq(open_descriptors(), descriptors);
    }
    cJSON_InitHooks(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("safetensors");
    TCase *writing = tcase_create("writing");
    tcase_add_checked_fixture(writing, make_folder, remove_folder);
    tcase_add_test(writing, has_these_bytes_exactly);
    tcase_add_test(writing, is_the_same_each_time);
    tcase_add_test(writing, returns_what_was_written);
    tcase_add_test(writing, refuses_texts_that_are_not_utf8);
    tcase_add_test(writing, refuses_a_header_that_nobody_reads);
    suite_add_tcase(suite, writing);

    TCase *reading = tcase_create("reading");
    tcase_add_checked_fixture(reading, make_folder, remove_folder);
    tcase_add_loop_test(reading, opens_sound_headers, 0, sizeof sound / sizeof *sound);
    tcase_add_loop_test(reading, refuses_unsound_headers, 0, sizeof unsound / sizeof *unsound);
    tcase_add_test(reading, refuses_nul_in_the_header);
    tcase_add_test(reading, refuses_deep_nesting);
    tcase_add_test(reading, opens_many_tensors_quickly);
    tcase_add_test(reading, refuses_impossible_lengths);
    tcase_add_test(reading, refuses_a_huge_header);
    tcase_add_test(reading, refuses_every_truncation);
    tcase_add_test(reading, survives_every_flipped_bit);
    tcase_add_test(reading, reads_only_what_is_asked_for);
    tcase_add_test(reading, notices_a_file_that_shrinks);
    tcase_add_test(reading, opens_regular_files_only);
    suite_add_tcase(suite, reading);

    TCase *replacing = tcase_create("replacing");
    tcase_add_checked_fixture(replacing, make_folder, remove_full_folder);
    tcase_set_timeout(replacing, 30);
    tcase_add_test(replacing, keeps_the_mode_of_a_file);
    tcase_add_loop_test(replacing, shows_a_file_to_nobody_else, 0, 5);
    tcase_add_test(replacing, writes_through_a_link);
    tcase_add_test(replacing, writes_relative_paths);
    tcase_add_test(replacing, refuses_paths_it_cannot_replace);
    tcase_add_test(replacing, shares_the_folder_with_other_files);
    tcase_add_test(replacing, takes_names_as_long_as_the_system_does);
    tcase_add_test(replacing, keeps_off_the_standard_streams);
    tcase_add_test(replacing, leaves_what_is_read_only);
    tcase_add_test(replacing, writes_into_a_folder_that_it_cannot_read);
    tcase_add_test(replacing, leaves_the_old_file_when_the_disk_is_full);
    tcase_add_test(replacing, leaves_a_whole_file_when_killed);
    tcase_add_test(replacing, serves_several_threads);
    suite_add_tcase(suite, replacing);

    TCase *memory = tcase_create("memory");
    tcase_add_checked_fixture(memory, make_folder, remove_folder);
    tcase_add_test(memory, survives_each_failing_allocation);
    suite_add_tcase(suite, memory);
    return test_run_suite(suite);
}
