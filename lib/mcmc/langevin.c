#include <math.h>
#include <string.h>

#include "core/status.h"
#include "lebm/sampler.h"
#include "math/kernels.h"
#include "mcmc/chain.h"

typedef struct {
    lebm__step_sizes step_sizes;
    int64_t noise;
} langevin_options;

#define ROW(member) offsetof(langevin_options, member)

static const lebm__option langevin_rows[] = {
    LEBM__OPTION_F64(LEBM_SAMPLER_STEP_SIZE, ROW(step_sizes.first), 0.08, 1e-12, 1e6, "0.08",
                     "s of z' = z + s score + sqrt(2 s T) e"),
    LEBM__OPTION_F64(LEBM_SAMPLER_LAST_STEP_SIZE, ROW(step_sizes.last), 0.0, 0.0, 1e6, "0",
                     "s of the last step, to which it goes from step_size by equal factors; 0: s stays"),
    LEBM__OPTION_I64(LEBM_SAMPLER_NOISE, ROW(noise), 1, 0, 1, "1", "0 drops the noise e, which leaves gradient ascent"),
};

static void *langevin_lay_out(int64_t rows, int64_t dims, lebm__arena *arena)
{
    return lebm__arena_take(arena, rows * dims, sizeof(float)); /* the noise */
}

/* eq. 20 and 24, at temperature T: z' = z + s score + sqrt(2 s T) e. Langevin dynamics ascends the log density. */
static int langevin_transition(const lebm__chain *chain, lebm__tile *tile, int64_t step)
{
    const langevin_options *options = chain->options;
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
    .name = LEBM_LANGEVIN,
    .options = {langevin_rows, sizeof langevin_rows / sizeof *langevin_rows, sizeof(langevin_options)},
    .lay_out = langevin_lay_out,
    .transition = langevin_transition};
