/* Tables of rows, written and read back. */
#include "scores.h"

#include <math.h>

#include "scratch_files.h"

static const evidence of_prior = {.forward = 1, .reverse = 1.5};

static score row_of(double sigma, int64_t index)
{
    return (score){.sigma = sigma,
                   .index = index,
                   .label = 7,
                   .error = .125,
                   .error_noise_free = NAN,
                   .of_x = {3, .1, 4, .2, 12.5, .25, 1.01, {""}}};
}

/* Three rows, the second refused. */
static void write_table(const char *path)
{
    scores s;
    score rows[] = {row_of(.3, 0), row_of(.3, 1), row_of(1. / 3, 0)};
    strcpy(rows[1].of_x.refused.text, "say \"no\", or nothing");
    scores_open(&s, path, false, false);
    for (int i = 0; i < 3; i++) scores_add(&s, &rows[i], &of_prior);
    scores_close(&s);
}

START_TEST(rows_come_back)
{
    const char *path = scratch_path("table.csv");
    scores s;
    write_table(path);
    scores_open(&s, path, false, true);
    ck_assert_int_eq(s.count, 3);
    const score *row = scores_find(&s, .3, 0), *refused = scores_find(&s, .3, 1);
    ck_assert_ptr_nonnull(row);
    ck_assert_int_eq(row->label, 7);
    ck_assert_double_eq(row->error, .125);
    ck_assert(isnan(row->error_noise_free) && !evidence_is_refused(&row->of_x));
    const double values[] = {3, .1, 4, .2, 12.5, .25, 1.01};
    const double *read = &row->of_x.forward;
    for (int i = 0; i < 7; i++) ck_assert_double_eq(read[i], values[i]);
    ck_assert_str_eq(refused->of_x.refused.text, "say 'no', or nothing");
    ck_assert_ptr_nonnull(scores_find(&s, 1. / 3, 0)); /* of which the file has nine digits */
    ck_assert_ptr_null(scores_find(&s, .3001, 0));
    ck_assert_ptr_null(scores_find(&s, .3, 2));
    const score more = row_of(.3, 2);
    scores_add(&s, &more, &of_prior);
    ck_assert_ptr_nonnull(scores_find(&s, .3, 2));
    scores_close(&s);
    scores_open(&s, path, false, true);
    ck_assert_int_eq(s.count, 4);
    scores_close(&s);
    remove(path);
}
END_TEST

START_TEST(a_row_has_what_a_reader_wants)
{
    const char *path = scratch_path("table.csv");
    char text[2048] = "";
    write_table(path);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_gt(fread(text, 1, sizeof text - 1, file), 0);
    fclose(file);
    assert_contains(text, "\n0.3,0,7,,0.125,,2.25,0.111803399,1.5,3,3,0.1,4,0.2,12.5,0.25,1.01,\n");
    assert_contains(text, "\n0.3,1,7,,0.125,,,,,,3,0.1,4,0.2,12.5,0.25,1.01,\"say 'no', or nothing\"\n");
    remove(path);
}
END_TEST

/* A crash may have cut off the last line. */
START_TEST(half_a_row_is_none)
{
    const char *path = scratch_path("table.csv");
    scores s;
    write_table(path);
    FILE *file = fopen(path, "a");
    ck_assert_ptr_nonnull(file);
    fputs("0.3,2,7,,0.125", file);
    fclose(file);
    scores_open(&s, path, false, true);
    ck_assert_int_eq(s.count, 3);
    scores_close(&s);
    remove(path);
}
END_TEST

START_TEST(a_new_table_is_empty)
{
    const char *path = scratch_path("table.csv");
    scores s;
    write_table(path);
    scores_open(&s, path, true, false);
    ck_assert_int_eq(s.count, 0);
    scores_close(&s);
    remove(path);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {rows_come_back, a_row_has_what_a_reader_wants, half_a_row_is_none,
                                  a_new_table_is_empty};
    return RUN_SUITE("scores", tests);
}
