/* The order of numbers, in a time that depends on their count alone. */
#ifndef LEBM_MATH_SORT_H
#define LEBM_MATH_SORT_H

#include <stdint.h>

#include "core/arithmetic.h"

/* A key for a number that is not NaN: smaller for smaller numbers, the same for 0 and -0. And the number of a key. */
uint64_t lebm__sort_key(double number);
double lebm__sort_number(uint64_t key);

/* Sorts the keys of keys[0], and order[0] with them, so that equal ones keep their order. keys[1] and order[1] have as much
 * room; they change places with the others when that is where the result lies. */
void lebm__sort(int64_t n, uint64_t *keys[2], uint32_t *order[2]);

/* The number that would be at this place, 0 to n - 1, if they were sorted; `spare` has room for n keys. */
double lebm__nth(int64_t n, const double *numbers, int64_t place, uint64_t *spare);

#endif
