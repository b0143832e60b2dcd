/* Reconstructs held-out images: latent vectors by chains from noise to the posterior, then decoded. */
#include <inttypes.h>
#include <stdlib.h>

#include "arguments.h"
#include "mnist.h"
#include "model.h"
#include "output.h"
#include "pictures.h"
#include "svhn.h"
#include "view_options.h"

enum { MODEL, DATA, EVAL, OUT, COUNT, SEED, STEPS, STEP_SIZE, THREADS, OPTIONS };

/* Colours are SVHN's, grey is MNIST's. */
static data_reader *reader_for(const model *m)
{
    int64_t shape[3];
    or_die(lebm_generator_data_shape(m->generator, shape), "generator");
    return shape[0] == 3 ? svhn_read : mnist_read;
}

int main(int argc, char **argv)
{
    argument options[OPTIONS] = {
        [MODEL] = TEXT("model", "FILE", NULL, "model or checkpoint to reconstruct with; needed"),
        [DATA] =
            TEXT("data", "DIR", NULL, "folder with the official files of MNIST or SVHN; without data a set is drawn"),
        [EVAL] = TEXT("eval", "FILE", NULL, "file of images, instead of the folder"),
        [OUT] = TEXT("out", "FILE", "reconstructions.png",
                     "picture to write, a PNG whatever its name: originals left, reconstructions right"),
        [COUNT] = I64("count", "N", 50, 1, 100000, "images"),
        [SEED] = I64("seed", "N", 1, 0, INT64_MAX, "the same seed gives the same reconstructions"),
        [STEPS] = I64("steps", "N", 0, 0, 1000000, "steps of a chain; 0: as the model was trained"),
        [STEP_SIZE] = F64("step-size", "S", 0, 0, 1e6, "the size of all of them; 0: as the model was trained"),
        [THREADS] = I64("threads", "N", 0, 0, 1024, "threads; 0: LEBM_NUM_THREADS or all processors"),
    };
    arguments_read(options, OPTIONS, argc, argv, "reconstruct",
                   "Reconstructs held-out images with a model and writes them as a PNG file.", "");
    if (!options[MODEL].given) die("--model FILE is needed (see --help)");

    const data_source source = data_source_from(&options[DATA], NULL, &options[EVAL]);
    model m;
    dataset held_out;
    failure why;
    double mse;
    const char *out = options[OUT].value.text;
    model_load(&m, options[MODEL].value.text);
    view_options_apply(m.to_posterior, &options[SEED], &options[STEPS], &options[STEP_SIZE], &options[THREADS]);
    picture_must_be_possible(&m, out);
    if (reader_for(&m)(&source, EVAL_PART, &held_out, &why) != 0) die("%s", why.text);
    if (output_check(out, &why) != 0) die("%s", why.text);
    model_must_fit(&m, &held_out);
    const int64_t count = options[COUNT].value.i64 < held_out.count ? options[COUNT].value.i64 : held_out.count;
    or_die(picture_reconstructions(&m, &held_out, count, out, &mse), "reconstructing");
    printf("%" PRId64 " of %" PRId64 " held-out %s, mean square error %.6f per pixel in [-1,1] units: %s\n", count,
           held_out.count, held_out.name, mse, out);
    dataset_free(&held_out);
    model_free(&m);
    return EXIT_SUCCESS;
}
