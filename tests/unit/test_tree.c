/* Sums in a fixed binary tree. */
#include "math/tree.h"

#include "support/approx.h"

/* The sum of `count` leaves from `first` on, as a tree is defined: the sum of the first ones, as many as the largest power
 * of two below `count`, and that of the rest. */
static void sum_of_definition(const float *leaves, int64_t size, int64_t first, int64_t count, float *sum)
{
    if (count == 1) {
        memcpy(sum, leaves + first * size, (size_t)size * sizeof *sum);
        return;
    }
    int64_t half = 1;
    while (2 * half < count) half *= 2;
    float *rest = test_floats(size);
    sum_of_definition(leaves, size, first, half, sum);
    sum_of_definition(leaves, size, first + half, count - half, rest);
    for (int64_t i = 0; i < size; i++) sum[i] += rest[i];
    free(rest);
}

START_TEST(it_sums_as_defined_in_the_memory_it_asks_for)
{
    enum { SIZE = 3, MOST = 70 };
    for (int64_t count = 1; count <= MOST; count++) {
        float *leaves = test_normal_floats(count * SIZE, 1, (uint64_t)count), expected[SIZE];
        lebm__tree tree = {.size = SIZE, .sums = test_floats(lebm__tree_levels(count) * SIZE)};
        for (int round = 0; round < 2; round++) { /* it is empty after the first */
            for (int64_t i = 0; i < count; i++) {
                memcpy(lebm__tree_leaf(&tree), leaves + i * SIZE, SIZE * sizeof *leaves);
                lebm__tree_push(&tree);
            }
            sum_of_definition(leaves, SIZE, 0, count, expected);
            LEBM_ASSERT_SAME_BITS(lebm__tree_total(&tree), expected, SIZE);
        }
        free(leaves);
        free(tree.sums);
    }
}
END_TEST

START_TEST(trees_of_eight_leaves_are_leaves_of_the_tree_of_all)
{
    enum { MOST = 70 };
    for (int64_t count = 1; count <= MOST; count++) {
        float *leaves = test_normal_floats(count, 1, (uint64_t)count), all_sums[8], few_sums[8], eight_sums[8];
        lebm__tree all = {.size = 1, .sums = all_sums}, of_eights = {.size = 1, .sums = eight_sums};
        for (int64_t i = 0; i < count; i += 8) {
            lebm__tree few = {.size = 1, .sums = few_sums};
            for (int64_t j = i; j < count && j < i + 8; j++) {
                *lebm__tree_leaf(&few) = *lebm__tree_leaf(&all) = leaves[j];
                lebm__tree_push(&few);
                lebm__tree_push(&all);
            }
            *lebm__tree_leaf(&of_eights) = *lebm__tree_total(&few);
            lebm__tree_push(&of_eights);
        }
        LEBM_ASSERT_SAME_BITS(lebm__tree_total(&of_eights), lebm__tree_total(&all), 1);
        free(leaves);
    }
}
END_TEST

START_TEST(no_leaves_are_zero)
{
    float sums[2] = {1, 2}, zeros[2] = {0, 0};
    lebm__tree tree = {.size = 2, .sums = sums};
    ck_assert_int_eq(lebm__tree_levels(0), 1);
    LEBM_ASSERT_SAME_BITS(lebm__tree_total(&tree), zeros, 2);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("tree");
    TCase *tests = tcase_create("sums");
    tcase_add_test(tests, it_sums_as_defined_in_the_memory_it_asks_for);
    tcase_add_test(tests, trees_of_eight_leaves_are_leaves_of_the_tree_of_all);
    tcase_add_test(tests, no_leaves_are_zero);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
