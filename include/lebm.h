/** @file lebm.h
 * liblatentebm: latent-space energy-based prior models, learned by maximum likelihood with Langevin Monte Carlo.
 *
 * The model of an observation x with a latent vector z (Pang, Han, Nijkamp, Zhu and Wu, NeurIPS 2020):
 *
 *     p(x, z)  = p(z) p(x|z)
 *     p(z)     = exp(f(z)) N(z; 0, sigma0^2 I) / Z       lebm_prior: the net f and sigma0
 *     p(x|z)   = N(x; g(z), sigma^2 I), for images       lebm_generator: the net g and a likelihood
 *                or of a recurrent net, for text         (lebm/tokens.h)
 *
 * A lebm_net is f or g; a lebm_sampler is a transition kernel that draws z; a lebm_trainer learns f and g.
 * Equation numbers in these headers are those of docs/mathematics.md. A program that makes a model, trains it, samples
 * from it and saves it:
 *
 * ```c
 * #include <lebm.h>
 * #include <stdio.h>
 *
 * int main(void)
 * {
 *     const char *f = "in 1; linear 16; gelu; linear 1", *g = "in 1; linear 16; gelu; linear 1";
 *     lebm_prior *prior;
 *     lebm_generator *generator;
 *     lebm_sampler *sampler;
 *     lebm_trainer *trainer;
 *     float x[100], z[100];
 *     for (int i = 0; i < 100; i++) x[i] = i % 2 == 0 ? 1 : -1; // the data: 100 observations of one number
 *
 *     int failed = lebm_model_create(&prior, &generator, f, 1.0, g, LEBM_GAUSSIAN, 0.5, LEBM_INIT_PYTORCH, 1) ||
 *                  lebm_sampler_create(&sampler, LEBM_LANGEVIN) ||
 *                  lebm_trainer_create(&trainer, prior, generator, sampler, sampler) ||
 *                  lebm_trainer_set_f64(trainer, LEBM_TRAINER_PRIOR_LEARNING_RATE, 1e-3) ||
 *                  lebm_trainer_set_f64(trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 1e-2);
 *     for (int step = 0; step < 500 && !failed; step++) failed = lebm_trainer_step(trainer, x, 100);
 *     failed = failed || lebm_sampler_run_prior(sampler, prior, 100, z) ||
 *              lebm_generator_decode(generator, z, 100, x) || lebm_model_save("model.safetensors", prior, generator);
 *     if (failed) fprintf(stderr, "%s\n", lebm_last_error());
 *     return failed;
 * }
 * ```
 *
 * One that goes on would destroy what it made: first the trainer, which only borrows, then the others in any order.
 *
 * Rules that hold for every function:
 * - Functions that can fail return a status (lebm/status.h): 0 is success, failures are negative, and
 *   lebm_last_error() gives the text. On failure an out-parameter `T **out` is set to NULL.
 * - Arrays are row-major, contiguous float32, n rows; images are channel-first (C, H, W). The arrays of one call must
 *   not overlap. No pointer to them is kept after the call.
 * - x is checked wherever it is given: LEBM_ERR_RANGE if a number is not finite or far out of range. (With the
 *   generator's option LEBM_GENERATOR_MISSING a NaN stands for a number that is missing.) Other numbers in arrays are
 *   not checked on their way in: a NaN in z comes out of a density, score or net as NaN. Chains and training steps check
 *   what they compute, and return LEBM_ERR_DIVERGED.
 * - A handle belongs to the caller, who destroys it; a pointer returned directly is borrowed.
 * - Models (net, prior, generator) are read-only while used: functions that take them as `const` may run at the
 *   same time on any number of threads. A sampler or trainer serves one thread at a time.
 * - Two environment variables are read, once, when the library is loaded: LEBM_NUM_THREADS, a number, stands in for an
 *   option threads of 0 (what is no number from 1 means all processors); LEBM_ISA, "avx512", "avx2" or "baseline", keeps
 *   to the kernels of lesser processors. lebm_build_info() tells what was set, and if it was not understood.
 */
#ifndef LEBM_H
#define LEBM_H

#include "lebm/annealing.h"
#include "lebm/diagnostics.h"
#include "lebm/export.h"
#include "lebm/generator.h"
#include "lebm/model.h"
#include "lebm/net.h"
#include "lebm/prior.h"
#include "lebm/sampler.h"
#include "lebm/status.h"
#include "lebm/target.h"
#include "lebm/tokens.h"
#include "lebm/traces.h"
#include "lebm/trainer.h"
#include "lebm/version.h"

#endif
