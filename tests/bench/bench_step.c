/* Times whole training steps and prints them beside the machine's own sgemm speed, measured in the same run.
 *
 *     bench_step [THREADS]     (default: 1, then all processors)
 *
 * Operations are those of the direct form: 2 for each multiplication of a linear layer or transposed convolution,
 * forward and input gradient for each step of a chain, and weight gradients besides for learning. The share is their
 * rate over that of the best square sgemm. Each figure is the best of several. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cblas.h>
#include <lebm.h>

extern void openblas_set_num_threads(int) __attribute__((weak));

typedef struct {
    const char *name, *f, *g;
    int posterior_steps, prior_steps, batch, repeats;
} model;

static const model models[] = {
    {"MNIST default", "in 16; linear 200; gelu; linear 200; gelu; linear 1",
     "in 16; linear 256; leaky_relu 0.2; linear 512; leaky_relu 0.2; linear 784; reshape 1 28 28; tanh", 40, 160, 100,
     20},
    {"MNIST convolutions", "in 16; linear 200; gelu; linear 200; gelu; linear 1",
     "in 16; conv_transpose2d 128 7 1 0; leaky_relu 0.2; conv_transpose2d 64 4 2 1; leaky_relu 0.2; "
     "conv_transpose2d 1 4 2 1; tanh",
     40, 60, 100, 5},
    {"SVHN, width 64", "in 100; linear 200; gelu; linear 200; gelu; linear 1",
     "in 100; conv_transpose2d 512 4 1 0; leaky_relu 0.2; conv_transpose2d 256 4 2 1; leaky_relu 0.2; "
     "conv_transpose2d 128 4 2 1; leaky_relu 0.2; conv_transpose2d 3 4 2 1; tanh",
     20, 60, 100, 2},
};

static void check(int status)
{
    if (status == LEBM_OK) return;
    fprintf(stderr, "bench_step: %s\n", lebm_last_error());
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Best rate of square products in GFLOP/s, on as many threads as the BLAS is told to use. */
static double sgemm_peak(int threads)
{
    enum { SIZE = 1536 };
    static float a[SIZE * SIZE], b[SIZE * SIZE], c[SIZE * SIZE];
    double best = 0.0;
    if (openblas_set_num_threads != NULL) openblas_set_num_threads(threads);
    for (int i = 0; i < SIZE * SIZE; i++) a[i] = b[i] = (float)(i % 7) - 3.0f;
    for (int i = 0; i < 10; i++) {
        const double begin = now();
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SIZE, SIZE, SIZE, 1.0f, a, SIZE, b, SIZE, 0.0f, c, SIZE);
        const double rate = 2e-9 * SIZE * SIZE * SIZE / (now() - begin);
        if (rate > best) best = rate;
    }
    return best;
}

/* Operations of a forward pass of one row: the shape before each layer is that of the net that ends there. */
static double forward_operations(const char *spec)
{
    double operations = 0.0;
    char prefix[1024];
    int64_t params = 0, chw[3] = {1, 1, 1};
    for (const char *end = strchr(spec, ';'); end != NULL;) {
        end = strchr(end + 1, ';');
        lebm_net *net;
        snprintf(prefix, sizeof prefix, "%.*s", end == NULL ? (int)strlen(spec) : (int)(end - spec), spec);
        check(lebm_net_create_from_spec(&net, prefix));
        if (lebm_net_param_count(net) > params) {
            operations += 2.0 * (double)lebm_net_param_size(net, params) * (double)(chw[1] * chw[2]);
            params = lebm_net_param_count(net);
        }
        check(lebm_net_out_shape(net, chw));
        lebm_net_destroy(net);
    }
    return operations;
}

static void measure(const model *m, int threads, double peak)
{
    lebm_net *f, *g;
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_sampler *to_prior, *to_posterior;
    lebm_trainer *trainer;
    check(lebm_net_create_from_spec(&f, m->f));
    check(lebm_net_create_from_spec(&g, m->g));
    check(lebm_net_init(f, LEBM_INIT_PYTORCH, 1));
    check(lebm_net_init(g, LEBM_INIT_XAVIER_NORMAL, 1));
    check(lebm_prior_create(&prior, f, 1.0));
    check(lebm_generator_create(&generator, g, LEBM_GAUSSIAN, 0.3));
    check(lebm_sampler_create(&to_prior, LEBM_LANGEVIN));
    check(lebm_sampler_create(&to_posterior, LEBM_LANGEVIN));
    check(lebm_sampler_set_i64(to_prior, LEBM_SAMPLER_STEPS, m->prior_steps));
    check(lebm_sampler_set_i64(to_posterior, LEBM_SAMPLER_STEPS, m->posterior_steps));
    check(lebm_sampler_set_f64(to_posterior, LEBM_SAMPLER_STEP_SIZE, 0.005));
    check(lebm_trainer_create(&trainer, prior, generator, to_prior, to_posterior));
    check(lebm_trainer_set_i64(trainer, LEBM_TRAINER_THREADS, threads));

    const int64_t size = lebm_generator_data_size(generator);
    float *x = malloc((size_t)(m->batch * size) * sizeof *x);
    if (x == NULL) exit(1);
    for (int64_t i = 0; i < m->batch * size; i++) x[i] = (float)(i % 255) / 127.0f - 1.0f;
    double best = 1e30;
    for (int i = 0; i <= m->repeats; i++) { /* the first is not counted */
        const double begin = now();
        check(lebm_trainer_step(trainer, x, m->batch));
        const double duration = now() - begin;
        if (i > 0 && duration < best) best = duration;
    }
    const double of_f = forward_operations(m->f), of_g = forward_operations(m->g);
    const double operations =
        m->batch * (2.0 * m->posterior_steps * (of_f + of_g) + 2.0 * m->prior_steps * of_f + 3.0 * of_g + 6.0 * of_f);
    printf("%-20s %7d %9.1f %9.1f %9.0f %8.2f\n", m->name, threads, 1e3 * best, 1e-9 * operations,
           1e-9 * operations / best, 1e-9 * operations / best / peak);
    fflush(stdout);
    free(x);
    lebm_trainer_destroy(trainer);
    lebm_sampler_destroy(to_prior);
    lebm_sampler_destroy(to_posterior);
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
}

int main(int argc, char **argv)
{
    const int all = (int)sysconf(_SC_NPROCESSORS_ONLN);
    const int asked = argc > 1 ? atoi(argv[1]) : 0;
    printf("%s\n", lebm_build_info());
    for (int i = 0; i < (asked > 0 || all == 1 ? 1 : 2); i++) {
        const int threads = asked > 0 ? asked : i == 0 ? 1 : all;
        const double peak = sgemm_peak(threads);
        printf("\nsgemm, %d threads: %.0f GFLOP/s\n", threads, peak);
        printf("%-20s %7s %9s %9s %9s %8s\n", "training step of", "threads", "ms", "GFLOP", "GFLOP/s", "share");
        for (size_t k = 0; k < sizeof models / sizeof *models; k++) measure(&models[k], threads, peak);
    }
    return 0;
}
