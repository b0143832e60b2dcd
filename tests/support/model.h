/** @file model.h
 * A whole model of the library beside its double-precision reference, and samplers set up in one line. */
#ifndef LEBM_TESTS_MODEL_H
#define LEBM_TESTS_MODEL_H

#include <stdint.h>

#include "lebm.h"
#include "ref/ref.h"
#include "support/pair.h"

struct model {
    struct pair f, g; /* their nets belong to prior and generator */
    lebm_prior *prior;
    lebm_generator *generator;
    struct ref_model ref;
};

/** Joins the two pairs of `model`, made before, to a prior and a generator. */
void model_join(struct model *model, double sigma0, const char *likelihood, double sigma);
void model_free(struct model *model);

/** f: m-hidden-1 with GELU, g: m-hidden-d with GELU, Gaussian; random parameters. */
void model_small(struct model *model, int64_t m, int64_t hidden, int64_t d, double sigma0, double sigma);

/** f = 0 and g linear: its weights and biases are set with pair_push(). */
void model_linear(struct model *model, int64_t m, int64_t d, double sigma0, double sigma);

/** The SVHN net of the paper with few channels, m -> 3 x 32 x 32, and f: m-40-40-1. */
void model_svhn(struct model *model, int64_t m);

/** A Langevin sampler. */
lebm_sampler *make_sampler(int64_t steps, double step_size);

/** The same without noise, started at the z given or, if `given` is 0, at z = 0. */
lebm_sampler *make_noiseless_sampler(int64_t steps, double step_size, int given);

#endif
