#include "mcmc/target.h"

#include <math.h>

#include "core/status.h"
#include "model/model.h"

static void target_base(const void *context, int64_t n, const float *z, double *log_density, float *score,
                        double *squares)
{
    const lebm__model_target *model = context;
    lebm__prior_base(model->prior, z, n, log_density, score, squares);
}

static void target_scale(const lebm__model_target *model, int64_t n, double factor, double *log_density, float *score)
{
    if (factor == 1.0) return;
    for (int64_t i = 0; i < n; i++) log_density[i] *= factor;
    for (int64_t i = 0; i < n * lebm_prior_latent_size(model->prior); i++) score[i] *= (float)factor;
}

static int target_tilt(const void *context, int64_t n, const float *z, double *log_density, float *score)
{
    const lebm__model_target *model = context;
    const double w = model->likelihood_weight;
    lebm__prior_tilt(model->prior, model->f, z, n, log_density, score);
    if (model->generator == NULL) return LEBM_OK;
    target_scale(model, n, 1.0 / w, log_density, score); /* log p(z) + w log p(x|z) by a likelihood that only adds */
    model->generator->kind->log_likelihood(model->generator, model->g, z, n, log_density, score);
    target_scale(model, n, w, log_density, score);
    return LEBM_OK;
}

void lebm__model_target_lay_out(lebm__model_target *model, const lebm_prior *prior, const lebm_generator *generator,
                                double likelihood_weight, int64_t rows, lebm__arena *arena)
{
    *model = (lebm__model_target){.prior = prior, .generator = generator, .likelihood_weight = likelihood_weight};
    model->f = lebm__prior_lay_out(prior, rows, LEBM__SCORE, arena);
    if (generator != NULL) model->g = generator->kind->lay_out(generator, rows, LEBM__SCORE, arena);
}

lebm__target lebm__model_target_get(const lebm__model_target *model)
{
    const int64_t dims = lebm_prior_latent_size(model->prior);
    const int is_prior = model->generator == NULL;
    return (lebm__target){
        .name = is_prior ? "prior" : "posterior",
        .remedy_at_start = is_prior ? "look for what is huge or not finite in z and the parameters"
                                    : "look for what is huge or not finite in z and the parameters, or huge in x",
        .remedy = is_prior ? "a smaller step_size may help" : "a smaller step_size may help, or x of a smaller scale",
        .dims = dims,
        .spread = lebm_prior_sigma0(model->prior) * sqrt((double)dims),
        .origin = "p0",
        .base = target_base,
        .tilt = target_tilt,
        .context = model};
}
