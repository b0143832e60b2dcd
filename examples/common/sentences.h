/* Data sets of sentences. */
#ifndef SENTENCES_H
#define SENTENCES_H

#include "data_source.h"
#include "dataset.h"
#include "lexicon.h"
#include "text_file.h"

/* What became of the text of a part on its way into a data set. */
typedef struct sentences_told {
    int64_t empty, first_empty;         /* lines of the whole file that were left out, and the number of the first */
    int64_t cut, first_cut, second_cut; /* lines of the part that were too long; the numbers of the first two */
    int64_t tokens, unknown;            /* of the part; those that the lexicon does not have */
} sentences_told;

/* The text of a part: from its file, of the training's the lines that are not held out; or drawn from the grammar if there
 * is no file. Returns 0, or -1 with the reason in *why and *t empty. */
int sentences_text(const data_source *source, data_part part, text_lines *t, failure *why);

/* Tokens of the longest line of a text, and not less than 1. */
int64_t sentences_longest(const lexicon *l, const text_lines *t);

/* Makes the data set of a text, of sentences of up to `longest` tokens: longer ones are cut. The data set's labels are the
 * topics if the sentences are drawn. Returns 0, or -1 with the reason in *why and *data empty. */
int sentences_make(const text_lines *t, const lexicon *l, int64_t longest, bool drawn, dataset *data,
                   sentences_told *told, failure *why);

#endif
