/** @file approx.h
 * What the tests of numbers share: comparing float arrays with double references, statuses with their text, and making
 * random arrays. Everything is static inline, so that a test needs no more than this header, Check and the library. */
#ifndef LEBM_TESTS_APPROX_H
#define LEBM_TESTS_APPROX_H

#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lebm/status.h"

/** As ck_assert_msg(), which takes long where it succeeds: for what is asked thousands of times. */
#define LEBM_ASSERT_MSG(condition, ...)                                                                                \
    do {                                                                                                               \
        if (!(condition)) ck_abort_msg(__VA_ARGS__);                                                                   \
    } while (0)

/** Fails unless |actual[i] - expected[i]| <= atol + rtol |expected[i]| for all i. */
#define LEBM_ASSERT_CLOSE(actual, expected, count, rtol, atol)                                                         \
    approx_assert_close((actual), (expected), (count), (rtol), (atol), #actual, __FILE__, __LINE__)

/** Fails unless all differences are at most rtol times the largest |expected[i]|. */
#define LEBM_ASSERT_CLOSE_TO_LARGEST(actual, expected, count, rtol)                                                    \
    approx_assert_close((actual), (expected), (count), 0.0, (rtol)*approx_largest((expected), (count)), #actual,       \
                        __FILE__, __LINE__)

/** Fails unless the number `actual` is within `tol` of `expected`. */
#define LEBM_ASSERT_NEAR(actual, expected, tol)                                                                        \
    approx_assert_near((double)(actual), (double)(expected), (double)(tol), #actual, __FILE__, __LINE__)

/** Fails unless two float arrays are equal bit for bit. */
#define LEBM_ASSERT_SAME_BITS(actual, expected, count)                                                                 \
    approx_assert_same_bits((actual), (expected), (count), #actual, __FILE__, __LINE__)

/** Fails unless `call` returns `expected`, a status; prints the text of the error. */
#define LEBM_ASSERT_STATUS(call, expected) approx_assert_status((call), (expected), #call, __FILE__, __LINE__)

/** Fails unless `call` returns LEBM_OK; prints the text of the error. */
#define LEBM_ASSERT_OK(call) LEBM_ASSERT_STATUS(call, LEBM_OK)

/** Fails unless the text of the last error contains `part`. */
#define LEBM_ASSERT_ERROR_NAMES(part) approx_assert_error_names((part), __FILE__, __LINE__)

/** Largest magnitude in an array; 0 for an empty one. */
static inline double approx_largest(const double *values, int64_t count)
{
    double largest = 0;
    for (int64_t i = 0; i < count; i++)
        if (fabs(values[i]) > largest) largest = fabs(values[i]);
    return largest;
}

/** Largest difference between two float arrays; 0 for empty ones. Not by fmax(): over floats made doubles that ends gcc
 * 12.2 for aarch64 in an internal error. */
static inline double approx_farthest(const float *a, const float *b, int64_t count)
{
    double farthest = 0;
    for (int64_t i = 0; i < count; i++) {
        const double distance = fabs((double)a[i] - (double)b[i]);
        if (distance > farthest) farthest = distance;
    }
    return farthest;
}

static inline void approx_assert_close(const float *actual, const double *expected, int64_t count, double rtol,
                                       double atol, const char *what, const char *file, int line)
{
    int64_t worst = -1;
    int64_t bad = 0;
    double worst_excess = 0;
    for (int64_t i = 0; i < count; i++) {
        double difference = fabs((double)actual[i] - expected[i]);
        double allowed = atol + rtol * fabs(expected[i]);
        double excess = difference - allowed;
        if (excess <= 0) continue; /* false for NaN, which is never close */
        if (isnan(excess)) excess = INFINITY;
        bad++;
        if (worst < 0 || excess > worst_excess) {
            worst = i;
            worst_excess = excess;
        }
    }
    if (worst >= 0) {
        double difference = fabs((double)actual[worst] - expected[worst]);
        double allowed = atol + rtol * fabs(expected[worst]);
        ck_abort_msg("%s:%d: %s[%lld] is %.9g, expected %.9g: off by %.3g, allowed %.3g (%lld of %lld values too far)",
                     file, line, what, (long long)worst, (double)actual[worst], expected[worst], difference, allowed,
                     (long long)bad, (long long)count);
    }
}

static inline void approx_assert_near(double actual, double expected, double tol, const char *what, const char *file,
                                      int line)
{
    if (!(fabs(actual - expected) <= tol))
        ck_abort_msg("%s:%d: %s is %.9g, expected %.9g: off by %.3g, allowed %.3g", file, line, what, actual, expected,
                     fabs(actual - expected), tol);
}

static inline void approx_assert_same_bits(const float *actual, const float *expected, int64_t count, const char *what,
                                           const char *file, int line)
{
    for (int64_t i = 0; i < count; i++)
        if (memcmp(actual + i, expected + i, sizeof(float)) != 0)
            ck_abort_msg("%s:%d: %s[%lld] is %.9g (%a), expected the same bits as %.9g (%a)", file, line, what,
                         (long long)i, (double)actual[i], (double)actual[i], (double)expected[i], (double)expected[i]);
}

static inline void approx_assert_status(int actual, int expected, const char *call, const char *file, int line)
{
    if (actual != expected)
        ck_abort_msg("%s:%d: %s returned %s, expected %s; the last error is \"%s\"", file, line, call,
                     lebm_status_name(actual), lebm_status_name(expected), lebm_last_error());
}

static inline void approx_assert_error_names(const char *part, const char *file, int line)
{
    if (!strstr(lebm_last_error(), part))
        ck_abort_msg("%s:%d: the last error \"%s\" does not name \"%s\"", file, line, lebm_last_error(), part);
}

/** Next number of a splitmix64 sequence. */
static inline uint64_t test_random(uint64_t *state)
{
    uint64_t x = *state += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/** Uniform in [low, high). */
static inline double test_uniform(uint64_t *state, double low, double high)
{
    return low + (high - low) * (double)(test_random(state) >> 11) * 0x1p-53;
}

/** Uniform integer in low .. high, both included. */
static inline int64_t test_integer(uint64_t *state, int64_t low, int64_t high)
{
    return low + (int64_t)(test_random(state) % (uint64_t)(high - low + 1));
}

/** Standard normal, by the sine-cosine method. */
static inline double test_normal(uint64_t *state)
{
    double radius = sqrt(-2 * log(test_uniform(state, 0x1p-53, 1)));
    return radius * cos(6.283185307179586 * test_uniform(state, 0, 1));
}

/** Memory that need not be checked; zeros; freed by the caller. */
static inline void *test_alloc(int64_t count, size_t size)
{
    void *memory = calloc(count > 0 ? (size_t)count : 1, size);
    if (!memory) {
        fprintf(stderr, "the test is out of memory\n");
        abort();
    }
    return memory;
}

static inline float *test_floats(int64_t count)
{
    return test_alloc(count, sizeof(float));
}

static inline double *test_doubles(int64_t count)
{
    return test_alloc(count, sizeof(double));
}

/** An array of uniform random floats, freed by the caller. */
static inline float *test_random_floats(int64_t count, double low, double high, uint64_t seed)
{
    float *values = test_floats(count);
    for (int64_t i = 0; i < count; i++) values[i] = (float)test_uniform(&seed, low, high);
    return values;
}

/** An array of normal random floats, freed by the caller. */
static inline float *test_normal_floats(int64_t count, double std, uint64_t seed)
{
    float *values = test_floats(count);
    for (int64_t i = 0; i < count; i++) values[i] = (float)(std * test_normal(&seed));
    return values;
}

/** The same numbers as doubles, freed by the caller. */
static inline double *test_to_doubles(const float *values, int64_t count)
{
    double *copy = test_doubles(count);
    for (int64_t i = 0; i < count; i++) copy[i] = (double)values[i];
    return copy;
}

/** A copy, freed by the caller. */
static inline float *test_copy(const float *values, int64_t count)
{
    float *copy = test_floats(count);
    memcpy(copy, values, (size_t)count * sizeof *copy);
    return copy;
}

/** Runs a suite as CK_FORK, CK_TIMEOUT_MULTIPLIER and the other variables of Check say; returns the exit status. */
static inline int test_run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
