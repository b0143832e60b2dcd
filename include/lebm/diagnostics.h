/** @file diagnostics.h
 * Whether chains have run long enough, and how exact what they say is: R-hat, effective sample sizes and Monte Carlo
 * standard errors as Stan, R's posterior and ArviZ compute them (Vehtari, Gelman, Simpson, Carpenter and Buerkner 2021),
 * nested R-hat for many short chains (Margossian et al. 2024), E-BFMI (Betancourt 2016). They need no model and no
 * handle, but draws of any kind of chain. docs/diagnostics.md says what the numbers mean.
 *
 * **Draws** are numbers of several chains of one length, of one or more dimensions: draw t of chain c in dimension d is
 *
 *     draws[c * strides[0] + t * strides[1] + d * strides[2]]
 *
 * so that arrays of any order of the axes are read where they lie. Strides count numbers, not bytes; without them (NULL)
 * the array is [chains, length, dims], row-major. The dimensions are measured one by one, each by one thread, to the same
 * bits on any number of threads.
 *
 * **Results** are arrays [dims]. A result is NaN if a draw of its dimension is not finite, or where it makes no sense of
 * draws that are all the same. The scale of the draws does not matter, be they 1e-300 or 1e300.
 *
 * **Chains are split** into halves, without the draw in the middle if the length is odd, so that a chain that drifts is
 * told from one that does not; then one chain will do.
 *
 * **Memory**: the draws are not copied as a whole. A call needs up to 32 chains * length + 80 length bytes and 1 MiB for
 * each thread, of which there are no more than dimensions, and 8 chains * length + 32 length bytes for all. */
#ifndef LEBM_DIAGNOSTICS_H
#define LEBM_DIAGNOSTICS_H

#include <stdint.h>

#include "lebm/export.h"

LEBM_BEGIN_DECLS

/** R-hat and the two effective sample sizes that tell whether the chains agree and are long enough. All three are of ranks,
 * turned into numbers of a normal distribution, so that draws without a mean or variance have them as well.
 *
 * R-hat is the larger of that of the ranks and that of the ranks of |draw - median|, which sees chains that differ in
 * their spread; chains that each stand still at another place have an infinite one. At most 1.01 is good.
 * The bulk ESS says how many independent draws would tell the centre of the distribution as well, the tail ESS is the
 * lesser of those for the quantiles at 5 % and 95 %; if no draw lies beyond one of these, as with draws of few values, it
 * is that of the other. At least 400 are good, or 100 for each of few chains. Of S draws both are at most S log10 S.
 * @param draws     see above
 * @param chains    number of chains, 1 or more
 * @param length    draws of each chain, 4 or more; of chains * length there may be 2^31 - 1
 * @param dims      numbers of a draw, 1 or more
 * @param strides   [3] of chain, draw and dimension, or NULL: the array is [chains, length, dims]
 * @param threads   as the samplers' option: 0 means LEBM_NUM_THREADS or all processors
 * @param rhat      [dims], or NULL
 * @param ess_bulk  [dims], or NULL
 * @param ess_tail  [dims], or NULL
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE, LEBM_ERR_SHAPE (too many draws, or strides that lead out of any
 *         memory), LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_diagnostics_convergence(const double *draws, int64_t chains, int64_t length, int64_t dims,
                                          const int64_t *strides, int64_t threads, double *rhat, double *ess_bulk,
                                          double *ess_tail);

/** Nested R-hat: whether many chains have converged that may be too short for R-hat, down to one draw each. Chains
 * 0 to M - 1 are the first superchain, the next M the second, and so on; the chains of a superchain began at one place, and
 * the superchains at places far apart from each other. Superchains whose starts were drawn from one distribution always
 * agree, whether they have converged or not.
 * @param draws        see above
 * @param chains       number of chains, which superchains must divide
 * @param length       draws of each chain, 1 or more, 4 or more if `ranked` is not NULL; of chains * length there may be
 *                     2^31 - 1
 * @param dims         numbers of a draw, 1 or more
 * @param strides      [3] of chain, draw and dimension, or NULL: the array is [chains, length, dims]
 * @param superchains  2 or more
 * @param threads      as the samplers' option: 0 means LEBM_NUM_THREADS or all processors
 * @param raw          [dims], or NULL: of the draws as they are, as R's posterior computes it. With superchains of M chains
 *                     of one independent draw it is near sqrt(1 + 1/M), not 1.
 * @param ranked       [dims], or NULL: of chains in halves, the larger of that of ranks and that of ranks of
 *                     |draw - median|, as ArviZ computes it
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE, LEBM_ERR_SHAPE (superchains do not divide the chains, too many draws,
 *         or strides that lead out of any memory), LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_diagnostics_nested_rhat(const double *draws, int64_t chains, int64_t length, int64_t dims,
                                          const int64_t *strides, int64_t superchains, int64_t threads, double *raw,
                                          double *ranked);

/** Mean, how exact it is, and how many draws of a chain count as one.
 * @param draws    see above
 * @param chains   number of chains, 1 or more
 * @param length   draws of each chain, 4 or more; of chains * length there may be 2^31 - 1
 * @param dims     numbers of a draw, 1 or more
 * @param strides  [3] of chain, draw and dimension, or NULL: the array is [chains, length, dims]
 * @param threads  as the samplers' option: 0 means LEBM_NUM_THREADS or all processors
 * @param mean     [dims], or NULL: the mean of all draws
 * @param mcse     [dims], or NULL: its Monte Carlo standard error, sd / sqrt(ESS), with the ESS of the draws themselves
 * @param autocorrelation_time  [dims], or NULL: S / ESS of S draws, the integrated autocorrelation time
 *                              1 + 2 (rho_1 + rho_2 + ...), in draws; less than 1 where draws avoid the last ones
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE, LEBM_ERR_SHAPE (too many draws, or strides that lead out of any
 *         memory), LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_diagnostics_mean(const double *draws, int64_t chains, int64_t length, int64_t dims,
                                   const int64_t *strides, int64_t threads, double *mean, double *mcse,
                                   double *autocorrelation_time);

/** Standard deviation, and how exact it is.
 * @param draws    see above
 * @param chains   number of chains, 1 or more
 * @param length   draws of each chain, 4 or more; of chains * length there may be 2^31 - 1
 * @param dims     numbers of a draw, 1 or more
 * @param strides  [3] of chain, draw and dimension, or NULL: the array is [chains, length, dims]
 * @param threads  as the samplers' option: 0 means LEBM_NUM_THREADS or all processors
 * @param sd       [dims], or NULL: of all draws, with the divisor chains * length - 1
 * @param mcse     [dims], or NULL: its Monte Carlo standard error, by the ESS of (draw - mean)^2 and the variance of that
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE, LEBM_ERR_SHAPE (too many draws, or strides that lead out of any
 *         memory), LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_diagnostics_sd(const double *draws, int64_t chains, int64_t length, int64_t dims,
                                 const int64_t *strides, int64_t threads, double *sd, double *mcse);

/** A quantile, and how exact it is.
 * @param draws        see above
 * @param chains       number of chains, 1 or more
 * @param length       draws of each chain, 4 or more; of chains * length there may be 2^31 - 1
 * @param dims         numbers of a draw, 1 or more
 * @param strides      [3] of chain, draw and dimension, or NULL: the array is [chains, length, dims]
 * @param probability  of draws below it, 1e-9 to 1 - 1e-9; 0.5 is the median
 * @param threads      as the samplers' option: 0 means LEBM_NUM_THREADS or all processors
 * @param quantile     [dims], or NULL: between two draws on the line from one to the other (NumPy's "linear", R's type 7)
 * @param mcse         [dims], or NULL: its Monte Carlo standard error, half the distance of the draws that a beta
 *                     distribution by the quantile's ESS puts one standard deviation to either side
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE, LEBM_ERR_SHAPE (too many draws, or strides that lead out of any
 *         memory), LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_diagnostics_quantile(const double *draws, int64_t chains, int64_t length, int64_t dims,
                                       const int64_t *strides, double probability, int64_t threads, double *quantile,
                                       double *mcse);

/** The energy Bayesian fraction of missing information of Hamiltonian Monte Carlo, of each chain: the mean square of the
 * change of the energy from draw to draw, over the energy's variance. Below 0.3 the momentum that is drawn anew changes
 * the energy too little for the chain to reach the tails.
 * @param energies  of chain c at draw t: energies[c * strides[0] + t * strides[1]]
 * @param chains    number of chains, 1 or more
 * @param length    draws of each chain, 4 or more; at most 2^31 - 1
 * @param strides   [2] of chain and draw, or NULL: the array is [chains, length]
 * @param threads   as the samplers' option: 0 means LEBM_NUM_THREADS or all processors
 * @param e_bfmi    [chains]; NaN for a chain whose energies are all the same, or not all finite
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE, LEBM_ERR_SHAPE (strides that lead out of any memory),
 *         LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_diagnostics_e_bfmi(const double *energies, int64_t chains, int64_t length, const int64_t *strides,
                                     int64_t threads, double *e_bfmi);

LEBM_END_DECLS

#endif
