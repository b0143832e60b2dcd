/** @file annealing.h
 * How probable is x? Annealed importance sampling (Neal 2001) estimates the logs of integrals that have no closed form: log
 * Z of a prior (eq. 2), log p(x) of observations, and the normaliser of any density, each from below and from above.
 *
 * Chains go from a density p0 that is known to the one that is not, by way of many between, and are weighted by what they
 * meet. All start at the same p0 = N(0, sigma0^2 I):
 *
 *     log Z    = log of the integral of p0(z) exp(f(z))             path  p0 exp(beta f),          beta from 0 to 1
 *     log Z(x) = log of the integral of p0(z) exp(f(z)) p(x|z)      path  p0 (exp(f) p(x|z))^beta
 *     log p(x) = log Z(x) - log Z
 *
 * and for a density of one's own, p0 = N(0, start_std^2 I), and the path goes to it from there. With the tilt t(z), which is
 * f(z), or f(z) + log p(x|z), or the log of the density less log p0(z), and temperatures 0 = beta_0 < ... < beta_T = 1,
 *
 *     log w = sum over t of (beta_t - beta_t-1) t(z_t-1),    z_0 ~ p0,   z_t from z_t-1 by steps of the kernel at beta_t
 *
 * has E[w] = Z, whatever T is. So the log of the mean weight is too small in expectation, the less so the more temperatures
 * there are: the *forward* estimate is a stochastic lower bound. Chains that start at the other end, and go back, have
 * E[1/w] = 1/Z, and the *reverse* estimate, -log of the mean of 1/w, is one from above, if their starts are draws of that end.
 * These are made of forward chains: in each of several groups the ends are resampled by their weights and make `settle_steps`
 * steps. The nested R-hat of the tilt over the groups (LEBM_ANNEALING_GROUPS_RHAT) tells whether groups agree; where they
 * do not, the upper bound is none. (Where weights are 0, as the density of one's own is where p0 is not, reverse chains
 * never are: then their estimate stays too high, by the log of the share of p0 that they may reach.)
 *
 * A lower bound of log p(x) needs log Z(x) from below and log Z from **above**; an upper one the other way round. So
 * lebm_annealing_log_p() takes four numbers: those of a run to posteriors, and those of a run to the prior.
 *
 * **Frozen.** First, pilot chains go up (resampled at each of their temperatures, so that 32 will do). They choose their
 * temperatures, each as far from the last as leaves the weights between the two an effective number of `pilot_ess` of the
 * chains, and steer the step size to target_acceptance at each. Then step sizes as a function of beta, and the schedule,
 * are frozen, and the chains that count draw numbers of their own: so weights are unbiased. The schedule "adaptive" has as
 * many of its temperatures in each interval between two of the pilot's.
 *
 * **A second opinion.** Thermodynamic integration, the integral of the mean tilt over beta, is computed from the same chains
 * (LEBM_ANNEALING_FORWARD_INTEGRAL and _REVERSE_INTEGRAL) by the trapezoidal rule. It is biased where chains lag, but does
 * not hang on a few large weights.
 *
 * **Rows, pieces, resuming.** A run to posteriors has a row for each x, with chains of its own that share nothing with other
 * rows; one to a prior or target has one row. Random numbers are a function of seed, stream, the number of the row (`first_row`
 * for the first, then one more for each) and the chain alone: rows 0 to 99 in one run equal rows 0 to 49 and, with first_row =
 * 50, rows 50 to 99 to the bit, as they do for any number of threads. So a long run is made in pieces, of one row if need
 * be, whose results the caller keeps, and resumed by going on with the next. Runs to a prior with different first_row are
 * independent of each other.
 *
 * Weights are double, summed in a fixed tree. Options that chains of mala and hmc have as well are those of lebm/sampler.h:
 * LEBM_SAMPLER_STEP_SIZE (where the pilot begins to look), LEBM_SAMPLER_TARGET_ACCEPTANCE, LEBM_SAMPLER_LEAPFROG_STEPS and
 * LEBM_SAMPLER_JITTER. docs/evidence.md tells how to choose and to read. */
#ifndef LEBM_ANNEALING_H
#define LEBM_ANNEALING_H

#include <stdint.h>

#include "lebm/export.h"
#include "lebm/generator.h"
#include "lebm/prior.h"
#include "lebm/sampler.h"
#include "lebm/target.h"

LEBM_BEGIN_DECLS

/** Annealed importance sampling with its options and the results of its last run; made by lebm_annealing_create(). */
typedef struct lebm_annealing lebm_annealing;

/** @name Options, with their defaults in brackets
 * @{ */
#define LEBM_ANNEALING_TEMPERATURES "temperatures" /**< i64: T, the steps of beta from 0 to 1 (1000) */
/** str: "adaptive" (default), as many betas in each interval of the pilot's; "linear", in equal steps; or "sigmoid", along
 * 1/(1 + exp(-4 (2 t/T - 1))), rescaled to reach 0 and 1 (Wu, Burda, Salakhutdinov and Grosse 2017) */
#define LEBM_ANNEALING_SCHEDULE "schedule"
#define LEBM_ANNEALING_STEPS    "steps" /**< i64: steps of the kernel at each temperature (1) */
/** i64: chains of each row in either direction (64), a multiple of `groups` and twice as many at least */
#define LEBM_ANNEALING_CHAINS "chains"
#define LEBM_ANNEALING_GROUPS "groups" /**< i64: groups of chains, whose agreement is measured (4) */
/** i64: 1: reverse chains follow the forward ones (1); 0: none, which takes less than half the time and gives no upper bound */
#define LEBM_ANNEALING_REVERSE_CHAINS "reverse_chains"
/** i64: steps at beta 1 from resampled ends of forward chains to starts of reverse ones (200) */
#define LEBM_ANNEALING_SETTLE_STEPS "settle_steps"
#define LEBM_ANNEALING_PILOT_CHAINS "pilot_chains" /**< i64: pilot chains of each row (32) */
#define LEBM_ANNEALING_PILOT_STEPS  "pilot_steps"  /**< i64: their steps at each of their temperatures (10) */
/** f64: share of the pilot chains that their weights from one temperature to the next are worth (0.5) */
#define LEBM_ANNEALING_PILOT_ESS "pilot_ess"
#define LEBM_ANNEALING_START_STD "start_std" /**< f64: standard deviation of p0 for a target; priors have sigma0 (1) */
/** f64: how many times the norm of its start, or that of p0's noise if that is larger, the norm of a chain's z may reach;
 * beyond that the run fails with LEBM_ERR_DIVERGED; less than 1 counts as 1; 0: any that is finite (1000) */
#define LEBM_ANNEALING_DIVERGENCE_THRESHOLD "divergence_threshold"
#define LEBM_ANNEALING_FIRST_ROW            "first_row" /**< i64: number of the first row (0) */
#define LEBM_ANNEALING_SEED                 "seed"      /**< i64: first half of the key of the random numbers (0) */
#define LEBM_ANNEALING_STREAM               "stream"    /**< i64: second half, which runs leave as it is (0) */
#define LEBM_ANNEALING_THREADS              "threads"   /**< i64: threads; 0: LEBM_NUM_THREADS or all processors (0) */
/** @} */

/** @name Results of a row, for lebm_annealing_result()
 * The first five of either direction are of its weights. An estimate and its errors are LEBM_ERR_STATE where the weights do not
 * carry them: where their ESS is below 2 % of the chains, or below two of them.
 * @{ */
#define LEBM_ANNEALING_FORWARD "forward" /**< log of the mean weight: the estimate from below */
/** its standard error, sqrt((chains / ESS - 1) / (chains - 1)), that of the mean weight over the mean weight */
#define LEBM_ANNEALING_FORWARD_ERROR "forward_error"
/** the same from the spread of the groups' means alone: few numbers, but no few weights deceive them */
#define LEBM_ANNEALING_FORWARD_GROUP_ERROR    "forward_group_error"
#define LEBM_ANNEALING_FORWARD_ESS            "forward_ess"      /**< (sum w)^2 / sum w^2, in chains */
#define LEBM_ANNEALING_FORWARD_LARGEST        "forward_largest"  /**< share of the largest weight in the sum of all */
#define LEBM_ANNEALING_FORWARD_INTEGRAL       "forward_integral" /**< the same quantity by thermodynamic integration */
#define LEBM_ANNEALING_FORWARD_INTEGRAL_ERROR "forward_integral_error" /**< its standard error */
#define LEBM_ANNEALING_FORWARD_ACCEPTANCE     "forward_acceptance"     /**< mean over the steps of all chains */
#define LEBM_ANNEALING_REVERSE                "reverse" /**< -log of the mean of 1/w: the estimate from above */
/** as forward_error, of 1/w; or reverse_group_error if it is larger, as chains of a group share ancestors */
#define LEBM_ANNEALING_REVERSE_ERROR       "reverse_error"
#define LEBM_ANNEALING_REVERSE_GROUP_ERROR "reverse_group_error"
#define LEBM_ANNEALING_REVERSE_ESS         "reverse_ess"
#define LEBM_ANNEALING_REVERSE_LARGEST     "reverse_largest"
#define LEBM_ANNEALING_REVERSE_INTEGRAL    "reverse_integral"
/** as forward_integral_error, or that of the groups' means if it is larger, as of reverse_error */
#define LEBM_ANNEALING_REVERSE_INTEGRAL_ERROR "reverse_integral_error"
#define LEBM_ANNEALING_REVERSE_ACCEPTANCE     "reverse_acceptance"
/** nested R-hat of the tilt over the groups, in the second half of their settle_steps (that of lebm_diagnostics_nested_rhat(),
 * raw): near 1 if groups agree on where chains that go back should start */
#define LEBM_ANNEALING_GROUPS_RHAT "groups_rhat"
#define LEBM_ANNEALING_RUNGS       "rungs" /**< temperatures that the pilot took */
/** @} */

/** Make a handle for annealed importance sampling.
 * @param out     receives the handle; the caller owns it
 * @param kernel  LEBM_HMC or LEBM_MALA, whose steps are tested: a weight stands on a law
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such kernel), LEBM_ERR_UNSUPPORTED (a kernel without a test),
 *         LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_annealing_create(lebm_annealing **out, const char *kernel);

/** Release a handle; NULL does nothing.
 * Threads: no other call may be using it. @since 0.1.0 */
LEBM_API void lebm_annealing_destroy(lebm_annealing *annealing);

/** Name of the kernel, a static string; NULL if `annealing` is NULL. Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_annealing_kernel(const lebm_annealing *annealing);

/** @name Setting and reading options
 * @{ */
/** Set an option of type "i64". Nothing is rounded or clamped.
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type),
 *         LEBM_ERR_RANGE (the text gives the bounds), LEBM_ERR_STATE (the handle runs)
 * Threads: one call per handle at a time. @since 0.1.0 */
LEBM_API int lebm_annealing_set_i64(lebm_annealing *annealing, const char *key, int64_t value);

/** Set an option of type "f64". Nothing is rounded or clamped.
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type),
 *         LEBM_ERR_RANGE (the text gives the bounds), LEBM_ERR_STATE (the handle runs)
 * Threads: one call per handle at a time. @since 0.1.0 */
LEBM_API int lebm_annealing_set_f64(lebm_annealing *annealing, const char *key, double value);

/** Set an option of type "str". @param value  one of its choices; it is copied
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type),
 *         LEBM_ERR_RANGE (the text gives the bounds or choices), LEBM_ERR_STATE (the handle runs)
 * Threads: one call per handle at a time. @since 0.1.0 */
LEBM_API int lebm_annealing_set_str(lebm_annealing *annealing, const char *key, const char *value);

/** Read an option of type "i64". @param value  receives it
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type)
 * Threads: one call per handle at a time. @since 0.1.0 */
LEBM_API int lebm_annealing_get_i64(const lebm_annealing *annealing, const char *key, int64_t *value);

/** Read an option of type "f64". @param value  receives it
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type)
 * Threads: one call per handle at a time. @since 0.1.0 */
LEBM_API int lebm_annealing_get_f64(const lebm_annealing *annealing, const char *key, double *value);

/** Read an option of type "str".
 * @param value  receives a string owned by the handle, valid until the option is set again or the handle destroyed;
 *               NULL on failure
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type)
 * Threads: one call per handle at a time. @since 0.1.0 */
LEBM_API int lebm_annealing_get_str(const lebm_annealing *annealing, const char *key, const char **value);
/** @} */

/** @name Listing the options
 * @{ */
/** Number of options; 0 if `annealing` is NULL. Threads: any. @since 0.1.0 */
LEBM_API int64_t lebm_annealing_option_count(const lebm_annealing *annealing);

/** Key of the option at `index`, from 0 to their number less 1.
 * @return a static string; NULL if there is none
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_annealing_option_key(const lebm_annealing *annealing, int64_t index);

/** Type of the option `key`, which names the functions that set and read it: "i64", "f64" or "str".
 * @return a static string; NULL if there is no such option
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_annealing_option_type(const lebm_annealing *annealing, const char *key);

/** What the option `key` does, in one line.
 * @return a static string; NULL if there is no such option
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_annealing_option_help(const lebm_annealing *annealing, const char *key);

/** The values that the option `key` of type "str" may have, separated by '|', the default first; "" for any text.
 * @return a static string; NULL if there is no such option, or it is a number
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_annealing_option_choices(const lebm_annealing *annealing, const char *key);

/** Default and bounds of an option of type "i64".
 * @param default_value  receives the value that a new handle has
 * @param min            receives the least value allowed
 * @param max            receives the largest value allowed
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type)
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_annealing_option_bounds_i64(const lebm_annealing *annealing, const char *key, int64_t *default_value,
                                              int64_t *min, int64_t *max);

/** Default and bounds of an option of type "f64".
 * @param default_value  receives the value that a new handle has
 * @param min            receives the least value allowed
 * @param max            receives the largest value allowed
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type)
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_annealing_option_bounds_f64(const lebm_annealing *annealing, const char *key, double *default_value,
                                              double *min, double *max);
/** @} */

/** Have `progress` called during runs of this handle, which it may stop. It is told the share of the steps that are done, those
 * of pilot chains not counted, and may read options and results, which are those from before the run. lebm_progress_fn says what
 * else it may call and what not.
 * @param progress  the function; NULL: none from now on
 * @param user      handed on to it; the library does not look at it
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_STATE (the handle is running)
 * Threads: one call per handle at a time. @since 0.1.0 */
LEBM_API int lebm_annealing_set_progress(lebm_annealing *annealing, lebm_progress_fn progress, void *user);

/** Estimate log Z of a prior, in nats: one row (eq. 2). With f = 0 all weights are exactly 1.
 * @return LEBM_OK; LEBM_STOPPED (the progress function said so); LEBM_ERR_INVALID; LEBM_ERR_STATE (the handle is running;
 *         a weight of the net was never set; a call is changing the net; groups does not divide chains into two or more each; the
 *         pilot found no way up); LEBM_ERR_NOMEM; LEBM_ERR_DIVERGED (not finite, or farther than divergence_threshold
 *         allows: the text names quantity, step and chain). On failure the results are those from before
 * Threads: one call per handle at a time; handles that share a model may run together. @since 0.1.0 */
LEBM_API int lebm_annealing_run_prior(lebm_annealing *annealing, const lebm_prior *prior);

/** Estimate log Z(x), log of the integral of p0(z) exp(f(z)) p(x|z), of each x, in nats: log p(x) + log Z. All constants of
 * p(x|z) are in it, also of kinds of generators that are no pixels.
 * @param x  [n, D]   @param n  1 or more rows
 * @return LEBM_OK; LEBM_STOPPED (the progress function said so); LEBM_ERR_INVALID; LEBM_ERR_RANGE (n; a number of x that is not
 *         finite or out of range, see LEBM_GENERATOR_MISSING and LEBM_GENERATOR_OUT_OF_RANGE); LEBM_ERR_SHAPE (prior and
 *         generator differ in the size of z); LEBM_ERR_STATE (the handle is running; a weight of a net was never set; a call
 *         is changing a net or the generator; groups does not divide chains into two or more each; the pilot found no way up);
 *         LEBM_ERR_NOMEM; LEBM_ERR_DIVERGED (not finite, or farther than divergence_threshold allows: the text names
 *         quantity, step and chain). On failure the results are those from before
 * Threads: one call per handle at a time; handles that share a model may run together. @since 0.1.0 */
LEBM_API int lebm_annealing_run_posterior(lebm_annealing *annealing, const lebm_prior *prior,
                                          const lebm_generator *generator, const float *x, int64_t n);

/** Estimate the log of the integral of a density of one's own: one row. Its function is called for up to 1,024 states at a
 * time, on this thread, unless it may be called on several.
 * @return LEBM_OK; LEBM_STOPPED (the progress function, or the target's, said so); LEBM_ERR_INVALID; LEBM_ERR_STATE (the
 *         handle is running; groups does not divide chains into two or more each; the pilot found no way up: its density is 0
 *         wherever a pilot chain starts); LEBM_ERR_NOMEM; LEBM_ERR_DIVERGED (not finite, or farther than
 *         divergence_threshold allows: the text names quantity, step and chain). On failure the results are those from before
 * Threads: one call per handle at a time; handles that share a target may run together if its function may be called on
 * several. @since 0.1.0 */
LEBM_API int lebm_annealing_run_target(lebm_annealing *annealing, const lebm_target *target);

/** @name Results of the last run that succeeded
 * @{ */
/** Number of rows; 0 if there was no run, or `annealing` is NULL. Threads: one call per handle at a time. @since 0.1.0 */
LEBM_API int64_t lebm_annealing_row_count(const lebm_annealing *annealing);

/** Chains of each row; 0 if there was no run, or `annealing` is NULL. Threads: one call per handle at a time. @since 0.1.0 */
LEBM_API int64_t lebm_annealing_chain_count(const lebm_annealing *annealing);

/** Read a result of a row. It is a finite number, or refused with the reason.
 * @param row    0 to lebm_annealing_row_count() - 1
 * @param key    LEBM_ANNEALING_FORWARD or another of the results above
 * @param value  receives it; untouched on failure
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such result), LEBM_ERR_RANGE (row), LEBM_ERR_STATE (no run
 *         succeeded yet; the run had no reverse chains, or they had nowhere to start; the weights are worth less than 2 % of
 *         the chains, or than two of them; weights or tilts are infinite or, for groups_rhat, all the same)
 * Threads: one call per handle at a time. @since 0.1.0 */
LEBM_API int lebm_annealing_result(const lebm_annealing *annealing, int64_t row, const char *key, double *value);

/** Copy the logs of a row's weights: to pool those of runs that differ in first_row or stream, or to look at them.
 * @param row          0 to lebm_annealing_row_count() - 1
 * @param reverse      0: log w of forward chains; else log(1/w) of reverse ones, of which the estimate is
 *                     minus the log of the mean of exp
 * @param log_weights  [count], which may be -INFINITY   @param count  lebm_annealing_chain_count()
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE (row), LEBM_ERR_SHAPE (count), LEBM_ERR_STATE (no run succeeded yet; it had
 *         no reverse chains, or they had nowhere to start)
 * Threads: one call per handle at a time. @since 0.1.0 */
LEBM_API int lebm_annealing_log_weights(const lebm_annealing *annealing, int64_t row, int reverse, double *log_weights,
                                        int64_t count);

/** The bracket of log p(x) = log Z(x) - log Z of a row, in nats. Of the four numbers the lower end takes forward of x and reverse
 * of Z, the upper one reverse of x and forward of Z. Each is one in expectation: it may be off by its error.
 * @param of_x      whose last run was to posteriors   @param row  0 to lebm_annealing_row_count(of_x) - 1
 * @param of_prior  whose last run was to the same prior; options may differ
 * @param lower     receives the lower end, or NULL
 * @param upper     receives the upper end, or NULL
 * @param error     receives the standard error of the middle, half the root of the sum of the squares of the four errors, or
 *                  NULL
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE (row), LEBM_ERR_STATE (a handle has no such run, or one of the four
 *         numbers is refused: the text says why)
 * Threads: one call per handle at a time. @since 0.1.0 */
LEBM_API int lebm_annealing_log_p(const lebm_annealing *of_x, int64_t row, const lebm_annealing *of_prior,
                                  double *lower, double *upper, double *error);
/** @} */

LEBM_END_DECLS

#endif
