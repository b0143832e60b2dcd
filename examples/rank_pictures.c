/* Ranks pictures by how unlikely a model finds them, for whoever looks for defects or odd scans: a table, and a contact sheet of
 * the strangest and the most ordinary ones with their reconstructions and the errors of these. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "files.h"
#include "held_out.h"
#include "interrupt.h"
#include "model.h"
#include "output.h"
#include "pictures.h"
#include "rank_files.h"
#include "rank_run.h"
#include "view_options.h"

enum {
    MODEL,
    DATA,
    OUT = DATA + HELD_OUT_OPTIONS,
    COUNT,
    ORDER,
    CHAINS,
    STEPS,
    STEP_SIZE,
    NOISE_FREE,
    ANNEALED,
    TEMPERATURES,
    SEED,
    THREADS,
    OPTIONS
};

/* Of annealing: as many chains as evaluate takes. */
enum { ROW_CHAINS = 32, PRIOR_CHAINS = 256, LEAPFROG_STEPS = 4 };

static rank_order order_from(const argument *option)
{
    for (int i = 0; i < RANK_ORDERS; i++)
        if (strcmp(option->value.text, rank_order_names[i]) == 0) return (rank_order)i;
    die("--order is '%s'; allowed are joint, likelihood, prior and error", option->value.text);
}

static rank_settings settings_from(const argument *options)
{
    return (rank_settings){.order = order_from(&options[ORDER]),
                           .chains = options[CHAINS].value.i64,
                           .noise_free_steps = options[NOISE_FREE].value.i64,
                           .annealed = options[ANNEALED].value.i64,
                           .evidence = {.kernel = LEBM_HMC,
                                        .temperatures = options[TEMPERATURES].value.i64,
                                        .chains = ROW_CHAINS,
                                        .leapfrog_steps = LEAPFROG_STEPS,
                                        .seed = options[SEED].value.i64,
                                        .threads = options[THREADS].value.i64},
                           .prior_chains = PRIOR_CHAINS};
}

/* Says and writes what is known. */
static void report(const model *m, const argument *options, const dataset *pictures, const ranking_of_pictures *r,
                   rank_order order, const char *table, const char *sheet)
{
    const int64_t count = options[COUNT].value.i64, lost = r->count - r->scored;
    rank_write_csv(pictures, r, table);
    if (r->scored > 0) {
        rank_write_sheet(m, pictures, r, count, sheet);
        printf("The strangest of %" PRId64 " pictures, by %s:\n", r->scored, rank_order_titles[order]);
        rank_print(stdout, pictures, r, count);
    }
    if (lost > 0)
        printf("%" PRId64 " of %" PRId64
               " pictures have no score, as their chains diverge: a smaller --step-size may help.\n",
               lost, r->count);
    printf("All %" PRId64 " are in %s", r->count, table);
    if (r->scored > 0)
        printf("; %s shows the strangest on the left and the most ordinary on the right,\n"
               "each with its reconstruction and a map of the error",
               sheet);
    printf(".\n");
}

int main(int argc, char **argv)
{
    argument options[OPTIONS] = {
        [MODEL] = TEXT("model", "FILE", NULL, "model or checkpoint of such pictures; needed"),
        HELD_OUT_ROWS(DATA, ";\nwithout data a set is drawn"),
        [OUT] = TEXT("out", "DIR", "ranking", "folder for ranking.csv and contact-sheet.png"),
        [COUNT] = I64("count", "N", 10, 1, 1000, "show the N strangest and the N most ordinary pictures"),
        [ORDER] = TEXT("order", "NAME", "joint",
                       "what makes a picture strange: a low joint density log p(x,z), one of its parts,\n"
                       "likelihood log p(x|z) or prior log p(z), or the error of its reconstruction"),
        [CHAINS] = I64("chains", "N", 4, 1, 1000, "chains to the posterior of each picture, over which is averaged"),
        [STEPS] = I64("steps", "N", 0, 0, 1000000, "steps of a chain; 0: as the model was trained"),
        [STEP_SIZE] = F64("step-size", "S", 0, 0, 1e6, "the size of all of them; 0: as the model was trained"),
        [NOISE_FREE] =
            I64("noise-free", "N", 0, 0, 1000000, "make N more steps without noise before the score is taken"),
        [ANNEALED] =
            I64("annealed", "N", 0, 0, 1000000, "estimate log p(x) of the N strangest pictures, too, which takes long"),
        [TEMPERATURES] = I64("temperatures", "N", 1000, 1, 1000000, "of these estimates"),
        [SEED] = I64("seed", "N", 1, 0, INT64_MAX, "the same seed gives the same ranking"),
        [THREADS] = I64("threads", "N", 0, 0, 1024, "threads; 0: LEBM_NUM_THREADS or all processors"),
    };
    /* Whoever looks for odd pictures wants all looked at. */
    options[DATA + HELD_OUT_SHARE].value.f64 = 1;
    options[DATA + HELD_OUT_SHARE].help = "of the images of --data, which are ranked; with the share of the training,\n"
                                          "those that were held out there";
    arguments_read(
        options, OPTIONS, argc, argv, "rank_pictures",
        "Ranks pictures by how unlikely a model finds them, and shows the strangest and the most ordinary ones\n"
        "with their reconstructions and the errors of these.",
        "Ctrl-C ends it with a ranking of the pictures that it got to, and so do SIGTERM and SIGHUP.");
    if (!options[MODEL].given) die("--model FILE is needed (see --help)");
    const rank_settings settings = settings_from(options);

    model m;
    dataset pictures;
    failure why;
    ranking_of_pictures ranking;
    setvbuf(stdout, NULL, _IOLBF, 0); /* in a log in the order in which it happened */
    model_load(&m, options[MODEL].value.text);
    if (model_is_of_text(&m)) die("the model is one of text, and not of pictures");
    view_options_apply(m.to_posterior, &options[SEED], &options[STEPS], &options[STEP_SIZE], &options[THREADS]);
    char *table = path_join(options[OUT].value.text, "ranking.csv"),
         *sheet = path_join(options[OUT].value.text, "contact-sheet.png");
    picture_must_be_possible(&m, sheet);
    held_out_read(&m, &options[DATA], options[OUT].value.text, &pictures);
    if (rank_check_sheet(&pictures, options[COUNT].value.i64, sheet, &why) != 0) die("%s", why.text);
    make_folder(options[OUT].value.text);
    if (output_check(table, &why) != 0 || output_check(sheet, &why) != 0) die("%s", why.text);

    interrupt_watch("\nStopping.\n");
    const int status = rank_run(&m, &pictures, &settings, &ranking);
    if (status == LEBM_STOPPED)
        printf("Interrupted after %" PRId64 " of %" PRId64 " pictures%s.\n", ranking.count, pictures.count,
               ranking.count == 0 ? "; nothing was written" : "");
    if (ranking.count > 0) report(&m, options, &pictures, &ranking, settings.order, table, sheet);
    rank_free(&ranking);
    free(table);
    free(sheet);
    dataset_free(&pictures);
    model_free(&m);
    return status == LEBM_STOPPED ? 128 + interrupt_signal() : EXIT_SUCCESS;
}
