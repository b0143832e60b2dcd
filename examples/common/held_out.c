#include "held_out.h"

#include <inttypes.h>

#include "errors.h"
#include "mnist.h"
#include "place.h"
#include "sentences.h"
#include "svhn.h"

/* Colours are SVHN's, grey is MNIST's. */
static int draw(bool grey, dataset *held_out, failure *why)
{
    const data_source none = {0};
    return grey ? mnist_read(&none, EVAL_PART, held_out, why) : svhn_read(&none, EVAL_PART, held_out, why);
}

static void read_images(const model *m, const argument *o, const char *out, dataset *held_out)
{
    int64_t shape[3];
    failure why;
    or_die(lebm_generator_data_shape(m->generator, shape), "generator");
    const place_settings s = {.axes = o[HELD_OUT_AXES].value.text,
                              .side = shape[1],
                              .grey = shape[0] == 1,
                              .held_out = o[HELD_OUT_EVAL].given ? 1 : o[HELD_OUT_SHARE].value.f64,
                              .most_broken = 1};
    const argument *place = &o[o[HELD_OUT_EVAL].given ? HELD_OUT_EVAL : HELD_OUT_DATA];
    if (place->given && out != NULL && place_must_lie_apart(place->value.text, out, &why) != 0) die("%s", why.text);
    if ((place->given ? place_read(place->value.text, &s, NULL, held_out, &why) : draw(s.grey, held_out, &why)) != 0)
        die("%s", why.text);
    if (held_out->missing > 0) model_skip_missing(m);
}

static void read_sentences(const model *m, const argument *o, dataset *held_out)
{
    const data_source source = data_source_of_each(&o[HELD_OUT_DATA], &o[HELD_OUT_EVAL]);
    lexicon known;
    text_lines lines;
    sentences_told told;
    failure why;
    if (lexicon_of_generator(&known, m->generator, &why) != 0 ||
        sentences_text(&source, EVAL_PART, &lines, &why) != 0 ||
        sentences_make(&lines, &known, lebm_generator_data_size(m->generator), data_source_is_empty(&source), held_out,
                       &told, &why) != 0)
        die("%s", why.text);
    if (told.cut > 0)
        complain("%" PRId64 " sentences of more than %" PRId64 " tokens were cut, line %" PRId64 " the first", told.cut,
                 held_out->width, told.first_cut);
    if (told.unknown > 0)
        complain("%" PRId64 " of the %" PRId64 " tokens held out are %s, words that the model does not know",
                 told.unknown, told.tokens, LEBM_UNKNOWN_TOKEN);
    text_free(&lines);
    lexicon_free(&known);
}

void held_out_read(const model *m, const argument o[HELD_OUT_OPTIONS], const char *out, dataset *held_out)
{
    if (o[HELD_OUT_DATA].given && o[HELD_OUT_EVAL].given && !model_is_of_text(m))
        die("--data names images of which a part is held out, --eval images that all are: give only one of them");
    if (model_is_of_text(m))
        read_sentences(m, o, held_out);
    else
        read_images(m, o, out, held_out);
    model_must_fit(m, held_out);
}
