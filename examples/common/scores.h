/* What has been found of each held-out row, kept as a table in a file, row by row, so that a long run can be gone on with. */
#ifndef SCORES_H
#define SCORES_H

#include <stdbool.h>
#include <stdint.h>

#include "evidence.h"
#include "output.h"

typedef struct score {
    double sigma;                   /* of x given z; 0: the likelihood has none */
    int64_t index;                  /* in the held-out data */
    int label;                      /* -1: none */
    int64_t terms;                  /* tokens and end of a sentence; of an image 0 */
    double error, error_noise_free; /* see reconstruction.h, of text per token; NaN: not known */
    evidence of_x;
} score;

typedef struct scores {
    output out;
    bool of_text;
    score *rows;
    int64_t count, room;
} scores;

/* Opens the table at `path`; keeps the rows that are there if `resume`, but for one that was cut off. Ends the program if it
 * cannot. */
void scores_open(scores *s, const char *path, bool of_text, bool resume);

/* Whether it was scored at that sigma, to the nine digits of the file. */
bool score_is_at(const score *row, double sigma);

/* The row of that sigma and index; NULL: it is yet to be done. */
const score *scores_find(const scores *s, double sigma, int64_t index);

/* Adds a row, which is on the disk when this returns. */
void scores_add(scores *s, const score *row, const evidence *of_prior);

void scores_close(scores *s);

#endif
