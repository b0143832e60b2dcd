#include "mcmc/weights.h"

#include <math.h>

#include "mcmc/adapt.h"

static double weights_greatest(const double *values, int64_t n)
{
    double greatest = values[0];
    for (int64_t i = 1; i < n; i++) greatest = fmax(greatest, values[i]);
    return greatest;
}

/* log of the mean of exp of n numbers, of which `greatest` is one. */
static double weights_log_mean(const double *log_weights, int64_t n, double greatest, double *spare)
{
    if (greatest == -INFINITY) return -INFINITY;
    for (int64_t i = 0; i < n; i++) spare[i] = exp(log_weights[i] - greatest);
    return greatest + log(lebm__sum(spare, n) / (double)n);
}

lebm__estimate lebm__estimate_mean(const double *values, int64_t n, double *spare)
{
    const double mean = lebm__sum(values, n) / (double)n;
    for (int64_t i = 0; i < n; i++) spare[i] = (values[i] - mean) * (values[i] - mean);
    return (lebm__estimate){mean, sqrt(lebm__sum(spare, n) / (double)(n - 1) / (double)n)};
}

lebm__estimate lebm__estimate_of_groups(const double *values, int64_t n, int64_t groups, double *spare)
{
    const int64_t size = n / groups;
    for (int64_t g = 0; g < groups; g++) spare[g] = lebm__sum(values + g * size, size) / (double)size;
    return lebm__estimate_mean(spare, groups, spare + groups);
}

/* The standard error of the log of the mean of the groups' means. */
static double weights_group_error(const double *log_weights, int64_t n, int64_t groups, double log_mean, double *spare)
{
    const int64_t size = n / groups;
    for (int64_t g = 0; g < groups; g++) {
        const double *group = log_weights + g * size;
        const double of_group = weights_log_mean(group, size, weights_greatest(group, size), spare + g);
        spare[g] = exp(of_group - log_mean); /* the sum of a group has used spare[g] and what is behind it */
    }
    return lebm__estimate_mean(spare, groups, spare + groups).error;
}

lebm__weights lebm__weights_measure(const double *log_weights, int64_t n, int64_t groups, double *spare)
{
    const double greatest = weights_greatest(log_weights, n),
                 log_mean = weights_log_mean(log_weights, n, greatest, spare);
    lebm__weights w = {.log_mean = log_mean, .error = NAN, .group_error = NAN, .ess = 0.0, .largest = NAN};
    if (log_mean == -INFINITY) return w;
    const double sum = lebm__sum(spare, n); /* of weights over the largest */
    for (int64_t i = 0; i < n; i++) spare[i] *= spare[i];
    w.ess = sum * sum / lebm__sum(spare, n);
    w.largest = 1.0 / sum;
    w.error = sqrt(fmax((double)n / w.ess - 1.0, 0.0) / (double)(n - 1)); /* sd of w over sqrt(n) times its mean */
    w.group_error = weights_group_error(log_weights, n, groups, log_mean, spare);
    return w;
}

int lebm__resample(const double *log_weights, int64_t n, double u, int64_t *from)
{
    const double greatest = weights_greatest(log_weights, n);
    double sum = 0.0, below = 0.0; /* of all weights, and of those up to that of `last` */
    int64_t last = -1;
    if (greatest == -INFINITY) return 0;
    for (int64_t i = 0; i < n; i++) sum += exp(log_weights[i] - greatest);
    for (int64_t i = 0; i < n; i++) {
        const double place = ((double)i + u) / (double)n * sum;
        while (last < 0 || (below <= place && last < n - 1)) below += exp(log_weights[++last] - greatest);
        from[i] = last;
    }
    return 1;
}
