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
#include "io/samplers.h"
#include "io/tensors.h"
#include "lebm/version.h"
#include "model/model.h"
#include "nn/spec.h"

enum { FORMAT_VERSION = 1 };

static const char format_name[] = "liblatentebm";

/* ---- Writing ---- */

static int model_put_spec(lebm__st_writer *st, const char *group, const char *spec)
{
    return spec == NULL ? LEBM_ERR_NOMEM : lebm__put_text(st, group, "spec", spec);
}

int lebm__put_model(lebm__st_writer *st, const lebm_prior *prior, const lebm_generator *generator, const float *f,
                    const float *g)
{
    char version[LEBM__NUMBER_SIZE];
    snprintf(version, sizeof version, "%d", FORMAT_VERSION);
    LEBM__TRY(lebm__st_add_text(st, "format", format_name));
    LEBM__TRY(lebm__st_add_text(st, "format_version", version));
    LEBM__TRY(lebm__st_add_text(st, "library_version", lebm_version()));
    LEBM__TRY(model_put_spec(st, "f", lebm_net_spec(prior->net)));
    LEBM__TRY(model_put_spec(st, "g", generator->kind->spec(generator)));
    LEBM__TRY(lebm__put_f64(st, "prior", "sigma0", lebm_prior_sigma0(prior)));
    if (generator->kind != &lebm__generator_net) {
        LEBM__TRY(lebm__put_text(st, "generator", "kind", generator->kind->name));
    }
    LEBM__TRY(lebm__put_text(st, "generator", "likelihood", lebm_generator_likelihood(generator)));
    LEBM__TRY(lebm__put_f64(st, "generator", "sigma", lebm_generator_sigma(generator)));
    if (generator->vocabulary != NULL) {
        LEBM__TRY(lebm__put_text(st, "generator", "token_unit", generator->vocabulary->unit));
        LEBM__TRY(lebm__put_text(st, "generator", "vocabulary", generator->vocabulary->text));
    }
    LEBM__TRY(lebm__put_tensors(st, "f", &prior->net->params, f));
    return lebm__put_tensors(st, "g", generator->params, g);
}

int lebm_model_save(const char *path, const lebm_prior *prior, const lebm_generator *generator)
{
    LEBM__REQUIRE(path);
    LEBM__REQUIRE(prior);
    LEBM__REQUIRE(generator);
    LEBM__TRY(lebm__model_check(prior, generator));
    lebm__st_writer st;
    LEBM__TRY(lebm__st_writer_create(&st));
    int status = lebm__model_use(prior, generator);
    if (status == LEBM_OK) {
        status = lebm__model_require_set(prior, generator); /* a file does not tell */
        if (status == LEBM_OK) {
            status = lebm__put_model(&st, prior, generator, prior->net->params.values, generator->params->values);
        }
        if (status == LEBM_OK) status = lebm__st_write(&st, path);
        lebm__model_leave(prior, generator);
    }
    lebm__st_writer_destroy(&st);
    return status;
}

/* ---- Reading ---- */

static int model_check_version(const lebm__st_reader *st)
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
    const int status = model_check_version(st);
    if (status != LEBM_OK) lebm__st_close(st);
    return status;
}

/* Read the parameters of what was made of the file's spec. */
static int model_load_params(const lebm__st_reader *st, const char *group, const char *spec, lebm__params *params)
{
    LEBM__TRY(lebm__get_tensors(st, group, params, spec, -FLT_MAX, params->values));
    lebm__params_set_all(params);
    return LEBM_OK;
}

static int model_load_prior(const lebm__st_reader *st, lebm_prior **prior)
{
    lebm_net *f;
    const char *spec;
    double sigma0;
    LEBM__TRY(lebm__check_keys(st, "prior"));
    LEBM__TRY(lebm__get_f64(st, "prior", "sigma0", &sigma0));
    LEBM__TRY(lebm__get_text(st, "f", "spec", &spec));
    LEBM__TRY(lebm__check_keys(st, "f"));
    LEBM__TRY(lebm__in_file(st, "f.spec", lebm__net_from_spec(&f, spec, lebm__st_numbers(st))));
    int status = model_load_params(st, "f", spec, &f->params);
    if (status == LEBM_OK) status = lebm__in_file(st, "prior", lebm_prior_create(prior, f, sigma0));
    lebm_net_destroy(f);
    return status;
}

/* A vocabulary, if there is one. */
static int model_load_vocabulary(const lebm__st_reader *st, lebm_generator *generator)
{
    const char *words = lebm__find_text(st, "generator", "vocabulary"), *unit;
    if (words == NULL) return LEBM_OK;
    if (generator->token_count == 0) {
        return lebm__fail(LEBM_ERR_FORMAT, "'%.256s': generator.vocabulary: the generator is not of tokens", st->path);
    }
    LEBM__TRY(lebm__get_text(st, "generator", "token_unit", &unit));
    return lebm__in_file(st, "generator.vocabulary", lebm__generator_put_vocabulary(generator, unit, words));
}

static int model_load_generator(const lebm__st_reader *st, lebm_generator **generator)
{
    const char *name = lebm__find_text(st, "generator", "kind"), *spec, *likelihood;
    const lebm__generator_kind *kind = name == NULL ? &lebm__generator_net : lebm__generator_find_kind(name);
    double sigma;
    LEBM__TRY(lebm__check_keys(st, "generator"));
    if (kind == NULL) {
        return lebm__fail(LEBM_ERR_VERSION, "'%.256s': this library, version %s, has no generator of kind '%.64s'",
                          st->path, lebm_version(), name);
    }
    LEBM__TRY(lebm__get_text(st, "generator", "likelihood", &likelihood));
    LEBM__TRY(lebm__get_f64(st, "generator", "sigma", &sigma));
    LEBM__TRY(lebm__get_text(st, "g", "spec", &spec));
    LEBM__TRY(lebm__check_keys(st, "g"));
    LEBM__TRY(lebm__in_file(st, "generator", kind->create(generator, spec, lebm__st_numbers(st), likelihood, sigma)));
    int status = model_load_params(st, "g", spec, (*generator)->params);
    if (status == LEBM_OK) status = model_load_vocabulary(st, *generator);
    if (status == LEBM_OK) return LEBM_OK;
    lebm_generator_destroy(*generator);
    *generator = NULL;
    return status;
}

/* Load what is asked for, that is, what is not NULL. */
static int model_load_model(const lebm__st_reader *st, lebm_prior **prior, lebm_generator **generator)
{
    if (prior != NULL) LEBM__TRY(model_load_prior(st, prior));
    if (generator != NULL) LEBM__TRY(model_load_generator(st, generator));
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
    const int status = model_load_model(&st, prior, generator);
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
    const int status = lebm__get_sampler(&st, role, sampler);
    lebm__st_close(&st);
    return status;
}
