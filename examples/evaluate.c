/* Tells how probable a model finds held-out images or sentences: log Z and log p(x), each from below and from above with its
 * errors, beside reconstructions; and exports samples for programs that compare images. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "evaluate_report.h"
#include "evaluate_run.h"
#include "export_images.h"
#include "files.h"
#include "folder_lock.h"
#include "held_out.h"
#include "interrupt.h"
#include "pictures.h"
#include "settings_file.h"
#include "view_options.h"

enum {
    MODEL,
    DATA,
    OUT = DATA + HELD_OUT_OPTIONS,
    RESUME,
    ROWS,
    SIGMA,
    SIGMA_ROWS,
    P0,
    TEMPERATURES,
    CHAINS,
    PRIOR_CHAINS,
    KERNEL,
    LEAPFROG_STEPS,
    STEPS,
    STEP_SIZE,
    EXPORT,
    SEED,
    THREADS,
    OPTIONS
};

static void must_be_of_groups(const argument *chains)
{
    if (chains->value.i64 % EVIDENCE_GROUPS != 0)
        die("--%s is %" PRId64 "; allowed are multiples of %d", chains->name, chains->value.i64, EVIDENCE_GROUPS);
}

/* What is asked, as far as it can be told without the data. */
static evaluate_settings settings_from(const argument *options, const model *m)
{
    const char *at = options[SIGMA].value.text, *kernel = options[KERNEL].value.text;
    const bool has_sigma = lebm_generator_sigma(m->generator) > 0;
    const bool both = strcmp(at, "both") == 0, best = both || strcmp(at, "best") == 0;
    if (!best && strcmp(at, "model") != 0) die("--sigma is '%s'; allowed are both, model and best", at);
    if (options[SIGMA].given && !has_sigma) die("--sigma: x given z has none in this model");
    if (strcmp(kernel, LEBM_HMC) != 0 && strcmp(kernel, LEBM_MALA) != 0)
        die("--kernel is '%s'; allowed are hmc and mala", kernel);
    must_be_of_groups(&options[CHAINS]);
    must_be_of_groups(&options[PRIOR_CHAINS]);
    return (evaluate_settings){.evidence = {.kernel = kernel,
                                            .temperatures = options[TEMPERATURES].value.i64,
                                            .chains = options[CHAINS].value.i64,
                                            .leapfrog_steps = options[LEAPFROG_STEPS].value.i64,
                                            .seed = options[SEED].value.i64,
                                            .threads = options[THREADS].value.i64},
                               .prior_chains = options[PRIOR_CHAINS].value.i64,
                               .rows = options[ROWS].value.i64,
                               .sigma_rows = best && has_sigma ? options[SIGMA_ROWS].value.i64 : 0,
                               .at_model_sigma = both || !best || !has_sigma};
}

/* Fits numbers of rows to the data: those that the best sigma is chosen by are not scored. */
static void fit_to_data(const argument *options, const dataset *held_out, evaluate_settings *s)
{
    if (s->rows > held_out->count) s->rows = held_out->count;
    if (s->sigma_rows == 0) return;
    if (s->rows == held_out->count)
        die("all %" PRId64 " held-out %s are scored, and none is left to choose sigma by: give --%s model, or fewer "
            "--%s",
            held_out->count, held_out->name, options[SIGMA].name, options[ROWS].name);
    if (s->sigma_rows > held_out->count - s->rows) s->sigma_rows = held_out->count - s->rows;
}

static void set_samplers(const model *m, const argument *options)
{
    const argument as_trained = {.value.i64 = 0};
    view_options_apply(m->to_posterior, &options[SEED], &options[STEPS], &options[STEP_SIZE], &options[THREADS]);
    view_options_apply(m->to_prior, &options[SEED], &as_trained, &as_trained, &options[THREADS]);
}

/* All that decides the figures of a row. */
static void keep_settings(const argument *options, const dataset *held_out, const evaluate_settings *s)
{
    char text[2048], *path = path_join(options[OUT].value.text, "settings.txt");
    snprintf(text, sizeof text,
             "model crc32 %08" PRIx32 "\ndata %" PRId64 " %s, crc32 %08" PRIx32
             "\nprior %s\nkernel %s\ntemperatures %" PRId64 "\nchains %" PRId64 "\nprior-chains %" PRId64
             "\nleapfrog-steps %" PRId64 "\nsteps %" PRId64 "\nstep-size %g\nseed %" PRId64 "\n",
             settings_file_checksum(options[MODEL].value.text), held_out->count, held_out->name,
             dataset_checksum(held_out), options[P0].given ? "p0" : "the model's", s->evidence.kernel,
             s->evidence.temperatures, s->evidence.chains, s->prior_chains, s->evidence.leapfrog_steps,
             options[STEPS].value.i64, options[STEP_SIZE].value.f64, s->evidence.seed);
    settings_file_keep(path, text, options[RESUME].given);
    free(path);
}

/* Takes the folder for the results, in which there is a table if and only if the run goes on with it. */
static void take_folder(const argument *options, const char *table)
{
    const char *out = options[OUT].value.text;
    if (options[RESUME].given && !file_exists(table)) die("--resume: there is no %s", table);
    if (!options[RESUME].given && file_exists(table))
        die("%s is there from an earlier run: give --resume to go on with it, or another --out", table);
    make_folder(out);
    folder_lock(out);
}

static int score_held_out(const model *m, const argument *options, const dataset *held_out, evaluate_settings *s)
{
    scores table;
    evaluate_results results;
    char *path = path_join(options[OUT].value.text, "evaluation.csv");
    fit_to_data(options, held_out, s);
    take_folder(options, path);
    keep_settings(options, held_out, s);
    scores_open(&table, path, model_is_of_text(m), options[RESUME].given);
    const int status = evaluate_run(m, held_out, s, &table, &results);
    if (status == LEBM_OK || results.sigma_count > 0) evaluate_report(stdout, m, held_out, s, &table, &results);
    printf("\n%s%" PRId64 " rows are in %s%s.\n", status == LEBM_STOPPED ? "Interrupted. " : "", table.count, path,
           status == LEBM_STOPPED ? ": --resume goes on" : "");
    scores_close(&table);
    free(path);
    return status;
}

int main(int argc, char **argv)
{
    argument options[OPTIONS] = {
        [MODEL] = TEXT("model", "FILE", NULL, "model or checkpoint to evaluate; needed"),
        HELD_OUT_ROWS(DATA, ";\nwithout data a set is drawn"),
        [OUT] = TEXT("out", "DIR", "evaluation", "folder for evaluation.csv and what is exported"),
        [RESUME] = FLAG("resume", "go on with the table in the folder; --images may be more than before"),
        [ROWS] = I64("images", "N", 100, 0, 10000000, "score the first N held-out images or sentences; 0: none"),
        [SIGMA] = TEXT("sigma", "HOW", "both", "of x given z: the model's, the best, or both, one after the other"),
        [SIGMA_ROWS] = I64("sigma-images", "N", 100, 1, 1000000, "choose the best sigma by the last N held-out images"),
        [P0] = FLAG("p0", "put p0 in the place of the model's prior, to see what that is worth"),
        [TEMPERATURES] = I64("temperatures", "N", 1000, 1, 1000000, "from p0 to the posterior, and to the prior"),
        [CHAINS] =
            I64("chains", "N", 32, 2 * EVIDENCE_GROUPS, 1000000, "a multiple of 4: up, and as many down, for each row"),
        [PRIOR_CHAINS] =
            I64("prior-chains", "N", 256, 2 * EVIDENCE_GROUPS, 1000000, "likewise a multiple of 4, for log Z"),
        [KERNEL] = TEXT("kernel", "NAME", LEBM_HMC, "hmc or mala"),
        [LEAPFROG_STEPS] = I64("leapfrog-steps", "N", 4, 1, 1000, "of a step of hmc"),
        [STEPS] =
            I64("steps", "N", 0, 0, 1000000, "steps of the chain of a reconstruction; 0: as the model was trained"),
        [STEP_SIZE] = F64("step-size", "S", 0, 0, 1e6, "the size of all of them; 0: as the model was trained"),
        [EXPORT] = I64("export", "N", 0, 0, 1000000,
                       "write N samples as PNG files and one array of NumPy's for other programs"),
        [SEED] = I64("seed", "N", 1, 0, INT64_MAX, "the same seed gives the same figures"),
        [THREADS] = I64("threads", "N", 0, 0, 1024, "threads; 0: LEBM_NUM_THREADS or all processors"),
    };
    arguments_read(options, OPTIONS, argc, argv, "evaluate",
                   "Tells how probable a model finds held-out images or sentences: log Z and log p(x) by annealed\n"
                   "importance sampling, from below and from above, and how well it reconstructs them.",
                   "Ctrl-C ends it with what is done, and so do SIGTERM and SIGHUP; --resume goes on.");
    if (!options[MODEL].given) die("--model FILE is needed (see --help)");

    if (options[ROWS].value.i64 == 0 && options[EXPORT].value.i64 == 0)
        die("there is nothing to do: --images is 0, and --export, too");

    model m;
    dataset held_out;
    int status = LEBM_OK;
    setvbuf(stdout, NULL, _IOLBF, 0); /* in a log in the order in which it happened */
    model_load(&m, options[MODEL].value.text);
    evaluate_settings settings = settings_from(options, &m);
    if (options[EXPORT].value.i64 > 0 && model_is_of_text(&m))
        die("--export is of images; `sample --out FILE` writes sentences");
    if (options[EXPORT].value.i64 > 0) picture_must_be_possible(&m, options[OUT].value.text);
    set_samplers(&m, options);
    held_out_read(&m, &options[DATA], options[EXPORT].value.i64 > 0 ? options[OUT].value.text : NULL, &held_out);
    if (options[P0].given) {
        lebm_prior *learned = m.prior;
        m.prior = model_p0(&m);
        lebm_prior_destroy(learned);
    }
    interrupt_watch("\nStopping.\n");
    if (options[ROWS].value.i64 > 0) status = score_held_out(&m, options, &held_out, &settings);
    if (status == LEBM_OK && options[EXPORT].value.i64 > 0) {
        make_folder(options[OUT].value.text);
        status = export_images(&m, &held_out, options[EXPORT].value.i64, options[OUT].value.text);
        if (status != LEBM_STOPPED) or_die(status, "sampling");
    }
    dataset_free(&held_out);
    model_free(&m);
    return status == LEBM_STOPPED ? 128 + interrupt_signal() : EXIT_SUCCESS;
}
