/* A target on the way from its base density to itself, p0 e^(beta tilt): the tilt that was evaluated is kept, so that a chain
 * that goes on to another beta is not evaluated again. */
#ifndef LEBM_MCMC_TEMPERED_H
#define LEBM_MCMC_TEMPERED_H

#include "mcmc/kernel.h"
#include "mcmc/target.h"

/* Where some chains are, and the tilt there. */
typedef struct {
    float *z;     /* [n, dims] */
    double *tilt; /* [n] */
    float *score; /* [n, dims] of the tilt */
} lebm__tilts;

typedef struct {
    lebm__target target; /* whose base is a normalised density; set by the caller */
    double beta;
    lebm__tilts asked;  /* what the kernel asked for last */
    lebm__tilts chains; /* of a tile's chains */
} lebm__tempered;

/* For tiles of up to `rows` chains. */
void lebm__tempered_lay_out(lebm__tempered *tempered, int64_t rows, int64_t dims, lebm__arena *arena);

/* What a kernel is to see. It stands where `tempered` stands. */
lebm__target lebm__tempered_target(const lebm__tempered *tempered);

/* Take note of where the chains of a tile are after they began, or made a step. */
void lebm__tempered_note(const lebm__tempered *tempered, const lebm__tile *tile);

/* Have the chains of a tile go to another beta where they are. */
void lebm__tempered_go_to(lebm__tempered *tempered, double beta, const lebm__tile *tile);

/* Have each chain i of a tile be where chain from[i] is. */
void lebm__tempered_resample(const lebm__tempered *tempered, const int64_t *from, const lebm__tile *tile);

#endif
