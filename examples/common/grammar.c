#include "grammar.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rng.h"

typedef enum word_class {
    PERSON,
    VERB,
    THING,
    ADJECTIVE,
    PLACE,
    TOPIC_CLASSES,
    DETERMINER,
    PREPOSITION,
    LINK,
    OTHER
} word_class;

typedef enum word_number { ONE = 1, SEVERAL = 2, ANY = ONE | SEVERAL } word_number;

enum { PER_CLASS = 5 };

/* Persons and things of several, and verbs of one, end in "s" in addition; those of a topic begin as "a" may stand before
 * them. */
static const struct topic {
    const char *name;
    double share;
    const char *words[TOPIC_CLASSES][PER_CLASS];
} topics[GRAMMAR_TOPICS] = {
    {"sea",
     .30,
     {[PERSON] = {"sailor", "captain", "diver", "fisher", "pirate"},
      [VERB] = {"mend", "pull", "spot", "steer", "haul"},
      [THING] = {"boat", "net", "sail", "rope", "wave"},
      [ADJECTIVE] = {"salty", "wet", "brave", "deep", "calm"},
      [PLACE] = {"harbour", "lagoon", "reef", "bay", "shore"}}},
    {"kitchen",
     .25,
     {[PERSON] = {"cook", "baker", "waiter", "guest", "butcher"},
      [VERB] = {"stir", "bake", "taste", "serve", "burn"},
      [THING] = {"pan", "cake", "spoon", "soup", "plate"},
      [ADJECTIVE] = {"sweet", "hot", "fresh", "tasty", "greasy"},
      [PLACE] = {"kitchen", "pantry", "cellar", "bakery", "tavern"}}},
    {"music",
     .20,
     {[PERSON] = {"singer", "drummer", "pianist", "composer", "fiddler"},
      [VERB] = {"play", "hum", "record", "rehearse", "hear"},
      [THING] = {"song", "drum", "violin", "tune", "note"},
      [ADJECTIVE] = {"loud", "soft", "tuneful", "rhythmic", "merry"},
      [PLACE] = {"theatre", "studio", "ballroom", "hall", "stage"}}},
    {"garden",
     .15,
     {[PERSON] = {"gardener", "beekeeper", "farmer", "botanist", "neighbour"},
      [VERB] = {"water", "prune", "pick", "grow", "trim"},
      [THING] = {"rose", "tree", "seed", "hedge", "carrot"},
      [ADJECTIVE] = {"green", "leafy", "ripe", "wild", "thorny"},
      [PLACE] = {"meadow", "orchard", "greenhouse", "field", "vineyard"}}},
    {"space",
     .10,
     {[PERSON] = {"pilot", "robot", "scientist", "stargazer", "commander"},
      [VERB] = {"circle", "orbit", "explore", "repair", "film"},
      [THING] = {"rocket", "planet", "comet", "moon", "telescope"},
      [ADJECTIVE] = {"distant", "bright", "dusty", "silver", "lonely"},
      [PLACE] = {"station", "galaxy", "crater", "dome", "nebula"}}},
};

/* Words without a topic. */
static const struct {
    const char *text;
    word_class class;
    word_number number; /* of what follows a determiner */
} others[] = {
    {"the", DETERMINER, ANY},     {"a", DETERMINER, ONE},   {"every", DETERMINER, ONE}, {"some", DETERMINER, SEVERAL},
    {"two", DETERMINER, SEVERAL}, {"in", PREPOSITION, ANY}, {"near", PREPOSITION, ANY}, {"behind", PREPOSITION, ANY},
    {"and", LINK, ANY},           {"while", LINK, ANY},     {"because", LINK, ANY},
};
enum { OTHERS = sizeof others / sizeof *others };

const char *grammar_topic_name(int topic)
{
    return topics[topic].name;
}

double grammar_topic_share(int topic)
{
    return topics[topic].share;
}

/* ---- drawing ---- */

typedef struct pen {
    rng *r;
    FILE *out;
    bool begun; /* a word stands already in the line */
    const struct topic *topic;
} pen;

static void put(pen *p, const char *word, const char *ending)
{
    fprintf(p->out, "%s%s%s", p->begun ? " " : "", word, ending);
    p->begun = true;
}

static void put_one_of(pen *p, word_class class, const char *ending)
{
    put(p, p->topic->words[class][rng_below(p->r, PER_CLASS)], ending);
}

static void put_other(pen *p, word_class class, word_number number)
{
    int chosen[OTHERS], count = 0;
    for (int i = 0; i < OTHERS; i++)
        if (others[i].class == class && (others[i].number & number) != 0) chosen[count++] = i;
    put(p, others[chosen[rng_below(p->r, count)]].text, "");
}

static bool happens(pen *p, double probability)
{
    return rng_uniform(p->r, 0, 1) < probability;
}

/* Returns how many they are. */
static word_number put_noun(pen *p, word_class class)
{
    const word_number number = happens(p, .6) ? ONE : SEVERAL;
    put_other(p, DETERMINER, number);
    if (happens(p, .4)) put_one_of(p, ADJECTIVE, "");
    put_one_of(p, class, number == SEVERAL ? "s" : "");
    return number;
}

static void put_clause(pen *p)
{
    const word_number number = put_noun(p, PERSON);
    put_one_of(p, VERB, number == ONE ? "s" : "");
    put_noun(p, THING);
    if (!happens(p, .4)) return;
    put_other(p, PREPOSITION, ANY);
    put(p, "the", "");
    put_one_of(p, PLACE, "");
}

static int draw_topic(rng *r)
{
    double left = rng_uniform(r, 0, 1);
    int topic = 0;
    while (topic < GRAMMAR_TOPICS - 1 && left >= topics[topic].share) left -= topics[topic++].share;
    return topic;
}

int grammar_make(int64_t count, uint64_t seed, text_lines *t, failure *why)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bytes, &size);
    memset(t, 0, sizeof *t);
    for (int64_t i = 0; out != NULL && i < count; i++) {
        rng r = rng_start(seed, (uint64_t)i);
        pen p = {.r = &r, .out = out, .topic = &topics[draw_topic(&r)]};
        put_clause(&p);
        if (happens(&p, .35)) {
            put_other(&p, LINK, ANY);
            put_clause(&p);
        }
        fputc('\n', out);
    }
    const bool failed = out == NULL || ferror(out) != 0;
    if (out != NULL && fclose(out) == 0 && !failed) return text_take("drawn sentences", bytes, (int64_t)size, t, why);
    free(bytes);
    return fail(why, "out of memory for %" PRId64 " sentences", count);
}

/* ---- judging ---- */

typedef struct word {
    word_class class;
    word_number number;
    int topic; /* GRAMMAR_TOPICS: none */
} word;

typedef struct reader {
    const char *at, *end;
    word next; /* the word that comes; of class OTHER at the end, too */
    bool at_end;
} reader;

/* Whether the text is the stem, with "s" behind it if it has an ending. */
static bool is_form(const char *text, size_t length, const char *stem, bool ending)
{
    const size_t stem_length = strlen(stem);
    return length == stem_length + ending && memcmp(text, stem, stem_length) == 0 &&
           (!ending || text[stem_length] == 's');
}

/* What a word of a topic is; of class OTHER if it is none of its words. */
static word find_in_topic(int topic, const char *text, size_t length)
{
    for (int class = 0; class < TOPIC_CLASSES; class ++) {
        const bool has_forms = class == PERSON || class == THING || class == VERB;
        for (int i = 0; i < PER_CLASS; i++) {
            const char *stem = topics[topic].words[class][i];
            const bool plain = is_form(text, length, stem, false);
            if (!plain && !(has_forms && is_form(text, length, stem, true))) continue;
            const word_number number = !has_forms ? ANY : (class == VERB) == plain ? SEVERAL : ONE;
            return (word){(word_class) class, number, topic};
        }
    }
    return (word){OTHER, ANY, GRAMMAR_TOPICS};
}

static word find(const char *text, size_t length)
{
    for (int i = 0; i < OTHERS; i++)
        if (is_form(text, length, others[i].text, false))
            return (word){others[i].class, others[i].number, GRAMMAR_TOPICS};
    word found = {OTHER, ANY, GRAMMAR_TOPICS};
    for (int topic = 0; topic < GRAMMAR_TOPICS && found.class == OTHER; topic++)
        found = find_in_topic(topic, text, length);
    return found;
}

static void advance(reader *r)
{
    size_t length = 0;
    while (r->at < r->end && is_blank(*r->at)) r->at++;
    while (r->at + length < r->end && !is_blank(r->at[length])) length++;
    r->at_end = length == 0;
    r->next = length == 0 ? (word){OTHER, ANY, GRAMMAR_TOPICS} : find(r->at, length);
    r->at += length;
}

static reader start(const char *line, const char *end)
{
    reader r = {.at = line, .end = end};
    advance(&r);
    return r;
}

/* Goes past a word of the class that agrees with *number, which narrows to what both are; false if there is none. */
static bool take(reader *r, word_class class, word_number *number)
{
    if (r->next.class != class || (r->next.number & *number) == 0) return false;
    *number &= r->next.number;
    advance(r);
    return true;
}

static bool take_noun(reader *r, word_class class, word_number *number)
{
    word_number any = ANY;
    *number = ANY;
    if (!take(r, DETERMINER, number)) return false;
    take(r, ADJECTIVE, &any);
    return take(r, class, number);
}

static bool take_clause(reader *r)
{
    word_number number, any = ANY;
    if (!take_noun(r, PERSON, &number) || !take(r, VERB, &number) || !take_noun(r, THING, &any)) return false;
    any = ANY;
    if (!take(r, PREPOSITION, &any)) return true;
    return r->next.class == DETERMINER && r->next.number == ANY && take(r, DETERMINER, &any) && take(r, PLACE, &any);
}

/* How many words of the line are of each topic. */
static void count_topics(const char *line, const char *end, int counts[GRAMMAR_TOPICS + 1])
{
    memset(counts, 0, (GRAMMAR_TOPICS + 1) * sizeof *counts);
    for (reader r = start(line, end); !r.at_end; advance(&r)) counts[r.next.topic]++;
}

bool grammar_accepts(const char *line, const char *end)
{
    int counts[GRAMMAR_TOPICS + 1], present = 0;
    word_number any = ANY;
    reader r = start(line, end);
    if (!take_clause(&r)) return false;
    if (take(&r, LINK, &any) && !take_clause(&r)) return false;
    count_topics(line, end, counts);
    for (int i = 0; i < GRAMMAR_TOPICS; i++) present += counts[i] > 0;
    return r.at_end && present == 1;
}

int grammar_topic(const char *line, const char *end)
{
    int counts[GRAMMAR_TOPICS + 1], best = 0, equals = 0;
    count_topics(line, end, counts);
    for (int i = 1; i < GRAMMAR_TOPICS; i++)
        if (counts[i] > counts[best]) best = i;
    for (int i = 0; i < GRAMMAR_TOPICS; i++) equals += counts[i] == counts[best];
    return equals == 1 ? best : GRAMMAR_TOPICS;
}
