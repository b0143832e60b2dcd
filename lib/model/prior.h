/* The prior's inside: densities and gradients of a tile of rows. */
#ifndef LEBM_MODEL_PRIOR_H
#define LEBM_MODEL_PRIOR_H

#include "core/handle.h"
#include "lebm/prior.h"
#include "math/threads.h"
#include "nn/net.h"
#include "nn/tape.h"

struct lebm_prior {
    lebm__handle head;
    lebm_net *net;
    double sigma0;
};

/* Make one of the same form with parameters of its own, values[total]. */
int lebm__prior_copy(lebm_prior **out, const lebm_prior *prior, const float *values);

/* What up to `rows` rows need, in the arena; NULL if that has no memory. */
lebm__tape *lebm__prior_lay_out(const lebm_prior *prior, int64_t rows, lebm__passes passes, lebm__arena *arena);

/* A tape for rows `first` to first + rows - 1 of one for LEBM__LEARN. */
lebm__tape *lebm__prior_lay_out_view(const lebm__tape *all, int64_t first, int64_t rows, lebm__arena *arena);

/* log_density[n] = log p0(z), score[n, M] = -z/sigma0^2 unless it is NULL, squares[n] = |z|^2. */
void lebm__prior_base(const lebm_prior *prior, const float *z, int64_t n, double *log_density, float *score,
                      double *squares);

/* log_density[n] += f(z), score[n, M] += df/dz unless it is NULL: with the base, eq. 2 and 21. */
void lebm__prior_tilt(const lebm_prior *prior, const lebm__tape *tape, const float *z, int64_t n, double *log_density,
                      float *score);

/* f[n] = f(z), and the way back of `weight` f, after which the tape, or that of which it is
 * a view, has the gradients by alpha (eq. 19). */
void lebm__prior_forward_backward(const lebm_prior *prior, const lebm__tape *tape, const float *z, int64_t n,
                                  float weight, double *f);

#endif
