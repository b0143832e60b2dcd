#include "ref/ref.h"

#include <math.h>
#include <stdlib.h>

static double *numbers(int64_t count)
{
    double *values = calloc((size_t)count, sizeof *values);
    if (!values) abort();
    return values;
}

double ref_mean(const double *values, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += values[i];
    return sum / (double)count;
}

double ref_variance(const double *values, int64_t count)
{
    const double mean = ref_mean(values, count);
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += (values[i] - mean) * (values[i] - mean);
    return sum / (double)(count - 1);
}

/* Parts of chains, all of one length. */
struct parts {
    int64_t count, length;
    double *values;
};

/* The first and the last half of each chain. */
static struct parts halves_of(const double *draws, int64_t chains, int64_t length)
{
    const int64_t half = length / 2;
    struct parts parts = {2 * chains, half, numbers(chains * length)};
    for (int64_t chain = 0; chain < chains; chain++) {
        for (int64_t t = 0; t < half; t++) {
            parts.values[(2 * chain) * half + t] = draws[chain * length + t];
            parts.values[(2 * chain + 1) * half + t] = draws[chain * length + length - half + t];
        }
    }
    return parts;
}

/* x with Phi(x) = p, by halving. */
static double normal_quantile(double p)
{
    double low = -40, high = 40;
    for (int i = 0; i < 100; i++) {
        const double x = (low + high) / 2;
        if (0.5 * erfc(-x / sqrt(2.0)) < p)
            low = x;
        else
            high = x;
    }
    return (low + high) / 2;
}

/* Each number becomes the normal score of its mean rank among all of them. */
static void rank(struct parts *parts)
{
    const int64_t count = parts->count * parts->length;
    double *scores = numbers(count);
    for (int64_t i = 0; i < count; i++) {
        double less = 0, equal = 0;
        for (int64_t j = 0; j < count; j++) {
            less += parts->values[j] < parts->values[i];
            equal += parts->values[j] == parts->values[i];
        }
        const double mean_rank = less + (equal + 1) / 2;
        scores[i] = normal_quantile((mean_rank - 3.0 / 8) / ((double)count + 1.0 / 4));
    }
    free(parts->values);
    parts->values = scores;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Each number becomes its distance from the median of all of them. */
static void fold(struct parts *parts)
{
    const int64_t count = parts->count * parts->length;
    double *sorted = numbers(count);
    for (int64_t i = 0; i < count; i++) sorted[i] = parts->values[i];
    qsort(sorted, (size_t)count, sizeof *sorted, compare);
    const double median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
    for (int64_t i = 0; i < count; i++) parts->values[i] = fabs(parts->values[i] - median);
    free(sorted);
}

/* Means and variances of the parts; both are to be freed. */
static void moments(const struct parts *parts, double **means, double **variances)
{
    *means = numbers(parts->count);
    *variances = numbers(parts->count);
    for (int64_t i = 0; i < parts->count; i++) {
        (*means)[i] = ref_mean(parts->values + i * parts->length, parts->length);
        (*variances)[i] = parts->length > 1 ? ref_variance(parts->values + i * parts->length, parts->length) : 0;
    }
}

static double rhat(const struct parts *parts)
{
    double *means, *variances;
    moments(parts, &means, &variances);
    const double n = (double)parts->length;
    const double within = ref_mean(variances, parts->count), between = n * ref_variance(means, parts->count);
    free(means);
    free(variances);
    return sqrt(((n - 1) / n * within + between / n) / within);
}

double ref_rhat(const double *draws, int64_t chains, int64_t length)
{
    struct parts parts = halves_of(draws, chains, length), folded = halves_of(draws, chains, length);
    fold(&folded);
    rank(&parts);
    rank(&folded);
    const double larger = fmax(rhat(&parts), rhat(&folded));
    free(parts.values);
    free(folded.values);
    return larger;
}

/* The mean over parts of the autocovariance at lag t, with the divisor n. */
static double autocovariance(const struct parts *parts, int64_t t)
{
    double sum = 0;
    for (int64_t i = 0; i < parts->count; i++) {
        const double *part = parts->values + i * parts->length;
        const double mean = ref_mean(part, parts->length);
        for (int64_t s = 0; s + t < parts->length; s++) sum += (part[s] - mean) * (part[s + t] - mean);
    }
    return sum / (double)(parts->count * parts->length);
}

/* Frees the parts. */
static double ess(struct parts *parts)
{
    double *means, *variances;
    moments(parts, &means, &variances);
    const int64_t n = parts->length;
    const double within = ref_mean(variances, parts->count);
    const double var_plus = within * (double)(n - 1) / (double)n + ref_variance(means, parts->count);
    double *rho = numbers(n + 2);
    for (int64_t t = 0; t < n; t++) rho[t] = 1 - (within - autocovariance(parts, t)) / var_plus;
    rho[0] = 1;

    /* The pairs rho[2 k] + rho[2 k + 1] that are positive, as long as all before are; the last lags have none. */
    int64_t end = 0; /* where the first pair begins that does not count */
    while (end + 2 < n - 2 && rho[end] + rho[end + 1] > 0) end += 2;
    double pairs = 0, before = INFINITY;
    for (int64_t t = 0; t < end; t += 2) {
        before = fmin(before, rho[t] + rho[t + 1]);
        pairs += before;
    }
    const double odd_one = rho[end] > 0 || rho[end] + rho[end + 1] >= 0 ? rho[end] : 0;
    const double tau = -1 + 2 * pairs + odd_one, draws = (double)(parts->count * n);
    free(rho);
    free(means);
    free(variances);
    free(parts->values);
    return draws / fmax(tau, 1 / log10(draws));
}

double ref_ess_bulk(const double *draws, int64_t chains, int64_t length)
{
    struct parts parts = halves_of(draws, chains, length);
    rank(&parts);
    return ess(&parts);
}

double ref_ess_mean(const double *draws, int64_t chains, int64_t length)
{
    struct parts parts = halves_of(draws, chains, length);
    return ess(&parts);
}

double ref_ess_square(const double *draws, int64_t chains, int64_t length)
{
    struct parts parts = halves_of(draws, chains, length);
    const double mean = ref_mean(draws, chains * length);
    for (int64_t i = 0; i < parts.count * parts.length; i++) parts.values[i] = pow(parts.values[i] - mean, 2);
    return ess(&parts);
}

double ref_ess_below(const double *draws, int64_t chains, int64_t length, double limit)
{
    struct parts parts = halves_of(draws, chains, length);
    for (int64_t i = 0; i < parts.count * parts.length; i++) parts.values[i] = parts.values[i] <= limit;
    return ess(&parts);
}

/* Superchains are groups of parts that lie side by side. */
static double nested_rhat(const struct parts *parts, int64_t superchains)
{
    double *means, *variances, *of_superchains = numbers(superchains), within = 0;
    moments(parts, &means, &variances);
    const int64_t members = parts->count / superchains;
    for (int64_t k = 0; k < superchains; k++) {
        of_superchains[k] = ref_mean(means + k * members, members);
        within += ref_mean(variances + k * members, members) / (double)superchains;
        if (members > 1) within += ref_variance(means + k * members, members) / (double)superchains;
    }
    const double between = ref_variance(of_superchains, superchains);
    free(means);
    free(variances);
    free(of_superchains);
    return sqrt((within + between) / within);
}

double ref_nested_rhat(const double *draws, int64_t chains, int64_t length, int64_t superchains)
{
    struct parts parts = {chains, length, numbers(chains * length)};
    for (int64_t i = 0; i < chains * length; i++) parts.values[i] = draws[i];
    const double raw = nested_rhat(&parts, superchains);
    free(parts.values);
    return raw;
}

double ref_nested_rhat_of_ranks(const double *draws, int64_t chains, int64_t length, int64_t superchains)
{
    struct parts parts = halves_of(draws, chains, length), folded = halves_of(draws, chains, length);
    fold(&folded);
    rank(&parts);
    rank(&folded);
    const double larger = fmax(nested_rhat(&parts, superchains), nested_rhat(&folded, superchains));
    free(parts.values);
    free(folded.values);
    return larger;
}
