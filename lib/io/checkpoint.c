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
#include "model/generator.h"
#include "model/prior.h"
#include "nn/net.h"
#include "train/trainer.h"

/* ---- Writing ---- */

static int put_sampler(lebm__st_writer *st, const char *role, const lebm_sampler *sampler)
{
    LEBM__TRY(lebm__put_text(st, role, "kernel", lebm_sampler_kernel(sampler)));
    return lebm__put_options(st, role, &sampler->head);
}

static int put_model(lebm__st_writer *st, const lebm_trainer *trainer)
{
    LEBM__TRY(lebm__put_model(st, trainer->prior, trainer->generator));
    LEBM__TRY(put_sampler(st, LEBM_TO_PRIOR, trainer->to_prior));
    return put_sampler(st, LEBM_TO_POSTERIOR, trainer->to_posterior);
}

static int put_training(lebm__st_writer *st, const lebm_trainer *trainer)
{
    const lebm_net *f = trainer->prior->net, *g = trainer->generator->net;
    LEBM__TRY(lebm__put_options(st, "trainer", &trainer->head));
    LEBM__TRY(lebm__put_i64(st, "trainer", "steps_done", trainer->steps_done));
    LEBM__TRY(lebm__put_i64(st, "trainer", "epochs_done", trainer->epochs_done));
    LEBM__TRY(lebm__put_i64(st, "adam.f", "steps", trainer->adam_f.steps));
    LEBM__TRY(lebm__put_i64(st, "adam.g", "steps", trainer->adam_g.steps));
    LEBM__TRY(lebm__put_tensors(st, "adam.m.f", f, trainer->adam_f.m));
    LEBM__TRY(lebm__put_tensors(st, "adam.v.f", f, trainer->adam_f.v));
    LEBM__TRY(lebm__put_tensors(st, "adam.m.g", g, trainer->adam_g.m));
    return lebm__put_tensors(st, "adam.v.g", g, trainer->adam_g.v);
}

static int save(const lebm_trainer *trainer, const char *path, int with_training)
{
    lebm__st_writer st;
    LEBM__TRY(lebm__model_require_set(trainer->prior, trainer->generator)); /* a file does not tell */
    LEBM__TRY(lebm__st_writer_create(&st));
    int status = lebm__model_use(trainer->prior, trainer->generator);
    if (status == LEBM_OK) {
        status = put_model(&st, trainer);
        if (status == LEBM_OK && with_training) status = put_training(&st, trainer);
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
    return save(trainer, path, 1);
}

int lebm_trainer_save_model(const lebm_trainer *trainer, const char *path)
{
    LEBM__REQUIRE(trainer);
    LEBM__REQUIRE(path);
    return save(trainer, path, 0);
}

/* ---- Reading ---- */

/* All that a checkpoint changes in a trainer. */
typedef struct {
    float *numbers; /* what the next six point into */
    float *f, *f_m, *f_v, *g, *g_m, *g_v;
    int64_t f_updates, g_updates, steps_done, epochs_done;
    lebm__handle options, to_prior, to_posterior; /* of the trainer and its samplers */
} checkpoint;

/* Check that a text of the file is the trainer's. */
static int match_text(const lebm__st_reader *st, const char *group, const char *name, const char *ours)
{
    const char *theirs;
    LEBM__TRY(lebm__get_text(st, group, name, &theirs));
    if (strcmp(theirs, ours) == 0) return LEBM_OK;
    return lebm__fail(LEBM_ERR_SHAPE, "'%.128s': %s.%s is '%.120s', but the trainer's is '%.120s'", st->path, group,
                      name, theirs, ours);
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

static int match_architecture(const lebm__st_reader *st, const lebm_trainer *trainer)
{
    const lebm_generator *generator = trainer->generator;
    LEBM__TRY(match_text(st, "f", "spec", lebm_net_spec(trainer->prior->net)));
    LEBM__TRY(match_text(st, "g", "spec", lebm_net_spec(generator->net)));
    LEBM__TRY(match_f64(st, "prior", "sigma0", lebm_prior_sigma0(trainer->prior)));
    LEBM__TRY(match_text(st, "generator", "likelihood", lebm_generator_likelihood(generator)));
    LEBM__TRY(match_f64(st, "generator", "sigma", lebm_generator_sigma(generator)));
    LEBM__TRY(match_text(st, LEBM_TO_PRIOR, "kernel", lebm_sampler_kernel(trainer->to_prior)));
    LEBM__TRY(match_text(st, LEBM_TO_POSTERIOR, "kernel", lebm_sampler_kernel(trainer->to_posterior)));
    return match_samplers(st, trainer);
}

/* Read a number of steps: few enough that there is room for more. */
static int get_count(const lebm__st_reader *st, const char *group, const char *name, int64_t *count)
{
    const int64_t most = (int64_t)1 << 53;
    LEBM__TRY(lebm__get_i64(st, group, name, count));
    if (*count >= 0 && *count <= most) return LEBM_OK;
    return lebm__fail(LEBM_ERR_FORMAT, "'%.256s': %s.%s is %" PRId64 "; allowed are 0 to %" PRId64, st->path, group,
                      name, *count, most);
}

static int get_settings(const lebm__st_reader *st, const lebm_trainer *trainer, checkpoint *c)
{
    LEBM__TRY(lebm__handle_copy_options(&c->options, &trainer->head)); /* with its threads, which files do not keep */
    LEBM__TRY(lebm__handle_copy_options(&c->to_prior, &trainer->to_prior->head));
    LEBM__TRY(lebm__handle_copy_options(&c->to_posterior, &trainer->to_posterior->head));
    LEBM__TRY(lebm__get_options(st, "trainer", &c->options));
    LEBM__TRY(lebm__get_options(st, LEBM_TO_PRIOR, &c->to_prior));
    LEBM__TRY(lebm__get_options(st, LEBM_TO_POSTERIOR, &c->to_posterior));
    LEBM__TRY(get_count(st, "trainer", "steps_done", &c->steps_done));
    LEBM__TRY(get_count(st, "trainer", "epochs_done", &c->epochs_done));
    LEBM__TRY(get_count(st, "adam.f", "steps", &c->f_updates));
    return get_count(st, "adam.g", "steps", &c->g_updates);
}

static int get_numbers(const lebm__st_reader *st, const lebm_trainer *trainer, checkpoint *c)
{
    const lebm_net *f = trainer->prior->net, *g = trainer->generator->net;
    c->numbers = lebm__alloc_raw(3 * (f->param_total + g->param_total), sizeof(float));
    if (c->numbers == NULL) return LEBM_ERR_NOMEM;
    c->f = c->numbers;
    c->f_m = c->f + f->param_total;
    c->f_v = c->f_m + f->param_total;
    c->g = c->f_v + f->param_total;
    c->g_m = c->g + g->param_total;
    c->g_v = c->g_m + g->param_total;
    LEBM__TRY(lebm__get_tensors(st, "f", f, -FLT_MAX, c->f));
    LEBM__TRY(lebm__get_tensors(st, "g", g, -FLT_MAX, c->g));
    LEBM__TRY(lebm__get_tensors(st, "adam.m.f", f, -FLT_MAX, c->f_m));
    LEBM__TRY(lebm__get_tensors(st, "adam.v.f", f, 0, c->f_v)); /* Adam takes roots of the second moments */
    LEBM__TRY(lebm__get_tensors(st, "adam.m.g", g, -FLT_MAX, c->g_m));
    return lebm__get_tensors(st, "adam.v.g", g, 0, c->g_v);
}

static int get_checkpoint(const lebm__st_reader *st, const lebm_trainer *trainer, checkpoint *c)
{
    if (lebm__find_text(st, "trainer", "steps_done") == NULL) {
        return lebm__fail(LEBM_ERR_FORMAT, "'%.256s': a model without its training: not a checkpoint", st->path);
    }
    LEBM__TRY(lebm__check_keys(st, NULL)); /* first: the values of a newer library's file may be news, too */
    LEBM__TRY(match_architecture(st, trainer));
    LEBM__TRY(get_settings(st, trainer, c));
    return get_numbers(st, trainer, c);
}

static void set_net(lebm_net *net, lebm__adam *adam, const float *params, const float *m, const float *v,
                    int64_t updates)
{
    const size_t bytes = (size_t)net->param_total * sizeof *params;
    if (bytes > 0) memcpy(net->params, params, bytes); /* a net without layers has no memory for them */
    memcpy(adam->m, m, bytes);
    memcpy(adam->v, v, bytes);
    adam->steps = updates;
    lebm__net_set_all(net);
}

/* Nothing here can fail. */
static void set_trainer(lebm_trainer *trainer, const checkpoint *c)
{
    set_net(trainer->prior->net, &trainer->adam_f, c->f, c->f_m, c->f_v, c->f_updates);
    set_net(trainer->generator->net, &trainer->adam_g, c->g, c->g_m, c->g_v, c->g_updates);
    lebm__handle_assign_options(&trainer->head, &c->options);
    lebm__handle_assign_options(&trainer->to_prior->head, &c->to_prior);
    lebm__handle_assign_options(&trainer->to_posterior->head, &c->to_posterior);
    trainer->steps_done = c->steps_done;
    trainer->epochs_done = c->epochs_done;
    trainer->has_stepped = 0; /* the metrics were those of another training */
}

static int load(lebm_trainer *trainer, const char *path, const char *function)
{
    lebm__st_reader st;
    checkpoint c = {.numbers = NULL};
    LEBM__TRY(lebm__model_open(&st, path));
    int status = get_checkpoint(&st, trainer, &c);
    lebm__st_close(&st);
    if (status == LEBM_OK) status = lebm__model_claim(trainer->prior, trainer->generator, function, 0);
    if (status == LEBM_OK) {
        set_trainer(trainer, &c);
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
    const int status = load(trainer, path, __func__);
    lebm__trainer_release(trainer);
    return status;
}
