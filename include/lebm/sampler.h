/** @file sampler.h
 * A sampler draws latent vectors z from the prior p(z) or from the posterior p(z|x) by running a transition kernel
 * for a number of steps, one independent chain per row.
 *
 * Kernel "langevin" (eq. 20 and 24, unadjusted Langevin dynamics):
 *
 *     z' = z + s d log p/dz + sqrt(2 s T) e,   e ~ N(0, I),   s = option step_size,   T = option temperature
 *
 * Its chains come to rest near p, the nearer the smaller s is: along a direction of precision l with the variance
 * 1/(l (1 - s l/2)) in place of 1/l. Those of the others have p itself for their law, whatever the step size is:
 *
 * Kernel "mala" (Roberts and Tweedie 1996) makes the same step z* and accepts it with the probability
 * min(1, p(z*)^(1/T) q(z|z*) / (p(z)^(1/T) q(z*|z))), where q(z*|z) is the density of the step; else z' = z. A step
 * costs one evaluation of the model, as with langevin, accepted or not, and a run one more.
 *
 * Kernel "hmc" (Duane et al. 1987; Neal 2011) draws a momentum v ~ N(0, T I), follows the dynamics of H = -log p(z) +
 * |v|^2/2 by `leapfrog_steps` leapfrog steps of the length epsilon = option step_size, and accepts the end with the
 * probability min(1, exp(-(H(z*, v*) - H(z, v)) / T)). Each leapfrog step is an evaluation. With one of them, and
 * jitter 0, it is mala with s = epsilon^2/2.
 *
 * A step of mala or hmc that meets what is not finite (a log density of -inf where z may not be, NaN, an overflow) is
 * never accepted; a chain that starts there is LEBM_ERR_DIVERGED, as is each step of langevin that does. The test is
 * made in double precision.
 *
 * With the option preconditioner at "diagonal" all kernels have a diagonal matrix M of variances: the step is
 * z + s M d log p/dz + sqrt(2 s T M) e, and hmc's momentum is drawn from N(0, T M^-1). M comes from a warm-up, or from
 * lebm_sampler_set_variances().
 *
 * Warm-up. With the option `warmup` at W, a run makes W steps before its own. In these its step size is steered to the
 * acceptance `target_acceptance` (dual averaging; Hoffman and Gelman 2014), which langevin does only if that is set, to
 * the acceptance that a test would have had (and then its steps are put to the test during the warm-up); and M is
 * learned, if there is one, from the states of the second and the third quarter, shrunk as in Stan, the step size being
 * found anew for it. All chains learn together. Those to a prior, or to a density of one's own, have one target: the
 * acceptance is the mean over them, the variances are those of all states. Those to the posteriors of different x have
 * a target each: the acceptance is the harmonic mean over chains of the mean of each over some steps, so that chains
 * that never move are not hidden, and the variances are those within each chain, averaged. Then all is frozen, since a
 * chain that goes on learning has no law to come to rest at. A run that succeeds leaves what it learned in the sampler
 * (the option step_size, which can be read, and the variances, lebm_sampler_get_variances()) and sets warmup to 0: so
 * runs that follow are not adapted. Files keep both. last_step_size is not adapted.
 *
 * 30 steps do where there are hundreds of chains, with variances twice as many; one chain alone needs hundreds. A
 * warm-up that is shorter leaves the longest step size, of those that it doubled or halved to, that was accepted by
 * more than 0.8; one of a few steps may end before it has found any, with a step size that is still too long or too
 * short by far.
 *
 * Chains that move in large steps first and settle in small ones (option last_step_size) end nearer to the target.
 * Code that steps by z + d^2/2 d log p/dz + d e has s = d^2/2: d = 0.4 is s = 0.08, d = 0.1 is s = 0.005.
 *
 * At a temperature T, chains of any kernel go to p(z)^(1/T) or p(z|x)^(1/T): hot chains cross between modes, cold ones
 * end near the largest density. At T other than 1 what a trainer makes of their ends are no longer the gradients of the
 * likelihood (eq. 19, 22). Metrics are of p itself at any T.
 *
 * At a likelihood_weight w, chains to the posterior go to p(z) p(x|z)^w, at a temperature T to that density to the power
 * of 1/T. Metrics and traces have the weight, too: their log density is log p(z) + w log p(x|z).
 *
 * Random numbers are a function of seed, stream, chain (the row) and step alone. The options decide every bit of the
 * result, whatever the number of threads or rows: the first 30 chains of 100 equal 30 chains. But for a run with a
 * warm-up: there what is learned is learned from all chains, and the result depends on how many there are, though not
 * on threads; in the runs after it 30 chains of 100 are 30 chains again.
 *
 * With "continue" as the option start a run goes on: from the z given, which should be those that the sampler's last
 * run to the same kind of target (prior, posterior, or a density of one's own) left, with that run's seed and stream,
 * whatever these options say by now, and with its steps counted on. So k runs of s steps equal one of k s steps to the
 * bit, with z or metrics to be looked at in between, if the step size is constant: a schedule (last_step_size) begins
 * anew with each run, as does the distance of divergence_threshold. All options may change on the way, and so may the
 * model. The stream is not advanced. A run that fails or is stopped leaves z, and the count, as they were. Files keep
 * the option, but no run: a sampler that lebm_model_load_sampler() made must run with another start first.
 * lebm_trainer_load() sets the options of samplers that are there: these continue the last run of their own, if there
 * was one, and not that of the samplers that were saved. */
#ifndef LEBM_SAMPLER_H
#define LEBM_SAMPLER_H

#include <stdint.h>

#include "lebm/export.h"
#include "lebm/generator.h"
#include "lebm/prior.h"
#include "lebm/target.h"

LEBM_BEGIN_DECLS

/** A transition kernel with its options; made by lebm_sampler_create() or lebm_model_load_sampler(). */
typedef struct lebm_sampler lebm_sampler;

/** @name Kernels, for lebm_sampler_create()
 * @{ */
#define LEBM_LANGEVIN "langevin" /**< Langevin dynamics without a test */
#define LEBM_MALA     "mala"     /**< Langevin dynamics with a test (Metropolis-adjusted) */
#define LEBM_HMC      "hmc"      /**< Hamiltonian Monte Carlo */
/** @} */

/** @name Options, with their defaults in brackets
 * @{ */
#define LEBM_SAMPLER_STEPS     "steps"     /**< i64: steps of each chain (40) */
#define LEBM_SAMPLER_STEP_SIZE "step_size" /**< f64: s of eq. 20, or of hmc epsilon (0.08; of hmc 0.4) */
/** f64: s of the last step; s shrinks or grows to it from step_size by the same factor at each step.
 * 0, or a single step: s stays (0) */
#define LEBM_SAMPLER_LAST_STEP_SIZE "last_step_size"
/** i64, of langevin: 0 drops the noise e, which leaves gradient ascent (1) */
#define LEBM_SAMPLER_NOISE "noise"
/** i64, of langevin: 1 measures the acceptance that a test would have had, for one evaluation more in a run (0) */
#define LEBM_SAMPLER_MEASURE_ACCEPTANCE "measure_acceptance"
#define LEBM_SAMPLER_LEAPFROG_STEPS     "leapfrog_steps" /**< i64, of hmc: leapfrog steps of each step (10) */
/** f64, of hmc: epsilon of a chain's step is uniform in step_size (1 - jitter) to step_size (1 + jitter), which breaks
 * orbits that come back (0.1) */
#define LEBM_SAMPLER_JITTER "jitter"
/** f64: acceptance that a warm-up steers step_size to; 0: it leaves step_size as it is (langevin 0, mala 0.574,
 * hmc 0.8) */
#define LEBM_SAMPLER_TARGET_ACCEPTANCE "target_acceptance"
/** str: "noise" (default), z ~ N(0, start_std^2 I); "given", the z of the caller; or "continue", that z with the random
 * numbers of the last run, its steps counted on */
#define LEBM_SAMPLER_START "start"
/** i64: steps of a warm-up before those of the next run (0); a run that succeeds sets it to 0 */
#define LEBM_SAMPLER_WARMUP "warmup"
/** str: "none" (default), M = I; or "diagonal", M of the variances that a warm-up learns or
 * lebm_sampler_set_variances() gives */
#define LEBM_SAMPLER_PRECONDITIONER "preconditioner"
#define LEBM_SAMPLER_START_STD      "start_std"   /**< f64: standard deviation of the start (1) */
#define LEBM_SAMPLER_TEMPERATURE    "temperature" /**< f64: T of the density that chains go to, p^(1/T) (1) */
/** f64: w of the target of chains to the posterior, p(z) p(x|z)^w, the power posterior of Friel and Pettitt (2008): more
 * than 1 has z tell more of x than Bayes' rule asks for, and what a trainer makes of such z ascends the mean of the log
 * of the integral of p(z) p(x|z)^w, no likelihood unless w is 1; other chains have no use for it (1) */
#define LEBM_SAMPLER_LIKELIHOOD_WEIGHT "likelihood_weight"
#define LEBM_SAMPLER_SEED              "seed" /**< i64: first half of the key of the random numbers (0) */
/** i64: second half (0); each run that succeeds adds 1, but for those that continue one */
#define LEBM_SAMPLER_STREAM  "stream"
#define LEBM_SAMPLER_THREADS "threads" /**< i64: threads of a run; 0: LEBM_NUM_THREADS or all processors (0) */
/** f64: how many times the norm of its start, or sigma0 sqrt(M) if that is larger (times sqrt(temperature) if that is
 * more than 1), the norm of a chain's z may reach; beyond that the run fails with LEBM_ERR_DIVERGED; less than 1 counts
 * as 1; 0: any that is finite (1000) */
#define LEBM_SAMPLER_DIVERGENCE_THRESHOLD "divergence_threshold"
/** @} */

/** @name Metrics of the last run, for lebm_sampler_metric()
 * The first two are means over the chains where they were evaluated last: at the end of the run, or at the start of its
 * last step if the kernel is langevin, does not measure the acceptance and has no traces. The others are of all steps,
 * and langevin has them only if it measures the acceptance (option measure_acceptance; noise at 1): else they are
 * LEBM_ERR_STATE.
 * @{ */
#define LEBM_SAMPLER_LOG_DENSITY "log_density" /**< f(z) + log p0(z), plus w log p(x|z) for the posterior */
#define LEBM_SAMPLER_SCORE_NORM  "score_norm"  /**< Euclidean norm of the score of a chain */
/** The mean over chains of a chain's acceptance, which is the mean over its steps of the probability with which a step
 * is accepted; of langevin, with which a test would have accepted it */
#define LEBM_SAMPLER_ACCEPTANCE     "acceptance"
#define LEBM_SAMPLER_ACCEPTANCE_MIN "acceptance_min" /**< the least acceptance of a chain */
#define LEBM_SAMPLER_ACCEPTANCE_Q10 "acceptance_q10" /**< the 10 % quantile of the chains' acceptances */
/** The mean over chains and steps of |log r|, with r the ratio that a test accepts a step by: of hmc, the error in the
 * energy, over T. Each counts at most 1,000, and a step that met what is not finite 1,000. */
#define LEBM_SAMPLER_ENERGY_ERROR "energy_error"
/* LEBM_SAMPLER_STEP_SIZE is a metric, too: the step size of the last step, which any run has. */
/** @} */

/** Reports how far a run or a step has come: called some times a second and at the end, on the thread that made the
 * call.
 *
 * It may call every function that takes what is in use as `const`: it may read the options, the metrics and traces
 * (those of the last run or step that ended) and the parameters, compute with the model, copy the sampler, save the
 * model or the trainer as they were before the call. It may make new handles, also a trainer that borrows the sampler,
 * and do anything with handles that are not in use.
 *
 * What would change or run a handle that is in use returns LEBM_ERR_STATE and changes nothing. In use are, in a run,
 * the sampler, its traces, the net or nets of the model and the generator's options; in a step, the trainer, both
 * samplers, both nets and the generator's options.
 *
 * It must not destroy what is in use, but for giving up the caller's hold on a net or traces (lebm_net_destroy(),
 * lebm_traces_destroy()). It must not
 * fork, but to start another program. It must return: no longjmp, no exception, no cancellation of the thread.
 * @param done  fraction of the work that is done, 0 to 1, which never goes back; of a training step's work, the
 *              multiply-adds of its nets   @param user  what was given with the function
 * @return 0 to go on; anything else stops the call, which then changes nothing and returns LEBM_STOPPED
 * @since 0.1.0 */
typedef int (*lebm_progress_fn)(double done, void *user);

/** Make a sampler.
 * @param out     receives the sampler; the caller owns it
 * @param kernel  LEBM_LANGEVIN, LEBM_MALA or LEBM_HMC
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION, LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_sampler_create(lebm_sampler **out, const char *kernel);

/** Make a sampler with the kernel, the options and the variances of another one, and nothing else of it: no progress
 * function, no traces, and no metrics before it has run.
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
/** Set an option of type "i64". Nothing is rounded or clamped.
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type),
 *         LEBM_ERR_RANGE (the text gives the bounds), LEBM_ERR_STATE (the sampler, or a trainer that uses it, runs)
 * Threads: one call per sampler at a time. @since 0.1.0 */
LEBM_API int lebm_sampler_set_i64(lebm_sampler *sampler, const char *key, int64_t value);

/** Set an option of type "f64". Nothing is rounded or clamped.
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type),
 *         LEBM_ERR_RANGE (the text gives the bounds), LEBM_ERR_STATE (the sampler, or a trainer that uses it, runs)
 * Threads: one call per sampler at a time. @since 0.1.0 */
LEBM_API int lebm_sampler_set_f64(lebm_sampler *sampler, const char *key, double value);

/** Set an option of type "str". @param value  one of its choices; it is copied
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type),
 *         LEBM_ERR_RANGE (the text gives the bounds or choices), LEBM_ERR_STATE (the sampler, or a trainer that
 *         uses it, runs)
 * Threads: one call per sampler at a time. @since 0.1.0 */
LEBM_API int lebm_sampler_set_str(lebm_sampler *sampler, const char *key, const char *value);

/** Read an option of type "i64". @param value  receives it
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type)
 * Threads: one call per sampler at a time. @since 0.1.0 */
LEBM_API int lebm_sampler_get_i64(const lebm_sampler *sampler, const char *key, int64_t *value);

/** Read an option of type "f64". @param value  receives it
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type)
 * Threads: one call per sampler at a time. @since 0.1.0 */
LEBM_API int lebm_sampler_get_f64(const lebm_sampler *sampler, const char *key, double *value);

/** Read an option of type "str".
 * @param value  receives a string owned by the sampler, valid until the option is set again or the sampler destroyed;
 *               NULL on failure
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type)
 * Threads: one call per sampler at a time. @since 0.1.0 */
LEBM_API int lebm_sampler_get_str(const lebm_sampler *sampler, const char *key, const char **value);
/** @} */

/** @name Listing the options
 * @{ */
/** Number of options; 0 if `sampler` is NULL. Threads: any. @since 0.1.0 */
LEBM_API int64_t lebm_sampler_option_count(const lebm_sampler *sampler);

/** Key of the option at `index`, from 0 to their number less 1.
 * @return a static string; NULL if there is none
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_sampler_option_key(const lebm_sampler *sampler, int64_t index);

/** Type of the option `key`, which names the functions that set and read it: "i64", "f64" or "str".
 * @return a static string; NULL if there is no such option
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_sampler_option_type(const lebm_sampler *sampler, const char *key);

/** What the option `key` does, in one line.
 * @return a static string; NULL if there is no such option
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_sampler_option_help(const lebm_sampler *sampler, const char *key);

/** The values that the option `key` of type "str" may have, separated by '|', the default first; "" for any text.
 * @return a static string; NULL if there is no such option, or it is a number
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_sampler_option_choices(const lebm_sampler *sampler, const char *key);

/** Default and bounds of an option of type "i64".
 * @param default_value  receives the value that a new sampler has
 * @param min            receives the least value allowed
 * @param max            receives the largest value allowed
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type)
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_sampler_option_bounds_i64(const lebm_sampler *sampler, const char *key, int64_t *default_value,
                                            int64_t *min, int64_t *max);

/** Default and bounds of an option of type "f64".
 * @param default_value  receives the value that a new sampler has
 * @param min            receives the least value allowed
 * @param max            receives the largest value allowed
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type)
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_sampler_option_bounds_f64(const lebm_sampler *sampler, const char *key, double *default_value,
                                            double *min, double *max);
/** @} */

/** Have `progress` called during runs and suggestions of this sampler, which it may stop, as when a user wants to leave.
 * It is not called in the steps of a trainer that uses the sampler. lebm_progress_fn says what it may call and what not:
 * it may read this sampler's options and metrics and copy it, but to set an option of it, run it, have another function
 * called or train with it is LEBM_ERR_STATE while it runs, and it must not destroy it.
 * @param progress  the function; NULL: none from now on
 * @param user      handed on to it; the library does not look at it
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_STATE (the sampler is running)
 * Threads: one call per sampler at a time. @since 0.1.0 */
LEBM_API int lebm_sampler_set_progress(lebm_sampler *sampler, lebm_progress_fn progress, void *user);

/** @name What a warm-up learned
 * The step size is the option step_size.
 * @{ */
/** Number of variances that the sampler has for its preconditioner; 0: none yet, or `sampler` is NULL.
 * Threads: one call per sampler at a time. @since 0.1.0 */
LEBM_API int64_t lebm_sampler_variance_count(const lebm_sampler *sampler);

/** Copy the variances, the diagonal of M. With the kernels' steps they are variances of z, up to a factor that is one
 * with the step size.
 * @param variances  [count]   @param count  lebm_sampler_variance_count()
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_SHAPE (count), LEBM_ERR_STATE (there are none: no run warmed up with a
 *         preconditioner, and none were set)
 * Threads: one call per sampler at a time. @since 0.1.0 */
LEBM_API int lebm_sampler_get_variances(const lebm_sampler *sampler, float *variances, int64_t count);

/** Set the variances, which the preconditioner takes if its option says so.
 * @param variances  [count], each 1e-30 to 1e30, of which the sampler keeps a copy
 * @param count      as many as z has numbers
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE, LEBM_ERR_STATE (the sampler, or a trainer that uses it, runs),
 *         LEBM_ERR_NOMEM
 * Threads: one call per sampler at a time. @since 0.1.0 */
LEBM_API int lebm_sampler_set_variances(lebm_sampler *sampler, const float *variances, int64_t count);
/** @} */

/** Draw from the prior: n chains towards p(z) (eq. 20, 21).
 * @param n  1 or more chains
 * @param z  [n, M]: read unless the option start is "noise"; the chains' last states on success, untouched on failure
 * @return LEBM_OK; LEBM_STOPPED (the progress function said so); LEBM_ERR_INVALID; LEBM_ERR_RANGE (n; with "continue"
 *         also more than 2^32 - 1 steps in all); LEBM_ERR_SHAPE (with "continue": n or M is not that of the run
 *         before; the sampler has other than M variances for its preconditioner); LEBM_ERR_STATE (the sampler is
 *         running, or a trainer that uses it; a weight of the net was never set; a call is changing the net; start is
 *         "continue", but there was no run to a prior before; preconditioner is "diagonal", but there are no variances
 *         and no warm-up);
 *         LEBM_ERR_NOMEM; LEBM_ERR_DIVERGED (not finite, or farther than divergence_threshold allows: the text names
 *         quantity, step and chain)
 * Threads: one call per sampler at a time; samplers that share a model may run together. @since 0.1.0 */
LEBM_API int lebm_sampler_run_prior(lebm_sampler *sampler, const lebm_prior *prior, int64_t n, float *z);

/** Draw from the posterior: n chains towards p(z|x), one for each row of x (eq. 24, 25).
 * @param x  [n, D]   @param n  1 or more chains
 * @param z  [n, M]: read unless the option start is "noise"; the chains' last states on success, untouched on failure
 * @return LEBM_OK; LEBM_STOPPED (the progress function said so); LEBM_ERR_INVALID; LEBM_ERR_RANGE (n; a number of x
 *         that is not finite or out of range, see LEBM_GENERATOR_MISSING and LEBM_GENERATOR_OUT_OF_RANGE; with
 *         "continue" also more than 2^32 - 1 steps in all); LEBM_ERR_SHAPE (prior and generator differ in the size of
 *         z; with "continue": n or M is not that of the run before; the sampler has other than M variances for its
 *         preconditioner); LEBM_ERR_STATE (the sampler is running, or a trainer that uses it; a weight of a net was
 *         never set; a call is changing a net or the generator; start is "continue", but there was no run to a
 *         posterior before; preconditioner is "diagonal", but there are no variances and no warm-up); LEBM_ERR_NOMEM;
 *         LEBM_ERR_DIVERGED (not finite, or farther than divergence_threshold allows: the text names quantity, step and
 *         chain)
 * Threads: one call per sampler at a time; samplers that share a model may run together. @since 0.1.0 */
LEBM_API int lebm_sampler_run_posterior(lebm_sampler *sampler, const lebm_prior *prior, const lebm_generator *generator,
                                        const float *x, int64_t n, float *z);

/** Draw from a density of one's own: n chains towards that of the target.
 * @param target  what to draw from: its function is called on this thread, unless it may be called on several
 * @param n       1 or more chains
 * @param z       [n, dims]: read unless the option start is "noise"; the chains' last states on success, untouched on
 *                failure
 * @return LEBM_OK; LEBM_STOPPED (the progress function, or the target's, said so); LEBM_ERR_INVALID; LEBM_ERR_RANGE (n;
 *         with "continue" also more than 2^32 - 1 steps in all); LEBM_ERR_SHAPE (with "continue": n or dims is not that
 *         of the run before; the sampler has other than dims variances for its preconditioner); LEBM_ERR_STATE (the
 *         sampler is running, or a trainer that uses it; start is "continue", but there was no run to a target before;
 *         preconditioner is "diagonal", but there are no variances and no warm-up); LEBM_ERR_NOMEM; LEBM_ERR_DIVERGED
 *         (not finite, or farther than divergence_threshold allows, in units of the start's norm or of start_std
 *         sqrt(dims): the text names quantity, step and chain)
 * Threads: one call per sampler at a time; samplers that share a target may run together if its function may be called
 * on several. @since 0.1.0 */
LEBM_API int lebm_sampler_run_target(lebm_sampler *sampler, const lebm_target *target, int64_t n, float *z);

/** Score observations, to tell the strange ones: for each row of x the log of the joint density without log Z (eq. 1),
 *
 *     log p(x, z) = log p(x|z) + f(z) + log p0(z),
 *
 * in its two parts, at z that chains of the row reach, as means over the chains. The lower their sum, the stranger is x
 * (Pang et al. 2020). Scores of one model can be compared, since its Z is the same for all x; those of two models cannot.
 *
 * Three scores are in use. With H(x) the entropy of p(z|x),
 *
 *     at draws     mean of log p(x, z)           = log p(x) + log Z - H(x)      start "noise", with noise
 *     at a mode    largest log p(x, z)           = log p(x) + log Z + log p(z*|x)
 *     likelihood   log p(x)                                                     lebm_annealing_log_p()
 *
 * where chains go to p(z|x), at a temperature and a likelihood_weight of 1. At others z is drawn from the density that
 * these make, and the two parts there are those of p itself.
 *
 * For the second one, the noise-free score, let another sampler go on from the z of a first call: langevin with noise 0,
 * start "given", and as many steps as take it to the mode z* nearby. Where p(z|x) is normal this is M/2 more than the
 * first for every x, and ranks x alike. The likelihood alone is free of how wide p(z|x) is, and takes hundreds of times
 * as many steps. The first two hold as far as the chains have come.
 *
 * Chain c of row i has the random numbers that lebm_sampler_run_posterior() would have for row first_row + i with
 * stream + c as its stream; so with one chain and first_row 0 this is that run, lebm_generator_log_likelihood() and
 * lebm_prior_log_density(). Rows 0 to 99 in one call equal rows 0 to 49 and, with first_row = 50, rows 50 to 99 to the
 * bit, as they do for any number of threads. The sampler, its options, metrics and traces, and the run that "continue"
 * would go on from, stay as they are; its progress function is asked, with the share of all chains.
 *
 * A chain that diverges has no score, since it says more of the step size than of x, and the call fails. What it names as
 * the chain is the row of x, from 0: score the rows without it, or in pieces by first_row, or with mala or hmc, which do not
 * go where the density is not finite.
 * @param x               [n, D]   @param n  1 or more rows
 * @param first_row       number of the first row, 0 to 2^31 - 1: 0 unless the rows are a piece of many
 * @param chains          1 or more chains of each row
 * @param z               [chains, n, M]: read unless the option start is "noise"; the chains' last states on success,
 *                        untouched on failure
 * @param log_likelihood  [n] receives the mean of log p(x|z), with its constants
 * @param log_prior       [n] receives the mean of f(z) + log p0(z)
 * @return LEBM_OK; LEBM_STOPPED (the progress function said so); LEBM_ERR_INVALID; LEBM_ERR_RANGE (n, first_row, chains; a
 *         number of x that is not finite or out of range, see LEBM_GENERATOR_MISSING and LEBM_GENERATOR_OUT_OF_RANGE);
 *         LEBM_ERR_SHAPE (prior and generator differ in the size of z; the sampler has other than M variances for its
 *         preconditioner); LEBM_ERR_STATE (the sampler is running, or a trainer that uses it; a weight of a net was never
 *         set; a call is changing a net or the generator; start is "continue"; warmup is not 0, as all rows would learn
 *         together; preconditioner is "diagonal", but there are no variances); LEBM_ERR_NOMEM; LEBM_ERR_DIVERGED (not
 *         finite, or farther than divergence_threshold allows: the text names quantity, step and chain)
 * Threads: one call per sampler at a time; samplers that share a model may run together. @since 0.1.0 */
LEBM_API int lebm_sampler_log_joint(lebm_sampler *sampler, const lebm_prior *prior, const lebm_generator *generator,
                                    const float *x, int64_t n, int64_t first_row, int64_t chains, float *z,
                                    double *log_likelihood, double *log_prior);

/** @name A step size to begin with
 * Suggested from the curvature of a log density at some states: from the largest size c that a second derivative has
 * there, in whatever direction. Along one of second derivative -c, in which the density is narrow, steps of
 * z + s d log p/dz + sqrt(2 s T) e run away for s > 2/c, at any T. Directions of +c, in which the log density is convex,
 * as between modes, count as well: what is suggested is safe for both, and shorter than need be where these are the
 * largest. Suggested is s = 0.3/c or, of hmc, the epsilon of which s = epsilon^2/2; with the c that 95 % of the states
 * do not exceed. With the option preconditioner at "diagonal" the curvature is that of M^-1/2 z, and M what a run would
 * begin with now. c is found by power iteration on differences of scores, which costs 61 evaluations of the score for
 * each state; the progress function is called as in runs.
 *
 * The sampler, its options and its metrics stay as they are: to take the suggestion, set step_size. It depends on the
 * states, but not on seed, stream and threads. Let the states be where chains come to rest, as those that a run left.
 * @{ */
/** Suggest the step size of chains to the prior.
 * @param z          [n, M] states   @param n  1 or more
 * @param step_size  receives it
 * @return LEBM_OK; LEBM_STOPPED (the progress function said so); LEBM_ERR_INVALID; LEBM_ERR_RANGE (n; the step size
 *         would be none that the option may have, as where the density is flat); LEBM_ERR_SHAPE (the sampler has other
 *         than M variances for its preconditioner); LEBM_ERR_STATE (the sampler is running, or a trainer that uses it; a
 *         weight of the net was never set; a call is changing the net; preconditioner is "diagonal", but there are no
 *         variances and no warm-up); LEBM_ERR_NOMEM; LEBM_ERR_DIVERGED (a state, the log density there, or a score
 *         beside it, is not finite)
 * Threads: one call per sampler at a time; samplers that share a model may be used together. @since 0.1.0 */
LEBM_API int lebm_sampler_suggest_prior(lebm_sampler *sampler, const lebm_prior *prior, const float *z, int64_t n,
                                        double *step_size);

/** Suggest the step size of chains to the posterior.
 * @param x          [n, D]   @param z  [n, M] a state for each row of x   @param n  1 or more
 * @param step_size  receives it
 * @return LEBM_OK; LEBM_STOPPED (the progress function said so); LEBM_ERR_INVALID; LEBM_ERR_RANGE (n; a number of x
 *         that is not finite or out of range, see LEBM_GENERATOR_MISSING and LEBM_GENERATOR_OUT_OF_RANGE; the step size
 *         would be none that the option may have); LEBM_ERR_SHAPE (prior and generator differ in the size of z; the
 *         sampler has other than M variances for its preconditioner); LEBM_ERR_STATE (the sampler is running, or a
 *         trainer that uses it; a weight of a net was never set; a call is changing a net or the generator;
 *         preconditioner is "diagonal", but there are no variances and no warm-up); LEBM_ERR_NOMEM; LEBM_ERR_DIVERGED (a
 *         state, the log density there, or a score beside it, is not finite)
 * Threads: one call per sampler at a time; samplers that share a model may be used together. @since 0.1.0 */
LEBM_API int lebm_sampler_suggest_posterior(lebm_sampler *sampler, const lebm_prior *prior,
                                            const lebm_generator *generator, const float *x, const float *z, int64_t n,
                                            double *step_size);

/** Suggest the step size of chains to a density of one's own.
 * @param target     its function is called on this thread, unless it may be called on several
 * @param z          [n, dims] states   @param n  1 or more
 * @param step_size  receives it
 * @return LEBM_OK; LEBM_STOPPED (the progress function, or the target's, said so); LEBM_ERR_INVALID; LEBM_ERR_RANGE (n; the
 *         step size would be none that the option may have, as where the density is flat); LEBM_ERR_SHAPE (the sampler
 *         has other than dims variances for its preconditioner); LEBM_ERR_STATE (the sampler is running, or a trainer
 *         that uses it; preconditioner is "diagonal", but there are no variances and no warm-up); LEBM_ERR_NOMEM;
 *         LEBM_ERR_DIVERGED (a state, the log density there, or a score beside it, is not finite)
 * Threads: one call per sampler at a time; samplers that share a target may be used together if its function may be
 * called on several. @since 0.1.0 */
LEBM_API int lebm_sampler_suggest_target(lebm_sampler *sampler, const lebm_target *target, const float *z, int64_t n,
                                         double *step_size);
/** @} */

/** Read a metric of the last run.
 * @param key  LEBM_SAMPLER_LOG_DENSITY or another of the metrics above
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION, LEBM_ERR_STATE (no run succeeded yet, or the last one did
 *         not measure it)
 * Threads: one call per sampler at a time. @since 0.1.0 */
LEBM_API int lebm_sampler_metric(const lebm_sampler *sampler, const char *key, double *value);

LEBM_END_DECLS

#endif
