#include "metrics.h"

#include "suite.h"

/* Writes an old table, opens it up to step `keep`, and compares what is then in it below the header. */
static void expect_kept(const char *old_text, int64_t keep, const char *rows)
{
    char path[256], text[1024] = "", *line_end;
    metrics m;
    snprintf(path, sizeof path, "%s", scratch_path("metrics.csv"));
    if (old_text != NULL) {
        FILE *old = fopen(path, "w");
        fputs(old_text, old);
        fclose(old);
    }
    metrics_open(&m, path, false, keep);
    metrics_close(&m);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    remove(path);
    ck_assert_int_eq(strncmp(text, "step,epoch,reconstruction_mse,", 30), 0);
    line_end = strchr(text, '\n');
    ck_assert_ptr_nonnull(line_end);
    ck_assert_str_eq(line_end + 1, rows);
}

START_TEST(a_new_table_has_a_header)
{
    expect_kept(NULL, 0, "");
    expect_kept("", 0, "");
    expect_kept("rubbish without an end", 3, "");
}
END_TEST

START_TEST(rows_after_the_checkpoint_go)
{
    expect_kept("step,a\n1,x\n2,y\n3,z\n", 2, "1,x\n2,y\n");
    expect_kept("step,a\n1,x\n2,y\n3,z\n", 3, "1,x\n2,y\n3,z\n");
    expect_kept("step,a\n1,x\n2,y\n3,z\n", 0, "");
}
END_TEST

START_TEST(a_row_cut_off_goes)
{
    expect_kept("step,a\n1,x\n2,y", 2, "1,x\n");
}
END_TEST

START_TEST(a_table_of_text_has_columns_of_its_own)
{
    char path[256], text[1024] = "";
    metrics m;
    snprintf(path, sizeof path, "%s", scratch_path("metrics.csv"));
    FILE *old = fopen(path, "w"); /* whose header was another one */
    fputs("step,epoch,reconstruction_nll,images_per_second\n1,x\n", old);
    fclose(old);
    metrics_open(&m, path, true, 1);
    metrics_close(&m);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    remove(path);
    ck_assert_str_eq(text, "step,epoch,reconstruction_nll,perplexity,log_likelihood,f_positive,f_negative,f_gap,"
                           "prior_grad_norm,generator_grad_norm,sentences_per_second\n1,x\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_new_table_has_a_header, rows_after_the_checkpoint_go, a_row_cut_off_goes,
                                  a_table_of_text_has_columns_of_its_own};
    return RUN_SUITE("metrics", tests);
}
