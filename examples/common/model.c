#include "model.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "output.h"

static lebm_sampler *load_sampler(const char *path, const char *role)
{
    lebm_sampler *sampler;
    const int status = lebm_model_load_sampler(path, role, &sampler);
    if (status == LEBM_ERR_STATE)
        or_die(lebm_sampler_create(&sampler, LEBM_LANGEVIN), "sampler");
    else
        or_die(status, "cannot load the model");
    return sampler;
}

void model_load(model *m, const char *path)
{
    output_protect(path);
    or_die(lebm_model_load(path, &m->prior, &m->generator), "cannot load the model");
    m->to_prior = load_sampler(path, LEBM_TO_PRIOR);
    m->to_posterior = load_sampler(path, LEBM_TO_POSTERIOR);
}

void model_free(model *m)
{
    lebm_sampler_destroy(m->to_posterior);
    lebm_sampler_destroy(m->to_prior);
    lebm_generator_destroy(m->generator);
    lebm_prior_destroy(m->prior);
    memset(m, 0, sizeof *m);
}

lebm_generator *model_generator_at(const model *m, double sigma)
{
    lebm_generator *at;
    or_die(lebm_generator_create_from_spec(&at, lebm_generator_spec(m->generator),
                                           lebm_generator_likelihood(m->generator), sigma),
           "generator");
    for (int64_t i = 0; i < lebm_generator_option_count(at); i++) {
        const char *key = lebm_generator_option_key(at, i), *value;
        or_die(lebm_generator_get_str(m->generator, key, &value), key);
        or_die(lebm_generator_set_str(at, key, value), key);
    }
    for (int64_t i = 0; i < lebm_generator_param_count(m->generator); i++) {
        const int64_t size = lebm_generator_param_size(m->generator, i);
        float *values = allocate((size_t)size, sizeof *values);
        or_die(lebm_generator_get_param(m->generator, i, values, size), "generator");
        or_die(lebm_generator_set_param(at, i, values, size), "generator");
        free(values);
    }
    return at;
}

lebm_prior *model_p0(const model *m)
{
    const int64_t latents = lebm_prior_latent_size(m->prior);
    lebm_net *zero;
    lebm_prior *p0;
    float *weights = allocate((size_t)latents, sizeof *weights);
    for (int64_t i = 0; i < latents; i++) weights[i] = 0;
    or_die(lebm_net_create(&zero, latents), "prior");
    or_die(lebm_net_add_linear(zero, 1, 0), "prior");
    or_die(lebm_net_set_param(zero, 0, weights, latents), "prior");
    or_die(lebm_prior_create(&p0, zero, lebm_prior_sigma0(m->prior)), "prior");
    lebm_net_destroy(zero); /* p0 holds it from here on */
    free(weights);
    return p0;
}

bool model_is_of_text(const model *m)
{
    return strcmp(lebm_generator_data_kind(m->generator), LEBM_TOKENS) == 0;
}

pixel_range model_pixel_range(const model *m)
{
    double low, high;
    or_die(lebm_generator_data_range(m->generator, &low, &high), "generator");
    return (pixel_range){isfinite(low) ? (float)low : -1, isfinite(high) ? (float)high : 1};
}

void model_skip_missing(const model *m)
{
    or_die(lebm_generator_set_str(m->generator, LEBM_GENERATOR_MISSING, "skip"), "generator");
}

void model_must_fit(const model *m, const dataset *data)
{
    int64_t shape[3];
    or_die(lebm_generator_data_shape(m->generator, shape), "generator");
    if (shape[0] == data->channels && shape[1] == data->height && shape[2] == data->width) return;
    if (data->tokens != NULL)
        die("the generator makes sentences of up to %" PRId64 " tokens, the %s have up to %" PRId64, shape[2],
            data->name, data->width);
    die("the generator makes images of %" PRId64 "x%" PRId64 "x%" PRId64 ", the %s are %" PRId64 "x%" PRId64
        "x%" PRId64,
        shape[0], shape[1], shape[2], data->name, data->channels, data->height, data->width);
}
