#include "reconstruction.h"

#include <stdlib.h>

#include "errors.h"
#include "pictures.h"
#include "view.h"

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
    lebm_sampler *uphill = view_uphill(m->to_posterior, NOISE_FREE_STEPS);
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
