#include "sentences.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "grammar.h"
#include "output.h"

enum { HOLD_OUT_EVERY = 20 };

/* Keeps the lines of a file that belong to the part: every 20th is held out. */
static int divide(text_lines *t, data_part part, const char *path, failure *why)
{
    const int64_t all = t->count;
    t->count = 0;
    for (int64_t i = 0; i < all; i++) {
        if ((i % HOLD_OUT_EVERY == HOLD_OUT_EVERY - 1) != (part == EVAL_PART)) continue;
        t->starts[t->count] = t->starts[i];
        t->ends[t->count] = t->ends[i];
        t->numbers[t->count++] = t->numbers[i];
    }
    if (t->count > 0) return 0;
    text_free(t);
    return fail(why, "%s: %" PRId64 " sentences are too few to hold every %dth out: give held-out ones by --eval FILE",
                path, all, HOLD_OUT_EVERY);
}

int sentences_text(const data_source *source, data_part part, text_lines *t, failure *why)
{
    static const struct {
        int64_t count;
        uint64_t seed;
    } drawn[DATA_PARTS] = {[TRAIN_PART] = {GRAMMAR_TRAIN, 1}, [EVAL_PART] = {GRAMMAR_HELD_OUT, 2}};
    memset(t, 0, sizeof *t);
    if (data_source_is_empty(source)) return grammar_make(drawn[part].count, drawn[part].seed, t, why);
    const bool divides = source->files[EVAL_PART] == NULL;
    const char *path = divides ? source->files[TRAIN_PART] : source->files[part];
    output_protect(path);
    if (text_read(path, t, why) != 0) return -1;
    return divides ? divide(t, part, path, why) : 0;
}

int64_t sentences_longest(const lexicon *l, const text_lines *t)
{
    int64_t longest = 1;
    for (int64_t i = 0; i < t->count; i++) {
        const char *at = t->bytes + t->starts[i], *const end = t->bytes + t->ends[i];
        int64_t length = 0;
        while (lexicon_next(l, &at, end) != -1) length++;
        if (length > longest) longest = length;
    }
    return longest;
}

/* Adds the tokens of line i to the data set, which has room for them. Returns 0, or -1 with the reason. */
static int add_line(const text_lines *t, int64_t i, const lexicon *l, dataset *data, sentences_told *told, failure *why)
{
    const char *at = t->bytes + t->starts[i], *const end = t->bytes + t->ends[i];
    int64_t place = data->starts[i], token;
    for (int64_t length = 0; (token = lexicon_next(l, &at, end)) != -1; length++) {
        if (token == -2)
            return fail(why,
                        "line %" PRId64 ": its token %" PRId64 " is none of the model's %" PRId64 ", and it has no %s",
                        t->numbers[i], length + 1, l->count, LEBM_UNKNOWN_TOKEN);
        if (length == data->width) {
            if (told->cut++ == 0)
                told->first_cut = t->numbers[i];
            else if (told->cut == 2)
                told->second_cut = t->numbers[i];
            break;
        }
        told->tokens++;
        if (token == l->unknown) told->unknown++;
        data->tokens[place++] = (int32_t)token;
    }
    data->starts[i + 1] = place;
    return 0;
}

/* As many tokens as a text can have at most, and 1 more. */
static int64_t most_tokens(const text_lines *t, int64_t longest)
{
    int64_t sum = 1;
    for (int64_t i = 0; i < t->count; i++) {
        const int64_t bytes = t->ends[i] - t->starts[i];
        sum += bytes < longest ? bytes : longest;
    }
    return sum;
}

/* The topics of drawn sentences. */
static void label(const text_lines *t, dataset *data)
{
    for (int64_t i = 0; i < t->count; i++)
        data->labels[i] = (uint8_t)grammar_topic(t->bytes + t->starts[i], t->bytes + t->ends[i]);
}

int sentences_make(const text_lines *t, const lexicon *l, int64_t longest, bool drawn, dataset *data,
                   sentences_told *told, failure *why)
{
    int result = 0;
    *told = (sentences_told){.empty = t->empty, .first_empty = t->first_empty};
    *data = (dataset){.name = drawn ? "drawn sentences" : "sentences",
                      .count = t->count,
                      .channels = 1,
                      .height = 1,
                      .width = longest,
                      .tokens = malloc((size_t)most_tokens(t, longest) * sizeof(int32_t)),
                      .starts = malloc((size_t)(t->count + 1) * sizeof(int64_t)),
                      .labels = drawn ? malloc((size_t)t->count) : NULL};
    if (data->tokens == NULL || data->starts == NULL || (drawn && data->labels == NULL)) {
        dataset_free(data);
        return fail(why, "out of memory for %" PRId64 " sentences", t->count);
    }
    if (drawn) label(t, data);
    data->starts[0] = 0;
    for (int64_t i = 0; i < t->count && result == 0; i++) result = add_line(t, i, l, data, told, why);
    if (result != 0) dataset_free(data);
    return result;
}
