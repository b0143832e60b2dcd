/* Multiplies matrices on the four threads of a pool, as training does, and prints the seconds that took. */
#include <stdio.h>
#include <time.h>

#include "math/blas.h"
#include "math/threads.h"
#include "support/approx.h"

enum { SIDE = 256, PRODUCTS = 800 };

static int multiply(void *context, int64_t task, int thread)
{
    (void)task, (void)thread;
    const float *a = context;
    float *c = test_floats(SIDE * SIDE);
    lebm__blas_add_transposed(SIDE, SIDE, SIDE, a, SIDE, a, SIDE, c, SIDE);
    free(c);
    return 0;
}

int main(void)
{
    struct timespec start, end;
    float *a = test_normal_floats(SIDE * SIDE, 1, 1);
    lebm__pool *pool = NULL;
    if (lebm__pool_resize(&pool, 4) != 0) return 1;
    clock_gettime(CLOCK_MONOTONIC, &start);
    if (lebm__pool_run(pool, PRODUCTS, multiply, a) != 0) return 1;
    clock_gettime(CLOCK_MONOTONIC, &end);
    lebm__pool_destroy(pool);
    free(a);
    printf("%.3f\n", (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) * 1e-9);
    return 0;
}
