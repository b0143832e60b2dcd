#include "cifar.h"

#include "scratch_files.h"
#include "suite.h"

enum { PIXELS = 3 * 32 * 32, RECORD = 1 + PIXELS };

/* Records whose classes and pixels count up. */
static void fill(uint8_t *records, int count)
{
    for (int i = 0; i < count * RECORD; i++)
        records[i] = (uint8_t)(i % RECORD == 0 ? i / RECORD % 10 : (i / RECORD + i % RECORD) % 251);
}

static void expect_failure(const char *path, const char *reason)
{
    dataset data;
    failure why;
    char *paths[] = {strdup(path)};
    ck_assert_msg(cifar_read_images(paths, 1, &data, &why) == -1, "read, but should have failed: %s", reason);
    ck_assert_ptr_null(data.pixels);
    ck_assert_ptr_null(data.labels);
    ck_assert_int_eq(data.count, 0);
    assert_contains(why.text, path);
    assert_contains(why.text, reason);
    remove(path);
    free(paths[0]);
}

START_TEST(records_of_several_files_follow_each_other)
{
    static uint8_t records[5 * RECORD];
    dataset data;
    failure why;
    fill(records, 5);
    char *paths[] = {strdup(scratch_write("a.bin", records, 2 * RECORD)),
                     strdup(scratch_write_gzip("b.bin.gz", records + 2 * RECORD, 3 * RECORD))};
    ck_assert_msg(cifar_read_images(paths, 2, &data, &why) == 0, "%s", why.text);
    ck_assert_int_eq(data.count, 5);
    ck_assert_int_eq(data.channels, 3);
    ck_assert_int_eq(data.height, 32);
    ck_assert_int_eq(data.width, 32);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(data.labels[i], i);
        ck_assert_mem_eq(data.pixels + i * PIXELS, records + i * RECORD + 1, PIXELS);
    }
    dataset_free(&data);
    for (int i = 0; i < 2; i++) {
        remove(paths[i]);
        free(paths[i]);
    }
}
END_TEST

START_TEST(other_files_and_cuts_do_not_go_unnoticed)
{
    static uint8_t records[2 * RECORD];
    fill(records, 2);
    expect_failure(scratch_path("missing.bin"), "No such file");
    expect_failure(scratch_write("a.bin", "", 0), "empty file");
    expect_failure(scratch_write("a.bin", records, 2 * RECORD - 1), "truncated: ends 1 bytes too early");
    expect_failure(scratch_write("a.bin", records, RECORD + 1), "truncated");
    records[RECORD] = 10;
    expect_failure(scratch_write("a.bin", records, 2 * RECORD), "record 1 is of class 10; allowed are 0 to 9");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {records_of_several_files_follow_each_other, other_files_and_cuts_do_not_go_unnoticed};
    return RUN_SUITE("cifar", tests);
}
