/* Draws images from a model: latent vectors by chains to the prior, then decoded. */
#include <inttypes.h>
#include <stdlib.h>

#include "arguments.h"
#include "model.h"
#include "output.h"
#include "pictures.h"
#include "view_options.h"

enum { MODEL, OUT, COUNT, SEED, STEPS, STEP_SIZE, THREADS, OPTIONS };

int main(int argc, char **argv)
{
    argument options[OPTIONS] = {
        [MODEL] = TEXT("model", "FILE", NULL, "model or checkpoint to draw from; needed"),
        [OUT] = TEXT("out", "FILE", "samples.png", "picture to write: a PNG, whatever its name"),
        [COUNT] = I64("count", "N", 100, 1, 100000, "images"),
        [SEED] = I64("seed", "N", 1, 0, INT64_MAX, "the same seed gives the same images"),
        [STEPS] = I64("steps", "N", 0, 0, 1000000, "steps of a chain; 0: as the model was trained"),
        [STEP_SIZE] = F64("step-size", "S", 0, 0, 1e6, "the size of all of them; 0: as the model was trained"),
        [THREADS] = I64("threads", "N", 0, 0, 1024, "threads; 0: LEBM_NUM_THREADS or all processors"),
    };
    arguments_read(options, OPTIONS, argc, argv, "sample", "Draws images from a model and writes them as a PNG file.",
                   "");
    if (!options[MODEL].given) die("--model FILE is needed (see --help)");

    model m;
    const char *out = options[OUT].value.text;
    const int64_t count = options[COUNT].value.i64;
    failure why;
    model_load(&m, options[MODEL].value.text);
    if (output_check(out, &why) != 0) die("%s", why.text);
    view_options_apply(m.to_prior, &options[SEED], &options[STEPS], &options[STEP_SIZE], &options[THREADS]);
    or_die(picture_samples(&m, count, out), "sampling");
    printf("%" PRId64 " samples: %s\n", count, out);
    model_free(&m);
    return EXIT_SUCCESS;
}
