#include "npy.h"

#include <math.h>

#include "npy_header.h"
#include "scratch_files.h"
#include "suite.h"

enum { ROOM = 4096 };

/* An .npy file of version 1 with this dictionary and these numbers, at a path. */
static const char *write_npy(const char *dictionary, const void *numbers, size_t size)
{
    uint8_t file[ROOM] = "\x93NUMPY\1";
    const size_t length = strlen(dictionary) + 1;
    ck_assert_uint_lt(10 + length + size, ROOM);
    file[8] = (uint8_t)(length & 0xff);
    file[9] = (uint8_t)(length >> 8);
    memcpy(file + 10, dictionary, length - 1);
    file[10 + length - 1] = '\n';
    if (size > 0) memcpy(file + 10 + length, numbers, size);
    return scratch_write("npy", file, 10 + length + size);
}

static void expect_failure_with(const char *path, const char *axes, const char *reason)
{
    dataset data;
    failure why;
    ck_assert_msg(npy_read_images(path, axes, &data, &why) == -1, "read, but should have failed: %s", reason);
    ck_assert_ptr_null(data.pixels);
    ck_assert_ptr_null(data.numbers);
    ck_assert_int_eq(data.count, 0);
    assert_contains(why.text, path);
    assert_contains(why.text, reason);
    ck_assert_ptr_null(strchr(why.text, '\n'));
    remove(path);
}

static void expect_failure(const char *path, const char *reason)
{
    expect_failure_with(path, NULL, reason);
}

static dataset read_as(const char *path, const char *axes)
{
    dataset data;
    failure why;
    ck_assert_msg(npy_read_images(path, axes, &data, &why) == 0, "%s", why.text);
    remove(path);
    return data;
}

static void expect_shape(const dataset *data, int64_t count, int64_t channels, int64_t height, int64_t width)
{
    ck_assert_int_eq(data->count, count);
    ck_assert_int_eq(data->channels, channels);
    ck_assert_int_eq(data->height, height);
    ck_assert_int_eq(data->width, width);
}

static const uint8_t bytes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23};

START_TEST(bytes_are_read_in_each_order_of_the_axes)
{
    dataset data =
        read_as(write_npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 4), }", bytes, 24), NULL);
    expect_shape(&data, 2, 1, 3, 4);
    ck_assert_mem_eq(data.pixels, bytes, 24);
    dataset_free(&data);

    data = read_as(write_npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 2, 2), }", bytes, 24), NULL);
    expect_shape(&data, 2, 3, 2, 2);
    ck_assert_mem_eq(data.pixels, bytes, 24);
    dataset_free(&data);

    data = read_as(write_npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2, 2, 3), }", bytes, 24), NULL);
    static const uint8_t planes[] = {0,  3,  6,  9,  1,  4,  7,  10, 2,  5,  8,  11,
                                     12, 15, 18, 21, 13, 16, 19, 22, 14, 17, 20, 23};
    expect_shape(&data, 2, 3, 2, 2);
    ck_assert_mem_eq(data.pixels, planes, 24);
    dataset_free(&data);

    data = read_as(write_npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 4), }", bytes, 24), NULL);
    static const uint8_t turned[] = {0, 6, 12, 18, 2, 8, 14, 20, 4, 10, 16, 22,
                                     1, 7, 13, 19, 3, 9, 15, 21, 5, 11, 17, 23};
    expect_shape(&data, 2, 1, 3, 4);
    ck_assert_mem_eq(data.pixels, turned, 24);
    dataset_free(&data);
}
END_TEST

START_TEST(axes_are_asked_for_where_the_shape_does_not_tell)
{
    static const char both[] = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 4, 1), }";
    expect_failure(write_npy(both, bytes, 24), "the shape (2, 3, 4, 1) does not tell its axes: give --axes");
    expect_failure_with(write_npy(both, bytes, 24), "NHW", "axes NHW of the shape (2, 3, 4, 1)");
    expect_failure_with(write_npy(both, bytes, 24), "CHWN", "axes CHWN of the shape");
    dataset data = read_as(write_npy(both, bytes, 24), "NCHW");
    expect_shape(&data, 2, 3, 4, 1);
    dataset_free(&data);
    data = read_as(write_npy(both, bytes, 24), "NHWC");
    expect_shape(&data, 2, 1, 3, 4);
    dataset_free(&data);
    expect_failure(write_npy("{'descr': '|u1', 'fortran_order': False, 'shape': (24,), }", bytes, 24), "(24,)");
    expect_failure(write_npy("{'descr': '|u1', 'fortran_order': False, 'shape': (), }", bytes, 1), "()");
}
END_TEST

START_TEST(floats_are_read_and_what_is_missing_is_counted)
{
    const float numbers[] = {-1, .25F, NAN, 1, NAN, 0};
    dataset data = read_as(
        write_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1, 3), }", numbers, sizeof numbers), NULL);
    expect_shape(&data, 2, 1, 1, 3);
    ck_assert_ptr_null(data.pixels);
    ck_assert_int_eq(data.missing, 2);
    ck_assert_int_eq(dataset_observed(&data, 0), 2);
    float x[3];
    dataset_row(&data, 0, (pixel_range){-1, 1}, x);
    ck_assert(x[0] == -1 && x[1] == .25F && isnan(x[2]));
    dataset_row(&data, 1, (pixel_range){0, 1}, x);
    ck_assert(x[0] == 1 && isnan(x[1]) && x[2] == .5F);
    const uint32_t sum = dataset_checksum(&data);
    data.numbers[5] = .125F;
    ck_assert_uint_ne(dataset_checksum(&data), sum);
    dataset_free(&data);

    uint8_t big[sizeof(double) * 3];
    const double doubles[] = {.1, -.5, 1};
    for (size_t i = 0; i < sizeof big; i++) big[i] = ((const uint8_t *)doubles)[i / 8 * 8 + 7 - i % 8];
    data = read_as(write_npy("{'shape': (1, 1, 3), 'fortran_order': False, 'descr': '>f8'}", big, sizeof big), NULL);
    ck_assert(data.numbers[0] == .1F && data.numbers[1] == -.5F && data.numbers[2] == 1);
    dataset_free(&data);
}
END_TEST

START_TEST(floats_that_are_no_pixels_are_refused)
{
    static const char dictionary[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 2), }";
    expect_failure(write_npy(dictionary, (const float[]){-2, 1}, 8), "floats from -2 to 1; allowed are -1 to 1");
    expect_failure(write_npy(dictionary, (const float[]){0, INFINITY}, 8), "floats from 0 to inf");
    expect_failure(write_npy(dictionary, (const float[]){NAN, -1.5F}, 8), "floats from -1.5 to -1.5");
    expect_failure(write_npy(dictionary, (const float[]){NAN, NAN}, 8), "all numbers are NaN");
    expect_failure(write_npy("{'descr': '<i4', 'fortran_order': False, 'shape': (1, 1, 2), }", bytes, 8),
                   "numbers of type <i4; allowed are uint8");
    expect_failure(write_npy("{'descr': '|O', 'fortran_order': False, 'shape': (1, 1, 2), }", bytes, 8), "type |O");
}
END_TEST

START_TEST(headers_of_all_kinds_are_read_or_refused)
{
    static const char *const good[] = {
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }",
        "{\"descr\":\"|u1\",\"fortran_order\":False,\"shape\":(2,3)}",
        "  { 'shape' : ( 2 , 3 , ) , 'descr' : '|u1' , 'fortran_order' : False } \n ",
    };
    static const char *const bad[] = {
        "",
        "{",
        "{}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3)",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3)} more",
        "{'descr': '|u1', 'fortran_order': False}",
        "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': '|u1', 'fortran_order': Maybe, 'shape': (2, 3)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, -3)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 99999999999999999999)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2 3)}",
        "{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), 'more': 1}",
        "{'descr': '|u1\\'', 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': 'a type of more than thirty characters', 'fortran_order': False, 'shape': (2, 3)}",
    };
    npy_header h;
    failure why;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ck_assert_msg(npy_header_parse(good[i], "file", &h, &why) == 0, "'%s': %s", good[i], why.text);
        ck_assert_int_eq(h.axes, 2);
        ck_assert_int_eq(h.shape[0], 2);
        ck_assert_int_eq(h.shape[1], 3);
        ck_assert(h.type == NPY_UINT8 && !h.fortran_order);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_msg(npy_header_parse(bad[i], "file", &h, &why) == -1, "'%s' was read", bad[i]);
        assert_contains(why.text, "file: its header is '");
    }
}
END_TEST

START_TEST(other_files_and_cuts_do_not_go_unnoticed)
{
    static const char dictionary[] = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 4), }";
    const size_t whole = 10 + sizeof dictionary + 24;
    uint8_t file[ROOM];
    FILE *in = fopen(write_npy(dictionary, bytes, 24), "rb");
    ck_assert_uint_eq(fread(file, 1, ROOM, in), whole);
    fclose(in);
    for (size_t size = 1; size < whole; size++) expect_failure(scratch_write("npy", file, size), "truncated");
    expect_failure(scratch_write("npy", file, whole + 1), "more bytes");
    dataset data = read_as(scratch_write_gzip("npy.gz", file, whole), NULL);
    ck_assert_mem_eq(data.pixels, bytes, 24);
    dataset_free(&data);
    expect_failure(scratch_write_gzip("npy.gz", file, whole - 1), "truncated");

    file[6] = 2; /* whose length has four bytes: the dictionary's first two are part of it */
    expect_failure(scratch_write("npy", file, whole), "a header of");
    file[6] = 4;
    expect_failure(scratch_write("npy", file, whole), ".npy of version 4");
    file[0] = 0;
    expect_failure(scratch_write("npy", file, whole), "no .npy file");
    expect_failure(scratch_path("missing"), "No such file");
}
END_TEST

START_TEST(absurd_sizes_are_refused_before_memory_is_taken)
{
    static const char *const shapes[] = {
        "(0, 3, 4)",           "(2, 0, 4)", "(2, 4097, 4)", "(2, 3, 4097)", "(1099511627776, 4096, 4096)",
        "(200000000000, 3, 4)"};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        char dictionary[128];
        snprintf(dictionary, sizeof dictionary, "{'descr': '<f8', 'fortran_order': True, 'shape': %s, }", shapes[i]);
        expect_failure(write_npy(dictionary, bytes, 24), "are allowed");
    }
    expect_failure(write_npy("{'descr': '|u1', 'fortran_order': True, 'shape': (100000000, 3, 4), }", bytes, 24),
                   "it is too small for the 1200000000 numbers of its header");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        bytes_are_read_in_each_order_of_the_axes,        axes_are_asked_for_where_the_shape_does_not_tell,
        floats_are_read_and_what_is_missing_is_counted,  floats_that_are_no_pixels_are_refused,
        headers_of_all_kinds_are_read_or_refused,        other_files_and_cuts_do_not_go_unnoticed,
        absurd_sizes_are_refused_before_memory_is_taken,
    };
    return RUN_SUITE("npy", tests);
}
