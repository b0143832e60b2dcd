#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/status.h"
#include "core/text.h"
#include "mcmc/annealing.h"

/* Of the chains, that an estimate needs; and of two at least, for the ESS of one weight says nothing. */
#define LEAST_ESS 0.02

/* What of a direction a result is, and what it stands on. */
typedef enum { OF_WEIGHTS, OF_STATES, ESS } annealing_basis;

static const struct {
    const char *key;
    int direction; /* 0: forward, 1: reverse */
    annealing_basis basis;
    size_t offset;
} results_table[] = {
    {LEBM_ANNEALING_FORWARD, 0, OF_WEIGHTS, offsetof(lebm__annealed_row, forward.estimate)},
    {LEBM_ANNEALING_FORWARD_ERROR, 0, OF_WEIGHTS, offsetof(lebm__annealed_row, forward.error)},
    {LEBM_ANNEALING_FORWARD_GROUP_ERROR, 0, OF_WEIGHTS, offsetof(lebm__annealed_row, forward.group_error)},
    {LEBM_ANNEALING_FORWARD_ESS, 0, ESS, offsetof(lebm__annealed_row, forward.ess)},
    {LEBM_ANNEALING_FORWARD_LARGEST, 0, OF_STATES, offsetof(lebm__annealed_row, forward.largest)},
    {LEBM_ANNEALING_FORWARD_INTEGRAL, 0, OF_STATES, offsetof(lebm__annealed_row, forward.integral)},
    {LEBM_ANNEALING_FORWARD_INTEGRAL_ERROR, 0, OF_STATES, offsetof(lebm__annealed_row, forward.integral_error)},
    {LEBM_ANNEALING_FORWARD_ACCEPTANCE, 0, OF_STATES, offsetof(lebm__annealed_row, forward.acceptance)},
    {LEBM_ANNEALING_REVERSE, 1, OF_WEIGHTS, offsetof(lebm__annealed_row, reverse.estimate)},
    {LEBM_ANNEALING_REVERSE_ERROR, 1, OF_WEIGHTS, offsetof(lebm__annealed_row, reverse.error)},
    {LEBM_ANNEALING_REVERSE_GROUP_ERROR, 1, OF_WEIGHTS, offsetof(lebm__annealed_row, reverse.group_error)},
    {LEBM_ANNEALING_REVERSE_ESS, 1, ESS, offsetof(lebm__annealed_row, reverse.ess)},
    {LEBM_ANNEALING_REVERSE_LARGEST, 1, OF_STATES, offsetof(lebm__annealed_row, reverse.largest)},
    {LEBM_ANNEALING_REVERSE_INTEGRAL, 1, OF_STATES, offsetof(lebm__annealed_row, reverse.integral)},
    {LEBM_ANNEALING_REVERSE_INTEGRAL_ERROR, 1, OF_STATES, offsetof(lebm__annealed_row, reverse.integral_error)},
    {LEBM_ANNEALING_REVERSE_ACCEPTANCE, 1, OF_STATES, offsetof(lebm__annealed_row, reverse.acceptance)},
    {LEBM_ANNEALING_GROUPS_RHAT, 1, OF_STATES, offsetof(lebm__annealed_row, groups_rhat)},
    {LEBM_ANNEALING_RUNGS, 0, OF_STATES, offsetof(lebm__annealed_row, rungs)},
};

enum { RESULTS = sizeof results_table / sizeof *results_table };

static int results_find(const char *key, int *found)
{
    char keys[LEBM__ERROR_SIZE] = "";
    for (*found = 0; *found < RESULTS; (*found)++) {
        if (strcmp(results_table[*found].key, key) == 0) return LEBM_OK;
        lebm__list_add(keys, sizeof keys, results_table[*found].key);
    }
    return lebm__fail(LEBM_ERR_UNKNOWN_OPTION, "annealing has no result '%.64s'; it has %s", key, keys);
}

static int results_check_row(const lebm_annealing *annealing, int64_t row)
{
    const int64_t n = annealing->rows.n;
    if (n == 0) return lebm__fail(LEBM_ERR_STATE, "there are no results: no run has succeeded yet");
    return lebm__check_range("row", row, 0, n - 1);
}

/* Why there is nothing of a direction. */
static int results_check_direction(const lebm_annealing *annealing, int64_t row, int direction)
{
    if (direction == 0) return LEBM_OK;
    if (!annealing->rows.has_reverse)
        return lebm__fail(LEBM_ERR_STATE, "the last run had no reverse chains: set option %s to 1",
                          LEBM_ANNEALING_REVERSE_CHAINS);
    if (annealing->rows.rows[row].has_starts) return LEBM_OK;
    return lebm__fail(LEBM_ERR_STATE,
                      "row %lld: reverse chains had nowhere to start, as all weights of a group of forward chains are "
                      "0; more temperatures or chains may help",
                      (long long)row);
}

/* Whether the weights of a direction carry a number. */
static int results_check_ess(const lebm_annealing *annealing, int64_t row, int direction)
{
    const lebm__annealed_row *r = &annealing->rows.rows[row];
    const double ess = direction == 0 ? r->forward.ess : r->reverse.ess, chains = (double)annealing->rows.chains;
    const double least = fmin(fmax(LEAST_ESS * chains, 2.0), chains);
    if (ess >= least) return LEBM_OK;
    return lebm__fail(LEBM_ERR_STATE,
                      "row %lld: the %s weights are worth %.3g of %g chains, less than %.3g, which carries no number; "
                      "more temperatures, or more steps at each, may help",
                      (long long)row, direction == 0 ? "forward" : "reverse", ess, chains, least);
}

int lebm_annealing_result(const lebm_annealing *annealing, int64_t row, const char *key, double *value)
{
    int found;
    LEBM__REQUIRE(annealing);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(value);
    LEBM__TRY(results_find(key, &found));
    LEBM__TRY(results_check_row(annealing, row));
    LEBM__TRY(results_check_direction(annealing, row, results_table[found].direction));
    if (results_table[found].basis == OF_WEIGHTS)
        LEBM__TRY(results_check_ess(annealing, row, results_table[found].direction));
    const void *place = (const char *)&annealing->rows.rows[row] + results_table[found].offset;
    const double result = *(const double *)place;
    if (!isfinite(result))
        return lebm__fail(LEBM_ERR_STATE, "row %lld: %s has no value, as weights or tilts are infinite or all the same",
                          (long long)row, key);
    *value = result;
    return LEBM_OK;
}

int64_t lebm_annealing_row_count(const lebm_annealing *annealing)
{
    return annealing == NULL ? 0 : annealing->rows.n;
}

int64_t lebm_annealing_chain_count(const lebm_annealing *annealing)
{
    return annealing == NULL ? 0 : annealing->rows.chains;
}

int lebm_annealing_log_weights(const lebm_annealing *annealing, int64_t row, int reverse, double *log_weights,
                               int64_t count)
{
    LEBM__REQUIRE(annealing);
    LEBM__REQUIRE(log_weights);
    LEBM__TRY(results_check_row(annealing, row));
    LEBM__TRY(results_check_direction(annealing, row, reverse != 0));
    const int64_t chains = annealing->rows.chains;
    if (count != chains)
        return lebm__fail(LEBM_ERR_SHAPE, "count is %lld; a row has %lld chains", (long long)count, (long long)chains);
    memcpy(log_weights, annealing->rows.log_weights[reverse != 0] + row * chains, (size_t)chains * sizeof *log_weights);
    return LEBM_OK;
}

/* Estimate and standard error of a row, forward and reverse. */
typedef struct {
    double forward, forward_error, reverse, reverse_error;
} results_bracket;

static int results_read_bracket(const lebm_annealing *annealing, int64_t row, results_bracket *bracket)
{
    LEBM__TRY(lebm_annealing_result(annealing, row, LEBM_ANNEALING_FORWARD, &bracket->forward));
    LEBM__TRY(lebm_annealing_result(annealing, row, LEBM_ANNEALING_FORWARD_ERROR, &bracket->forward_error));
    LEBM__TRY(lebm_annealing_result(annealing, row, LEBM_ANNEALING_REVERSE, &bracket->reverse));
    return lebm_annealing_result(annealing, row, LEBM_ANNEALING_REVERSE_ERROR, &bracket->reverse_error);
}

int lebm_annealing_log_p(const lebm_annealing *of_x, int64_t row, const lebm_annealing *of_prior, double *lower,
                         double *upper, double *error)
{
    results_bracket x, z;
    LEBM__REQUIRE(of_x);
    LEBM__REQUIRE(of_prior);
    if (of_x->rows.n > 0 && of_x->rows.kind != LEBM__ANNEALED_POSTERIORS)
        return lebm__fail(LEBM_ERR_STATE, "%s: the last run of of_x was not to posteriors", __func__);
    if (of_prior->rows.n > 0 && of_prior->rows.kind != LEBM__ANNEALED_PRIOR)
        return lebm__fail(LEBM_ERR_STATE, "%s: the last run of of_prior was not to a prior", __func__);
    LEBM__TRY(results_read_bracket(of_x, row, &x));
    LEBM__TRY(results_read_bracket(of_prior, 0, &z));
    if (lower != NULL) *lower = x.forward - z.reverse;
    if (upper != NULL) *upper = x.reverse - z.forward;
    if (error != NULL) {
        const double x_error = hypot(x.forward_error, x.reverse_error),
                     z_error = hypot(z.forward_error, z.reverse_error);
        *error = 0.5 * hypot(x_error, z_error);
    }
    return LEBM_OK;
}
