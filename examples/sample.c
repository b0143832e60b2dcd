/* Draws images or sentences from a model: latent vectors by chains to the prior, then decoded. */
#include <inttypes.h>
#include <stdlib.h>

#include "arguments.h"
#include "model.h"
#include "output.h"
#include "pictures.h"
#include "view_options.h"
#include "writings.h"

enum { MODEL, OUT, COUNT, TEMPERATURE, BEAM, SEED, STEPS, STEP_SIZE, THREADS, OPTIONS };

static int write_sentences(const model *m, int64_t count, double temperature, int64_t beam_width, const char *out)
{
    char *written;
    const int status = writing_samples(m, count, temperature, beam_width, &written);
    if (status != LEBM_OK) return status;
    writing_save(written, out);
    free(written);
    return LEBM_OK;
}

int main(int argc, char **argv)
{
    argument options[OPTIONS] = {
        [MODEL] = TEXT("model", "FILE", NULL, "model or checkpoint to draw from; needed"),
        [OUT] = TEXT("out", "FILE", NULL,
                     "file to write, whatever its name: a PNG, or a sentence a line\n"
                     "(default: samples.png or samples.txt)"),
        [COUNT] = I64("count", "N", 100, 1, 100000, "images or sentences"),
        [TEMPERATURE] = F64("temperature", "T", 1, 0, 1e3,
                            "of the words of sentences: less keeps to what is probable, 0 to the most"),
        [BEAM] = I64("beam", "N", 0, 0, 64,
                     "the most probable sentence for z instead, of N that are followed at a time; 0: draw"),
        [SEED] = I64("seed", "N", 1, 0, INT64_MAX, "the same seed gives the same samples"),
        [STEPS] = I64("steps", "N", 0, 0, 1000000, "steps of a chain; 0: as the model was trained"),
        [STEP_SIZE] = F64("step-size", "S", 0, 0, 1e6, "the size of all of them; 0: as the model was trained"),
        [THREADS] = I64("threads", "N", 0, 0, 1024, "threads; 0: LEBM_NUM_THREADS or all processors"),
    };
    arguments_read(options, OPTIONS, argc, argv, "sample",
                   "Draws images from a model and writes them as a PNG file, or sentences as a file of text.", "");
    if (!options[MODEL].given) die("--model FILE is needed (see --help)");

    model m;
    const int64_t count = options[COUNT].value.i64;
    const double temperature = options[TEMPERATURE].value.f64;
    failure why;
    model_load(&m, options[MODEL].value.text);
    const bool of_text = model_is_of_text(&m);
    const char *out = options[OUT].given ? options[OUT].value.text : of_text ? "samples.txt" : "samples.png";
    if (temperature > 0 && temperature < 1e-3)
        die("--temperature is %g; allowed are 0, and 0.001 to 1000", temperature);
    const argument *of_sentences = &options[options[TEMPERATURE].given ? TEMPERATURE : BEAM];
    if (of_sentences->given && !of_text)
        die("--%s is of sentences, and the model is one of images", of_sentences->name);
    if (options[TEMPERATURE].given && options[BEAM].value.i64 > 0)
        die("--beam searches and does not draw: give only one of --temperature and --beam");
    if (output_check(out, &why) != 0) die("%s", why.text);
    view_options_apply(m.to_prior, &options[SEED], &options[STEPS], &options[STEP_SIZE], &options[THREADS]);
    or_die(of_text ? write_sentences(&m, count, temperature, options[BEAM].value.i64, out)
                   : picture_samples(&m, count, out),
           "sampling");
    printf("%" PRId64 " samples: %s\n", count, out);
    model_free(&m);
    return EXIT_SUCCESS;
}
