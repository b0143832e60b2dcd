/* A whole program against the installed library: a small model is made, trained on noise for a few steps, saved, loaded
 * and sampled. */
#include <lebm.h>
#include <stdio.h>
#include <stdlib.h>

static void check(int status)
{
    if (status == LEBM_OK) return;
    fprintf(stderr, "%s: %s\n", lebm_status_name(status), lebm_last_error());
    exit(1);
}

int main(int argc, char **argv)
{
    lebm_net *f, *g;
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_sampler *to_prior, *to_posterior;
    lebm_trainer *trainer;
    float x[10 * 192], z[10 * 8];
    double mse;
    const char *path = argc > 1 ? argv[1] : "model.safetensors";

    check(lebm_net_create(&f, 8)); /* input: z */
    check(lebm_net_add_linear(f, 20, 1));
    check(lebm_net_add_activation(f, LEBM_GELU, 0));
    check(lebm_net_add_linear(f, 1, 1));
    check(lebm_net_create_from_spec(&g,
                                    "in 8; conv_transpose2d 16 4 1 0; leaky_relu 0.2; conv_transpose2d 3 4 2 1; tanh"));
    check(lebm_net_init(f, LEBM_INIT_PYTORCH, 1));
    check(lebm_net_init(g, LEBM_INIT_XAVIER_NORMAL, 2));

    check(lebm_prior_create(&prior, f, 1.0));
    check(lebm_generator_create(&generator, g, LEBM_GAUSSIAN, 0.3));
    lebm_net_destroy(f); /* the model holds them */
    lebm_net_destroy(g);
    check(lebm_sampler_create(&to_prior, LEBM_LANGEVIN));
    check(lebm_sampler_set_i64(to_prior, LEBM_SAMPLER_STEPS, 60));
    check(lebm_sampler_set_f64(to_prior, LEBM_SAMPLER_STEP_SIZE, 0.08));
    check(lebm_sampler_create(&to_posterior, LEBM_LANGEVIN));
    check(lebm_sampler_set_i64(to_posterior, LEBM_SAMPLER_STEPS, 20));
    check(lebm_sampler_set_f64(to_posterior, LEBM_SAMPLER_STEP_SIZE, 0.005));
    check(lebm_trainer_create(&trainer, prior, generator, to_prior, to_posterior));

    for (int i = 0; i < 10 * 192; i++) x[i] = (float)(i * 7 % 11) / 5.0f - 1.0f;
    for (int step = 0; step < 5; step++) {
        check(lebm_trainer_step(trainer, x, 10));
        check(lebm_trainer_metric(trainer, LEBM_TRAINER_RECONSTRUCTION_MSE, &mse));
        printf("step %d: mse %.4f\n", step + 1, mse);
    }
    check(lebm_model_save(path, prior, generator));
    lebm_trainer_destroy(trainer);
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);

    check(lebm_model_load(path, &prior, &generator));
    check(lebm_sampler_run_prior(to_prior, prior, 10, z));
    check(lebm_generator_decode(generator, z, 10, x));
    printf("liblatentebm %s: pixel 0 of a sample is %.4f\n", lebm_version(), x[0]);
    lebm_sampler_destroy(to_prior);
    lebm_sampler_destroy(to_posterior);
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
    return 0;
}
