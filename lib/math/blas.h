/* The one door to the BLAS, whichever it is. It serves the large products of the parameter gradients. */
#ifndef LEBM_MATH_BLAS_H
#define LEBM_MATH_BLAS_H

#include <stdint.h>

#include "core/arithmetic.h"

/* C[m, n] += A^T B with A [k, m] and B [k, n], row-major with leading dimensions lda, ldb, ldc. */
void lebm__blas_add_transposed(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b,
                               int64_t ldb, float *c, int64_t ldc);

/* Between these, products run on the thread that asks for them, whatever the BLAS would do with threads of its own. The
 * process's setting is back after the last leave, and the calling thread's own after its leave. */
typedef struct {
    int omp_levels, omp_threads;
} lebm__blas_setting;

lebm__blas_setting lebm__blas_enter(void);
void lebm__blas_leave(lebm__blas_setting before);

/* To be called once by each thread of ours before its first product: some settings belong to a thread. */
void lebm__blas_thread_start(void);

/* Name of the BLAS as far as it can be told, a static string. */
const char *lebm__blas_name(void);

#endif
