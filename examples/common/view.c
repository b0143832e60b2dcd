#include "view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "rng.h"

float *view_latents(const model *m, int64_t n)
{
    return allocate((size_t)(n * lebm_prior_latent_size(m->prior)), sizeof(float));
}

float *view_rows(const model *m, int64_t n)
{
    return allocate((size_t)(n * lebm_generator_data_size(m->generator)), sizeof(float));
}

void view_start_stream(lebm_sampler *sampler, int64_t stream)
{
    or_die(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STREAM, stream), "sampler");
}

/* The s of eq. 20, of the last step. */
static double last_step_size(const lebm_sampler *s)
{
    double first, last;
    or_die(lebm_sampler_get_f64(s, LEBM_SAMPLER_STEP_SIZE, &first), "sampler");
    or_die(lebm_sampler_get_f64(s, LEBM_SAMPLER_LAST_STEP_SIZE, &last), "sampler");
    const double size = last > 0 ? last : first;
    return strcmp(lebm_sampler_kernel(s), LEBM_HMC) == 0 ? size * size / 2 : size;
}

lebm_sampler *view_uphill(const lebm_sampler *trained, int64_t steps)
{
    lebm_sampler *uphill;
    int64_t threads;
    double weight;
    or_die(lebm_sampler_get_i64(trained, LEBM_SAMPLER_THREADS, &threads), "sampler");
    or_die(lebm_sampler_get_f64(trained, LEBM_SAMPLER_LIKELIHOOD_WEIGHT, &weight), "sampler");
    or_die(lebm_sampler_create(&uphill, LEBM_LANGEVIN), "sampler");
    or_die(lebm_sampler_set_i64(uphill, LEBM_SAMPLER_THREADS, threads), "sampler");
    or_die(lebm_sampler_set_i64(uphill, LEBM_SAMPLER_STEPS, steps), "sampler");
    or_die(lebm_sampler_set_f64(uphill, LEBM_SAMPLER_STEP_SIZE, last_step_size(trained)), "sampler");
    or_die(lebm_sampler_set_f64(uphill, LEBM_SAMPLER_LIKELIHOOD_WEIGHT, weight), "sampler");
    or_die(lebm_sampler_set_i64(uphill, LEBM_SAMPLER_NOISE, 0), "sampler");
    or_die(lebm_sampler_set_str(uphill, LEBM_SAMPLER_START, "given"), "sampler");
    return uphill;
}

uint64_t view_seed(const model *m)
{
    int64_t seed;
    or_die(lebm_sampler_get_i64(m->to_prior, LEBM_SAMPLER_SEED, &seed), "sampler");
    return (uint64_t)seed;
}

void view_decode(const model *m, const float *z, int64_t n, float *x)
{
    or_die(lebm_generator_decode(m->generator, z, n, x), "generator");
}

void view_noise(const model *m, int64_t stream, int64_t n, float *z)
{
    rng r = rng_start(view_seed(m), (uint64_t)stream);
    for (int64_t i = 0; i < n * lebm_prior_latent_size(m->prior); i++)
        z[i] = (float)rng_normal(&r, 0, lebm_prior_sigma0(m->prior));
}

int view_run_prior_from(const model *m, int64_t stream, int64_t n, float *z)
{
    view_start_stream(m->to_prior, stream);
    or_die(lebm_sampler_set_str(m->to_prior, LEBM_SAMPLER_START, "given"), "sampler");
    const int status = lebm_sampler_run_prior(m->to_prior, m->prior, n, z);
    or_die(lebm_sampler_set_str(m->to_prior, LEBM_SAMPLER_START, "noise"), "sampler");
    return status;
}

int view_take_suggestion(int status, double *step_size)
{
    if (status != LEBM_ERR_RANGE && status != LEBM_ERR_DIVERGED) return status;
    *step_size = NAN;
    return LEBM_OK;
}

int view_step_sizes(const model *m, const dataset *data, int64_t count, step_sizes *suggested)
{
    float *z = view_latents(m, count), *x = view_rows(m, count);
    for (int64_t i = 0; i < count; i++) dataset_row(data, i, model_pixel_range(m), x + i * dataset_row_size(data));
    view_start_stream(m->to_prior, STREAM_STEP_SIZES);
    view_start_stream(m->to_posterior, STREAM_STEP_SIZES);
    int status = lebm_sampler_run_prior(m->to_prior, m->prior, count, z);
    if (status == LEBM_OK)
        status = view_take_suggestion(lebm_sampler_suggest_prior(m->to_prior, m->prior, z, count, &suggested->prior),
                                      &suggested->prior);
    if (status == LEBM_OK) status = lebm_sampler_run_posterior(m->to_posterior, m->prior, m->generator, x, count, z);
    if (status == LEBM_OK)
        status = view_take_suggestion(
            lebm_sampler_suggest_posterior(m->to_posterior, m->prior, m->generator, x, z, count, &suggested->posterior),
            &suggested->posterior);
    free(x);
    free(z);
    return status;
}

double view_sum_of_f(const model *m, const float *z, int64_t n)
{
    double sum = 0;
    float *f = allocate((size_t)n, sizeof *f);
    or_die(lebm_net_forward(lebm_prior_net(m->prior), z, n, f), "prior");
    for (int64_t i = 0; i < n; i++) sum += (double)f[i];
    free(f);
    return sum;
}
