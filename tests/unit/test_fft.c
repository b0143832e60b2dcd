/* Fast Fourier transforms, by their definition. */
#include "math/fft.h"

#include "support/approx.h"

/* The transform of one lane at k. */
static void transform(const double *re, const double *im, int64_t length, int64_t lanes, int64_t k, double sum[2])
{
    sum[0] = sum[1] = 0;
    for (int64_t t = 0; t < length; t++) {
        const double angle = -2 * M_PI * (double)(k * t % length) / (double)length;
        sum[0] += re[t * lanes] * cos(angle) - im[t * lanes] * sin(angle);
        sum[1] += re[t * lanes] * sin(angle) + im[t * lanes] * cos(angle);
    }
}

static void check(int64_t length, int64_t lanes)
{
    const int64_t count = length * lanes;
    double *memory[6]; /* what goes in, what is worked on, and what is spare: real and imaginary parts */
    uint64_t seed = (uint64_t)count;
    lebm__fft fft;
    LEBM_ASSERT_OK(lebm__fft_create(&fft, length));
    for (int i = 0; i < 6; i++) memory[i] = test_doubles(count);
    for (int64_t i = 0; i < count; i++) {
        memory[2][i] = memory[0][i] = test_normal(&seed);
        memory[3][i] = memory[1][i] = test_normal(&seed);
        memory[4][i] = memory[5][i] = NAN;
    }
    lebm__complexes x = {memory[2], memory[3]}, spare = {memory[4], memory[5]};
    lebm__fft_run(&fft, lanes, &x, &spare);
    ck_assert((x.re == memory[2] && spare.re == memory[4]) || (x.re == memory[4] && spare.re == memory[2]));
    for (int64_t lane = 0; lane < lanes; lane++) {
        for (int64_t k = 0; k < length; k += 1 + length / 40) {
            double expected[2];
            transform(memory[0] + lane, memory[1] + lane, length, lanes, k, expected);
            const double allowed = 1e-14 * sqrt((double)length) * 4;
            LEBM_ASSERT_NEAR(x.re[k * lanes + lane], expected[0], allowed);
            LEBM_ASSERT_NEAR(x.im[k * lanes + lane], expected[1], allowed);
        }
    }
    for (int i = 0; i < 6; i++) free(memory[i]);
    lebm__fft_destroy(&fft);
}

START_TEST(they_are_those_of_the_definition)
{
    for (int64_t length = 1; length <= 4096; length *= 2)
        for (int64_t lanes = 1; lanes <= 8; lanes += 1 + lanes / 2) check(length, lanes);
}
END_TEST

START_TEST(lengths_have_room)
{
    static const int64_t known[][2] = {{1, 1}, {2, 2},       {3, 4},       {4, 4},
                                       {5, 8}, {1000, 1024}, {1024, 1024}, {1025, 2048}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        ck_assert_int_eq(lebm__fft_length(known[i][0]), known[i][1]);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("fft");
    TCase *tests = tcase_create("transforms");
    tcase_add_test(tests, they_are_those_of_the_definition);
    tcase_add_test(tests, lengths_have_room);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
