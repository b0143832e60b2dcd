#include <stddef.h>

#include "core/status.h"
#include "train/trainer.h"

#define ROW(member) offsetof(lebm__trainer_options, member)

/* The options of a learner: `which` is its place, NAME the beginning of its keys' macros, `net` what help calls it. */
#define LEARNER_ROWS(which, NAME, net, rate, rate_text)                                                                \
    LEBM__OPTION_F64(LEBM_TRAINER_##NAME##_LEARNING_RATE, ROW(learner[which].learning_rate), rate, 0.0, 1e3,           \
                     rate_text, "Adam's learning rate for " net),                                                      \
        LEBM__OPTION_F64(LEBM_TRAINER_##NAME##_WEIGHT_DECAY, ROW(learner[which].weight_decay), 0.0, 0.0, 1e3, "0",     \
                         "weight of the L2 term added to " net "'s gradient"),                                         \
        LEBM__OPTION_F64(LEBM_TRAINER_##NAME##_CLIP_NORM, ROW(learner[which].clip_norm), 0.0, 0.0, 1e30, "0",          \
                         "norm that " net "'s gradient is cut to; 0: never")

static const lebm__option trainer_rows[] = {
    LEARNER_ROWS(LEBM__PRIOR, PRIOR, "f", 2e-5, "2e-05"),
    LEARNER_ROWS(LEBM__GENERATOR, GENERATOR, "g", 1e-4, "0.0001"),
    LEBM__OPTION_F64(LEBM_TRAINER_BETA1, ROW(beta1), 0.5, 0.0, 0.99999, "0.5", "Adam's decay of the first moment"),
    LEBM__OPTION_F64(LEBM_TRAINER_BETA2, ROW(beta2), 0.999, 0.0, 0.99999, "0.999", "Adam's decay of the second moment"),
    LEBM__OPTION_F64(LEBM_TRAINER_EPSILON, ROW(epsilon), 1e-8, 1e-30, 1.0, "1e-08", "Adam's epsilon"),
    LEBM__OPTION_F64(LEBM_TRAINER_DECAY_PER_EPOCH, ROW(decay_per_epoch), 1.0, 0.0, 1.0, "1",
                     "factor on both learning rates for each epoch done"),
    LEBM__OPTION_F64(
        LEBM_TRAINER_DIVERGENCE_THRESHOLD, ROW(divergence_threshold), 1000.0, 0.0, 1e30, "1e+03",
        "how many times 1, sigma0, or the root mean square of x or z, whichever is largest, a step's error "
        "may reach; 0: any"),
    LEBM__OPTION_STR(LEBM_TRAINER_POSTERIOR_CHAINS, ROW(posterior_chains), "fresh", "fresh|kept", "fresh",
                     "whether a step's chains to the posterior begin at noise, or go on where the last step on that "
                     "observation left them"),
    LEBM__OPTION_I64(LEBM_TRAINER_OBSERVATIONS, ROW(observations), 0, 0, INT32_MAX, "0",
                     "how many observations there are to keep chains of; 0: not known"),
    LEBM__OPTION_I64(LEBM_TRAINER_FIRST_VISIT_STEPS, ROW(first_visit_steps), 0, 0, 1000000000, "0",
                     "steps of the chain of an observation that has none yet, if chains are kept; 0: as of others"),
    LEBM__OPTION_STR(
        LEBM_TRAINER_PRIOR_CHAINS, ROW(prior_chains), "fresh", "fresh|kept", "fresh",
        "whether a step's chains to the prior begin at noise, or go on where those of the last step ended"),
    LEBM__OPTION_F64(LEBM_TRAINER_PRIOR_RENEWAL, ROW(prior_renewal), 0.05, 0.0, 1.0, "0.05",
                     "probability with which a kept chain to the prior begins at noise again"),
    LEBM__OPTION_F64(LEBM_TRAINER_AVERAGE_DECAY, ROW(average_decay), 0.0, 0.0, 0.999999, "0",
                     "decay of the averages of the parameters over the updates; 0: there are none"),
    LEBM__OPTION_F64(LEBM_TRAINER_SIGMA_LEARNING_RATE, ROW(sigma_learning_rate), 0.0, 0.0, 1.0, "0",
                     "share of the way to a batch's mean square error that sigma^2 goes in a step; 0: sigma stays"),
    LEBM__OPTION_F64(LEBM_TRAINER_DROPOUT, ROW(dropout), 0.0, 0.0, 0.95, "0",
                     "share of the numbers of embeddings and outputs that a step drops, of a generator of tokens"),
    LEBM__OPTION_F64(LEBM_TRAINER_WORD_DROPOUT, ROW(word_dropout), 0.0, 0.0, 1.0, "0",
                     "share of the words before that a step does not tell the generator, of tokens"),
    LEBM__OPTION_I64(LEBM_TRAINER_SEED, ROW(seed), 0, 0, INT64_MAX, "0", "key of all random numbers of training"),
    LEBM__OPTION_I64(LEBM_TRAINER_THREADS, ROW(threads), 0, 0, 1024, NULL,
                     "threads of a step; 0: LEBM_NUM_THREADS or all processors"),
    LEBM__OPTION_STR(LEBM_TRAINER_NOTE, ROW(note), "", "", "", "the caller's own text, kept in checkpoints"),
};

const lebm__options lebm__trainer_table = {trainer_rows, sizeof trainer_rows / sizeof *trainer_rows,
                                           sizeof(lebm__trainer_options)};

int lebm_trainer_set_i64(lebm_trainer *trainer, const char *key, int64_t value)
{
    LEBM__REQUIRE(trainer);
    LEBM__REQUIRE(key);
    return lebm__handle_set_i64(&trainer->head, __func__, key, value);
}

int lebm_trainer_set_f64(lebm_trainer *trainer, const char *key, double value)
{
    LEBM__REQUIRE(trainer);
    LEBM__REQUIRE(key);
    return lebm__handle_set_f64(&trainer->head, __func__, key, value);
}

int lebm_trainer_set_str(lebm_trainer *trainer, const char *key, const char *value)
{
    LEBM__REQUIRE(trainer);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(value);
    return lebm__handle_set_str(&trainer->head, __func__, key, value);
}

int lebm_trainer_get_i64(const lebm_trainer *trainer, const char *key, int64_t *value)
{
    LEBM__REQUIRE(trainer);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(value);
    return lebm__handle_get_i64(&trainer->head, key, value);
}

int lebm_trainer_get_f64(const lebm_trainer *trainer, const char *key, double *value)
{
    LEBM__REQUIRE(trainer);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(value);
    return lebm__handle_get_f64(&trainer->head, key, value);
}

int lebm_trainer_get_str(const lebm_trainer *trainer, const char *key, const char **value)
{
    LEBM__REQUIRE(value);
    *value = NULL;
    LEBM__REQUIRE(trainer);
    LEBM__REQUIRE(key);
    return lebm__handle_get_str(&trainer->head, key, value);
}

int lebm_trainer_option_bounds_i64(const lebm_trainer *trainer, const char *key, int64_t *default_value, int64_t *min,
                                   int64_t *max)
{
    LEBM__REQUIRE(trainer);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(default_value);
    LEBM__REQUIRE(min);
    LEBM__REQUIRE(max);
    return lebm__handle_bounds_i64(&trainer->head, key, default_value, min, max);
}

int lebm_trainer_option_bounds_f64(const lebm_trainer *trainer, const char *key, double *default_value, double *min,
                                   double *max)
{
    LEBM__REQUIRE(trainer);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(default_value);
    LEBM__REQUIRE(min);
    LEBM__REQUIRE(max);
    return lebm__handle_bounds_f64(&trainer->head, key, default_value, min, max);
}

int64_t lebm_trainer_option_count(const lebm_trainer *trainer)
{
    return trainer == NULL ? 0 : lebm__handle_option_count(&trainer->head);
}

const char *lebm_trainer_option_key(const lebm_trainer *trainer, int64_t index)
{
    return trainer == NULL ? NULL : lebm__handle_option_key(&trainer->head, index);
}

const char *lebm_trainer_option_type(const lebm_trainer *trainer, const char *key)
{
    return trainer == NULL ? NULL : lebm__handle_option_type(&trainer->head, key);
}

const char *lebm_trainer_option_help(const lebm_trainer *trainer, const char *key)
{
    return trainer == NULL ? NULL : lebm__handle_option_help(&trainer->head, key);
}

const char *lebm_trainer_option_choices(const lebm_trainer *trainer, const char *key)
{
    return trainer == NULL ? NULL : lebm__handle_option_choices(&trainer->head, key);
}
