/* The order of numbers. */
#include "math/sort.h"

#include "support/approx.h"

typedef struct {
    double number;
    uint32_t place;
} item;

static int compare(const void *a, const void *b)
{
    const item *x = a, *y = b;
    if (x->number != y->number) return x->number < y->number ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

/* Sorts the numbers both ways, and fails unless the results are the same. */
static void check(const double *numbers, int64_t n)
{
    item *expected = test_alloc(n, sizeof *expected);
    uint64_t *words[2] = {test_alloc(n, sizeof **words), test_alloc(n, sizeof **words)};
    uint32_t *order = test_alloc(n, sizeof *order);
    for (int64_t i = 0; i < n; i++) expected[i] = (item){numbers[i], (uint32_t)i};
    qsort(expected, (size_t)n, sizeof *expected, compare);
    for (int64_t i = 0; i < n; i += 1 + n / 50) {
        const double nth = lebm__nth(n, numbers, i, words[1]);
        LEBM_ASSERT_MSG(nth == expected[i].number, "at place %lld of %lld is %g, expected is %g", (long long)i,
                        (long long)n, nth, expected[i].number);
    }
    lebm__sort(n, numbers, words, order);
    for (int64_t i = 0; i < n; i++) {
        double number;
        memcpy(&number, words[1] + i, sizeof number);
        LEBM_ASSERT_MSG(number == expected[i].number && order[i] == expected[i].place,
                        "%lld of %lld is number %u, %g; expected is number %u, %g", (long long)i, (long long)n,
                        order[i], number, expected[i].place, expected[i].number);
    }
    for (int i = 0; i < 2; i++) free(words[i]);
    free(order);
    free(expected);
}

START_TEST(numbers_of_all_sizes)
{
    enum { MOST = 5000 };
    static const int64_t counts[] = {0, 1, 2, 3, 17, 300, MOST};
    static double numbers[MOST];
    uint64_t seed = 1;
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        for (int64_t i = 0; i < counts[c]; i++) {
            const int exponent = (int)test_integer(&seed, -1070, 1020);
            numbers[i] = ldexp(test_normal(&seed), exponent);
        }
        check(numbers, counts[c]);
    }
}
END_TEST

START_TEST(equal_numbers_keep_their_order)
{
    enum { COUNT = 2000 };
    double numbers[COUNT];
    uint64_t seed = 2;
    for (int i = 0; i < COUNT; i++) numbers[i] = (double)test_integer(&seed, -3, 3);
    for (int i = 0; i < COUNT; i++)
        if (i % 5 == 0) numbers[i] = -numbers[i]; /* 0 and -0 are equal, too */
    check(numbers, COUNT);
    for (int i = 0; i < COUNT; i++) numbers[i] = 1e-3;
    check(numbers, COUNT);
}
END_TEST

/* Numbers of which the highest 33 bits that differ do not tell the order: few such numbers at a time, many, and so many
 * that their other bits must; with some elsewhere, so that there is no more that all have in common. */
START_TEST(numbers_that_are_close_together)
{
    enum { MOST = 5000 };
    static double numbers[MOST];
    uint64_t seed = 3;
    for (int cluster = 1; cluster <= MOST; cluster *= 4) {
        for (int outliers = 0; outliers < 2; outliers++) {
            for (int i = 0; i < MOST; i++) {
                const double centre = 1 + (double)(i / cluster % 100);
                numbers[i] = centre + ldexp(test_uniform(&seed, -1, 1), cluster < 60 ? -25 : -40);
                if (outliers && i % 700 == 5) numbers[i] = test_normal(&seed) * 1e200;
            }
            check(numbers, MOST);
            for (int i = 0; i < MOST; i++) numbers[i] = -numbers[i];
            check(numbers, MOST);
        }
    }
}
END_TEST

START_TEST(the_ends_of_what_there_is)
{
    static const double numbers[] = {
        1,         INFINITY, -INFINITY, 0x1.fffffffffffffp1023, -0x1.fffffffffffffp1023, -0.0, 0x1p-1074, -0x1p-1074, 0,
        0x1p-1022, -1e-5,    1e-5};
    check(numbers, sizeof numbers / sizeof *numbers);
    ck_assert_int_eq(signbit(lebm__sort_number(lebm__sort_key(-0.0))), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("sort");
    TCase *tests = tcase_create("order");
    tcase_add_test(tests, numbers_of_all_sizes);
    tcase_add_test(tests, equal_numbers_keep_their_order);
    tcase_add_test(tests, numbers_that_are_close_together);
    tcase_add_test(tests, the_ends_of_what_there_is);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
