#include "support/model.h"

#include "support/approx.h"
#include "support/nets.h"

void model_join(struct model *model, double sigma0, const char *likelihood, double sigma)
{
    model->prior = make_prior(model->f.net, sigma0);
    model->generator = make_generator(model->g.net, likelihood, sigma);
    model->ref = (struct ref_model){.f = &model->f.ref,
                                    .sigma0 = sigma0,
                                    .g = &model->g.ref,
                                    .likelihood = strcmp(likelihood, LEBM_GAUSSIAN) == 0 ? REF_GAUSSIAN : REF_BERNOULLI,
                                    .sigma = sigma};
}

void model_free(struct model *model)
{
    lebm_prior_destroy(model->prior);
    lebm_generator_destroy(model->generator);
    model->f.net = model->g.net = NULL;
    pair_free(&model->f);
    pair_free(&model->g);
}

void model_small(struct model *model, int64_t m, int64_t hidden, int64_t d, double sigma0, double sigma)
{
    pair_init(&model->f, m);
    pair_add_linear(&model->f, hidden, 1);
    pair_add_activation(&model->f, LEBM_GELU, 0);
    pair_add_linear(&model->f, 1, 1);
    pair_randomise(&model->f, 1, 101);
    pair_init(&model->g, m);
    pair_add_linear(&model->g, hidden, 1);
    pair_add_activation(&model->g, LEBM_GELU, 0);
    pair_add_linear(&model->g, d, 1);
    pair_randomise(&model->g, 1, 102);
    model_join(model, sigma0, LEBM_GAUSSIAN, sigma);
}

void model_linear(struct model *model, int64_t m, int64_t d, double sigma0, double sigma)
{
    pair_init(&model->f, m);
    pair_add_linear(&model->f, 1, 1);
    pair_push(&model->f); /* zero, but set */
    pair_init(&model->g, m);
    pair_add_linear(&model->g, d, 1);
    pair_push(&model->g);
    model_join(model, sigma0, LEBM_GAUSSIAN, sigma);
}

void model_svhn(struct model *model, int64_t m)
{
    pair_init(&model->f, m);
    for (int i = 0; i < 2; i++) {
        pair_add_linear(&model->f, 40, 1);
        pair_add_activation(&model->f, LEBM_GELU, 0);
    }
    pair_add_linear(&model->f, 1, 1);
    pair_randomise(&model->f, 1, 103);
    pair_init(&model->g, m);
    pair_add_conv_transpose2d(&model->g, 24, 4, 1, 0, 1);
    pair_add_activation(&model->g, LEBM_LEAKY_RELU, 0.2);
    pair_add_conv_transpose2d(&model->g, 12, 4, 2, 1, 1);
    pair_add_activation(&model->g, LEBM_LEAKY_RELU, 0.2);
    pair_add_conv_transpose2d(&model->g, 8, 4, 2, 1, 1);
    pair_add_activation(&model->g, LEBM_LEAKY_RELU, 0.2);
    pair_add_conv_transpose2d(&model->g, 3, 4, 2, 1, 1);
    pair_add_activation(&model->g, LEBM_TANH, 0);
    pair_randomise(&model->g, 1, 104);
    model_join(model, 1, LEBM_GAUSSIAN, 0.3);
}

lebm_sampler *make_sampler(int64_t steps, double step_size)
{
    lebm_sampler *sampler;
    LEBM_ASSERT_OK(lebm_sampler_create(&sampler, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, steps));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, step_size));
    return sampler;
}

lebm_sampler *make_noiseless_sampler(int64_t steps, double step_size, int given)
{
    lebm_sampler *sampler = make_sampler(steps, step_size);
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_NOISE, 0));
    if (given)
        LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, "given"));
    else
        LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_START_STD, 0));
    return sampler;
}
