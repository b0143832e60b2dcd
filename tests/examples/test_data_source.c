#include "data_source.h"

#include "suite.h"

enum { DATA, TRAIN, EVAL, ROWS };

/* The source that the command line says; NULL: not given. */
static data_source source_of(const char *folder, const char *train, const char *eval)
{
    const argument table[ROWS] = {
        [DATA] = {.kind = ARGUMENT_TEXT, .name = "data", .value.text = folder, .given = folder != NULL},
        [TRAIN] = {.kind = ARGUMENT_TEXT, .name = "train", .value.text = train, .given = train != NULL},
        [EVAL] = {.kind = ARGUMENT_TEXT, .name = "eval", .value.text = eval, .given = eval != NULL},
    };
    return data_source_from(&table[DATA], &table[TRAIN], &table[EVAL]);
}

START_TEST(what_is_given_is_kept)
{
    data_source source = source_of("folder", NULL, NULL);
    ck_assert_str_eq(source.folder, "folder");
    ck_assert_ptr_null(source.files[TRAIN_PART]);
    ck_assert(!data_source_is_empty(&source));

    source = source_of(NULL, "a", "b");
    ck_assert_ptr_null(source.folder);
    ck_assert_str_eq(source.files[TRAIN_PART], "a");
    ck_assert_str_eq(source.files[EVAL_PART], "b");
    ck_assert(!data_source_is_empty(&source));

    source = source_of(NULL, NULL, NULL);
    ck_assert(data_source_is_empty(&source));
}
END_TEST

START_TEST(files_of_text_may_be_one_or_two)
{
    const argument none = {.kind = ARGUMENT_TEXT, .name = "eval"};
    const argument a = {.kind = ARGUMENT_TEXT, .name = "data", .value.text = "a", .given = true};
    const argument b = {.kind = ARGUMENT_TEXT, .name = "eval", .value.text = "b", .given = true};
    data_source source = data_source_of_each(&a, &b);
    ck_assert_ptr_null(source.folder);
    ck_assert_str_eq(source.files[TRAIN_PART], "a");
    ck_assert_str_eq(source.files[EVAL_PART], "b");
    source = data_source_of_each(&a, &none);
    ck_assert_ptr_null(source.files[EVAL_PART]);
    ck_assert(!data_source_is_empty(&source));
    source = data_source_of_each(&none, &none);
    ck_assert(data_source_is_empty(&source));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {what_is_given_is_kept, files_of_text_may_be_one_or_two};
    return RUN_SUITE("data_source", tests);
}
