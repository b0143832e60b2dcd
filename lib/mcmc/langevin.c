#include "mcmc/langevin.h"

#include <float.h>
#include <math.h>

#include "core/status.h"
#include "math/kernels.h"

/* A quantity of a chain at a step. */
typedef struct {
    const char *name;
    double value;
    int64_t step, chain;
} quantity;

static int diverged(const lebm__target *target, quantity q)
{
    const char *hint = q.step == 1
                           ? "so early, look for what is huge or not finite in z and the parameters, or huge in x"
                           : target->remedy;
    return lebm__fail(LEBM_ERR_DIVERGED, "the %s is %g at step %lld of chain %lld to the %s; %s", q.name,
                      isnan(q.value) ? NAN : q.value, (long long)q.step, (long long)q.chain, target->name, hint);
}

static int check_finite(const lebm__target *target, quantity q)
{
    return isfinite(q.value) ? LEBM_OK : diverged(target, q);
}

/* Fail at the first chain whose state is not finite or too far away. */
static int check_states(const lebm__langevin *langevin, const lebm__target *target, const lebm__tile *tile,
                        int64_t step)
{
    for (int64_t i = 0; i < tile->n; i++) {
        if (tile->squares[i] <= tile->most[i]) continue;
        const quantity q = {"norm of z", sqrt(tile->squares[i]), step, tile->first + i};
        LEBM__TRY(check_finite(target, q));
        return lebm__fail(
            LEBM_ERR_DIVERGED,
            "the norm of z has grown to %g at step %lld of chain %lld to the %s; allowed is at most %g, which is "
            "divergence_threshold times that of its start or of p0 (%g); %s",
            q.value, (long long)q.step, (long long)q.chain, target->name, sqrt(tile->most[i]),
            sqrt(tile->most[i]) / fmax(langevin->divergence_threshold, 1.0), target->remedy);
    }
    return LEBM_OK;
}

/* Write the norms of the scores; fail at the first chain with a value that is not finite. */
static int check_densities(const lebm__target *target, const lebm__tile *tile, int64_t step)
{
    for (int64_t i = 0; i < tile->n; i++) {
        const int64_t chain = tile->first + i;
        tile->score_norm[i] = sqrt(lebm__kernels()->squares(target->dims, tile->score + i * target->dims));
        LEBM__TRY(check_finite(target, (quantity){"log density", tile->log_density[i], step, chain}));
        LEBM__TRY(check_finite(target, (quantity){"norm of the score", tile->score_norm[i], step, chain}));
    }
    return LEBM_OK;
}

/* How far the states may go, seen from where they start. */
static void set_most(const lebm__langevin *langevin, const lebm__target *target, const lebm__tile *tile)
{
    const double times = langevin->divergence_threshold > 0.0 ? fmax(langevin->divergence_threshold, 1.0) : 0.0;
    for (int64_t i = 0; i < tile->n; i++) {
        const double norm = fmax(target->spread, sqrt(tile->squares[i]));
        tile->most[i] = times > 0.0 ? times * times * norm * norm : DBL_MAX;
    }
}

/* s at a step: from first to last by equal factors. */
static double step_size_at(const lebm__langevin *langevin, int64_t step)
{
    if (step == 1 || langevin->last_step_size == langevin->step_size) return langevin->step_size;
    const double share = (double)(step - 1) / (double)(langevin->steps - 1);
    return langevin->step_size * pow(langevin->last_step_size / langevin->step_size, share);
}

int lebm__langevin_run(const lebm__langevin *langevin, const lebm__target *target, lebm__tile *tile)
{
    const int64_t numbers = tile->n * target->dims;
    for (int64_t step = 1; step <= langevin->steps; step++) {
        if (langevin->stop(langevin->context)) return LEBM_STOPPED;
        target->evaluate(target->context, tile->n, tile->z, tile->log_density, tile->score, tile->squares);
        if (step == 1) set_most(langevin, target, tile);
        LEBM__TRY(check_states(langevin, target, tile, step));
        LEBM__TRY(check_densities(target, tile, step));
        if (langevin->noise) {
            lebm__normals(langevin->key, tile->first, (uint32_t)step, tile->n, target->dims, tile->noise);
        } else {
            for (int64_t i = 0; i < numbers; i++) tile->noise[i] = 0.0f;
        }
        const double s = step_size_at(langevin, step);
        /* eq. 20 and 24: z' = z + s score + sqrt(2 s) e. Langevin dynamics ascends the log density. */
        lebm__kernels()->langevin(numbers, (float)s, (float)sqrt(2.0 * s), tile->score, tile->noise, tile->z);
    }
    for (int64_t i = 0; i < tile->n; i++) {
        tile->squares[i] = lebm__kernels()->squares(target->dims, tile->z + i * target->dims);
    }
    return check_states(langevin, target, tile, langevin->steps);
}
