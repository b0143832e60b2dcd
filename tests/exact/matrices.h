/** @file matrices.h
 * What closed forms need of small matrices: row-major doubles, n x n, n at most MOST_SIDE. */
#ifndef LEBM_TESTS_MATRICES_H
#define LEBM_TESTS_MATRICES_H

#include "support/approx.h"

enum { MOST_SIDE = 8, MOST_CELLS = MOST_SIDE * MOST_SIDE };

/** The inverse of a symmetric positive definite matrix, by Gauss and Jordan; returns the log of the determinant. */
static inline double invert(int64_t n, const double *matrix, double *inverse)
{
    double left[MOST_CELLS], log_determinant = 0;
    for (int64_t i = 0; i < n * n; i++) {
        left[i] = matrix[i];
        inverse[i] = i / n == i % n;
    }
    for (int64_t i = 0; i < n; i++) {
        const double pivot = left[i * n + i];
        LEBM_ASSERT_MSG(pivot > 0, "pivot %lld is %g: the matrix is not positive definite", (long long)i, pivot);
        log_determinant += log(pivot);
        for (int64_t k = 0; k < n; k++) {
            left[i * n + k] /= pivot;
            inverse[i * n + k] /= pivot;
        }
        for (int64_t j = 0; j < n; j++) {
            const double factor = left[j * n + i];
            if (j == i) continue;
            for (int64_t k = 0; k < n; k++) {
                left[j * n + k] -= factor * left[i * n + k];
                inverse[j * n + k] -= factor * inverse[i * n + k];
            }
        }
    }
    return log_determinant;
}

/** out = a b, of which out is neither. */
static inline void multiply(int64_t n, const double *a, const double *b, double *out)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            out[i * n + j] = 0;
            for (int64_t k = 0; k < n; k++) out[i * n + j] += a[i * n + k] * b[k * n + j];
        }
}

/** out[rows] = matrix[rows, columns] vector[columns] */
static inline void transform(int64_t rows, int64_t columns, const double *matrix, const double *vector, double *out)
{
    for (int64_t i = 0; i < rows; i++) {
        out[i] = 0;
        for (int64_t j = 0; j < columns; j++) out[i] += matrix[i * columns + j] * vector[j];
    }
}

/** out[columns, columns] = a' a / scale + shift I, of a[rows, columns] */
static inline void gram(int64_t rows, int64_t columns, const double *a, double scale, double shift, double *out)
{
    for (int64_t i = 0; i < columns; i++)
        for (int64_t j = 0; j < columns; j++) {
            double sum = 0;
            for (int64_t k = 0; k < rows; k++) sum += a[k * columns + i] * a[k * columns + j];
            out[i * columns + j] = sum / scale + (i == j ? shift : 0);
        }
}

/** The eigenvalues of a symmetric matrix in descending order, by Jacobi's rotations. */
static inline void eigenvalues(int64_t n, const double *matrix, double *values)
{
    double a[MOST_CELLS];
    memcpy(a, matrix, (size_t)(n * n) * sizeof *a);
    for (int sweep = 0; sweep < 30; sweep++)
        for (int64_t p = 0; p < n; p++)
            for (int64_t q = p + 1; q < n; q++) {
                const double angle = 0.5 * atan2(2 * a[p * n + q], a[q * n + q] - a[p * n + p]);
                const double c = cos(angle), s = sin(angle);
                for (int64_t k = 0; k < n; k++) {
                    const double kp = a[k * n + p], kq = a[k * n + q];
                    a[k * n + p] = c * kp - s * kq;
                    a[k * n + q] = s * kp + c * kq;
                }
                for (int64_t k = 0; k < n; k++) {
                    const double pk = a[p * n + k], qk = a[q * n + k];
                    a[p * n + k] = c * pk - s * qk;
                    a[q * n + k] = s * pk + c * qk;
                }
            }
    for (int64_t i = 0; i < n; i++) {
        int64_t place = i;
        for (; place > 0 && values[place - 1] < a[i * n + i]; place--) values[place] = values[place - 1];
        values[place] = a[i * n + i];
    }
}

#endif
