/* Scores observations by how well a model explains them: a model of drawn digits is shown others, and what is no digit.
 *
 * The score of x is log p(x|z) + log p(z), the log of the joint density (eq. 1) without log Z, at z drawn from p(z|x), as
 * Pang et al. detect anomalies: the lower, the stranger. Scores of one model can be compared, since Z is the same for
 * all x. log p(x|z) asks whether the generator can make x at all, log p(z) whether it takes a z that is expected. Which of
 * both tells anomalies depends on what they are, and their sum can mislead: see docs/recipes.md. */
#include <lebm.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "arguments.h"
#include "digits.h"
#include "model.h"

enum { LATENTS = 16, PIXELS = 28 * 28, BATCH = 100, STEPS = 300, COUNT = 200, CHAINS = 5 };
static const pixel_range pixels = {-1, 1}; /* as g ends in tanh */
enum { YARDSTICK, DIGITS, TURNED, TWO, NOISE, KINDS };

static void learn(model *m, const dataset *digits)
{
    static float x[BATCH][PIXELS];
    lebm_trainer *trainer;
    or_die(lebm_model_create(&m->prior, &m->generator, "in 16; linear 100; gelu; linear 1", 1.0,
                             "in 16; linear 128; relu; linear 784; reshape 1 28 28; tanh", LEBM_GAUSSIAN, .3,
                             LEBM_INIT_PYTORCH, 1),
           "model");
    or_die(lebm_sampler_create(&m->to_prior, LEBM_LANGEVIN), "sampler");
    or_die(lebm_sampler_create(&m->to_posterior, LEBM_LANGEVIN), "sampler");
    or_die(lebm_sampler_set_f64(m->to_posterior, LEBM_SAMPLER_STEP_SIZE, .005), "step size");
    or_die(lebm_sampler_set_i64(m->to_posterior, LEBM_SAMPLER_STEPS, 20), "steps");
    or_die(lebm_trainer_create(&trainer, m->prior, m->generator, m->to_prior, m->to_posterior), "trainer");
    or_die(lebm_trainer_set_f64(trainer, LEBM_TRAINER_PRIOR_LEARNING_RATE, 2e-4), "rate of f");
    or_die(lebm_trainer_set_f64(trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 3e-3), "rate of g");
    for (int step = 0; step < STEPS; step++) {
        for (int i = 0; i < BATCH; i++) dataset_row(digits, (step * BATCH + i) % digits->count, pixels, x[i]);
        or_die(lebm_trainer_step(trainer, x[0], BATCH), "training");
    }
    lebm_trainer_destroy(trainer);
    or_die(lebm_sampler_set_i64(m->to_posterior, LEBM_SAMPLER_STEPS, 60), "steps"); /* to be nearer to p(z|x) */
}

/* Fills in the scores, which are means over the chains of each x; means[] receives those of their two parts over all x. */
static void score(const model *m, float x[COUNT][PIXELS], double scores[COUNT], double means[2])
{
    static float z[CHAINS * COUNT * LATENTS];
    static double likelihood[COUNT], density[COUNT];
    or_die(
        lebm_sampler_log_joint(m->to_posterior, m->prior, m->generator, x[0], COUNT, 0, CHAINS, z, likelihood, density),
        "scores");
    for (int i = 0; i < COUNT; i++) {
        scores[i] = likelihood[i] + density[i];
        means[0] += likelihood[i] / COUNT;
        means[1] += density[i] / COUNT;
    }
}

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv)
{
    arguments_operand(argc, argv, "score_observations", "", NULL, "Scores observations by how well a model fits.", "");
    static const char *names[] = {"digits (yardstick)", "other digits", "upside down", "two at once", "noise"};
    static float x[KINDS][COUNT][PIXELS];
    static double scores[KINDS][COUNT];
    dataset known, held_out;
    failure why;
    model m;
    rng r = rng_start(1, 0);
    if (digits_make(5000, 1, &known, &why) != 0 || digits_make(2 * COUNT, 2, &held_out, &why) != 0) die("%s", why.text);
    for (int i = 0; i < 2 * COUNT; i++) dataset_row(&held_out, i, pixels, x[i / COUNT][i % COUNT]);
    for (int i = 0; i < COUNT; i++)
        for (int p = 0; p < PIXELS; p++) {
            x[TURNED][i][p] = x[DIGITS][i][PIXELS - 1 - p];
            x[TWO][i][p] = fmaxf(x[DIGITS][i][p], x[DIGITS][(i + 1) % COUNT][p]);
            x[NOISE][i][p] = (float)rng_uniform(&r, -1, 1);
        }

    learn(&m, &known);
    printf("%-20s %12s %12s %12s %9s\n", "", "log p(x|z)", "log p(z)", "score", "flagged");
    for (int kind = 0; kind < KINDS; kind++) {
        double means[2] = {0, 0}, flagged = 0;
        score(&m, x[kind], scores[kind], means);
        if (kind == YARDSTICK) qsort(scores[kind], COUNT, sizeof scores[kind][0], ascending);
        /* Strange is what scores less than all but 5 % of the digits that serve as yardstick. */
        for (int i = 0; i < COUNT; i++) flagged += scores[kind][i] < scores[YARDSTICK][COUNT / 20];
        printf("%-20s %12.1f %12.1f %12.1f %8.0f%%\n", names[kind], means[0], means[1], means[0] + means[1],
               flagged * 100 / COUNT);
    }
    dataset_free(&known);
    dataset_free(&held_out);
    model_free(&m);
    return 0;
}
