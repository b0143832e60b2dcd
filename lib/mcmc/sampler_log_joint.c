#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "mcmc/metrics.h"
#include "mcmc/sampler.h"
#include "model/model.h"

enum { ROWS = LEBM__GENERATOR_ROWS };

/* Chains of each row of x, one after the other: the z that they reach, and the two parts of log p(x, z) there. */
typedef struct {
    lebm__run run; /* of one chain of each row */
    lebm__progress progress;
    int64_t chains, chain;              /* of each row; that which is under way */
    float *z;                           /* [chains, n, M] */
    int64_t *numbers;                   /* [n] of the rows */
    double *log_likelihood, *log_prior; /* [n] sums over the chains */
} joint_state;

/* Add the parts at a few rows. */
static int log_joint_add(void *context, int64_t task, int thread)
{
    const joint_state *s = context;
    const lebm__run *run = &s->run;
    const int64_t first = task * ROWS, left = run->n - first, n = left < ROWS ? left : ROWS;
    const float *z = run->z + first * run->generator->latent_size, *x = run->x + first * run->generator->data_size;
    float log_likelihood[ROWS], log_prior[ROWS];
    (void)thread;
    LEBM__TRY(lebm_generator_log_likelihood(run->generator, z, x, n, log_likelihood));
    LEBM__TRY(lebm_prior_log_density(run->prior, z, n, log_prior));
    for (int64_t i = 0; i < n; i++) {
        const double log_joint = (double)log_likelihood[i] + (double)log_prior[i];
        if (!isfinite(log_joint)) {
            return lebm__fail(
                LEBM_ERR_DIVERGED,
                "log p(x, z) is %g after the last step of chain %lld to the posterior; a smaller step_size "
                "may help",
                isnan(log_joint) ? NAN : log_joint, (long long)(first + i));
        }
        s->log_likelihood[first + i] += (double)log_likelihood[i];
        s->log_prior[first + i] += (double)log_prior[i];
    }
    return LEBM_OK;
}

/* Tell how far all chains are, from how far one is. */
static int log_joint_ask(double done, void *user)
{
    const joint_state *s = user;
    return s->progress.ask(((double)s->chain + done) / (double)s->chains, s->progress.user);
}

static int log_joint_chains(joint_state *s, const lebm__sampler_options *options)
{
    lebm__run *run = &s->run;
    const int is_given = strcmp(options->start, "given") == 0;
    for (s->chain = 0; s->chain < s->chains; s->chain++) {
        const uint64_t stream = (uint64_t)options->stream + (uint64_t)s->chain;
        run->key = lebm__key_make((uint64_t)options->seed, stream, LEBM__FOR_POSTERIOR);
        run->z = s->z + s->chain * run->n * run->generator->latent_size;
        run->start = is_given ? run->z : NULL;
        LEBM__TRY(lebm__sampler_run(run));
        LEBM__TRY(lebm__pool_run(run->pool, (run->n + ROWS - 1) / ROWS, log_joint_add, s));
    }
    return LEBM_OK;
}

/* Refuse what would make a row depend on others, or has no run to go on from. */
static int log_joint_check_options(const lebm__sampler_options *options)
{
    if (strcmp(options->start, "continue") == 0) {
        return lebm__fail(LEBM_ERR_STATE,
                          "start is 'continue'; for a score chains begin at 'noise' or at the z that are 'given'");
    }
    if (options->warmup == 0) return LEBM_OK;
    return lebm__fail(
        LEBM_ERR_STATE,
        "warmup is %lld, in which all rows would learn together: let lebm_sampler_run_posterior() make the "
        "warm-up before",
        (long long)options->warmup);
}

/* All of it, with memory that the caller releases and a model that is in use. */
static int log_joint_run(joint_state *s, lebm_sampler *sampler, int64_t first_row, const float *z)
{
    const lebm__run *run = &s->run;
    const int64_t n = run->n, dims = run->generator->latent_size;
    LEBM__TRY(lebm__sampler_prepare_run(sampler, &s->run));
    LEBM__TRY(log_joint_check_options(&sampler->options));
    s->z = lebm__alloc_raw(n, s->chains * dims * (int64_t)sizeof *s->z);
    s->numbers = lebm__alloc_raw(n, sizeof *s->numbers);
    s->log_likelihood = lebm__alloc(2 * n, sizeof *s->log_likelihood);
    if (s->z == NULL || s->numbers == NULL || s->log_likelihood == NULL) return LEBM_ERR_NOMEM;
    s->log_prior = s->log_likelihood + n;
    if (strcmp(sampler->options.start, "given") == 0) memcpy(s->z, z, (size_t)(s->chains * n * dims) * sizeof *z);
    for (int64_t i = 0; i < n; i++) s->numbers[i] = first_row + i;
    s->run.numbers = s->numbers;
    return log_joint_chains(s, &sampler->options);
}

int lebm_sampler_log_joint(lebm_sampler *sampler, const lebm_prior *prior, const lebm_generator *generator,
                           const float *x, int64_t n, int64_t first_row, int64_t chains, float *z,
                           double *log_likelihood, double *log_prior)
{
    LEBM__REQUIRE(sampler);
    LEBM__REQUIRE(prior);
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(x);
    LEBM__REQUIRE(z);
    LEBM__REQUIRE(log_likelihood);
    LEBM__REQUIRE(log_prior);
    LEBM__TRY(lebm__check_range("first_row", first_row, 0, INT32_MAX));
    LEBM__TRY(lebm__check_range("chains", chains, 1, INT32_MAX));
    LEBM__TRY(lebm__model_check(prior, generator));
    LEBM__TRY(lebm__handle_claim(&sampler->head, __func__, 0));
    lebm__run_metrics metrics; /* of the last chains: not those of a run of the sampler */
    joint_state s = {.run = lebm__sampler_begin_run(sampler), .progress = sampler->head.progress, .chains = chains};
    s.run.prior = prior;
    s.run.generator = generator;
    s.run.x = x;
    s.run.n = n;
    s.run.metrics = &metrics;
    if (s.progress.ask != NULL) s.run.progress = (lebm__progress){log_joint_ask, &s};
    int status = lebm__model_use(prior, generator);
    if (status == LEBM_OK) {
        status = log_joint_run(&s, sampler, first_row, z);
        lebm__model_leave(prior, generator);
    }
    for (int64_t i = 0; status == LEBM_OK && i < n; i++) {
        log_likelihood[i] = s.log_likelihood[i] / (double)chains;
        log_prior[i] = s.log_prior[i] / (double)chains;
    }
    if (status == LEBM_OK) memcpy(z, s.z, (size_t)(chains * n * generator->latent_size) * sizeof *z);
    lebm__free(s.z);
    lebm__free(s.numbers);
    lebm__free(s.log_likelihood);
    lebm__handle_yield(&sampler->head, 0);
    return status;
}
