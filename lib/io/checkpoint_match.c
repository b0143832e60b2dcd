#include "io/checkpoint_match.h"

#include <string.h>

#include "core/status.h"
#include "io/metadata.h"
#include "lebm/model.h"
#include "mcmc/sampler.h"

/* Check that a text of the file is the trainer's. */
static int match_text(const lebm__st_reader *st, const char *group, const char *name, const char *ours)
{
    const char *theirs;
    if (ours == NULL) return LEBM_ERR_NOMEM; /* a spec that there is no memory for */
    LEBM__TRY(lebm__get_text(st, group, name, &theirs));
    if (strcmp(theirs, ours) == 0) return LEBM_OK;
    return lebm__fail(LEBM_ERR_SHAPE, "'%.128s': %s.%s is '%.120s', but the trainer's is '%.120s'", st->path, group,
                      name, theirs, ours);
}

/* Check that the words of the file are the trainer's. */
static int match_words(const lebm__st_reader *st, const char *ours)
{
    const char *theirs;
    LEBM__TRY(lebm__get_text(st, "generator", "vocabulary", &theirs));
    for (int64_t line = 0; *theirs != '\0' || *ours != '\0'; line++) {
        const int a = (int)strcspn(theirs, "\n"), b = (int)strcspn(ours, "\n");
        const int ends = *theirs == '\0' || *ours == '\0';
        if (ends || a != b || memcmp(theirs, ours, (size_t)a) != 0) {
            return lebm__fail(LEBM_ERR_SHAPE,
                              "'%.128s': word %lld of generator.vocabulary is '%.*s', but the trainer's is '%.*s'",
                              st->path, (long long)line, a < 64 ? a : 64, theirs, b < 64 ? b : 64, ours);
        }
        theirs += a + (theirs[a] == '\n');
        ours += b + (ours[b] == '\n');
    }
    return LEBM_OK;
}

/* Check that the file has the trainer's vocabulary, or as it none. */
static int match_vocabulary(const lebm__st_reader *st, const lebm__vocabulary *ours)
{
    if (ours != NULL) {
        LEBM__TRY(match_text(st, "generator", "token_unit", ours->unit));
        return match_words(st, ours->text);
    }
    if (lebm__find_text(st, "generator", "vocabulary") == NULL) return LEBM_OK;
    return lebm__fail(LEBM_ERR_SHAPE, "'%.128s': its generator has a vocabulary, but the trainer's has none", st->path);
}

static int match_kind(const lebm__st_reader *st, const char *ours)
{
    const char *found = lebm__find_text(st, "generator", "kind"), *theirs = found == NULL ? "net" : found;
    if (strcmp(theirs, ours) == 0) return LEBM_OK;
    return lebm__fail(LEBM_ERR_SHAPE, "'%.128s': its generator is of the kind '%.64s', but the trainer's is '%.64s'",
                      st->path, theirs, ours);
}

static int match_f64(const lebm__st_reader *st, const char *group, const char *name, double ours)
{
    double theirs;
    LEBM__TRY(lebm__get_f64(st, group, name, &theirs));
    if (theirs == ours) return LEBM_OK;
    return lebm__fail(LEBM_ERR_SHAPE, "'%.128s': %s.%s is %.9g, but the trainer's is %.9g", st->path, group, name,
                      theirs, ours);
}

/* Check that the file has one setting for both samplers, if the trainer has one sampler for both. */
static int match_samplers(const lebm__st_reader *st, const lebm_trainer *trainer)
{
    const lebm__option *option;
    if (trainer->to_prior != trainer->to_posterior) return LEBM_OK;
    for (int64_t i = 0; (option = lebm__handle_setting(&trainer->to_prior->head, i).option) != NULL; i++) {
        if (option->file_default == NULL) continue;
        const char *a = lebm__option_text(st, LEBM_TO_PRIOR, option);
        const char *b = lebm__option_text(st, LEBM_TO_POSTERIOR, option);
        if (strcmp(a, b) != 0) {
            return lebm__fail(LEBM_ERR_SHAPE,
                              "'%.128s': its two samplers differ in '%s' (%.32s, %.32s), but the trainer has only one",
                              st->path, option->key, a, b);
        }
    }
    return LEBM_OK;
}

int lebm__checkpoint_match(const lebm__st_reader *st, const lebm_trainer *trainer)
{
    const lebm_generator *generator = trainer->generator;
    LEBM__TRY(match_kind(st, generator->kind->name));
    LEBM__TRY(match_text(st, "f", "spec", lebm_net_spec(trainer->prior->net)));
    LEBM__TRY(match_text(st, "g", "spec", generator->kind->spec(generator)));
    LEBM__TRY(match_f64(st, "prior", "sigma0", lebm_prior_sigma0(trainer->prior)));
    LEBM__TRY(match_text(st, "generator", "likelihood", lebm_generator_likelihood(generator)));
    LEBM__TRY(match_vocabulary(st, generator->vocabulary));
    LEBM__TRY(match_text(st, LEBM_TO_PRIOR, "kernel", lebm_sampler_kernel(trainer->to_prior)));
    LEBM__TRY(match_text(st, LEBM_TO_POSTERIOR, "kernel", lebm_sampler_kernel(trainer->to_posterior)));
    return match_samplers(st, trainer);
}

int lebm__checkpoint_match_sigma(const lebm__st_reader *st, const lebm_trainer *trainer, int is_learned, double *sigma)
{
    const double ours = lebm_generator_sigma(trainer->generator);
    if (!is_learned || ours == 0.0) LEBM__TRY(match_f64(st, "generator", "sigma", ours));
    LEBM__TRY(lebm__get_f64(st, "generator", "sigma", sigma));
    if (ours == 0.0 || (*sigma >= LEBM__LEAST_SIGMA && *sigma <= LEBM__MOST_SIGMA)) return LEBM_OK;
    return lebm__fail(LEBM_ERR_FORMAT, "'%.128s': generator.sigma is %.9g; allowed are %.0e to %.0e", st->path, *sigma,
                      LEBM__LEAST_SIGMA, LEBM__MOST_SIGMA);
}
