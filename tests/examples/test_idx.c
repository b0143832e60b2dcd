#include "idx.h"

#include "scratch_files.h"
#include "suite.h"

static const uint8_t images[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 10, 20, 30, 40, 50, 60};
static const uint8_t labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 7, 9};
enum { HEADER = 16 };

/* Reads a whole small file. */
static size_t read_whole(const char *path, uint8_t *bytes, size_t room)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    const size_t size = fread(bytes, 1, room, file);
    fclose(file);
    return size;
}

static void expect_images(const char *path)
{
    dataset data;
    failure why;
    ck_assert_msg(idx_read_images(path, &data, &why) == 0, "%s", why.text);
    ck_assert_int_eq(data.count, 2);
    ck_assert_int_eq(data.channels, 1);
    ck_assert_int_eq(data.height, 1);
    ck_assert_int_eq(data.width, 3);
    ck_assert_mem_eq(data.pixels, images + HEADER, 6);
    ck_assert_ptr_null(data.labels);
    dataset_free(&data);
    remove(path);
}

/* Reading must fail, leave no data, and say so in one line with path and reason. */
static void expect_failure(const char *path, const char *reason)
{
    dataset data;
    failure why;
    ck_assert_msg(idx_read_images(path, &data, &why) == -1, "read, but should have failed: %s", reason);
    ck_assert_ptr_null(data.pixels);
    ck_assert_int_eq(data.count, 0);
    assert_contains(why.text, path);
    assert_contains(why.text, reason);
    ck_assert_ptr_null(strchr(why.text, '\n'));
    remove(path);
}

START_TEST(images_are_read_plain_and_compressed)
{
    expect_images(scratch_write("idx", images, sizeof images));
    expect_images(scratch_write_gzip("idx.gz", images, sizeof images));
}
END_TEST

START_TEST(labels_are_read_beside_their_images)
{
    dataset data;
    failure why;
    const char *path = scratch_write("idx", images, sizeof images);
    ck_assert_int_eq(idx_read_images(path, &data, &why), 0);
    remove(path);
    path = scratch_write_gzip("idx.gz", labels, sizeof labels);
    ck_assert_msg(idx_read_labels(path, &data, &why) == 0, "%s", why.text);
    ck_assert_int_eq(data.labels[0], 7);
    ck_assert_int_eq(data.labels[1], 9);
    remove(path);

    data.count = 3; /* now there is a label too few */
    path = scratch_write("idx", labels, sizeof labels);
    ck_assert_int_eq(idx_read_labels(path, &data, &why), -1);
    assert_contains(why.text, "2 labels");
    ck_assert_int_eq(data.labels[0], 7); /* as before */
    remove(path);
    data.count = 2;

    path = scratch_write("idx", images, sizeof images);
    ck_assert_int_eq(idx_read_labels(path, &data, &why), -1);
    assert_contains(why.text, "holds IDX images");
    remove(path);
    dataset_free(&data);
}
END_TEST

START_TEST(what_is_not_there_is_named)
{
    expect_failure(scratch_path("missing"), "No such file");
    expect_failure(scratch_write("idx", "", 0), "empty");
    dataset data;
    failure why;
    ck_assert_int_eq(idx_read_images("/", &data, &why), -1);
    assert_contains(why.text, "/");
}
END_TEST

START_TEST(other_files_are_told_apart)
{
    expect_failure(scratch_write("idx", labels, sizeof labels), "holds IDX labels");
    expect_failure(scratch_write_gzip("idx.gz", labels, sizeof labels), "holds IDX labels");
    expect_failure(scratch_write("idx", "\x89PNG and so on, for a while", 27), "no IDX file");
}
END_TEST

START_TEST(no_cut_goes_unnoticed)
{
    for (size_t size = 1; size < sizeof images; size++) expect_failure(scratch_write("idx", images, size), "truncated");

    uint8_t packed[256];
    const char *path = scratch_write_gzip("idx.gz", images, sizeof images);
    const size_t packed_size = read_whole(path, packed, sizeof packed);
    remove(path);
    for (size_t size = 1; size < packed_size; size++) expect_failure(scratch_write("idx", packed, size), "");
}
END_TEST

START_TEST(bytes_too_many_are_noticed)
{
    uint8_t longer[sizeof images + 1] = {0};
    memcpy(longer, images, sizeof images);
    expect_failure(scratch_write("idx", longer, sizeof longer), "more bytes");
    expect_failure(scratch_write_gzip("idx.gz", longer, sizeof longer), "more bytes");
}
END_TEST

START_TEST(damaged_compression_is_noticed)
{
    uint8_t packed[256];
    const char *path = scratch_write_gzip("idx.gz", images, sizeof images);
    const size_t size = read_whole(path, packed, sizeof packed);
    remove(path);
    packed[size - 8] ^= 1; /* the checksum */
    expect_failure(scratch_write("idx", packed, size), "damaged");
}
END_TEST

START_TEST(absurd_sizes_are_refused_before_memory_is_taken)
{
    static const uint32_t sizes[][3] = {
        {0, 1, 3},           {2, 0, 3},          {2, 1, 0},          {0xffffffff, 0xffffffff, 0xffffffff},
        {2, 4097, 1},        {2, 1, 4097},       {0x80000001, 1, 1}, {1 << 20, 4096, 4096},
        {0x10000, 256, 257}, {2, 0x80000000, 2},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint8_t bytes[sizeof images];
        memcpy(bytes, images, sizeof images);
        for (int k = 0; k < 12; k++) bytes[4 + k] = (uint8_t)(sizes[i][k / 4] >> (24 - 8 * (k % 4)));
        expect_failure(scratch_write("idx", bytes, sizeof bytes), "its header says");
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        images_are_read_plain_and_compressed,
        labels_are_read_beside_their_images,
        what_is_not_there_is_named,
        other_files_are_told_apart,
        no_cut_goes_unnoticed,
        bytes_too_many_are_noticed,
        damaged_compression_is_noticed,
        absurd_sizes_are_refused_before_memory_is_taken,
    };
    return RUN_SUITE("idx", tests);
}
