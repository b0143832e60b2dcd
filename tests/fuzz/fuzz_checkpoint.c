/* Checkpoints: lebm_trainer_load(). What is accepted can be saved, and loads again to the same; what is refused leaves
 * the trainer as it was. */
#include <string.h>

#include "fuzz.h"
#include "fuzz_mutate.h"
#include "fuzz_training.h"
#include "mcmc/sampler.h"
#include "model/generator.h"
#include "model/prior.h"
#include "train/trainer.h"

enum { FACTOR = 256, MORE = 1 << 14, MOST_NUMBERS = 512 };

/* All of a trainer that a checkpoint changes. */
typedef struct state {
    float numbers[LEBM__LEARNERS][4][MOST_NUMBERS]; /* parameters, both moments and, if there are, averages */
    float chains[3][MOST_NUMBERS];                  /* to the posterior, which are visited, and to the prior */
    int64_t updates[LEBM__LEARNERS], averaged[LEBM__LEARNERS], kept[2], steps_done, epochs_done;
    lebm__trainer_options options;
    lebm__sampler_options to_prior, to_posterior;
    char own_options[2][64]; /* of the samplers' kernels */
    int64_t variances[2];    /* of the samplers: how many, */
    float variance[2][MOST_NUMBERS];
} state;

static void take_learner(const lebm__learner *learner, float numbers[4][MOST_NUMBERS])
{
    const size_t bytes = (size_t)learner->params->total * sizeof(float);
    FUZZ_ASSERT(learner->params->total <= MOST_NUMBERS, "the test has no room for the net");
    memcpy(numbers[0], learner->params->values, bytes);
    memcpy(numbers[1], learner->adam.m, bytes);
    memcpy(numbers[2], learner->adam.v, bytes);
    memset(numbers[3], 0, sizeof numbers[3]);
    if (learner->average.updates > 0) memcpy(numbers[3], learner->average.values, bytes);
}

/* As many numbers as there is room for; the others are the size of the file, which the limit on memory holds. */
static void take_chains(const float *from, int64_t count, float numbers[MOST_NUMBERS])
{
    memset(numbers, 0, MOST_NUMBERS * sizeof *numbers);
    if (count > 0) memcpy(numbers, from, (size_t)(count < MOST_NUMBERS ? count : MOST_NUMBERS) * sizeof *numbers);
}

static void take_own_options(const lebm_sampler *sampler, char own[64])
{
    const size_t size = sampler->head.options[1].table->size;
    FUZZ_ASSERT(size <= 64, "the test has no room for the options");
    memcpy(own, sampler->head.options[1].values, size);
}

/* Numbers that the nets do not have stay 0. */
static void take_state(const lebm_trainer *trainer, state *s)
{
    for (int i = 0; i < LEBM__LEARNERS; i++) {
        take_learner(&trainer->learners[i], s->numbers[i]);
        s->updates[i] = trainer->learners[i].adam.steps;
        s->averaged[i] = trainer->learners[i].average.updates;
    }
    const lebm__kept *posterior = &trainer->kept_posterior, *prior = &trainer->kept_prior;
    s->kept[0] = posterior->count;
    s->kept[1] = prior->count;
    take_chains(posterior->z, posterior->count * posterior->dims, s->chains[0]);
    take_chains(posterior->visited, posterior->count, s->chains[1]);
    take_chains(prior->z, prior->count * prior->dims, s->chains[2]);
    s->steps_done = trainer->steps_done;
    s->epochs_done = trainer->epochs_done;
    s->options = trainer->options;
    s->to_prior = trainer->to_prior->options;
    s->to_posterior = trainer->to_posterior->options;
    take_own_options(trainer->to_prior, s->own_options[0]);
    take_own_options(trainer->to_posterior, s->own_options[1]);
    const lebm_sampler *const samplers[] = {trainer->to_prior, trainer->to_posterior};
    for (int i = 0; i < 2; i++) {
        s->variances[i] = samplers[i]->variance_count;
        take_chains(samplers[i]->variances, samplers[i]->variance_count, s->variance[i]);
    }
}

/* Fails unless all numbers are finite, and the second moments not negative. */
static void check_numbers(const float numbers[4][MOST_NUMBERS])
{
    for (int i = 0; i < MOST_NUMBERS; i++) {
        for (int k = 0; k < 4; k++)
            FUZZ_ASSERT(numbers[k][i] - numbers[k][i] == 0, "%g is loaded", (double)numbers[k][i]);
        FUZZ_ASSERT(numbers[2][i] >= 0, "a second moment of %g", (double)numbers[2][i]);
    }
}

static void check_accepted(training *t, const state *loaded)
{
    static state again;
    for (int i = 0; i < LEBM__LEARNERS; i++) {
        check_numbers(loaded->numbers[i]);
        FUZZ_ASSERT(loaded->updates[i] >= 0 && loaded->averaged[i] >= 0, "counts below 0");
        FUZZ_ASSERT(loaded->averaged[i] == loaded->averaged[0], "averages of one net");
    }
    for (int i = 0; i < MOST_NUMBERS; i++) {
        const float visited = loaded->chains[1][i];
        for (int k = 0; k < 3; k++)
            FUZZ_ASSERT(loaded->chains[k][i] - loaded->chains[k][i] == 0, "%g is loaded", (double)loaded->chains[k][i]);
        FUZZ_ASSERT(visited == 0 || visited == 1, "%g visits", (double)visited);
    }
    for (int64_t i = 0; i < loaded->variances[0] && i < MOST_NUMBERS; i++)
        FUZZ_ASSERT(loaded->variance[0][i] > 0, "a variance of %g", (double)loaded->variance[0][i]);
    FUZZ_ASSERT(loaded->steps_done >= 0 && loaded->epochs_done >= 0, "counts below 0");
    FUZZ_ASSERT_OK(lebm_trainer_save(t->trainer, fuzz_path(FUZZ_OUTPUT)));
    FUZZ_ASSERT_OK(lebm_trainer_load(t->trainer, fuzz_path(FUZZ_OUTPUT)));
    take_state(t->trainer, &again);
    FUZZ_ASSERT(memcmp(&again, loaded, sizeof again) == 0, "saved and loaded, the trainer is another");
    FUZZ_ASSERT_OK(lebm_trainer_save(t->trainer, fuzz_path(FUZZ_OTHER)));
    fuzz_check_same_files(FUZZ_OUTPUT, FUZZ_OTHER);
}

/* What a trainer holds as long as it lives, which would look like memory that is lost. */
static void forget_kept(lebm_trainer *trainer)
{
    lebm__kept_destroy(&trainer->kept_posterior);
    lebm__kept_destroy(&trainer->kept_prior);
    lebm__sampler_take_variances(trainer->to_prior, NULL, 0);
    lebm__sampler_take_variances(trainer->to_posterior, NULL, 0);
    for (int i = 0; i < LEBM__LEARNERS; i++) lebm__average_destroy(&trainer->learners[i].average);
}

/* Loads a file that is hostile. */
static void check_load(training *t, const char *path, int64_t most_bytes)
{
    static state before, after;
    take_state(t->trainer, &before);
    fuzz_forget_failure();
    fuzz_begin();
    fuzz_limit(most_bytes, 0);
    const int status = lebm_trainer_load(t->trainer, path);
    take_state(t->trainer, &after);
    if (status != LEBM_OK) {
        FUZZ_ASSERT(memcmp(&before, &after, sizeof before) == 0, "a file that was refused has changed the trainer");
        FUZZ_CHECK_FAILURE(status, LEBM_ERR_FORMAT, LEBM_ERR_VERSION, LEBM_ERR_SHAPE, LEBM_ERR_UNSUPPORTED);
    } else {
        fuzz_limit(2 * most_bytes, 0);
        check_accepted(t, &after);
        forget_kept(t->trainer);
    }
    fuzz_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static training t;
    if (t.trainer == NULL) {
        make_training(&t, small_f, small_g, 0);
        lebm_net_spec(t.trainer->prior->net); /* which a net keeps once it was asked for */
        lebm_net_spec(lebm_generator_net(t.trainer->generator));
    }
    check_load(&t, fuzz_write(FUZZ_INPUT, data, size), FACTOR * (int64_t)size + MORE);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return mutate_safetensors(data, size, max_size, seed);
}
