/* The prior's inside: densities and gradients of a tile. */
#ifndef LEBM_MODEL_PRIOR_H
#define LEBM_MODEL_PRIOR_H

#include "core/handle.h"
#include "lebm/prior.h"
#include "nn/evaluate.h"

struct lebm_prior {
    lebm__handle head;
    lebm_net *net;
    double sigma0;
};

/* log_density[n] += f(z) + log p0(z) (eq. 2) and, if they are not NULL, score[n, M] += df/dz - z/sigma0^2 (eq. 21) and
 * squares[n] = |z|^2. */
void lebm__prior_add(const lebm_prior *prior, const lebm__tape *tape, const float *z, int64_t n, double *log_density,
                     float *score, double *squares);

/* f[n] = f(z); the tape then has what the gradients of sign * f by alpha are made of (eq. 19). */
void lebm__prior_learn(const lebm_prior *prior, const lebm__tape *tape, const float *z, int64_t n, float sign,
                       double *f);

#endif
