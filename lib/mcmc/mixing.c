#include "mcmc/mixing.h"

#include <math.h>
#include <string.h>

enum { MOST_LANES = 8 }; /* chains that are transformed at once: as many as fill a vector */

void lebm__mixing_lay_out(lebm__mixing *mixing, int64_t chains, const lebm__fft *fft, lebm__arena *arena)
{
    enum { NUMBERS = 1 << 14 }; /* that stay in the cache */
    int64_t lanes = NUMBERS / fft->length;
    if (lanes > MOST_LANES) lanes = MOST_LANES;
    if (lanes > chains) lanes = chains;
    if (lanes < 1) lanes = 1;
    const int64_t numbers = fft->length * lanes;
    *mixing = (lebm__mixing){.means = lebm__arena_take(arena, 2 * chains, sizeof(double)),
                             .autocovariance = lebm__arena_take(arena, numbers, sizeof(double)),
                             .x.re = lebm__arena_take(arena, numbers, sizeof(double)),
                             .x.im = lebm__arena_take(arena, numbers, sizeof(double)),
                             .spare.re = lebm__arena_take(arena, numbers, sizeof(double)),
                             .spare.im = lebm__arena_take(arena, numbers, sizeof(double)),
                             .lanes = lanes};
}

enum { SUMS = 4 }; /* that are added up side by side, so that none waits for the one before */

/* The sum of the numbers' distances from the first one, which is exact where all are the same: their mean is that number,
 * and their variance 0. */
double lebm__mean_of(const double *values, int64_t count)
{
    double sums[SUMS] = {0.0};
    const int64_t whole = count / SUMS * SUMS;
    for (int64_t i = 0; i < whole; i += SUMS)
        for (int k = 0; k < SUMS; k++) sums[k] += values[i + k] - values[0];
    for (int64_t i = whole; i < count; i++) sums[0] += values[i] - values[0];
    return values[0] + ((sums[0] + sums[1]) + (sums[2] + sums[3])) / (double)count;
}

double lebm__squares_about(const double *values, int64_t count, double mean)
{
    double sums[SUMS] = {0.0};
    const int64_t whole = count / SUMS * SUMS;
    for (int64_t i = 0; i < whole; i += SUMS)
        for (int k = 0; k < SUMS; k++) sums[k] += (values[i + k] - mean) * (values[i + k] - mean);
    for (int64_t i = whole; i < count; i++) sums[0] += (values[i] - mean) * (values[i] - mean);
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

static double mixing_variance(const double *values, int64_t count)
{
    return lebm__squares_about(values, count, lebm__mean_of(values, count)) / (double)(count - 1);
}

/* B / W; of chains that stand still, infinite if at different places, and no number if all at one. */
static double mixing_ratio(double between, double within)
{
    if (within > 0.0) return between / within;
    return between > 0.0 ? INFINITY : NAN;
}

double lebm__rhat(lebm__mixing *mixing, const lebm__parts *parts)
{
    const int64_t count = lebm__part_count(parts), length = lebm__part_length(parts);
    const double n = (double)length;
    double within = 0.0;
    for (int64_t i = 0; i < count; i++) {
        const double *part = lebm__part(parts, i);
        mixing->means[i] = lebm__mean_of(part, length);
        within += lebm__squares_about(part, length, mixing->means[i]) / (n - 1.0);
    }
    within /= (double)count;
    const double between = n * mixing_variance(mixing->means, count);
    return sqrt((mixing_ratio(between, within) + n - 1.0) / n);
}

double lebm__nested_rhat(lebm__mixing *mixing, const lebm__parts *parts, int64_t superchains)
{
    const int64_t members = lebm__part_count(parts) / superchains, length = lebm__part_length(parts);
    double *means = mixing->means, within = 0.0;
    for (int64_t k = 0; k < superchains; k++) {
        double *of_members = means + k * members, variances = 0.0;
        for (int64_t i = 0; i < members; i++) {
            const double *part = lebm__part(parts, k * members + i);
            of_members[i] = lebm__mean_of(part, length);
            if (length > 1) variances += mixing_variance(part, length);
        }
        within += variances / (double)members;
        if (members > 1) within += mixing_variance(of_members, members);
        means[k] = lebm__mean_of(of_members, members); /* in the place of members that are done with */
    }
    within /= (double)superchains;
    return sqrt(1.0 + mixing_ratio(mixing_variance(means, superchains), within));
}

/* The distances of up to `lanes` chains from the means of their halves, one half in the real parts, the other one in the
 * imaginary parts, and behind them as many zeros or more, so that no end meets a beginning. */
static void mixing_load(lebm__mixing *mixing, const lebm__fft *fft, const lebm__parts *parts, int64_t chain)
{
    const int64_t lanes = mixing->lanes, left = parts->chains - chain, length = lebm__part_length(parts);
    const int64_t taken = left < lanes ? left : lanes, rest = (fft->length - (taken < lanes ? 0 : length)) * lanes;
    double *re = mixing->x.re, *im = mixing->x.im;
    const double *halves[MOST_LANES][2], *means = mixing->means + 2 * chain;
    for (int64_t lane = 0; lane < taken; lane++) {
        halves[lane][0] = lebm__part(parts, 2 * (chain + lane));
        halves[lane][1] = lebm__part(parts, 2 * (chain + lane) + 1);
    }
    memset(re + fft->length * lanes - rest, 0, (size_t)rest * sizeof *re);
    memset(im + fft->length * lanes - rest, 0, (size_t)rest * sizeof *im);
    for (int64_t t = 0; t < length; t++) {
        for (int64_t lane = 0; lane < taken; lane++) {
            re[t * lanes + lane] = halves[lane][0][t] - means[2 * lane];
            im[t * lanes + lane] = halves[lane][1][t] - means[2 * lane + 1];
        }
    }
}

/* autocovariance[t] = the mean over the halves of chains of their autocovariance at lag t, with the divisor n. It is the
 * transform of the power; the real part of that of a complex series is the sum of those of its two parts; and a transform
 * is linear, so that one way back does for the power of all chains. */
static void mixing_autocovariance(lebm__mixing *mixing, const lebm__fft *fft, const lebm__parts *parts)
{
    const int64_t lanes = mixing->lanes, numbers = fft->length * lanes;
    double *power = mixing->autocovariance; /* [length, lanes] */
    memset(power, 0, (size_t)numbers * sizeof *power);
    for (int64_t chain = 0; chain < parts->chains; chain += lanes) {
        mixing_load(mixing, fft, parts, chain);
        lebm__fft_run(fft, lanes, &mixing->x, &mixing->spare);
        const double *re = mixing->x.re, *im = mixing->x.im;
        for (int64_t i = 0; i < numbers; i++) power[i] += re[i] * re[i] + im[i] * im[i];
    }
    for (int64_t k = 0; k < fft->length; k++) {
        mixing->x.re[k] = mixing->x.im[k] = 0.0;
        for (int64_t lane = 0; lane < lanes; lane++) mixing->x.re[k] += power[k * lanes + lane];
    }
    lebm__fft_run(fft, 1, &mixing->x, &mixing->spare);
    const double count = (double)(2 * parts->chains * lebm__part_length(parts)) * (double)fft->length;
    for (int64_t t = 0; t < fft->length; t++) mixing->autocovariance[t] = mixing->x.re[t] / count;
}

/* The autocorrelation at lag t of all chains together: 1 - (W - autocovariance) / var+. */
typedef struct {
    const double *autocovariance;
    double within, var_plus;
} mixing_chains;

static double mixing_rho(const mixing_chains *chains, int64_t t)
{
    return 1.0 - (chains->within - chains->autocovariance[t]) / chains->var_plus;
}

/* 1 + 2 sum of rho, over pairs of lags for as long as their sums are positive, each sum no larger than the one before
 * (Geyer 1992, section 3.3); of the pair that ends it, the first lag once. */
static double mixing_time(const mixing_chains *chains, int64_t length)
{
    double sum = 0.0, least = INFINITY, even = 1.0, odd = mixing_rho(chains, 1);
    for (int64_t t = 2; t < length - 2 && even + odd > 0.0; t += 2) {
        least = fmin(least, even + odd);
        sum += least;
        even = mixing_rho(chains, t);
        odd = mixing_rho(chains, t + 1);
    }
    const double last = even > 0.0 || even + odd >= 0.0 ? even : 0.0;
    return -1.0 + 2.0 * sum + last;
}

double lebm__ess(lebm__mixing *mixing, const lebm__fft *fft, const lebm__parts *parts)
{
    const int64_t count = lebm__part_count(parts), length = lebm__part_length(parts);
    for (int64_t i = 0; i < count; i++) mixing->means[i] = lebm__mean_of(lebm__part(parts, i), length);
    mixing_autocovariance(mixing, fft, parts);
    const double variance = mixing->autocovariance[0], n = (double)length;
    const mixing_chains chains = {.autocovariance = mixing->autocovariance,
                                  .within = variance * n / (n - 1.0),
                                  .var_plus = variance + mixing_variance(mixing->means, count)};
    if (!(chains.var_plus > 0.0)) return NAN;
    const double draws = (double)count * n;
    return draws / fmax(mixing_time(&chains, length), 1.0 / log10(draws));
}
