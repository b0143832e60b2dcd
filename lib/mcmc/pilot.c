#include <math.h>

#include "core/status.h"
#include "mcmc/adapt.h"
#include "mcmc/anneal.h"
#include "mcmc/weights.h"

enum { MOST_RUNGS = 1 << 16 };
enum { FIRST_STEPS = 50 }; /* at the first rung, where nothing is known of the step size */

/* Resample the chains by the weights exp(change tilt), of which one at least is not 0. */
static void pilot_resample(lebm__annealed *a, double change, double *log_weights, int64_t *from)
{
    double chances[2];
    for (int64_t i = 0; i < a->tile->n; i++) log_weights[i] = change * a->tempered->chains.tilt[i];
    lebm__chances(a->chain.key, a->tile->first, NULL, (uint32_t)++a->steps, 1, chances);
    lebm__resample(log_weights, a->tile->n, chances[0], from);
    lebm__tempered_resample(a->tempered, from, a->tile);
}

/* The step size at the first rung, by dual averaging. */
static int pilot_find_step_size(lebm__annealed *a, const lebm__pilot *pilot, double *step_size)
{
    lebm__averaging averaging = lebm__averaging_begin(pilot->step_size, pilot->target_acceptance);
    for (int64_t k = 0; k < FIRST_STEPS; k++) {
        LEBM__TRY(lebm__anneal_step(a, averaging.step_size));
        lebm__averaging_update(&averaging, lebm__pool_acceptance(a->tile->probability, NULL, a->tile->n));
    }
    *step_size = lebm__averaging_result(&averaging);
    return LEBM_OK;
}

/* From rung to rung it changes little: each step tells how much. */
static int pilot_steer_step_size(lebm__annealed *a, const lebm__pilot *pilot, double *step_size)
{
    const double gain = pilot->target_acceptance > 0.0 ? 0.5 : 0.0;
    for (int64_t k = 0; k < pilot->steps; k++) {
        LEBM__TRY(lebm__anneal_step(a, *step_size));
        const double acceptance = lebm__pool_acceptance(a->tile->probability, NULL, a->tile->n);
        *step_size *= exp(gain * (acceptance - pilot->target_acceptance));
        *step_size = lebm__step_size_within_bounds(*step_size);
    }
    return LEBM_OK;
}

/* Go on to the next rung. */
static int pilot_climb(lebm__annealed *a, const lebm__pilot *pilot, double *spare, int64_t *from, lebm__ladder *ladder)
{
    const double beta = ladder->betas[ladder->count - 1];
    const double next = lebm__next_beta(a->tempered->chains.tilt, a->tile->n, beta, pilot->share, spare);
    double step_size = ladder->step_sizes[ladder->count - 1];
    if (next == 0.0)
        return lebm__fail(LEBM_ERR_STATE, "no pilot chain to the %s starts where its density is more than 0",
                          a->chain.target.name);
    if (ladder->count > MOST_RUNGS)
        return lebm__fail(LEBM_ERR_STATE,
                          "pilot chains to the %s are at beta %g after %d temperatures; a smaller "
                          "pilot_ess takes fewer",
                          a->chain.target.name, beta, MOST_RUNGS);
    pilot_resample(a, next - beta, spare, from);
    lebm__tempered_go_to(a->tempered, next, a->tile);
    if (ladder->count == 1 && pilot->target_acceptance > 0.0) LEBM__TRY(pilot_find_step_size(a, pilot, &step_size));
    LEBM__TRY(pilot_steer_step_size(a, pilot, &step_size));
    return lebm__ladder_add(ladder, next, step_size);
}

int lebm__pilot_run(lebm__annealed *a, const lebm__pilot *pilot, double *spare, int64_t *from, lebm__ladder *ladder)
{
    LEBM__TRY(lebm__ladder_add(ladder, 0.0, pilot->step_size));
    while (ladder->betas[ladder->count - 1] < 1.0) LEBM__TRY(pilot_climb(a, pilot, spare, from, ladder));
    return LEBM_OK;
}
