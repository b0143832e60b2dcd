/** @file cases.h
 * Small models whose integrals over z can be done on a grid, with the chains that are to meet them. */
#ifndef LEBM_TESTS_CASES_H
#define LEBM_TESTS_CASES_H

#include "exact/quadrature.h"
#include "support/model.h"

/* The first two cases have M = 1, the others 2; the first three take little time. */
enum { CASES = 5, CASES_OF_ONE_NUMBER = 2, QUICK_CASES = 3, ROWS = 2, MOST_NUMBERS = 8 };

struct exact_case {
    const char *name;
    struct model model;
    double x[ROWS][MOST_NUMBERS];        /* observations: a batch has each as often as the other */
    struct grid prior, posterior;        /* for each of the two targets */
    struct chain to_prior, to_posterior; /* long enough to forget their start */
    double error; /* of sums over these grids: they converge fast only where f and g are smooth */
};

void case_make(struct exact_case *c, int which);
void case_free(struct exact_case *c);

/** The grid of a target: the posterior if x is not NULL. */
const struct grid *case_grid(const struct exact_case *c, const double *x);
struct chain case_chain(const struct exact_case *c, const double *x);

/** n rows of x, the two taking turns for RUN rows each, which fits no tile of chains and no chunk of rows: each chain must
 * see its own x. Freed by the caller. */
enum { RUN = 5 };
float *case_batch(const struct exact_case *c, int64_t n);

#endif
