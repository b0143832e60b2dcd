#include "mcmc/langevin.h"

#include <math.h>
#include <string.h>

#include "core/status.h"
#include "lebm/sampler.h"
#include "math/kernels.h"

typedef struct {
    lebm__step_sizes step_sizes;
    int64_t noise, measure_acceptance;
} langevin_options;

#define ROW(member) offsetof(langevin_options, member)

static const lebm__option langevin_rows[] = {
    LEBM__OPTION_F64(LEBM_SAMPLER_STEP_SIZE, ROW(step_sizes.first), 0.08, LEBM__LEAST_STEP_SIZE, LEBM__MOST_STEP_SIZE,
                     "0.08", "s of z' = z + s M score + sqrt(2 s T M) e"),
    LEBM__OPTION_F64(LEBM_SAMPLER_LAST_STEP_SIZE, ROW(step_sizes.last), 0.0, 0.0, 1e6, "0",
                     "s of the last step, to which it goes from step_size by equal factors; 0: s stays"),
    LEBM__OPTION_I64(LEBM_SAMPLER_NOISE, ROW(noise), 1, 0, 1, "1", "0 drops the noise e, which leaves gradient ascent"),
    LEBM__OPTION_I64(LEBM_SAMPLER_MEASURE_ACCEPTANCE, ROW(measure_acceptance), 0, 0, 1, "0",
                     "1 measures the acceptance that a test would have had, for one evaluation of the model more in a "
                     "run"),
    LEBM__OPTION_F64(LEBM_SAMPLER_TARGET_ACCEPTANCE, ROW(step_sizes.target_acceptance), 0.0, 0.0, 0.999, "0",
                     "acceptance that a test would have had, to which a warm-up steers step_size; 0: it leaves "
                     "step_size as it is"),
};

/* ---- Steps of Langevin's form ---- */

double lebm__langevin_step_size(double s)
{
    return s;
}

void *lebm__langevin_lay_out(int64_t rows, int64_t dims, lebm__arena *arena)
{
    lebm__langevin_moves moves, *place = lebm__arena_take(arena, 1, sizeof *place);
    lebm__proposals_lay_out(&moves.to, rows, dims, arena);
    moves.noise = lebm__arena_take(arena, rows * dims, sizeof *moves.noise);
    if (place != NULL) *place = moves;
    return place;
}

/* z += s M score + sqrt(2 s T M) e */
static void langevin_move(const lebm__chain *chain, int64_t n, double s, const float *score, const float *noise,
                          float *z)
{
    const int64_t dims = chain->target.dims;
    const float step = (float)s, spread = (float)sqrt(2.0 * s * chain->temperature);
    if (chain->variances == NULL) {
        lebm__kernels()->langevin(n * dims, step, spread, score, noise, z);
        return;
    }
    for (int64_t i = 0; i < n * dims; i += dims) {
        lebm__kernels()->add_scaled(dims, step, chain->variances, score + i, z + i);
        lebm__kernels()->add_scaled(dims, spread, chain->roots, noise + i, z + i);
    }
}

/* log q(z|z*) - log q(z*|z), where log q(z*|z) is -|e|^2/2 of the noise e that leads from z to z*, but for a constant: with
 * the scores g and g* back from z* to z leads -(e + sqrt(s / 2 T) M^1/2 (g + g*)). */
static double langevin_log_q(const lebm__chain *chain, double s, const float *noise, const float *score,
                             const float *new_score)
{
    const float half = (float)sqrt(s / (2.0 * chain->temperature));
    return 0.5 * lebm__kernels()->reverse_noise(chain->target.dims, half, chain->roots, noise, score, new_score);
}

int lebm__langevin_propose(const lebm__chain *chain, const lebm__tile *tile, int64_t step, lebm__langevin_moves *moves)
{
    const double s = lebm__chain_step_size(chain, step);
    const int64_t dims = chain->target.dims;
    lebm__proposals *to = &moves->to;
    lebm__proposals_begin(chain, tile, step, to);
    lebm__chain_noise(chain, tile, step, moves->noise);
    langevin_move(chain, tile->n, s, tile->score, moves->noise, to->z);
    LEBM__TRY(lebm__proposals_evaluate(chain, tile, to));
    for (int64_t i = 0; i < tile->n; i++) {
        const int64_t row = i * dims;
        to->log_ratio[i] = (to->log_density[i] - tile->log_density[i]) / chain->temperature +
                           langevin_log_q(chain, s, moves->noise + row, tile->score + row, to->score + row);
    }
    return LEBM_OK;
}

/* ---- The kernel ---- */

/* Whether the acceptance is to be known, which asks for the proposals' densities and scores. Without noise there is none. */
static int langevin_measures(const lebm__chain *chain)
{
    const langevin_options *options = chain->options;
    return options->noise && (options->measure_acceptance || chain->adapts);
}

/* Whether the target is evaluated where a step ends, not where the next one begins. */
static int langevin_keeps(const lebm__chain *chain)
{
    return chain->record != NULL || langevin_measures(chain);
}

static int langevin_begin(const lebm__chain *chain, lebm__tile *tile)
{
    const langevin_options *options = chain->options;
    if (chain->adapts && !options->noise) {
        return lebm__fail(LEBM_ERR_STATE,
                          "langevin without noise has no acceptance for a warm-up to steer: set option "
                          "%s to 1, or %s to 0",
                          LEBM_SAMPLER_NOISE, LEBM_SAMPLER_TARGET_ACCEPTANCE);
    }
    return langevin_keeps(chain) ? lebm__chain_evaluate(chain, tile, 1) : LEBM_OK;
}

/* The same steps as without measuring, the target being evaluated at their end. In a warm-up, which tries step sizes that would
 * have the chains run away, they are put to the test. */
static int langevin_measured_transition(const lebm__chain *chain, lebm__tile *tile, int64_t step)
{
    lebm__langevin_moves *moves = tile->workspace;
    LEBM__TRY(lebm__langevin_propose(chain, tile, step, moves));
    if (chain->adapts) return lebm__proposals_test(chain, tile, step, &moves->to);
    lebm__proposals_measure(tile, &moves->to);
    for (int64_t i = 0; i < tile->n; i++) lebm__proposals_take(chain, tile, i, &moves->to);
    return lebm__chain_check(chain, tile, step);
}

/* eq. 20 and 24, at temperature T: z' = z + s score + sqrt(2 s T) e. Langevin dynamics ascends the log density. */
static int langevin_transition(const lebm__chain *chain, lebm__tile *tile, int64_t step)
{
    const langevin_options *options = chain->options;
    const int64_t numel = tile->n * chain->target.dims;
    float *noise = ((lebm__langevin_moves *)tile->workspace)->noise;
    if (langevin_measures(chain)) return langevin_measured_transition(chain, tile, step);
    if (!langevin_keeps(chain)) LEBM__TRY(lebm__chain_evaluate(chain, tile, step));
    if (options->noise)
        lebm__chain_noise(chain, tile, step, noise);
    else
        memset(noise, 0, (size_t)numel * sizeof *noise);
    langevin_move(chain, tile->n, lebm__chain_step_size(chain, step), tile->score, noise, tile->z);
    return langevin_keeps(chain) ? lebm__chain_evaluate(chain, tile, step) : LEBM_OK;
}

const lebm__kernel lebm__langevin = {
    .name = LEBM_LANGEVIN,
    .options = {langevin_rows, sizeof langevin_rows / sizeof *langevin_rows, sizeof(langevin_options)},
    .step_size = lebm__langevin_step_size,
    .lay_out = lebm__langevin_lay_out,
    .begin = langevin_begin,
    .transition = langevin_transition};
