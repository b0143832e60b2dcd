#include "mcmc/anneal.h"

#include <math.h>

#include "core/status.h"

int lebm__anneal_begin(lebm__annealed *a, double beta)
{
    a->tempered->beta = beta;
    LEBM__TRY(lebm__chain_begin(&a->chain, a->tile));
    lebm__tempered_note(a->tempered, a->tile);
    for (int64_t i = 0; i < a->tile->n; i++) {
        const double tilt = a->tempered->chains.tilt[i];
        if (tilt < INFINITY) continue; /* which NaN is not */
        return lebm__fail(LEBM_ERR_DIVERGED, "the log density is %g where chain %lld to the %s starts; %s",
                          isnan(tilt) ? NAN : tilt, (long long)(a->tile->first + i), a->chain.target.name,
                          a->chain.target.remedy_at_start);
    }
    return LEBM_OK;
}

int lebm__anneal_step(lebm__annealed *a, double step_size)
{
    a->chain.step_sizes = (lebm__step_sizes){.first = step_size};
    LEBM__TRY(lebm__chain_step(&a->chain, a->tile, ++a->steps));
    lebm__tempered_note(a->tempered, a->tile);
    return LEBM_OK;
}

/* Temperature t of the path as it is gone. */
static int64_t anneal_place(const lebm__path *path, int64_t t)
{
    return path->is_reverse ? path->temperatures - t : t;
}

/* sums[n] += change tilt */
static void anneal_add(const lebm__annealed *a, double change, double *sums)
{
    if (change == 0.0) return; /* also of tilts that are infinite */
    for (int64_t i = 0; i < a->tile->n; i++) sums[i] += change * a->tempered->chains.tilt[i];
}

int lebm__anneal(lebm__annealed *a, const lebm__path *path, double *log_weights, double *integrals)
{
    for (int64_t i = 0; i < a->tile->n; i++) log_weights[i] = integrals[i] = 0.0;
    for (int64_t t = 1; t <= path->temperatures; t++) {
        const int64_t to = anneal_place(path, t);
        const double beta = path->betas[to], change = beta - path->betas[anneal_place(path, t - 1)];
        anneal_add(a, change, log_weights);
        anneal_add(a, 0.5 * change, integrals);
        lebm__tempered_go_to(a->tempered, beta, a->tile);
        for (int64_t k = 0; k < path->steps; k++) LEBM__TRY(lebm__anneal_step(a, path->step_sizes[to]));
        anneal_add(a, 0.5 * change, integrals);
    }
    return LEBM_OK;
}
