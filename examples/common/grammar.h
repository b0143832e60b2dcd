/* Draws sentences from a small grammar, so that a first training of text runs without a download and can be judged.
 *
 * Each sentence has a topic, and all its nouns, verbs, adjectives and places are of that topic:
 *
 *     sentence: clause [("and" | "while" | "because") clause]
 *     clause:   determiner [adjective] person verb determiner [adjective] thing [("in" | "near" | "behind") "the" place]
 *
 * Persons and things are one or several, as determiner and verb agree: "a brave sailor mends two sails near the harbour". */
#ifndef GRAMMAR_H
#define GRAMMAR_H

#include <stdbool.h>
#include <stdint.h>

#include "errors.h"
#include "text_file.h"

enum {
    GRAMMAR_TOPICS = 5,
    GRAMMAR_TRAIN = 10000,   /* sentences to train on */
    GRAMMAR_HELD_OUT = 1000, /* and held out */
    GRAMMAR_LONGEST = 21,    /* words */
};

const char *grammar_topic_name(int topic);

/* The share of the sentences that are of a topic. */
double grammar_topic_share(int topic);

/* Draws sentences as a text. Sentence i is a function of seed and i.
 * Returns 0, or -1 with the reason in *why and *t empty. */
int grammar_make(int64_t count, uint64_t seed, text_lines *t, failure *why);

/* Whether the grammar makes such a line: right in its order, in agreement, and of one topic. */
bool grammar_accepts(const char *line, const char *end);

/* The topic that most of the line's words with a topic are of; GRAMMAR_TOPICS if there is none, or no single one. */
int grammar_topic(const char *line, const char *end);

#endif
