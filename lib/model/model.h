/* A prior and a generator as one model. Where a generator may be NULL, it is the prior alone that is meant. */
#ifndef LEBM_MODEL_MODEL_H
#define LEBM_MODEL_MODEL_H

#include "model/generator.h"
#include "model/prior.h"

/* LEBM_ERR_SHAPE if the two are not of one model: they must agree in the size of z. */
int lebm__model_check(const lebm_prior *prior, const lebm_generator *generator);

/* LEBM_ERR_STATE if a weight of the model, which is in use, was never set: what chains and learning ask first. */
int lebm__model_require_set(const lebm_prior *prior, const lebm_generator *generator);

/* lebm__handle_use() and its like (core/handle.h) for whatever owns the parameters of either. */
int lebm__model_use(const lebm_prior *prior, const lebm_generator *generator);
void lebm__model_leave(const lebm_prior *prior, const lebm_generator *generator);
int lebm__model_claim(lebm_prior *prior, lebm_generator *generator, const char *function, int own_uses);
void lebm__model_yield(lebm_prior *prior, lebm_generator *generator, int own_uses);

/* Make both ready for passes, on the threads of the pool or, if it is NULL, on this one. */
int lebm__model_prepare(const lebm_prior *prior, const lebm_generator *generator, lebm__passes passes,
                        lebm__pool *pool);

#endif
