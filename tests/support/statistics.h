/** @file statistics.h
 * Means and covariances of samples, compared with what they should be within standard errors. */
#ifndef LEBM_TESTS_STATISTICS_H
#define LEBM_TESTS_STATISTICS_H

#include "support/approx.h"

/** Moments of count values, `stride` numbers apart. */
struct sample_moments {
    double mean, variance, skewness, kurtosis;
};

static inline struct sample_moments sample_moments(const float *values, int64_t count, int64_t stride)
{
    struct sample_moments m = {0, 0, 0, 0};
    for (int64_t i = 0; i < count; i++) m.mean += (double)values[i * stride];
    m.mean /= (double)count;
    for (int64_t i = 0; i < count; i++) {
        double d = (double)values[i * stride] - m.mean;
        m.variance += d * d;
        m.skewness += d * d * d;
        m.kurtosis += d * d * d * d;
    }
    m.variance /= (double)count;
    m.skewness /= (double)count * pow(m.variance, 1.5);
    m.kurtosis /= (double)count * m.variance * m.variance;
    return m;
}

/** Covariance of two series of count values, `stride` numbers apart. */
static inline double sample_covariance(const float *a, const float *b, int64_t count, int64_t stride)
{
    double mean_a = 0, mean_b = 0, sum = 0;
    for (int64_t i = 0; i < count; i++) {
        mean_a += (double)a[i * stride] / (double)count;
        mean_b += (double)b[i * stride] / (double)count;
    }
    for (int64_t i = 0; i < count; i++) sum += ((double)a[i * stride] - mean_a) * ((double)b[i * stride] - mean_b);
    return sum / (double)count;
}

static inline double sample_correlation(const float *a, const float *b, int64_t count, int64_t stride)
{
    return sample_covariance(a, b, count, stride) /
           sqrt(sample_covariance(a, a, count, stride) * sample_covariance(b, b, count, stride));
}

/** Fails unless `actual` is within `errors` standard errors of `expected`. */
#define LEBM_ASSERT_WITHIN(actual, expected, errors, standard_error)                                                   \
    statistics_assert_within((actual), (expected), (errors), (standard_error), #actual, __FILE__, __LINE__)

static inline void statistics_assert_within(double actual, double expected, double errors, double standard_error,
                                            const char *what, const char *file, int line)
{
    if (!(fabs(actual - expected) <= errors * standard_error))
        ck_abort_msg("%s:%d: %s is %.6g, expected %.6g: off by %.2f standard errors of %.3g, allowed %.1f", file, line,
                     what, actual, expected, fabs(actual - expected) / standard_error, standard_error, errors);
}

/** Fails unless count values, `stride` apart, look like independent draws from N(mean, variance): the first four
 * moments within `errors` standard errors. */
static inline void assert_normal(const float *values, int64_t count, int64_t stride, double mean, double variance,
                                 double errors)
{
    struct sample_moments m = sample_moments(values, count, stride);
    double n = (double)count;
    LEBM_ASSERT_WITHIN(m.mean, mean, errors, sqrt(variance / n));
    LEBM_ASSERT_WITHIN(m.variance, variance, errors, variance * sqrt(2 / n));
    LEBM_ASSERT_WITHIN(m.skewness, 0, errors, sqrt(6 / n));
    LEBM_ASSERT_WITHIN(m.kurtosis, 3, errors, sqrt(24 / n));
}

#endif
