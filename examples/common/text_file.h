/* Files of text, plain or compressed by gzip: UTF-8, one sentence a line. They are not trusted: what is no UTF-8 is refused
 * with its line. Lines may end as on Windows, a mark of the byte order at the beginning is skipped, and lines of blanks
 * alone are left out. */
#ifndef TEXT_FILE_H
#define TEXT_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "errors.h"

typedef struct text_lines {
    int64_t count;       /* lines that are not empty */
    char *bytes;         /* all of the file */
    int64_t *starts;     /* [count]: where in the bytes a line begins */
    int64_t *ends;       /* [count]: and where it ends */
    int64_t *numbers;    /* [count]: which line of the file it is, from 1 on */
    int64_t empty;       /* lines left out */
    int64_t first_empty; /* the number of the first of them */
} text_lines;

/* Reads a file. Returns 0, or -1 with the reason in *why and *t empty. A file without a sentence is refused. */
int text_read(const char *path, text_lines *t, failure *why);

/* The same of bytes that are there already, from malloc(): they are the text's from now on, also where it fails. `name`
 * stands for a path. */
int text_take(const char *name, char *bytes, int64_t size, text_lines *t, failure *why);

void text_free(text_lines *t);

/* Bytes of the character of UTF-8 that begins at `at`, 1 to 4; 0 if none does, or not before `end`. */
int utf8_length(const char *at, const char *end);

/* The blanks that separate words: what is neither of them nor the end of the line belongs to a word. */
bool is_blank(char c);

#endif
