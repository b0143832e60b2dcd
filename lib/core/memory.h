/* Every allocation of the library: aligned for vectors, sizes checked, and made to fail by tests. */
#ifndef LEBM_CORE_MEMORY_H
#define LEBM_CORE_MEMORY_H

#include <stdint.h>

enum { LEBM__ALIGNMENT = 64 };

/* count * size zeroed bytes at a multiple of LEBM__ALIGNMENT; NULL, with the error text set, if there is no such
 * memory. Release with lebm__free(). */
void *lebm__alloc(int64_t count, int64_t size);

/* As lebm__alloc() for memory that is written before it is read: not zeroed. */
void *lebm__alloc_raw(int64_t count, int64_t size);

/* The array, or a longer copy in its place, with room for `more` elements behind its `count`; NULL, and the array as it
 * was, if there is no memory. It grows by half, so that what grows often is not copied each time. */
void *lebm__grow(void *array, int64_t *capacity, int64_t count, int64_t more, int64_t size);

void lebm__free(void *memory);

/* A copy of `text`; NULL, with the error text set, if there is no memory. */
char *lebm__strdup(const char *text);

/* Memory cut into pieces from its beginning on, each at a multiple of LEBM__ALIGNMENT. Whoever lays out things in an
 * arena does so twice: first without memory, to learn how much is needed. */
typedef struct {
    char *memory; /* NULL: count only */
    int64_t used;
} lebm__arena;

/* The next count * size bytes, not zeroed; NULL if there is no memory. Shapes have bounds that keep sums of this kind
 * far below 2^63. */
void *lebm__arena_take(lebm__arena *arena, int64_t count, int64_t size);

/* For tests: let `count` more allocations succeed and all later ones fail; -1: no failures. */
void lebm__alloc_fail_after(int64_t count);

#endif
