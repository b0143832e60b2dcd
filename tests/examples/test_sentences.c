#include "sentences.h"

#include "suite.h"

/* A text of these bytes. */
static text_lines text_of(const char *lines)
{
    text_lines t;
    failure why;
    ck_assert_msg(text_take("lines", strdup(lines), (int64_t)strlen(lines), &t, &why) == 0, "%s", why.text);
    return t;
}

static lexicon lexicon_of(const char *lines, bool characters, int64_t most)
{
    lexicon l;
    failure why;
    text_lines t = text_of(lines);
    ck_assert_msg(lexicon_gather(&l, &t, characters, most, &why) == 0, "%s", why.text);
    text_free(&t);
    return l;
}

static void expect_words(const char *lines, bool characters, int64_t most, const char *words)
{
    lexicon l = lexicon_of(lines, characters, most);
    ck_assert_str_eq(l.words, words);
    lexicon_free(&l);
}

START_TEST(the_most_frequent_words_are_known)
{
    expect_words("b a b\nc b c\n", false, 10, "b\nc\na\n<unk>\n");
    expect_words("b a b\nc b c\n", false, 4, "b\nc\na\n<unk>\n");
    expect_words("b a b\nc b c\n", false, 3, "b\nc\n<unk>\n");
    expect_words("b a b\nc b c\n", false, 1, "<unk>\n");
    expect_words("z y\nx\n", false, 10, "z\ny\nx\n<unk>\n");            /* of equals the first comes first */
    expect_words("a <unk> <unk>\na b a\n", false, 10, "a\n<unk>\nb\n"); /* a text may have it */
    expect_words("a <unk>\na b b\n", false, 2, "a\n<unk>\n");
    expect_words("\ta  b\t\n", false, 10, "a\nb\n<unk>\n");
    expect_words("ab a\n\xc3\xa4\xc3\xa4\xc3\xa4\n", true, 10, "\xc3\xa4\na\nb\n \n<unk>\n");
}
END_TEST

START_TEST(many_words_are_told_apart)
{
    enum { WORDS = 5000, ROOM = 8 };
    char *bytes = malloc(WORDS * ROOM + 1), *at = bytes;
    for (int i = 0; i < WORDS; i++) at += sprintf(at, "w%d\n", i);
    lexicon l = lexicon_of(bytes, false, WORDS + 1);
    ck_assert_int_eq(l.count, WORDS + 1);
    ck_assert_int_eq(l.unknown, WORDS);
    for (int i = 0; i < WORDS; i++) {
        char word[ROOM];
        const int length = snprintf(word, sizeof word, "w%d", i);
        const char *from = word;
        ck_assert_int_eq(lexicon_next(&l, &from, word + length), i);
        ck_assert_int_eq(lexicon_next(&l, &from, word + length), -1);
    }
    lexicon_free(&l);
    free(bytes);
}
END_TEST

/* The data set of lines, in the words of others. */
static dataset dataset_of(const char *lines, const char *words, int64_t longest, sentences_told *told)
{
    dataset data;
    failure why;
    text_lines t = text_of(lines);
    lexicon l = lexicon_of(words, false, 100);
    ck_assert_msg(sentences_make(&t, &l, longest, false, &data, told, &why) == 0, "%s", why.text);
    lexicon_free(&l);
    text_free(&t);
    return data;
}

START_TEST(sentences_become_rows)
{
    sentences_told told;
    float x[4];
    dataset data = dataset_of("b a\nc b b\nx\n", "a b c\n", 4, &told);
    static const float rows[3][4] = {{1, 0, -1, -1}, {2, 1, 1, -1}, {3, -1, -1, -1}};
    ck_assert_int_eq(data.count, 3);
    ck_assert_int_eq(dataset_row_size(&data), 4);
    for (int i = 0; i < 3; i++) {
        dataset_row(&data, i, (pixel_range){0, 0}, x);
        ck_assert_mem_eq(x, rows[i], sizeof x);
    }
    ck_assert_int_eq(dataset_length(&data, 0), 2);
    ck_assert_int_eq(dataset_length(&data, 1), 3);
    ck_assert_int_eq(told.tokens, 6);
    ck_assert_int_eq(told.unknown, 1);
    ck_assert_int_eq(told.cut, 0);
    dataset_free(&data);
}
END_TEST

START_TEST(long_sentences_are_cut_counted_and_named)
{
    sentences_told told;
    float x[2];
    dataset data = dataset_of("a b\n\na b c\n\n\nc b a\na\nb a b\n", "a b c\n", 2, &told);
    ck_assert_int_eq(data.count, 5);
    ck_assert_int_eq(told.cut, 3);
    ck_assert_int_eq(told.first_cut, 3);
    ck_assert_int_eq(told.second_cut, 6);
    ck_assert_int_eq(told.empty, 3);
    ck_assert_int_eq(told.first_empty, 2);
    dataset_row(&data, 2, (pixel_range){0, 0}, x);
    ck_assert_float_eq(x[0], 2);
    ck_assert_float_eq(x[1], 1);
    dataset_free(&data);
}
END_TEST

START_TEST(the_longest_sentence_is_found)
{
    text_lines t = text_of("a\na b  c \nb\n");
    lexicon words = lexicon_of("a b c\n", false, 10), characters = lexicon_of("abc\n", true, 10);
    ck_assert_int_eq(sentences_longest(&words, &t), 3);
    ck_assert_int_eq(sentences_longest(&characters, &t), 7);
    lexicon_free(&characters);
    lexicon_free(&words);
    text_free(&t);
}
END_TEST

START_TEST(a_model_that_knows_no_unknown_words_refuses_them_with_their_line)
{
    lebm_generator *g;
    lexicon l;
    dataset data;
    sentences_told told;
    failure why;
    text_lines t = text_of("a b\n\nb x\n");
    ck_assert_int_eq(lebm_generator_create_from_spec(&g, "in 2; embedding 3; gru 4; tokens 2 5", LEBM_CATEGORICAL, 0),
                     LEBM_OK);
    ck_assert_int_eq(lexicon_of_generator(&l, g, &why), -1);
    assert_contains(why.text, "no vocabulary");
    ck_assert_int_eq(lebm_generator_set_vocabulary(g, LEBM_WORDS, "a\nb\n"), LEBM_OK);
    ck_assert_msg(lexicon_of_generator(&l, g, &why) == 0, "%s", why.text);
    ck_assert_int_eq(sentences_make(&t, &l, 5, false, &data, &told, &why), -1);
    assert_contains(why.text, "line 3: its token 2");
    ck_assert_ptr_null(data.tokens);
    lexicon_free(&l);
    text_free(&t);
    lebm_generator_destroy(g);
}
END_TEST

/* The rows are those that the library makes of the text. */
START_TEST(the_library_reads_text_likewise)
{
    static const char words[] = "the cat sat on the mat\nthe dog \xc3\xa4tzt\n",
                      lines[] = "the dog sat\n\xc3\xa4tzt the bird on\n";
    float x[2][6], row[6];
    sentences_told told;
    lebm_generator *g;
    ck_assert_int_eq(lebm_generator_create_from_spec(&g, "in 2; embedding 3; lstm 4; tokens 8 6", LEBM_CATEGORICAL, 0),
                     LEBM_OK);
    lexicon l = lexicon_of(words, false, 8);
    ck_assert_msg(lebm_generator_set_vocabulary(g, LEBM_WORDS, l.words) == LEBM_OK, "%s", lebm_last_error());
    ck_assert_msg(lebm_generator_text_to_x(g, lines, 2, x[0]) == LEBM_OK, "%s", lebm_last_error());
    dataset data = dataset_of(lines, words, 6, &told);
    for (int i = 0; i < 2; i++) {
        dataset_row(&data, i, (pixel_range){0, 0}, row);
        ck_assert_mem_eq(row, x[i], sizeof row);
    }
    dataset_free(&data);
    lexicon_free(&l);
    lebm_generator_destroy(g);
}
END_TEST

static void write_numbered(const char *path, int lines)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < lines; i++) fprintf(file, "line %d\n", i + 1);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(every_twentieth_sentence_is_held_out)
{
    const char *path = scratch_path("numbered");
    const data_source source = {.files = {[TRAIN_PART] = path}};
    text_lines train, held_out;
    failure why;
    write_numbered(path, 59);
    ck_assert_msg(sentences_text(&source, TRAIN_PART, &train, &why) == 0, "%s", why.text);
    ck_assert_msg(sentences_text(&source, EVAL_PART, &held_out, &why) == 0, "%s", why.text);
    ck_assert_int_eq(train.count, 57);
    ck_assert_int_eq(held_out.count, 2);
    ck_assert_int_eq(held_out.numbers[0], 20);
    ck_assert_int_eq(held_out.numbers[1], 40);
    ck_assert_int_eq(train.numbers[19], 21);
    text_free(&train);
    text_free(&held_out);

    write_numbered(path, 19);
    ck_assert_int_eq(sentences_text(&source, EVAL_PART, &held_out, &why), -1);
    assert_contains(why.text, "19 sentences are too few");
    const data_source two_files = {.files = {[TRAIN_PART] = path, [EVAL_PART] = path}};
    ck_assert_msg(sentences_text(&two_files, EVAL_PART, &held_out, &why) == 0, "%s", why.text);
    ck_assert_int_eq(held_out.count, 19);
    text_free(&held_out);
    remove(path);
}
END_TEST

START_TEST(a_checksum_knows_words_and_where_sentences_end)
{
    sentences_told told;
    const char *const lines[] = {"a b\nc\n", "a\nb c\n", "a b\nb\n", "a b c\n"};
    uint32_t sums[4];
    for (int i = 0; i < 4; i++) {
        dataset data = dataset_of(lines[i], "a b c\n", 4, &told);
        sums[i] = dataset_checksum(&data);
        for (int k = 0; k < i; k++) ck_assert_uint_ne(sums[i], sums[k]);
        dataset_free(&data);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_most_frequent_words_are_known,
        many_words_are_told_apart,
        sentences_become_rows,
        long_sentences_are_cut_counted_and_named,
        the_longest_sentence_is_found,
        a_model_that_knows_no_unknown_words_refuses_them_with_their_line,
        the_library_reads_text_likewise,
        every_twentieth_sentence_is_held_out,
        a_checksum_knows_words_and_where_sentences_end,
    };
    return RUN_SUITE("sentences", tests);
}
