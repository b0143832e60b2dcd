/* Text in UTF-8, which is what crosses the library's boundary. */
#ifndef LEBM_CORE_TEXT_H
#define LEBM_CORE_TEXT_H

#include <stdint.h>

#include "core/arithmetic.h"

/* Number of bytes of the UTF-8 character at `text`, which has `left` bytes to come; 0 if there is none. */
int64_t lebm__utf8_length(const char *text, int64_t left);

/* Whether a C string is UTF-8. */
int lebm__is_utf8(const char *text);

/* A hash of text, FNV-1a: begin with LEBM__HASH_START, and go on with what was returned. */
#define LEBM__HASH_START 0xcbf29ce484222325u
uint64_t lebm__hash_text(uint64_t hash, const char *text, int64_t length);

/* Append a name to a list "a, b" in `size` bytes; what there is no room for is cut off. */
void lebm__list_add(char *list, int64_t size, const char *name);

#endif
