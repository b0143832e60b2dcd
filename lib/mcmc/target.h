/* The density that chains go to, pi = p0 e^tilt: what a transition kernel knows of it, and that of a model. */
#ifndef LEBM_MCMC_TARGET_H
#define LEBM_MCMC_TARGET_H

#include <stdint.h>

#include "core/memory.h"
#include "lebm/generator.h"
#include "lebm/prior.h"

typedef struct {
    const char *name;            /* for error texts: */
    const char *remedy_at_start; /* what may help chains that begin where something is not finite, */
    const char *remedy;          /* or that run away */
    int64_t dims;                /* numbers of a chain's state */
    double spread;               /* the norm that a state is thought to have, */
    const char *origin;          /* by this: for error texts */

    /* Of the states z[n, dims] of a tile of chains: log_density[n] = log p0, score[n, dims] = its gradient and
     * squares[n] = |z|^2. */
    void (*base)(const void *context, int64_t n, const float *z, double *log_density, float *score, double *squares);

    /* Adds the tilt and its gradient. Anything but LEBM_OK ends the run. */
    int (*tilt)(const void *context, int64_t n, const float *z, double *log_density, float *score);
    const void *context;
} lebm__target;

/* The model as a target, for one thread: the prior has the tilt f(z) and, with a generator, the posterior has
 * f(z) + w log p(x|z) (eq. 21, 25; w = 1 but for chains that weigh the likelihood). */
typedef struct {
    const lebm_prior *prior;
    const lebm_generator *generator; /* NULL: the prior */
    double likelihood_weight;        /* w */
    void *f, *g;                     /* workspaces of the two */
} lebm__model_target;

/* Lay out `model` for tiles of up to `rows` chains. The target that it is stands where it stands. */
void lebm__model_target_lay_out(lebm__model_target *model, const lebm_prior *prior, const lebm_generator *generator,
                                double likelihood_weight, int64_t rows, lebm__arena *arena);
lebm__target lebm__model_target_get(const lebm__model_target *model);

#endif
