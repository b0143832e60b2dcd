/* The prior's inside: densities and gradients of a tile. */
#ifndef LEBM_MODEL_PRIOR_H
#define LEBM_MODEL_PRIOR_H

#include "core/handle.h"
#include "lebm/prior.h"
#include "nn/net.h"

struct lebm_prior {
    lebm__handle head;
    lebm_net *net;
    double sigma0;
};

/* Room for the tilt of up to `rows` states; `passes` LEBM__FORWARD: without its score. */
void *lebm__prior_lay_out(const lebm_prior *prior, int64_t rows, lebm__passes passes, lebm__arena *arena);
int lebm__prior_prepare(const lebm_prior *prior, lebm__passes passes, lebm__pool *pool);

/* log_density[n] = log p0(z) and, if they are not NULL, score[n, M] = -z/sigma0^2 (eq. 21) and squares[n] = |z|^2. */
void lebm__prior_base(const lebm_prior *prior, const float *z, int64_t n, double *log_density, float *score,
                      double *squares);

/* log_density[n] += f(z) and, if it is not NULL, score[n, M] += df/dz. */
void lebm__prior_tilt(const lebm_prior *prior, void *workspace, const float *z, int64_t n, double *log_density,
                      float *score);

/* f[n] = f(z), and grads += sign * sum of df/dalpha over the rows (eq. 19). */
void lebm__prior_learn(const lebm_prior *prior, const lebm__tape *tape, const float *z, int64_t n, float sign,
                       double *f, float *grads);

#endif
