/** @file model.h
 * Models as a whole: a prior and a generator for one size of z, made of two specs, saved and loaded. A model file is a
 * safetensors file: parameters as tensors "f.0.weight", ..., "g.0.weight", ... in PyTorch's layout; specs, sigma0,
 * likelihood, sigma and vocabulary as text in its metadata (docs/file-format.md). A checkpoint (lebm_trainer_save()) is a
 * model file with more in it, and is read here as well. */
#ifndef LEBM_MODEL_H
#define LEBM_MODEL_H

#include <stdint.h>

#include "lebm/export.h"
#include "lebm/generator.h"
#include "lebm/prior.h"
#include "lebm/sampler.h"

LEBM_BEGIN_DECLS

/** @name The two samplers of a training, for lebm_model_load_sampler()
 * @{ */
#define LEBM_TO_PRIOR     "to_prior"     /**< the one that draws from p(z) */
#define LEBM_TO_POSTERIOR "to_posterior" /**< the one that draws from p(z|x) */
/** @} */

/** Make a model of two specs, with parameters at random: the nets f and g, and of them prior and generator, which hold
 * them (lebm_prior_net(), lebm_generator_net()), or a generator of tokens. It is what lebm_net_create_from_spec(),
 * lebm_net_init(), lebm_prior_create(), lebm_generator_create_from_spec() and lebm_generator_init() make together.
 * @param prior       receives the prior; the caller owns it
 * @param generator   receives the generator; the caller owns it
 * @param f_spec      spec of f, from z to 1 number: "in 16; linear 200; gelu; linear 1"
 * @param sigma0      standard deviation of p0, 1e-6 to 1e6
 * @param g_spec      spec of g, from z to D numbers or an image; or, for LEBM_CATEGORICAL, to tokens (lebm/tokens.h)
 * @param likelihood  LEBM_GAUSSIAN, LEBM_BERNOULLI or LEBM_CATEGORICAL
 * @param sigma       standard deviation of the Gaussian's noise, 1e-6 to 1e6; must be 0 for the others
 * @param scheme      LEBM_INIT_PYTORCH, LEBM_INIT_XAVIER_NORMAL or LEBM_INIT_UNIFORM
 * @param seed        f is initialised with it, g with seed + 1: they start independent, even of one spec
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_FORMAT or LEBM_ERR_UNKNOWN_OPTION (a spec, the text names the place; or no
 *         such likelihood or scheme), LEBM_ERR_RANGE, LEBM_ERR_SHAPE (also if f and g differ in the size of z, or f has
 *         not 1 output), LEBM_ERR_NOMEM; on failure both are NULL
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_model_create(lebm_prior **prior, lebm_generator **generator, const char *f_spec, double sigma0,
                               const char *g_spec, const char *likelihood, double sigma, const char *scheme,
                               uint64_t seed);

/** Save a model.
 * @param path  in the bytes that the system has for it, UTF-8 or not; an existing file is replaced in one piece or not at
 *              all, and what is no regular file is refused; a symbolic link is followed
 * @return LEBM_OK, LEBM_ERR_INVALID (also if a parameter is not finite), LEBM_ERR_SHAPE (prior and generator differ in
 *         the size of z), LEBM_ERR_IO (the text has path and reason), LEBM_ERR_UNSUPPORTED (a header over 16 MiB),
 *         LEBM_ERR_STATE (a weight of a net was never set, or a call is changing a net), LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_model_save(const char *path, const lebm_prior *prior, const lebm_generator *generator);

/** Load a model from a model file or checkpoint. The file is not trusted: every size in it is checked.
 * @param path       in the bytes that the system has for it, UTF-8 or not
 * @param prior      receives the prior, or NULL to load none; the caller owns it
 * @param generator  receives the generator, or NULL to load none; the caller owns it
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_IO, LEBM_ERR_FORMAT, LEBM_ERR_VERSION (a newer library put in what this
 *         one does not know, which the text names), LEBM_ERR_UNSUPPORTED (tensors that are not float32),
 *         LEBM_ERR_NOMEM; on failure both are NULL
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_model_load(const char *path, lebm_prior **prior, lebm_generator **generator);

/** Make a sampler with the kernel and options that a model was trained with, from its checkpoint or from the file that
 * lebm_trainer_save_model() wrote.
 * @param path     in the bytes that the system has for it, UTF-8 or not
 * @param role     LEBM_TO_PRIOR or LEBM_TO_POSTERIOR
 * @param sampler  receives the sampler; the caller owns it
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such role), LEBM_ERR_STATE (a model file without
 *         samplers), LEBM_ERR_IO, LEBM_ERR_FORMAT, LEBM_ERR_VERSION (a newer library put in what this one does not
 *         know, which the text names), LEBM_ERR_UNSUPPORTED (tensors that are not float32), LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_model_load_sampler(const char *path, const char *role, lebm_sampler **sampler);

LEBM_END_DECLS

#endif
