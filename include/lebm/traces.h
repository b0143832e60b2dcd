/** @file traces.h
 * Traces keep what chains were at their steps: runs of a sampler fill them, for the functions of lebm/diagnostics.h,
 * for pictures, or for means over many steps.
 *
 * For each chain that is recorded and each draw there are
 *
 * - the state z, dims numbers;
 * - the log density there, that of lebm_sampler_metric() (of p itself at any temperature, with the likelihood_weight);
 * - the acceptance: the probability with which the step to the draw was accepted, in mala and hmc; that with which a
 *   test would have accepted it, in langevin with the option measure_acceptance; else NaN;
 * - the energy H = -log p(z) + |v|^2/2 with which that step's trajectory began, in hmc, for E-BFMI; else NaN.
 *
 * All are doubles. They are read where they lie: draw t of chain c in dimension d is
 *
 *     strides = lebm_traces_strides(traces)
 *     lebm_traces_states(traces)[c * strides[0] + t * strides[1] + d * strides[2]]
 *
 * and the log density of it is lebm_traces_log_densities(traces)[c * strides[0] + t * strides[1]], which are draws of
 * one dimension with the same strides; so are acceptances and energies. So all go straight to the functions of
 * diagnostics.h:
 *
 *     lebm_diagnostics_convergence(lebm_traces_states(traces), lebm_traces_chains(traces), lebm_traces_length(traces),
 *                                  lebm_traces_dims(traces), lebm_traces_strides(traces), 0, rhat, ess_bulk, ess_tail);
 *
 * **What is recorded.** Draw t is what a chain was after step (t + 1) * every, the steps being those of the runs
 * recorded: steps of a warm-up are none. The last state of a run is not recorded if its steps are no multiple of
 * `every`. A run that continues (option start) the run recorded before it appends its draws, and its steps are counted
 * on. Any other run begins the traces anew, as does the first one after they were attached to the sampler or cleared. A
 * run that fails or is stopped leaves them as they were. They do not change what chains do, to the bit.
 *
 * **Memory is bounded.** If the draws are to be more than `capacity`, `every` doubles, as often as need be: half of the
 * draws are dropped, and those that are kept are after steps that are multiples of the new `every`. So the whole way of
 * the chains is covered, by capacity / 2 draws or more. The traces need 8 capacity * chains * (dims + 3) bytes at most,
 * and up to twice as much during a run.
 *
 * **Cost.** A draw is copied. langevin evaluates the model once more in a run, to know the log density of its last
 * state, which must be finite then. */
#ifndef LEBM_TRACES_H
#define LEBM_TRACES_H

#include <stdint.h>

#include "lebm/export.h"
#include "lebm/sampler.h"

LEBM_BEGIN_DECLS

/** Draws of chains, step by step; made by lebm_traces_create(). */
typedef struct lebm_traces lebm_traces;

/** Make traces, which are empty, and which no sampler fills yet.
 * @param out       receives the traces; the caller owns them
 * @param capacity  the most draws of each chain to keep, 1 to 2^31 - 1; memory is taken as draws come
 * @param every     record the states after every so many steps, 1 to 2^31 - 1, until that doubles
 * @param chains    record the first so many chains of a run, 1 to 2^31 - 1; 0: all of them
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE, LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_traces_create(lebm_traces **out, int64_t capacity, int64_t every, int64_t chains);

/** Give the traces up; NULL does nothing. They are released once no sampler has them, and the caller must not use them,
 * nor pointers into them, any more: so this may be called at any time, also during a run that records.
 * Threads: no other call may be using the traces, but a run. @since 0.1.0 */
LEBM_API void lebm_traces_destroy(lebm_traces *traces);

/** Have the runs of a sampler recorded from now on: lebm_sampler_run_prior(), _posterior() and _target(), not the steps
 * of a trainer. The sampler holds the traces until others or none are set, or it is destroyed; lebm_sampler_copy()
 * copies none. The draws that they have stay until the next run begins them anew.
 * @param traces  the traces, which no other sampler may have, or NULL: none from now on
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_STATE (the sampler is running, or another sampler has the traces)
 * Threads: one call per sampler, and per traces, at a time. @since 0.1.0 */
LEBM_API int lebm_sampler_set_traces(lebm_sampler *sampler, lebm_traces *traces);

/** Drop all draws and release their memory. The next run begins the traces anew, with the first `every`, also if it
 * continues another run: so draws of a way to the target are dropped.
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_STATE (a run is recording)
 * Threads: one call per traces at a time. @since 0.1.0 */
LEBM_API int lebm_traces_clear(lebm_traces *traces);

/** @name Reading traces
 * They are those of the runs that have succeeded; in a progress function, those from before the run. Pointers are
 * borrowed, and valid until the end of the next run that records, until lebm_traces_clear(), or until
 * lebm_traces_destroy().
 * @{ */
/** Number of chains recorded; 0 if there are no draws, or `traces` is NULL.
 * Threads: one call per traces at a time. @since 0.1.0 */
LEBM_API int64_t lebm_traces_chains(const lebm_traces *traces);

/** Draws of each chain; 0 if there are none, or `traces` is NULL.
 * Threads: one call per traces at a time. @since 0.1.0 */
LEBM_API int64_t lebm_traces_length(const lebm_traces *traces);

/** Numbers of a state; 0 if there are no draws, or `traces` is NULL.
 * Threads: one call per traces at a time. @since 0.1.0 */
LEBM_API int64_t lebm_traces_dims(const lebm_traces *traces);

/** Steps from one draw to the next, which double when the traces are full; 0 if `traces` is NULL.
 * Threads: one call per traces at a time. @since 0.1.0 */
LEBM_API int64_t lebm_traces_every(const lebm_traces *traces);

/** [3] strides of chain, draw and dimension, in numbers, for all of the arrays below; NULL if there are no draws, or
 * `traces` is NULL. Threads: one call per traces at a time. @since 0.1.0 */
LEBM_API const int64_t *lebm_traces_strides(const lebm_traces *traces);

/** The states: dims numbers for each chain and draw; NULL if there are no draws, or `traces` is NULL.
 * Threads: one call per traces at a time. @since 0.1.0 */
LEBM_API const double *lebm_traces_states(const lebm_traces *traces);

/** The log densities: one number for each chain and draw; NULL if there are no draws, or `traces` is NULL.
 * Threads: one call per traces at a time. @since 0.1.0 */
LEBM_API const double *lebm_traces_log_densities(const lebm_traces *traces);

/** The acceptances, each of the step that led to the draw alone: one number for each chain and draw, 0 to 1, or NaN;
 * NULL if there are no draws, or `traces` is NULL.
 * Threads: one call per traces at a time. @since 0.1.0 */
LEBM_API const double *lebm_traces_acceptances(const lebm_traces *traces);

/** The energies, for lebm_diagnostics_e_bfmi(), which wants those of each step: see that lebm_traces_every() is 1, as
 * changes over several steps are larger and make it look too good. One number for each chain and draw, or NaN; NULL if
 * there are no draws, or `traces` is NULL.
 * Threads: one call per traces at a time. @since 0.1.0 */
LEBM_API const double *lebm_traces_energies(const lebm_traces *traces);
/** @} */

LEBM_END_DECLS

#endif
