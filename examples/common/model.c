#include "model.h"

#include <inttypes.h>
#include <math.h>
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
