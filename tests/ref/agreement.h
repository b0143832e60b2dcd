/** @file agreement.h
 * How far results are from what they should be, over many cases: fails at the first that is too far, and prints the
 * worst of all (`ctest -V`, or run the program itself). */
#ifndef LEBM_TESTS_AGREEMENT_H
#define LEBM_TESTS_AGREEMENT_H

#include "support/approx.h"

enum { AGREEMENT_WHERE = 256 };

struct agreement {
    const char *what;
    double tolerance;            /* of the scale that each comparison is given */
    double worst;                /* error as a fraction of its scale */
    char where[AGREEMENT_WHERE]; /* the case of the worst */
    int64_t cases, numbers;
};

/** One number; `scale` 0: it must be exact. */
static inline void agree_on(struct agreement *a, double actual, double expected, double scale, const char *where)
{
    const double difference = fabs(actual - expected);
    const double error = difference == 0 ? 0 : difference / scale; /* NaN is never close */
    LEBM_ASSERT_MSG(error <= a->tolerance, "%s is %.9g, expected %.9g: off by %.3g of %.3g, allowed %.3g; %s", a->what,
                    actual, expected, error, scale, a->tolerance, where);
    a->numbers++;
    if (error <= a->worst) return;
    a->worst = error;
    snprintf(a->where, sizeof a->where, "%s", where);
}

/** An array, by its largest value. */
static inline void agree(struct agreement *a, const float *actual, const double *expected, int64_t count,
                         const char *where)
{
    const double largest = approx_largest(expected, count);
    a->cases++;
    for (int64_t i = 0; i < count; i++) agree_on(a, (double)actual[i], expected[i], largest, where);
}

/** An array, each number by the scale of its own. */
static inline void agree_each(struct agreement *a, const float *actual, const double *expected, const double *scales,
                              int64_t count, const char *where)
{
    a->cases++;
    for (int64_t i = 0; i < count; i++) agree_on(a, (double)actual[i], expected[i], scales[i], where);
}

/** Prints the worst; fails if there was nothing to compare. */
static inline void agreement_print(const struct agreement *a)
{
    ck_assert_msg(a->numbers > 0, "%s: nothing was compared", a->what);
    printf("%s: worst error %.2e, allowed %.0e, of %lld numbers in %lld cases; at %s\n", a->what, a->worst,
           a->tolerance, (long long)a->numbers, (long long)a->cases, a->worst > 0 ? a->where : "none");
    fflush(stdout);
}

#endif
