#include "grammar.h"

#include <math.h>

#include "suite.h"

static bool accepts(const char *sentence)
{
    return grammar_accepts(sentence, sentence + strlen(sentence));
}

static const char *topic_of(const char *sentence)
{
    const int topic = grammar_topic(sentence, sentence + strlen(sentence));
    return topic == GRAMMAR_TOPICS ? "none" : grammar_topic_name(topic);
}

START_TEST(right_sentences_are_accepted)
{
    ck_assert(accepts("a brave sailor mends two sails near the harbour"));
    ck_assert(accepts("the cooks taste the soup"));
    ck_assert(accepts("every singer hums a merry tune while the drummers hear some songs behind the stage"));
    ck_assert(accepts("the pilot orbits the moon and the pilot orbits the moon"));
}
END_TEST

START_TEST(wrong_sentences_are_not)
{
    static const char *const wrong[] = {
        "",
        "sailor",
        "the sailor mends",
        "the sailor mends the",
        "the sailor mend the sail",                       /* verb and person */
        "the sailors mends the sail",                     /* likewise */
        "a sailors mend the sail",                        /* determiner and person */
        "two sailor mends the sail",                      /* likewise */
        "the sailor mends a sails",                       /* determiner and thing */
        "the sailor mends the harbour",                   /* a place is no thing */
        "the sail mends the sailor",                      /* nor a thing a person */
        "the sailor mends the sail near a harbour",       /* a place is the one */
        "the sailor mends the sail near harbour",         /* likewise */
        "the sailor mends the sail near the wet harbour", /* and has no adjective */
        "the wet brave sailor mends the sail",            /* two adjectives */
        "the sailor mends the soup",                      /* another topic */
        "the sailor mends the sail and the cook stirs the soup",
        "the sailor mends the sail and",
        "the sailor mends the sail and the sailor mends the sail and the sailor mends the sail",
        "the sailor mends the sail .",
        "the sailor mends the sail the",
        "the <unk> mends the sail",
        "the sailorss mend the sail",
        "the s mend the sail",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) ck_assert_msg(!accepts(wrong[i]), "'%s'", wrong[i]);
}
END_TEST

START_TEST(the_topic_is_that_of_most_words)
{
    ck_assert_str_eq(topic_of("the sailor mends the sail"), "sea");
    ck_assert_str_eq(topic_of("the cook mends the sail"), "sea");
    ck_assert_str_eq(topic_of("cook stirs the sail"), "kitchen");
    ck_assert_str_eq(topic_of("the cook and the sail"), "none");
    ck_assert_str_eq(topic_of("the a some"), "none");
    ck_assert_str_eq(topic_of(""), "none");
}
END_TEST

/* Every drawn sentence is right, none is longer than said, some are as long, and the topics have their shares. */
START_TEST(what_is_drawn_is_accepted)
{
    enum { COUNT = 4000 };
    text_lines t;
    failure why;
    int counts[GRAMMAR_TOPICS] = {0}, longest = 0;
    ck_assert_msg(grammar_make(COUNT, 7, &t, &why) == 0, "%s", why.text);
    ck_assert_int_eq(t.count, COUNT);
    for (int64_t i = 0; i < COUNT; i++) {
        const char *line = t.bytes + t.starts[i], *const end = t.bytes + t.ends[i];
        int words = 1;
        for (const char *c = line; c < end; c++) words += *c == ' ';
        if (words > longest) longest = words;
        ck_assert_msg(grammar_accepts(line, end), "'%.*s'", (int)(end - line), line);
        counts[grammar_topic(line, end)]++;
    }
    ck_assert_int_eq(longest, GRAMMAR_LONGEST);
    for (int topic = 0; topic < GRAMMAR_TOPICS; topic++) {
        const double share = grammar_topic_share(topic), error = sqrt(share * (1 - share) / COUNT);
        ck_assert_double_eq_tol((double)counts[topic] / COUNT, share, 4 * error);
    }
    text_free(&t);
}
END_TEST

START_TEST(seed_and_number_decide_a_sentence)
{
    text_lines few, many, other;
    failure why;
    ck_assert_int_eq(grammar_make(10, 3, &few, &why), 0);
    ck_assert_int_eq(grammar_make(50, 3, &many, &why), 0);
    ck_assert_int_eq(grammar_make(50, 4, &other, &why), 0);
    ck_assert_mem_eq(few.bytes, many.bytes, (size_t)few.ends[9]);
    ck_assert(many.ends[49] != other.ends[49] || memcmp(many.bytes, other.bytes, (size_t)many.ends[49]) != 0);
    text_free(&few);
    text_free(&many);
    text_free(&other);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        right_sentences_are_accepted, wrong_sentences_are_not,           the_topic_is_that_of_most_words,
        what_is_drawn_is_accepted,    seed_and_number_decide_a_sentence,
    };
    return RUN_SUITE("grammar", tests);
}
