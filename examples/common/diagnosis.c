#include "diagnosis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "view.h"

static const double small = .02;      /* B/W that does not matter: R-hat 1.01 */
static const double deviations = 4.5; /* of a normal number, beyond which one in 300,000 lies */
static const double settled = 9;      /* draws of a chain by its own account */
static const double apart = 10;       /* times as many as R-hat says */
const double diagnosis_rhat_limit = 1.1;

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

/* Draws that a chain has made by its own account of number d, on average. */
static double own_ess(const numbers *n, int64_t d)
{
    double sum = 0;
    for (int64_t c = 0; c < all_chains(n); c++) {
        double ess;
        or_die(lebm_diagnostics_convergence(n->draws + c * n->strides[0] + d * n->strides[2], 1, n->length, 1,
                                            n->strides, 1, NULL, &ess, NULL),
               "ESS");
        if (isfinite(ess)) sum += ess; /* a chain that never moves has none */
    }
    return sum / (double)all_chains(n);
}

/* Whether chains that do not agree about number d have settled apart. */
static bool have_settled(const numbers *n, int64_t d)
{
    double rhat;
    const double own = own_ess(n, d);
    or_die(lebm_diagnostics_convergence(n->draws + d * n->strides[2], all_chains(n), n->length, 1, n->strides,
                                        n->threads, &rhat, NULL, NULL),
           "R-hat");
    return own >= settled && own * (rhat * rhat - 1) >= apart;
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
    const bool starts_show = d->nested > d->limit;
    const int64_t worst = starts_show ? d->nested_at : d->rhat_at;
    if (!starts_show && d->rhat <= diagnosis_rhat_limit) return MIXING_GOOD;
    if (worst == 0 ? have_settled(f, 0) : have_settled(z, worst - 1)) return starts_show ? MIXING_STUCK : MIXING_PARTED;
    return starts_show ? MIXING_SLOW : MIXING_SHORT;
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
    if (d.f_sd == 0) d.f_mcse = 0; /* of an f that is constant, which is NaN of draws */
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
