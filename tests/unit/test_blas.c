/* The door to the BLAS: its one product, the host's setting of its threads, and memory for it. */
#include "math/blas.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "math/threads.h"
#include "support/approx.h"

/* ---- the product ---- */

static const float guard = 12345;

/* C[m, n] += A^T B with A [k, m], B [k, n], rows lda, ldb, ldc apart. */
static void assert_product(int64_t m, int64_t n, int64_t k, int64_t lda, int64_t ldb, int64_t ldc, uint64_t seed)
{
    const int64_t size = (m - 1) * ldc + n;
    float *a = test_normal_floats((k - 1) * lda + m, 1, seed),
          *b = test_normal_floats((k - 1) * ldb + n, 1, seed + 1000);
    float *before = test_normal_floats(size, 3, seed + 2000), *c = test_floats(size);
    for (int64_t at = 0; at < size; at++)
        if (at % ldc >= n) before[at] = guard;
    memcpy(c, before, (size_t)size * sizeof *c);
    lebm__blas_add_transposed(m, n, k, a, lda, b, ldb, c, ldc);
    for (int64_t at = 0; at < size; at++) {
        const int64_t i = at / ldc, j = at % ldc;
        double sum = (double)before[at], sizes = fabs(sum);
        for (int64_t p = 0; p < k && j < n; p++) {
            const double product = (double)a[p * lda + i] * (double)b[p * ldb + j];
            sum += product;
            sizes += fabs(product);
        }
        const double off = fabs((double)c[at] - sum), allowed = j < n ? (double)(k + 2) * 0x1p-24 * sizes : 0;
        LEBM_ASSERT_MSG(off <= allowed,
                        "%lld x %lld x %lld: element (%lld, %lld) is %.9g, expected %.9g: off by %.3g, allowed %.3g",
                        (long long)m, (long long)n, (long long)k, (long long)i, (long long)j, (double)c[at], sum, off,
                        allowed);
    }
    free(a);
    free(b);
    free(before);
    free(c);
}

START_TEST(products_are_added)
{
    uint64_t state = 1;
    for (int round = 0; round < 300; round++) {
        const int64_t m = test_integer(&state, 1, 60), n = test_integer(&state, 1, 60), k = test_integer(&state, 1, 70);
        assert_product(m, n, k, m + test_integer(&state, 0, 1) * 5, n + test_integer(&state, 0, 1) * 3,
                       n + test_integer(&state, 0, 1) * 7, (uint64_t)round);
    }
    for (int64_t k = 1; k < 400; k = 2 * k + 1) {
        assert_product(1, 1, k, 1, 1, 1, (uint64_t)k);
        assert_product(200, 1, k, 200, 1, 1, (uint64_t)k);
        assert_product(1, 200, k, 1, 200, 200, (uint64_t)k);
    }
    assert_product(130, 140, 150, 130, 140, 140, 7);
}
END_TEST

START_TEST(nothing_is_added_without_rows)
{
    float c[6] = {1, 2, 3, 4, 5, 6}, expected[6] = {1, 2, 3, 4, 5, 6}, unused[6] = {0};
    lebm__blas_add_transposed(2, 3, 0, unused, 2, unused, 3, c, 3);
    LEBM_ASSERT_SAME_BITS(c, expected, 6);
}
END_TEST

enum { SIDE = 40, ROUNDS = 200 };

/* The number of products with other bits than the first. */
static int multiply_often(void *context, int64_t task, int thread)
{
    (void)task, (void)thread;
    const float *a = context;
    float first[SIDE * SIDE] = {0};
    lebm__blas_add_transposed(SIDE, SIDE, SIDE, a, SIDE, a, SIDE, first, SIDE);
    for (int i = 0; i < ROUNDS; i++) {
        float c[SIDE * SIDE] = {0};
        lebm__blas_add_transposed(SIDE, SIDE, SIDE, a, SIDE, a, SIDE, c, SIDE);
        if (memcmp(c, first, sizeof c) != 0) return LEBM_ERR_INTERNAL;
    }
    return LEBM_OK;
}

START_TEST(products_of_several_threads_do_not_mix)
{
    float *a = test_normal_floats(SIDE * SIDE, 1, 8);
    lebm__pool *pool = NULL;
    LEBM_ASSERT_OK(lebm__pool_resize(&pool, 4));
    ck_assert_int_eq(lebm__pool_run(pool, 8, multiply_often, a), LEBM_OK);
    lebm__pool_destroy(pool);
    free(a);
}
END_TEST

START_TEST(it_has_a_name)
{
    ck_assert_ptr_nonnull(lebm__blas_name());
    ck_assert_uint_gt(strlen(lebm__blas_name()), 3);
    ck_assert_ptr_null(strchr(lebm__blas_name(), '\n'));
}
END_TEST

/* ---- calls of the BLAS, which the linker's --wrap lets pass by here ---- */

/* What a test does inside, in place of the product; it must not call Check on another thread. */
static void (*at_call)(void);

void __real_cblas_sgemm(int order, int of_a, int of_b, int m, int n, int k, float alpha, const float *a, int lda,
                        const float *b, int ldb, float beta, float *c, int ldc);
void __wrap_cblas_sgemm(int order, int of_a, int of_b, int m, int n, int k, float alpha, const float *a, int lda,
                        const float *b, int ldb, float beta, float *c, int ldc);

void __wrap_cblas_sgemm(int order, int of_a, int of_b, int m, int n, int k, float alpha, const float *a, int lda,
                        const float *b, int ldb, float beta, float *c, int ldc)
{
    if (at_call != NULL) {
        at_call();
        return;
    }
    __real_cblas_sgemm(order, of_a, of_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

static void multiply(void)
{
    const float a[4] = {1, 2, 3, 4};
    float c[4] = {0};
    lebm__blas_add_transposed(2, 2, 2, a, 2, a, 2, c, 2);
}

static void *multiply_on_thread(void *unused)
{
    (void)unused;
    multiply();
    return NULL;
}

/* ---- the host's setting ---- */

extern void openblas_set_num_threads(int count) __attribute__((weak));
extern int openblas_get_num_threads(void) __attribute__((weak));
extern int openblas_get_parallel(void) __attribute__((weak));
extern void bli_thread_set_num_threads(int64_t count) __attribute__((weak));
extern int64_t bli_thread_get_num_threads(void) __attribute__((weak));
extern void omp_set_num_threads(int count) __attribute__((weak));
extern int omp_get_max_threads(void) __attribute__((weak));

enum { HOST = 2, OTHER = 3 }; /* threads that the host wants */

/* An OpenMP build of OpenBLAS, and BLIS behind libblas.so.3, go by the number of the thread that calls them, others by
 * that of the process. What an OpenBLAS is built for cannot be asked of an archive. */
static int setting_belongs_to_thread(void)
{
    if (bli_thread_set_num_threads != NULL) return 0;
    if (openblas_set_num_threads == NULL) return 1;
    return openblas_get_parallel != NULL ? openblas_get_parallel() == 2 : omp_set_num_threads != NULL;
}

static int there_is_a_setting(void)
{
    return !setting_belongs_to_thread() || (omp_set_num_threads != NULL && omp_get_max_threads != NULL);
}

static int setting(void)
{
    if (setting_belongs_to_thread()) return omp_get_max_threads();
    return openblas_get_num_threads != NULL ? openblas_get_num_threads() : (int)bli_thread_get_num_threads();
}

static void set(int threads)
{
    if (setting_belongs_to_thread()) {
        omp_set_num_threads(threads);
    } else if (openblas_set_num_threads != NULL) {
        openblas_set_num_threads(threads);
    } else {
        bli_thread_set_num_threads(threads);
    }
}

static atomic_int calls, calls_with_threads; /* of the BLAS; with threads of its own */

/* Set the host's wish; 0 if this BLAS has no such setting. */
static int set_host(void)
{
    if (!there_is_a_setting()) {
        printf("skipped: the BLAS has no setting of threads that this test knows\n");
        return 0;
    }
    calls = calls_with_threads = 0;
    set(HOST);
    if (setting() == HOST) return 1;
    printf("skipped: the BLAS has one thread only\n");
    return 0;
}

static int set_host_of_process(void)
{
    if (!setting_belongs_to_thread()) return set_host();
    printf("skipped: the BLAS has no setting that belongs to the process\n");
    return 0;
}

static void assert_setting(int expected, const char *when)
{
    LEBM_ASSERT_MSG(setting() == expected, "%s the BLAS has %d threads, not %d", when, setting(), expected);
}

static void note_setting(void)
{
    atomic_fetch_add(&calls, 1);
    if (setting() != 1) atomic_fetch_add(&calls_with_threads, 1);
}

static void assert_noted(int expected)
{
    LEBM_ASSERT_MSG(calls == expected, "the BLAS was called %d times, not %d", calls, expected);
    LEBM_ASSERT_MSG(calls_with_threads == 0, "%d of %d times the BLAS had several threads", calls_with_threads,
                    expected);
}

START_TEST(the_hosts_setting_returns)
{
    if (!set_host()) return;
    at_call = note_setting;
    for (int i = 0; i < 3; i++) {
        multiply();
        assert_setting(HOST, "after a product");
    }
    set(1); /* a host that wants one */
    multiply();
    assert_setting(1, "after a product");
    assert_noted(4);
    at_call = NULL;
}
END_TEST

static void set_other(void)
{
    set(OTHER);
}

START_TEST(what_the_host_sets_meanwhile_stays)
{
    if (!set_host_of_process()) return;
    at_call = set_other;
    multiply();
    assert_setting(OTHER, "after a product during which the host changed it");
    at_call = note_setting;
    multiply();
    assert_noted(1);
    assert_setting(OTHER, "after the next one");
    at_call = NULL;
}
END_TEST

static pthread_barrier_t barrier;
static atomic_int visits;  /* calls of the BLAS begun */
static int set_in_between; /* whether the host sets OTHER while the first is inside alone */
static int second, alone;  /* the setting that the second finds, and that when the first has left */

/* The first call comes and goes while the second is inside. */
static void visit(void)
{
    if (atomic_fetch_add(&visits, 1) == 0) {
        if (set_in_between) set_other();
        pthread_barrier_wait(&barrier); /* the first is inside: the second may come */
        pthread_barrier_wait(&barrier); /* it is */
    } else {
        second = setting();
        pthread_barrier_wait(&barrier);
        pthread_barrier_wait(&barrier); /* the first has left */
        alone = setting();
    }
}

START_TEST(two_threads_share_the_setting) /* _i: set_in_between */
{
    if (!set_host_of_process()) return;
    set_in_between = _i;
    at_call = visit;
    pthread_barrier_init(&barrier, NULL, 2);
    for (int i = 0; i < 10; i++) {
        pthread_t first;
        visits = 0;
        set(HOST);
        ck_assert_int_eq(pthread_create(&first, NULL, multiply_on_thread, NULL), 0);
        pthread_barrier_wait(&barrier);
        pthread_t other;
        ck_assert_int_eq(pthread_create(&other, NULL, multiply_on_thread, NULL), 0);
        ck_assert_int_eq(pthread_join(first, NULL), 0);
        pthread_barrier_wait(&barrier);
        ck_assert_int_eq(pthread_join(other, NULL), 0);
        ck_assert_int_eq(second, 1);
        ck_assert_int_eq(alone, 1);
        assert_setting(set_in_between ? OTHER : HOST, "after both left");
    }
    pthread_barrier_destroy(&barrier);
    at_call = NULL;
}
END_TEST

static void *multiply_2000_times(void *unused)
{
    (void)unused;
    for (int i = 0; i < 2000; i++) multiply();
    return NULL;
}

START_TEST(threads_come_and_go)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    if (!set_host()) return;
    at_call = note_setting;
    for (int t = 0; t < THREADS; t++) ck_assert_int_eq(pthread_create(&threads[t], NULL, multiply_2000_times, NULL), 0);
    for (int t = 0; t < THREADS; t++) ck_assert_int_eq(pthread_join(threads[t], NULL), 0);
    assert_noted(THREADS * 2000);
    assert_setting(HOST, "after all left");
    at_call = NULL;
}
END_TEST

static int note_in_task(void *context, int64_t task, int thread)
{
    if (thread == 0 || !setting_belongs_to_thread()) ((int *)context)[task] = setting();
    return LEBM_OK;
}

START_TEST(tasks_without_products_leave_the_setting_alone)
{
    lebm__pool *pool = NULL;
    int noted[8];
    if (!set_host()) return;
    for (int i = 0; i < 8; i++) noted[i] = HOST;
    LEBM_ASSERT_OK(lebm__pool_resize(&pool, 3));
    LEBM_ASSERT_OK(lebm__pool_run(pool, 8, note_in_task, noted));
    for (int i = 0; i < 8; i++) LEBM_ASSERT_MSG(noted[i] == HOST, "in task %d the BLAS has %d threads", i, noted[i]);
    lebm__pool_destroy(pool);
    assert_setting(HOST, "after the pool");
}
END_TEST

/* ---- how many threads call it at once: OpenBLAS hangs where it gets no memory for one more ---- */

static atomic_int rooms = -1; /* that the system has left for it; negative: any number */

void *__real_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset);
void *__wrap_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset);

void *__wrap_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset)
{
    if (rooms == 0) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    if (rooms > 0) rooms--;
    return __real_mmap(address, size, protection, flags, file, offset);
}

static atomic_int inside, most_inside;

/* Gives others the time to come in, which they must not. */
static void count_inside(void)
{
    const int now = atomic_fetch_add(&inside, 1) + 1;
    int most = most_inside;
    while (most < now && !atomic_compare_exchange_weak(&most_inside, &most, now)) {
    }
    usleep(1000);
    atomic_fetch_sub(&inside, 1);
}

static int multiply_in_task(void *unused, int64_t task, int thread)
{
    (void)unused, (void)task, (void)thread;
    multiply();
    return LEBM_OK;
}

START_TEST(only_as_many_call_openblas_as_it_has_memory_for)
{
    lebm__pool *pool = NULL;
    if (openblas_get_num_threads == NULL || sizeof(off_t) > sizeof(long)) {
        printf("skipped: this is not OpenBLAS, or mmap() has another name\n");
        LEBM_ASSERT_OK(lebm__blas_prepare());
        return;
    }
    rooms = 0;
    LEBM_ASSERT_STATUS(lebm__blas_prepare(), LEBM_ERR_NOMEM);
    LEBM_ASSERT_ERROR_NAMES("128 MiB");
    rooms = 1;
    at_call = count_inside;
    LEBM_ASSERT_OK(lebm__blas_prepare());
    ck_assert_int_eq(most_inside, 1); /* which it has taken, */
    most_inside = 0;
    LEBM_ASSERT_OK(lebm__blas_prepare());
    ck_assert_int_eq(most_inside, 0); /* and keeps */
    LEBM_ASSERT_OK(lebm__pool_resize(&pool, 4));
    LEBM_ASSERT_OK(lebm__pool_run(pool, 100, multiply_in_task, NULL));
    ck_assert_int_eq(most_inside, 1);
    rooms = 1;
    LEBM_ASSERT_OK(lebm__pool_run(pool, 100, multiply_in_task, NULL));
    ck_assert_int_le(most_inside, 2);
    lebm__pool_destroy(pool);
    at_call = NULL;
    rooms = -1;
}
END_TEST

extern char *openblas_get_config(void) __attribute__((weak));
extern int exec_blas(void) __attribute__((weak)); /* of one with threads */

/* An OpenBLAS that several threads may not call; of an archive that is assumed where it has no threads. */
static int is_unsafe(void)
{
    if (openblas_get_num_threads == NULL) return 0;
    if (openblas_get_parallel == NULL) return exec_blas == NULL;
    return openblas_get_parallel() == 0 && strstr(openblas_get_config(), "USE_LOCKING") == NULL;
}

START_TEST(an_unsafe_openblas_is_called_by_one_at_a_time)
{
    lebm__pool *pool = NULL;
    if (!is_unsafe()) {
        printf("skipped: several threads may call this BLAS\n");
        return;
    }
    most_inside = 0;
    at_call = count_inside;
    LEBM_ASSERT_OK(lebm__pool_resize(&pool, 4));
    LEBM_ASSERT_OK(lebm__pool_run(pool, 100, multiply_in_task, NULL));
    lebm__pool_destroy(pool);
    at_call = NULL;
    ck_assert_int_eq(most_inside, 1);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("blas");
    TCase *at_once = tcase_create("at once"); /* first: what OpenBLAS has once got it keeps */
    tcase_set_timeout(at_once, 60);
    tcase_add_test(at_once, only_as_many_call_openblas_as_it_has_memory_for);
    tcase_add_test(at_once, an_unsafe_openblas_is_called_by_one_at_a_time);
    suite_add_tcase(suite, at_once);

    TCase *products = tcase_create("products");
    tcase_set_timeout(products, 60);
    tcase_add_test(products, products_are_added);
    tcase_add_test(products, nothing_is_added_without_rows);
    tcase_add_test(products, products_of_several_threads_do_not_mix);
    tcase_add_test(products, it_has_a_name);
    suite_add_tcase(suite, products);

    TCase *setting = tcase_create("setting");
    tcase_set_timeout(setting, 60);
    tcase_add_test(setting, the_hosts_setting_returns);
    tcase_add_test(setting, what_the_host_sets_meanwhile_stays);
    tcase_add_loop_test(setting, two_threads_share_the_setting, 0, 2);
    tcase_add_test(setting, threads_come_and_go);
    tcase_add_test(setting, tasks_without_products_leave_the_setting_alone);
    suite_add_tcase(suite, setting);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
