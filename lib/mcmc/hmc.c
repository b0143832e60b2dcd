#include "mcmc/hmc.h"

#include <math.h>
#include <string.h>

#include "core/status.h"
#include "lebm/sampler.h"
#include "math/kernels.h"

typedef struct {
    lebm__step_sizes step_sizes;
    int64_t leapfrog_steps;
    double jitter;
} hmc_options;

#define ROW(member) offsetof(hmc_options, member)

static const lebm__option hmc_rows[] = {
    LEBM__OPTION_F64(LEBM_SAMPLER_STEP_SIZE, ROW(step_sizes.first), 0.4, LEBM__LEAST_STEP_SIZE, LEBM__MOST_STEP_SIZE,
                     "0.4", "epsilon of the leapfrog's steps; with one of them it is mala with s = epsilon^2/2"),
    LEBM__OPTION_F64(LEBM_SAMPLER_LAST_STEP_SIZE, ROW(step_sizes.last), 0.0, 0.0, 1e6, "0",
                     "epsilon at the last step, to which it goes from step_size by equal factors; 0: epsilon stays"),
    LEBM__OPTION_I64(LEBM_SAMPLER_LEAPFROG_STEPS, ROW(leapfrog_steps), 10, 1, 10000, "10",
                     "leapfrog steps, and so evaluations of the model, of each step"),
    LEBM__OPTION_F64(LEBM_SAMPLER_JITTER, ROW(jitter), 0.1, 0.0, 0.999, "0.1",
                     "epsilon of a chain's step is drawn from step_size (1 - jitter) to step_size (1 + jitter)"),
    LEBM__OPTION_F64(LEBM_SAMPLER_TARGET_ACCEPTANCE, ROW(step_sizes.target_acceptance), 0.8, 0.0, 0.999, "0.8",
                     "acceptance that a warm-up steers step_size to; 0: it leaves step_size as it is"),
};

/* s = epsilon^2/2 */
static double hmc_step_size(double s)
{
    return sqrt(2.0 * s);
}

static int64_t hmc_evaluations(const void *options)
{
    return ((const hmc_options *)options)->leapfrog_steps;
}

static void *hmc_lay_out(int64_t rows, int64_t dims, lebm__arena *arena)
{
    lebm__hmc_moves moves, *place = lebm__arena_take(arena, 1, sizeof *place);
    lebm__proposals_lay_out(&moves.to, rows, dims, arena);
    moves.momentum = lebm__arena_take(arena, rows * dims, sizeof *moves.momentum);
    moves.epsilon = lebm__arena_take(arena, rows, sizeof *moves.epsilon);
    if (place != NULL) *place = moves;
    return place;
}

static int hmc_begin(const lebm__chain *chain, lebm__tile *tile)
{
    return lebm__chain_evaluate(chain, tile, 1);
}

/* Kinetic energy p^T M p / 2 of chain i. */
static double hmc_kinetic(const lebm__chain *chain, const lebm__hmc_moves *moves, int64_t i)
{
    const int64_t dims = chain->target.dims;
    return 0.5 * lebm__kernels()->squares(dims, moves->momentum + i * dims);
}

/* What a step draws. */
static void hmc_draw(const lebm__chain *chain, const lebm__tile *tile, int64_t step, lebm__hmc_moves *moves)
{
    const hmc_options *options = chain->options;
    const double epsilon = lebm__chain_step_size(chain, step);
    const float spread = (float)sqrt(chain->temperature);
    lebm__chain_noise(chain, tile, step, moves->momentum);
    for (int64_t i = 0; i < tile->n * chain->target.dims; i++) moves->momentum[i] *= spread;
    for (int64_t i = 0; i < tile->n; i++) {
        moves->epsilon[i] = (float)(epsilon * (1.0 + options->jitter * (2.0 * moves->to.chances[i][1] - 1.0)));
    }
}

/* p += epsilon/2 score */
static void hmc_kick(const lebm__chain *chain, int64_t n, lebm__hmc_moves *moves)
{
    const int64_t dims = chain->target.dims;
    for (int64_t i = 0; i < n; i++) {
        lebm__kernels()->add_scaled(dims, 0.5f * moves->epsilon[i], chain->roots, moves->to.score + i * dims,
                                    moves->momentum + i * dims);
    }
}

/* z += epsilon M p */
static void hmc_drift(const lebm__chain *chain, int64_t n, lebm__hmc_moves *moves)
{
    const int64_t dims = chain->target.dims;
    for (int64_t i = 0; i < n; i++) {
        lebm__kernels()->add_scaled(dims, moves->epsilon[i], chain->roots, moves->momentum + i * dims,
                                    moves->to.z + i * dims);
    }
}

int lebm__hmc_leapfrog(const lebm__chain *chain, const lebm__tile *tile, int64_t steps, lebm__hmc_moves *moves)
{
    for (int64_t step = 0; step < steps; step++) {
        if (step > 0 && chain->stop(chain->context)) return LEBM_STOPPED; /* asked before the first one by the chain */
        hmc_kick(chain, tile->n, moves);
        hmc_drift(chain, tile->n, moves);
        LEBM__TRY(lebm__proposals_evaluate(chain, tile, &moves->to));
        hmc_kick(chain, tile->n, moves);
    }
    return LEBM_OK;
}

/* Hamiltonian dynamics by leapfrog steps, from a momentum p ~ N(0, T M^-1): the end is accepted with the probability
 * min(1, exp(-(H(z*, p*) - H(z, p)) / T)), where H = -log pi + p^T M p / 2. */
static int hmc_transition(const lebm__chain *chain, lebm__tile *tile, int64_t step)
{
    const hmc_options *options = chain->options;
    lebm__hmc_moves *moves = tile->workspace;
    lebm__proposals *to = &moves->to;
    lebm__proposals_begin(chain, tile, step, to);
    memcpy(to->score, tile->score, (size_t)(tile->n * chain->target.dims) * sizeof *to->score);
    hmc_draw(chain, tile, step, moves);
    for (int64_t i = 0; i < tile->n; i++) tile->energy[i] = hmc_kinetic(chain, moves, i) - tile->log_density[i];
    LEBM__TRY(lebm__hmc_leapfrog(chain, tile, options->leapfrog_steps, moves));
    for (int64_t i = 0; i < tile->n; i++) {
        const double energy = hmc_kinetic(chain, moves, i) - to->log_density[i];
        to->log_ratio[i] = (tile->energy[i] - energy) / chain->temperature;
    }
    return lebm__proposals_test(chain, tile, step, to);
}

const lebm__kernel lebm__hmc = {.name = LEBM_HMC,
                                .is_exact = 1,
                                .options = {hmc_rows, sizeof hmc_rows / sizeof *hmc_rows, sizeof(hmc_options)},
                                .step_size = hmc_step_size,
                                .evaluations = hmc_evaluations,
                                .lay_out = hmc_lay_out,
                                .begin = hmc_begin,
                                .transition = hmc_transition};
