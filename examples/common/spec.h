/* Specs of nets of any size. */
#ifndef SPEC_H
#define SPEC_H

#include <stdint.h>

/* The spec with numbers in the places of N, 2N, 4N and so on: 1, 2, 4 times the width; and of V and D where they stand alone:
 * the number of tokens and the length of the longest sequence, if they are not 0. The caller frees it. */
char *spec_with_sizes(const char *spec, int64_t width, int64_t tokens, int64_t longest);

#endif
