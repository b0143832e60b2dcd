#include "best_sigma.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "view.h"

enum { ROUNDS = 30, AVERAGED = 10 /* the last of them */, WARMUP = 20, STEPS = 5, LEAPFROG_STEPS = 5, CHAINS = 200 };
static const double least_sigma = 1e-6; /* of the library */

/* Shows the progress of a round as a part of all. */
typedef struct stage {
    lebm_progress_fn progress;
    void *user;
    int round;
} stage;

static int on_progress(double done, void *user)
{
    const stage *s = user;
    return s->progress((s->round + done) / ROUNDS, s->user);
}

/* NaN if all numbers are missing. */
static double mean_square(const model *m, const float *z, const float *x, int64_t n)
{
    const int64_t size = lebm_generator_data_size(m->generator);
    float *y = view_rows(m, n);
    double sum = 0, count = 0;
    view_decode(m, z, n, y);
    for (int64_t i = 0; i < n * size; i++) {
        if (isnan(x[i])) continue; /* missing */
        sum += pow((double)x[i] - (double)y[i], 2);
        count++;
    }
    free(y);
    return sum / count;
}

static lebm_sampler *make_sampler(int64_t seed, int64_t threads, stage *s)
{
    lebm_sampler *sampler;
    or_die(lebm_sampler_create(&sampler, LEBM_HMC), "sampler");
    or_die(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, STEPS), "sampler");
    or_die(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_LEAPFROG_STEPS, LEAPFROG_STEPS), "sampler");
    or_die(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, "given"), "sampler");
    or_die(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_SEED, seed), "sampler");
    or_die(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, threads), "sampler");
    or_die(lebm_sampler_set_progress(sampler, on_progress, s), "sampler");
    view_start_stream(sampler, STREAM_BEST_SIGMA);
    return sampler;
}

/* Chains at a sigma go on, with steps of a size for it. */
static int run_chains(const model *m, double sigma, lebm_sampler *sampler, const float *x, int64_t n, float *z)
{
    lebm_generator *at = model_generator_at(m, sigma);
    or_die(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_WARMUP, WARMUP), "sampler");
    const int status = lebm_sampler_run_posterior(sampler, m->prior, at, x, n, z);
    if (status != LEBM_STOPPED && status != LEBM_ERR_DIVERGED) or_die(status, "the best sigma");
    lebm_generator_destroy(at);
    return status;
}

/* Several chains for each row where rows are few. */
static float *repeat_rows(const model *m, const float *x, int64_t n, int64_t each)
{
    const int64_t size = lebm_generator_data_size(m->generator);
    float *repeated = view_rows(m, n * each);
    for (int64_t i = 0; i < n * each; i++)
        memcpy(repeated + i * size, x + i / each * size, (size_t)size * sizeof *repeated);
    return repeated;
}

int best_sigma_find(const model *m, const float *x, int64_t n, int64_t seed, int64_t threads, lebm_progress_fn progress,
                    void *user, best_sigma *found)
{
    const int64_t each = n < CHAINS ? CHAINS / n : 1, chains = n * each;
    float *z = view_latents(m, chains), *of_chains = repeat_rows(m, x, n, each);
    stage part = {progress, user, 0};
    lebm_sampler *sampler = make_sampler(seed, threads, &part);
    view_noise(m, STREAM_BEST_SIGMA, chains, z);
    double square = mean_square(m, z, of_chains, chains), last = 0, before = 0;
    int status = LEBM_OK;
    for (part.round = 0; part.round < ROUNDS && status == LEBM_OK && !isnan(square); part.round++) {
        status = run_chains(m, fmax(sqrt(square), least_sigma), sampler, of_chains, chains, z);
        square = mean_square(m, z, of_chains, chains);
        if (part.round >= ROUNDS - AVERAGED)
            last += square / AVERAGED;
        else if (part.round >= ROUNDS - 2 * AVERAGED)
            before += square / AVERAGED;
    }
    *found = (best_sigma){0};
    if (!isnan(square)) *found = (best_sigma){fmax(sqrt(last), least_sigma), fabs(sqrt(before / last) - 1)};
    lebm_sampler_destroy(sampler);
    free(of_chains);
    free(z);
    return status;
}
