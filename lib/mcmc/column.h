/* The draws of one dimension of many, taken out of an array, sorted and turned into what is measured. */
#ifndef LEBM_MCMC_COLUMN_H
#define LEBM_MCMC_COLUMN_H

#include <stdint.h>

#include "core/memory.h"

/* Draws as they lie in memory: number (chain, draw, dimension) is that many strides from the first. */
typedef struct {
    const double *values;
    int64_t chains, length, dims;
    int64_t strides[3];
} lebm__draws;

/* Numbers [chains, length] of which each chain is taken whole or in two halves, without the draw between them if the
 * length is odd: the parts, in the order of the chains. */
typedef struct {
    const double *values;
    int64_t chains, length, halves; /* 1 or 2 parts of a chain */
} lebm__parts;

static inline int64_t lebm__part_count(const lebm__parts *parts)
{
    return parts->chains * parts->halves;
}

static inline int64_t lebm__part_length(const lebm__parts *parts)
{
    return parts->length / parts->halves;
}

static inline const double *lebm__part(const lebm__parts *parts, int64_t part)
{
    const int64_t chain = part / parts->halves, half = part % parts->halves;
    return parts->values + chain * parts->length + half * (parts->length - lebm__part_length(parts));
}

typedef struct {
    int64_t chains, length, count; /* count: of all draws, or without those between halves */
    int exponent;                  /* the draws are x 2^exponent: what is squared neither overflows nor vanishes */
    double *x;                     /* [chains, length] */
    double *series;                /* [chains, length] what was made of them last; not over a sort */
    double *sorted;                /* [count]; NULL before a sort */
    uint64_t *words[2];            /* [chains * length]: the memory of series and of sorted */
    uint32_t *order;               /* [chains * length] places in x of what is sorted */
} lebm__column;

void lebm__column_lay_out(lebm__column *column, int64_t chains, int64_t length, lebm__arena *arena);

/* Take a dimension's draws out of the array; 0 if they are not all finite. */
int lebm__column_read(lebm__column *column, const lebm__draws *draws, int64_t dim);

/* x, or what was made of it, as parts of chains. */
lebm__parts lebm__column_parts(const lebm__column *column, const double *values, int64_t halves);

/* Sort all draws; then leave out those between the halves of chains of an odd length. */
void lebm__column_sort(lebm__column *column);
void lebm__column_leave_middles(lebm__column *column);

/* The draw at a place, 0 to count - 1, of their order. If nothing is sorted yet it is looked for, which for a few is
 * faster than a sort, and takes the memory of series. */
double lebm__column_nth(const lebm__column *column, int64_t place);

/* A quantile: between two draws on the line from one to the other (type 7 of Hyndman and Fan 1996). */
double lebm__column_quantile(const lebm__column *column, double probability);

/* series = 1 where x is at most the limit, else 0. */
void lebm__column_mark(lebm__column *column, double limit);

/* series = (x - centre)^2 */
void lebm__column_square(lebm__column *column, double centre);

/* series = normal scores of the ranks, among what is sorted, of the draws; or of their distances from the median. Equal
 * ones share the mean of their ranks. scores[r - 1] is that of rank r. */
void lebm__column_rank(lebm__column *column, const double *scores);
void lebm__column_fold(lebm__column *column, const double *scores);

/* The normal score of rank r of `count`: Phi^-1((r - 3/8) / (count + 1/4)). */
double lebm__normal_score(double rank, int64_t count);

#endif
