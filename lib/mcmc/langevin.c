#include "mcmc/langevin.h"

#include <math.h>
#include <string.h>

#include "core/status.h"
#include "lebm/sampler.h"
#include "math/kernels.h"
#include "mcmc/chain.h"

static void *langevin_lay_out(int64_t rows, int64_t dims, lebm__arena *arena)
{
    return lebm__arena_take(arena, rows * dims, sizeof(float)); /* the noise */
}

/* eq. 20 and 24, at temperature T: z' = z + s score + sqrt(2 s T) e. Langevin dynamics ascends the log density. */
static int langevin_transition(const lebm__chain *chain, lebm__tile *tile, int64_t step)
{
    const lebm__langevin_options *options = chain->options;
    const int64_t numel = tile->n * chain->target.dims;
    const double s = lebm__chain_step_size(chain, step);
    float *noise = tile->workspace;
    LEBM__TRY(lebm__chain_evaluate(chain, tile, step));
    if (options->noise)
        lebm__chain_noise(chain, tile, step, noise);
    else
        memset(noise, 0, (size_t)numel * sizeof *noise);
    lebm__kernels()->langevin(numel, (float)s, (float)sqrt(2.0 * s * chain->temperature), tile->score, noise, tile->z);
    return LEBM_OK;
}

const lebm__kernel lebm__langevin = {
    .name = LEBM_LANGEVIN, .lay_out = langevin_lay_out, .transition = langevin_transition};
