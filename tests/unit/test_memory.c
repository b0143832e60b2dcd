/* Allocation: aligned, zeroed, safe from overflow, and failing on request. */
#include <pthread.h>
#include <stdatomic.h>

#include "core/memory.h"
#include "lebm.h"
#include "support/approx.h"

/* Sanitizers end the program at an impossible size, unless told to let the library see it. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void assert_aligned(const void *memory, int64_t size)
{
    LEBM_ASSERT_MSG(memory != NULL, "%lld bytes: there is no memory", (long long)size);
    LEBM_ASSERT_MSG((uintptr_t)memory % LEBM__ALIGNMENT == 0, "%lld bytes: %p is not a multiple of %d", (long long)size,
                    memory, LEBM__ALIGNMENT);
}

START_TEST(memory_is_aligned)
{
    enum { SIZES = 300 };
    void *kept[SIZES];
    for (int64_t size = 0; size < SIZES; size++) {
        kept[size] = size % 2 ? lebm__alloc(size, 1) : lebm__alloc_raw(size, 1);
        assert_aligned(kept[size], size);
        memset(kept[size], 0x5a, (size_t)size);
    }
    for (int64_t size = 0; size < SIZES; size++) lebm__free(kept[size]);
    for (int64_t size = 1; size < (int64_t)1 << 24; size = 3 * size + 1) {
        float *memory = lebm__alloc_raw(size, sizeof *memory);
        assert_aligned(memory, size * (int64_t)sizeof *memory);
        memory[size - 1] = 1; /* a sanitizer knows the end */
        lebm__free(memory);
    }
}
END_TEST

START_TEST(pieces_do_not_overlap)
{
    enum { COUNT = 200 };
    unsigned char *kept[COUNT];
    for (int i = 0; i < COUNT; i++) {
        kept[i] = lebm__alloc_raw(i, 3);
        memset(kept[i], i, 3 * (size_t)i);
    }
    for (int i = 0; i < COUNT; i++) {
        for (int j = 0; j < 3 * i; j++)
            LEBM_ASSERT_MSG(kept[i][j] == i, "byte %d of piece %d was overwritten with %d", j, i, kept[i][j]);
        lebm__free(kept[i]);
    }
}
END_TEST

START_TEST(alloc_zeroes_used_memory)
{
    for (int64_t size = 1; size < 70000; size += 1 + size / 3) {
        unsigned char *memory = lebm__alloc_raw(size, 1);
        memset(memory, 0xff, (size_t)size);
        lebm__free(memory);
        memory = lebm__alloc(size, 1);
        for (int64_t i = 0; i < size; i++)
            LEBM_ASSERT_MSG(memory[i] == 0, "byte %lld of %lld is %d", (long long)i, (long long)size, memory[i]);
        lebm__free(memory);
    }
}
END_TEST

START_TEST(impossible_sizes_are_refused)
{
    static const int64_t sizes[][2] = {
        {INT64_MAX, 2},
        {2, INT64_MAX},
        {INT64_MAX / 4 + 1, 4},
        {INT64_MAX, INT64_MAX},
        {INT64_MAX, 1},
        {1, INT64_MAX},
        {INT64_MAX - 1, 1},
        {(int64_t)1 << 32, (int64_t)1 << 31},
        {-1, 1},
        {1, -1},
        {-1, -1},
        {INT64_MIN, 1},
        {INT64_MIN, INT64_MIN},
        {(int64_t)1 << 62, 4},
        {INT64_MAX - LEBM__ALIGNMENT, 1},
        {(int64_t)1 << 60, 4},
        {(int64_t)1 << 32, (int64_t)1 << 32},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        lebm__alloc_fail_after(0);
        ck_assert_ptr_null(lebm__alloc(1, 1)); /* so that the text is another one */
        lebm__alloc_fail_after(-1);
        char *before = strdup(lebm_last_error());
        void *raw = lebm__alloc_raw(sizes[i][0], sizes[i][1]), *zeroed = lebm__alloc(sizes[i][0], sizes[i][1]);
        LEBM_ASSERT_MSG(raw == NULL && zeroed == NULL, "there is memory for %lld numbers of %lld bytes",
                        (long long)sizes[i][0], (long long)sizes[i][1]);
        LEBM_ASSERT_ERROR_NAMES("out of memory");
        ck_assert_str_ne(lebm_last_error(), before);
        free(before);
    }
}
END_TEST

START_TEST(strdup_copies)
{
    char text[300];
    memset(text, 'a', sizeof text);
    for (size_t length = 0; length < sizeof text; length++) {
        text[sizeof text - 1] = '\0';
        const char *from = text + sizeof text - 1 - length;
        char *copy = lebm__strdup(from);
        ck_assert_ptr_ne(copy, from);
        ck_assert_str_eq(copy, from);
        lebm__free(copy);
    }
    lebm__free(NULL);
}
END_TEST

/* ---- failing on request ---- */

static void *alloc_by(int way)
{
    return way % 3 == 0 ? lebm__alloc(5, 4) : way % 3 == 1 ? lebm__alloc_raw(5, 4) : (void *)lebm__strdup("text");
}

START_TEST(allocations_fail_from_the_kth_on)
{
    for (int k = 0; k < 12; k++) {
        lebm__alloc_fail_after(k);
        for (int i = 0; i < k + 9; i++) {
            void *memory = alloc_by(i);
            LEBM_ASSERT_MSG((memory != NULL) == (i < k), "failing after %d: allocation %d %s", k, i,
                            memory ? "succeeded" : "failed");
            lebm__free(memory);
            if (i == k) LEBM_ASSERT_ERROR_NAMES("out of memory");
        }
        lebm__alloc_fail_after(-1);
        for (int i = 0; i < 9; i++) {
            void *memory = alloc_by(i);
            LEBM_ASSERT_MSG(memory != NULL, "allocation %d failed though none is to", i);
            lebm__free(memory);
        }
    }
}
END_TEST

static atomic_int succeeded;

static void *alloc_many(void *unused)
{
    for (int i = 0; i < 1000; i++) {
        void *memory = lebm__alloc(1, 8);
        if (memory) atomic_fetch_add(&succeeded, 1);
        lebm__free(memory);
    }
    return unused;
}

START_TEST(threads_share_the_count)
{
    enum { THREADS = 4, K = 1777 };
    pthread_t threads[THREADS];
    succeeded = 0;
    lebm__alloc_fail_after(K);
    for (int i = 0; i < THREADS; i++) ck_assert_int_eq(pthread_create(&threads[i], NULL, alloc_many, NULL), 0);
    for (int i = 0; i < THREADS; i++) ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    lebm__alloc_fail_after(-1);
    ck_assert_int_eq(succeeded, K);
}
END_TEST

/* ---- arenas ---- */

START_TEST(an_arena_first_counts_then_hands_out)
{
    enum { PIECES = 40 };
    lebm__arena counter = {NULL, 0};
    for (int i = 0; i < PIECES; i++) ck_assert_ptr_null(lebm__arena_take(&counter, i, 12));
    char *memory = lebm__alloc_raw(counter.used, 1);
    lebm__arena arena = {memory, 0};
    char *end = memory;
    for (int i = 0; i < PIECES; i++) {
        char *piece = lebm__arena_take(&arena, i, 12);
        assert_aligned(piece, 12 * i);
        ck_assert_msg(piece >= end, "piece %d begins in the one before", i);
        end = piece + 12 * i;
    }
    ck_assert_int_eq(arena.used, counter.used);
    ck_assert(end <= memory + arena.used);
    lebm__free(memory);
}
END_TEST

START_TEST(a_net_is_not_copied_for_each_layer)
{
    lebm_net *net;
    LEBM_ASSERT_OK(lebm_net_create(&net, 4));
    lebm__alloc_fail_after(100); /* three arrays that grow by half: some sixty allocations */
    for (int i = 0; i < 1000; i++) LEBM_ASSERT_OK(lebm_net_add_linear(net, 4, 1));
    lebm__alloc_fail_after(-1);
    lebm_net_destroy(net);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("memory");
    TCase *pieces = tcase_create("pieces");
    tcase_add_test(pieces, memory_is_aligned);
    tcase_add_test(pieces, pieces_do_not_overlap);
    tcase_add_test(pieces, alloc_zeroes_used_memory);
    tcase_add_test(pieces, impossible_sizes_are_refused);
    tcase_add_test(pieces, strdup_copies);
    tcase_add_test(pieces, an_arena_first_counts_then_hands_out);
    suite_add_tcase(suite, pieces);

    TCase *failing = tcase_create("failing");
    tcase_add_test(failing, allocations_fail_from_the_kth_on);
    tcase_add_test(failing, threads_share_the_count);
    tcase_add_test(failing, a_net_is_not_copied_for_each_layer);
    suite_add_tcase(suite, failing);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
