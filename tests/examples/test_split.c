#include "split.h"

#include <math.h>

#include "suite.h"

/* Which of the first 60 images are held out at a share of a tenth: what it was once it must remain. */
START_TEST(the_same_images_are_held_out_for_ever)
{
    static const int64_t expected[] = {5, 17, 20, 34, 48, 54};
    const int64_t count = sizeof expected / sizeof *expected;
    int64_t found = 0;
    for (int64_t i = 0; i < 60; i++) {
        if (!split_holds_out(i, .1)) continue;
        ck_assert_msg(found < count && i == expected[found], "image %ld is held out", (long)i);
        found++;
    }
    ck_assert_int_eq(found, count);
}
END_TEST

START_TEST(the_share_is_met_everywhere)
{
    static const double shares[] = {0, 1e-3, .05, .1, .15, 1. / 3, .5, .7, 1};
    for (size_t s = 0; s < sizeof shares / sizeof *shares; s++) {
        int64_t out = 0;
        for (int64_t i = 0; i < 5000; i++) {
            out += split_holds_out(i, shares[s]);
            ck_assert_msg(fabs((double)out - shares[s] * (double)(i + 1)) <= 1, "%ld of the first %ld at a share of %g",
                          (long)out, (long)i + 1, shares[s]);
        }
    }
}
END_TEST

/* Each place of ten is as good as another: chi squared of nine degrees of freedom. */
START_TEST(there_is_no_period)
{
    enum { BLOCKS = 2000 };
    int counts[10] = {0};
    for (int64_t i = 0; i < 10 * BLOCKS; i++) counts[i % 10] += split_holds_out(i, .1);
    double chi_squared = 0;
    for (int k = 0; k < 10; k++) chi_squared += pow(counts[k] - BLOCKS / 10., 2) / (BLOCKS / 10.);
    ck_assert_msg(chi_squared < 9 + 4 * sqrt(18), "chi squared is %g", chi_squared);
}
END_TEST

/* Images of one pixel, which counts up; labels, too. */
static dataset make(bool of_floats)
{
    dataset data = {.name = "images", .count = 50, .channels = 1, .height = 1, .width = 2};
    data.labels = malloc(50);
    data.pixels = of_floats ? NULL : malloc(100);
    data.numbers = of_floats ? malloc(100 * sizeof(float)) : NULL;
    for (int i = 0; i < 50; i++) {
        data.labels[i] = (uint8_t)i;
        for (int k = 0; k < 2; k++) {
            const int at = 2 * i + k;
            if (of_floats) data.numbers[at] = i % 3 == k ? NAN : (float)at / 100;
            if (!of_floats) data.pixels[at] = (uint8_t)at;
            data.missing += of_floats && i % 3 == k;
        }
    }
    return data;
}

/* A part must have the images of that side of the split, whole and in their order. */
static void expect_part(const dataset *part, bool held_out, bool of_floats)
{
    int64_t at = 0, missing = 0;
    for (int i = 0; i < 50; i++) {
        if (split_holds_out(i, .3) != held_out) continue;
        ck_assert_int_lt(at, part->count);
        ck_assert_int_eq(part->labels[at], i);
        if (!of_floats) ck_assert_int_eq(part->pixels[2 * at + 1], 2 * i + 1);
        if (of_floats) ck_assert(i % 3 == 1 || part->numbers[2 * at + 1] == (float)(2 * i + 1) / 100);
        missing += of_floats && i % 3 < 2;
        at++;
    }
    ck_assert_int_eq(at, part->count);
    ck_assert_int_eq(missing, part->missing);
}

START_TEST(a_data_set_is_parted)
{
    for (int of_floats = 0; of_floats < 2; of_floats++)
        for (int wanted = 1; wanted < 4; wanted++) {
            dataset all = make(of_floats), train, held_out;
            split_dataset(&all, .3, wanted & 1 ? &train : NULL, wanted & 2 ? &held_out : NULL);
            ck_assert_int_eq(all.count, 0);
            ck_assert_ptr_null(all.pixels);
            if (wanted & 1) expect_part(&train, false, of_floats);
            if (wanted & 2) expect_part(&held_out, true, of_floats);
            if (wanted & 1) dataset_free(&train);
            if (wanted & 2) dataset_free(&held_out);
        }
}
END_TEST

START_TEST(numbers_are_those_in_the_whole)
{
    dataset all = make(false), held_out;
    char number[DATASET_NUMBER], expected[DATASET_NUMBER];
    split_dataset(&all, .3, NULL, &held_out);
    for (int64_t i = 0; i < held_out.count; i++) { /* of which each has its own for a label */
        snprintf(expected, sizeof expected, "%d", held_out.labels[i]);
        ck_assert_str_eq(dataset_name(&held_out, i, number), expected);
    }
    dataset_free(&held_out);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {the_same_images_are_held_out_for_ever, the_share_is_met_everywhere,
                                  there_is_no_period, a_data_set_is_parted, numbers_are_those_in_the_whole};
    return RUN_SUITE("split", tests);
}
