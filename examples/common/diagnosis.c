#include "diagnosis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "view.h"

static const double small = .02;      /* B/W that does not matter: R-hat 1.01 */
static const double deviations = 4.5; /* of a normal number, beyond which one in 300,000 lies */
static const double rhat_limit = 1.1;

/* Draws of one target's chains, of one or more numbers each. */
typedef struct numbers {
    const double *draws;
    int64_t strides[3];
    int64_t superchains, chains /* of a superchain */, length, dims;
    int64_t threads;
} numbers;

static int64_t all_chains(const numbers *n)
{
    return n->superchains * n->chains;
}

/* The quantile of F(a, b) by Paulson's approximation: its cube root is normal. Good from b = 12 on. */
static double quantile_of_f(double a, double b)
{
    const double p = 2 / (9 * a), q = 2 / (9 * b), z2 = deviations * deviations;
    const double root = sqrt((1 - q) * (1 - q) * p + (1 - p) * (1 - p) * q - z2 * p * q);
    return pow(((1 - p) * (1 - q) + deviations * root) / ((1 - q) * (1 - q) - z2 * q), 3);
}

static double draw_at(const numbers *n, int64_t chain, int64_t t, int64_t d)
{
    return n->draws[chain * n->strides[0] + t * n->strides[1] + d * n->strides[2]];
}

/* The variance of the means of chains of one superchain, over that of its draws. */
static double share_of_means(const numbers *n, int64_t d)
{
    double between = 0, within = 0;
    for (int64_t k = 0; k < n->superchains; k++) {
        double sum = 0, square = 0;
        for (int64_t c = 0; c < n->chains; c++) {
            double mean = 0, spread = 0;
            for (int64_t t = 0; t < n->length; t++) mean += draw_at(n, k * n->chains + c, t, d);
            mean /= (double)n->length;
            for (int64_t t = 0; t < n->length; t++) {
                const double off = draw_at(n, k * n->chains + c, t, d) - mean;
                spread += off * off;
            }
            within += spread / (double)(n->length - 1);
            sum += mean;
            square += mean * mean;
        }
        between += (square - sum * sum / (double)n->chains) / (double)(n->chains - 1);
    }
    between /= (double)n->superchains;
    within /= (double)all_chains(n);
    return between / (between + within);
}

/* The nested R-hat up to which superchains agree about number d. */
static double nested_limit(const numbers *n, int64_t d)
{
    const double k = (double)n->superchains, m = (double)n->chains;
    return sqrt(1 + fmax(small, quantile_of_f(k - 1, k * (m - 1)) * share_of_means(n, d) / m));
}

/* Of number d over the draws from `first` on, `length` of them: B/W of superchains, and of chains one by one. The first is not of
 * ranks, which say of groups that do not overlap no more than that, however far apart they are. */
static double disagreement(const numbers *n, int64_t d, int64_t first, int64_t length)
{
    double nested;
    or_die(lebm_diagnostics_nested_rhat(n->draws + first * n->strides[1] + d * n->strides[2], all_chains(n), length, 1,
                                        n->strides, n->superchains, n->threads, &nested, NULL),
           "nested R-hat");
    return nested * nested - 1;
}

static double disagreement_of_chains(const numbers *n, int64_t d, int64_t first, int64_t length)
{
    double rhat;
    or_die(lebm_diagnostics_convergence(n->draws + first * n->strides[1] + d * n->strides[2], all_chains(n), length, 1,
                                        n->strides, n->threads, &rhat, NULL, NULL),
           "R-hat");
    return rhat * rhat - 1;
}

static bool come_closer(const numbers *n, int64_t d)
{
    const int64_t half = n->length / 2;
    return disagreement(n, d, n->length - half, half) < disagreement(n, d, 0, half) / 2;
}

static bool agree_by_length(const numbers *n, int64_t d)
{
    const int64_t half = n->length / 2;
    return disagreement_of_chains(n, d, 0, n->length) < .75 * disagreement_of_chains(n, d, n->length - half, half);
}

/* Takes the numbers into the diagnosis, the first of which has this index. A NaN, of numbers that never change, is no
 * disagreement: that chains never move shows in all the others. */
static void look_at(const numbers *n, int64_t index, diagnosis *d)
{
    double *results = allocate((size_t)(3 * n->dims), sizeof *results);
    double *nested = results, *rhat = results + n->dims, *ess = results + 2 * n->dims;
    or_die(lebm_diagnostics_nested_rhat(n->draws, all_chains(n), n->length, n->dims, n->strides, n->superchains,
                                        n->threads, NULL, nested),
           "nested R-hat");
    or_die(lebm_diagnostics_convergence(n->draws, all_chains(n), n->length, n->dims, n->strides, n->threads, rhat, ess,
                                        NULL),
           "R-hat");
    for (int64_t i = 0; i < n->dims; i++) {
        const double limit = nested_limit(n, i);
        if (nested[i] - limit > d->nested - d->limit) {
            d->nested = nested[i];
            d->limit = limit;
            d->nested_at = index + i;
        }
        if (rhat[i] > d->rhat) {
            d->rhat = rhat[i];
            d->rhat_at = index + i;
        }
        if (ess[i] < d->ess) d->ess = ess[i];
    }
    free(results);
}

static mixing judge_mixing(const numbers *f, const numbers *z, const diagnosis *d)
{
    if (d->nested > d->limit) {
        const bool closer = d->nested_at == 0 ? come_closer(f, 0) : come_closer(z, d->nested_at - 1);
        return closer ? MIXING_SLOW : MIXING_STUCK;
    }
    if (d->rhat > rhat_limit) {
        const bool by_length = d->rhat_at == 0 ? agree_by_length(f, 0) : agree_by_length(z, d->rhat_at - 1);
        return by_length ? MIXING_SHORT : MIXING_PARTED;
    }
    return MIXING_GOOD;
}

/* f of all draws, [chains, length]. */
static double *values_of_f(const model *m, const numbers *z)
{
    float *rows = view_latents(m, z->length), *f = allocate((size_t)z->length, sizeof *f);
    double *values = allocate((size_t)(all_chains(z) * z->length), sizeof *values);
    for (int64_t c = 0; c < all_chains(z); c++) {
        for (int64_t t = 0; t < z->length; t++)
            for (int64_t d = 0; d < z->dims; d++) rows[t * z->dims + d] = (float)draw_at(z, c, t, d);
        or_die(lebm_net_forward(lebm_prior_net(m->prior), rows, z->length, f), "prior");
        for (int64_t t = 0; t < z->length; t++) values[c * z->length + t] = (double)f[t];
    }
    free(f);
    free(rows);
    return values;
}

static diagnosis diagnose_target(const model *m, const numbers *z)
{
    double *values = values_of_f(m, z);
    const numbers f = {.draws = values,
                       .strides = {z->length, 1, 1},
                       .superchains = z->superchains,
                       .chains = z->chains,
                       .length = z->length,
                       .dims = 1,
                       .threads = z->threads};
    diagnosis d = {.nested = -INFINITY, .rhat = -INFINITY, .ess = INFINITY};
    look_at(&f, 0, &d);
    look_at(z, 1, &d);
    d.mixing = judge_mixing(&f, z, &d);
    d.good_targets = d.mixing == MIXING_GOOD;
    or_die(lebm_diagnostics_mean(f.draws, all_chains(&f), f.length, 1, f.strides, f.threads, &d.f, &d.f_mcse, NULL),
           "mean");
    or_die(lebm_diagnostics_sd(f.draws, all_chains(&f), f.length, 1, f.strides, f.threads, &d.f_sd, NULL), "deviation");
    free(values);
    return d;
}

/* The draws of one target, their second half. */
static numbers draws_of(const chains_plan *plan, const long_chains *c, int64_t target)
{
    const int64_t *strides = lebm_traces_strides(c->traces), length = lebm_traces_length(c->traces);
    numbers z = {.superchains = plan->superchains,
                 .chains = plan->chains,
                 .length = (length + 1) / 2,
                 .dims = lebm_traces_dims(c->traces),
                 .threads = plan->threads};
    memcpy(z.strides, strides, sizeof z.strides);
    z.draws = lebm_traces_states(c->traces) + target * all_chains(&z) * strides[0] + length / 2 * strides[1];
    return z;
}

static bool is_worse(const diagnosis *a, const diagnosis *b)
{
    return a->mixing != b->mixing ? a->mixing < b->mixing : a->nested - a->limit > b->nested - b->limit;
}

diagnosis diagnose(const model *m, const chains_plan *plan, const long_chains *c)
{
    diagnosis worst = {.mixing = MIXING_FAILED};
    double f = 0, f_variance = 0, variance = 0, ess = 0;
    int64_t good = 0;
    if (c->traces == NULL) return worst;
    for (int64_t t = 0; t < plan->targets; t++) {
        const numbers z = draws_of(plan, c, t);
        const diagnosis d = diagnose_target(m, &z);
        if (t == 0 || is_worse(&d, &worst)) worst = d;
        good += d.good_targets;
        ess += d.ess;
        f += d.f;
        f_variance += d.f_mcse * d.f_mcse;
        variance += d.f_sd * d.f_sd;
    }
    const double targets = (double)plan->targets;
    worst.good_targets = good;
    worst.ess = ess;
    worst.ess_per_second = ess / (c->seconds / 2);
    worst.f = f / targets;
    worst.f_mcse = sqrt(f_variance) / targets;
    worst.f_sd = sqrt(variance / targets);
    return worst;
}
