/* Files that a program writes, all of them through here.
 *
 * A regular file is replaced in one piece, so that nobody ever sees half of it, and what a symbolic link names is
 * replaced, not the link. What is no regular file, a device or a pipe, is written into: it has nothing to keep, and
 * another file in its place would be no device. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdio.h>

#include "errors.h"

typedef struct output {
    const char *path; /* as the caller named it */
    FILE *file;       /* to write to */
    char *target;     /* the file to replace, links followed; NULL: `file` is already what `path` names */
    char *temporary;  /* beside it: what `file` is until it is put in place */
} output;

/* Has every output refused that would replace the file at `path`, which the program reads. */
void output_protect(const char *path);

/* Opens what will be at `path`, which is borrowed until the end. Returns 0, or -1 with the reason in *why. */
int output_open(output *o, const char *path, failure *why);

/* Puts the file in place with all that was written so far; it stays open, for more to be added.
 * Returns 0, or -1 with the reason in *why, the old file as it was and *o discarded. */
int output_put_in_place(output *o, failure *why);

/* Closes the file and puts it in place, unless it is there already. Returns as output_put_in_place() does. */
int output_close(output *o, failure *why);

/* Leaves the old file as it was. */
void output_discard(output *o);

/* Whether output_open() would work, as far as can be told without touching what is there: for programs that write after
 * hours of work. Returns 0, or -1 with the reason in *why. */
int output_check(const char *path, failure *why);

/* The same for a file that the library writes, which writes regular files only. */
int output_check_file(const char *path, failure *why);

/* Removes what programs that have ended left beside the path: new files that never came into place. */
void output_clear_leftovers(const char *path);

#endif
