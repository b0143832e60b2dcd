/** @file model.h
 * Models as files. A model file is a safetensors file: parameters as tensors "f.0.weight", ..., "g.0.weight", ... in
 * PyTorch's layout; specs, sigma0, likelihood and sigma as text in its metadata (docs/file-format.md). A checkpoint
 * (lebm_trainer_save()) is a model file with more in it, and is read here as well. */
#ifndef LEBM_MODEL_H
#define LEBM_MODEL_H

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

/** Save a model.
 * @param path  in the bytes that the system has for it, UTF-8 or not; an existing file is replaced in one piece or not at
 *              all, and what is no regular file is refused; a symbolic link is followed
 * @return LEBM_OK, LEBM_ERR_INVALID (also if a parameter is not finite), LEBM_ERR_SHAPE if prior and generator differ
 *         in the size of z,
 *         LEBM_ERR_IO (the text has path and reason), LEBM_ERR_UNSUPPORTED (a header over 16 MiB),
 *         LEBM_ERR_STATE (a weight of a net was never set, or a call is changing a net), LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_model_save(const char *path, const lebm_prior *prior, const lebm_generator *generator);

/** Load a model from a model file or checkpoint. The file is not trusted: every size in it is checked.
 * @param prior      receives the prior, or NULL to load none; the caller owns it
 * @param generator  receives the generator, or NULL to load none; the caller owns it
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_IO, LEBM_ERR_FORMAT, LEBM_ERR_VERSION (a newer library put in what this one
 *         does not know, which the text names), LEBM_ERR_UNSUPPORTED (tensors that are not float32), LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_model_load(const char *path, lebm_prior **prior, lebm_generator **generator);

/** Make a sampler with the kernel and options that a model was trained with, from its checkpoint or from the file that
 * lebm_trainer_save_model() wrote.
 * @param role     LEBM_TO_PRIOR or LEBM_TO_POSTERIOR
 * @param sampler  receives the sampler; the caller owns it
 * @return as lebm_model_load(), LEBM_ERR_UNKNOWN_OPTION (no such role), LEBM_ERR_STATE (a model file without samplers)
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_model_load_sampler(const char *path, const char *role, lebm_sampler **sampler);

LEBM_END_DECLS

#endif
