/* The chains of a training step: which begin, which go on, and what is kept of them. */
#ifndef LEBM_TRAIN_STEP_CHAINS_H
#define LEBM_TRAIN_STEP_CHAINS_H

#include "mcmc/sampler.h"
#include "train/trainer.h"

/* In the order in which they are run: chains to the posterior that begin, those that go on, and chains to the prior. */
typedef enum { LEBM__FIRST_VISITS, LEBM__OTHER_VISITS, LEBM__TO_PRIOR, LEBM__CHAIN_PHASES } lebm__chain_phase;

typedef struct {
    const lebm_trainer *trainer;
    const lebm__batch *batch; /* its z are where the chains end */
    const int64_t *ids;       /* of the observations whose chains are kept; NULL: none are */
    int keeps_prior;
    lebm__visits visits[2];              /* kept chains to the posterior, by phase */
    lebm__kept new_posterior, new_prior; /* chains that none are kept of yet: they come into their place */
    lebm__sampler_options first_visit;   /* of chains to the posterior that begin */
} lebm__step_chains;

/* Those of a batch; `ids` as the caller of the library gives them, or NULL. To be destroyed even if it fails.
 * @return LEBM_OK, LEBM_ERR_RANGE (ids), LEBM_ERR_NOMEM */
int lebm__step_chains_create(lebm__step_chains *chains, const lebm_trainer *trainer, const lebm__batch *batch,
                             const int64_t *ids);
void lebm__step_chains_destroy(lebm__step_chains *chains);

/* Steps of all chains of a phase together. */
double lebm__step_chains_work(const lebm__step_chains *chains, lebm__chain_phase phase);

/* Run the chains of a phase. */
int lebm__step_chains_run(lebm__step_chains *chains, lebm__chain_phase phase, lebm__progress progress);

/* Have the trainer keep the ends of those that are to be kept, and forget the others. */
void lebm__step_chains_store(lebm__step_chains *chains, lebm_trainer *trainer);

#endif
