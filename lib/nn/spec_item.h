/* Items of a spec: words separated by white space, up to the next ';'. */
#ifndef LEBM_NN_SPEC_ITEM_H
#define LEBM_NN_SPEC_ITEM_H

#include <stdint.h>

enum { LEBM__SPEC_WORDS = 6, LEBM__SPEC_WORD_SIZE = 32 };

/* One item, "conv_transpose2d 512 4 1 0", cut into words. */
typedef struct {
    const char *text;
    int64_t length;
    int words;
    char word[LEBM__SPEC_WORDS][LEBM__SPEC_WORD_SIZE];
} lebm__spec_words;

/* Cut the text up to the next ';' and step over it. */
int lebm__spec_read_item(const char **text, lebm__spec_words *item);

/* Whether anything but white space is left. */
int lebm__spec_goes_on(const char **text);

/* Take a last word off the item, if it is this one. */
int lebm__spec_take_flag(lebm__spec_words *item, const char *word);

/* The whole numbers after the first word: `min` to `max` of them, which must be all words that are left. */
int lebm__spec_read_numbers(const lebm__spec_words *item, int min, int max, int64_t *numbers, const char *grammar);

/* LEBM_ERR_FORMAT with a text that quotes the item. */
int lebm__spec_malformed(const lebm__spec_words *item, const char *why);

#endif
