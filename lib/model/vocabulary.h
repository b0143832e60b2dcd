/* What tokens are as text. */
#ifndef LEBM_MODEL_VOCABULARY_H
#define LEBM_MODEL_VOCABULARY_H

#include <stdint.h>

#include "core/arithmetic.h"

typedef struct {
    const char *unit; /* LEBM_WORDS or LEBM_CHARACTERS */
    char *text;       /* all words, each ended by a newline */
    char *copies;     /* the same, each ended by NUL */
    int64_t count;
    const char **words; /* [count] in `copies` */
    int64_t *slots;     /* [slot_count] a hash table of indices; -1: free */
    int64_t slot_count; /* a power of 2 */
} lebm__vocabulary;

/* Make one of `count` lines; LEBM_ERR_UNKNOWN_OPTION, LEBM_ERR_FORMAT or LEBM_ERR_SHAPE if they are not what
 * lebm_generator_set_vocabulary() says. */
int lebm__vocabulary_create(lebm__vocabulary **out, const char *unit, const char *lines, int64_t count);
void lebm__vocabulary_destroy(lebm__vocabulary *vocabulary);

/* Index of the word of `length` bytes, or -1. */
int64_t lebm__vocabulary_find(const lebm__vocabulary *vocabulary, const char *word, int64_t length);

/* The next token of a line that ends at `end`: steps over what separates tokens, sets *length, and returns its beginning;
 * NULL if there is none left. */
const char *lebm__vocabulary_next(const lebm__vocabulary *vocabulary, const char *at, const char *end, int64_t *length);

#endif
