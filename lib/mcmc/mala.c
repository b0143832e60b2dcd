#include <math.h>

#include "core/status.h"
#include "lebm/sampler.h"
#include "math/kernels.h"
#include "mcmc/langevin.h"
#include "mcmc/proposals.h"

#define ROW(member) offsetof(lebm__step_sizes, member)

static const lebm__option mala_rows[] = {
    LEBM__OPTION_F64(LEBM_SAMPLER_STEP_SIZE, ROW(first), 0.08, LEBM__LEAST_STEP_SIZE, LEBM__MOST_STEP_SIZE, "0.08",
                     "s of the proposal z* = z + s M score + sqrt(2 s T M) e"),
    LEBM__OPTION_F64(LEBM_SAMPLER_LAST_STEP_SIZE, ROW(last), 0.0, 0.0, 1e6, "0",
                     "s of the last step, to which it goes from step_size by equal factors; 0: s stays"),
    LEBM__OPTION_F64(LEBM_SAMPLER_TARGET_ACCEPTANCE, ROW(target_acceptance), 0.574, 0.0, 0.999, "0.574",
                     "acceptance that a warm-up steers step_size to; 0: it leaves step_size as it is"),
};

static int mala_begin(const lebm__chain *chain, lebm__tile *tile)
{
    return lebm__chain_evaluate(chain, tile, 1);
}

/* The proposal of Langevin's form, accepted with the probability min(1, pi(z*) q(z|z*) / (pi(z) q(z*|z))), pi being the
 * target's density to the power of 1/T. A chain that is rejected keeps what was evaluated of it: a step is one evaluation. */
static int mala_transition(const lebm__chain *chain, lebm__tile *tile, int64_t step)
{
    lebm__langevin_moves *moves = tile->workspace;
    LEBM__TRY(lebm__langevin_propose(chain, tile, step, moves));
    return lebm__proposals_test(chain, tile, step, &moves->to);
}

const lebm__kernel lebm__mala = {.name = LEBM_MALA,
                                 .is_exact = 1,
                                 .options = {mala_rows, sizeof mala_rows / sizeof *mala_rows, sizeof(lebm__step_sizes)},
                                 .step_size = lebm__langevin_step_size,
                                 .lay_out = lebm__langevin_lay_out,
                                 .begin = mala_begin,
                                 .transition = mala_transition};
