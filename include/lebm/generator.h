/** @file generator.h
 * The generator p(x|z): a decoder of z and a likelihood of x. The decoder of pixels is the net g; that of tokens is a
 * recurrent net (lebm/tokens.h), of which lebm_generator_net() is NULL and whose parameters are read by the functions
 * below, as those of any kind are. */
#ifndef LEBM_GENERATOR_H
#define LEBM_GENERATOR_H

#include <stdint.h>

#include "lebm/export.h"
#include "lebm/net.h"

LEBM_BEGIN_DECLS

/** The generator p(x|z); made by lebm_generator_create(), lebm_generator_create_from_spec(), lebm_model_create() or
 * lebm_model_load(). */
typedef struct lebm_generator lebm_generator;

/** @name Likelihoods, for lebm_generator_create() and lebm_generator_create_from_spec()
 * @{ */
/** x = g(z) + noise, noise ~ N(0, sigma^2 I) (eq. 3, 23):
 * log p(x|z) = -|x - g(z)|^2/(2 sigma^2) - D/2 log(2 pi sigma^2) */
#define LEBM_GAUSSIAN "gaussian"
/** x_i in [0, 1], g(z) the logits: log p(x|z) = sum of x_i g_i - softplus(g_i) */
#define LEBM_BERNOULLI "bernoulli"
/** x a sequence of tokens, each of which has a probability given those before it and z (lebm/tokens.h) */
#define LEBM_CATEGORICAL "categorical"
/** @} */

/** @name Kinds of data, as lebm_generator_data_kind() tells them
 * @{ */
/** x is an image, or any vector of real numbers */
#define LEBM_PIXELS "pixels"
/** x is a sequence of tokens (lebm/tokens.h) */
#define LEBM_TOKENS "tokens"
/** @} */

/** @name Options
 * @{ */
/** What becomes of a number of x that lies far outside the range of the mean (lebm_generator_data_range()), as pixels of
 * 0 to 255 do if g ends in tanh: "error", LEBM_ERR_RANGE (default), or "allow", it is taken as it is. For LEBM_GAUSSIAN
 * far outside is farther than 10 sigma and the width of the range, or 1 where it is open at one end: for tanh with sigma
 * 0.3 below -6 or above 6. An open end, and a g without bounds, allow any number. For LEBM_BERNOULLI, x outside 0 to 1 is
 * always an error, and for both what is not finite. The option is not part of a model, and is not saved. */
#define LEBM_GENERATOR_OUT_OF_RANGE "out_of_range"
/** What becomes of numbers of x that are NaN, as those of a broken sensor or of a part to be painted in: "error",
 * LEBM_ERR_RANGE (default), or "skip", they are left out: log p(x|z), its score, its gradient and reconstruction_mse are
 * those of the other numbers, as if x had no more. A row of NaN alone tells nothing of z: its posterior is the prior. The
 * option is not part of a model, and is not saved. */
#define LEBM_GENERATOR_MISSING "missing"
/** @} */

/** Make a generator from the net g and a likelihood.
 * @param out         receives the generator; the caller owns it
 * @param g           the net, which the generator holds from now on. The caller gives his own hold up by
 *                    lebm_net_destroy(), whenever he likes.
 * @param likelihood  LEBM_GAUSSIAN or LEBM_BERNOULLI
 * @param sigma       standard deviation of the Gaussian's noise, 1e-6 to 1e6; must be 0 for LEBM_BERNOULLI
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION, LEBM_ERR_RANGE, LEBM_ERR_STATE (another prior or
 *         generator holds g), LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_generator_create(lebm_generator **out, lebm_net *g, const char *likelihood, double sigma);

/** Make a generator from the spec of its decoder. All its parameters are zero: lebm_generator_init() comes next.
 * @param out         receives the generator; the caller owns it
 * @param spec        of a net (lebm/net.h) or, for LEBM_CATEGORICAL, of a recurrent net of tokens (lebm/tokens.h)
 * @param likelihood  LEBM_GAUSSIAN, LEBM_BERNOULLI or LEBM_CATEGORICAL
 * @param sigma       standard deviation of the Gaussian's noise, 1e-6 to 1e6; must be 0 for the others
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_FORMAT or LEBM_ERR_UNKNOWN_OPTION (spec, the text names the place; or no
 *         such likelihood), LEBM_ERR_RANGE, LEBM_ERR_SHAPE (sizes in the spec that do not fit together), LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_generator_create_from_spec(lebm_generator **out, const char *spec, const char *likelihood,
                                             double sigma);

/** Set all parameters at random, as lebm_net_init() does those of a net. Of a recurrent net LEBM_INIT_PYTORCH draws an
 * embedding that is not tied from N(0, 1), and all that a cell has from U(-1/sqrt(H), 1/sqrt(H)).
 * @param scheme  LEBM_INIT_PYTORCH, LEBM_INIT_XAVIER_NORMAL or LEBM_INIT_UNIFORM
 * @param seed    parameters are a function of scheme, seed and spec
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION, LEBM_ERR_STATE (a call is using the generator)
 * Threads: no other call may be using the generator. @since 0.1.0 */
LEBM_API int lebm_generator_init(lebm_generator *generator, const char *scheme, uint64_t seed);

/** The spec that makes its decoder again.
 * @return a string owned by the generator, valid as long as it; NULL if `generator` is NULL or there is no memory
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_generator_spec(const lebm_generator *generator);

/** Release a generator, and its net if the caller has given that up; NULL does nothing.
 * Threads: no other call may be using the generator, and no trainer may hold it. @since 0.1.0 */
LEBM_API void lebm_generator_destroy(lebm_generator *generator);

/** Set an option. @param key  LEBM_GENERATOR_OUT_OF_RANGE, ...   @param value  one of its choices; it is copied
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION, LEBM_ERR_RANGE, LEBM_ERR_STATE (a call is using the
 *         generator)
 * Threads: no other call may be using the generator. @since 0.1.0 */
LEBM_API int lebm_generator_set_str(lebm_generator *generator, const char *key, const char *value);

/** Read an option.
 * @param value  receives a string owned by the generator, valid until the option is set again or the generator
 *               destroyed; NULL on failure
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_generator_get_str(const lebm_generator *generator, const char *key, const char **value);

/** @name Listing the options
 * @{ */
/** Number of options; 0 if `generator` is NULL. Threads: any. @since 0.1.0 */
LEBM_API int64_t lebm_generator_option_count(const lebm_generator *generator);

/** Key of the option at `index`, from 0 to their number less 1.
 * @return a static string; NULL if there is none
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_generator_option_key(const lebm_generator *generator, int64_t index);

/** Type of the option `key`, which names the functions that set and read it: "str".
 * @return a static string; NULL if there is no such option
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_generator_option_type(const lebm_generator *generator, const char *key);

/** What the option `key` does, in one line.
 * @return a static string; NULL if there is no such option
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_generator_option_help(const lebm_generator *generator, const char *key);

/** The values that the option `key` may have, separated by '|', the default first: "error|allow".
 * @return a static string; NULL if there is no such option
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_generator_option_choices(const lebm_generator *generator, const char *key);
/** @} */

/** The net g, borrowed: valid as long as the generator or the caller's own hold on the net. Its parameters may
 * be set; layers cannot be added.
 * @return NULL if `generator` is NULL or of a kind that has no net
 * Threads: any. @since 0.1.0 */
LEBM_API lebm_net *lebm_generator_net(lebm_generator *generator);

/** @name Parameters of a generator of any kind
 * Of one that has a net they are the net's, in the same order (lebm/net.h).
 * @{ */
/** Number of parameter tensors; 0 if `generator` is NULL. Threads: any. @since 0.1.0 */
LEBM_API int64_t lebm_generator_param_count(const lebm_generator *generator);

/** Number of floats of tensor `index`; 0 if there is none. Threads: any. @since 0.1.0 */
LEBM_API int64_t lebm_generator_param_size(const lebm_generator *generator, int64_t index);

/** Name of tensor `index`, such as "0.weight".
 * @return a string owned by the generator; NULL if there is none
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_generator_param_name(const lebm_generator *generator, int64_t index);

/** Number of axes of tensor `index`, 1 to 4; 0 if there is none. Threads: any. @since 0.1.0 */
LEBM_API int64_t lebm_generator_param_ndim(const lebm_generator *generator, int64_t index);

/** Size of tensor `index` along `axis`; 0 if there is none. Threads: any. @since 0.1.0 */
LEBM_API int64_t lebm_generator_param_dim(const lebm_generator *generator, int64_t index, int64_t axis);

/** Copy tensor `index` out, row-major.
 * @param dst    [count]   @param count  must be lebm_generator_param_size(generator, index)
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE (no such tensor), LEBM_ERR_SHAPE (count), LEBM_ERR_STATE (a call is
 *         changing the generator)
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_generator_get_param(const lebm_generator *generator, int64_t index, float *dst, int64_t count);

/** Set tensor `index`, row-major. Samplers and trainers refuse a generator that has a weight (not a bias) which was
 * neither initialised, set nor loaded.
 * @param src    [count]   @param count  must be lebm_generator_param_size(generator, index)
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE (no such tensor), LEBM_ERR_SHAPE (count), LEBM_ERR_STATE (a call is
 *         using the generator)
 * Threads: no other call may be using the generator. @since 0.1.0 */
LEBM_API int lebm_generator_set_param(lebm_generator *generator, int64_t index, const float *src, int64_t count);
/** @} */

/** Size M of z; 0 if `generator` is NULL. Threads: any. @since 0.1.0 */
LEBM_API int64_t lebm_generator_latent_size(const lebm_generator *generator);

/** Size D = C H W of x; 0 if `generator` is NULL. Threads: any. @since 0.1.0 */
LEBM_API int64_t lebm_generator_data_size(const lebm_generator *generator);

/** What x is: LEBM_PIXELS or LEBM_TOKENS. A static string; NULL if `generator` is NULL. Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_generator_data_kind(const lebm_generator *generator);

/** Shape of x: channels, height and width; (D, 1, 1) if it is no image, (1, 1, D) if it is tokens.
 * @param chw  receives three numbers
 * @return LEBM_OK, LEBM_ERR_INVALID
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_generator_data_shape(const lebm_generator *generator, int64_t *chw);

/** Range of the mean of x, and so of the pixels: 0 to 1 for LEBM_BERNOULLI; for LEBM_GAUSSIAN what g's last layer, but
 * for reshapes, allows: -1 to 1 if it is tanh, 0 to 1 if sigmoid, 0 to infinity if relu or softplus, else -infinity to
 * infinity. For LEBM_CATEGORICAL 0 to V - 1.
 * @param low  receives the least value   @param high  receives the largest
 * @return LEBM_OK, LEBM_ERR_INVALID
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_generator_data_range(const lebm_generator *generator, double *low, double *high);

/** Name of the likelihood, a static string; NULL if `generator` is NULL. Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_generator_likelihood(const lebm_generator *generator);

/** Standard deviation of the Gaussian's noise; 0 for a likelihood without one.
 * Threads: any, but not while a trainer learns it (LEBM_TRAINER_SIGMA_LEARNING_RATE). @since 0.1.0 */
LEBM_API double lebm_generator_sigma(const lebm_generator *generator);

/** The mean of x given z, for each row (eq. 3): g(z), or sigmoid(g(z)) for LEBM_BERNOULLI. For LEBM_CATEGORICAL, which has
 * no mean, the sequence of the tokens that are most probable each after those before it, until that is the end; the first
 * of equals. A row of z that is not finite may give NaN.
 * @param z  [n, M]   @param n  0 or more rows
 * @param x  [n, D]
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE, LEBM_ERR_STATE (a call is changing the generator), LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_generator_decode(const lebm_generator *generator, const float *z, int64_t n, float *x);

/** Draw x from p(x|z), for each row: the mean plus noise of N(0, sigma^2 I) for LEBM_GAUSSIAN (eq. 3), 0 or 1 for
 * LEBM_BERNOULLI, token by token for LEBM_CATEGORICAL. With z from lebm_sampler_run_prior() these are draws of x from the
 * model. Noise may take them out of the mean's range.
 * @param z       [n, M]   @param n  0 or more rows
 * @param seed    key of the random numbers   @param stream  second key: another one for unrelated numbers
 * @param x       [n, D]; row i is a function of z's row i, seed, stream and i
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE, LEBM_ERR_STATE (a call is changing the generator), LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_generator_draw(const lebm_generator *generator, const float *z, int64_t n, uint64_t seed,
                                 uint64_t stream, float *x);

/** log p(x|z) for each row, in nats, all constants included (eq. 23 for LEBM_GAUSSIAN).
 * @param z    [n, M]   @param x  [n, D]   @param n  0 or more rows
 * @param out  [n]
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE (also if x is not finite or out of range, see
 *         LEBM_GENERATOR_MISSING and LEBM_GENERATOR_OUT_OF_RANGE), LEBM_ERR_STATE (a call is changing the generator),
 *         LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_generator_log_likelihood(const lebm_generator *generator, const float *z, const float *x, int64_t n,
                                           float *out);

/** d log p(x|z)/dz for each row: the likelihood's part of the posterior score (eq. 25).
 * @param z      [n, M]   @param x  [n, D]   @param n  0 or more rows
 * @param score  [n, M]
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE (also if x is not finite or out of range, see
 *         LEBM_GENERATOR_MISSING and LEBM_GENERATOR_OUT_OF_RANGE), LEBM_ERR_STATE (a call is changing the generator),
 *         LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_generator_score(const lebm_generator *generator, const float *z, const float *x, int64_t n,
                                  float *score);

LEBM_END_DECLS

#endif
