/** @file target.h
 * A density of one's own for samplers to draw from (lebm_sampler_run_target()): any function that gives the log of a density,
 * up to a constant, and its gradient. No net, prior or generator is needed. */
#ifndef LEBM_TARGET_H
#define LEBM_TARGET_H

#include <stdint.h>

#include "lebm/export.h"

LEBM_BEGIN_DECLS

/** A density given by a function; made by lebm_target_create(). */
typedef struct lebm_target lebm_target;

/** The log density of some chains' states, and its gradient. The library calls it for as many chains at once as it likes, the
 * states of all being finite numbers. What it gives for a row must not depend on the other rows, or on how many there are, if
 * chains are to be the same for any number of chains and threads.
 *
 * It may use the library, on other handles than the sampler that runs, which returns LEBM_ERR_STATE to what would change or
 * run it. It must not destroy sampler or target. It must return: no longjmp, no exception, no cancellation of the thread.
 * @param z            [n, dims] the states   @param n  1 or more rows
 * @param log_density  [n] receives the log of the density, up to a constant; -INFINITY where the density is 0. It is double:
 *                     kernels test differences of it
 * @param score        [n, dims] receives d log density/dz
 * @param user         what was given with the function
 * @return 0 to go on; anything else stops the run, which then changes nothing and returns LEBM_STOPPED, with the number in the
 *         text of lebm_last_error()
 * @since 0.1.0 */
typedef int (*lebm_density_fn)(const float *z, int64_t n, double *log_density, float *score, void *user);

/** Make a target of a function.
 * @param out         receives the target; the caller owns it
 * @param dims        numbers of a state, 1 to 2^24
 * @param density     the function
 * @param user        handed on to it; the library does not look at it
 * @param concurrent  0: the function is called on the thread that makes the run alone, whatever the sampler's option threads;
 *                    anything else: several threads may call it at the same time
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE (dims), LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_target_create(lebm_target **out, int64_t dims, lebm_density_fn density, void *user, int concurrent);

/** Release a target; NULL does nothing.
 * Threads: no run may be using the target. @since 0.1.0 */
LEBM_API void lebm_target_destroy(lebm_target *target);

/** Numbers of a state; 0 if `target` is NULL. Threads: any. @since 0.1.0 */
LEBM_API int64_t lebm_target_dims(const lebm_target *target);

LEBM_END_DECLS

#endif
