#include <float.h>
#include <inttypes.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "io/metadata.h"
#include "io/model.h"
#include "io/tensors.h"
#include "lebm/model.h"
#include "mcmc/sampler.h"
#include "train/trainer.h"

/* ---- Writing ---- */

static int checkpoint_put_sampler(lebm__st_writer *st, const char *role, const lebm_sampler *sampler)
{
    LEBM__TRY(lebm__put_text(st, role, "kernel", lebm_sampler_kernel(sampler)));
    return lebm__put_options(st, role, &sampler->head);
}

static int checkpoint_put_model(lebm__st_writer *st, const lebm_trainer *trainer)
{
    LEBM__TRY(lebm__put_model(st, trainer->prior, trainer->generator));
    LEBM__TRY(checkpoint_put_sampler(st, LEBM_TO_PRIOR, trainer->to_prior));
    return checkpoint_put_sampler(st, LEBM_TO_POSTERIOR, trainer->to_posterior);
}

/* Keys of what Adam has of a learner: "adam.f" of its numbers, "adam.m.f" and "adam.v.f" of its moments. */
typedef struct {
    char adam[LEBM__KEY_SIZE], m[LEBM__KEY_SIZE], v[LEBM__KEY_SIZE];
} learner_keys;

static learner_keys checkpoint_make_learner_keys(const lebm__learner *learner)
{
    learner_keys keys = {.adam = ""};
    lebm__make_key(keys.adam, "adam", learner->name);
    lebm__make_key(keys.m, "adam.m", learner->name);
    lebm__make_key(keys.v, "adam.v", learner->name);
    return keys;
}

static int checkpoint_put_learner(lebm__st_writer *st, const lebm__learner *learner)
{
    const learner_keys keys = checkpoint_make_learner_keys(learner);
    LEBM__TRY(lebm__put_i64(st, keys.adam, "steps", learner->adam.steps));
    LEBM__TRY(lebm__put_tensors(st, keys.m, learner->params, learner->adam.m));
    return lebm__put_tensors(st, keys.v, learner->params, learner->adam.v);
}

static int checkpoint_put_training(lebm__st_writer *st, const lebm_trainer *trainer)
{
    LEBM__TRY(lebm__put_options(st, "trainer", &trainer->head));
    LEBM__TRY(lebm__put_i64(st, "trainer", "steps_done", trainer->steps_done));
    LEBM__TRY(lebm__put_i64(st, "trainer", "epochs_done", trainer->epochs_done));
    for (int i = 0; i < LEBM__LEARNERS; i++) LEBM__TRY(checkpoint_put_learner(st, &trainer->learners[i]));
    return LEBM_OK;
}

static int checkpoint_save(const lebm_trainer *trainer, const char *path, int with_training)
{
    lebm__st_writer st;
    LEBM__TRY(lebm__st_writer_create(&st));
    int status = lebm__model_use(trainer->prior, trainer->generator);
    if (status == LEBM_OK) {
        status = lebm__model_require_set(trainer->prior, trainer->generator); /* a file does not tell */
        if (status == LEBM_OK) status = checkpoint_put_model(&st, trainer);
        if (status == LEBM_OK && with_training) status = checkpoint_put_training(&st, trainer);
        if (status == LEBM_OK) status = lebm__st_write(&st, path);
        lebm__model_leave(trainer->prior, trainer->generator);
    }
    lebm__st_writer_destroy(&st);
    return status;
}

int lebm_trainer_save(const lebm_trainer *trainer, const char *path)
{
    LEBM__REQUIRE(trainer);
    LEBM__REQUIRE(path);
    return checkpoint_save(trainer, path, 1);
}

int lebm_trainer_save_model(const lebm_trainer *trainer, const char *path)
{
    LEBM__REQUIRE(trainer);
    LEBM__REQUIRE(path);
    return checkpoint_save(trainer, path, 0);
}

/* ---- Reading ---- */

/* All that a checkpoint changes in a learner, and in a trainer. */

typedef struct {
    float *params, *m, *v;
    int64_t updates;
} learner_state;

typedef struct {
    float *numbers; /* what the learners' point into */
    learner_state learners[LEBM__LEARNERS];
    int64_t steps_done, epochs_done;
    lebm__handle options, to_prior, to_posterior; /* of the trainer and its samplers */
} checkpoint;

/* Check that a text of the file is the trainer's. */
static int checkpoint_match_text(const lebm__st_reader *st, const char *group, const char *name, const char *ours)
{
    const char *theirs;
    if (ours == NULL) return LEBM_ERR_NOMEM; /* a spec that there is no memory for */
    LEBM__TRY(lebm__get_text(st, group, name, &theirs));
    if (strcmp(theirs, ours) == 0) return LEBM_OK;
    return lebm__fail(LEBM_ERR_SHAPE, "'%.128s': %s.%s is '%.120s', but the trainer's is '%.120s'", st->path, group,
                      name, theirs, ours);
}

static int checkpoint_match_kind(const lebm__st_reader *st, const char *ours)
{
    const char *found = lebm__find_text(st, "generator", "kind"), *theirs = found == NULL ? "net" : found;
    if (strcmp(theirs, ours) == 0) return LEBM_OK;
    return lebm__fail(LEBM_ERR_SHAPE, "'%.128s': its generator is of the kind '%.64s', but the trainer's is '%.64s'",
                      st->path, theirs, ours);
}

static int checkpoint_match_f64(const lebm__st_reader *st, const char *group, const char *name, double ours)
{
    double theirs;
    LEBM__TRY(lebm__get_f64(st, group, name, &theirs));
    if (theirs == ours) return LEBM_OK;
    return lebm__fail(LEBM_ERR_SHAPE, "'%.128s': %s.%s is %.9g, but the trainer's is %.9g", st->path, group, name,
                      theirs, ours);
}

/* Check that the file has one setting for both samplers, if the trainer has one sampler for both. */
static int checkpoint_match_samplers(const lebm__st_reader *st, const lebm_trainer *trainer)
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

static int checkpoint_match_architecture(const lebm__st_reader *st, const lebm_trainer *trainer)
{
    const lebm_generator *generator = trainer->generator;
    LEBM__TRY(checkpoint_match_kind(st, generator->kind->name));
    LEBM__TRY(checkpoint_match_text(st, "f", "spec", lebm_net_spec(trainer->prior->net)));
    LEBM__TRY(checkpoint_match_text(st, "g", "spec", generator->kind->spec(generator)));
    LEBM__TRY(checkpoint_match_f64(st, "prior", "sigma0", lebm_prior_sigma0(trainer->prior)));
    LEBM__TRY(checkpoint_match_text(st, "generator", "likelihood", lebm_generator_likelihood(generator)));
    LEBM__TRY(checkpoint_match_f64(st, "generator", "sigma", lebm_generator_sigma(generator)));
    LEBM__TRY(checkpoint_match_text(st, LEBM_TO_PRIOR, "kernel", lebm_sampler_kernel(trainer->to_prior)));
    LEBM__TRY(checkpoint_match_text(st, LEBM_TO_POSTERIOR, "kernel", lebm_sampler_kernel(trainer->to_posterior)));
    return checkpoint_match_samplers(st, trainer);
}

/* Read a number of steps: few enough that there is room for more. */
static int checkpoint_get_count(const lebm__st_reader *st, const char *group, const char *name, int64_t *count)
{
    const int64_t most = (int64_t)1 << 53;
    LEBM__TRY(lebm__get_i64(st, group, name, count));
    if (*count >= 0 && *count <= most) return LEBM_OK;
    return lebm__fail(LEBM_ERR_FORMAT, "'%.256s': %s.%s is %" PRId64 "; allowed are 0 to %" PRId64, st->path, group,
                      name, *count, most);
}

static int checkpoint_get_settings(const lebm__st_reader *st, const lebm_trainer *trainer, checkpoint *c)
{
    LEBM__TRY(lebm__handle_copy_options(&c->options, &trainer->head)); /* with its threads, which files do not keep */
    LEBM__TRY(lebm__handle_copy_options(&c->to_prior, &trainer->to_prior->head));
    LEBM__TRY(lebm__handle_copy_options(&c->to_posterior, &trainer->to_posterior->head));
    LEBM__TRY(lebm__get_options(st, "trainer", &c->options));
    LEBM__TRY(lebm__get_options(st, LEBM_TO_PRIOR, &c->to_prior));
    LEBM__TRY(lebm__get_options(st, LEBM_TO_POSTERIOR, &c->to_posterior));
    LEBM__TRY(checkpoint_get_count(st, "trainer", "steps_done", &c->steps_done));
    return checkpoint_get_count(st, "trainer", "epochs_done", &c->epochs_done);
}

static int checkpoint_get_learner(const lebm__st_reader *st, const lebm__learner *learner, const char *spec,
                                  learner_state *state)
{
    const learner_keys keys = checkpoint_make_learner_keys(learner);
    LEBM__TRY(checkpoint_get_count(st, keys.adam, "steps", &state->updates));
    LEBM__TRY(lebm__get_tensors(st, learner->name, learner->params, spec, -FLT_MAX, state->params));
    LEBM__TRY(lebm__get_tensors(st, keys.m, learner->params, spec, -FLT_MAX, state->m));
    return lebm__get_tensors(st, keys.v, learner->params, spec, 0,
                             state->v); /* Adam takes roots of the second moments */
}

static int checkpoint_get_learners(const lebm__st_reader *st, const lebm_trainer *trainer, checkpoint *c)
{
    const char *const specs[] = {[LEBM__PRIOR] = lebm_net_spec(trainer->prior->net),
                                 [LEBM__GENERATOR] = trainer->generator->kind->spec(trainer->generator)};
    int64_t total = 0;
    for (int i = 0; i < LEBM__LEARNERS; i++) total += 3 * trainer->learners[i].params->total;
    c->numbers = lebm__alloc_raw(total, sizeof(float));
    if (c->numbers == NULL) return LEBM_ERR_NOMEM;
    float *next = c->numbers;
    for (int i = 0; i < LEBM__LEARNERS; i++) {
        const int64_t size = trainer->learners[i].params->total;
        c->learners[i] = (learner_state){.params = next, .m = next + size, .v = next + 2 * size};
        next += 3 * size;
        LEBM__TRY(checkpoint_get_learner(st, &trainer->learners[i], specs[i], &c->learners[i]));
    }
    return LEBM_OK;
}

static int checkpoint_get_checkpoint(const lebm__st_reader *st, const lebm_trainer *trainer, checkpoint *c)
{
    if (lebm__find_text(st, "trainer", "steps_done") == NULL) {
        return lebm__fail(LEBM_ERR_FORMAT, "'%.256s': a model without its training: not a checkpoint", st->path);
    }
    LEBM__TRY(lebm__check_keys(st, NULL)); /* first: the values of a newer library's file may be news, too */
    LEBM__TRY(checkpoint_match_architecture(st, trainer));
    LEBM__TRY(checkpoint_get_settings(st, trainer, c));
    return checkpoint_get_learners(st, trainer, c);
}

static void checkpoint_set_learner(lebm__learner *learner, const learner_state *state)
{
    const size_t bytes = (size_t)learner->params->total * sizeof *state->params;
    if (bytes > 0) memcpy(learner->params->values, state->params, bytes); /* without layers there is no memory */
    memcpy(learner->adam.m, state->m, bytes);
    memcpy(learner->adam.v, state->v, bytes);
    learner->adam.steps = state->updates;
    lebm__params_set_all(learner->params);
}

/* Nothing here can fail. */
static void checkpoint_set_trainer(lebm_trainer *trainer, const checkpoint *c)
{
    for (int i = 0; i < LEBM__LEARNERS; i++) checkpoint_set_learner(&trainer->learners[i], &c->learners[i]);
    lebm__handle_assign_options(&trainer->head, &c->options);
    lebm__handle_assign_options(&trainer->to_prior->head, &c->to_prior);
    lebm__handle_assign_options(&trainer->to_posterior->head, &c->to_posterior);
    trainer->steps_done = c->steps_done;
    trainer->epochs_done = c->epochs_done;
    trainer->has_stepped = 0; /* the metrics were those of another training */
}

static int checkpoint_load(lebm_trainer *trainer, const char *path, const char *function)
{
    lebm__st_reader st;
    checkpoint c = {.numbers = NULL};
    LEBM__TRY(lebm__model_open(&st, path));
    int status = checkpoint_get_checkpoint(&st, trainer, &c);
    lebm__st_close(&st);
    if (status == LEBM_OK) status = lebm__model_claim(trainer->prior, trainer->generator, function, 0);
    if (status == LEBM_OK) {
        checkpoint_set_trainer(trainer, &c);
        lebm__model_yield(trainer->prior, trainer->generator, 0);
    }
    lebm__handle_free_options(&c.options);
    lebm__handle_free_options(&c.to_prior);
    lebm__handle_free_options(&c.to_posterior);
    lebm__free(c.numbers);
    return status;
}

int lebm_trainer_load(lebm_trainer *trainer, const char *path)
{
    LEBM__REQUIRE(trainer);
    LEBM__REQUIRE(path);
    LEBM__TRY(lebm__trainer_claim(trainer, __func__));
    const int status = checkpoint_load(trainer, path, __func__);
    lebm__trainer_release(trainer);
    return status;
}
