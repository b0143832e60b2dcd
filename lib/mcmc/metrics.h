/* What a run tells of its chains. */
#ifndef LEBM_MCMC_METRICS_H
#define LEBM_MCMC_METRICS_H

#include <stdint.h>

typedef struct {
    double log_density, score_norm; /* means over the chains where they were evaluated last */
    double acceptance, acceptance_min, acceptance_q10, energy_error; /* over the chains; NaN: not measured */
    double step_size;                                                /* of the last step */
} lebm__run_metrics;

/* Of each chain, [n]. `acceptance` is sorted. */
typedef struct {
    double *log_density, *score_norm;
    double *acceptance, *energy_error; /* means over the steps */
} lebm__chain_metrics;

lebm__run_metrics lebm__metrics_sum_up(const lebm__chain_metrics *of_chains, int64_t n, double step_size);

/* Read a metric: LEBM_ERR_UNKNOWN_OPTION, or LEBM_ERR_STATE if it was not measured. */
int lebm__metrics_get(const lebm__run_metrics *metrics, const char *key, double *value);

/* Whether there is such a metric, without reading it: LEBM_ERR_UNKNOWN_OPTION. */
int lebm__metrics_find(const char *key);

/* The mean over chains, added in their order. */
double lebm__mean(const double *values, int64_t n);

/* A quantile, between two values in proportion; it sorts them. */
double lebm__quantile(double *values, int64_t n, double share);

#endif
