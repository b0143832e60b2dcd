#include "mcmc/metrics.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "core/text.h"
#include "lebm/sampler.h"

#define ROW(member) offsetof(lebm__run_metrics, member)

static const struct {
    const char *key;
    size_t offset;
} metrics_table[] = {
    {LEBM_SAMPLER_LOG_DENSITY, ROW(log_density)},       {LEBM_SAMPLER_SCORE_NORM, ROW(score_norm)},
    {LEBM_SAMPLER_ACCEPTANCE, ROW(acceptance)},         {LEBM_SAMPLER_ACCEPTANCE_MIN, ROW(acceptance_min)},
    {LEBM_SAMPLER_ACCEPTANCE_Q10, ROW(acceptance_q10)}, {LEBM_SAMPLER_ENERGY_ERROR, ROW(energy_error)},
    {LEBM_SAMPLER_STEP_SIZE, ROW(step_size)},
};

enum { METRICS = sizeof metrics_table / sizeof *metrics_table };

double lebm__mean(const double *values, int64_t n)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) sum += values[i];
    return sum / (double)n;
}

static int metrics_compare(const void *a, const void *b)
{
    const double of_a = *(const double *)a, of_b = *(const double *)b;
    return of_a < of_b ? -1 : of_a > of_b;
}

double lebm__quantile(double *values, int64_t n, double share)
{
    const double place = share * (double)(n - 1);
    const int64_t below = (int64_t)place, above = below + 1 < n ? below + 1 : below;
    qsort(values, (size_t)n, sizeof *values, metrics_compare);
    return values[below] + (place - (double)below) * (values[above] - values[below]);
}

lebm__run_metrics lebm__metrics_sum_up(const lebm__chain_metrics *of_chains, int64_t n, double step_size)
{
    lebm__run_metrics m = {.log_density = lebm__mean(of_chains->log_density, n),
                           .score_norm = lebm__mean(of_chains->score_norm, n),
                           .acceptance = lebm__mean(of_chains->acceptance, n),
                           .energy_error = lebm__mean(of_chains->energy_error, n),
                           .step_size = step_size};
    m.acceptance_q10 = lebm__quantile(of_chains->acceptance, n, 0.1);
    m.acceptance_min = of_chains->acceptance[0];
    return m;
}

/* The row of the table, or METRICS. */
static int metrics_row(const char *key)
{
    int row = 0;
    while (row < METRICS && strcmp(metrics_table[row].key, key) != 0) row++;
    return row;
}

int lebm__metrics_find(const char *key)
{
    char keys[LEBM__ERROR_SIZE] = "";
    if (metrics_row(key) < METRICS) return LEBM_OK;
    for (int row = 0; row < METRICS; row++) lebm__list_add(keys, sizeof keys, metrics_table[row].key);
    return lebm__fail(LEBM_ERR_UNKNOWN_OPTION, "sampler has no metric '%.64s'; it has %s", key, keys);
}

int lebm__metrics_get(const lebm__run_metrics *metrics, const char *key, double *value)
{
    LEBM__TRY(lebm__metrics_find(key));
    const void *place = (const char *)metrics + metrics_table[metrics_row(key)].offset;
    const double found = *(const double *)place;
    if (isnan(found)) {
        return lebm__fail(
            LEBM_ERR_STATE,
            "metric '%s': the last run did not measure it; langevin does so with option %s at 1, and noise", key,
            LEBM_SAMPLER_MEASURE_ACCEPTANCE);
    }
    *value = found;
    return LEBM_OK;
}
