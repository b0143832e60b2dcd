#include "lebm/model.h"

#include "core/status.h"
#include "model/generator.h"
#include "model/prior.h"

static int model_make_net(lebm_net **net, const char *spec, const char *scheme, uint64_t seed)
{
    LEBM__TRY(lebm_net_create_from_spec(net, spec));
    return lebm_net_init(*net, scheme, seed);
}

int lebm_model_create(lebm_prior **prior, lebm_generator **generator, const char *f_spec, double sigma0,
                      const char *g_spec, const char *likelihood, double sigma, const char *scheme, uint64_t seed)
{
    lebm_net *f = NULL, *g = NULL;
    if (prior != NULL) *prior = NULL;
    if (generator != NULL) *generator = NULL;
    LEBM__REQUIRE(prior);
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(f_spec);
    LEBM__REQUIRE(g_spec);
    LEBM__REQUIRE(likelihood);
    LEBM__REQUIRE(scheme);
    int status = model_make_net(&f, f_spec, scheme, seed);
    if (status == LEBM_OK) status = model_make_net(&g, g_spec, scheme, seed + 1); /* one spec and seed start alike */
    if (status == LEBM_OK) status = lebm_prior_create(prior, f, sigma0);
    if (status == LEBM_OK) status = lebm_generator_create(generator, g, likelihood, sigma);
    if (status == LEBM_OK) status = lebm__model_check(*prior, *generator);
    lebm_net_destroy(f); /* prior and generator, if they were made, hold them from here on */
    lebm_net_destroy(g);
    if (status != LEBM_OK) {
        lebm_prior_destroy(*prior);
        lebm_generator_destroy(*generator);
        *prior = NULL;
        *generator = NULL;
    }
    return status;
}
