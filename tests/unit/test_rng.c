/* Random numbers: Philox to the bit, what they are keyed by, and whether they look like what they should be. */
#include "math/rng.h"

#include <Random123/philox.h>

#include "support/approx.h"
#include "support/statistics.h"

/* ---- Philox 4x32-10 as its authors have it ---- */

static void philox(const uint32_t key[2], const uint32_t counter[4], uint32_t out[4])
{
    const philox4x32_ctr_t c = {{counter[0], counter[1], counter[2], counter[3]}};
    const philox4x32_key_t k = {{key[0], key[1]}};
    const philox4x32_ctr_t r = philox4x32(c, k);
    memcpy(out, r.v, 4 * sizeof *out);
}

START_TEST(philox_of_random123_gives_the_published_answers)
{
    static const struct {
        uint32_t key[2], counter[4], answer[4];
    } known[] = {
        {{0, 0}, {0, 0, 0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0xa4093822, 0x299f31d0},
         {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint32_t out[4];
        philox(known[i].key, known[i].counter, out);
        for (int w = 0; w < 4; w++)
            LEBM_ASSERT_MSG(out[w] == known[i].answer[w], "vector %zu, word %d is %08x, not %08x", i, w, out[w],
                            known[i].answer[w]);
    }
}
END_TEST

/* Keys of all kinds of bits. */
static const lebm__key keys[] = {{{0, 0}}, {{0xffffffff, 0xffffffff}}, {{0xa4093822, 0x299f31d0}}, {{1, 0}}, {{0, 1}}};

enum { KEYS = sizeof keys / sizeof *keys };

START_TEST(uniforms_are_philox)
{
    enum { COUNT = 1001 };
    float out[COUNT];
    for (int k = 0; k < KEYS; k++) {
        lebm__uniforms(keys[k], 0, COUNT, out);
        for (uint32_t i = 0; i < COUNT; i++) {
            const uint32_t counter[4] = {0, 0, i / 4, 0};
            uint32_t words[4];
            philox(keys[k].word, counter, words);
            const double expected = (floor(words[i % 4] / 512.0) + 0.5) / 8388608; /* the middle of one of 2^23 cells */
            LEBM_ASSERT_MSG((double)out[i] == expected, "uniform %u of key %d is %.9g, not %.9g", i, k, (double)out[i],
                            expected);
        }
    }
}
END_TEST

START_TEST(uniforms_of_chains_are_philox)
{
    static const int64_t chains[] = {0, 4711, ((int64_t)1 << 32) + 3, INT64_MAX};
    enum { COUNT = 601 };
    for (int k = 0; k < KEYS * 4; k++) {
        const uint64_t chain = (uint64_t)chains[k % 4];
        const uint32_t step = 3 + (uint32_t)k;
        float out[COUNT];
        lebm__uniforms_of(keys[k / 4], (int64_t)chain, step, COUNT, out);
        for (uint32_t i = 0; i < COUNT; i++) {
            const uint32_t counter[4] = {i / 4, step, (uint32_t)chain, (uint32_t)(chain >> 32)};
            uint32_t words[4];
            philox(keys[k / 4].word, counter, words);
            const double expected = (floor(words[i % 4] / 512.0) + 0.5) / 8388608;
            LEBM_ASSERT_MSG((double)out[i] == expected, "uniform %u of chain %llu is %.9g, not %.9g", i,
                            (unsigned long long)chain, (double)out[i], expected);
        }
    }
}
END_TEST

START_TEST(chances_are_philox)
{
    static const int64_t chains[] = {0, 4711, ((int64_t)1 << 32) - 3, INT64_MAX - 300};
    enum { N = 131 };
    double out[2 * N];
    for (int k = 0; k < KEYS; k++) {
        const uint32_t step = 7 + (uint32_t)k;
        const int64_t first = chains[k % 4];
        lebm__chances(keys[k], first, NULL, step, N, out);
        for (int i = 0; i < 2 * N; i++) {
            const uint64_t chain = (uint64_t)(first + i / 2);
            const uint32_t counter[4] = {UINT32_MAX, step, (uint32_t)chain, (uint32_t)(chain >> 32)};
            uint32_t words[4];
            philox(keys[k].word, counter, words);
            const double expected = (words[i % 2] + 0.5) / 4294967296; /* the middle of one of 2^32 cells */
            LEBM_ASSERT_MSG(out[i] == expected, "chance %d of chain %llu by key %d is %.12g, not %.12g", i % 2,
                            (unsigned long long)chain, k, out[i], expected);
        }
    }
}
END_TEST

START_TEST(keys_are_philox)
{
    static const uint64_t numbers[] = {0, 1, 42, 0xffffffff, 0x100000000, 0x0123456789abcdef, UINT64_MAX};
    static const lebm__purpose purposes[] = {LEBM__FOR_INIT, LEBM__FOR_PRIOR, LEBM__FOR_POSTERIOR,
                                             LEBM__FOR_TRAINER_POSTERIOR, LEBM__FOR_TRAINER_PRIOR};
    for (int a = 0; a < 7; a++) {
        for (int b = 0; b < 7; b++) {
            for (uint32_t p = 0; p < 5; p++) {
                const uint64_t seed = numbers[a], stream = numbers[b];
                const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
                const uint32_t counter[4] = {p, UINT32_MAX, (uint32_t)stream, (uint32_t)(stream >> 32)};
                uint32_t words[4];
                philox(key, counter, words);
                const lebm__key made = lebm__key_make(seed, stream, purposes[p]);
                LEBM_ASSERT_MSG(made.word[0] == words[0] && made.word[1] == words[1],
                                "key of seed %llx, stream %llx, purpose %u is %08x %08x, not %08x %08x",
                                (unsigned long long)seed, (unsigned long long)stream, p, made.word[0], made.word[1],
                                words[0], words[1]);
            }
        }
    }
}
END_TEST

/* Number `d` of a chain's normals at a step: words 0 and 1 are radii, words 2 and 3 the angles, first all cosines. */
static double expected_normal(lebm__key key, uint64_t chain, uint32_t step, uint32_t d)
{
    const uint32_t counter[4] = {d / 4, step, (uint32_t)chain, (uint32_t)(chain >> 32)};
    uint32_t words[4];
    philox(key.word, counter, words);
    const double uniform = (double)(((float)(words[d % 2] >> 1) + 0.5f) * 0x1p-31f); /* in (0, 1] */
    const double angle = 6.283185307179586477 * words[2 + d % 2] * 0x1p-32;
    return sqrt(-2 * log(uniform)) * (d % 4 < 2 ? cos(angle) : sin(angle));
}

START_TEST(normals_are_philox_and_box_muller)
{
    static const int64_t chains[] = {0, 1, 4711, INT32_MAX, (int64_t)1 << 32, INT64_MAX - 100};
    static const uint32_t steps[] = {0, 1, 60, UINT32_MAX};
    for (int64_t dims = 1; dims <= 13; dims += 3) {
        for (int c = 0; c < 6; c++) {
            for (int s = 0; s < 4; s++) {
                enum { N = 7 };
                float out[N * 13];
                double expected[N * 13];
                const lebm__key key = keys[(c + s) % KEYS];
                lebm__normals(key, chains[c], steps[s], N, dims, out);
                for (int64_t i = 0; i < N * dims; i++)
                    expected[i] =
                        expected_normal(key, (uint64_t)(chains[c] + i / dims), steps[s], (uint32_t)(i % dims));
                LEBM_ASSERT_CLOSE(out, expected, N * dims, 3e-7, 3e-7);
            }
        }
    }
}
END_TEST

/* ---- what they are keyed by ---- */

START_TEST(keys_differ_by_seed_stream_and_purpose)
{
    enum { SIDE = 12, PURPOSES = LEBM__FOR_CURVATURE + 1, ALL = SIDE * SIDE * PURPOSES };
    static uint64_t made[ALL];
    int count = 0;
    for (uint64_t seed = 0; seed < SIDE; seed++) {
        for (uint64_t stream = 0; stream < SIDE; stream++) {
            for (int p = 0; p < PURPOSES; p++) {
                const lebm__key key = lebm__key_make(seed, stream << (stream % 3 * 16), (lebm__purpose)p);
                made[count++] = (uint64_t)key.word[0] << 32 | key.word[1];
            }
        }
    }
    for (int i = 0; i < ALL; i++)
        for (int j = 0; j < i; j++)
            LEBM_ASSERT_MSG(made[i] != made[j], "keys %d and %d are both %016llx", i, j, (unsigned long long)made[i]);
}
END_TEST

/* Fails unless two series of normals are unrelated, in size too. */
static void assert_unrelated(const float *a, const float *b, int64_t count)
{
    float *squares_a = test_floats(count), *squares_b = test_floats(count);
    for (int64_t i = 0; i < count; i++) {
        squares_a[i] = a[i] * a[i];
        squares_b[i] = b[i] * b[i];
    }
    LEBM_ASSERT_WITHIN(sample_correlation(a, b, count, 1), 0, 5, 1 / sqrt((double)count));
    LEBM_ASSERT_WITHIN(sample_correlation(squares_a, squares_b, count, 1), 0, 5, 1 / sqrt((double)count));
    free(squares_a);
    free(squares_b);
}

START_TEST(seed_stream_purpose_and_step_give_unrelated_numbers)
{
    enum { N = 5000, DIMS = 8, SERIES = 7 };
    float *series[SERIES];
    for (int s = 0; s < SERIES; s++) series[s] = test_floats(N * DIMS);
    lebm__normals(lebm__key_make(1, 1, LEBM__FOR_PRIOR), 0, 1, N, DIMS, series[0]);
    lebm__normals(lebm__key_make(2, 1, LEBM__FOR_PRIOR), 0, 1, N, DIMS, series[1]);
    lebm__normals(lebm__key_make(1, 2, LEBM__FOR_PRIOR), 0, 1, N, DIMS, series[2]);
    lebm__normals(lebm__key_make(1, 1, LEBM__FOR_TRAINER_PRIOR), 0, 1, N, DIMS, series[3]);
    lebm__normals(lebm__key_make(1, 1, LEBM__FOR_TRAINER_POSTERIOR), 0, 1, N, DIMS, series[4]);
    lebm__normals(lebm__key_make(1, 1, LEBM__FOR_PRIOR), 0, 2, N, DIMS, series[5]);
    lebm__normals(lebm__key_make(1, 1, LEBM__FOR_PRIOR), (int64_t)1 << 32, 1, N, DIMS, series[6]);
    for (int s = 0; s < SERIES; s++)
        for (int t = 0; t < s; t++) assert_unrelated(series[s], series[t], N * DIMS);
    for (int s = 0; s < SERIES; s++) free(series[s]);
}
END_TEST

START_TEST(a_row_does_not_depend_on_its_tile) /* _i: numbers of a row less 1 */
{
    enum { N = 100 };
    const int64_t dims = _i + 1;
    const lebm__key key = lebm__key_make(11, 12, LEBM__FOR_PRIOR);
    float *all = test_floats(N * dims), *some = test_floats(N * dims);
    lebm__normals(key, 0, 3, N, dims, all);
    for (int64_t i = 0; i < N; i++) {
        lebm__normals(key, i, 3, 1, dims, some);
        LEBM_ASSERT_SAME_BITS(some, all + i * dims, dims);
    }
    for (int64_t first = 0; first < N; first += 13) { /* tiles of all lengths */
        const int64_t n = 1 + first * 7 % (N - first);
        memset(some, 0x7f, (size_t)(N * dims) * sizeof *some);
        lebm__normals(key, first, 3, n, dims, some);
        LEBM_ASSERT_SAME_BITS(some, all + first * dims, n * dims);
        for (int64_t i = n * dims; i < N * dims; i++)
            LEBM_ASSERT_MSG(some[i] > 1e38f, "number %lld behind a tile of %lld was written", (long long)i,
                            (long long)n);
    }
    int64_t chains[N];
    for (int64_t i = 0; i < N; i++) chains[i] = i * 37 % N;
    for (int64_t n = 1; n <= N; n += 11) { /* rows of any chains */
        memset(some, 0x7f, (size_t)(N * dims) * sizeof *some);
        lebm__normals_of(key, chains, 3, n, dims, some);
        for (int64_t i = 0; i < n; i++) LEBM_ASSERT_SAME_BITS(some + i * dims, all + chains[i] * dims, dims);
        for (int64_t i = n * dims; i < N * dims; i++)
            LEBM_ASSERT_MSG(some[i] > 1e38f, "written behind %lld rows", (long long)n);
    }
    lebm__normals(key, 0, 4, N, dims, some);
    int64_t equal = 0;
    for (int64_t i = 0; i < N * dims; i++) equal += some[i] == all[i];
    LEBM_ASSERT_MSG(equal <= 1, "%lld of %lld numbers are the same at the next step", (long long)equal,
                    (long long)(N * dims));
    free(all);
    free(some);
}
END_TEST

START_TEST(uniforms_do_not_depend_on_their_number)
{
    enum { COUNT = 60 };
    const lebm__key key = lebm__key_make(13, 14, LEBM__FOR_INIT);
    float all[COUNT], some[COUNT + 1];
    lebm__uniforms(key, 0, COUNT, all);
    for (int64_t n = 0; n <= COUNT; n++) {
        some[n] = 99;
        lebm__uniforms(key, 0, n, some);
        LEBM_ASSERT_SAME_BITS(some, all, n);
        LEBM_ASSERT_MSG(some[n] == 99, "a number behind the %lld asked for was written", (long long)n);
        lebm__uniforms(key, n, COUNT - n, some);
        LEBM_ASSERT_SAME_BITS(some, all + n, COUNT - n);
    }
}
END_TEST

START_TEST(chances_do_not_depend_on_the_tile)
{
    enum { N = 70 };
    const lebm__key key = lebm__key_make(13, 14, LEBM__FOR_PRIOR);
    int64_t numbers[N];
    double all[2 * N], some[2 * N];
    lebm__chances(key, 5, NULL, 3, N, all);
    for (int i = 0; i < N; i++) numbers[i] = 5 + (i + 11) % N;
    for (int64_t n = 0; n < N; n++) {
        lebm__chances(key, 5 + n, NULL, 3, N - n, some);
        ck_assert_mem_eq(some, all + 2 * n, (size_t)(2 * (N - n)) * sizeof *all);
        lebm__chances(key, 0, numbers + n, 3, 1, some);
        ck_assert_mem_eq(some, all + 2 * (numbers[n] - 5), 2 * sizeof *all);
    }
}
END_TEST

/* ---- distributions ---- */

static int ascending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double normal_cdf(double x)
{
    return 0.5 * erfc(-x * M_SQRT1_2);
}

/* Largest distance between the distribution of n values, which are sorted here, and `cdf` (NULL: uniform). */
static double kolmogorov_smirnov(float *values, int64_t n, double (*cdf)(double))
{
    double largest = 0;
    qsort(values, (size_t)n, sizeof *values, ascending);
    for (int64_t i = 0; i < n; i++) {
        const double p = cdf ? cdf((double)values[i]) : (double)values[i];
        const double distance = fmax(p - (double)i / (double)n, (double)(i + 1) / (double)n - p);
        if (distance > largest) largest = distance; /* approx_farthest() says why not by fmax() */
    }
    return largest;
}

/* The distance times sqrt(n) is above 1.95 once in a thousand times; seeds are fixed, so this is no game of chance. */
#define ASSERT_KOLMOGOROV_SMIRNOV(values, n, cdf)                                                                      \
    do {                                                                                                               \
        const double distance_ = sqrt((double)(n)) * kolmogorov_smirnov((values), (n), (cdf));                         \
        LEBM_ASSERT_MSG(distance_ < 1.95, "distance from the distribution times sqrt(n) is %.3f, allowed 1.95",        \
                        distance_);                                                                                    \
    } while (0)

START_TEST(normals_are_normal) /* _i: the way that a million numbers are drawn */
{
    enum { COUNT = 1000000 };
    static const int64_t dims[] = {4, 1, 100, COUNT};
    const int64_t d = dims[_i], n = COUNT / d;
    float *values = test_floats(COUNT);
    lebm__normals(lebm__key_make((uint64_t)_i, 0, LEBM__FOR_PRIOR), 0, 0, n, d, values);
    assert_normal(values, COUNT, 1, 0, 1, 4);
    LEBM_ASSERT_WITHIN(sample_correlation(values, values + 1, COUNT - 1, 1), 0, 4, 1e-3);
    LEBM_ASSERT_WITHIN(sample_correlation(values, values + 2, COUNT - 2, 1), 0, 4, 1e-3);
    for (int limit = 2; limit <= 4; limit++) { /* the tails */
        const double p = 2 * normal_cdf(-limit);
        int64_t beyond = 0;
        for (int64_t i = 0; i < COUNT; i++) beyond += fabsf(values[i]) > (float)limit;
        LEBM_ASSERT_WITHIN((double)beyond, COUNT * p, 4, sqrt(COUNT * p * (1 - p)));
    }
    ASSERT_KOLMOGOROV_SMIRNOV(values, COUNT, normal_cdf);
    LEBM_ASSERT_MSG(fabsf(values[0]) < 7 && fabsf(values[COUNT - 1]) < 7, "the extremes are %g and %g",
                    (double)values[0], (double)values[COUNT - 1]);
    free(values);
}
END_TEST

START_TEST(numbers_of_a_chain_are_unrelated)
{
    enum { N = 40000, DIMS = 9 };
    float *values = test_floats(N * DIMS);
    lebm__normals(lebm__key_make(21, 0, LEBM__FOR_PRIOR), 0, 0, N, DIMS, values);
    for (int a = 0; a < DIMS; a++)
        for (int b = 0; b < a; b++)
            LEBM_ASSERT_WITHIN(sample_correlation(values + a, values + b, N, DIMS), 0, 4, 1 / sqrt(N));
    /* A radius that two of them share makes their squares correlated unless it is drawn right. */
    for (int64_t i = 0; i < N * DIMS; i++) values[i] *= values[i];
    for (int a = 0; a < DIMS; a++)
        for (int b = 0; b < a; b++)
            LEBM_ASSERT_WITHIN(sample_correlation(values + a, values + b, N, DIMS), 0, 4, 1 / sqrt(N));
    free(values);
}
END_TEST

START_TEST(uniforms_are_uniform_and_inside)
{
    enum { COUNT = 1000000, CELLS = 256 };
    float *values = test_floats(COUNT);
    int64_t cells[CELLS] = {0};
    double chi_squared = 0;
    lebm__uniforms(lebm__key_make(31, 0, LEBM__FOR_INIT), 0, COUNT, values);
    for (int64_t i = 0; i < COUNT; i++) {
        LEBM_ASSERT_MSG(values[i] > 0 && values[i] < 1, "uniform %lld is %.9g", (long long)i, (double)values[i]);
        cells[(int)(values[i] * CELLS)]++;
    }
    const struct sample_moments m = sample_moments(values, COUNT, 1);
    LEBM_ASSERT_WITHIN(m.mean, 0.5, 4, sqrt(1.0 / 12 / COUNT));
    LEBM_ASSERT_WITHIN(m.variance, 1.0 / 12, 4, sqrt(1.0 / 180 / COUNT));
    LEBM_ASSERT_WITHIN(sample_correlation(values, values + 1, COUNT - 1, 1), 0, 4, 1e-3);
    for (int c = 0; c < CELLS; c++) {
        const double expected = (double)COUNT / CELLS, d = (double)cells[c] - expected;
        chi_squared += d * d / expected;
    }
    LEBM_ASSERT_WITHIN(chi_squared, CELLS - 1, 4, sqrt(2.0 * (CELLS - 1)));
    ASSERT_KOLMOGOROV_SMIRNOV(values, COUNT, NULL);
    LEBM_ASSERT_MSG(values[0] < 2e-5f && values[COUNT - 1] > 1 - 2e-5f, "the extremes are %g and 1 - %g",
                    (double)values[0], 1 - (double)values[COUNT - 1]);
    free(values);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("rng");
    TCase *bits = tcase_create("bits");
    tcase_add_test(bits, philox_of_random123_gives_the_published_answers);
    tcase_add_test(bits, uniforms_are_philox);
    tcase_add_test(bits, uniforms_of_chains_are_philox);
    tcase_add_test(bits, chances_are_philox);
    tcase_add_test(bits, keys_are_philox);
    tcase_add_test(bits, normals_are_philox_and_box_muller);
    suite_add_tcase(suite, bits);

    TCase *place = tcase_create("place");
    tcase_add_test(place, keys_differ_by_seed_stream_and_purpose);
    tcase_add_test(place, seed_stream_purpose_and_step_give_unrelated_numbers);
    tcase_add_loop_test(place, a_row_does_not_depend_on_its_tile, 0, 9);
    tcase_add_test(place, uniforms_do_not_depend_on_their_number);
    tcase_add_test(place, chances_do_not_depend_on_the_tile);
    suite_add_tcase(suite, place);

    TCase *distributions = tcase_create("distributions");
    tcase_set_timeout(distributions, 30);
    tcase_add_loop_test(distributions, normals_are_normal, 0, 4);
    tcase_add_test(distributions, numbers_of_a_chain_are_unrelated);
    tcase_add_test(distributions, uniforms_are_uniform_and_inside);
    suite_add_tcase(suite, distributions);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
