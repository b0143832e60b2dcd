/* The one door to the BLAS, whichever it is. It serves the large products of the parameter gradients. */
#ifndef LEBM_MATH_BLAS_H
#define LEBM_MATH_BLAS_H

#include <stdint.h>

#include "core/arithmetic.h"

/* C[m, n] += A^T B with A [k, m] and B [k, n], row-major with leading dimensions lda, ldb, ldc. It runs on the calling
 * thread, whatever the BLAS would do with threads of its own; the host's setting of those is as it was afterwards. Waits
 * while the BLAS cannot serve another thread. */
void lebm__blas_add_transposed(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b,
                               int64_t ldb, float *c, int64_t ldc);

/* To be called before the products of a call: LEBM_ERR_NOMEM if there is no memory for the BLAS to work in. */
int lebm__blas_prepare(void);

/* Name of the BLAS as far as it can be told, a static string. */
const char *lebm__blas_name(void);

#endif
