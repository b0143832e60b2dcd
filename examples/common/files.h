/* Paths and folders. */
#ifndef FILES_H
#define FILES_H

#include <stdbool.h>
#include <stdio.h>

#include "errors.h"

/* "folder/name"; the caller frees it. */
char *path_join(const char *folder, const char *name);

/* "path" with something behind it; the caller frees it. */
char *path_append(const char *path, const char *suffix);

bool file_exists(const char *path);

/* Whether it can hold data: a folder, for one, cannot, though unpackers name some like the files in them. */
bool is_file_or_pipe(const char *path);

/* Whether there is such a file in the folder. */
bool folder_has(const char *folder, const char *name);

/* Fails because a folder lacks a file, or is not there at all. */
int fail_for_lack_of(const char *name, const char *folder, failure *why);

/* A stream to memory, which is *text once it is closed, and whoever called frees; never NULL. */
FILE *open_text(char **text, size_t *size);

/* Makes the folder unless it is there; ends the program if it cannot. */
void make_folder(const char *path);

/* Prints a file's name as a part of a line that no terminal obeys: as `ls` does, a '?' for each control character. */
void print_name(FILE *out, const char *name);

/* Prints a word as a POSIX shell must be given it. */
void print_shell_word(FILE *out, const char *word);

#endif
