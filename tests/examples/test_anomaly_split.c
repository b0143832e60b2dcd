/* Splits for the detection of anomalies: of drawn digits. */
#include "anomaly_split.h"

#include "digits.h"
#include "mnist.h"
#include "suite.h"

enum { DIGIT = 4, STAND_IN = 7, COUNT = 3000 };

static void make(anomaly_split *split, int64_t validate, uint64_t seed)
{
    failure why;
    dataset all;
    ck_assert_msg(digits_make(COUNT, 1, &all, &why) == 0, "%s", why.text);
    ck_assert_msg(anomaly_split_make(split, &all, DIGIT, validate, seed, &why) == 0, "%s", why.text);
    dataset_free(&all);
}

static int64_t count_digit(const dataset *data, int digit)
{
    int64_t count = 0;
    for (int64_t i = 0; i < data->count; i++) count += data->labels[i] == digit;
    return count;
}

/* The anomalies of "80-20". */
static int64_t count_common_anomalies(const anomaly_split *s)
{
    int64_t count = 0;
    for (int64_t i = 0; i < s->test.count; i++) {
        count += s->in_80_20[i] && s->test.labels[i] == s->anomaly;
        ck_assert_msg(s->in_80_20[i] || s->test.labels[i] == s->anomaly, "an ordinary image is not in 80-20");
    }
    return count;
}

START_TEST(has_the_shares_of_the_protocols)
{
    anomaly_split s;
    make(&s, NO_DIGIT, 1);
    const int64_t anomalies = count_digit(&s.test, DIGIT), ordinary = s.test.count - anomalies;
    ck_assert_int_eq(s.anomaly, DIGIT);
    ck_assert_int_eq(s.train.count + s.test.count, COUNT);
    ck_assert_int_eq(count_digit(&s.train, DIGIT), 0);
    ck_assert_int_eq(s.train.count, (s.train.count + ordinary) * 8 / 10);
    ck_assert_int_eq(count_common_anomalies(&s), anomalies / 5);
    ck_assert_int_eq(s.test_ordinary.count, ordinary);
    ck_assert_int_eq(count_digit(&s.test_ordinary, DIGIT), 0);
    ck_assert_int_eq(s.test_anomalies.count, anomalies);
    ck_assert_int_eq(count_digit(&s.test_anomalies, DIGIT), anomalies);
    anomaly_split_free(&s);
}
END_TEST

/* No image is in both parts, or twice in one: that of each number is the same in any split. */
START_TEST(parts_share_nothing)
{
    anomaly_split s, other;
    bool *seen = calloc(COUNT, 1);
    make(&s, NO_DIGIT, 1);
    for (int64_t i = 0; i < s.test.count; i++) {
        ck_assert_msg(!seen[s.numbers[i]], "image %d is there twice", (int)s.numbers[i]);
        seen[s.numbers[i]] = true;
    }
    make(&other, NO_DIGIT, 2);
    const size_t size = (size_t)dataset_row_size(&s.test);
    int64_t in_both = 0;
    for (int64_t i = 0; i < other.test.count; i++) {
        if (!seen[other.numbers[i]]) continue;
        in_both++;
        for (int64_t k = 0; k < s.test.count; k++)
            if (s.numbers[k] == other.numbers[i]) {
                ck_assert_mem_eq(s.test.pixels + (size_t)k * size, other.test.pixels + (size_t)i * size, size);
                ck_assert_int_eq(s.test.labels[k], other.test.labels[i]);
            }
    }
    const double ordinary = (double)s.test_ordinary.count, common = (double)(in_both - s.test_anomalies.count);
    ck_assert_msg(common > .15 * ordinary && common < .25 * ordinary,
                  "of %g ordinary images to test on, another seed has %g as well", ordinary, common);
    anomaly_split_free(&other);
    anomaly_split_free(&s);
    free(seen);
}
END_TEST

START_TEST(one_seed_makes_one_split)
{
    anomaly_split a, b;
    make(&a, NO_DIGIT, 3);
    make(&b, NO_DIGIT, 3);
    ck_assert_int_eq(a.test.count, b.test.count);
    ck_assert_int_eq(dataset_checksum(&a.train), dataset_checksum(&b.train));
    ck_assert_mem_eq(a.numbers, b.numbers, (size_t)a.test.count * sizeof *a.numbers);
    ck_assert_mem_eq(a.in_80_20, b.in_80_20, (size_t)a.test.count * sizeof *a.in_80_20);
    anomaly_split_free(&b);
    anomaly_split_free(&a);
}
END_TEST

/* Kinds are mixed, so that the first images have about as many anomalies as all. */
START_TEST(the_test_part_is_mixed)
{
    anomaly_split s;
    make(&s, NO_DIGIT, 1);
    dataset first = s.test;
    first.count = 300;
    const double share = (double)count_digit(&first, DIGIT) / 300,
                 of_all = (double)s.test_anomalies.count / (double)s.test.count;
    ck_assert_msg(share > of_all - .08 && share < of_all + .08, "%g of the first are anomalies, %g of all", share,
                  of_all);
    anomaly_split_free(&s);
}
END_TEST

START_TEST(validation_stays_within_the_training_part)
{
    anomaly_split s, v;
    bool *in_test = calloc(COUNT, 1);
    make(&s, NO_DIGIT, 1);
    make(&v, STAND_IN, 1);
    for (int64_t i = 0; i < s.test.count; i++) in_test[s.numbers[i]] = true;
    for (int64_t i = 0; i < v.test.count; i++)
        ck_assert_msg(!in_test[v.numbers[i]], "image %d belongs to the test part", (int)v.numbers[i]);
    const int64_t stand_ins = count_digit(&s.train, STAND_IN), rest = s.train.count - stand_ins;
    ck_assert_int_eq(v.anomaly, STAND_IN);
    ck_assert_int_eq(v.train.count + v.test_ordinary.count, rest);
    ck_assert_int_eq(v.test_ordinary.count, rest / 10);
    ck_assert_int_eq(count_digit(&v.train, STAND_IN) + count_digit(&v.train, DIGIT), 0);
    ck_assert_int_eq(v.test_anomalies.count, stand_ins / 2);
    ck_assert_int_eq(count_common_anomalies(&v), stand_ins / 10);
    anomaly_split_free(&v);
    anomaly_split_free(&s);
    free(in_test);
}
END_TEST

START_TEST(says_what_is_missing)
{
    anomaly_split s;
    failure why;
    const data_source nowhere = {.folder = "/nowhere"};
    dataset all;
    ck_assert_int_eq(anomaly_split_read(&s, mnist_read, &nowhere, DIGIT, NO_DIGIT, 1, &why), -1);
    assert_contains(why.text, "there is no folder /nowhere");
    ck_assert_int_eq(digits_make(COUNT, 1, &all, &why), 0);
    ck_assert_int_eq(anomaly_split_make(&s, &all, 10, NO_DIGIT, 1, &why), -1);
    assert_contains(why.text, "0 images of the digit 10");
    dataset_free(&all);
    ck_assert_ptr_null(s.train.pixels);
    ck_assert_ptr_null(s.numbers);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {has_the_shares_of_the_protocols,
                                  parts_share_nothing,
                                  one_seed_makes_one_split,
                                  the_test_part_is_mixed,
                                  validation_stays_within_the_training_part,
                                  says_what_is_missing};
    return RUN_SUITE("anomaly_split", tests);
}
