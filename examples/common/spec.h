/* Specs of nets of any width. */
#ifndef SPEC_H
#define SPEC_H

#include <stdint.h>

/* The spec with numbers in the places of N, 2N, 4N and so on; the caller frees it. */
char *spec_with_width(const char *spec, int64_t width);

#endif
