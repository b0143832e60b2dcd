#include "core/memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"

static _Atomic int64_t allocations_left = -1;

void lebm__alloc_fail_after(int64_t count)
{
    atomic_store(&allocations_left, count);
}

static int refused(void)
{
    int64_t left = atomic_load(&allocations_left);
    while (left > 0 && !atomic_compare_exchange_weak(&allocations_left, &left, left - 1)) {
    }
    return left == 0;
}

void *lebm__alloc_raw(int64_t count, int64_t size)
{
    int64_t bytes;
    void *memory = NULL;
    if (count < 0 || size < 0 || __builtin_mul_overflow(count, size, &bytes) || bytes > INT64_MAX - LEBM__ALIGNMENT) {
        lebm__fail(LEBM_ERR_NOMEM, "out of memory: %lld numbers of %lld bytes", (long long)count, (long long)size);
        return NULL;
    }
    if (!refused()) {
        /* aligned_alloc() asks for a multiple of the alignment, and malloc(0) may be NULL. */
        const int64_t whole = (bytes / LEBM__ALIGNMENT + 1) * LEBM__ALIGNMENT;
        memory = aligned_alloc(LEBM__ALIGNMENT, (size_t)whole);
    }
    if (memory == NULL) lebm__fail(LEBM_ERR_NOMEM, "out of memory: %lld bytes", (long long)bytes);
    return memory;
}

void *lebm__alloc(int64_t count, int64_t size)
{
    void *memory = lebm__alloc_raw(count, size);
    if (memory != NULL) memset(memory, 0, (size_t)(count * size));
    return memory;
}

void lebm__free(void *memory)
{
    free(memory);
}

char *lebm__strdup(const char *text)
{
    const int64_t size = (int64_t)strlen(text) + 1;
    char *copy = lebm__alloc_raw(size, 1);
    if (copy != NULL) memcpy(copy, text, (size_t)size);
    return copy;
}
