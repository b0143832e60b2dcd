/* Learns the density of eight Gaussians on a circle and draws it: that of the data on the left, the one learned on the
 * right. The generator is the identity and stays so, x = z + noise: all there is to learn is the prior, whose density
 * p(z) = exp(f(z)) N(z; 0, sigma0^2 I) / Z must become that of the data. Training never needs Z: here it is a sum. */
#include <lebm.h>
#include <math.h>
#include <stdio.h>

#include "arguments.h"
#include "image.h"
#include "model.h"
#include "output.h"
#include "rng.h"

enum { MODES = 8, BATCH = 200, EPOCHS = 4, EPOCH_STEPS = 200, SIDE = 200, PIXELS = SIDE * SIDE };
static const double RADIUS = 10, DEVIATION = 1.5, NOISE = .5, EDGE = 15, TURN = 2 * 3.14159265358979323846;

static void draw(rng *r, float x[2])
{
    const double angle = TURN * (double)rng_below(r, MODES) / MODES;
    x[0] = (float)rng_normal(r, RADIUS * cos(angle), DEVIATION);
    x[1] = (float)rng_normal(r, RADIUS * sin(angle), DEVIATION);
}

/* The log density of what draw() draws, but for a constant. */
static double log_density(const float x[2])
{
    double sum = 0;
    for (int mode = 0; mode < MODES; mode++) {
        const double dx = x[0] - RADIUS * cos(TURN * mode / MODES), dy = x[1] - RADIUS * sin(TURN * mode / MODES);
        sum += exp(-(dx * dx + dy * dy) / (2 * DEVIATION * DEVIATION));
    }
    return log(sum);
}

/* Turns log densities into greys from -1 to 1, and prints which part of the whole lies in the sector of each mode. */
static void report(const char *name, float z[PIXELS][2], float *density)
{
    double sum = 0, most = 0, sectors[MODES] = {0};
    for (int i = 0; i < PIXELS; i++) {
        density[i] = expf(density[i]);
        sectors[(int)((atan2(z[i][1], z[i][0]) / TURN + 1) * MODES + .5) % MODES] += density[i];
        sum += density[i];
        most = fmax(most, density[i]);
    }
    for (int i = 0; i < PIXELS; i++) density[i] = (float)(2 * density[i] / most - 1);
    printf("%s, %% by mode:", name);
    for (int i = 0; i < MODES; i++) printf(" %.1f%s", 100 * sectors[i] / sum, i < MODES - 1 ? "" : "\n");
}

static lebm_sampler *make_sampler(int64_t steps, double first, double last)
{
    lebm_sampler *sampler;
    or_die(lebm_sampler_create(&sampler, LEBM_LANGEVIN), "sampler");
    or_die(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, steps), "steps");
    or_die(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, first), "step size");
    or_die(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_LAST_STEP_SIZE, last), "last step size");
    or_die(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_START_STD, RADIUS), "start");
    return sampler;
}

int main(int argc, char **argv)
{
    const char *path =
        arguments_operand(argc, argv, "toy_density", "[PICTURE]", "toy_density.png",
                          "Learns the density of eight Gaussians on a circle, in about half a minute, and "
                          "draws it:\nthat of the data on the left, the one learned on the right.",
                          "It leaves one file, the PNG PICTURE (default: toy_density.png).");
    static float x[BATCH][2], z[PIXELS][2], truth[PIXELS], learned[PIXELS];
    failure why;
    if (output_check(path, &why) != 0) die("%s", why.text);
    model m = {.to_prior = make_sampler(80, 2, .2), .to_posterior = make_sampler(20, .075, 0)};
    lebm_trainer *trainer;
    or_die(lebm_model_create(&m.prior, &m.generator, "in 2; linear 64; silu; linear 64; silu; linear 1", RADIUS,
                             "in 2; linear 2 nobias", LEBM_GAUSSIAN, NOISE, LEBM_INIT_PYTORCH, 1),
           "model");
    or_die(lebm_net_set_param(lebm_generator_net(m.generator), 0, (const float[]){1, 0, 0, 1}, 4), "g");
    or_die(lebm_trainer_create(&trainer, m.prior, m.generator, m.to_prior, m.to_posterior), "trainer");
    or_die(lebm_trainer_set_f64(trainer, LEBM_TRAINER_PRIOR_LEARNING_RATE, 4e-3), "rate of f");
    or_die(lebm_trainer_set_f64(trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 0), "rate of g");
    or_die(lebm_trainer_set_f64(trainer, LEBM_TRAINER_DECAY_PER_EPOCH, .5), "decay");
    rng r = rng_start(1, 0);
    for (int step = 1; step <= EPOCHS * EPOCH_STEPS; step++) {
        for (int i = 0; i < BATCH; i++) draw(&r, x[i]);
        or_die(lebm_trainer_step(trainer, x[0], BATCH), "training");
        if (step % EPOCH_STEPS == 0) or_die(lebm_trainer_end_epoch(trainer), "epoch");
    }
    lebm_trainer_destroy(trainer);

    for (int i = 0; i < PIXELS; i++) {
        z[i][0] = (float)(((i % SIDE + .5) / SIDE * 2 - 1) * EDGE);
        z[i][1] = (float)((1 - (i / SIDE + .5) / SIDE * 2) * EDGE);
        truth[i] = (float)log_density(z[i]);
    }
    or_die(lebm_prior_log_density(m.prior, z[0], PIXELS, learned), "density");
    report("data", z, truth);
    report("learned", z, learned);
    const image_grid picture = {1, SIDE, SIDE, 2, 1, 1, 2, {-1, 1}, {truth, learned}};
    if (image_write_grid(&picture, path, &why) != 0) die("%s", why.text);
    printf("picture: %s\n", path);
    model_free(&m);
    return 0;
}
