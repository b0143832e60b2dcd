#include "mcmc/adapt.h"

#include <math.h>

#include "mcmc/kernel.h"

/* ---- Sums ---- */

/* A number of chain i. */
typedef double adapt_number(const void *context, int64_t i);

/* The sum over chains first to first + n - 1: of either half, and so on. */
static double adapt_sum(adapt_number *number, const void *context, int64_t first, int64_t n)
{
    if (n == 1) return number(context, first);
    return adapt_sum(number, context, first, n / 2) + adapt_sum(number, context, first + n / 2, n - n / 2);
}

static double adapt_value(const void *context, int64_t i)
{
    return ((const double *)context)[i];
}

double lebm__sum(const double *values, int64_t n)
{
    return adapt_sum(adapt_value, values, 0, n);
}

/* ---- Step sizes ---- */

/* Of the first ones the average is still that of step sizes about mu, ten times those that are looked for. */
enum { FEWEST_UPDATES = 6 };

double lebm__step_size_within_bounds(double step_size)
{
    return fmin(fmax(step_size, LEBM__LEAST_STEP_SIZE), LEBM__MOST_STEP_SIZE);
}

lebm__averaging lebm__averaging_begin(double step_size, double target)
{
    return (lebm__averaging){.target = target, .step_size = step_size, .search = 2};
}

/* Whether the search goes on: by what the first acceptance says, up or down, until one says otherwise. */
static int adapt_search(lebm__averaging *a, double acceptance)
{
    const int direction = acceptance > 0.8 ? 1 : -1;
    const double next = lebm__step_size_within_bounds(a->step_size * (direction > 0 ? 2.0 : 0.5));
    const int is_first = a->search == 2;
    if ((!is_first && direction != a->search) || next == a->step_size) {
        a->found = a->search > 0 ? lebm__step_size_within_bounds(0.5 * a->step_size) : a->step_size;
        a->search = 0;
        a->mu = log(10.0 * a->step_size);
        return 0;
    }
    a->search = direction;
    a->step_size = next;
    return 1;
}

void lebm__averaging_update(lebm__averaging *a, double acceptance)
{
    const double gamma = 0.05, t0 = 10.0, kappa = 0.75;
    if (a->search != 0 && adapt_search(a, acceptance)) return;
    const double t = (double)++a->count, eta = 1.0 / (t + t0), weight = pow(t, -kappa);
    a->h = (1.0 - eta) * a->h + eta * (a->target - acceptance);
    const double log_step = a->mu - sqrt(t) / gamma * a->h;
    a->log_average = weight * log_step + (1.0 - weight) * a->log_average;
    a->step_size = lebm__step_size_within_bounds(exp(log_step));
}

double lebm__averaging_result(const lebm__averaging *a)
{
    if (a->search != 0) return a->step_size;
    return a->count < FEWEST_UPDATES ? a->found : lebm__step_size_within_bounds(exp(a->log_average));
}

/* 1/a; a chain that never moves counts as one that would in 10^10 steps. */
static double adapt_inverse(const void *context, int64_t i)
{
    return 1.0 / fmax(((const double *)context)[i], 1e-10);
}

/* A step's acceptances beside the means of those before. */
typedef struct {
    const double *acceptance, *means;
} adapt_acceptances;

static double adapt_weighted(const void *context, int64_t i)
{
    const adapt_acceptances *of = context;
    return of->acceptance[i] * adapt_inverse(of->means, i);
}

double lebm__pool_acceptance(const double *acceptance, const double *means, int64_t n)
{
    const adapt_acceptances both = {acceptance, means};
    if (means == NULL) return lebm__sum(acceptance, n) / (double)n;
    return adapt_sum(adapt_weighted, &both, 0, n) / adapt_sum(adapt_inverse, means, 0, n);
}

void lebm__note_acceptance(const double *acceptance, int64_t n, int64_t count, double *means)
{
    const double share = 1.0 / fmin((double)count, 10.0);
    for (int64_t i = 0; i < n; i++)
        means[i] = count == 1 ? acceptance[i] : means[i] + share * (acceptance[i] - means[i]);
}

/* ---- Variances ---- */

void lebm__moments_add(const lebm__moments *moments, int64_t row, int64_t n, int64_t dims, int64_t count,
                       const float *z)
{
    double *mean = moments->mean + row * dims, *squares = moments->squares + row * dims;
    for (int64_t i = 0; i < n * dims; i++) {
        if (count == 1) mean[i] = squares[i] = 0.0;
        const double deviation = (double)z[i] - mean[i];
        mean[i] += deviation / (double)count;
        squares[i] += deviation * ((double)z[i] - mean[i]);
    }
}

/* A number of z, of all chains. */
typedef struct {
    const double *values; /* from the first chain's on, */
    int64_t dims;         /* so far apart */
    double center;        /* of squared deviations */
} adapt_column;

static double adapt_of_column(const void *context, int64_t i)
{
    const adapt_column *column = context;
    return column->values[i * column->dims];
}

static double adapt_squared_deviation(const void *context, int64_t i)
{
    const adapt_column *column = context;
    const double deviation = column->values[i * column->dims] - column->center;
    return deviation * deviation;
}

void lebm__pool_variances(const lebm__moments *moments, int64_t n, int64_t dims, int is_one_target, float *variances)
{
    const double chains = (double)n, count = (double)moments->count, draws = chains * count;
    for (int64_t d = 0; d < dims; d++) {
        const adapt_column squares = {moments->squares + d, dims, 0.0};
        adapt_column means = {moments->mean + d, dims, 0.0};
        double variance = adapt_sum(adapt_of_column, &squares, 0, n) / (chains * (count - 1.0));
        if (is_one_target) {
            means.center = adapt_sum(adapt_of_column, &means, 0, n) / chains;
            const double between = count * adapt_sum(adapt_squared_deviation, &means, 0, n);
            variance = (adapt_sum(adapt_of_column, &squares, 0, n) + between) / (draws - 1.0);
        }
        const double shrunk = (draws * variance + 5.0 * 1e-3) / (draws + 5.0);
        variances[d] = (float)fmin(fmax(shrunk, LEBM__LEAST_VARIANCE), LEBM__MOST_VARIANCE);
    }
}
