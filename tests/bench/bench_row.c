/* Measures one row of the table that bench.py prints. Each row is a process of its own, since peak memory is that of a
 * process, and so is the BLAS that serves it.
 *
 *     bench_row info                    prints what the library says of itself
 *     bench_row sgemm                   prints the GFLOP/s of square products, on as many threads as the BLAS likes
 *     bench_row PART F G FORM PRIOR_STEPS POSTERIOR_STEPS BATCH THREADS
 *                                       prints milliseconds and peak memory in MiB
 *
 * F and G are specs of nets, G of one of pixels or of tokens, whose sequences are then all of the greatest length. FORM is how g
 * computes its convolutions, if it is of pixels. PART is a part of a training step:
 *
 *     whole      all of it: lebm_trainer_step()
 *     prior      the chains to the prior alone: lebm_sampler_run_prior()
 *     posterior  the chains to the posterior alone: lebm_sampler_run_posterior()
 *     learning   all but the chains: a step whose chains have one step each, less such chains run alone. So it holds
 *                gradients, optimiser, and whatever the next chains must do because the weights have changed.
 *
 * A duration is the shortest of as many as begin within half a second. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cblas.h>
#include <lebm.h>

typedef struct {
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_sampler *to_prior, *to_posterior;
    lebm_trainer *trainer;
    int64_t batch;
    float *x, *z; /* [batch, D], [batch, M] */
} model;

static void check(int status)
{
    if (status == LEBM_OK) return;
    fprintf(stderr, "bench_row: %s\n", lebm_last_error());
    exit(1);
}

static float *floats(int64_t count)
{
    float *p = malloc((size_t)count * sizeof *p);
    if (p == NULL) {
        fprintf(stderr, "bench_row: out of memory\n");
        exit(1);
    }
    return p;
}

static void create_sampler(lebm_sampler **out, int64_t threads, double step_size)
{
    check(lebm_sampler_create(out, LEBM_LANGEVIN));
    check(lebm_sampler_set_i64(*out, LEBM_SAMPLER_THREADS, threads));
    check(lebm_sampler_set_f64(*out, LEBM_SAMPLER_STEP_SIZE, step_size));
}

static void create(model *m, const char *f_spec, const char *g_spec, const char *form, int64_t batch, int64_t threads)
{
    lebm_net *f;
    const int of_text = strstr(g_spec, "tokens") != NULL;
    check(lebm_net_create_from_spec(&f, f_spec));
    check(lebm_net_init(f, LEBM_INIT_PYTORCH, 1));
    check(lebm_prior_create(&m->prior, f, 1.0));
    lebm_net_destroy(f); /* the prior holds it */
    check(lebm_generator_create_from_spec(&m->generator, g_spec, of_text ? LEBM_CATEGORICAL : LEBM_GAUSSIAN,
                                          of_text ? 0.0 : 0.3));
    check(lebm_generator_init(m->generator, of_text ? LEBM_INIT_PYTORCH : LEBM_INIT_XAVIER_NORMAL, 2));
    if (!of_text) check(lebm_net_set_str(lebm_generator_net(m->generator), LEBM_NET_CONVOLUTION, form));
    create_sampler(&m->to_prior, threads, 0.08);
    create_sampler(&m->to_posterior, threads, 0.005);
    check(lebm_trainer_create(&m->trainer, m->prior, m->generator, m->to_prior, m->to_posterior));
    check(lebm_trainer_set_i64(m->trainer, LEBM_TRAINER_THREADS, threads));
    const int64_t size = batch * lebm_generator_data_size(m->generator);
    m->batch = batch;
    m->x = floats(size);
    for (int64_t i = 0; i < size; i++) {
        m->x[i] =
            of_text ? (float)(i * 7919 % lebm_generator_token_count(m->generator)) : (float)(i % 255) / 127.0f - 1.0f;
    }
    m->z = floats(batch * lebm_prior_latent_size(m->prior));
}

static void destroy(model *m)
{
    free(m->x);
    free(m->z);
    lebm_trainer_destroy(m->trainer);
    lebm_sampler_destroy(m->to_prior);
    lebm_sampler_destroy(m->to_posterior);
    lebm_prior_destroy(m->prior);
    lebm_generator_destroy(m->generator);
}

static void set_steps(model *m, int64_t prior_steps, int64_t posterior_steps)
{
    check(lebm_sampler_set_i64(m->to_prior, LEBM_SAMPLER_STEPS, prior_steps));
    check(lebm_sampler_set_i64(m->to_posterior, LEBM_SAMPLER_STEPS, posterior_steps));
}

static void run_step(void *context)
{
    const model *m = context;
    check(lebm_trainer_step(m->trainer, m->x, m->batch));
}

static void run_prior(void *context)
{
    const model *m = context;
    check(lebm_sampler_run_prior(m->to_prior, m->prior, m->batch, m->z));
}

static void run_posterior(void *context)
{
    const model *m = context;
    check(lebm_sampler_run_posterior(m->to_posterior, m->prior, m->generator, m->x, m->batch, m->z));
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Seconds that `work` takes at best. */
static double shortest(void (*work)(void *), void *context)
{
    const double begin = now();
    double best = INFINITY;
    while (now() - begin < 0.5) {
        const double start = now();
        work(context);
        best = fmin(best, now() - start);
    }
    return best;
}

/* The same after a run of single steps, which touches the memory, packs the weights and starts the threads. */
static double shortest_when_warm(void (*work)(void *), model *m, int64_t prior_steps, int64_t posterior_steps)
{
    set_steps(m, 1, 1);
    work(m);
    set_steps(m, prior_steps, posterior_steps);
    return shortest(work, m);
}

static double measure(model *m, const char *part, int64_t prior_steps, int64_t posterior_steps)
{
    if (strcmp(part, "whole") == 0) return shortest_when_warm(run_step, m, prior_steps, posterior_steps);
    if (strcmp(part, "prior") == 0) return shortest_when_warm(run_prior, m, prior_steps, posterior_steps);
    if (strcmp(part, "posterior") == 0) return shortest_when_warm(run_posterior, m, prior_steps, posterior_steps);
    if (strcmp(part, "learning") == 0) {
        return shortest_when_warm(run_step, m, 1, 1) - shortest_when_warm(run_prior, m, 1, 1) -
               shortest_when_warm(run_posterior, m, 1, 1);
    }
    fprintf(stderr, "bench_row: no part '%s'\n", part);
    exit(2);
}

/* Linux's peak for this program; getrusage()'s holds what ran in the process before it, too. */
static double peak_memory(void)
{
    char line[256];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL && sscanf(line, "VmHWM: %ld", &kib) != 1) continue;
    if (file != NULL) fclose(file);
    return (double)kib / 1024.0;
}

enum { SIZE = 2048 };

static void multiply(void *context)
{
    float *const *abc = context;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SIZE, SIZE, SIZE, 1.0f, abc[0], SIZE, abc[1], SIZE, 0.0f,
                abc[2], SIZE);
}

static double sgemm_rate(void)
{
    float *abc[3];
    for (int k = 0; k < 3; k++) {
        abc[k] = floats((int64_t)SIZE * SIZE);
        for (int i = 0; i < SIZE * SIZE; i++) abc[k][i] = (float)(i % 7) - 3.0f;
    }
    const double rate = 2e-9 * SIZE * SIZE * SIZE / shortest(multiply, abc);
    for (int k = 0; k < 3; k++) free(abc[k]);
    return rate;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "info") == 0) {
        printf("%s\n", lebm_build_info());
    } else if (argc == 2 && strcmp(argv[1], "sgemm") == 0) {
        printf("%.1f\n", sgemm_rate());
    } else if (argc == 9) {
        model m;
        create(&m, argv[2], argv[3], argv[4], atoi(argv[7]), atoi(argv[8]));
        const double seconds = measure(&m, argv[1], atoi(argv[5]), atoi(argv[6]));
        printf("%.3f %.1f\n", 1e3 * seconds, peak_memory());
        destroy(&m);
    } else {
        fprintf(stderr, "usage: bench_row info | sgemm | "
                        "PART F G FORM PRIOR_STEPS POSTERIOR_STEPS BATCH THREADS (bench.py calls it)\n");
        return 2;
    }
    return 0;
}
