/* What must be refused is, and the process still has its denormal numbers; of a library that others' flags were to spoil.
 * This program may be compiled with them, too: it asks for bits. */
#include <lebm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect(int status, int expected, const char *what)
{
    if (status == expected) return;
    fprintf(stderr, "%s: %s, not %s: %s\n", what, lebm_status_name(status), lebm_status_name(expected),
            lebm_last_error());
    exit(1);
}

#define CHECK(call) expect(call, LEBM_OK, #call)

static void fail(const char *what)
{
    fprintf(stderr, "there are %s\n", what);
    exit(1);
}

static float of_bits(uint32_t bits)
{
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static int is_finite(const float *numbers, int count)
{
    int bad = 0;
    for (int i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, numbers + i, sizeof bits);
        bad += (bits & 0x7f800000u) == 0x7f800000u;
    }
    return !bad;
}

int main(int argc, char **argv)
{
    enum { ROWS = 64, DATA = 8, LATENT = 4 };
    const uint32_t odd[] = {0x7fc00000u, 0x7f800000u, 0xff800000u}; /* NaN and the infinities */
    lebm_net *f, *g;
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_sampler *to_prior, *to_posterior;
    lebm_trainer *trainer;
    float x[ROWS * DATA], z[ROWS * LATENT], weights[ROWS];
    const char *path = argc > 1 ? argv[1] : "model.safetensors";

    CHECK(lebm_net_create_from_spec(&f, "in 4; linear 16; gelu; linear 1"));
    CHECK(lebm_net_create_from_spec(&g, "in 4; linear 16; leaky_relu 0.2; linear 8"));
    CHECK(lebm_net_init(f, LEBM_INIT_PYTORCH, 1));
    CHECK(lebm_net_init(g, LEBM_INIT_PYTORCH, 2));
    CHECK(lebm_prior_create(&prior, f, 1.0));
    CHECK(lebm_generator_create(&generator, g, LEBM_GAUSSIAN, 0.3));
    lebm_net_destroy(f);
    lebm_net_destroy(g);
    CHECK(lebm_sampler_create(&to_prior, LEBM_LANGEVIN));
    CHECK(lebm_sampler_create(&to_posterior, LEBM_LANGEVIN));
    CHECK(lebm_sampler_set_f64(to_posterior, LEBM_SAMPLER_STEP_SIZE, 0.005));
    CHECK(lebm_trainer_create(&trainer, prior, generator, to_prior, to_posterior));
    for (int i = 0; i < ROWS * DATA; i++) x[i] = (float)(i % 17) / 17 - 0.5f;
    CHECK(lebm_trainer_step(trainer, x, ROWS));
    for (int i = 0; i < 3; i++) {
        x[5] = of_bits(odd[i]);
        expect(lebm_trainer_step(trainer, x, ROWS), LEBM_ERR_RANGE, "a step with what is not finite in x");
    }
    CHECK(lebm_net_get_param(lebm_generator_net(generator), 0, weights, ROWS));
    if (!is_finite(weights, ROWS)) fail("parameters that are not finite");
    expect(lebm_sampler_set_f64(to_prior, LEBM_SAMPLER_STEP_SIZE, (double)of_bits(odd[0])), LEBM_ERR_RANGE,
           "an option that is NaN");
    CHECK(lebm_model_save(path, prior, generator));
    weights[3] = of_bits(odd[0]);
    CHECK(lebm_net_set_param(lebm_generator_net(generator), 0, weights, ROWS));
    expect(lebm_sampler_run_posterior(to_posterior, prior, generator, x + DATA, ROWS - 1, z), LEBM_ERR_DIVERGED,
           "a run with a weight that is NaN");
    lebm_trainer_destroy(trainer);
    lebm_sampler_destroy(to_prior);
    lebm_sampler_destroy(to_posterior);
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);

    const volatile float least_normal = 0x1p-126f;
    const volatile float half = 0.5f * least_normal;
    if (argc > 2 && half * 2 != least_normal) fail("denormal numbers that are flushed to zero");
    printf("what is not finite is refused\n");
    return 0;
}
