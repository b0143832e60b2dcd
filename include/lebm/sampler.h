/** @file sampler.h
 * A sampler draws latent vectors z from the prior p(z) or from the posterior p(z|x) by running a transition kernel
 * for a number of steps, one independent chain per row.
 *
 * Kernel "langevin" (eq. 20 and 24, unadjusted Langevin dynamics):
 *
 *     z' = z + s d log p/dz + sqrt(2 s T) e,   e ~ N(0, I),   s = option step_size,   T = option temperature
 *
 * Chains that move in large steps first and settle in small ones (option last_step_size) end nearer to the target.
 * Code that steps by z + d^2/2 d log p/dz + d e has s = d^2/2: d = 0.4 is s = 0.08, d = 0.1 is s = 0.005.
 *
 * At a temperature T, chains of any kernel go to p(z)^(1/T) or p(z|x)^(1/T): hot chains cross between modes, cold ones
 * end near the largest density. At T other than 1 what a trainer makes of their ends are no longer the gradients of the
 * likelihood (eq. 19, 22). Metrics are of p itself at any T.
 *
 * Random numbers are a function of seed, stream, chain (the row) and step alone. The options decide every bit of the
 * result, whatever the number of threads or rows: the first 30 chains of 100 equal 30 chains.
 *
 * With "continue" as the option start a run goes on: from the z given, which should be those that the sampler's last run
 * to the same kind of target (prior or posterior) left, with that run's seed and stream, whatever these options say by
 * now, and with its steps counted on. So k runs of s steps equal one of k s steps to the bit, with z or metrics to be
 * looked at in between, if the step size is constant: a schedule (last_step_size) begins anew with each run, as does the
 * distance of divergence_threshold. All options may change on the way, and so may the model. The stream is not advanced.
 * A run that fails or is stopped leaves z, and the count, as they were. Files keep the option, but no run: a sampler that
 * was loaded must run with another start first. */
#ifndef LEBM_SAMPLER_H
#define LEBM_SAMPLER_H

#include <stdint.h>

#include "lebm/export.h"
#include "lebm/generator.h"
#include "lebm/prior.h"

LEBM_BEGIN_DECLS

/** A transition kernel with its options; made by lebm_sampler_create() or lebm_model_load_sampler(). */
typedef struct lebm_sampler lebm_sampler;

#define LEBM_LANGEVIN "langevin" /**< for lebm_sampler_create() */

/** @name Options, with their defaults in brackets
 * @{ */
#define LEBM_SAMPLER_STEPS     "steps"     /**< i64: steps of each chain (40) */
#define LEBM_SAMPLER_STEP_SIZE "step_size" /**< f64: s of eq. 20 (0.08) */
/** f64: s of the last step; s shrinks or grows to it from step_size by the same factor at each step.
 * 0, or a single step: s stays (0) */
#define LEBM_SAMPLER_LAST_STEP_SIZE "last_step_size"
#define LEBM_SAMPLER_NOISE          "noise" /**< i64: 0 drops the noise e, which leaves gradient ascent (1) */
/** str: "noise" (default), z ~ N(0, start_std^2 I); "given", the z of the caller; or "continue", that z with the random
 * numbers of the last run, its steps counted on */
#define LEBM_SAMPLER_START       "start"
#define LEBM_SAMPLER_START_STD   "start_std"   /**< f64: standard deviation of the start (1) */
#define LEBM_SAMPLER_TEMPERATURE "temperature" /**< f64: T of the density that chains go to, p^(1/T) (1) */
#define LEBM_SAMPLER_SEED        "seed"        /**< i64: first half of the key of the random numbers (0) */
/** i64: second half (0); each run that succeeds adds 1, but for those that continue one */
#define LEBM_SAMPLER_STREAM  "stream"
#define LEBM_SAMPLER_THREADS "threads" /**< i64: threads of a run; 0: LEBM_NUM_THREADS or all processors (0) */
/** f64: how many times the norm of its start, or sigma0 sqrt(M) if that is larger (times sqrt(temperature) if that is
 * more than 1), the norm of a chain's z may reach; beyond that the run fails with LEBM_ERR_DIVERGED; less than 1 counts
 * as 1; 0: any that is finite (1000) */
#define LEBM_SAMPLER_DIVERGENCE_THRESHOLD "divergence_threshold"
/** @} */

/** @name Metrics of the last run, for lebm_sampler_metric(); means over the chains at the start of the last step
 * @{ */
#define LEBM_SAMPLER_LOG_DENSITY "log_density" /**< f(z) + log p0(z), plus log p(x|z) for the posterior */
#define LEBM_SAMPLER_SCORE_NORM  "score_norm"  /**< Euclidean norm of the score of a chain */
/** @} */

/** Reports how far a call has come; runs on the thread that made the call, now and then and at its end.
 * It may read options and metrics, and use other handles. What would change the sampler, the trainer or a net in use
 * returns LEBM_ERR_STATE. It must not destroy a handle in use nor fork, but to start another program, and it must
 * return: no longjmp, no exception, no cancellation.
 * @param done  fraction of the work that is done, 0 to 1, which never goes back; of a training step's work, the
 *              multiply-adds of its nets   @param user  what was given with the function
 * @return 0 to go on; anything else stops the call, which then changes nothing and returns LEBM_STOPPED
 * @since 0.1.0 */
typedef int (*lebm_progress_fn)(double done, void *user);

/** Make a sampler.
 * @param out     receives the sampler; the caller owns it
 * @param kernel  LEBM_LANGEVIN
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION, LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_sampler_create(lebm_sampler **out, const char *kernel);

/** Make a sampler with the kernel and the options of another one, and nothing else of it: no progress function, and no
 * metrics before it has run.
 * @param out   receives the sampler; the caller owns it
 * @param from  the sampler to copy, which its own callback may do, too
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_NOMEM
 * Threads: one call per sampler at a time. @since 0.1.0 */
LEBM_API int lebm_sampler_copy(lebm_sampler **out, const lebm_sampler *from);

/** Release a sampler; NULL does nothing.
 * Threads: no other call may be using the sampler, and no trainer may hold it. @since 0.1.0 */
LEBM_API void lebm_sampler_destroy(lebm_sampler *sampler);

/** Name of the kernel, a static string; NULL if `sampler` is NULL. Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_sampler_kernel(const lebm_sampler *sampler);

/** @name Setting and reading options
 * @{ */
/** Set or read an option.
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or of another type),
 *         LEBM_ERR_RANGE (the text gives the bounds; a text must be UTF-8 of at most 255 bytes),
 *         LEBM_ERR_STATE (set by a callback while the sampler is running)
 * A string read is owned by the sampler and valid until that option is set again; NULL on failure.
 * Threads: one call per sampler at a time. @since 0.1.0 */
LEBM_API int lebm_sampler_set_i64(lebm_sampler *sampler, const char *key, int64_t value);
LEBM_API int lebm_sampler_set_f64(lebm_sampler *sampler, const char *key, double value);
LEBM_API int lebm_sampler_set_str(lebm_sampler *sampler, const char *key, const char *value);
LEBM_API int lebm_sampler_get_i64(const lebm_sampler *sampler, const char *key, int64_t *value);
LEBM_API int lebm_sampler_get_f64(const lebm_sampler *sampler, const char *key, double *value);
LEBM_API int lebm_sampler_get_str(const lebm_sampler *sampler, const char *key, const char **value);
/** @} */

/** @name Listing the options
 * @{ */
/** Count; the key at a place 0 to count - 1; the type of a key, "i64", "f64" or "str"; one line of help; the values that
 * a "str" accepts, separated by '|', or "" for any text; default and bounds of a number (both bounds are allowed).
 * The strings are static. NULL stands for no such place, key or sampler, and for the choices of a number.
 * @return of the bounds: LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION
 * Threads: any. @since 0.1.0 */
LEBM_API int64_t lebm_sampler_option_count(const lebm_sampler *sampler);
LEBM_API const char *lebm_sampler_option_key(const lebm_sampler *sampler, int64_t index);
LEBM_API const char *lebm_sampler_option_type(const lebm_sampler *sampler, const char *key);
LEBM_API const char *lebm_sampler_option_help(const lebm_sampler *sampler, const char *key);
LEBM_API const char *lebm_sampler_option_choices(const lebm_sampler *sampler, const char *key);
LEBM_API int lebm_sampler_option_bounds_i64(const lebm_sampler *sampler, const char *key, int64_t *default_value,
                                            int64_t *min, int64_t *max);
LEBM_API int lebm_sampler_option_bounds_f64(const lebm_sampler *sampler, const char *key, double *default_value,
                                            double *min, double *max);
/** @} */

/** Have `progress` called during runs; NULL: no more.
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_STATE (the sampler is running)
 * Threads: one call per sampler at a time. @since 0.1.0 */
LEBM_API int lebm_sampler_set_progress(lebm_sampler *sampler, lebm_progress_fn progress, void *user);

/** Draw from the prior: n chains towards p(z) (eq. 20, 21).
 * @param n  1 or more chains
 * @param z  [n, M]: read unless the option start is "noise"; the chains' last states on success, untouched on failure
 * @return LEBM_OK, LEBM_STOPPED, LEBM_ERR_INVALID, LEBM_ERR_RANGE, LEBM_ERR_NOMEM,
 *         LEBM_ERR_STATE (called by a callback of this sampler; a weight of the net was never set; a call is changing
 *         the net; start is "continue", but there was no run to a prior before), with "continue" also LEBM_ERR_SHAPE (n or
 *         M is not that of the run before) and LEBM_ERR_RANGE (more than 2^32 - 1 steps in all),
 *         LEBM_ERR_DIVERGED (not finite, or farther than divergence_threshold allows: the text names quantity, step
 *         and chain)
 * Threads: one call per sampler at a time; samplers that share a model may run together. @since 0.1.0 */
LEBM_API int lebm_sampler_run_prior(lebm_sampler *sampler, const lebm_prior *prior, int64_t n, float *z);

/** Draw from the posterior: n chains towards p(z|x), one for each row of x (eq. 24, 25).
 * @param x  [n, D]   @param n  1 or more chains
 * @param z  [n, M]: read unless the option start is "noise"; the chains' last states on success, untouched on failure
 * @return as lebm_sampler_run_prior(), LEBM_ERR_SHAPE if prior and generator differ in the size of z, LEBM_ERR_RANGE
 *         also if x is not finite or out of range (LEBM_GENERATOR_OUT_OF_RANGE)
 * Threads: one call per sampler at a time; samplers that share a model may run together. @since 0.1.0 */
LEBM_API int lebm_sampler_run_posterior(lebm_sampler *sampler, const lebm_prior *prior, const lebm_generator *generator,
                                        const float *x, int64_t n, float *z);

/** Read a metric of the last run.
 * @param key  LEBM_SAMPLER_LOG_DENSITY or LEBM_SAMPLER_SCORE_NORM
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION, LEBM_ERR_STATE (no run succeeded yet)
 * Threads: one call per sampler at a time. @since 0.1.0 */
LEBM_API int lebm_sampler_metric(const lebm_sampler *sampler, const char *key, double *value);

LEBM_END_DECLS

#endif
