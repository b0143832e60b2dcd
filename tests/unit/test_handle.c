/* The head of handles: options in two tables, as a sampler has them, calls under way, and who holds it. */
#include "core/handle.h"
#include "lebm.h"
#include "support/approx.h"

typedef struct {
    int64_t steps;
    char start[LEBM__TEXT_SIZE];
} common;

typedef struct {
    double step_size;
    int64_t leaps;
} own;

static const lebm__option common_rows[] = {
    LEBM__OPTION_I64("steps", offsetof(common, steps), 40, 1, 100, "40", "steps of each chain"),
    LEBM__OPTION_STR("start", offsetof(common, start), "noise", "noise|given", "noise", "where chains start"),
};
static const lebm__option own_rows[] = {
    LEBM__OPTION_F64("step_size", offsetof(own, step_size), 0.5, 0.0, 1.0, "0.5", "of a leap"),
    LEBM__OPTION_I64("leaps", offsetof(own, leaps), 3, 1, 9, NULL, "leaps of a step"),
};
static const lebm__options common_table = {common_rows, 2, sizeof(common)}, own_table = {own_rows, 2, sizeof(own)};

struct thing {
    lebm__handle head;
    common options;
    own of_kernel;
};

static void make(struct thing *t)
{
    memset(t, 0, sizeof *t);
    lebm__handle_init(&t->head, "thing");
    lebm__handle_add_options(&t->head, &common_table, &t->options);
    lebm__handle_add_options(&t->head, &own_table, &t->of_kernel);
}

START_TEST(options_of_both_tables_are_listed_in_order)
{
    static const char *const keys[] = {"steps", "start", "step_size", "leaps"}, *const types[] = {"i64", "str", "f64"};
    struct thing t;
    make(&t);
    ck_assert_int_eq(lebm__handle_option_count(&t.head), 4);
    for (int i = 0; i < 4; i++) ck_assert_str_eq(lebm__handle_option_key(&t.head, i), keys[i]);
    ck_assert_ptr_null(lebm__handle_option_key(&t.head, -1));
    ck_assert_ptr_null(lebm__handle_option_key(&t.head, 4));
    for (int i = 0; i < 3; i++) ck_assert_str_eq(lebm__handle_option_type(&t.head, keys[i]), types[i]);
    ck_assert_str_eq(lebm__handle_option_help(&t.head, "leaps"), "leaps of a step");
    ck_assert_str_eq(lebm__handle_option_choices(&t.head, "start"), "noise|given");
    ck_assert_ptr_null(lebm__handle_option_choices(&t.head, "leaps"));
    ck_assert_ptr_null(lebm__handle_option_type(&t.head, NULL));
    ck_assert_ptr_eq(lebm__handle_setting(&t.head, 3).value, &t.of_kernel.leaps);
}
END_TEST

START_TEST(options_of_both_tables_are_set_and_read)
{
    struct thing t;
    int64_t leaps, min, max;
    double step_size;
    const char *start;
    make(&t);
    ck_assert_int_eq(t.options.steps, 40);
    ck_assert_int_eq(t.of_kernel.leaps, 3);
    LEBM_ASSERT_OK(lebm__handle_set_i64(&t.head, "test", "leaps", 5));
    LEBM_ASSERT_OK(lebm__handle_set_f64(&t.head, "test", "step_size", 0.25));
    LEBM_ASSERT_OK(lebm__handle_set_str(&t.head, "test", "start", "given"));
    LEBM_ASSERT_OK(lebm__handle_get_i64(&t.head, "leaps", &leaps));
    LEBM_ASSERT_OK(lebm__handle_get_f64(&t.head, "step_size", &step_size));
    LEBM_ASSERT_OK(lebm__handle_get_str(&t.head, "start", &start));
    ck_assert(leaps == 5 && step_size == 0.25 && strcmp(start, "given") == 0);
    LEBM_ASSERT_OK(lebm__handle_bounds_i64(&t.head, "leaps", &leaps, &min, &max));
    ck_assert(leaps == 3 && min == 1 && max == 9);
    LEBM_ASSERT_STATUS(lebm__handle_set_i64(&t.head, "test", "leaps", 10), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm__handle_set_f64(&t.head, "test", "leaps", 4), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_STATUS(lebm__handle_set_i64(&t.head, "test", "laeps", 4), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_ERROR_NAMES("thing has no option 'laeps'; it has steps, start, step_size, leaps");
    ck_assert_int_eq(t.of_kernel.leaps, 5);
}
END_TEST

START_TEST(copied_options_are_changed_and_assigned_as_a_whole)
{
    struct thing t, other;
    lebm__handle copy;
    make(&t);
    make(&other);
    t.options.steps = 7;
    t.of_kernel.leaps = 8;
    LEBM_ASSERT_OK(lebm__handle_copy_options(&copy, &t.head));
    LEBM_ASSERT_OK(lebm__handle_set_f64(&copy, "test", "step_size", 0.75));
    ck_assert(t.of_kernel.step_size == 0.5);
    lebm__handle_assign_options(&other.head, &copy);
    ck_assert(other.options.steps == 7 && other.of_kernel.leaps == 8 && other.of_kernel.step_size == 0.75);
    lebm__handle_free_options(&copy);
}
END_TEST

START_TEST(calls_read_together_and_change_alone)
{
    struct thing t;
    make(&t);
    LEBM_ASSERT_OK(lebm__handle_use(&t.head));
    LEBM_ASSERT_OK(lebm__handle_use(&t.head));
    LEBM_ASSERT_STATUS(lebm__handle_claim(&t.head, "a_call", 0), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("a_call: a call is running on the thing");
    LEBM_ASSERT_STATUS(lebm__handle_claim(&t.head, "a_call", 1), LEBM_ERR_STATE);
    lebm__handle_leave(&t.head);
    LEBM_ASSERT_OK(lebm__handle_claim(&t.head, "a_call", 1));
    LEBM_ASSERT_STATUS(lebm__handle_use(&t.head), LEBM_ERR_STATE);
    LEBM_ASSERT_STATUS(lebm__handle_set_i64(&t.head, "setting", "leaps", 5), LEBM_ERR_STATE);
    lebm__handle_yield(&t.head, 1);
    LEBM_ASSERT_STATUS(lebm__handle_claim(&t.head, "a_call", 0), LEBM_ERR_STATE);
    lebm__handle_leave(&t.head);
    LEBM_ASSERT_OK(lebm__handle_claim(&t.head, "a_call", 0));
}
END_TEST

START_TEST(the_last_holder_is_told)
{
    struct thing t;
    make(&t);
    ck_assert(!lebm__handle_is_held(&t.head, LEBM__MODEL));
    ck_assert(lebm__handle_hold(&t.head, LEBM__MODEL));
    ck_assert(!lebm__handle_hold(&t.head, LEBM__MODEL));
    ck_assert(!lebm__handle_let_go(&t.head, LEBM__CALLER));
    ck_assert(!lebm__handle_let_go(&t.head, LEBM__CALLER));
    ck_assert(lebm__handle_let_go(&t.head, LEBM__MODEL));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("handle");
    TCase *tests = tcase_create("handle");
    tcase_add_test(tests, options_of_both_tables_are_listed_in_order);
    tcase_add_test(tests, options_of_both_tables_are_set_and_read);
    tcase_add_test(tests, copied_options_are_changed_and_assigned_as_a_whole);
    tcase_add_test(tests, calls_read_together_and_change_alone);
    tcase_add_test(tests, the_last_holder_is_told);
    suite_add_tcase(suite, tests);
    return test_run_suite(suite);
}
