/* What the weights of annealed chains say. They are given by their logs, and summed in a fixed tree, so that no bit depends on
 * threads. */
#ifndef LEBM_MCMC_WEIGHTS_H
#define LEBM_MCMC_WEIGHTS_H

#include <stdint.h>

#include "core/arithmetic.h"

typedef struct {
    double log_mean;    /* log of the weights' mean; -INFINITY: all are 0 */
    double error;       /* its standard error, as the spread of the weights tells it, */
    double group_error; /* and as that of the means of the groups does */
    double ess;         /* (sum w)^2 / sum w^2 */
    double largest;     /* share of the largest weight in their sum */
} lebm__weights;

/* Of n weights in so many groups of equal size, one after the other. `spare` has room for n numbers. */
lebm__weights lebm__weights_measure(const double *log_weights, int64_t n, int64_t groups, double *spare);

/* Mean of n numbers that are independent, and its standard error. */
typedef struct {
    double mean, error;
} lebm__estimate;
lebm__estimate lebm__estimate_mean(const double *values, int64_t n, double *spare);

/* The same of groups of equal size, one after the other, that alone are independent of each other. `spare` has room for
 * 2 groups numbers. */
lebm__estimate lebm__estimate_of_groups(const double *values, int64_t n, int64_t groups, double *spare);

/* Systematic resampling: from[n] = whose place each takes, in rising order, with u in (0, 1) for all. 0 if all weights are
 * 0. */
int lebm__resample(const double *log_weights, int64_t n, double u, int64_t *from);

#endif
