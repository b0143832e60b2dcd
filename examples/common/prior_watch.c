#include "prior_watch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "errors.h"
#include "rng.h"
#include "view.h"

enum { STARTS = 16, CHAINS = 16, ALL = STARTS * CHAINS, LONGER = 10 };

/* Of f, in nats: less does not matter beside its changes from epoch to epoch. */
static const double worst_difference = .5;

/* Independent draws are above it once in 20,000 times: with 16 of each start they are near sqrt(1 + 1/16) = 1.03. */
static const double worst_rhat = 1.1;

/* Sends the chains of each start off from there, all with the same numbers at each look. */
static void set_out(const lebm_sampler *sampler, int64_t size, float *z)
{
    double std;
    rng r = rng_start(1, STREAM_WATCH);
    or_die(lebm_sampler_get_f64(sampler, LEBM_SAMPLER_START_STD, &std), "sampler");
    for (int64_t i = 0; i < ALL * size; i++)
        z[i] = i / size % CHAINS == 0 ? (float)rng_normal(&r, 0, std) : z[i - size];
}

/* Runs chains of so many steps, and gives f where each ends. Returns a status of the library. */
static int run_chains(lebm_prior *prior, lebm_sampler *sampler, int64_t steps, double f[ALL])
{
    const int64_t size = lebm_prior_latent_size(prior);
    float *z = allocate((size_t)(ALL * size), sizeof *z), ends[ALL];
    set_out(sampler, size, z);
    view_start_stream(sampler, STREAM_WATCH);
    or_die(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, steps), "sampler");
    const int status = lebm_sampler_run_prior(sampler, prior, ALL, z);
    if (status == LEBM_OK) or_die(lebm_net_forward(lebm_prior_net(prior), z, ALL, ends), "prior");
    for (int i = 0; status == LEBM_OK && i < ALL; i++) f[i] = (double)ends[i];
    free(z);
    return status;
}

static double mean(const double *values, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += values[i];
    return sum / n;
}

/* What f where the chains end says. */
static void sum_up(const double of_short[ALL], const double of_longer[ALL], prior_watch *seen)
{
    double differences[STARTS], square = 0;
    seen->short_f = mean(of_short, ALL);
    seen->longer_f = mean(of_longer, ALL);
    for (int i = 0; i < STARTS; i++) {
        differences[i] = mean(of_short + i * CHAINS, CHAINS) - mean(of_longer + i * CHAINS, CHAINS);
        square += pow(differences[i] - (seen->short_f - seen->longer_f), 2);
    }
    seen->error = sqrt(square / (STARTS - 1) / STARTS);
    or_die(lebm_diagnostics_nested_rhat(of_short, ALL, 1, 1, NULL, STARTS, 1, &seen->nested_rhat, NULL),
           "nested R-hat");
}

int prior_watch_look(lebm_prior *prior, lebm_sampler *sampler, int64_t steps, prior_watch *seen)
{
    double of_short[ALL], of_longer[ALL];
    *seen = (prior_watch){0};
    or_die(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, "given"), "sampler");
    or_die(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_MEASURE_ACCEPTANCE, 1), "sampler");
    int status = run_chains(prior, sampler, steps, of_short);
    if (status == LEBM_OK) {
        or_die(lebm_sampler_metric(sampler, LEBM_SAMPLER_ACCEPTANCE, &seen->acceptance), "acceptance");
        status = run_chains(prior, sampler, LONGER * steps, of_longer);
    }
    if (status == LEBM_OK)
        sum_up(of_short, of_longer, seen);
    else if (status == LEBM_ERR_DIVERGED)
        seen->ran_away = true;
    else if (status != LEBM_STOPPED)
        or_die(status, "looking at the prior's chains");
    return status == LEBM_STOPPED ? status : LEBM_OK;
}

bool prior_watch_lags(const prior_watch *seen)
{
    const double difference = fabs(seen->short_f - seen->longer_f);
    return seen->ran_away || (difference > worst_difference && difference > 3 * seen->error) ||
           seen->nested_rhat > worst_rhat;
}

void prior_watch_describe(const prior_watch *seen, double gap, char *line, size_t size)
{
    const double least_acceptance = .5;
    const char *shorter = "smaller --prior-step-size and --prior-last-step-size, or a smaller --prior-learning-rate";
    if (seen->ran_away) {
        snprintf(line, size, "the prior's chains run away, if not in training then ten times as long: %s", shorter);
        return;
    }
    snprintf(
        line, size,
        "the prior's chains lag: f is %.2f at their end, %.2f after ten times the steps; nested R-hat %.2f, acceptance "
        "%.2f, gap %+.2f: %s",
        seen->short_f, seen->longer_f, seen->nested_rhat, seen->acceptance, gap,
        seen->acceptance < least_acceptance ? shorter : "more --prior-steps, or a smaller --prior-learning-rate");
}
