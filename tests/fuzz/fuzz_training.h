/* A small training: what checkpoints are made of, and what they are loaded into. */
#ifndef LEBM_TESTS_FUZZ_TRAINING_H
#define LEBM_TESTS_FUZZ_TRAINING_H

#include "fuzz.h"
#include "lebm.h"

typedef struct training {
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_sampler *to_prior, *to_posterior;
    lebm_trainer *trainer;
} training;

/* What checkpoints of the corpus are of: few tensors, so that they are read fast. */
static const char small_f[] = "in 2; linear 1 nobias", small_g[] = "in 2; conv_transpose2d 2 1 1 0; tanh";

/* Prior, generator of at most four numbers and trainer, after so many steps. */
static inline void make_training(training *t, const char *f_spec, const char *g_spec, int steps)
{
    lebm_net *f, *g;
    const float x[4] = {0.5f, -0.5f, 1, -1}; /* one row */
    FUZZ_ASSERT_OK(lebm_net_create_from_spec(&f, f_spec));
    FUZZ_ASSERT_OK(lebm_net_create_from_spec(&g, g_spec));
    FUZZ_ASSERT_OK(lebm_net_init(f, LEBM_INIT_PYTORCH, 1));
    FUZZ_ASSERT_OK(lebm_net_init(g, LEBM_INIT_PYTORCH, 2));
    FUZZ_ASSERT_OK(lebm_prior_create(&t->prior, f, 1.5));
    FUZZ_ASSERT_OK(lebm_generator_create(&t->generator, g, LEBM_GAUSSIAN, 0.3));
    lebm_net_destroy(f);
    lebm_net_destroy(g);
    FUZZ_ASSERT_OK(lebm_sampler_create(&t->to_prior, LEBM_LANGEVIN));
    FUZZ_ASSERT_OK(lebm_sampler_create(&t->to_posterior, LEBM_LANGEVIN));
    FUZZ_ASSERT_OK(lebm_sampler_set_i64(t->to_posterior, LEBM_SAMPLER_STEPS, 5));
    FUZZ_ASSERT_OK(lebm_sampler_set_f64(t->to_posterior, LEBM_SAMPLER_STEP_SIZE, 0.005));
    FUZZ_ASSERT_OK(lebm_trainer_create(&t->trainer, t->prior, t->generator, t->to_prior, t->to_posterior));
    FUZZ_ASSERT_OK(lebm_trainer_set_i64(t->trainer, LEBM_TRAINER_THREADS, 1));
    FUZZ_ASSERT_OK(lebm_trainer_set_str(t->trainer, LEBM_TRAINER_NOTE, "a note, \"quoted\""));
    for (int i = 0; i < steps; i++) FUZZ_ASSERT_OK(lebm_trainer_step(t->trainer, x, 1));
}

static inline void free_training(training *t)
{
    lebm_trainer_destroy(t->trainer);
    lebm_sampler_destroy(t->to_prior);
    lebm_sampler_destroy(t->to_posterior);
    lebm_prior_destroy(t->prior);
    lebm_generator_destroy(t->generator);
}

#endif
