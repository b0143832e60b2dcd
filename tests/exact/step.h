/** @file step.h
 * The gradient that a training step takes, read off what it does to the parameters. */
#ifndef LEBM_TESTS_STEP_H
#define LEBM_TESTS_STEP_H

#include "exact/quadrature.h"
#include "support/approx.h"
#include "support/model.h"

/** The gradient of the mean log likelihood (eq. 19 and 22) that one step on x [n, D] follows: those of f's parameters,
 * then of g's; freed by the caller. With both of Adam's decays 0, rate and epsilon 1, a step adds g / (|g| + 1). The
 * parameters are put back. */
static inline double *gradient_of_a_step(struct model *model, lebm_sampler *to_prior, lebm_sampler *to_posterior,
                                         const float *x, int64_t n)
{
    static const struct {
        const char *key;
        double value;
    } options[] = {
        {LEBM_TRAINER_BETA1, 0},
        {LEBM_TRAINER_BETA2, 0},
        {LEBM_TRAINER_EPSILON, 1},
        {LEBM_TRAINER_PRIOR_LEARNING_RATE, 1},
        {LEBM_TRAINER_GENERATOR_LEARNING_RATE, 1},
    };
    lebm_trainer *trainer;
    LEBM_ASSERT_OK(lebm_trainer_create(&trainer, model->prior, model->generator, to_prior, to_posterior));
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        LEBM_ASSERT_OK(lebm_trainer_set_f64(trainer, options[i].key, options[i].value));
    LEBM_ASSERT_OK(lebm_trainer_step(trainer, x, n));
    lebm_trainer_destroy(trainer);

    double *gradient = test_doubles(param_count(&model->ref)), *to = gradient;
    struct pair *nets[] = {&model->f, &model->g};
    for (int i = 0; i < 2; i++) {
        float *params = pair_params(nets[i]->net);
        for (int64_t p = 0; p < nets[i]->ref.param_total; p++) {
            const double moved = (double)params[p] - nets[i]->ref.params[p];
            *to++ = moved / (1 - fabs(moved));
        }
        free(params);
        pair_push(nets[i]);
    }
    return gradient;
}

#endif
