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
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {multiples_of_the_width_become_numbers, all_else_stays,
                                  letters_that_stand_alone_become_sizes};
    return RUN_SUITE("spec", tests);
}
