/* The curvature of a target at some states: the size of the eigenvalue of the largest size of H = -d^2 log pi/du^2, in the
 * coordinates u = M^-1/2 z of the preconditioner M. By power iteration, with H v as the difference of the scores on both sides
 * of a state. */
#ifndef LEBM_MCMC_CURVATURE_H
#define LEBM_MCMC_CURVATURE_H

#include "core/memory.h"
#include "mcmc/target.h"

enum { LEBM__CURVATURE_ROUNDS = 30, LEBM__CURVATURE_EVALUATIONS = 1 + 2 * LEBM__CURVATURE_ROUNDS };

/* What a thread needs for up to `rows` states. */
typedef struct {
    float *direction;              /* [rows, dims] v, of the length 1 */
    float *z[2], *score[2];        /* [rows, dims] on both sides */
    double *log_density, *squares; /* [rows] which the target gives as well */
    int (*stop)(void *context);    /* set by the caller: asked before each evaluation; nonzero: return LEBM_STOPPED */
    void *context;
} lebm__curvature;

void lebm__curvature_lay_out(lebm__curvature *curvature, int64_t rows, int64_t dims, lebm__arena *arena);

/* largest[n] = that at the states z[n, dims], whose numbers are `first` and following. roots[dims] = M^1/2; NULL: M = I.
 * LEBM_ERR_DIVERGED if a state, or a score beside it, is not finite. */
int lebm__curvature_measure(const lebm__curvature *curvature, const lebm__target *target, const float *roots,
                            int64_t first, int64_t n, const float *z, double *largest);

#endif
