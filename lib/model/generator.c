#include "model/generator.h"

#include <stddef.h>
#include <string.h>

#include "core/status.h"
#include "model/likelihood.h"

static const lebm__option generator_rows[] = {
    LEBM__OPTION_STR(LEBM_GENERATOR_OUT_OF_RANGE, offsetof(lebm__generator_options, out_of_range), "error",
                     "error|allow", NULL, "what becomes of an x far outside the range that g gives"),
    LEBM__OPTION_STR(LEBM_GENERATOR_MISSING, offsetof(lebm__generator_options, missing), "error", "error|skip", NULL,
                     "what becomes of numbers of x that are NaN: refused, or left out of the likelihood"),
};

static const lebm__options generator_table = {generator_rows, sizeof generator_rows / sizeof *generator_rows,
                                              sizeof(lebm__generator_options)};

const lebm__generator_kind *lebm__generator_find_kind(const char *name)
{
    static const lebm__generator_kind *const kinds[] = {&lebm__generator_net, &lebm__generator_recurrent};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(name, kinds[i]->name) == 0) return kinds[i];
    }
    return NULL;
}

void lebm__generator_init(lebm_generator *generator, const lebm__generator_kind *kind, lebm__params *params,
                          int64_t latent_size, int64_t data_size, const char *likelihood, double sigma)
{
    generator->kind = kind;
    generator->params = params;
    generator->latent_size = latent_size;
    generator->data_size = data_size;
    generator->likelihood = likelihood;
    generator->sigma = sigma;
    lebm__handle_init(&generator->head, "generator");
    lebm__handle_add_options(&generator->head, &generator_table, &generator->options);
}

int lebm__generator_put_vocabulary(lebm_generator *generator, const char *unit, const char *words)
{
    lebm__vocabulary *vocabulary;
    LEBM__TRY(lebm__vocabulary_create(&vocabulary, unit, words, generator->token_count));
    lebm__vocabulary_destroy(generator->vocabulary);
    generator->vocabulary = vocabulary;
    return LEBM_OK;
}

int lebm__generator_copy(lebm_generator **out, const lebm_generator *generator, const float *values)
{
    const lebm__generator_kind *kind = generator->kind;
    const lebm__params *params = generator->params;
    *out = NULL;
    if (kind->create == NULL) {
        return lebm__fail(LEBM_ERR_UNSUPPORTED, "a generator of the kind '%.64s' cannot be copied", kind->name);
    }
    const char *spec = kind->spec(generator);
    if (spec == NULL) return LEBM_ERR_NOMEM;
    LEBM__TRY(kind->create(out, spec, params->total, generator->likelihood, generator->sigma));
    lebm__handle_assign_options(&(*out)->head, &generator->head);
    if (kind->net != NULL) lebm__handle_assign_options(&kind->net(*out)->head, &kind->net(generator)->head);
    lebm__params_assign((*out)->params, values);
    const lebm__vocabulary *vocabulary = generator->vocabulary;
    if (vocabulary == NULL) return LEBM_OK;
    const int status = lebm__generator_put_vocabulary(*out, vocabulary->unit, vocabulary->text);
    if (status == LEBM_OK) return LEBM_OK;
    lebm_generator_destroy(*out);
    *out = NULL;
    return status;
}

int lebm__generator_skips_missing(const lebm_generator *generator)
{
    return strcmp(generator->options.missing, "skip") == 0;
}

int lebm__generator_check(const lebm_generator *generator, const float *x, int64_t n)
{
    LEBM__TRY(lebm__handle_use(generator->params->owner));
    const int status = generator->kind->check(generator, x, n);
    lebm__handle_leave(generator->params->owner);
    return status;
}

void lebm_generator_destroy(lebm_generator *generator)
{
    if (generator == NULL) return;
    lebm__vocabulary_destroy(generator->vocabulary);
    generator->kind->destroy(generator);
}

/* ---- Made of a spec ---- */

int lebm_generator_create_from_spec(lebm_generator **out, const char *spec, const char *likelihood, double sigma)
{
    LEBM__REQUIRE(out);
    *out = NULL;
    LEBM__REQUIRE(spec);
    LEBM__REQUIRE(likelihood);
    const int is_of_tokens = strcmp(likelihood, LEBM_CATEGORICAL) == 0;
    if (!is_of_tokens && lebm__likelihood_find(likelihood) == NULL) {
        return lebm__fail(LEBM_ERR_UNKNOWN_OPTION, "there is no likelihood '%.64s'; there are %s, %s and %s",
                          likelihood, LEBM_GAUSSIAN, LEBM_BERNOULLI, LEBM_CATEGORICAL);
    }
    const lebm__generator_kind *kind = is_of_tokens ? &lebm__generator_recurrent : &lebm__generator_net;
    return kind->create(out, spec, INT64_MAX, likelihood, sigma);
}

int lebm_generator_init(lebm_generator *generator, const char *scheme, uint64_t seed)
{
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(scheme);
    LEBM__TRY(lebm__handle_claim(generator->params->owner, __func__, 0));
    const int status = lebm__params_init(generator->params, scheme, seed, generator->kind->stream(generator));
    lebm__handle_yield(generator->params->owner, 0);
    return status;
}

const char *lebm_generator_spec(const lebm_generator *generator)
{
    return generator == NULL ? NULL : generator->kind->spec(generator);
}

/* ---- Options: the claim on its parameters keeps them, too ---- */

int lebm_generator_set_str(lebm_generator *generator, const char *key, const char *value)
{
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(value);
    LEBM__TRY(lebm__handle_claim(generator->params->owner, __func__, 0));
    const int status = lebm__handle_put_str(&generator->head, key, value);
    lebm__handle_yield(generator->params->owner, 0);
    return status;
}

int lebm_generator_get_str(const lebm_generator *generator, const char *key, const char **value)
{
    LEBM__REQUIRE(value);
    *value = NULL;
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(key);
    return lebm__handle_get_str(&generator->head, key, value);
}

int64_t lebm_generator_option_count(const lebm_generator *generator)
{
    return generator == NULL ? 0 : lebm__handle_option_count(&generator->head);
}

const char *lebm_generator_option_key(const lebm_generator *generator, int64_t index)
{
    return generator == NULL ? NULL : lebm__handle_option_key(&generator->head, index);
}

const char *lebm_generator_option_type(const lebm_generator *generator, const char *key)
{
    return generator == NULL ? NULL : lebm__handle_option_type(&generator->head, key);
}

const char *lebm_generator_option_help(const lebm_generator *generator, const char *key)
{
    return generator == NULL ? NULL : lebm__handle_option_help(&generator->head, key);
}

const char *lebm_generator_option_choices(const lebm_generator *generator, const char *key)
{
    return generator == NULL ? NULL : lebm__handle_option_choices(&generator->head, key);
}

/* ---- What it is ---- */

lebm_net *lebm_generator_net(lebm_generator *generator)
{
    return generator == NULL || generator->kind->net == NULL ? NULL : generator->kind->net(generator);
}

int64_t lebm_generator_latent_size(const lebm_generator *generator)
{
    return generator == NULL ? 0 : generator->latent_size;
}

int64_t lebm_generator_data_size(const lebm_generator *generator)
{
    return generator == NULL ? 0 : generator->data_size;
}

const char *lebm_generator_data_kind(const lebm_generator *generator)
{
    return generator == NULL ? NULL : generator->kind->data;
}

int lebm_generator_data_shape(const lebm_generator *generator, int64_t *chw)
{
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(chw);
    generator->kind->shape(generator, chw);
    return LEBM_OK;
}

int lebm_generator_data_range(const lebm_generator *generator, double *low, double *high)
{
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(low);
    LEBM__REQUIRE(high);
    generator->kind->range(generator, low, high);
    return LEBM_OK;
}

const char *lebm_generator_likelihood(const lebm_generator *generator)
{
    return generator == NULL ? NULL : generator->likelihood;
}

double lebm_generator_sigma(const lebm_generator *generator)
{
    return generator == NULL ? 0.0 : generator->sigma;
}

/* ---- Its parameters ---- */

int64_t lebm_generator_param_count(const lebm_generator *generator)
{
    return generator == NULL ? 0 : generator->params->count;
}

int64_t lebm_generator_param_size(const lebm_generator *generator, int64_t index)
{
    return generator == NULL ? 0 : lebm__params_size(generator->params, index);
}

const char *lebm_generator_param_name(const lebm_generator *generator, int64_t index)
{
    return generator == NULL ? NULL : lebm__params_name(generator->params, index);
}

int64_t lebm_generator_param_ndim(const lebm_generator *generator, int64_t index)
{
    return generator == NULL ? 0 : lebm__params_ndim(generator->params, index);
}

int64_t lebm_generator_param_dim(const lebm_generator *generator, int64_t index, int64_t axis)
{
    return generator == NULL ? 0 : lebm__params_dim(generator->params, index, axis);
}

int lebm_generator_get_param(const lebm_generator *generator, int64_t index, float *dst, int64_t count)
{
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(dst);
    return lebm__params_get(generator->params, index, dst, count);
}

int lebm_generator_set_param(lebm_generator *generator, int64_t index, const float *src, int64_t count)
{
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(src);
    return lebm__params_set(generator->params, __func__, index, src, count);
}

/* ---- Its densities ---- */

enum { ROWS = LEBM__GENERATOR_ROWS };

int lebm__generator_begin(const lebm_generator *generator, int64_t n, lebm__passes passes, void **memory,
                          void **workspace)
{
    lebm__arena arena = {NULL, 0};
    LEBM__TRY(lebm__check_range("n", n, 0, LEBM__MOST_ROWS));
    LEBM__TRY(lebm__handle_use(generator->params->owner));
    int status = generator->kind->prepare(generator, passes, NULL);
    generator->kind->lay_out(generator, n < ROWS ? n : ROWS, passes, &arena);
    *memory = status == LEBM_OK ? lebm__alloc_raw(arena.used, 1) : NULL;
    if (*memory == NULL) {
        lebm__handle_leave(generator->params->owner);
        return status == LEBM_OK ? LEBM_ERR_NOMEM : status;
    }
    arena = (lebm__arena){*memory, 0};
    *workspace = generator->kind->lay_out(generator, n < ROWS ? n : ROWS, passes, &arena);
    return LEBM_OK;
}

void lebm__generator_end(const lebm_generator *generator, void *memory)
{
    lebm__free(memory);
    lebm__handle_leave(generator->params->owner);
}

static int64_t generator_rows_at_once(int64_t n, int64_t first)
{
    return n - first < ROWS ? n - first : ROWS;
}

int lebm_generator_decode(const lebm_generator *generator, const float *z, int64_t n, float *x)
{
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(z);
    LEBM__REQUIRE(x);
    void *memory, *workspace;
    LEBM__TRY(lebm__generator_begin(generator, n, LEBM__FORWARD, &memory, &workspace));
    for (int64_t first = 0; first < n; first += ROWS) {
        generator->kind->mean(generator, workspace, z + first * generator->latent_size,
                              generator_rows_at_once(n, first), x + first * generator->data_size);
    }
    lebm__generator_end(generator, memory);
    return LEBM_OK;
}

int lebm_generator_draw(const lebm_generator *generator, const float *z, int64_t n, uint64_t seed, uint64_t stream,
                        float *x)
{
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(z);
    LEBM__REQUIRE(x);
    const lebm__key key = lebm__key_make(seed, stream, LEBM__FOR_DRAW);
    void *memory, *workspace;
    LEBM__TRY(lebm__generator_begin(generator, n, LEBM__FORWARD, &memory, &workspace));
    for (int64_t first = 0; first < n; first += ROWS) {
        generator->kind->draw(generator, workspace, key, first, z + first * generator->latent_size,
                              generator_rows_at_once(n, first), x + first * generator->data_size);
    }
    lebm__generator_end(generator, memory);
    return LEBM_OK;
}

/* The work of the next two; either result may be NULL. */
static int generator_evaluate(const lebm_generator *generator, const float *z, const float *x, int64_t n,
                              float *log_likelihood, float *score)
{
    const int64_t dims = generator->latent_size;
    void *memory, *workspace;
    LEBM__TRY(lebm__generator_begin(generator, n, score == NULL ? LEBM__FORWARD : LEBM__SCORE, &memory, &workspace));
    const int status = generator->kind->check(generator, x, n);
    if (status == LEBM_OK && score != NULL) memset(score, 0, (size_t)(n * dims) * sizeof *score);
    for (int64_t first = 0; first < n && status == LEBM_OK; first += ROWS) {
        const int64_t rows = generator_rows_at_once(n, first);
        double values[ROWS] = {0};
        generator->kind->observe(generator, workspace, x + first * generator->data_size, rows, NULL);
        generator->kind->log_likelihood(generator, workspace, z + first * dims, rows, values,
                                        score == NULL ? NULL : score + first * dims);
        for (int64_t i = 0; log_likelihood != NULL && i < rows; i++) log_likelihood[first + i] = (float)values[i];
    }
    lebm__generator_end(generator, memory);
    return status;
}

int lebm_generator_log_likelihood(const lebm_generator *generator, const float *z, const float *x, int64_t n,
                                  float *out)
{
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(z);
    LEBM__REQUIRE(x);
    LEBM__REQUIRE(out);
    return generator_evaluate(generator, z, x, n, out, NULL);
}

int lebm_generator_score(const lebm_generator *generator, const float *z, const float *x, int64_t n, float *score)
{
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(z);
    LEBM__REQUIRE(x);
    LEBM__REQUIRE(score);
    return generator_evaluate(generator, z, x, n, NULL, score);
}
