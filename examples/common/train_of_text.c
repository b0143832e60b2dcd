#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "train_run.h"
#include "writings.h"

enum { SENTENCES = 20, PAIRS = 10, WAYS = 3, JUDGED = 1000 };

static data_source text_source(const argument options[TRAIN_OPTIONS])
{
    return data_source_of_each(&options[DATA], &options[EVAL]);
}

/* Leaves the first sentences of a part alone, if that is asked for. */
static void text_keep(const run *r, data_part part, text_lines *lines)
{
    const int64_t most = r->options[part == TRAIN_PART ? TRAIN_IMAGES : EVAL_IMAGES].value.i64;
    if (most > 0 && most < lines->count) lines->count = most;
}

/* The words that are known, and the longest sentence: those of the checkpoint, or what the training's text has. */
static void text_find_sizes(run *r)
{
    const argument *o = r->options;
    lebm_generator *saved;
    failure why;
    if (run_resumes(r)) {
        or_die(lebm_model_load(r->checkpoint_path, NULL, &saved), "cannot resume");
        r->text.longest = lebm_generator_data_size(saved);
        if (lexicon_of_generator(&r->text.known, saved, &why) != 0) die("cannot resume: %s", why.text);
        lebm_generator_destroy(saved);
        return;
    }
    text_lines *lines = &r->text.lines[TRAIN_PART];
    text_keep(r, TRAIN_PART, lines);
    if (lexicon_gather(&r->text.known, lines, o[CHARS].given, o[VOCABULARY].value.i64, &why) != 0) die("%s", why.text);
    const int64_t longest = sentences_longest(&r->text.known, lines), limit = o[LONGEST].value.i64;
    r->text.longest = longest < limit ? longest : limit;
}

static void text_prepare(run *r)
{
    failure why;
    if (r->source.files[EVAL_PART] != NULL && r->source.files[TRAIN_PART] == NULL)
        die("--eval FILE needs --data FILE beside it: one holds the text to train on, the other the held-out one");
    for (data_part part = TRAIN_PART; part < DATA_PARTS; part++)
        if (sentences_text(&r->source, part, &r->text.lines[part], &why) != 0) die("%s", why.text);
    text_find_sizes(r);
    r->sizes.tokens = r->text.known.count;
    r->sizes.longest = r->text.longest;
}

static int text_read_part(run *r, data_part part, dataset *data, failure *why)
{
    text_lines *lines = &r->text.lines[part];
    text_keep(r, part, lines);
    const int result = sentences_make(lines, &r->text.known, r->text.longest, data_source_is_empty(&r->source), data,
                                      &r->text.told[part], why);
    text_free(lines);
    return result;
}

/* ---- looking ---- */

static void text_write(const run *r, int view, bool print, char *written)
{
    writing_save(written, r->view_paths[view]);
    if (print) writing_print(r->program->kind->view_titles[view], written);
    free(written);
}

static int text_show(run *r, bool at_end)
{
    char *written;
    int status = writing_samples(&r->view, SENTENCES, 1, 0, &written);
    if (status == LEBM_OK) text_write(r, SAMPLES_VIEW, at_end, written);
    if (status == LEBM_OK) status = writing_reconstructions(&r->view, &r->held_out, PAIRS, &written, NULL);
    if (status == LEBM_OK) text_write(r, RECONSTRUCTIONS_VIEW, at_end, written);
    if (status == LEBM_OK) status = writing_prior(&r->view, PAIRS, &written);
    if (status == LEBM_OK) text_write(r, PRIOR_VIEW, at_end, written);
    if (status == LEBM_OK) status = writing_interpolations(&r->view, &r->held_out, WAYS, &written);
    if (status == LEBM_OK) text_write(r, INTERPOLATIONS_VIEW, at_end, written);
    return status;
}

static int text_judge(run *r, results *e)
{
    return data_source_is_empty(&r->source) ? judge(&r->view, &r->held_out, JUDGED, &e->drawn) : LEBM_OK;
}

/* ---- telling ---- */

/* Prints what became of lines on their way. */
static void text_report_losses(const char *part, const sentences_told *told, int64_t longest)
{
    if (told->empty > 0)
        printf("             %s: %" PRId64 " empty lines left out, line %" PRId64 " the first\n", part, told->empty,
               told->first_empty);
    if (told->cut > 0) {
        printf("             %s: %" PRId64 " sentences of more than %" PRId64 " tokens were cut, line %" PRId64, part,
               told->cut, longest, told->first_cut);
        printf(told->cut > 1 ? " and line %" PRId64 " the first\n" : "\n", told->second_cut);
    }
}

static double percent(int64_t part, int64_t all)
{
    return all == 0 ? 0 : 100 * (double)part / (double)all;
}

static void text_report_data(const run *r)
{
    const run_text *t = &r->text;
    const sentences_told *train = &t->told[TRAIN_PART], *held_out = &t->told[EVAL_PART];
    printf("  data       %" PRId64 " %s to train on and %" PRId64 " held out, up to %" PRId64 " %s each%s\n",
           r->train.count, r->train.name, r->held_out.count, t->longest, t->known.characters ? "characters" : "words",
           data_source_is_empty(&r->source) ? " (no --data was given)" : "");
    printf("             %" PRId64 " %s known, %.2f %% of the training's text and %.2f %% of the other %s\n",
           t->known.count, t->known.characters ? "characters" : "words", percent(train->unknown, train->tokens),
           percent(held_out->unknown, held_out->tokens), LEBM_UNKNOWN_TOKEN);
    const bool of_one_file = r->source.files[EVAL_PART] == NULL; /* whose empty lines are told of once */
    sentences_told rest = *held_out;
    if (of_one_file) rest.empty = 0;
    text_report_losses("to train on", train, t->longest);
    text_report_losses("held out", &rest, t->longest);
}

/* " sea 30.2 %, kitchen 24.1 %, ..." */
static void text_report_topics(const char *title, const grammar_shares *shares)
{
    printf("%-29s", title);
    for (int topic = 0; topic < GRAMMAR_TOPICS; topic++)
        printf("%s %.1f %%, ", grammar_topic_name(topic), 100 * shares->topics[topic]);
    printf("none %.1f %%\n", 100 * shares->topics[GRAMMAR_TOPICS]);
}

static void text_report_judgement(const judgement *j)
{
    printf("Grammatical samples          %.1f %% of %" PRId64 "; with z from p0 in the prior's place %.1f %%\n",
           100 * j->of_prior.grammatical, j->samples, 100 * j->of_p0.grammatical);
    printf("The most probable words      %.1f %% grammatical, for the z of these samples\n", 100 * j->greedy);
    printf("Topics kept by z             %.1f %% of %" PRId64 " held-out sentences have theirs when reconstructed\n",
           100 * j->topics_kept, j->held_out);
    text_report_topics("Topics of held-out sentences", &j->data);
    text_report_topics("       of samples", &j->of_prior);
    text_report_topics("       with z from p0", &j->of_p0);
}

static void text_report_results(const run *r, const results *e)
{
    const char *token = r->text.known.characters ? "character" : "word";
    printf("Held-out reconstruction NLL  %.4f nats per %s and end, perplexity %.2f (%" PRId64 " sentences, %" PRId64
           " posterior steps from noise)\n",
           e->all.error, token, exp(e->all.error), r->held_out.count, e->steps);
    if (!isnan(e->all.error_of_other))
        printf("With another sentence's z    %.4f, perplexity %.2f: z tells %.2f nats about a sentence\n",
               e->all.error_of_other, exp(e->all.error_of_other), e->all.row * (e->all.error_of_other - e->all.error));
    printf("With longer chains           %.4f at %" PRId64 " steps, %.4f at %" PRId64 " (the first %" PRId64
           " sentences)\n",
           e->of_few_longer.error, e->longer_steps, e->of_few.error, e->steps, e->few);
    if (data_source_is_empty(&r->source)) text_report_judgement(&e->drawn);
}

static double text_terms(const dataset *data, const int64_t *chosen, int64_t n)
{
    int64_t terms = 0;
    for (int64_t i = 0; i < n; i++) terms += writing_terms(data, chosen[i]);
    return (double)terms;
}

/* A file of held-out text alone, or the one that they are a part of. */
static void text_report_held_out(const run *r)
{
    report_option_given(&r->options[r->options[EVAL].given ? EVAL : DATA]);
}

const train_kind train_of_text = {
    .of_text = true,
    .things = "sentences",
    .likelihood = LEBM_CATEGORICAL,
    .error_metric = LEBM_TRAINER_RECONSTRUCTION_NLL,
    .error_name = "nll",
    .speed_title = "Training sentences a second",
    .view_names = {"samples.txt", "reconstructions.txt", "prior.txt", "interpolations.txt"},
    .view_titles = {"Samples", "Held-out, reconstructed", "Before and after the prior", "Between two sentences"},
    .source = text_source,
    .prepare = text_prepare,
    .read = text_read_part,
    .show = text_show,
    .terms = text_terms,
    .evaluate = writing_evaluate,
    .judge = text_judge,
    .report_data = text_report_data,
    .report_results = text_report_results,
    .report_held_out = text_report_held_out,
};
