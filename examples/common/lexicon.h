/* The words, or characters, that a model of text knows, with their numbers. */
#ifndef LEXICON_H
#define LEXICON_H

#include <lebm.h>
#include <stdbool.h>
#include <stdint.h>

#include "text_file.h"

typedef struct lexicon {
    bool characters; /* a token is a character, else a word */
    int64_t count;
    char *words;     /* as lebm_generator_set_vocabulary() takes them: a line for each, in the order of their numbers */
    int64_t *starts; /* [count + 1]: where their lines begin */
    int64_t unknown; /* the number of LEBM_UNKNOWN_TOKEN; -1: it is not there */
    int64_t *slots;  /* [slot_count]: a hash table of numbers; -1: free */
    int64_t slot_count;
} lexicon;

/* Gathers what is in the lines of a text: the `most` most frequent words, or characters, of equally frequent ones those
 * that come first. LEBM_UNKNOWN_TOKEN is always one of them. Returns 0, or -1 with the reason in *why and *l empty. */
int lexicon_gather(lexicon *l, const text_lines *t, bool characters, int64_t most, failure *why);

/* That of a generator of tokens, which must have a vocabulary. Returns as lexicon_gather() does. */
int lexicon_of_generator(lexicon *l, const lebm_generator *generator, failure *why);

void lexicon_free(lexicon *l);

/* The number of the next token from *at on, which moves behind it; of LEBM_UNKNOWN_TOKEN for what the lexicon does not have.
 * -1 at the end of the line, -2 for an unknown one if there is no number for those. */
int64_t lexicon_next(const lexicon *l, const char **at, const char *end);

#endif
