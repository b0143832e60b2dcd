/** @file trainer.h
 * A trainer learns prior and generator by maximum likelihood. One step on a batch x:
 *
 *     z+ ~ p(z|x), z- ~ p(z)                            two runs of Langevin chains (eq. 20, 24)
 *     gradient for f: mean of df(z+) - mean of df(z-)   (eq. 19)
 *     gradient for g: mean of d log p(x|z+)             (eq. 22)
 *
 * and Adam (Kingma and Ba 2015, as in PyTorch) ascends both. */
#ifndef LEBM_TRAINER_H
#define LEBM_TRAINER_H

#include <stdint.h>

#include "lebm/export.h"
#include "lebm/generator.h"
#include "lebm/prior.h"
#include "lebm/sampler.h"

LEBM_BEGIN_DECLS

/** What joins prior, generator and two samplers to learn; made by lebm_trainer_create(). */
typedef struct lebm_trainer lebm_trainer;

/** @name Options
 * With their defaults in brackets: those of the authors' SVHN model; smaller models learn well at far larger rates.
 * @{ */
#define LEBM_TRAINER_PRIOR_LEARNING_RATE     "prior_learning_rate"     /**< f64: Adam's rate for f (2e-5) */
#define LEBM_TRAINER_GENERATOR_LEARNING_RATE "generator_learning_rate" /**< f64: Adam's rate for g (1e-4) */
#define LEBM_TRAINER_BETA1                   "beta1"           /**< f64: Adam's decay of the first moment (0.5) */
#define LEBM_TRAINER_BETA2                   "beta2"           /**< f64: Adam's decay of the second moment (0.999) */
#define LEBM_TRAINER_EPSILON                 "epsilon"         /**< f64: Adam's epsilon (1e-8) */
#define LEBM_TRAINER_DECAY_PER_EPOCH         "decay_per_epoch" /**< f64: factor on both rates for each epoch done (1) */
#define LEBM_TRAINER_PRIOR_WEIGHT_DECAY      "prior_weight_decay" /**< f64: L2 term of f, as in torch.optim.Adam (0) */
#define LEBM_TRAINER_GENERATOR_WEIGHT_DECAY                                                                            \
    "generator_weight_decay"                                   /**< f64: L2 term of g, as in torch.optim.Adam (0) */
#define LEBM_TRAINER_PRIOR_CLIP_NORM     "prior_clip_norm"     /**< f64: largest gradient norm of f; 0: any (0) */
#define LEBM_TRAINER_GENERATOR_CLIP_NORM "generator_clip_norm" /**< f64: largest gradient norm of g; 0: any (0) */
#define LEBM_TRAINER_SEED                "seed"                /**< i64: key of all random numbers of training (0) */
#define LEBM_TRAINER_THREADS             "threads" /**< i64: threads of a step; 0: LEBM_NUM_THREADS or all (0) */
#define LEBM_TRAINER_NOTE                "note"    /**< str: the caller's own text, kept in checkpoints ("") */
/** f64: a step has diverged, LEBM_ERR_DIVERGED, if the root of reconstruction_mse (for LEBM_BERNOULLI -log_likelihood per
 * number of x that is there) or f_gap / sqrt(M) is more than so many times the largest of 1, sigma0, and the root mean
 * squares of x and z+; 0: only if something is not finite (1000) */
#define LEBM_TRAINER_DIVERGENCE_THRESHOLD "divergence_threshold"
#define LEBM_TRAINER_POSTERIOR_CHAINS                                                                                  \
    "posterior_chains"                                /**< str: "fresh" or "kept": lebm_trainer_step_of() ("fresh") */
#define LEBM_TRAINER_OBSERVATIONS      "observations" /**< i64: how many there are, for kept chains; 0: unknown (0) */
#define LEBM_TRAINER_FIRST_VISIT_STEPS "first_visit_steps" /**< i64: of a kept chain that begins; 0: as of others (0) */
#define LEBM_TRAINER_PRIOR_CHAINS      "prior_chains"  /**< str: "fresh" or "kept": lebm_trainer_step_of() ("fresh") */
#define LEBM_TRAINER_PRIOR_RENEWAL     "prior_renewal" /**< f64: share of kept chains that begin anew (0.05) */
#define LEBM_TRAINER_AVERAGE_DECAY     "average_decay" /**< f64: of lebm_trainer_average(); 0: no averages (0) */
/** f64, 0 to 1: r, by which sigma of LEBM_GAUSSIAN is learned, too; 0: it stays as it is (0). After each step
 *
 *     sigma^2 <- sigma^2 + r (e - sigma^2),    e = reconstruction_mse of the batch, (x - g(z+))^2 per number of x
 *
 * which is ascent of the likelihood along its natural gradient: d log p(x)/d sigma^2 = E_{p(z|x)}[D (e - sigma^2)/(2 sigma^4)],
 * divided by the Fisher information D/(2 sigma^4). It rests where sigma^2 is the mean of e, as at the maximum of the likelihood
 * (at a likelihood_weight other than 1 the mean is over the z that the chains then draw, and so is sigma);
 * r = 1 is the step M of expectation maximisation on the batch, less an average over some 1/r batches; sigma^2 stays positive
 * for any r. As the curvature of log p(x|z) goes as 1/sigma^2, the step sizes of to_posterior (step_size and last_step_size)
 * change by the factor of sigma^2, those of hmc by that of sigma: they are to be right for the sigma that the generator
 * begins with. So to_posterior must be another sampler than to_prior, and no other trainer may learn the generator or have that
 * sampler: its step sizes would be for another sigma. A sigma beyond 1e-6 to 1e6 is LEBM_ERR_DIVERGED. */
#define LEBM_TRAINER_SIGMA_LEARNING_RATE "sigma_learning_rate"
/** f64: of a generator of tokens, the share of the numbers of embeddings and of the last layer's outputs that a step drops
 * at random, while the others become larger by 1/(1 - share) (Srivastava et al., 2014). What is dropped of an observation is
 * the same throughout a step: at all steps of its chain, and where the gradient is taken. So the metrics of the step are
 * under dropout, too; nothing else is (0) */
#define LEBM_TRAINER_DROPOUT "dropout"
/** f64: of a generator of tokens, the share of tokens whose embedding, as the token before, is 0 in a step, so that z must
 * tell what follows (Bowman et al., 2016); likewise (0) */
#define LEBM_TRAINER_WORD_DROPOUT "word_dropout"
/** @} */

/** @name Metrics of the last step, for lebm_trainer_metric(); means over the batch, before the update
 * @{ */
#define LEBM_TRAINER_RECONSTRUCTION_MSE "reconstruction_mse" /**< (x - decode(z+))^2 per number of x; of none 0 */
/** of tokens, which have no reconstruction_mse: -log p(x|z+) in nats per token. The sum over the rows is divided by the
 * number of their tokens and ends, but for ends after D tokens, which are certain */
#define LEBM_TRAINER_RECONSTRUCTION_NLL  "reconstruction_nll"
#define LEBM_TRAINER_LOG_LIKELIHOOD      "log_likelihood"      /**< log p(x|z+) */
#define LEBM_TRAINER_F_POSITIVE          "f_positive"          /**< f(z+) */
#define LEBM_TRAINER_F_NEGATIVE          "f_negative"          /**< f(z-) */
#define LEBM_TRAINER_F_GAP               "f_gap"               /**< f(z+) - f(z-) */
#define LEBM_TRAINER_PRIOR_GRAD_NORM     "prior_grad_norm"     /**< norm of f's gradient, before clipping */
#define LEBM_TRAINER_GENERATOR_GRAD_NORM "generator_grad_norm" /**< norm of g's gradient, before clipping */
#define LEBM_TRAINER_IMAGES_PER_SECOND   "images_per_second"   /**< n / duration of the step */
/** @} */

/** Make a trainer. It borrows all four, which must outlive it. Between its steps their options and parameters may be
 * set (Adam's moments stay as they are). Of the samplers' options it uses all that shape a chain; seed, stream and
 * threads are its own.
 * @param out           receives the trainer; the caller owns it
 * @param to_prior      draws z-   @param to_posterior  draws z+; may be the same sampler as to_prior
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_SHAPE (prior and generator differ in the size of z),
 *         LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_trainer_create(lebm_trainer **out, lebm_prior *prior, lebm_generator *generator,
                                 lebm_sampler *to_prior, lebm_sampler *to_posterior);

/** Release a trainer, not what it borrowed; NULL does nothing.
 * Threads: no other call may be using the trainer. @since 0.1.0 */
LEBM_API void lebm_trainer_destroy(lebm_trainer *trainer);

/** @name Setting and reading options
 * @{ */
/** Set an option of type "i64". Nothing is rounded or clamped.
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type),
 *         LEBM_ERR_RANGE (the text gives the bounds), LEBM_ERR_STATE (the trainer is running)
 * Threads: one call per trainer at a time. @since 0.1.0 */
LEBM_API int lebm_trainer_set_i64(lebm_trainer *trainer, const char *key, int64_t value);

/** Set an option of type "f64". Nothing is rounded or clamped.
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type),
 *         LEBM_ERR_RANGE (the text gives the bounds), LEBM_ERR_STATE (the trainer is running)
 * Threads: one call per trainer at a time. @since 0.1.0 */
LEBM_API int lebm_trainer_set_f64(lebm_trainer *trainer, const char *key, double value);

/** Set an option of type "str". @param value  UTF-8 text, which is copied
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type),
 *         LEBM_ERR_RANGE (the text gives the bounds; a text must be UTF-8 of at most 255 bytes), LEBM_ERR_STATE (the
 *         trainer is running)
 * Threads: one call per trainer at a time. @since 0.1.0 */
LEBM_API int lebm_trainer_set_str(lebm_trainer *trainer, const char *key, const char *value);

/** Read an option of type "i64". @param value  receives it
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type)
 * Threads: one call per trainer at a time. @since 0.1.0 */
LEBM_API int lebm_trainer_get_i64(const lebm_trainer *trainer, const char *key, int64_t *value);

/** Read an option of type "f64". @param value  receives it
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type)
 * Threads: one call per trainer at a time. @since 0.1.0 */
LEBM_API int lebm_trainer_get_f64(const lebm_trainer *trainer, const char *key, double *value);

/** Read an option of type "str".
 * @param value  receives a string owned by the trainer, valid until the option is set again, a checkpoint loaded or the
 *               trainer destroyed; NULL on failure
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type)
 * Threads: one call per trainer at a time. @since 0.1.0 */
LEBM_API int lebm_trainer_get_str(const lebm_trainer *trainer, const char *key, const char **value);
/** @} */

/** @name Listing the options
 * @{ */
/** Number of options; 0 if `trainer` is NULL. Threads: any. @since 0.1.0 */
LEBM_API int64_t lebm_trainer_option_count(const lebm_trainer *trainer);

/** Key of the option at `index`, from 0 to their number less 1.
 * @return a static string; NULL if there is none
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_trainer_option_key(const lebm_trainer *trainer, int64_t index);

/** Type of the option `key`, which names the functions that set and read it: "i64", "f64" or "str".
 * @return a static string; NULL if there is no such option
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_trainer_option_type(const lebm_trainer *trainer, const char *key);

/** What the option `key` does, in one line.
 * @return a static string; NULL if there is no such option
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_trainer_option_help(const lebm_trainer *trainer, const char *key);

/** The values that the option `key` of type "str" may have, separated by '|', the default first; "" for any text.
 * @return a static string; NULL if there is no such option, or it is a number
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_trainer_option_choices(const lebm_trainer *trainer, const char *key);

/** Default and bounds of an option of type "i64".
 * @param default_value  receives the value that a new trainer has
 * @param min            receives the least value allowed
 * @param max            receives the largest value allowed
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type)
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_trainer_option_bounds_i64(const lebm_trainer *trainer, const char *key, int64_t *default_value,
                                            int64_t *min, int64_t *max);

/** Default and bounds of an option of type "f64".
 * @param default_value  receives the value that a new trainer has
 * @param min            receives the least value allowed
 * @param max            receives the largest value allowed
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such key, or an option of another type)
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_trainer_option_bounds_f64(const lebm_trainer *trainer, const char *key, double *default_value,
                                            double *min, double *max);
/** @} */

/** Have `progress` called during steps, in the chains and in the learning, so that a long step can be stopped. A step
 * that it stops changes nothing: what was trained before can be saved, and goes on later to the same bits.
 * lebm_progress_fn says what it may call and what not: it may read this trainer's options and metrics, compute with its
 * model and save both, as they were before the step, but to set an option or a parameter of trainer, samplers, prior or
 * generator, to run one of the samplers, and to step, end an epoch or load is LEBM_ERR_STATE during a step, and it must
 * destroy none of them.
 * @param progress  the function; NULL: none from now on
 * @param user      handed on to it; the library does not look at it
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_STATE (the trainer is running)
 * Threads: one call per trainer at a time. @since 0.1.0 */
LEBM_API int lebm_trainer_set_progress(lebm_trainer *trainer, lebm_progress_fn progress, void *user);

/** One step of maximum likelihood on a batch (eq. 19, 22). Does the same, to the bit, for any number of threads.
 * @param x  [n, D]   @param n  1 or more observations
 * @return LEBM_OK; LEBM_STOPPED (the progress function said so); LEBM_ERR_INVALID; LEBM_ERR_RANGE (n; a number of x
 *         that is not finite or out of range, see LEBM_GENERATOR_MISSING and LEBM_GENERATOR_OUT_OF_RANGE);
 *         LEBM_ERR_SHAPE (a sampler has other than M variances for its preconditioner); LEBM_ERR_STATE (the trainer or one
 *         of its samplers is running; a sampler's start is not "noise", or its warmup not 0; one has a preconditioner but
 *         no variances; posterior_chains is "kept"; sigma is to be learned, and there is none, or one sampler for both
 *         kinds of chains; a weight of a net was never set; another call is using a net when it is to be updated);
 *         LEBM_ERR_NOMEM; LEBM_ERR_DIVERGED (not finite, or beyond divergence_threshold, the trainer's or a sampler's, or
 *         sigma out of bounds: the text names quantity, step and chain); on failure nothing was changed
 * Threads: one call per trainer at a time; no other call may be using prior or generator. @since 0.1.0 */
LEBM_API int lebm_trainer_step(lebm_trainer *trainer, const float *x, int64_t n);

/** One step on a batch of which the trainer knows which observations it is of, so that it can keep their chains.
 *
 * With posterior_chains = "kept" each observation has a chain of its own: the chain of row i goes on from where the last
 * step that had observation ids[i] left it, by the steps of the sampler to the posterior, which may be few. That of an
 * observation which no step has had yet begins at noise and makes first_visit_steps. What a chain draws is a function of
 * the trainer's seed, the number of steps done, and its observation: it does not depend on where in the batch it is, nor
 * on what else is there, nor on threads. A step whose chains all begin, of observations 0 to n - 1 in this order, does
 * what lebm_trainer_step() does with fresh chains, if first_visit_steps is 0.
 *
 * With prior_chains = "kept", here as in lebm_trainer_step(), chain i to the prior goes on from where chain i of the last
 * batch of so many rows ended, or begins at noise: those that are new, and each other one with probability prior_renewal.
 * What it draws is a function of seed, steps done and i. With prior_renewal 1 they are fresh chains.
 *
 * The trainer keeps observations x M numbers, and as many for the prior as its largest batch had rows. A step that keeps
 * no chains of a kind forgets those of before, as does one with another number of observations. Checkpoints have them.
 * divergence_threshold of the samplers then means the norm of noise of start_std, for a kept chain has no start.
 * @param x    [n, D]
 * @param ids  [n] numbers from 0 to observations - 1, no two the same; not looked at with fresh chains
 * @param n    1 or more observations
 * @return LEBM_OK; LEBM_STOPPED (the progress function said so); LEBM_ERR_INVALID; LEBM_ERR_RANGE (n; an id, with its
 *         place; a number of x that is not finite or out of range, see LEBM_GENERATOR_MISSING and
 *         LEBM_GENERATOR_OUT_OF_RANGE); LEBM_ERR_SHAPE (a sampler has other than M variances for its preconditioner);
 *         LEBM_ERR_STATE (the trainer or one of its samplers is running; a sampler's start is not "noise", or its warmup
 *         not 0; one has a preconditioner but no variances; posterior_chains is "kept" while `observations` is 0; sigma is
 *         to be learned, and there is none, or one sampler for both kinds of chains; a weight of a net was never set;
 *         another call is using a net when it is to be updated); LEBM_ERR_NOMEM; LEBM_ERR_DIVERGED (not finite, or beyond
 *         divergence_threshold, the trainer's or a sampler's, or sigma out of bounds: the text names quantity, step and
 *         chain); on failure nothing was changed, no chain either
 * Threads: one call per trainer at a time; no other call may be using prior or generator. @since 0.1.0 */
LEBM_API int lebm_trainer_step_of(lebm_trainer *trainer, const float *x, const int64_t *ids, int64_t n);

/** Make a model of the averages of f's and g's parameters over the steps, new average = d average + (1 - d) parameters
 * after each, with d = min(average_decay, (1 + t) / (10 + t)) after t such steps; what there was before the first is the
 * average of none. A step with average_decay 0 forgets them. They leave out what the last updates wander about, and are for
 * sampling and for measuring; the training itself does not use them.
 * @param prior      receives the prior, and
 * @param generator  the generator, with the options and the sigma of the trainer's; the caller owns both
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_STATE (the last step had average_decay 0, there was none, or a call
 *         is changing a net), LEBM_ERR_UNSUPPORTED (a kind of generator that cannot be copied), LEBM_ERR_NOMEM
 * Threads: one call per trainer at a time. @since 0.1.0 */
LEBM_API int lebm_trainer_average(const lebm_trainer *trainer, lebm_prior **prior, lebm_generator **generator);

/** End an epoch. Steps use both learning rates times decay_per_epoch^(epochs done): a decay that is set later counts for
 * the epochs done before, too.
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_STATE (the trainer is running)
 * Threads: one call per trainer at a time. @since 0.1.0 */
LEBM_API int lebm_trainer_end_epoch(lebm_trainer *trainer);

/** Number of steps that succeeded; kept in checkpoints; 0 if `trainer` is NULL.
 * Threads: one call per trainer at a time. @since 0.1.0 */
LEBM_API int64_t lebm_trainer_steps_done(const lebm_trainer *trainer);

/** Number of epochs ended; kept in checkpoints; 0 if `trainer` is NULL.
 * Threads: one call per trainer at a time. @since 0.1.0 */
LEBM_API int64_t lebm_trainer_epochs_done(const lebm_trainer *trainer);

/** Read a metric of the last step.
 * @param key  LEBM_TRAINER_RECONSTRUCTION_MSE, ...
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION, LEBM_ERR_STATE (no step succeeded yet)
 * Threads: one call per trainer at a time. @since 0.1.0 */
LEBM_API int lebm_trainer_metric(const lebm_trainer *trainer, const char *key, double *value);

/** Save a checkpoint: a model file (lebm/model.h) with the optimiser, averages and chains that are kept, the numbers of
 * steps and epochs, and all options of trainer and samplers but their threads. Training goes on from it as if it had never stopped, to the bit.
 * @param path  in the bytes that the system has for it, UTF-8 or not; an existing file is replaced in one piece or not at
 *              all, and what is no regular file is refused; a symbolic link is followed
 * @return LEBM_OK, LEBM_ERR_INVALID (NULL, or a value that is not finite), LEBM_ERR_IO (the text has path and reason),
 *         LEBM_ERR_UNSUPPORTED (a header over 16 MiB), LEBM_ERR_STATE (a weight of a net was never set, or
 *         a call is changing a net), LEBM_ERR_NOMEM
 * Threads: one call per trainer at a time. @since 0.1.0 */
LEBM_API int lebm_trainer_save(const lebm_trainer *trainer, const char *path);

/** Save the model alone with the settings of its samplers: a model file that lebm_model_load_sampler() understands.
 * If the last step had average_decay above 0, its parameters are the averages. With posterior_chains "kept" the sampler to
 * the posterior has first_visit_steps, if those are not 0: whoever uses the model begins at noise.
 * @param path  in the bytes that the system has for it, UTF-8 or not; an existing file is replaced in one piece or not
 *              at all, and what is no regular file is refused; a symbolic link is followed
 * @return LEBM_OK, LEBM_ERR_INVALID (NULL, or a value that is not finite), LEBM_ERR_IO (the text has path and reason),
 *         LEBM_ERR_UNSUPPORTED (a header over 16 MiB), LEBM_ERR_STATE (a weight of a net was never set, or
 *         a call is changing a net), LEBM_ERR_NOMEM
 * Threads: one call per trainer at a time. @since 0.1.0 */
LEBM_API int lebm_trainer_save_model(const lebm_trainer *trainer, const char *path);

/** Load a checkpoint into a trainer whose prior, generator and samplers are of the same kind and shape as those saved.
 * Options are set to those saved, but for threads, and those that the file lacks to their file defaults
 * (docs/file-format.md): set what is to differ afterwards. The metrics are gone until the next step. Chains and averages
 * are those of the file, or there are none.
 * @param path  in the bytes that the system has for it, UTF-8 or not
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_IO, LEBM_ERR_FORMAT, LEBM_ERR_VERSION (a newer library's), LEBM_ERR_SHAPE
 *         (another architecture), LEBM_ERR_UNSUPPORTED (tensors that are not float32), LEBM_ERR_STATE (the trainer, one
 *         of its samplers or a call on one of its nets is running), LEBM_ERR_NOMEM; on failure nothing was changed
 * Threads: one call per trainer at a time; no other call may be using prior or generator. @since 0.1.0 */
LEBM_API int lebm_trainer_load(lebm_trainer *trainer, const char *path);

LEBM_END_DECLS

#endif
