#include "spec.h"

#include "suite.h"

static void expect_spec(const char *spec, int64_t width, const char *expected)
{
    char *text = spec_with_sizes(spec, &(spec_sizes){.width = width});
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
    const spec_sizes sizes = {.width = 8, .tokens = 100, .longest = 20};
    char *text = spec_with_sizes("in 4; embedding N; lstm 2N; tokens V D", &sizes);
    ck_assert_str_eq(text, "in 4; embedding 8; lstm 16; tokens 100 20");
    free(text);
    const spec_sizes of_images = {.width = 8, .latent = 5, .channels = 3, .pixels = 2352};
    text = spec_with_sizes("in M; linear P; reshape C 28 28; V", &of_images);
    ck_assert_str_eq(text, "in 5; linear 2352; reshape 3 28 28; V");
    free(text);
    text = spec_with_sizes("V; D; aV VD V1 V", &sizes);
    ck_assert_str_eq(text, "100; 20; aV VD V1 100");
    free(text);
    text = spec_with_sizes("tokens\tV\tD;D\nV\t;", &sizes);
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
