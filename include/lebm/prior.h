/** @file prior.h
 * The energy-based prior p(z) = exp(f(z)) N(z; 0, sigma0^2 I) / Z (eq. 2). A larger f is more probable: f is the
 * negative of what other implementations call the energy. */
#ifndef LEBM_PRIOR_H
#define LEBM_PRIOR_H

#include <stdint.h>

#include "lebm/export.h"
#include "lebm/net.h"

LEBM_BEGIN_DECLS

/** The prior p(z); made by lebm_prior_create() or lebm_model_load(). */
typedef struct lebm_prior lebm_prior;

/** Make a prior from the net f and the standard deviation of p0.
 * @param out     receives the prior; the caller owns it
 * @param f       a net with one output, which the prior holds from now on. The caller gives his own hold up by
 *                lebm_net_destroy(), whenever he likes.
 * @param sigma0  standard deviation of p0, 1e-6 to 1e6
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_SHAPE (f has not one output), LEBM_ERR_RANGE, LEBM_ERR_STATE (another
 *         prior or generator holds f), LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_prior_create(lebm_prior **out, lebm_net *f, double sigma0);

/** Release a prior, and its net if the caller has given that up; NULL does nothing.
 * Threads: no other call may be using the prior, and no trainer may hold it. @since 0.1.0 */
LEBM_API void lebm_prior_destroy(lebm_prior *prior);

/** The net f, borrowed: valid as long as the prior or the caller's own hold on the net. Its parameters may
 * be set; layers cannot be added.
 * @return NULL if `prior` is NULL
 * Threads: any. @since 0.1.0 */
LEBM_API lebm_net *lebm_prior_net(lebm_prior *prior);

/** Size M of z; 0 if `prior` is NULL. Threads: any. @since 0.1.0 */
LEBM_API int64_t lebm_prior_latent_size(const lebm_prior *prior);

/** Standard deviation of p0; 0 if `prior` is NULL. Threads: any. @since 0.1.0 */
LEBM_API double lebm_prior_sigma0(const lebm_prior *prior);

/** f(z) + log p0(z) for each row: the log density (eq. 2) without the constant log Z.
 * @param z    [n, M]   @param n  0 or more rows
 * @param out  [n]
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE, LEBM_ERR_STATE (a call is changing the net), LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_prior_log_density(const lebm_prior *prior, const float *z, int64_t n, float *out);

/** The score, d log p(z)/dz = df/dz - z/sigma0^2, for each row (eq. 21).
 * @param z      [n, M]   @param n  0 or more rows
 * @param score  [n, M]
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE, LEBM_ERR_STATE (a call is changing the net), LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_prior_score(const lebm_prior *prior, const float *z, int64_t n, float *score);

LEBM_END_DECLS

#endif
