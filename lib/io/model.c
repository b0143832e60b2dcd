#include "lebm/model.h"

#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/number.h"
#include "core/status.h"
#include "io/model.h"
#include "lebm/version.h"
#include "mcmc/sampler.h"
#include "model/generator.h"
#include "model/prior.h"
#include "nn/net.h"
#include "nn/spec.h"

enum { FORMAT_VERSION = 1, KEY_SIZE = 64 };

static const char format_name[] = "liblatentebm";

static void make_key(char key[KEY_SIZE], const char *group, const char *name)
{
    snprintf(key, KEY_SIZE, "%s.%s", group, name);
}

/* Place of the first value that is not a finite number of at least `least`; `count` if there is none. */
static int64_t find_bad(const float *values, int64_t count, float least)
{
    int64_t i = 0;
    while (i < count && values[i] >= least && values[i] <= FLT_MAX) i++; /* false for NaN */
    return i;
}

/* ---- Writing ---- */

int lebm__put_text(lebm__st_writer *st, const char *group, const char *name, const char *text)
{
    char key[KEY_SIZE];
    make_key(key, group, name);
    return lebm__st_add_text(st, key, text);
}

static int put_f64(lebm__st_writer *st, const char *group, const char *name, double value)
{
    char text[LEBM__NUMBER_SIZE];
    lebm__format_f64(value, text);
    return lebm__put_text(st, group, name, text);
}

int lebm__put_i64(lebm__st_writer *st, const char *group, const char *name, int64_t value)
{
    char text[LEBM__NUMBER_SIZE];
    snprintf(text, sizeof text, "%" PRId64, value);
    return lebm__put_text(st, group, name, text);
}

static int put_option(lebm__st_writer *st, const char *group, const lebm__option *option, const void *values)
{
    const void *value = (const char *)values + option->offset;
    switch (option->type) {
    case LEBM__I64:
        return lebm__put_i64(st, group, option->key, *(const int64_t *)value);
    case LEBM__F64:
        return put_f64(st, group, option->key, *(const double *)value);
    default:
        return lebm__put_text(st, group, option->key, value);
    }
}

int lebm__put_options(lebm__st_writer *st, const char *group, const lebm__options *table, const void *values)
{
    for (const lebm__option *option = table->rows; option < table->rows + table->count; option++) {
        if (option->saved) LEBM__TRY(put_option(st, group, option, values));
    }
    return LEBM_OK;
}

int lebm__put_tensors(lebm__st_writer *st, const char *group, const lebm_net *net, const float *values)
{
    for (int64_t i = 0; i < net->param_count; i++) { /* without parameters the list is NULL */
        const lebm__param *param = &net->param_list[i];
        const float *tensor = values + param->offset;
        const int64_t bad = find_bad(tensor, param->size, -FLT_MAX);
        char key[KEY_SIZE];
        make_key(key, group, param->name);
        if (bad < param->size) {
            return lebm__fail(LEBM_ERR_INVALID, "cannot save tensor '%s': its number %" PRId64 " is %g", key, bad,
                              (double)tensor[bad]);
        }
        LEBM__TRY(lebm__st_add_tensor(st, key, param->ndim, param->dims, tensor));
    }
    return LEBM_OK;
}

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
    LEBM__TRY(put_f64(st, "prior", "sigma0", lebm_prior_sigma0(prior)));
    LEBM__TRY(lebm__put_text(st, "generator", "likelihood", lebm_generator_likelihood(generator)));
    LEBM__TRY(put_f64(st, "generator", "sigma", lebm_generator_sigma(generator)));
    LEBM__TRY(lebm__put_tensors(st, "f", f, f->params));
    return lebm__put_tensors(st, "g", g, g->params);
}

int lebm_model_save(const char *path, const lebm_prior *prior, const lebm_generator *generator)
{
    LEBM__REQUIRE(path);
    LEBM__REQUIRE(prior);
    LEBM__REQUIRE(generator);
    LEBM__TRY(lebm__model_check(prior, generator));
    lebm__st_writer st;
    LEBM__TRY(lebm__st_writer_create(&st));
    int status = lebm__put_model(&st, prior, generator);
    if (status == LEBM_OK) status = lebm__st_write(&st, path);
    lebm__st_writer_destroy(&st);
    return status;
}

/* ---- Reading ---- */

/* Turn what a function said of a value into what is wrong with the file it came from. */
static int in_file(const lebm__st_reader *st, int status)
{
    char text[LEBM__ERROR_SIZE];
    if (status == LEBM_OK || status == LEBM_ERR_NOMEM) return status;
    snprintf(text, sizeof text, "%s", lebm_last_error());
    return lebm__fail(LEBM_ERR_FORMAT, "'%.256s': %s", st->path, text);
}

static int check_version(const lebm__st_reader *st)
{
    const char *format = lebm__st_text(st, "format"), *text = lebm__st_text(st, "format_version");
    int64_t version;
    if (format == NULL || strcmp(format, format_name) != 0) {
        return lebm__fail(LEBM_ERR_FORMAT, "'%.256s': not a file of %s", st->path, format_name);
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

const char *lebm__find_text(const lebm__st_reader *st, const char *group, const char *name)
{
    char key[KEY_SIZE];
    make_key(key, group, name);
    return lebm__st_text(st, key);
}

int lebm__get_text(const lebm__st_reader *st, const char *group, const char *name, const char **text)
{
    *text = lebm__find_text(st, group, name);
    if (*text != NULL) return LEBM_OK;
    return lebm__fail(LEBM_ERR_FORMAT, "'%.256s': metadata '%s.%s' is missing", st->path, group, name);
}

static int not_a_number(const lebm__st_reader *st, const char *group, const char *name, const char *text)
{
    return lebm__fail(LEBM_ERR_FORMAT, "'%.256s': metadata '%s.%s' is '%.64s', which is no number of its kind",
                      st->path, group, name, text);
}

int lebm__get_f64(const lebm__st_reader *st, const char *group, const char *name, double *value)
{
    const char *text;
    LEBM__TRY(lebm__get_text(st, group, name, &text));
    return lebm__parse_f64(text, value) ? LEBM_OK : not_a_number(st, group, name, text);
}

int lebm__get_i64(const lebm__st_reader *st, const char *group, const char *name, int64_t *value)
{
    const char *text;
    LEBM__TRY(lebm__get_text(st, group, name, &text));
    return lebm__parse_i64(text, value) ? LEBM_OK : not_a_number(st, group, name, text);
}

static int get_option(const lebm__st_reader *st, const char *group, const lebm__options *table, const char *key,
                      lebm__option_type type, void *values)
{
    const char *text;
    int64_t integer;
    double number;
    switch (type) {
    case LEBM__I64:
        LEBM__TRY(lebm__get_i64(st, group, key, &integer));
        return in_file(st, lebm__options_set_i64(table, values, key, integer));
    case LEBM__F64:
        LEBM__TRY(lebm__get_f64(st, group, key, &number));
        return in_file(st, lebm__options_set_f64(table, values, key, number));
    default:
        LEBM__TRY(lebm__get_text(st, group, key, &text));
        return in_file(st, lebm__options_set_str(table, values, key, text));
    }
}

int lebm__get_options(const lebm__st_reader *st, const char *group, const lebm__options *table, void *values)
{
    for (const lebm__option *option = table->rows; option < table->rows + table->count; option++) {
        if (option->saved) LEBM__TRY(get_option(st, group, table, option->key, option->type, values));
    }
    return LEBM_OK;
}

int lebm__get_tensors(const lebm__st_reader *st, const char *group, const lebm_net *net, float least, float *values)
{
    for (int64_t i = 0; i < net->param_count; i++) { /* without parameters the list is NULL */
        const lebm__param *param = &net->param_list[i];
        float *tensor = values + param->offset;
        char key[KEY_SIZE];
        make_key(key, group, param->name);
        LEBM__TRY(lebm__st_read(st, key, param->ndim, param->dims, tensor));
        const int64_t bad = find_bad(tensor, param->size, least);
        if (bad < param->size) {
            return lebm__fail(LEBM_ERR_FORMAT, "'%.256s': number %" PRId64 " of tensor '%s' is %g", st->path, bad, key,
                              (double)tensor[bad]);
        }
    }
    char prefix[KEY_SIZE];
    make_key(prefix, group, "");
    const int64_t tensors = lebm__st_tensors(st, prefix);
    if (tensors == net->param_count) return LEBM_OK;
    return lebm__fail(LEBM_ERR_FORMAT, "'%.256s': %" PRId64 " tensors are called '%s*', of a net with %" PRId64,
                      st->path, tensors, prefix, net->param_count);
}

static int load_net(const lebm__st_reader *st, const char *group, lebm_net **net)
{
    const char *spec;
    char prefix[KEY_SIZE];
    make_key(prefix, group, "");
    LEBM__TRY(lebm__get_text(st, group, "spec", &spec));
    LEBM__TRY(in_file(st, lebm__net_from_spec(net, spec, lebm__st_numbers(st, prefix))));
    const int status = lebm__get_tensors(st, group, *net, -FLT_MAX, (*net)->params);
    if (status == LEBM_OK)
        lebm__net_set_all(*net);
    else
        lebm_net_destroy(*net);
    return status;
}

static int load_prior(const lebm__st_reader *st, lebm_prior **prior)
{
    lebm_net *f;
    double sigma0;
    LEBM__TRY(lebm__get_f64(st, "prior", "sigma0", &sigma0));
    LEBM__TRY(load_net(st, "f", &f));
    const int status = in_file(st, lebm_prior_create(prior, f, sigma0));
    lebm_net_destroy(f);
    return status;
}

static int load_generator(const lebm__st_reader *st, lebm_generator **generator)
{
    lebm_net *g;
    const char *likelihood;
    double sigma;
    LEBM__TRY(lebm__get_text(st, "generator", "likelihood", &likelihood));
    LEBM__TRY(lebm__get_f64(st, "generator", "sigma", &sigma));
    LEBM__TRY(load_net(st, "g", &g));
    const int status = in_file(st, lebm_generator_create(generator, g, likelihood, sigma));
    lebm_net_destroy(g);
    return status;
}

/* Load what is asked for, that is, what is not NULL. */
static int load_model(const lebm__st_reader *st, lebm_prior **prior, lebm_generator **generator)
{
    if (prior != NULL) LEBM__TRY(load_prior(st, prior));
    if (generator != NULL) LEBM__TRY(load_generator(st, generator));
    if (prior == NULL || generator == NULL) return LEBM_OK;
    return in_file(st, lebm__model_check(*prior, *generator));
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
    LEBM__TRY(in_file(st, lebm_sampler_create(sampler, kernel)));
    const int status = lebm__get_options(st, role, &lebm__sampler_table, &(*sampler)->options);
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
