/** @file survive.h
 * Public functions whose allocations fail, one after the other. */
#ifndef LEBM_TESTS_SURVIVE_H
#define LEBM_TESTS_SURVIVE_H

#include "args/trial.h"

/** The worlds that each function is tried in. */
enum { KINDS = 3 };
extern const struct world_kind kinds[KINDS];

/** How allocations are made to fail. */
typedef struct {
    void (*fail_after)(int64_t count); /* that succeed; -1: all do */
    int (*has_failed)(void);           /* whether one did since then; NULL: that is not known */
} failing;

/** Calls the function with its first allocation failing, then with its second, and so on until there is none left, in
 * all its variants. Fails unless each time it either does its work all the same, or says that there is no memory,
 * changes nothing, and does its work as soon as there is. Returns how often it said so; -1 if the function has nothing to
 * tell in such a world, as before any run, or nothing else than in one of pixels. */
int64_t survive(const function *f, const struct world_kind *kind, const failing *way);

#endif
