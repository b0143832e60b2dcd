#include "spec.h"

#include "suite.h"

static void expect_spec(const char *spec, int64_t width, const char *expected)
{
    char *text = spec_with_sizes(spec, width, 0, 0);
    ck_assert_str_eq(text, expected);
    free(text);
}

START_TEST(multiples_of_the_width_become_numbers)
{
    expect_spec("in 4; conv_transpose2d 8N 4 1 0; leaky_relu 0.2; linear 12N; linear N", 3,
                "in 4; conv_transpose2d 24 4 1 0; leaky_relu 0.2; linear 36; linear 3");
    expect_spec("N", 4096, "4096");
    expect_spec("linear 3000000000N; tanh", 4096, "linear 12288000000000; tanh");
    expect_spec("linear 99999999999999999999N; tanh", 2, "linear 9223372036854775807; tanh");
    expect_spec("linear 4611686018427387904N", 2, "linear 9223372036854775807");
}
END_TEST

START_TEST(all_else_stays)
{
    expect_spec("in 100; linear 10; tanh; V D", 7, "in 100; linear 10; tanh; V D");
    expect_spec("", 7, "");
}
END_TEST

START_TEST(letters_that_stand_alone_become_sizes)
{
    char *text = spec_with_sizes("in 4; embedding N; lstm 2N; tokens V D", 8, 100, 20);
    ck_assert_str_eq(text, "in 4; embedding 8; lstm 16; tokens 100 20");
    free(text);
    text = spec_with_sizes("V; D; aV VD V1 V", 8, 100, 20);
    ck_assert_str_eq(text, "100; 20; aV VD V1 100");
    free(text);
    text = spec_with_sizes("tokens\tV\tD;D\nV\t;", 8, 100, 20);
    ck_assert_str_eq(text, "tokens\t100\t20;20\n100\t;");
    free(text);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {multiples_of_the_width_become_numbers, all_else_stays,
                                  letters_that_stand_alone_become_sizes};
    return RUN_SUITE("spec", tests);
}
