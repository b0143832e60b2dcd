#include "train/trainer.h"

#include <stddef.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "core/text.h"
#include "mcmc/sampler.h"

static int trainer_create_learners(lebm_trainer *trainer)
{
    lebm_net *f = trainer->prior->net;
    lebm_generator *generator = trainer->generator;
    LEBM__TRY(lebm__learner_create(&trainer->learners[LEBM__PRIOR], "f", &f->params, &lebm__net_gradient, f, 2));
    return lebm__learner_create(&trainer->learners[LEBM__GENERATOR], "g", generator->params, generator->kind->gradient,
                                generator->kind->gradient_owner(generator), 1);
}

int lebm_trainer_create(lebm_trainer **out, lebm_prior *prior, lebm_generator *generator, lebm_sampler *to_prior,
                        lebm_sampler *to_posterior)
{
    LEBM__REQUIRE(out);
    *out = NULL;
    LEBM__REQUIRE(prior);
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(to_prior);
    LEBM__REQUIRE(to_posterior);
    LEBM__TRY(lebm__model_check(prior, generator));
    lebm_trainer *trainer = lebm__alloc(1, sizeof *trainer);
    if (trainer == NULL) return LEBM_ERR_NOMEM;
    lebm__handle_init(&trainer->head, "trainer");
    lebm__handle_add_options(&trainer->head, &lebm__trainer_table, &trainer->options);
    trainer->prior = prior;
    trainer->generator = generator;
    trainer->to_prior = to_prior;
    trainer->to_posterior = to_posterior;
    const int status = trainer_create_learners(trainer);
    if (status == LEBM_OK) {
        *out = trainer;
    } else {
        lebm_trainer_destroy(trainer);
    }
    return status;
}

void lebm_trainer_destroy(lebm_trainer *trainer)
{
    if (trainer == NULL) return;
    for (int i = 0; i < LEBM__LEARNERS; i++) lebm__learner_destroy(&trainer->learners[i]);
    lebm__kept_destroy(&trainer->kept_posterior);
    lebm__kept_destroy(&trainer->kept_prior);
    lebm__free(trainer->activations.memory);
    lebm__pool_destroy(trainer->pool);
    lebm__free(trainer);
}

int lebm_trainer_set_progress(lebm_trainer *trainer, lebm_progress_fn progress, void *user)
{
    LEBM__REQUIRE(trainer);
    return lebm__handle_set_progress(&trainer->head, __func__, (lebm__progress){progress, user});
}

int lebm__trainer_keeps(const char *chains)
{
    return strcmp(chains, "kept") == 0;
}

int64_t lebm__trainer_first_visit_steps(const lebm_trainer *trainer)
{
    const lebm__trainer_options *o = &trainer->options;
    return lebm__trainer_keeps(o->posterior_chains) && o->first_visit_steps > 0 ? o->first_visit_steps
                                                                                : trainer->to_posterior->options.steps;
}

int lebm__trainer_claim(lebm_trainer *trainer, const char *function)
{
    LEBM__TRY(lebm__handle_claim(&trainer->head, function, 0));
    int status = lebm__handle_claim(&trainer->to_prior->head, function, 0);
    if (status == LEBM_OK && trainer->to_posterior != trainer->to_prior) {
        status = lebm__handle_claim(&trainer->to_posterior->head, function, 0);
        if (status != LEBM_OK) lebm__handle_yield(&trainer->to_prior->head, 0);
    }
    if (status != LEBM_OK) lebm__handle_yield(&trainer->head, 0);
    return status;
}

void lebm__trainer_release(lebm_trainer *trainer)
{
    lebm__handle_yield(&trainer->to_prior->head, 0); /* once: from then on another call may claim it */
    if (trainer->to_posterior != trainer->to_prior) lebm__handle_yield(&trainer->to_posterior->head, 0);
    lebm__handle_yield(&trainer->head, 0);
}

/* The averages of both learners become a model, or nothing does. */
static int trainer_copy_averages(const lebm_trainer *trainer, lebm_prior **prior, lebm_generator **generator)
{
    const lebm__average *f = &trainer->learners[LEBM__PRIOR].average, *g = &trainer->learners[LEBM__GENERATOR].average;
    if (f->updates == 0) { /* memory there may be, of a step that failed */
        return lebm__fail(LEBM_ERR_STATE, "there are no averages: the last step must have been made with option "
                                          "average_decay above 0");
    }
    LEBM__TRY(lebm__prior_copy(prior, trainer->prior, f->values));
    const int status = lebm__generator_copy(generator, trainer->generator, g->values);
    if (status == LEBM_OK) return LEBM_OK;
    lebm_prior_destroy(*prior);
    *prior = NULL;
    return status;
}

int lebm_trainer_average(const lebm_trainer *trainer, lebm_prior **prior, lebm_generator **generator)
{
    if (prior != NULL) *prior = NULL;
    if (generator != NULL) *generator = NULL;
    LEBM__REQUIRE(trainer);
    LEBM__REQUIRE(prior);
    LEBM__REQUIRE(generator);
    LEBM__TRY(lebm__model_use(trainer->prior, trainer->generator)); /* a step changes averages under its claim */
    const int status = trainer_copy_averages(trainer, prior, generator);
    lebm__model_leave(trainer->prior, trainer->generator);
    return status;
}

int lebm_trainer_end_epoch(lebm_trainer *trainer)
{
    LEBM__REQUIRE(trainer);
    LEBM__TRY(lebm__handle_claim(&trainer->head, __func__, 0));
    trainer->epochs_done++;
    lebm__handle_yield(&trainer->head, 0);
    return LEBM_OK;
}

int64_t lebm_trainer_steps_done(const lebm_trainer *trainer)
{
    return trainer == NULL ? 0 : trainer->steps_done;
}

int64_t lebm_trainer_epochs_done(const lebm_trainer *trainer)
{
    return trainer == NULL ? 0 : trainer->epochs_done;
}

/* Which generators have a metric: all, or those that tell how far x is from its reconstruction in one of two ways. */
typedef enum { OF_ALL, OF_MSE, OF_NLL } trainer_metric_of;

#define METRIC_OF(of, key, member)                                                                                     \
    {                                                                                                                  \
        key, of, offsetof(lebm__trainer_metrics, member)                                                               \
    }
#define METRIC(key, member) METRIC_OF(OF_ALL, key, member)

static const struct {
    const char *key;
    trainer_metric_of of;
    size_t offset;
} trainer_metrics[] = {
    METRIC_OF(OF_MSE, LEBM_TRAINER_RECONSTRUCTION_MSE, reconstruction_mse),
    METRIC_OF(OF_NLL, LEBM_TRAINER_RECONSTRUCTION_NLL, reconstruction_nll),
    METRIC(LEBM_TRAINER_LOG_LIKELIHOOD, log_likelihood),
    METRIC(LEBM_TRAINER_F_POSITIVE, f_positive),
    METRIC(LEBM_TRAINER_F_NEGATIVE, f_negative),
    METRIC(LEBM_TRAINER_F_GAP, f_gap),
    METRIC(LEBM_TRAINER_PRIOR_GRAD_NORM, grad_norm[LEBM__PRIOR]),
    METRIC(LEBM_TRAINER_GENERATOR_GRAD_NORM, grad_norm[LEBM__GENERATOR]),
    METRIC(LEBM_TRAINER_IMAGES_PER_SECOND, images_per_second),
};

enum { METRICS = sizeof trainer_metrics / sizeof *trainer_metrics };

static int trainer_has_metric(const lebm_trainer *trainer, size_t i)
{
    return trainer_metrics[i].of == OF_ALL || (trainer_metrics[i].of == OF_NLL) == trainer->generator->kind->has_nll;
}

int lebm_trainer_metric(const lebm_trainer *trainer, const char *key, double *value)
{
    LEBM__REQUIRE(trainer);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(value);
    for (size_t i = 0; i < METRICS; i++) {
        if (strcmp(key, trainer_metrics[i].key) != 0 || !trainer_has_metric(trainer, i)) continue;
        if (!trainer->has_stepped) {
            return lebm__fail(LEBM_ERR_STATE, "metric '%s': the trainer has not made a step yet", key);
        }
        memcpy(value, (const char *)&trainer->metrics + trainer_metrics[i].offset, sizeof *value);
        return LEBM_OK;
    }
    char keys[LEBM__ERROR_SIZE] = "";
    for (size_t i = 0; i < METRICS; i++) {
        if (trainer_has_metric(trainer, i)) lebm__list_add(keys, sizeof keys, trainer_metrics[i].key);
    }
    return lebm__fail(LEBM_ERR_UNKNOWN_OPTION, "trainer has no metric '%.64s'; it has %s", key, keys);
}
