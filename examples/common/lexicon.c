#include "lexicon.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A word that was met, while words are gathered. */
typedef struct entry {
    const char *word;
    int64_t length, times, order; /* how often it was met, and how many others before it */
} entry;

typedef struct gathering {
    entry *entries;
    int64_t count, room;
    int64_t *slots; /* [slot_count], twice the room */
    int64_t slot_count;
} gathering;

void lexicon_free(lexicon *l)
{
    free(l->words);
    free(l->starts);
    free(l->slots);
    memset(l, 0, sizeof *l);
}

/* The next token of a line: its length, with *at where it begins; 0 at the end. */
static int64_t find_token(bool characters, const char **at, const char *end)
{
    if (characters) return *at < end ? utf8_length(*at, end) : 0;
    while (*at < end && is_blank(**at)) ++*at;
    int64_t length = 0;
    while (*at + length < end && !is_blank((*at)[length])) length++;
    return length;
}

/* FNV-1a. */
static uint64_t hash(const char *word, int64_t length)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (int64_t i = 0; i < length; i++) h = (h ^ (uint8_t)word[i]) * 0x100000001b3u;
    return h;
}

/* ---- gathering ---- */

/* The slot of a word: where it is, or where it would be. */
static int64_t *gathering_slot(gathering *g, const char *word, int64_t length)
{
    int64_t i = (int64_t)(hash(word, length) % (uint64_t)g->slot_count);
    for (;; i = (i + 1) % g->slot_count) {
        const entry *e = g->slots[i] < 0 ? NULL : &g->entries[g->slots[i]];
        if (e == NULL || (e->length == length && memcmp(e->word, word, (size_t)length) == 0)) return &g->slots[i];
    }
}

static int grow(gathering *g)
{
    const int64_t room = g->room == 0 ? 1024 : 2 * g->room, slot_count = 2 * room;
    entry *entries = realloc(g->entries, (size_t)room * sizeof *entries);
    if (entries == NULL) return -1;
    g->entries = entries;
    int64_t *slots = malloc((size_t)slot_count * sizeof *slots);
    if (slots == NULL) return -1;
    free(g->slots);
    g->slots = slots;
    g->slot_count = slot_count;
    g->room = room;
    for (int64_t i = 0; i < slot_count; i++) slots[i] = -1;
    for (int64_t i = 0; i < g->count; i++) *gathering_slot(g, entries[i].word, entries[i].length) = i;
    return 0;
}

/* Counts a word, `times` times. */
static int add(gathering *g, const char *word, int64_t length, int64_t times)
{
    if (g->count == g->room && grow(g) != 0) return -1;
    int64_t *slot = gathering_slot(g, word, length);
    if (*slot < 0) {
        *slot = g->count++;
        g->entries[*slot] = (entry){.word = word, .length = length, .order = *slot};
    }
    g->entries[*slot].times += times;
    return 0;
}

static int by_times(const void *a, const void *b)
{
    const entry *left = a, *right = b;
    if (left->times != right->times) return left->times > right->times ? -1 : 1;
    return left->order < right->order ? -1 : 1;
}

static bool is_unknown(const entry *e)
{
    return e->length == (int64_t)strlen(LEBM_UNKNOWN_TOKEN) &&
           memcmp(e->word, LEBM_UNKNOWN_TOKEN, strlen(LEBM_UNKNOWN_TOKEN)) == 0;
}

/* The most frequent first, and no more than `most`, of which LEBM_UNKNOWN_TOKEN is one. */
static void choose(gathering *g, int64_t most)
{
    int64_t at = 0;
    qsort(g->entries, (size_t)g->count, sizeof *g->entries, by_times);
    while (!is_unknown(&g->entries[at])) at++;
    if (g->count <= most) return;
    if (at >= most) g->entries[most - 1] = g->entries[at];
    g->count = most;
}

static int gather(gathering *g, const text_lines *t, bool characters)
{
    for (int64_t i = 0; i < t->count; i++) {
        const char *at = t->bytes + t->starts[i], *const end = t->bytes + t->ends[i];
        for (int64_t length; (length = find_token(characters, &at, end)) > 0; at += length)
            if (add(g, at, length, 1) != 0) return -1;
    }
    return add(g, LEBM_UNKNOWN_TOKEN, (int64_t)strlen(LEBM_UNKNOWN_TOKEN), 0);
}

/* The lines of the chosen words; NULL without memory. */
static char *write_words(const gathering *g)
{
    size_t size = 1;
    for (int64_t i = 0; i < g->count; i++) size += (size_t)g->entries[i].length + 1;
    char *words = malloc(size), *at = words;
    if (words == NULL) return NULL;
    for (int64_t i = 0; i < g->count; i++) {
        memcpy(at, g->entries[i].word, (size_t)g->entries[i].length);
        at += g->entries[i].length;
        *at++ = '\n';
    }
    *at = '\0';
    return words;
}

/* ---- looking up ---- */

static int64_t *lexicon_slot(const lexicon *l, const char *word, int64_t length)
{
    int64_t i = (int64_t)(hash(word, length) % (uint64_t)l->slot_count);
    for (;; i = (i + 1) % l->slot_count) {
        const int64_t found = l->slots[i];
        if (found < 0) return &l->slots[i];
        if (l->starts[found + 1] - l->starts[found] - 1 == length &&
            memcmp(l->words + l->starts[found], word, (size_t)length) == 0)
            return &l->slots[i];
    }
}

/* Makes a lexicon of its words, which are its own from now on. */
static int index_words(lexicon *l, failure *why)
{
    for (const char *c = l->words; *c != '\0'; c++) l->count += *c == '\n';
    l->slot_count = 2 * l->count + 1;
    l->starts = malloc((size_t)(l->count + 1) * sizeof *l->starts);
    l->slots = malloc((size_t)l->slot_count * sizeof *l->slots);
    if (l->starts == NULL || l->slots == NULL) {
        fail(why, "out of memory for %" PRId64 " words", l->count);
        lexicon_free(l);
        return -1;
    }
    l->starts[0] = 0;
    for (int64_t i = 0; i < l->count; i++)
        l->starts[i + 1] = l->starts[i] + (int64_t)strcspn(l->words + l->starts[i], "\n") + 1;
    for (int64_t i = 0; i < l->slot_count; i++) l->slots[i] = -1;
    for (int64_t i = 0; i < l->count; i++)
        *lexicon_slot(l, l->words + l->starts[i], l->starts[i + 1] - l->starts[i] - 1) = i;
    l->unknown = *lexicon_slot(l, LEBM_UNKNOWN_TOKEN, (int64_t)strlen(LEBM_UNKNOWN_TOKEN));
    return 0;
}

int lexicon_gather(lexicon *l, const text_lines *t, bool characters, int64_t most, failure *why)
{
    gathering g = {0};
    *l = (lexicon){.characters = characters};
    if (gather(&g, t, characters) == 0) {
        choose(&g, most);
        l->words = write_words(&g);
    }
    free(g.entries);
    free(g.slots);
    return l->words != NULL ? index_words(l, why) : fail(why, "out of memory for the words of the text");
}

int lexicon_of_generator(lexicon *l, const lebm_generator *generator, failure *why)
{
    const char *words = lebm_generator_vocabulary(generator);
    *l = (lexicon){0};
    if (words == NULL) return fail(why, "the model has no vocabulary");
    l->characters = strcmp(lebm_generator_token_unit(generator), LEBM_CHARACTERS) == 0;
    l->words = strdup(words);
    return l->words != NULL ? index_words(l, why) : fail(why, "out of memory for the words of the model");
}

int64_t lexicon_next(const lexicon *l, const char **at, const char *end)
{
    const int64_t length = find_token(l->characters, at, end);
    if (length == 0) return -1;
    const int64_t found = *lexicon_slot(l, *at, length);
    *at += length;
    return found >= 0 ? found : l->unknown >= 0 ? l->unknown : -2;
}
