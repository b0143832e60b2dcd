/* What rank_pictures finds, as people and programs read it. */
#ifndef RANK_FILES_H
#define RANK_FILES_H

#include <stdio.h>

#include "rank_run.h"

/* A table of the first `count` pictures that have a score, the strangest ones. */
void rank_print(FILE *out, const dataset *pictures, const ranking_of_pictures *r, int64_t count);

/* Writes all pictures that were reached as a CSV file, the strangest first. What is not known is empty. Ends the program if it
 * cannot. */
void rank_write_csv(const dataset *pictures, const ranking_of_pictures *r, const char *path);

/* Whether there can be a sheet of so many of the pictures. Returns 0, or -1 with the reason in *why. */
int rank_check_sheet(const dataset *pictures, int64_t count, const char *path, failure *why);

/* Writes a PNG file with two blocks side by side: on the left the `count` strangest pictures, on the right as many of the most
 * ordinary ones, the most ordinary first. Each picture is followed by its reconstruction and a map of the error, from black,
 * no error, by red and yellow to white, the largest on the sheet. Ends the program if it cannot. */
void rank_write_sheet(const model *m, const dataset *pictures, const ranking_of_pictures *r, int64_t count,
                      const char *path);

#endif
