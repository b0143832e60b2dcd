/* Reconstructs held-out images or sentences: latent vectors by chains from noise to the posterior, then decoded. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "arguments.h"
#include "held_out.h"
#include "model.h"
#include "output.h"
#include "pictures.h"
#include "view_options.h"
#include "writings.h"

enum { MODEL, DATA, OUT = DATA + HELD_OUT_OPTIONS, COUNT, SEED, STEPS, STEP_SIZE, THREADS, OPTIONS };

static void reconstruct_images(const model *m, const dataset *held_out, int64_t count, const char *out)
{
    double mse;
    or_die(picture_reconstructions(m, held_out, count, out, &mse), "reconstructing");
    printf("%" PRId64 " of %" PRId64 " held-out %s, mean square error %.6f per pixel in [-1,1] units: %s\n", count,
           held_out->count, held_out->name, mse, out);
}

static void reconstruct_sentences(const model *m, const dataset *held_out, int64_t count, const char *out)
{
    double nll;
    char *written;
    or_die(writing_reconstructions(m, held_out, count, &written, &nll), "reconstructing");
    writing_save(written, out);
    free(written);
    printf("%" PRId64 " of %" PRId64 " held-out %s, %.4f nats per token and end, perplexity %.2f: %s\n", count,
           held_out->count, held_out->name, nll, exp(nll), out);
}

int main(int argc, char **argv)
{
    argument options[OPTIONS] = {
        [MODEL] = TEXT("model", "FILE", NULL, "model or checkpoint to reconstruct with; needed"),
        HELD_OUT_ROWS(DATA, ";\nwithout data a set is drawn"),
        [OUT] = TEXT("out", "FILE", NULL,
                     "file to write, whatever its name: a PNG, originals left, reconstructions right,\n"
                     "or text (default: reconstructions.png or reconstructions.txt)"),
        [COUNT] = I64("count", "N", 50, 1, 100000, "images or sentences"),
        [SEED] = I64("seed", "N", 1, 0, INT64_MAX, "the same seed gives the same reconstructions"),
        [STEPS] = I64("steps", "N", 0, 0, 1000000, "steps of a chain; 0: as the model was trained"),
        [STEP_SIZE] = F64("step-size", "S", 0, 0, 1e6, "the size of all of them; 0: as the model was trained"),
        [THREADS] = I64("threads", "N", 0, 0, 1024, "threads; 0: LEBM_NUM_THREADS or all processors"),
    };
    arguments_read(options, OPTIONS, argc, argv, "reconstruct",
                   "Reconstructs held-out images with a model and writes them as a PNG file, or sentences as text.",
                   "");
    if (!options[MODEL].given) die("--model FILE is needed (see --help)");

    model m;
    dataset held_out;
    failure why;
    model_load(&m, options[MODEL].value.text);
    view_options_apply(m.to_posterior, &options[SEED], &options[STEPS], &options[STEP_SIZE], &options[THREADS]);
    const bool of_text = model_is_of_text(&m);
    const char *out = options[OUT].given ? options[OUT].value.text
                      : of_text          ? "reconstructions.txt"
                                         : "reconstructions.png";
    if (!of_text) picture_must_be_possible(&m, out);
    held_out_read(&m, &options[DATA], out, &held_out);
    if (output_check(out, &why) != 0) die("%s", why.text);
    const int64_t count = options[COUNT].value.i64 < held_out.count ? options[COUNT].value.i64 : held_out.count;
    if (of_text)
        reconstruct_sentences(&m, &held_out, count, out);
    else
        reconstruct_images(&m, &held_out, count, out);
    dataset_free(&held_out);
    model_free(&m);
    return EXIT_SUCCESS;
}
