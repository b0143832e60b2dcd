/* Every single malloc() of the process failing in turn while a public function is at work: those of the C library, of
 * cJSON and of starting threads, too. The malloc() here takes the place of the C library's, in all of the process;
 * sanitizers have their own, which cannot be replaced. */
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#include "oom/survive.h"
#include "support/approx.h"

/* glibc's own, under names that are not replaced. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static _Atomic int64_t left = -1; /* calls before the one that fails; negative: none does */
static _Atomic int refusals;

static void fail_after(int64_t count)
{
    refusals = 0;
    left = count;
}

static int has_failed(void)
{
    return refusals > 0;
}

static const failing every_malloc = {fail_after, has_failed};

static int refused(void)
{
    if (left < 0 || atomic_fetch_sub(&left, 1) != 0) return 0;
    atomic_fetch_add(&refusals, 1);
    errno = ENOMEM;
    return 1;
}

LEBM_API void *malloc(size_t size)
{
    return refused() ? NULL : __libc_malloc(size);
}

LEBM_API void *calloc(size_t count, size_t size)
{
    return refused() ? NULL : __libc_calloc(count, size);
}

LEBM_API void *realloc(void *memory, size_t size)
{
    return refused() ? NULL : __libc_realloc(memory, size);
}

LEBM_API void *aligned_alloc(size_t alignment, size_t size)
{
    return refused() ? NULL : __libc_memalign(alignment, size);
}

START_TEST(every_malloc_may_fail) /* _i: the function, in each kind of world */
{
    const function *f = &functions[_i / KINDS];
    const int64_t failures = survive(f, &kinds[_i % KINDS], &every_malloc);
    if (failures < 0) return;
    LEBM_ASSERT_MSG((failures > 0) == is_promised(f, LEBM_ERR_NOMEM), "%s() failed for lack of memory %lld times",
                    f->name, (long long)failures);
}
END_TEST

/* The C library finds out where a link leads. */
START_TEST(every_malloc_of_a_save_through_a_link_may_fail)
{
    static struct world w;
    int64_t failures = 0;
    int refused = 1;
    world_make(&w, &kinds[0]);
    ck_assert_int_eq(unlink(saved_path), 0);
    ck_assert_int_eq(symlink(checkpoint_path, saved_path), 0);
    for (int64_t k = 0; refused; k++) {
        const uint64_t before = world_look(&w);
        fail_after(k);
        const int status = lebm_model_save(saved_path, w.prior, w.generator);
        refused = has_failed();
        fail_after(-1);
        if (status == LEBM_OK) continue;
        LEBM_ASSERT_MSG(status == LEBM_ERR_NOMEM || status == LEBM_ERR_IO, "malloc() %lld failing: %s", (long long)k,
                        lebm_status_name(status));
        LEBM_ASSERT_ERROR_NAMES("memory");
        LEBM_ASSERT_MSG(world_look(&w) == before, "malloc() %lld failing: something changed all the same",
                        (long long)k);
        failures++;
    }
    ck_assert_int_gt(failures, 50);
    world_free(&w);
}
END_TEST

/* That this program's functions are those that the C library calls. */
START_TEST(the_c_library_has_no_other_malloc)
{
    fail_after(0);
    char *root = realpath("/", NULL);
    const int error = errno;
    fail_after(-1);
    ck_assert_ptr_null(root);
    ck_assert_int_eq(error, ENOMEM);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("malloc");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, world_open_folder, world_remove_folder);
    tcase_set_timeout(all, 30);
    tcase_add_loop_test(all, every_malloc_may_fail, 0, KINDS * function_count);
    tcase_add_test(all, every_malloc_of_a_save_through_a_link_may_fail);
    tcase_add_test(all, the_c_library_has_no_other_malloc);
    suite_add_tcase(suite, all);
    return suite;
}

int main(void)
{
    if (dlsym(RTLD_DEFAULT, "GOMP_parallel") != NULL) {
        puts("skipped: the BLAS runs on libgomp, which ends the process when it gets no memory");
        return 77;
    }
    return test_run_suite(suite());
}
