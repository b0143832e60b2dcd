/* The order of numbers, in a time that depends on their count alone. */
#ifndef LEBM_MATH_SORT_H
#define LEBM_MATH_SORT_H

#include <stdint.h>

#include "core/arithmetic.h"

/* A key for a number that is not NaN: smaller for smaller numbers, the same for 0 and -0. And the number of a key. */
uint64_t lebm__sort_key(double number);
double lebm__sort_number(uint64_t key);

enum { LEBM__MOST_SORTED = INT32_MAX };

/* order[n] = the places of numbers[n], at most LEBM__MOST_SORTED and none of them NaN, in their order; equal ones keep theirs.
 * words[0] and words[1] have room for n each, and change places if need be: words[1] receives the numbers in their order. */
void lebm__sort(int64_t n, const double *numbers, uint64_t *words[2], uint32_t *order);

/* The number that would be at this place, 0 to n - 1, if they were sorted; `spare` has room for n keys. */
double lebm__nth(int64_t n, const double *numbers, int64_t place, uint64_t *spare);

#endif
