/** @file failing.h
 * Allocations that fail: those of cJSON, as core/memory.h lets the library's, and each in turn. */
#ifndef LEBM_TESTS_FAILING_H
#define LEBM_TESTS_FAILING_H

#include <errno.h>

#include "core/memory.h"
#include "support/approx.h"

static int64_t json_left = -1; /* allocations of cJSON that succeed; -1: all */

/** For cJSON_InitHooks(). */
static inline void *json_malloc(size_t size)
{
    if (json_left == 0) {
        errno = ENOMEM;
        return NULL;
    }
    if (json_left > 0) json_left--;
    return malloc(size);
}

/** As lebm__alloc_fail_after(). */
static inline void json_fail_after(int64_t count)
{
    json_left = count;
}

/** Lets the first allocation of `work` fail, then the second, and so on until it succeeds. Fails unless each failure is
 * LEBM_ERR_NOMEM and there are `least` of them; `check`, unless NULL, is called after each. */
static inline void fail_each(void (*fail_after)(int64_t), int (*work)(void), void (*check)(void), int64_t least)
{
    int64_t failures = 0;
    for (;; failures++) {
        fail_after(failures);
        const int status = work();
        fail_after(-1);
        if (status == LEBM_OK) break;
        LEBM_ASSERT_STATUS(status, LEBM_ERR_NOMEM);
        if (check) check();
    }
    ck_assert_int_ge(failures, least);
}

#endif
