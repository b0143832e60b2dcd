#include "core/memory.h"
#include "core/status.h"
#include "mcmc/metrics.h"
#include "mcmc/sampler.h"
#include "model/model.h"

/* A step of Langevin's form is stable along a direction of curvature c for s < 2/c. At 0.3/c its variance there is 18 % above that
 * of the target, and less along all others. */
static int suggest_step_size(const lebm__run *run, double curvature, double *step_size)
{
    const double suggested = run->kernel->step_size(0.3 / curvature);
    if (suggested >= LEBM__LEAST_STEP_SIZE && suggested <= LEBM__MOST_STEP_SIZE) {
        *step_size = suggested;
        return LEBM_OK;
    }
    return lebm__fail(LEBM_ERR_RANGE,
                      "the curvature at z is %g, which asks for a step_size of %g; allowed are %g to %g", curvature,
                      suggested, LEBM__LEAST_STEP_SIZE, LEBM__MOST_STEP_SIZE);
}

static int suggest_of_run(lebm_sampler *sampler, lebm__run *run, double *step_size)
{
    LEBM__TRY(lebm__sampler_prepare_run(sampler, run));
    double *curvatures = lebm__alloc_raw(run->n, sizeof *curvatures);
    if (curvatures == NULL) return LEBM_ERR_NOMEM;
    int status = lebm__sampler_curvatures(run, curvatures);
    if (status == LEBM_OK) status = suggest_step_size(run, lebm__quantile(curvatures, run->n, 0.95), step_size);
    lebm__free(curvatures);
    return status;
}

/* All public suggestions, after their arguments are checked for NULL: `asked` has the target and the states. */
static int suggest(lebm_sampler *sampler, const char *function, const lebm__run *asked, double *step_size)
{
    LEBM__TRY(lebm__handle_claim(&sampler->head, function, 0));
    lebm__run run = lebm__sampler_begin_run(sampler);
    run.prior = asked->prior;
    run.generator = asked->generator;
    run.target = asked->target;
    run.x = asked->x;
    run.n = asked->n;
    run.start = asked->start;
    run.progress = sampler->head.progress;
    const int status = suggest_of_run(sampler, &run, step_size);
    lebm__handle_yield(&sampler->head, 0);
    return status;
}

int lebm_sampler_suggest_prior(lebm_sampler *sampler, const lebm_prior *prior, const float *z, int64_t n,
                               double *step_size)
{
    LEBM__REQUIRE(sampler);
    LEBM__REQUIRE(prior);
    LEBM__REQUIRE(z);
    LEBM__REQUIRE(step_size);
    return suggest(sampler, __func__, &(lebm__run){.prior = prior, .n = n, .start = z}, step_size);
}

int lebm_sampler_suggest_posterior(lebm_sampler *sampler, const lebm_prior *prior, const lebm_generator *generator,
                                   const float *x, const float *z, int64_t n, double *step_size)
{
    LEBM__REQUIRE(sampler);
    LEBM__REQUIRE(prior);
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(x);
    LEBM__REQUIRE(z);
    LEBM__REQUIRE(step_size);
    LEBM__TRY(lebm__model_check(prior, generator));
    const lebm__run asked = {.prior = prior, .generator = generator, .x = x, .n = n, .start = z};
    return suggest(sampler, __func__, &asked, step_size);
}

int lebm_sampler_suggest_target(lebm_sampler *sampler, const lebm_target *target, const float *z, int64_t n,
                                double *step_size)
{
    LEBM__REQUIRE(sampler);
    LEBM__REQUIRE(target);
    LEBM__REQUIRE(z);
    LEBM__REQUIRE(step_size);
    return suggest(sampler, __func__, &(lebm__run){.target = target, .n = n, .start = z}, step_size);
}
