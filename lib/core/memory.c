#include "core/memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/status.h"

static atomic_long allocations_left = -1; /* of 64 bits it would need libatomic on some 32-bit machines */

void lebm__alloc_fail_after(int64_t count)
{
    atomic_store(&allocations_left, (long)count);
}

static int memory_refused(void)
{
    long left = atomic_load(&allocations_left);
    while (left > 0 && !atomic_compare_exchange_weak(&allocations_left, &left, left - 1)) {
    }
    return left == 0;
}

/* Large memory comes in huge pages where the system grants them: the chains' loops walk through so many pages that the
 * processor would forget where they are. */
static void *memory_allocate(int64_t bytes)
{
    const int64_t huge_page = 1 << 21;
    const int64_t align = bytes < 2 * huge_page ? LEBM__ALIGNMENT : huge_page;
    /* aligned_alloc() asks for a multiple of the alignment, and malloc(0) may be NULL. */
    const int64_t whole = (bytes / align + 1) * align;
    void *memory = aligned_alloc((size_t)align, (size_t)whole);
#ifdef MADV_HUGEPAGE
    if (memory != NULL && align == huge_page) madvise(memory, (size_t)whole, MADV_HUGEPAGE);
#endif
    return memory;
}

void *lebm__alloc_raw(int64_t count, int64_t size)
{
    int64_t bytes;
    void *memory = NULL;
    /* Of PTRDIFF_MAX: on machines of 32 bits, more would be cut on its way into a size_t. */
    if (count < 0 || size < 0 || __builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX / 2) {
        lebm__fail(LEBM_ERR_NOMEM, "out of memory: %lld numbers of %lld bytes", (long long)count, (long long)size);
        return NULL;
    }
    if (!memory_refused()) memory = memory_allocate(bytes);
    if (memory == NULL) lebm__fail(LEBM_ERR_NOMEM, "out of memory: %lld bytes", (long long)bytes);
    return memory;
}

void *lebm__alloc(int64_t count, int64_t size)
{
    void *memory = lebm__alloc_raw(count, size);
    if (memory != NULL) memset(memory, 0, (size_t)(count * size));
    return memory;
}

void *lebm__grow(void *array, int64_t *capacity, int64_t count, int64_t more, int64_t size)
{
    const int64_t needed = count + more, grown = count + count / 2, new_capacity = needed > grown ? needed : grown;
    if (array != NULL && needed <= *capacity) return array;
    void *copy = lebm__alloc_raw(new_capacity, size);
    if (copy == NULL) return NULL;
    if (array != NULL) memcpy(copy, array, (size_t)(count * size));
    lebm__free(array);
    *capacity = new_capacity;
    return copy;
}

void lebm__free(void *memory)
{
    free(memory);
}

void *lebm__arena_take(lebm__arena *arena, int64_t count, int64_t size)
{
    char *piece = arena->memory == NULL ? NULL : arena->memory + arena->used;
    arena->used += (count * size + LEBM__ALIGNMENT - 1) / LEBM__ALIGNMENT * LEBM__ALIGNMENT;
    return piece;
}

char *lebm__strdup(const char *text)
{
    const int64_t size = (int64_t)strlen(text) + 1;
    char *copy = lebm__alloc_raw(size, 1);
    if (copy != NULL) memcpy(copy, text, (size_t)size);
    return copy;
}
