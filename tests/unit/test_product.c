/* Packing and the product with packed weights, of every table that this processor can run, against double. */
#include "math/matrix.h"
#include "support/approx.h"
#include "support/kernel_tables.h"

/* ---- packing ---- */

static int64_t up(int64_t n, int64_t lanes)
{
    return (n + lanes - 1) / lanes * lanes;
}

/* B[k, n] packed for vectors of so many lanes, in exactly the memory that it takes: column by column, each goes to the
 * panel of 2 lanes it belongs to; the last panel has 1 lane's width if that holds what is left. */
static float *pack(int64_t lanes, int64_t k, int64_t n, const float *b)
{
    float *packed = test_floats(k * up(n, lanes));
    for (int64_t j = 0; j < n; j++) {
        const int64_t first = j / (2 * lanes) * 2 * lanes;
        const int64_t width = n - first <= lanes ? lanes : 2 * lanes;
        for (int64_t p = 0; p < k; p++) packed[first * k + p * width + j - first] = b[p * n + j];
    }
    return packed;
}

START_TEST(packing_cuts_panels_and_pads_with_zeros)
{
    const int64_t lanes = lebm__kernels()->lanes;
    uint64_t state = 1;
    for (int round = 0; round < 300; round++) {
        const int64_t k = test_integer(&state, 1, 40), n = test_integer(&state, 1, 100), size = k * up(n, lanes);
        float *b = test_normal_floats(k * n, 1, (uint64_t)round), *transposed = test_floats(k * n);
        float *expected = pack(lanes, k, n, b), *packed = test_random_floats(size, 5, 6, 2);
        const lebm__matrix matrix = {
            .format = &lebm__matrix_float32, .shape = {.count = 1, .k = k, .n = n}, .data = (char *)packed};
        for (int64_t p = 0; p < k; p++)
            for (int64_t j = 0; j < n; j++) transposed[j * k + p] = b[p * n + j];
        ck_assert_int_eq(lebm__matrix_float32.size(k, n), size * (int64_t)sizeof *packed);
        lebm__matrix_part all = {.rows = k, .columns = n, .values = b, .row_stride = n, .column_stride = 1};
        lebm__matrix_pack(&matrix, all);
        LEBM_ASSERT_SAME_BITS(packed, expected, size);
        memset(packed, 0x7f, (size_t)size * sizeof *packed);
        all = (lebm__matrix_part){.rows = k, .columns = n, .values = transposed, .row_stride = 1, .column_stride = k};
        lebm__matrix_pack(&matrix, all);
        LEBM_ASSERT_SAME_BITS(packed, expected, size);
        free(b);
        free(transposed);
        free(expected);
        free(packed);
    }
}
END_TEST

START_TEST(matrices_packed_in_parts_multiply_as_those_packed_whole)
{
    uint64_t state = 2;
    for (int round = 0; round < 50; round++) {
        const int64_t count = test_integer(&state, 1, 3), k = test_integer(&state, 1, 20);
        const int64_t n = test_integer(&state, 1, 100), m = test_integer(&state, 1, 5), size = k * n;
        const lebm__matrix_shape shape = {count, k, n, round % 2};
        lebm__matrix whole, parts;
        float *b = test_normal_floats(count * size, 1, (uint64_t)round), *a = test_normal_floats(m * k, 1, 99);
        float *of_whole = test_floats(m * n), *of_parts = test_floats(m * n);
        LEBM_ASSERT_OK(lebm__matrix_create(&whole, &lebm__matrix_float32, shape));
        LEBM_ASSERT_OK(lebm__matrix_create(&parts, &lebm__matrix_float32, shape));
        for (int64_t j = 0; j < n && shape.has_bias; j++) whole.bias[j] = parts.bias[j] = (float)j;
        lebm__matrix_part part = {
            .rows = k, .columns = n, .values = b, .matrix_stride = size, .row_stride = n, .column_stride = 1};
        lebm__matrix_pack(&whole, part);
        part.rows = 1;
        for (part.row = 0; part.row < k; part.row++) {
            for (part.column = 0; part.column < n; part.column += LEBM__MATRIX_COLUMNS) {
                const int64_t left = n - part.column;
                part.columns = left < LEBM__MATRIX_COLUMNS ? left : LEBM__MATRIX_COLUMNS;
                part.values = b + part.row * n + part.column;
                lebm__matrix_pack(&parts, part);
            }
        }
        for (int64_t i = 0; i < count; i++) {
            lebm__matrix_multiply(&whole, i, m, a, k, of_whole, n);
            lebm__matrix_multiply(&parts, i, m, a, k, of_parts, n);
            LEBM_ASSERT_SAME_BITS(of_parts, of_whole, m * n);
            double expected = shape.has_bias ? (double)(n - 1) : 0.0, sizes = fabs(expected);
            for (int64_t p = 0; p < k; p++) {
                const double product = (double)a[p] * (double)b[i * size + p * n + n - 1];
                expected += product;
                sizes += fabs(product);
            }
            ck_assert_double_le(fabs((double)of_whole[n - 1] - expected), (double)(k + 2) * 0x1p-24 * sizes);
        }
        lebm__matrix_free(&whole);
        lebm__matrix_free(&parts);
        ck_assert_ptr_null(whole.data);
        free(a);
        free(b);
        free(of_whole);
        free(of_parts);
    }
}
END_TEST

/* ---- products ---- */

/* A[m, k] with rows lda apart, B[k, n] and a bias; each in exactly the memory that it takes, so that a sanitizer or
 * valgrind sees a read beyond. */
struct problem {
    int64_t m, n, k, lda, ldc;
    float *a, *b, *bias; /* bias NULL: none */
};

static int64_t span(int64_t rows, int64_t columns, int64_t stride)
{
    return rows == 0 ? 0 : (rows - 1) * stride + columns;
}

static struct problem make_problem(int64_t m, int64_t n, int64_t k, int64_t pad_a, int64_t pad_c, int with_bias,
                                   uint64_t seed)
{
    struct problem p = {m, n, k, k + pad_a, n + pad_c, NULL, NULL, NULL};
    p.a = test_normal_floats(span(m, k, p.lda), 1, seed);
    p.b = test_normal_floats(k * n, 1, seed + 1000000);
    if (with_bias) p.bias = test_normal_floats(n, 1, seed + 2000000);
    return p;
}

static void free_problem(struct problem *p)
{
    free(p->a);
    free(p->b);
    free(p->bias);
}

static const float guard = 12345;

/* C of a problem, guard values between its rows; freed by the caller. */
static float *run(const lebm__kernel_table *table, const struct problem *p)
{
    const int64_t size = span(p->m, p->n, p->ldc);
    float *c = test_floats(size), *packed = pack(table->lanes, p->k, p->n, p->b);
    for (int64_t i = 0; i < size; i++) c[i] = guard;
    table->product(p->m, p->n, p->k, p->a, p->lda, packed, p->bias, c, p->ldc);
    free(packed);
    return c;
}

/* Fails unless C is within the rounding of k products and sums, one after the other, of what it should be. */
static void assert_right(const char *table, const struct problem *p, const float *c)
{
    const int64_t size = span(p->m, p->n, p->ldc);
    for (int64_t at = 0; at < size; at++) {
        const int64_t i = at / p->ldc, j = at % p->ldc;
        if (j >= p->n) {
            LEBM_ASSERT_MSG(c[at] == guard, "%s %lld x %lld x %lld: behind row %lld, column %lld was written", table,
                            (long long)p->m, (long long)p->n, (long long)p->k, (long long)i, (long long)j);
            continue;
        }
        double sum = p->bias ? (double)p->bias[j] : 0, sizes = fabs(sum);
        for (int64_t q = 0; q < p->k; q++) {
            const double product = (double)p->a[i * p->lda + q] * (double)p->b[q * p->n + j];
            sum += product;
            sizes += fabs(product);
        }
        const double off = fabs((double)c[at] - sum), allowed = (double)(p->k + 2) * 0x1p-24 * sizes;
        LEBM_ASSERT_MSG(off <= allowed,
                        "%s %lld x %lld x %lld: element (%lld, %lld) is %.9g, expected %.9g: off by %.3g, allowed %.3g",
                        table, (long long)p->m, (long long)p->n, (long long)p->k, (long long)i, (long long)j,
                        (double)c[at], sum, off, allowed);
    }
}

static void assert_problem(const lebm__kernel_table *table, const struct problem *p)
{
    float *c = run(table, p);
    assert_right(table->name, p, c);
    free(c);
}

START_TEST(random_products_are_right) /* _i: the table */
{
    const lebm__kernel_table *table = able_table(_i);
    if (!table) return;
    uint64_t state = 3;
    for (int round = 0; round < 300; round++) {
        const int64_t m = test_integer(&state, 1, 40), n = test_integer(&state, 1, 100),
                      k = test_integer(&state, 1, 300);
        const int64_t pad_a = test_integer(&state, 0, 3) * 5, pad_c = test_integer(&state, 0, 3) * 7;
        struct problem p = make_problem(m, n, k, pad_a, pad_c, round % 2, (uint64_t)round);
        assert_problem(table, &p);
        free_problem(&p);
    }
}
END_TEST

START_TEST(all_small_shapes_are_right) /* _i: the table */
{
    const lebm__kernel_table *table = able_table(_i);
    if (!table) return;
    for (int64_t m = 1; m <= 26; m++) { /* two blocks of rows and a rest, for each table */
        for (int64_t n = 1; n <= 66; n += m % 3 + 1) {
            struct problem p = make_problem(m, n, (m + n) % 4 + 1, n % 2, m % 2, n % 3 == 0, (uint64_t)(m * 100 + n));
            assert_problem(table, &p);
            free_problem(&p);
        }
    }
}
END_TEST

START_TEST(empty_products_write_the_bias_or_nothing)
{
    FOR_EACH_TABLE(table)
    {
        for (int with_bias = 0; with_bias < 2; with_bias++) {
            struct problem p = make_problem(7, 37, 0, 1, 3, with_bias, 4);
            float *c = run(table, &p);
            for (int64_t i = 0; i < p.m; i++)
                for (int64_t j = 0; j < p.n; j++)
                    LEBM_ASSERT_MSG(c[i * p.ldc + j] == (with_bias ? p.bias[j] : 0),
                                    "%s: without products, (%lld, %lld) is %g", table->name, (long long)i, (long long)j,
                                    (double)c[i * p.ldc + j]);
            float untouched = guard;
            table->product(0, p.n, 5, &guard, 5, &guard, p.bias, &untouched, p.ldc);
            LEBM_ASSERT_MSG(untouched == guard, "%s: a product without rows wrote %g", table->name, (double)untouched);
            free(c);
            free_problem(&p);
        }
    }
}
END_TEST

START_TEST(an_elements_bits_depend_on_its_row_and_column_alone) /* _i: the table */
{
    enum { M = 40, N = 100 };
    const lebm__kernel_table *table = able_table(_i);
    if (!table) return;
    static const int64_t ks[] = {1, 17, 100, 300};
    for (int s = 0; s < 4; s++) {
        struct problem all = make_problem(M, N, ks[s], 3, 0, s % 2, (uint64_t)s);
        float *c = run(table, &all);
        for (int64_t m = 1; m <= M; m++) { /* m rows from any on */
            struct problem some = all;
            const int64_t first = (m * 13) % (M - m + 1);
            some.m = m;
            some.a += first * some.lda;
            float *part = run(table, &some);
            LEBM_ASSERT_SAME_BITS(part, c + first * N, m * N);
            free(part);
        }
        for (int64_t n = 1; n <= N; n += 3) { /* n columns from any on */
            const int64_t first = (n * 29) % (N - n + 1);
            struct problem some = all;
            some.n = some.ldc = n;
            some.b = test_floats(ks[s] * n);
            for (int64_t p = 0; p < ks[s]; p++)
                memcpy(some.b + p * n, all.b + p * N + first, (size_t)n * sizeof *some.b);
            if (all.bias) {
                some.bias = test_floats(n);
                memcpy(some.bias, all.bias + first, (size_t)n * sizeof *some.bias);
            }
            float *part = run(table, &some);
            for (int64_t i = 0; i < M; i++) LEBM_ASSERT_SAME_BITS(part + i * n, c + i * N + first, n);
            free(part);
            free(some.b);
            free(some.bias);
        }
        free(c);
        free_problem(&all);
    }
}
END_TEST

START_TEST(a_bad_number_stays_in_its_row_and_column) /* _i: the table */
{
    enum { M = 25, N = 70, K = 9 };
    static const float bad[] = {NAN, INFINITY};
    const lebm__kernel_table *table = able_table(_i);
    if (!table) return;
    for (int64_t at = 0; at < M * N; at += 37) {
        const int64_t row = at % M, column = at % N;
        struct problem p = make_problem(M, N, K, 0, 0, 1, 5);
        p.a[row * K + at % K] = bad[at % 2];
        float *c = run(table, &p);
        for (int64_t i = 0; i < M * N; i++)
            LEBM_ASSERT_MSG(isfinite(c[i]) == (i / N != row), "%s: with %g in row %lld of A, (%lld, %lld) is %g",
                            table->name, (double)bad[at % 2], (long long)row, (long long)(i / N), (long long)(i % N),
                            (double)c[i]);
        free(c);
        free_problem(&p);

        p = make_problem(M, N, K, 0, 0, 0, 6);
        p.b[at % K * N + column] = bad[at % 2];
        c = run(table, &p);
        for (int64_t i = 0; i < M * N; i++)
            LEBM_ASSERT_MSG(isfinite(c[i]) == (i % N != column), "%s: with %g in column %lld of B, (%lld, %lld) is %g",
                            table->name, (double)bad[at % 2], (long long)column, (long long)(i / N), (long long)(i % N),
                            (double)c[i]);
        free(c);
        free_problem(&p);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("product");
    TCase *packing = tcase_create("packing");
    tcase_add_test(packing, packing_cuts_panels_and_pads_with_zeros);
    tcase_add_test(packing, matrices_packed_in_parts_multiply_as_those_packed_whole);
    suite_add_tcase(suite, packing);

    TCase *products = tcase_create("products");
    tcase_set_timeout(products, 20);
    tcase_add_loop_test(products, random_products_are_right, 0, MOST_TABLES);
    tcase_add_loop_test(products, all_small_shapes_are_right, 0, MOST_TABLES);
    tcase_add_test(products, empty_products_write_the_bias_or_nothing);
    tcase_add_loop_test(products, an_elements_bits_depend_on_its_row_and_column_alone, 0, MOST_TABLES);
    tcase_add_loop_test(products, a_bad_number_stays_in_its_row_and_column, 0, MOST_TABLES);
    suite_add_tcase(suite, products);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
