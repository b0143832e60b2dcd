#include "mcmc/chain.h"

#include <float.h>
#include <math.h>

#include "core/status.h"
#include "math/kernels.h"

/* A quantity of a chain at a step of the run. */
typedef struct {
    const char *name;
    double value;
    int64_t step, chain;
} chain_quantity;

static int chain_check_finite(const lebm__chain *chain, chain_quantity q)
{
    const char *hint = chain->steps_before + q.step == 1 ? chain->target.remedy_at_start : chain->target.remedy;
    if (isfinite(q.value)) return LEBM_OK;
    return lebm__fail(LEBM_ERR_DIVERGED, "the %s is %g at step %lld of chain %lld to the %s; %s", q.name,
                      isnan(q.value) ? NAN : q.value, (long long)(chain->steps_before + q.step), (long long)q.chain,
                      chain->target.name, hint);
}

static int64_t chain_number(const lebm__tile *tile, int64_t row)
{
    return tile->numbers == NULL ? tile->first + row : tile->numbers[row];
}

/* Fail at the first chain whose state is not finite or too far away. */
int lebm__chain_check_states(const lebm__chain *chain, const lebm__tile *tile, int64_t step)
{
    for (int64_t i = 0; i < tile->n; i++) {
        if (tile->squares[i] <= tile->max_squares[i]) continue;
        const chain_quantity q = {"norm of z", sqrt(tile->squares[i]), step, chain_number(tile, i)};
        const double max = sqrt(tile->max_squares[i]);
        LEBM__TRY(chain_check_finite(chain, q));
        return lebm__fail(
            LEBM_ERR_DIVERGED,
            "the norm of z has grown to %g at step %lld of chain %lld to the %s; allowed is at most %g, which is "
            "divergence_threshold times that of its start or of %s (%g); %s, or a larger divergence_threshold if "
            "chains have to go so "
            "far",
            q.value, (long long)(chain->steps_before + step), (long long)q.chain, chain->target.name, max,
            chain->target.origin, max / fmax(chain->divergence_threshold, 1.0), chain->target.remedy);
    }
    return LEBM_OK;
}

/* Fail at the first chain with a value that is not finite. */
static int chain_check_densities(const lebm__chain *chain, const lebm__tile *tile, int64_t step)
{
    const int64_t dims = chain->target.dims;
    for (int64_t i = 0; i < tile->n; i++) {
        const double score_norm = sqrt(lebm__kernels()->squares(dims, tile->score + i * dims));
        const chain_quantity density = {"log density", tile->log_density[i], step, chain_number(tile, i)};
        const chain_quantity norm = {"norm of the score", score_norm, step, chain_number(tile, i)};
        LEBM__TRY(chain_check_finite(chain, density));
        LEBM__TRY(chain_check_finite(chain, norm));
    }
    return LEBM_OK;
}

static void chain_measure_states(const lebm__chain *chain, const lebm__tile *tile)
{
    const int64_t dims = chain->target.dims;
    for (int64_t i = 0; i < tile->n; i++) {
        tile->squares[i] = lebm__kernels()->squares(dims, tile->z + i * dims);
    }
}

/* How far the states may go, seen from where they start. A heated p0 is wider; a cold one is no reason to turn away what
 * is allowed at temperature 1. */
static void chain_set_max(const lebm__chain *chain, const lebm__tile *tile)
{
    const double times = chain->divergence_threshold > 0.0 ? fmax(chain->divergence_threshold, 1.0) : 0.0;
    const double spread = chain->target.spread * sqrt(fmax(chain->temperature, 1.0));
    const double noise = chain->start_std * sqrt((double)chain->target.dims);
    for (int64_t i = 0; i < tile->n; i++) {
        const double start = chain->is_kept ? noise : sqrt(tile->squares[i]);
        const double norm = fmax(spread, start);
        tile->max_squares[i] = times > 0.0 ? times * times * norm * norm : DBL_MAX;
    }
}

int lebm__chain_evaluate(const lebm__chain *chain, lebm__tile *tile, int64_t step)
{
    const lebm__target *target = &chain->target;
    target->base(target->context, tile->n, tile->z, tile->log_density, tile->score, tile->squares);
    LEBM__TRY(lebm__chain_check_states(chain, tile, step)); /* first: a user's function is promised finite states */
    LEBM__TRY(target->tilt(target->context, tile->n, tile->z, tile->log_density, tile->score));
    return chain_check_densities(chain, tile, step);
}

int lebm__chain_check(const lebm__chain *chain, const lebm__tile *tile, int64_t step)
{
    LEBM__TRY(lebm__chain_check_states(chain, tile, step));
    return chain_check_densities(chain, tile, step);
}

double lebm__chain_step_size(const lebm__chain *chain, int64_t step)
{
    const lebm__step_sizes s = chain->step_sizes;
    if (step == 1 || s.last == 0.0 || s.last == s.first) return s.first;
    const double share = (double)(step - 1) / (double)(chain->steps - 1);
    return s.first * pow(s.last / s.first, share);
}

void lebm__chain_noise(const lebm__chain *chain, const lebm__tile *tile, int64_t step, float *noise)
{
    const uint32_t number = (uint32_t)(chain->steps_before + step);
    if (tile->numbers == NULL)
        lebm__normals(chain->key, tile->first, number, tile->n, chain->target.dims, noise);
    else
        lebm__normals_of(chain->key, tile->numbers, number, tile->n, chain->target.dims, noise);
}

void lebm__chain_chances(const lebm__chain *chain, const lebm__tile *tile, int64_t step, double *chances)
{
    const uint32_t number = (uint32_t)(chain->steps_before + step);
    lebm__chances(chain->key, tile->first, tile->numbers, number, tile->n, chances);
}

int lebm__chain_begin(const lebm__chain *chain, lebm__tile *tile)
{
    chain_measure_states(chain, tile);
    chain_set_max(chain, tile);
    return chain->kernel->begin(chain, tile);
}

int lebm__chain_step(const lebm__chain *chain, lebm__tile *tile, int64_t step)
{
    if (chain->stop(chain->context)) return LEBM_STOPPED;
    return chain->kernel->transition(chain, tile, step);
}

int lebm__chain_run(const lebm__chain *chain, lebm__tile *tile)
{
    LEBM__TRY(lebm__chain_begin(chain, tile));
    for (int64_t step = 1; step <= chain->steps; step++) {
        LEBM__TRY(lebm__chain_step(chain, tile, step));
        if (chain->record != NULL) lebm__record_step(chain->record, tile, chain->record->steps - chain->steps + step);
    }
    for (int64_t i = 0; i < tile->n; i++) {
        const float *score = tile->score + i * chain->target.dims;
        tile->score_norm[i] = sqrt(lebm__kernels()->squares(chain->target.dims, score));
    }
    chain_measure_states(chain, tile);
    return lebm__chain_check_states(chain, tile, chain->steps);
}
