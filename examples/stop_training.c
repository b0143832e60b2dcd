/* Stops a training after a time limit, and goes on from a checkpoint.
 *
 * The trainer calls a function of ours now and then, also in the middle of a step. If that returns anything but 0, the
 * step changes nothing and returns LEBM_STOPPED: the trainer is as it was after the step before, ready to be saved. What
 * goes on from there ends, to the bit, where a training ends that was never stopped. */
#include <inttypes.h>
#include <lebm.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "arguments.h"
#include "batches.h"
#include "clock.h"
#include "digits.h"
#include "model.h"
#include "output.h"

enum { STEPS = 40, BATCH = 50, HIDDEN = 128, PIXELS = 28 * 28, WEIGHTS = PIXELS * HIDDEN };

static lebm_trainer *make(model *m)
{
    lebm_trainer *trainer;
    or_die(lebm_model_create(&m->prior, &m->generator, "in 16; linear 100; gelu; linear 1", 1.0,
                             "in 16; linear 128; relu; linear 784; reshape 1 28 28; tanh", LEBM_GAUSSIAN, .3,
                             LEBM_INIT_PYTORCH, 1),
           "model");
    or_die(lebm_sampler_create(&m->to_prior, LEBM_LANGEVIN), "sampler");
    or_die(lebm_sampler_create(&m->to_posterior, LEBM_LANGEVIN), "sampler");
    or_die(lebm_sampler_set_f64(m->to_posterior, LEBM_SAMPLER_STEP_SIZE, .005), "step size");
    or_die(lebm_trainer_create(&trainer, m->prior, m->generator, m->to_prior, m->to_posterior), "trainer");
    return trainer;
}

/* Reads the weights of g's last layer, and destroys everything: the trainer first, since it borrows the others. */
static void finish(lebm_trainer *trainer, model *m, float weights[WEIGHTS])
{
    or_die(lebm_net_get_param(lebm_generator_net(m->generator), 2, weights, WEIGHTS), "weights");
    lebm_trainer_destroy(trainer);
    model_free(m);
}

static int past_deadline(double done, void *user)
{
    (void)done; /* how much of the present step is done, from 0 to 1 */
    return seconds_now() > *(const double *)user;
}

/* Trains to the last step; returns whether it got there. */
static bool train(lebm_trainer *trainer, batches *b)
{
    static float x[BATCH * PIXELS];
    for (int64_t step; (step = lebm_trainer_steps_done(trainer)) < STEPS;) {
        batches_read(b, step, x); /* which images come next is a function of the step, so that needs no saving */
        const int status = lebm_trainer_step(trainer, x, BATCH);
        if (status == LEBM_STOPPED) return false;
        or_die(status, "training");
    }
    return true;
}

int main(int argc, char **argv)
{
    const char *path =
        arguments_operand(argc, argv, "stop_training", "[CHECKPOINT]", "stopped.safetensors",
                          "Stops a training of drawn digits by a callback after a third of its time, and "
                          "resumes it\nfrom its checkpoint, to the bits of one that was never stopped.",
                          "It leaves one file, CHECKPOINT (default: stopped.safetensors).");
    static float whole[WEIGHTS], stopped[WEIGHTS], resumed[WEIGHTS];
    dataset digits;
    batches b;
    failure why;
    model m;

    if (output_check_file(path, &why) != 0) die("%s", why.text);
    if (digits_make(1000, 1, &digits, &why) != 0) die("%s", why.text);
    batches_start(&b, &digits, (pixel_range){-1, 1}, BATCH, 1); /* as g ends in tanh */
    lebm_trainer *trainer = make(&m);
    const double start = seconds_now();
    train(trainer, &b);
    double deadline = seconds_now() + (seconds_now() - start) / 3;
    finish(trainer, &m, whole);

    trainer = make(&m);
    or_die(lebm_trainer_set_progress(trainer, past_deadline, &deadline), "progress");
    const bool finished = train(trainer, &b);
    printf("%s after %" PRId64 " of %d steps\n", finished ? "too fast to be stopped" : "stopped",
           lebm_trainer_steps_done(trainer), STEPS);
    or_die(lebm_trainer_save(trainer, path), "checkpoint");
    finish(trainer, &m, stopped);

    trainer = make(&m); /* as if in another process, another day */
    or_die(lebm_trainer_load(trainer, path), "checkpoint");
    train(trainer, &b);
    finish(trainer, &m, resumed);
    if (memcmp(whole, resumed, sizeof whole) != 0) die("the resumed training ended elsewhere");
    printf("resumed from %s: the same bits as the training that was never stopped\n", path);
    batches_free(&b);
    dataset_free(&digits);
    return 0;
}
