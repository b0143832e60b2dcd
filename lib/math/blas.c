#include "math/blas.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include <cblas.h>

/* What a provider offers beyond CBLAS, NULL where it does not. */
extern void openblas_set_num_threads(int count) __attribute__((weak));
extern int openblas_get_num_threads(void) __attribute__((weak));
extern int openblas_get_parallel(void) __attribute__((weak));
extern char *openblas_get_config(void) __attribute__((weak));
extern void bli_thread_set_num_threads(int64_t count) __attribute__((weak));
extern int64_t bli_thread_get_num_threads(void) __attribute__((weak));
extern void omp_set_num_threads(int count) __attribute__((weak));
extern void omp_set_max_active_levels(int count) __attribute__((weak));
extern int omp_get_max_active_levels(void) __attribute__((weak));
extern int omp_get_max_threads(void) __attribute__((weak));

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static int users;                /* threads between enter and leave */
static int64_t host_threads = 1; /* the host's setting while there are any */

/* The setting that belongs to the process. */
static int64_t get_threads(void)
{
    if (openblas_get_num_threads != NULL) return openblas_get_num_threads();
    if (bli_thread_get_num_threads != NULL) return bli_thread_get_num_threads();
    return 1;
}

static void set_threads(int64_t count)
{
    if (openblas_set_num_threads != NULL) {
        openblas_set_num_threads((int)count);
    } else if (bli_thread_set_num_threads != NULL) {
        bli_thread_set_num_threads(count);
    }
}

/* BLIS behind libblas.so.3 can be told to use no threads only through OpenMP, thread by thread. The same call would
 * hang an OpenMP build of OpenBLAS. */
static int is_told_by_levels(void)
{
    return omp_set_max_active_levels != NULL && omp_get_max_active_levels != NULL && openblas_get_config == NULL;
}

/* An OpenMP build of OpenBLAS opens a team for each call, as large as the calling thread's own setting says. */
static int is_told_by_omp(void)
{
    return omp_set_num_threads != NULL && omp_get_max_threads != NULL;
}

lebm__blas_setting lebm__blas_enter(void)
{
    lebm__blas_setting before = {0};
    if (is_told_by_omp()) before.omp_threads = omp_get_max_threads();
    pthread_mutex_lock(&guard);
    if (users++ == 0) {
        host_threads = get_threads();
        if (host_threads != 1) set_threads(1);
    }
    pthread_mutex_unlock(&guard);
    if (is_told_by_omp()) omp_set_num_threads(1);
    if (is_told_by_levels()) {
        before.omp_levels = omp_get_max_active_levels();
        omp_set_max_active_levels(0);
    }
    return before;
}

void lebm__blas_leave(lebm__blas_setting before)
{
    if (is_told_by_levels()) omp_set_max_active_levels(before.omp_levels);
    pthread_mutex_lock(&guard);
    if (--users == 0 && host_threads != 1) set_threads(host_threads);
    pthread_mutex_unlock(&guard);
    if (is_told_by_omp()) omp_set_num_threads(before.omp_threads); /* which set_threads() may have set as well */
}

void lebm__blas_thread_start(void)
{
    if (is_told_by_omp()) omp_set_num_threads(1);
    if (is_told_by_levels()) omp_set_max_active_levels(0);
}

/* OpenBLAS built for one thread without locks gives wrong numbers when two threads call it. */
static pthread_once_t safety_once = PTHREAD_ONCE_INIT;
static int one_at_a_time;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static void find_safety(void)
{
    one_at_a_time = openblas_get_parallel != NULL && openblas_get_parallel() == 0 &&
                    (openblas_get_config == NULL || strstr(openblas_get_config(), "USE_LOCKING") == NULL);
}

void lebm__blas_add_transposed(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b,
                               int64_t ldb, float *c, int64_t ldc)
{
    pthread_once(&safety_once, find_safety);
    if (one_at_a_time) pthread_mutex_lock(&turn);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)m, (int)n, (int)k, 1.0f, a, (int)lda, b, (int)ldb, 1.0f,
                c, (int)ldc);
    if (one_at_a_time) pthread_mutex_unlock(&turn);
}

const char *lebm__blas_name(void)
{
    if (openblas_get_config != NULL) return openblas_get_config();
    if (bli_thread_set_num_threads != NULL) return "BLIS";
    return "BLAS of the system";
}
