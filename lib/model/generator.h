/* The generator's inside: likelihoods and gradients of a tile. Here x is pixel-major, as the net's values are. */
#ifndef LEBM_MODEL_GENERATOR_H
#define LEBM_MODEL_GENERATOR_H

#include "core/handle.h"
#include "lebm/generator.h"
#include "lebm/prior.h"
#include "model/likelihood.h"
#include "nn/net.h"

struct lebm_generator {
    lebm__handle head; /* its options change under the claim of the net */
    lebm_net *net;
    const lebm__likelihood *likelihood;
    double sigma;
    struct {
        char out_of_range[LEBM__TEXT_SIZE];
    } options;
};

/* LEBM_ERR_SHAPE if the two are not of one model: they must agree in the size of z. */
int lebm__model_check(const lebm_prior *prior, const lebm_generator *generator);

/* LEBM_ERR_STATE if a weight of the model was never set: what chains and learning ask first. In this and the next two
 * `generator` may be NULL. */
int lebm__model_require_set(const lebm_prior *prior, const lebm_generator *generator);

/* lebm__handle_use() and its like (core/handle.h) for both nets. */
int lebm__model_use(const lebm_prior *prior, const lebm_generator *generator);
void lebm__model_leave(const lebm_prior *prior, const lebm_generator *generator);
int lebm__model_claim(lebm_prior *prior, lebm_generator *generator, const char *function, int own_uses);
void lebm__model_yield(lebm_prior *prior, lebm_generator *generator, int own_uses);

/* LEBM_ERR_RANGE if a number of x[n, D] is not finite, out of the likelihood's bounds, or, unless it is let pass, farther
 * from the mean's range than noise would take it. */
int lebm__generator_check(const lebm_generator *generator, const float *x, int64_t n);

/* arranged[n, D] = x in pixel-major order. */
void lebm__generator_arrange(const lebm_generator *generator, const float *x, int64_t n, float *arranged);

/* Room for up to `rows` observations; `passes` LEBM__FORWARD: without scores. */
void *lebm__generator_lay_out(const lebm_generator *generator, int64_t rows, lebm__passes passes, lebm__arena *arena);
int lebm__generator_prepare(const lebm_generator *generator, lebm__passes passes, lebm__pool *pool);

/* Have the workspace hold the observations x[n, D], and ask for their log likelihood: log_likelihood[n] += log p(x|z)
 * (eq. 23) and, if score is not NULL, score[n, M] += d log p(x|z)/dz (eq. 25). */
void lebm__generator_observe(const lebm_generator *generator, void *workspace, const float *x, int64_t n);
void lebm__generator_log_likelihood(const lebm_generator *generator, void *workspace, const float *z, int64_t n,
                                    double *log_likelihood, float *score);

/* log_density[n] += log p(x|z) (eq. 23) and, if score is not NULL, score[n, M] += d log p(x|z)/dz (eq. 25). */
void lebm__generator_add(const lebm_generator *generator, const lebm__tape *tape, const float *z, const float *x,
                         int64_t n, double *log_density, float *score);

/* log_likelihood[n] = log p(x|z), squared_error[n] = |x - mean of x given z|^2, and grads += sum of d log p(x|z)/dbeta
 * over the rows (eq. 22). */
void lebm__generator_learn(const lebm_generator *generator, const lebm__tape *tape, const float *z, const float *x,
                           int64_t n, double *log_likelihood, double *squared_error, float *grads);

/* How far g's output is from what x wants, in its own unit, from the means of log p(x|z) and of the squared error per
 * number of x; `what` receives the name of that. */
double lebm__generator_misfit(const lebm_generator *generator, double log_likelihood, double squared_error,
                              const char **what);

#endif
