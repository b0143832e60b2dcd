#include "train_places.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "files.h"
#include "image_generator.h"
#include "output.h"
#include "place.h"

/* The generator for images of that size; NULL if there is none, but another is given or comes from the checkpoint. */
static const image_generator *find_generator(const run *r, int64_t height, int64_t width)
{
    const image_generator *g = height == width ? image_generator_for(height) : NULL;
    if (g == NULL && !r->options[GENERATOR].given && !run_resumes(r))
        die("there is no generator for images of %" PRId64 "x%" PRId64
            " pixels but for 28, 32, 64 or 128 a side: give one with --generator",
            height, width);
    return g;
}

/* ---- images ---- */

static void refuse_options_of_pictures(const argument *o, const char *place)
{
    const argument *given = &o[o[SIZE].given ? SIZE : GREY];
    if (given->given) die("--%s is of folders of pictures, and %s is none", given->name, place);
}

/* Reads one place. A folder of pictures leaves caches in the folder for the results, and a list of what was skipped. */
static void read_place(run *r, const argument *place, double share, dataset *train, dataset *held_out)
{
    const argument *o = r->options;
    const char *out = o[OUT].value.text;
    char *of_train = path_join(out, "pictures-train.cache"), *of_held_out = path_join(out, "pictures-held-out.cache"),
         *skipped = path_join(out, train != NULL ? "skipped.txt" : "skipped-held-out.txt");
    place_settings s = {.axes = o[AXES].value.text,
                        .side = o[SIZE].value.i64,
                        .grey = o[GREY].given,
                        .held_out = share,
                        .most_broken = o[MOST_BAD].value.f64};
    failure why;
    if (place_is_of_pictures(place->value.text)) {
        find_generator(r, s.side, s.side); /* before much is read */
        if (place_must_lie_apart(place->value.text, out, &why) != 0) die("%s", why.text);
        run_claim_folder(r);
        output_clear_leftovers(of_train);
        output_clear_leftovers(of_held_out);
        s.caches[TRAIN_PART] = of_train;
        s.caches[EVAL_PART] = of_held_out;
        s.skipped = skipped;
    }
    if (place_read(place->value.text, &s, train, held_out, &why) != 0) die("%s", why.text);
    free(skipped);
    free(of_held_out);
    free(of_train);
}

static void read_places(run *r)
{
    const argument *o = r->options;
    if (!o[DATA].given) die("--data PLACE is needed (see --help)");
    if (o[EVAL].given && o[HELD_OUT].given)
        die("--eval names the held-out images, --held-out a share of --data to hold out: give only one of them");
    if (!place_is_of_pictures(o[DATA].value.text) && !(o[EVAL].given && place_is_of_pictures(o[EVAL].value.text)))
        refuse_options_of_pictures(o, o[DATA].value.text);
    if (o[EVAL].given) {
        read_place(r, &o[DATA], 0, &r->train, NULL);
        read_place(r, &o[EVAL], 1, NULL, &r->held_out);
    } else {
        read_place(r, &o[DATA], o[HELD_OUT].value.f64, &r->train, &r->held_out);
    }
}

/* ---- nets ---- */

/* The size of z that a spec says; 0 if it was not given. */
static int64_t latent_of(const argument *spec)
{
    int64_t latent;
    return spec->given && sscanf(spec->value.text, " in %" SCNd64, &latent) == 1 ? latent : 0;
}

/* As the options say: --latent, or the net that was given. */
static int64_t find_latent(const argument *o, int64_t standard)
{
    const argument *net = &o[o[PRIOR].given ? PRIOR : GENERATOR];
    if (o[LATENT].value.i64 > 0 && o[PRIOR].given && o[GENERATOR].given)
        die("--latent is the size of z in nets that are not given, and both are: give only them");
    const int64_t latent = o[LATENT].value.i64 > 0 ? o[LATENT].value.i64 : latent_of(net);
    return latent > 0 ? latent : standard;
}

static void choose_nets(run *r)
{
    argument *o = r->options;
    const dataset *data = &r->train;
    const image_generator *g = find_generator(r, data->height, data->width);
    if (!o[GENERATOR].given) o[GENERATOR].value.text = g == NULL ? "" : g->spec;
    r->sizes = (spec_sizes){
        .width = o[WIDTH].value.i64 > 0 ? o[WIDTH].value.i64
                 : g == NULL            ? 1
                                        : g->width,
        .latent = find_latent(o, g == NULL ? 100 : g->latent),
        .channels = data->channels,
        .pixels = dataset_row_size(data),
    };
}

void train_read_places(run *r)
{
    read_places(r);
    choose_nets(r);
}
