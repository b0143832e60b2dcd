/* The door to the BLAS: its one product, and the host's setting of its threads. */
#include "math/blas.h"

#include <pthread.h>

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

/* ---- the host's setting, of OpenBLAS ---- */

extern void openblas_set_num_threads(int count) __attribute__((weak));
extern int openblas_get_num_threads(void) __attribute__((weak));

enum { HOST = 2 }; /* threads that the host wants */

/* Set the host's wish; 0 if this BLAS has no such setting. */
static int set_host(void)
{
    if (openblas_set_num_threads == NULL || openblas_get_num_threads == NULL) {
        printf("skipped: the BLAS has no setting of threads that this test knows\n");
        return 0;
    }
    openblas_set_num_threads(HOST);
    if (openblas_get_num_threads() == HOST) return 1;
    printf("skipped: the BLAS has one thread only\n");
    return 0;
}

static void assert_setting(int expected, const char *when)
{
    LEBM_ASSERT_MSG(openblas_get_num_threads() == expected, "%s the BLAS has %d threads, not %d", when,
                    openblas_get_num_threads(), expected);
}

START_TEST(the_hosts_setting_returns)
{
    if (!set_host()) return;
    for (int i = 0; i < 3; i++) {
        const lebm__blas_setting outer = lebm__blas_enter();
        assert_setting(1, "inside");
        const lebm__blas_setting inner = lebm__blas_enter();
        assert_setting(1, "inside twice");
        lebm__blas_leave(inner);
        assert_setting(1, "inside again");
        lebm__blas_leave(outer);
        assert_setting(HOST, "outside");
    }
    openblas_set_num_threads(1); /* a host that wants one */
    lebm__blas_leave(lebm__blas_enter());
    assert_setting(1, "outside");
}
END_TEST

typedef struct {
    pthread_barrier_t *barrier;
    int inside, alone; /* threads of the BLAS when both are inside, and when this one is the last */
} visitor;

/* Enters after the test's thread and leaves after it. */
static void *visit(void *argument)
{
    visitor *v = argument;
    pthread_barrier_wait(v->barrier); /* the test's thread is inside */
    const lebm__blas_setting before = lebm__blas_enter();
    v->inside = openblas_get_num_threads();
    pthread_barrier_wait(v->barrier); /* both are */
    pthread_barrier_wait(v->barrier); /* the test's thread has left */
    v->alone = openblas_get_num_threads();
    lebm__blas_leave(before);
    return NULL;
}

START_TEST(two_threads_share_the_setting)
{
    if (!set_host()) return;
    for (int i = 0; i < 10; i++) {
        pthread_barrier_t barrier;
        pthread_t thread;
        visitor v = {.barrier = &barrier};
        pthread_barrier_init(&barrier, NULL, 2);
        ck_assert_int_eq(pthread_create(&thread, NULL, visit, &v), 0);
        const lebm__blas_setting before = lebm__blas_enter();
        pthread_barrier_wait(&barrier);
        pthread_barrier_wait(&barrier);
        const int inside = openblas_get_num_threads();
        lebm__blas_leave(before);
        pthread_barrier_wait(&barrier);
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
        pthread_barrier_destroy(&barrier);
        ck_assert_int_eq(inside, 1);
        ck_assert_int_eq(v.inside, 1);
        ck_assert_int_eq(v.alone, 1);
        assert_setting(HOST, "after both left");
    }
}
END_TEST

static void *come_and_go(void *failures)
{
    for (int i = 0; i < 2000; i++) {
        const lebm__blas_setting before = lebm__blas_enter();
        if (openblas_get_num_threads() != 1) ++*(int *)failures;
        lebm__blas_leave(before);
    }
    return NULL;
}

START_TEST(threads_come_and_go)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    int failures[THREADS] = {0};
    if (!set_host()) return;
    for (int t = 0; t < THREADS; t++) ck_assert_int_eq(pthread_create(&threads[t], NULL, come_and_go, &failures[t]), 0);
    for (int t = 0; t < THREADS; t++) {
        ck_assert_int_eq(pthread_join(threads[t], NULL), 0);
        LEBM_ASSERT_MSG(failures[t] == 0, "the BLAS had several threads %d times inside thread %d", failures[t], t);
    }
    assert_setting(HOST, "after all left");
}
END_TEST

static int note_setting(void *context, int64_t task, int thread)
{
    (void)thread;
    ((int *)context)[task] = openblas_get_num_threads();
    return task == 7 ? LEBM_ERR_INTERNAL : LEBM_OK;
}

START_TEST(a_pool_runs_inside_and_leaves_even_if_it_fails)
{
    lebm__pool *pool = NULL;
    if (!set_host()) return;
    LEBM_ASSERT_OK(lebm__pool_resize(&pool, 3));
    for (int count = 0; count <= 8; count++) { /* the last run fails */
        int noted[8] = {0};
        ck_assert_int_eq(lebm__pool_run(pool, count, note_setting, noted), count == 8 ? LEBM_ERR_INTERNAL : LEBM_OK);
        for (int i = 0; i < count; i++)
            LEBM_ASSERT_MSG(noted[i] == 1, "in task %d of %d the BLAS has %d threads", i, count, noted[i]);
        assert_setting(HOST, "after a run");
    }
    lebm__pool_destroy(pool);
    assert_setting(HOST, "after the pool");
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("blas");
    TCase *products = tcase_create("products");
    tcase_set_timeout(products, 20);
    tcase_add_test(products, products_are_added);
    tcase_add_test(products, nothing_is_added_without_rows);
    tcase_add_test(products, products_of_several_threads_do_not_mix);
    tcase_add_test(products, it_has_a_name);
    suite_add_tcase(suite, products);

    TCase *setting = tcase_create("setting");
    tcase_set_timeout(setting, 20);
    tcase_add_test(setting, the_hosts_setting_returns);
    tcase_add_test(setting, two_threads_share_the_setting);
    tcase_add_test(setting, threads_come_and_go);
    tcase_add_test(setting, a_pool_runs_inside_and_leaves_even_if_it_fails);
    suite_add_tcase(suite, setting);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
