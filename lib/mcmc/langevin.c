#include "mcmc/langevin.h"

#include <math.h>

#include "core/status.h"
#include "math/kernels.h"

static int diverged(const lebm__target *target, const char *quantity, double value, int64_t step, int64_t chain)
{
    const char *hint = step == 1 ? "so early, look for what is huge or not finite in x, z and the parameters"
                                 : "a smaller step_size may help";
    return lebm__fail(LEBM_ERR_DIVERGED, "the %s is %g at step %lld of chain %lld to the %s; %s", quantity,
                      isnan(value) ? NAN : value, (long long)step, (long long)chain, target->name, hint);
}

/* Write the norms of the scores; fail at the first chain with a value that is not finite. */
static int check(const lebm__target *target, const lebm__tile *tile, int64_t step)
{
    for (int64_t i = 0; i < tile->n; i++) {
        tile->score_norm[i] = sqrt(lebm__kernels()->squares(target->dims, tile->score + i * target->dims));
        if (!isfinite(tile->log_density[i])) {
            return diverged(target, "log density", tile->log_density[i], step, tile->first + i);
        }
        if (!isfinite(tile->score_norm[i])) {
            return diverged(target, "norm of the score", tile->score_norm[i], step, tile->first + i);
        }
    }
    return LEBM_OK;
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
        target->evaluate(target->context, tile->n, tile->z, tile->log_density, tile->score);
        LEBM__TRY(check(target, tile, step));
        if (langevin->noise) {
            lebm__normals(langevin->key, tile->first, (uint32_t)step, tile->n, target->dims, tile->noise);
        } else {
            for (int64_t i = 0; i < numbers; i++) tile->noise[i] = 0.0f;
        }
        const double s = step_size_at(langevin, step);
        /* eq. 20 and 24: z' = z + s score + sqrt(2 s) e. Langevin dynamics ascends the log density. */
        lebm__kernels()->langevin(numbers, (float)s, (float)sqrt(2.0 * s), tile->score, tile->noise, tile->z);
    }
    for (int64_t i = 0; i < numbers; i++) {
        if (!isfinite(tile->z[i]))
            return diverged(target, "state", tile->z[i], langevin->steps, tile->first + i / target->dims);
    }
    return LEBM_OK;
}
