#include "spec.h"

#include "suite.h"

static void expect_spec(const char *spec, int64_t width, const char *expected)
{
    char *text = spec_with_width(spec, width);
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
    expect_spec("in 100; linear 10; tanh", 7, "in 100; linear 10; tanh");
    expect_spec("", 7, "");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {multiples_of_the_width_become_numbers, all_else_stays};
    return RUN_SUITE("spec", tests);
}
