#include "writings.h"

#include "judgement.h"
#include "sentences.h"
#include "suite.h"

enum { STEPS = 2 };

static lebm_sampler *make_sampler(void)
{
    lebm_sampler *sampler;
    ck_assert_int_eq(lebm_sampler_create(&sampler, LEBM_LANGEVIN), LEBM_OK);
    ck_assert_int_eq(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, STEPS), LEBM_OK);
    return sampler;
}

/* A model of the words of a text, at random. */
static model make_model(const char *spec, const char *words)
{
    model m = {.to_prior = make_sampler(), .to_posterior = make_sampler()};
    ck_assert_msg(lebm_model_create(&m.prior, &m.generator, "in 2; linear 3; gelu; linear 1", 1, spec, LEBM_CATEGORICAL,
                                    0, LEBM_INIT_PYTORCH, 1) == LEBM_OK,
                  "%s", lebm_last_error());
    ck_assert_msg(lebm_generator_set_vocabulary(m.generator, LEBM_WORDS, words) == LEBM_OK, "%s", lebm_last_error());
    return m;
}

/* A model that says "b b b" whatever z is: all scores but that of b, 50, are 0. */
static model make_stubborn(void)
{
    model m = make_model("in 2; embedding 2; gru 2; tokens 3 3", "a\nb\n<unk>\n");
    const int64_t last = lebm_generator_param_count(m.generator) - 1;
    static const float zeros[64], biases[4] = {0, 50, 0, 0};
    for (int64_t i = 0; i < last; i++)
        ck_assert_int_eq(lebm_generator_set_param(m.generator, i, zeros, lebm_generator_param_size(m.generator, i)),
                         LEBM_OK);
    ck_assert_int_eq(lebm_generator_set_param(m.generator, last, biases, 4), LEBM_OK);
    return m;
}

static dataset sentences_of(const model *m, const char *lines)
{
    text_lines t;
    lexicon l;
    dataset data;
    sentences_told told;
    failure why;
    ck_assert_msg(text_take("lines", strdup(lines), (int64_t)strlen(lines), &t, &why) == 0, "%s", why.text);
    ck_assert_msg(lexicon_of_generator(&l, m->generator, &why) == 0, "%s", why.text);
    ck_assert_msg(sentences_make(&t, &l, lebm_generator_data_size(m->generator), false, &data, &told, &why) == 0, "%s",
                  why.text);
    lexicon_free(&l);
    text_free(&t);
    return data;
}

static void expect_written(int status, char **written, const char *expected)
{
    ck_assert_msg(status == LEBM_OK, "%s", lebm_last_error());
    ck_assert_str_eq(*written, expected);
    free(*written);
}

START_TEST(samples_are_a_sentence_a_line)
{
    model m = make_stubborn();
    char *written = NULL;
    expect_written(writing_samples(&m, 2, 1, 0, &written), &written, "b b b\nb b b\n");
    expect_written(writing_samples(&m, 2, 0, 0, &written), &written, "b b b\nb b b\n");
    expect_written(writing_prior(&m, 2, &written), &written,
                   "before  b b b\nafter   b b b\n\nbefore  b b b\nafter   b b b\n");
    model_free(&m);
}
END_TEST

START_TEST(a_temperature_of_zero_is_the_most_probable)
{
    model m = make_model("in 2; embedding 4; lstm 4; tokens 3 12", "a\nb\n<unk>\n");
    char *greedy = NULL, *narrow = NULL, *cold = NULL, *drawn = NULL;
    ck_assert_int_eq(writing_samples(&m, 40, 0, 0, &greedy), LEBM_OK);
    ck_assert_int_eq(writing_samples(&m, 40, 1, 1, &narrow), LEBM_OK);
    ck_assert_int_eq(writing_samples(&m, 40, 1e-3, 0, &cold), LEBM_OK);
    ck_assert_int_eq(writing_samples(&m, 40, 1, 0, &drawn), LEBM_OK);
    ck_assert_str_eq(greedy, cold);
    ck_assert_str_eq(greedy, narrow);
    ck_assert_str_ne(greedy, drawn);
    free(greedy);
    free(narrow);
    free(cold);
    free(drawn);
    model_free(&m);
}
END_TEST

/* Of "a" the model is wrong in the word and in the end, by 50 each; of "b b b", after which the end is certain, in nothing.
 * So it is of "b b" by 50 in 3, the end. */
START_TEST(reconstructions_and_their_nll)
{
    model m = make_stubborn();
    dataset data = sentences_of(&m, "a\nb b b\nb b\n");
    char *written = NULL;
    double nll = 0;
    evaluation e;
    expect_written(writing_reconstructions(&m, &data, 2, &written, &nll), &written,
                   "original        a\nreconstruction  b b b\n\noriginal        b b b\nreconstruction  b b b\n");
    ck_assert_double_eq_tol(nll, 100. / 5, 1e-4);
    ck_assert_msg(writing_evaluate(&m, &data, 3, &e) == LEBM_OK, "%s", lebm_last_error());
    ck_assert_double_eq_tol(e.error, 150. / 8, 1e-4);
    ck_assert_double_eq_tol(e.error_of_other, 150. / 8, 1e-4); /* z tells nothing */
    ck_assert_double_eq_tol(e.row, 8. / 3, 1e-12);
    dataset_free(&data);
    model_free(&m);
}
END_TEST

START_TEST(interpolations_go_from_one_to_another)
{
    model m = make_stubborn();
    dataset data = sentences_of(&m, "a\nb\na b\n");
    char *written = NULL;
    expect_written(
        writing_interpolations(&m, &data, 3, &written), &written,
        "from  a\n0.00  b b b\n0.17  b b b\n0.33  b b b\n0.50  b b b\n0.67  b b b\n0.83  b b b\n1.00  b b b\n"
        "to    b\n");
    dataset_free(&data);
    model_free(&m);
}
END_TEST

/* The same model says the same, whatever was asked of it before. */
START_TEST(what_is_shown_is_a_function_of_the_model)
{
    model m = make_model("in 2; embedding 4; lstm 4; tokens 3 12", "a\nb\n<unk>\n");
    dataset data = sentences_of(&m, "a b a\nb\na b\nb b b b\n");
    char *first[4], *again[4];
    for (int pass = 0; pass < 2; pass++) {
        char **written = pass == 0 ? first : again;
        ck_assert_int_eq(writing_samples(&m, 9, 1, 0, &written[0]), LEBM_OK);
        ck_assert_int_eq(writing_reconstructions(&m, &data, 4, &written[1], NULL), LEBM_OK);
        ck_assert_int_eq(writing_prior(&m, 9, &written[2]), LEBM_OK);
        ck_assert_int_eq(writing_interpolations(&m, &data, 2, &written[3]), LEBM_OK);
    }
    for (int i = 0; i < 4; i++) {
        ck_assert_str_eq(first[i], again[i]);
        free(first[i]);
        free(again[i]);
    }
    dataset_free(&data);
    model_free(&m);
}
END_TEST

/* Shares of sentences that are right, and of their topics. */
START_TEST(a_model_is_judged_by_its_sentences)
{
    enum { WORDS = 5, COUNT = 20 };
    model m = make_model("in 2; embedding 6; gru 6; tokens 6 5", "the\nsailor\nmends\nsail\ncook\n<unk>\n");
    text_lines t;
    lexicon l;
    dataset data;
    sentences_told told;
    failure why;
    judgement j;
    const char *lines = "the sailor mends the sail\nthe cook mends the cook\n";
    ck_assert_int_eq(text_take("lines", strdup(lines), (int64_t)strlen(lines), &t, &why), 0);
    ck_assert_int_eq(lexicon_of_generator(&l, m.generator, &why), 0);
    ck_assert_msg(sentences_make(&t, &l, WORDS, true, &data, &told, &why) == 0, "%s", why.text);
    ck_assert_int_eq(data.labels[0], 0);
    ck_assert_int_eq(data.labels[1], 1);
    ck_assert_msg(judge(&m, &data, COUNT, &j) == LEBM_OK, "%s", lebm_last_error());
    ck_assert_double_eq_tol(j.data.grammatical, .5, 1e-12);
    ck_assert_double_eq_tol(j.data.topics[0], .5, 1e-12);
    ck_assert_double_eq_tol(j.data.topics[1], .5, 1e-12);
    double sum = 0;
    for (int i = 0; i <= GRAMMAR_TOPICS; i++) sum += j.of_prior.topics[i];
    ck_assert_double_eq_tol(sum, 1, 1e-12);
    ck_assert_int_eq(j.samples, COUNT);
    ck_assert_int_eq(j.held_out, 2);
    ck_assert(j.topics_kept >= 0 && j.topics_kept <= 1);
    dataset_free(&data);
    lexicon_free(&l);
    text_free(&t);
    model_free(&m);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        samples_are_a_sentence_a_line,
        a_temperature_of_zero_is_the_most_probable,
        reconstructions_and_their_nll,
        interpolations_go_from_one_to_another,
        what_is_shown_is_a_function_of_the_model,
        a_model_is_judged_by_its_sentences,
    };
    return RUN_SUITE("writings", tests);
}
