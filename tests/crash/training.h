/** @file training.h
 * A training whose states are told apart, and the three functions that write files of it. */
#ifndef LEBM_TESTS_TRAINING_H
#define LEBM_TESTS_TRAINING_H

#include "lebm.h"
#include "support/approx.h"
#include "support/nets.h"

struct training {
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_sampler *sampler; /* for both roles */
    lebm_trainer *trainer;
};

/** The hidden layer's width decides how large the files are: about 500 bytes in a checkpoint for each unit. */
static inline void training_make(struct training *t, int64_t width, uint64_t seed)
{
    char g_spec[64];
    snprintf(g_spec, sizeof g_spec, "in 2; linear %lld; relu; linear 40", (long long)width);
    t->prior = make_prior(make_net("in 2; linear 4; gelu; linear 1", seed), 1);
    t->generator = make_generator(make_net(g_spec, seed), LEBM_GAUSSIAN, 0.3);
    LEBM_ASSERT_OK(lebm_sampler_create(&t->sampler, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(t->sampler, LEBM_SAMPLER_STEPS, 2));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(t->sampler, LEBM_SAMPLER_STEP_SIZE, 1e-3));
    LEBM_ASSERT_OK(lebm_trainer_create(&t->trainer, t->prior, t->generator, t->sampler, t->sampler));
    LEBM_ASSERT_OK(lebm_trainer_set_i64(t->trainer, LEBM_TRAINER_THREADS, 1));
}

static inline void training_free(struct training *t)
{
    lebm_trainer_destroy(t->trainer);
    lebm_sampler_destroy(t->sampler);
    lebm_prior_destroy(t->prior);
    lebm_generator_destroy(t->generator);
}

/** One step, on a batch that only the number of steps decides. */
static inline int training_step(struct training *t)
{
    float *x = test_random_floats(40, -1, 1, (uint64_t)lebm_trainer_steps_done(t->trainer));
    const int status = lebm_trainer_step(t->trainer, x, 1);
    free(x);
    return status;
}

static inline int save_checkpoint(const struct training *t, const char *to)
{
    return lebm_trainer_save(t->trainer, to);
}

static inline int save_trained_model(const struct training *t, const char *to)
{
    return lebm_trainer_save_model(t->trainer, to);
}

static inline int save_model(const struct training *t, const char *to)
{
    return lebm_model_save(to, t->prior, t->generator);
}

static int (*const savers[])(const struct training *t, const char *to) = {save_checkpoint, save_trained_model,
                                                                          save_model};

enum { SAVERS = sizeof savers / sizeof *savers };

#endif
