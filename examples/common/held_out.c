#include "held_out.h"

#include <inttypes.h>

#include "errors.h"
#include "mnist.h"
#include "svhn.h"

static data_reader *reader_for(const model *m)
{
    int64_t shape[3];
    or_die(lebm_generator_data_shape(m->generator, shape), "generator");
    return shape[0] == 3 ? svhn_read : mnist_read;
}

static void read_images(const model *m, const argument *data, const argument *eval, dataset *held_out)
{
    const data_source source = data_source_from(data, NULL, eval);
    failure why;
    if (reader_for(m)(&source, EVAL_PART, held_out, &why) != 0) die("%s", why.text);
}

static void read_sentences(const model *m, const argument *data, const argument *eval, dataset *held_out,
                           sentences_told *told)
{
    const data_source source = data_source_of_text(data, eval);
    lexicon known;
    text_lines lines;
    failure why;
    if (lexicon_of_generator(&known, m->generator, &why) != 0 ||
        sentences_text(&source, EVAL_PART, &lines, &why) != 0 ||
        sentences_make(&lines, &known, lebm_generator_data_size(m->generator), data_source_is_empty(&source), held_out,
                       told, &why) != 0)
        die("%s", why.text);
    if (told->cut > 0)
        complain("%" PRId64 " sentences of more than %" PRId64 " tokens were cut, line %" PRId64 " the first",
                 told->cut, held_out->width, told->first_cut);
    text_free(&lines);
    lexicon_free(&known);
}

void held_out_read(const model *m, const argument *data, const argument *eval, dataset *held_out, sentences_told *told)
{
    *told = (sentences_told){0};
    if (model_is_of_text(m))
        read_sentences(m, data, eval, held_out, told);
    else
        read_images(m, data, eval, held_out);
    model_must_fit(m, held_out);
}
