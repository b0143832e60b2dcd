/** @file kernel_tables.h
 * The tables of kernels that this processor can run, for the tests of each of them. */
#ifndef LEBM_TESTS_KERNEL_TABLES_H
#define LEBM_TESTS_KERNEL_TABLES_H

#include <stddef.h>

#include "math/kernels.h"

enum { MOST_TABLES = 3 };

/** Sets `tables` to those this processor can run, the best last; returns how many there are. */
static inline int able_tables(const lebm__kernel_table *tables[MOST_TABLES])
{
    int count = 0;
    tables[count++] = &lebm__kernels_baseline;
#if defined(__x86_64__) || defined(__i386__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) tables[count++] = &lebm__kernels_avx2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl"))
        tables[count++] = &lebm__kernels_avx512;
#endif
    return count;
}

/** One of them, for a test that Check runs MOST_TABLES times; NULL if there are not so many. */
static inline const lebm__kernel_table *able_table(int i)
{
    const lebm__kernel_table *tables[MOST_TABLES];
    return i < able_tables(tables) ? tables[i] : NULL;
}

/** The statement that follows, with `table` being each of them in turn. */
#define FOR_EACH_TABLE(table)                                                                                          \
    const lebm__kernel_table *tables_[MOST_TABLES];                                                                    \
    const int table_count_ = able_tables(tables_);                                                                     \
    for (const lebm__kernel_table *const *next_ = tables_, *table; next_ < tables_ + table_count_ && (table = *next_); \
         next_++)

#endif
