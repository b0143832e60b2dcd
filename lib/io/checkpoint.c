#include <float.h>
#include <inttypes.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "io/checkpoint_match.h"
#include "io/metadata.h"
#include "io/model.h"
#include "io/samplers.h"
#include "io/tensors.h"
#include "lebm/model.h"
#include "train/trainer.h"

/* ---- Writing ---- */

/* A sampler for whoever uses the model: his chains begin at noise, as first visits do where chains are kept. */
static int checkpoint_make_first_visits(lebm_sampler **out, const lebm_trainer *trainer)
{
    LEBM__TRY(lebm_sampler_copy(out, trainer->to_posterior));
    (*out)->options.steps = lebm__trainer_first_visit_steps(trainer);
    return LEBM_OK;
}

/* The parameters of f and g and the samplers; with `first_visits`, which is not NULL for a model to be used, as sampler to
 * the posterior, and averages of the parameters where there are any. */
static int checkpoint_put_model(lebm__st_writer *st, const lebm_trainer *trainer, const lebm_sampler *first_visits)
{
    const float *values[LEBM__LEARNERS];
    for (int i = 0; i < LEBM__LEARNERS; i++) {
        const lebm__learner *learner = &trainer->learners[i];
        const int is_average = first_visits != NULL && learner->average.updates > 0;
        values[i] = is_average ? learner->average.values : learner->params->values;
    }
    LEBM__TRY(lebm__put_model(st, trainer->prior, trainer->generator, values[LEBM__PRIOR], values[LEBM__GENERATOR]));
    LEBM__TRY(lebm__put_sampler(st, LEBM_TO_PRIOR, trainer->to_prior));
    return lebm__put_sampler(st, LEBM_TO_POSTERIOR, first_visits == NULL ? trainer->to_posterior : first_visits);
}

/* Keys of what a learner has: "adam.f" of Adam's numbers, "adam.m.f" and "adam.v.f" of its moments, "average.f". */
typedef struct {
    char adam[LEBM__KEY_SIZE], m[LEBM__KEY_SIZE], v[LEBM__KEY_SIZE], average[LEBM__KEY_SIZE];
} learner_keys;

static learner_keys checkpoint_make_learner_keys(const lebm__learner *learner)
{
    learner_keys keys = {.adam = ""};
    lebm__make_key(keys.adam, "adam", learner->name);
    lebm__make_key(keys.m, "adam.m", learner->name);
    lebm__make_key(keys.v, "adam.v", learner->name);
    lebm__make_key(keys.average, "average", learner->name);
    return keys;
}

static int checkpoint_put_learner(lebm__st_writer *st, const lebm__learner *learner)
{
    const learner_keys keys = checkpoint_make_learner_keys(learner);
    LEBM__TRY(lebm__put_i64(st, keys.adam, "steps", learner->adam.steps));
    LEBM__TRY(lebm__put_tensors(st, keys.m, learner->params, learner->adam.m));
    LEBM__TRY(lebm__put_tensors(st, keys.v, learner->params, learner->adam.v));
    if (learner->average.updates == 0) return LEBM_OK;
    return lebm__put_tensors(st, keys.average, learner->params, learner->average.values);
}

static const char posterior_key[] = "chains.posterior", visited_key[] = "chains.visited", prior_key[] = "chains.prior";

static int checkpoint_put_chains(lebm__st_writer *st, const lebm_trainer *trainer)
{
    const lebm__kept *posterior = &trainer->kept_posterior, *prior = &trainer->kept_prior;
    if (posterior->count > 0) {
        LEBM__TRY(lebm__put_tensor(st, posterior_key, 2, (int64_t[]){posterior->count, posterior->dims}, posterior->z));
        LEBM__TRY(lebm__put_tensor(st, visited_key, 1, &posterior->count, posterior->visited));
    }
    if (prior->count == 0) return LEBM_OK;
    return lebm__put_tensor(st, prior_key, 2, (int64_t[]){prior->count, prior->dims}, prior->z);
}

static int checkpoint_put_training(lebm__st_writer *st, const lebm_trainer *trainer)
{
    LEBM__TRY(lebm__put_options(st, "trainer", &trainer->head));
    LEBM__TRY(lebm__put_i64(st, "trainer", "steps_done", trainer->steps_done));
    LEBM__TRY(lebm__put_i64(st, "trainer", "epochs_done", trainer->epochs_done));
    for (int i = 0; i < LEBM__LEARNERS; i++) LEBM__TRY(checkpoint_put_learner(st, &trainer->learners[i]));
    const int64_t averaged = trainer->learners[LEBM__PRIOR].average.updates; /* those of all learners */
    if (averaged > 0) LEBM__TRY(lebm__put_i64(st, "average", "updates", averaged));
    return checkpoint_put_chains(st, trainer);
}

static int checkpoint_save(const lebm_trainer *trainer, const char *path, int with_training)
{
    lebm__st_writer st;
    lebm_sampler *first_visits = NULL;
    LEBM__TRY(lebm__st_writer_create(&st));
    int status = lebm__model_use(trainer->prior, trainer->generator);
    if (status == LEBM_OK) {
        status = lebm__model_require_set(trainer->prior, trainer->generator); /* a file does not tell */
        if (status == LEBM_OK && !with_training) status = checkpoint_make_first_visits(&first_visits, trainer);
        if (status == LEBM_OK) status = checkpoint_put_model(&st, trainer, first_visits);
        if (status == LEBM_OK && with_training) status = checkpoint_put_training(&st, trainer);
        if (status == LEBM_OK) status = lebm__st_write(&st, path);
        lebm__model_leave(trainer->prior, trainer->generator);
    }
    lebm__st_writer_destroy(&st); /* which has numbers of the sampler */
    lebm_sampler_destroy(first_visits);
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
    lebm__average average;
} learner_state;

typedef struct {
    float *numbers; /* what the learners' point into */
    learner_state learners[LEBM__LEARNERS];
    lebm__kept posterior, prior;
    int64_t steps_done, epochs_done;
    double sigma;
    lebm__handle options, to_prior, to_posterior; /* of the trainer and its samplers */
    lebm__variances of_prior, of_posterior;       /* of the samplers */
} checkpoint;

/* Read a number of steps: few enough that there is room for more. */
static int checkpoint_get_count(const lebm__st_reader *st, const char *group, const char *name, int64_t *count)
{
    const int64_t most = (int64_t)1 << 53;
    LEBM__TRY(lebm__get_i64(st, group, name, count));
    if (*count >= 0 && *count <= most) return LEBM_OK;
    return lebm__fail(LEBM_ERR_FORMAT, "'%.256s': %s.%s is %" PRId64 "; allowed are 0 to %" PRId64, st->path, group,
                      name, *count, most);
}

/* Read the samplers' variances. Those of one sampler for both must be the same. */
static int checkpoint_get_variances(const lebm__st_reader *st, const lebm_trainer *trainer, checkpoint *c)
{
    lebm__variances *prior = &c->of_prior, *posterior = &c->of_posterior;
    LEBM__TRY(lebm__get_variances(st, LEBM_TO_PRIOR, prior));
    LEBM__TRY(lebm__get_variances(st, LEBM_TO_POSTERIOR, posterior));
    const size_t bytes = (size_t)prior->count * sizeof *prior->values;
    if (trainer->to_prior != trainer->to_posterior) return LEBM_OK;
    if (prior->count == posterior->count && (bytes == 0 || memcmp(prior->values, posterior->values, bytes) == 0))
        return LEBM_OK;
    return lebm__fail(LEBM_ERR_SHAPE,
                      "'%.128s': its two samplers differ in their variances, but the trainer has only one", st->path);
}

static int checkpoint_get_settings(const lebm__st_reader *st, const lebm_trainer *trainer, checkpoint *c)
{
    LEBM__TRY(lebm__handle_copy_options(&c->options, &trainer->head)); /* with its threads, which files do not keep */
    LEBM__TRY(lebm__handle_copy_options(&c->to_prior, &trainer->to_prior->head));
    LEBM__TRY(lebm__handle_copy_options(&c->to_posterior, &trainer->to_posterior->head));
    LEBM__TRY(lebm__get_options(st, "trainer", &c->options));
    LEBM__TRY(lebm__get_options(st, LEBM_TO_PRIOR, &c->to_prior));
    LEBM__TRY(lebm__get_options(st, LEBM_TO_POSTERIOR, &c->to_posterior));
    LEBM__TRY(checkpoint_get_variances(st, trainer, c));
    LEBM__TRY(checkpoint_get_count(st, "trainer", "steps_done", &c->steps_done));
    return checkpoint_get_count(st, "trainer", "epochs_done", &c->epochs_done);
}

/* A sigma that was being learned may be another one than the trainer's. */
static int checkpoint_get_sigma(const lebm__st_reader *st, const lebm_trainer *trainer, checkpoint *c)
{
    double rate;
    LEBM__TRY(lebm__handle_get_f64(&c->options, LEBM_TRAINER_SIGMA_LEARNING_RATE, &rate));
    return lebm__checkpoint_match_sigma(st, trainer, rate > 0.0, &c->sigma);
}

static int checkpoint_get_learner(const lebm__st_reader *st, const lebm__learner *learner, const char *spec,
                                  learner_state *state)
{
    const learner_keys keys = checkpoint_make_learner_keys(learner);
    LEBM__TRY(checkpoint_get_count(st, keys.adam, "steps", &state->updates));
    LEBM__TRY(lebm__get_tensors(st, learner->name, learner->params, spec, -FLT_MAX, state->params));
    LEBM__TRY(lebm__get_tensors(st, keys.m, learner->params, spec, -FLT_MAX, state->m));
    LEBM__TRY(lebm__get_tensors(st, keys.v, learner->params, spec, 0, state->v)); /* Adam takes their roots */
    lebm__average *average = &state->average;
    if (lebm__find_text(st, "average", "updates") == NULL) return LEBM_OK;
    LEBM__TRY(checkpoint_get_count(st, "average", "updates", &average->updates));
    if (average->updates == 0) return LEBM_OK;
    average->values = lebm__alloc_raw(learner->params->total, sizeof *average->values);
    if (average->values == NULL) return LEBM_ERR_NOMEM;
    return lebm__get_tensors(st, keys.average, learner->params, spec, -FLT_MAX, average->values);
}

/* Read chains, as many as the first tensor of the two has rows: those of `z`, and which of them have begun. */
static int checkpoint_get_kept(const lebm__st_reader *st, const char *z_key, const char *visited, int64_t dims,
                               lebm__kept *kept)
{
    const lebm__st_tensor *tensor = lebm__st_find(st, z_key);
    if (tensor == NULL) return LEBM_OK;
    const int64_t count = tensor->count / dims;
    if (count == 0) {
        return lebm__fail(LEBM_ERR_FORMAT,
                          "'%.256s': tensor '%s' has %" PRId64 " numbers; a chain of this model has %" PRId64, st->path,
                          z_key, tensor->count, dims);
    }
    LEBM__TRY(lebm__kept_create(kept, count, dims));
    LEBM__TRY(lebm__get_tensor(st, z_key, 2, (int64_t[]){count, dims}, -FLT_MAX, kept->z));
    if (visited == NULL) return LEBM_OK;
    LEBM__TRY(lebm__get_tensor(st, visited, 1, &count, 0, kept->visited));
    for (int64_t i = 0; i < count; i++) {
        if (kept->visited[i] == 0.0f || kept->visited[i] == 1.0f) continue;
        return lebm__fail(LEBM_ERR_FORMAT, "'%.256s': number %" PRId64 " of tensor '%s' is %g; it must be 0 or 1",
                          st->path, i, visited, (double)kept->visited[i]);
    }
    return LEBM_OK;
}

static int checkpoint_get_chains(const lebm__st_reader *st, const lebm_trainer *trainer, checkpoint *c)
{
    const int64_t dims = lebm_prior_latent_size(trainer->prior);
    LEBM__TRY(checkpoint_get_kept(st, posterior_key, visited_key, dims, &c->posterior));
    return checkpoint_get_kept(st, prior_key, NULL, dims, &c->prior);
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
    LEBM__TRY(lebm__checkpoint_match(st, trainer));
    LEBM__TRY(checkpoint_get_settings(st, trainer, c));
    LEBM__TRY(checkpoint_get_sigma(st, trainer, c));
    LEBM__TRY(checkpoint_get_learners(st, trainer, c));
    return checkpoint_get_chains(st, trainer, c);
}

static void checkpoint_set_learner(lebm__learner *learner, learner_state *state)
{
    const size_t bytes = (size_t)learner->params->total * sizeof *state->params;
    lebm__params_assign(learner->params, state->params);
    memcpy(learner->adam.m, state->m, bytes);
    memcpy(learner->adam.v, state->v, bytes);
    learner->adam.steps = state->updates;
    lebm__average_destroy(&learner->average);
    learner->average = state->average;
    state->average = (lebm__average){0};
}

static void checkpoint_set_chains(lebm__kept *kept, lebm__kept *read)
{
    lebm__kept_destroy(kept);
    *kept = *read;
    *read = (lebm__kept){0};
}

static void checkpoint_set_variances(lebm_sampler *sampler, lebm__variances *read)
{
    lebm__sampler_take_variances(sampler, read->values, read->count);
    *read = (lebm__variances){NULL, 0};
}

/* Nothing here can fail. */
static void checkpoint_set_trainer(lebm_trainer *trainer, checkpoint *c)
{
    for (int i = 0; i < LEBM__LEARNERS; i++) checkpoint_set_learner(&trainer->learners[i], &c->learners[i]);
    lebm__handle_assign_options(&trainer->head, &c->options);
    lebm__handle_assign_options(&trainer->to_prior->head, &c->to_prior);
    lebm__handle_assign_options(&trainer->to_posterior->head, &c->to_posterior);
    checkpoint_set_variances(trainer->to_prior, &c->of_prior);
    if (trainer->to_posterior != trainer->to_prior) checkpoint_set_variances(trainer->to_posterior, &c->of_posterior);
    checkpoint_set_chains(&trainer->kept_posterior, &c->posterior);
    checkpoint_set_chains(&trainer->kept_prior, &c->prior);
    trainer->generator->sigma = c->sigma;
    trainer->steps_done = c->steps_done;
    trainer->epochs_done = c->epochs_done;
    trainer->has_stepped = 0; /* the metrics were those of another training */
}

/* What the trainer did not take. */
static void checkpoint_release(checkpoint *c)
{
    lebm__handle_free_options(&c->options);
    lebm__handle_free_options(&c->to_prior);
    lebm__handle_free_options(&c->to_posterior);
    lebm__free(c->of_prior.values);
    lebm__free(c->of_posterior.values);
    lebm__kept_destroy(&c->posterior);
    lebm__kept_destroy(&c->prior);
    for (int i = 0; i < LEBM__LEARNERS; i++) lebm__average_destroy(&c->learners[i].average);
    lebm__free(c->numbers);
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
    checkpoint_release(&c);
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
