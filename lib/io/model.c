#include "lebm/model.h"

#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/number.h"
#include "core/status.h"
#include "io/metadata.h"
#include "io/model.h"
#include "io/tensors.h"
#include "lebm/version.h"
#include "mcmc/sampler.h"
#include "model/generator.h"
#include "model/prior.h"
#include "nn/net.h"
#include "nn/spec.h"

enum { FORMAT_VERSION = 1 };

static const char format_name[] = "liblatentebm";

/* ---- Writing ---- */

int lebm__put_model(lebm__st_writer *st, const lebm_prior *prior, const lebm_generator *generator)
{
    const lebm_net *f = prior->net, *g = generator->net;
    char version[LEBM__NUMBER_SIZE];
    snprintf(version, sizeof version, "%d", FORMAT_VERSION);
    LEBM__TRY(lebm__st_add_text(st, "format", format_name));
    LEBM__TRY(lebm__st_add_text(st, "format_version", version));
    LEBM__TRY(lebm__st_add_text(st, "library_version", lebm_version()));
    LEBM__TRY(lebm__put_text(st, "f", "spec", lebm_net_spec(f)));
    LEBM__TRY(lebm__put_text(st, "g", "spec", lebm_net_spec(g)));
    LEBM__TRY(lebm__put_f64(st, "prior", "sigma0", lebm_prior_sigma0(prior)));
    LEBM__TRY(lebm__put_text(st, "generator", "likelihood", lebm_generator_likelihood(generator)));
    LEBM__TRY(lebm__put_f64(st, "generator", "sigma", lebm_generator_sigma(generator)));
    LEBM__TRY(lebm__put_tensors(st, "f", f, f->params));
    return lebm__put_tensors(st, "g", g, g->params);
}

int lebm_model_save(const char *path, const lebm_prior *prior, const lebm_generator *generator)
{
    LEBM__REQUIRE(path);
    LEBM__REQUIRE(prior);
    LEBM__REQUIRE(generator);
    LEBM__TRY(lebm__model_check(prior, generator));
    LEBM__TRY(lebm__model_require_set(prior, generator)); /* a file does not tell */
    lebm__st_writer st;
    LEBM__TRY(lebm__st_writer_create(&st));
    int status = lebm__model_use(prior, generator);
    if (status == LEBM_OK) {
        status = lebm__put_model(&st, prior, generator);
        if (status == LEBM_OK) status = lebm__st_write(&st, path);
        lebm__model_leave(prior, generator);
    }
    lebm__st_writer_destroy(&st);
    return status;
}

/* ---- Reading ---- */

static int check_version(const lebm__st_reader *st)
{
    const char *format = lebm__st_text(st, "format"), *text = lebm__st_text(st, "format_version");
    int64_t version;
    if (format == NULL) {
        return lebm__fail(LEBM_ERR_FORMAT, "'%.256s': not a file of %s: there is no metadata 'format'", st->path,
                          format_name);
    }
    if (strcmp(format, format_name) != 0) {
        return lebm__fail(LEBM_ERR_FORMAT, "'%.256s': not a file of %s: metadata 'format' is '%.64s'", st->path,
                          format_name, format);
    }
    if (text == NULL || !lebm__parse_i64(text, &version) || version < 1) {
        return lebm__fail(LEBM_ERR_FORMAT, "'%.256s': format_version is '%.64s'; this library reads 1 to %d", st->path,
                          text == NULL ? "" : text, FORMAT_VERSION);
    }
    if (version > FORMAT_VERSION) {
        return lebm__fail(LEBM_ERR_VERSION, "'%.256s': format_version is %" PRId64 "; this library reads up to %d",
                          st->path, version, FORMAT_VERSION);
    }
    return LEBM_OK;
}

int lebm__model_open(lebm__st_reader *st, const char *path)
{
    LEBM__TRY(lebm__st_open(st, path));
    const int status = check_version(st);
    if (status != LEBM_OK) lebm__st_close(st);
    return status;
}

static int load_net(const lebm__st_reader *st, const char *group, lebm_net **net)
{
    const char *spec;
    char key[LEBM__KEY_SIZE];
    lebm__make_key(key, group, "spec");
    LEBM__TRY(lebm__get_text(st, group, "spec", &spec));
    LEBM__TRY(lebm__check_keys(st, group));
    LEBM__TRY(lebm__in_file(st, key, lebm__net_from_spec(net, spec, lebm__st_numbers(st))));
    const int status = lebm__get_tensors(st, group, *net, -FLT_MAX, (*net)->params);
    if (status == LEBM_OK) {
        lebm__net_set_all(*net);
    } else {
        lebm_net_destroy(*net);
    }
    return status;
}

static int load_prior(const lebm__st_reader *st, lebm_prior **prior)
{
    lebm_net *f;
    double sigma0;
    LEBM__TRY(lebm__check_keys(st, "prior"));
    LEBM__TRY(lebm__get_f64(st, "prior", "sigma0", &sigma0));
    LEBM__TRY(load_net(st, "f", &f));
    const int status = lebm__in_file(st, "prior", lebm_prior_create(prior, f, sigma0));
    lebm_net_destroy(f);
    return status;
}

static int load_generator(const lebm__st_reader *st, lebm_generator **generator)
{
    lebm_net *g;
    const char *likelihood;
    double sigma;
    LEBM__TRY(lebm__check_keys(st, "generator"));
    LEBM__TRY(lebm__get_text(st, "generator", "likelihood", &likelihood));
    LEBM__TRY(lebm__get_f64(st, "generator", "sigma", &sigma));
    LEBM__TRY(load_net(st, "g", &g));
    const int status = lebm__in_file(st, "generator", lebm_generator_create(generator, g, likelihood, sigma));
    lebm_net_destroy(g);
    return status;
}

/* Load what is asked for, that is, what is not NULL. */
static int load_model(const lebm__st_reader *st, lebm_prior **prior, lebm_generator **generator)
{
    if (prior != NULL) LEBM__TRY(load_prior(st, prior));
    if (generator != NULL) LEBM__TRY(load_generator(st, generator));
    if (prior == NULL || generator == NULL) return LEBM_OK;
    return lebm__in_file(st, "f and g", lebm__model_check(*prior, *generator));
}

int lebm_model_load(const char *path, lebm_prior **prior, lebm_generator **generator)
{
    if (prior != NULL) *prior = NULL;
    if (generator != NULL) *generator = NULL;
    LEBM__REQUIRE(path);
    lebm__st_reader st;
    LEBM__TRY(lebm__model_open(&st, path));
    const int status = load_model(&st, prior, generator);
    lebm__st_close(&st);
    if (status != LEBM_OK && prior != NULL) {
        lebm_prior_destroy(*prior);
        *prior = NULL;
    }
    if (status != LEBM_OK && generator != NULL) {
        lebm_generator_destroy(*generator);
        *generator = NULL;
    }
    return status;
}

static int load_sampler(const lebm__st_reader *st, const char *role, lebm_sampler **sampler)
{
    const char *kernel = lebm__find_text(st, role, "kernel");
    if (kernel == NULL) {
        return lebm__fail(LEBM_ERR_STATE, "'%.256s': a model without samplers: '%s.kernel' is missing", st->path, role);
    }
    LEBM__TRY(lebm__check_keys(st, role));
    LEBM__TRY(lebm__in_file(st, role, lebm_sampler_create(sampler, kernel)));
    const int status = lebm__get_options(st, role, &(*sampler)->head);
    if (status != LEBM_OK) {
        lebm_sampler_destroy(*sampler);
        *sampler = NULL;
    }
    return status;
}

int lebm_model_load_sampler(const char *path, const char *role, lebm_sampler **sampler)
{
    LEBM__REQUIRE(sampler);
    *sampler = NULL;
    LEBM__REQUIRE(path);
    LEBM__REQUIRE(role);
    if (strcmp(role, LEBM_TO_PRIOR) != 0 && strcmp(role, LEBM_TO_POSTERIOR) != 0) {
        return lebm__fail(LEBM_ERR_UNKNOWN_OPTION, "there is no sampler '%.64s'; there are '%s' and '%s'", role,
                          LEBM_TO_PRIOR, LEBM_TO_POSTERIOR);
    }
    lebm__st_reader st;
    LEBM__TRY(lebm__model_open(&st, path));
    const int status = load_sampler(&st, role, sampler);
    lebm__st_close(&st);
    return status;
}
