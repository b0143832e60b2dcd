/* Shares one model between two threads.
 *
 * A model (net, prior, generator) is only read while it is used, so any number of threads may use one at the same time.
 * What changes during a run lives in the sampler: each thread has its own. A chain's numbers depend on the model and the
 * sampler's options alone, so that the threads draw, to the bit, what one thread draws after the other. */
#include <lebm.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "arguments.h"

enum { IMAGES = 200, LATENTS = 16, PIXELS = 28 * 28 };

typedef struct job {
    const lebm_prior *prior;
    const lebm_generator *generator;
    int64_t seed;
    float images[IMAGES][PIXELS];
    char error[256]; /* lebm_last_error() belongs to the thread that made the call */
} job;

static int draw(job *j, lebm_sampler *sampler)
{
    float z[IMAGES][LATENTS];
    int status = lebm_sampler_set_i64(sampler, LEBM_SAMPLER_SEED, j->seed);
    /* The program has threads of its own, one for each sampler. */
    if (status == LEBM_OK) status = lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, 1);
    if (status == LEBM_OK) status = lebm_sampler_run_prior(sampler, j->prior, IMAGES, z[0]);
    if (status == LEBM_OK) status = lebm_generator_decode(j->generator, z[0], IMAGES, j->images[0]);
    return status;
}

/* The whole life of a thread: its sampler begins and ends here. */
static void *work(void *user)
{
    job *j = user;
    lebm_sampler *sampler;
    int status = lebm_sampler_create(&sampler, LEBM_LANGEVIN);
    if (status == LEBM_OK) status = draw(j, sampler);
    if (status != LEBM_OK) snprintf(j->error, sizeof j->error, "%s", lebm_last_error());
    lebm_sampler_destroy(sampler);
    return NULL;
}

int main(int argc, char **argv)
{
    arguments_operand(argc, argv, "two_threads", "", NULL, "Shares one model between two threads.", "");
    static job together[2], in_turn[2];
    lebm_prior *prior;
    lebm_generator *generator;
    pthread_t threads[2];

    or_die(lebm_model_create(&prior, &generator, "in 16; linear 200; gelu; linear 1", 1.0,
                             "in 16; linear 256; gelu; linear 784; reshape 1 28 28; tanh", LEBM_GAUSSIAN, .3,
                             LEBM_INIT_PYTORCH, 1),
           "model");

    for (int i = 0; i < 2; i++) together[i] = in_turn[i] = (job){.prior = prior, .generator = generator, .seed = i};
    for (int i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, work, &together[i]) != 0) die("cannot start a thread");
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < 2; i++) work(&in_turn[i]);

    for (int i = 0; i < 2; i++) {
        if (together[i].error[0] != '\0') die("%s", together[i].error);
        if (in_turn[i].error[0] != '\0') die("%s", in_turn[i].error);
        if (memcmp(together[i].images, in_turn[i].images, sizeof in_turn[i].images) != 0) die("thread %d differs", i);
    }
    if (memcmp(together[0].images, together[1].images, sizeof together[0].images) == 0) die("two seeds, one result");
    printf("2 threads drew %d images each from one model: the same bits as one thread after the other\n", IMAGES);
    lebm_generator_destroy(generator);
    lebm_prior_destroy(prior);
    return 0;
}
