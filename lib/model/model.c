#include "model/model.h"

#include "core/status.h"
#include "lebm/model.h"
#include "nn/evaluate.h"

int lebm__model_check(const lebm_prior *prior, const lebm_generator *generator)
{
    const int64_t of_f = lebm_prior_latent_size(prior), of_g = lebm_generator_latent_size(generator);
    if (of_f == of_g) return LEBM_OK;
    return lebm__fail(LEBM_ERR_SHAPE, "z has %lld numbers for the prior but %lld for the generator", (long long)of_f,
                      (long long)of_g);
}

int lebm__model_require_set(const lebm_prior *prior, const lebm_generator *generator)
{
    LEBM__TRY(lebm__params_require_set(&prior->net->params, "the prior's net f"));
    return generator == NULL ? LEBM_OK : lebm__params_require_set(generator->params, "the generator's net g");
}

int lebm__model_use(const lebm_prior *prior, const lebm_generator *generator)
{
    LEBM__TRY(lebm__handle_use(prior->net->params.owner));
    const int status = generator == NULL ? LEBM_OK : lebm__handle_use(generator->params->owner);
    if (status != LEBM_OK) lebm__handle_leave(prior->net->params.owner);
    return status;
}

void lebm__model_leave(const lebm_prior *prior, const lebm_generator *generator)
{
    if (generator != NULL) lebm__handle_leave(generator->params->owner);
    lebm__handle_leave(prior->net->params.owner);
}

int lebm__model_claim(lebm_prior *prior, lebm_generator *generator, const char *function, int own_uses)
{
    LEBM__TRY(lebm__handle_claim(prior->net->params.owner, function, own_uses));
    const int status = lebm__handle_claim(generator->params->owner, function, own_uses);
    if (status != LEBM_OK) lebm__handle_yield(prior->net->params.owner, own_uses);
    return status;
}

void lebm__model_yield(lebm_prior *prior, lebm_generator *generator, int own_uses)
{
    lebm__handle_yield(generator->params->owner, own_uses);
    lebm__handle_yield(prior->net->params.owner, own_uses);
}

int lebm__model_prepare(const lebm_prior *prior, const lebm_generator *generator, lebm__passes passes, lebm__pool *pool)
{
    LEBM__TRY(lebm__net_prepare(prior->net, passes, pool));
    return generator == NULL ? LEBM_OK : generator->kind->prepare(generator, passes, pool);
}

static int model_make_net(lebm_net **net, const char *spec, const char *scheme, uint64_t seed)
{
    LEBM__TRY(lebm_net_create_from_spec(net, spec));
    return lebm_net_init(*net, scheme, seed);
}

int lebm_model_create(lebm_prior **prior, lebm_generator **generator, const char *f_spec, double sigma0,
                      const char *g_spec, const char *likelihood, double sigma, const char *scheme, uint64_t seed)
{
    lebm_net *f = NULL;
    if (prior != NULL) *prior = NULL;
    if (generator != NULL) *generator = NULL;
    LEBM__REQUIRE(prior);
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(f_spec);
    LEBM__REQUIRE(g_spec);
    LEBM__REQUIRE(likelihood);
    LEBM__REQUIRE(scheme);
    int status = model_make_net(&f, f_spec, scheme, seed);
    if (status == LEBM_OK) status = lebm_prior_create(prior, f, sigma0);
    lebm_net_destroy(f); /* the prior, if it was made, holds it from here on */
    if (status == LEBM_OK) status = lebm_generator_create_from_spec(generator, g_spec, likelihood, sigma);
    if (status == LEBM_OK)
        status = lebm_generator_init(*generator, scheme, seed + 1); /* one spec and seed start alike */
    if (status == LEBM_OK) status = lebm__model_check(*prior, *generator);
    if (status != LEBM_OK) {
        lebm_prior_destroy(*prior);
        lebm_generator_destroy(*generator);
        *prior = NULL;
        *generator = NULL;
    }
    return status;
}
