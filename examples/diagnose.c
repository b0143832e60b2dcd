/* Tells whether the chains of a model can be trusted: long ones of all kernels, from starts that lie apart, towards the prior and
 * towards the posteriors of some observations, beside those that the model was trained with. */
#include <inttypes.h>
#include <stdlib.h>

#include "arguments.h"
#include "diagnose_run.h"
#include "diagnosis_report.h"
#include "files.h"
#include "held_out.h"
#include "interrupt.h"
#include "model.h"
#include "output.h"
#include "view.h"

enum {
    MODEL,
    DATA,
    OUT = DATA + HELD_OUT_OPTIONS,
    SUPERCHAINS,
    CHAINS,
    STEPS,
    OBSERVATIONS,
    POSTERIOR_CHAINS,
    POSTERIOR_STEPS,
    WARMUP,
    LEAPFROG_STEPS,
    SEED,
    THREADS,
    OPTIONS
};

enum { FEWEST_DRAWS = 16 };

static void steps_must_do(const argument *steps, int64_t leapfrog_steps)
{
    if (steps->value.i64 < FEWEST_DRAWS * leapfrog_steps)
        die("--%s is %" PRId64 "; %d of hmc with %" PRId64 " leapfrog steps each are the least, %" PRId64, steps->name,
            steps->value.i64, FEWEST_DRAWS, leapfrog_steps, FEWEST_DRAWS * leapfrog_steps);
}

static void set_seed_and_threads(lebm_sampler *sampler, const argument *options)
{
    or_die(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_SEED, options[SEED].value.i64), "--seed");
    or_die(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, options[THREADS].value.i64), "--threads");
}

/* [count, D], which the caller frees. */
static float *choose_observations(const model *m, const argument *options, int64_t *count)
{
    dataset held_out;
    held_out_read(m, &options[DATA], options[OUT].value.text, &held_out);
    const int64_t size = dataset_row_size(&held_out);
    if (*count > held_out.count) *count = held_out.count;
    int64_t *chosen = allocate((size_t)*count, sizeof *chosen);
    float *x = view_rows(m, *count);
    *count = dataset_choose(&held_out, *count, 1, chosen);
    for (int64_t i = 0; i < *count; i++) dataset_row(&held_out, chosen[i], model_pixel_range(m), x + i * size);
    free(chosen);
    dataset_free(&held_out);
    return x;
}

/* Of the prior, or of the posteriors of rows x: runs, table, and verdict. Returns LEBM_OK or LEBM_STOPPED. */
static int diagnose_one(const model *m, const argument *options, const float *x, int64_t observations, findings *f)
{
    const diagnose_settings s = {.superchains = options[SUPERCHAINS].value.i64,
                                 .chains = options[x == NULL ? CHAINS : POSTERIOR_CHAINS].value.i64,
                                 .steps = options[x == NULL ? STEPS : POSTERIOR_STEPS].value.i64,
                                 .warmup = options[WARMUP].value.i64,
                                 .leapfrog_steps = options[LEAPFROG_STEPS].value.i64,
                                 .threads = options[THREADS].value.i64,
                                 .x = x,
                                 .observations = observations,
                                 .folder = options[OUT].value.text};
    const int status = diagnose_run(m, &s, f);
    if (status != LEBM_OK) return status;
    putchar('\n');
    diagnosis_print(stdout, f);
    putchar('\n');
    verdict_print(stdout, f);
    return status;
}

int main(int argc, char **argv)
{
    argument options[OPTIONS] = {
        [MODEL] = TEXT("model", "FILE", NULL, "model or checkpoint to diagnose; needed"),
        HELD_OUT_ROWS(DATA, ":\nthe posteriors of some are looked at, too"),
        [OUT] = TEXT("out", "DIR", "diagnosis", "folder for diagnosis.csv and pictures"),
        [SUPERCHAINS] = I64("superchains", "N", 16, 4, 1000, "starts, which lie apart"),
        [CHAINS] = I64("chains", "N", 64, 4, 100000, "chains from each of them to the prior"),
        [STEPS] = I64("steps", "N", 2000, 1, 100000000,
                      "evaluations of the score by each of these; a step of hmc makes\n"
                      "--leapfrog-steps of them. The second half is looked at"),
        [OBSERVATIONS] =
            I64("observations", "N", 4, 1, 10000, "held-out images or sentences whose posteriors are looked at"),
        [POSTERIOR_CHAINS] = I64("posterior-chains", "N", 4, 4, 100000, "chains from each start to each posterior"),
        [POSTERIOR_STEPS] = I64("posterior-steps", "N", 1000, 1, 100000000, "evaluations by each of these"),
        [WARMUP] =
            I64("warmup", "N", 100, 10, 1000000, "steps of mala and hmc before, in which they find their step size"),
        [LEAPFROG_STEPS] = I64("leapfrog-steps", "N", 10, 1, 1000, "of hmc"),
        [SEED] = I64("seed", "N", 1, 0, INT64_MAX, "the same seed gives the same diagnosis"),
        [THREADS] = I64("threads", "N", 0, 0, 1024, "threads; 0: LEBM_NUM_THREADS or all processors"),
    };
    arguments_read(
        options, OPTIONS, argc, argv, "diagnose",
        "Runs long chains of all kernels from starts that lie apart, and says whether they, and those that the model\n"
        "was trained with, can be trusted, and what to change.",
        "");
    if (!options[MODEL].given) die("--model FILE is needed (see --help)");
    steps_must_do(&options[STEPS], options[LEAPFROG_STEPS].value.i64);
    steps_must_do(&options[POSTERIOR_STEPS], options[LEAPFROG_STEPS].value.i64);

    model m;
    failure why;
    setvbuf(stdout, NULL, _IOLBF, 0); /* in a log in the order in which it happened */
    model_load(&m, options[MODEL].value.text);
    set_seed_and_threads(m.to_prior, options);
    set_seed_and_threads(m.to_posterior, options);
    int64_t observations = options[OBSERVATIONS].value.i64;
    float *x = options[DATA + HELD_OUT_DATA].given || options[DATA + HELD_OUT_EVAL].given
                   ? choose_observations(&m, options, &observations)
                   : NULL;

    interrupt_watch("\nStopping.\n");
    make_folder(options[OUT].value.text);
    char *path = path_join(options[OUT].value.text, "diagnosis.csv");
    output csv;
    findings f;
    if (output_check(path, &why) != 0) die("%s", why.text);
    int status = diagnose_one(&m, options, NULL, 0, &f);
    if (status == LEBM_STOPPED) {
        printf("Interrupted.\n");
    } else {
        if (output_open(&csv, path, &why) != 0) die("%s", why.text);
        diagnosis_csv_header(csv.file);
        diagnosis_csv(csv.file, &f);
        if (output_put_in_place(&csv, &why) != 0) die("%s", why.text);
        if (x != NULL) status = diagnose_one(&m, options, x, observations, &f);
        if (x != NULL && status == LEBM_OK) diagnosis_csv(csv.file, &f);
        if (output_close(&csv, &why) != 0) die("%s", why.text);
        printf("\n%she figures are in %s, pictures beside it.\n", status == LEBM_STOPPED ? "Interrupted. T" : "T",
               path);
    }
    free(path);
    free(x);
    model_free(&m);
    return status == LEBM_STOPPED ? 128 + interrupt_signal() : EXIT_SUCCESS;
}
