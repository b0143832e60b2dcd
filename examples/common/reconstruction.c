#include "reconstruction.h"

#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "pictures.h"
#include "view.h"

static double get_f64(const lebm_sampler *s, const char *key)
{
    double value;
    or_die(lebm_sampler_get_f64(s, key, &value), key);
    return value;
}

/* The s of (20) that the sampler ends with. */
static double last_step_size(const lebm_sampler *s)
{
    const double last = get_f64(s, LEBM_SAMPLER_LAST_STEP_SIZE);
    const double size = last > 0 ? last : get_f64(s, LEBM_SAMPLER_STEP_SIZE);
    return strcmp(lebm_sampler_kernel(s), LEBM_HMC) == 0 ? size * size / 2 : size;
}

/* Goes on from where the model's own chains end: steps of their size, uphill. */
static lebm_sampler *make_noise_free(const lebm_sampler *trained)
{
    lebm_sampler *s;
    int64_t threads;
    or_die(lebm_sampler_get_i64(trained, LEBM_SAMPLER_THREADS, &threads), "sampler");
    or_die(lebm_sampler_create(&s, LEBM_LANGEVIN), "sampler");
    or_die(lebm_sampler_set_i64(s, LEBM_SAMPLER_THREADS, threads), "sampler");
    or_die(lebm_sampler_set_i64(s, LEBM_SAMPLER_STEPS, NOISE_FREE_STEPS), "sampler");
    or_die(lebm_sampler_set_i64(s, LEBM_SAMPLER_NOISE, 0), "sampler");
    or_die(lebm_sampler_set_f64(s, LEBM_SAMPLER_STEP_SIZE, last_step_size(trained)), "sampler");
    or_die(lebm_sampler_set_str(s, LEBM_SAMPLER_START, "given"), "sampler");
    return s;
}

static void nats(const model *m, const float *z, const float *x, int64_t n, double *errors)
{
    float *log_likelihood = allocate((size_t)n, sizeof *log_likelihood);
    or_die(lebm_generator_log_likelihood(m->generator, z, x, n, log_likelihood), "likelihood");
    for (int64_t i = 0; i < n; i++) errors[i] = -(double)log_likelihood[i];
    free(log_likelihood);
}

static void measure(const model *m, const float *z, const float *x, int64_t n, double *errors)
{
    if (model_is_of_text(m))
        nats(m, z, x, n, errors);
    else
        picture_errors(m, z, x, n, errors);
}

int reconstruction_errors(const model *m, const float *x, int64_t n, double *at_end, double *noise_free)
{
    float *z = view_latents(m, n);
    lebm_sampler *uphill = make_noise_free(m->to_posterior);
    view_start_stream(m->to_posterior, STREAM_EVALUATION);
    int status = lebm_sampler_run_posterior(m->to_posterior, m->prior, m->generator, x, n, z);
    if (status == LEBM_OK) {
        measure(m, z, x, n, at_end);
        status = lebm_sampler_run_posterior(uphill, m->prior, m->generator, x, n, z);
    }
    if (status == LEBM_OK) measure(m, z, x, n, noise_free);
    if (status != LEBM_STOPPED && status != LEBM_ERR_DIVERGED) or_die(status, "reconstructing");
    lebm_sampler_destroy(uphill);
    free(z);
    return status;
}
