/* Generators of tokens: their specs, what x may be, text, writing tokens, and that they sample, learn, are saved and go on
 * as those of pixels do. Their numbers are in tests/ref and tests/golden. */
#include <unistd.h>

#include "lebm.h"
#include "support/approx.h"
#include "support/nets.h"

static lebm_generator *make(const char *spec, uint64_t seed)
{
    lebm_generator *generator;
    LEBM_ASSERT_OK(lebm_generator_create_from_spec(&generator, spec, LEBM_CATEGORICAL, 0));
    LEBM_ASSERT_OK(lebm_generator_init(generator, LEBM_INIT_PYTORCH, seed));
    return generator;
}

/* ---- specs ---- */

START_TEST(specs_are_printed_as_they_read)
{
    static const char *const specs[] = {
        "in 32; embedding 256; lstm 256; tokens 10000 82",
        "in 1; embedding 1; gru 1; tokens 1 1",
        "in 3; embedding 4 noz; lstm 5 2; tokens 6 7",
    };
    for (int i = 0; i < 3; i++) {
        lebm_generator *generator;
        LEBM_ASSERT_OK(lebm_generator_create_from_spec(&generator, specs[i], LEBM_CATEGORICAL, 0));
        ck_assert_str_eq(lebm_generator_spec(generator), specs[i]);
        lebm_generator_destroy(generator);
    }
    lebm_generator *generator;
    LEBM_ASSERT_OK(lebm_generator_create_from_spec(&generator, " in  3 ;embedding\t4;lstm 5 1 noz ; tokens 6 7 ",
                                                   LEBM_CATEGORICAL, 0));
    ck_assert_str_eq(lebm_generator_spec(generator), "in 3; embedding 4; lstm 5 noz; tokens 6 7");
    lebm_generator_destroy(generator);
}
END_TEST

START_TEST(wrong_specs_are_refused)
{
    static const struct {
        const char *spec;
        int status;
        const char *text;
    } cases[] = {
        {"", LEBM_ERR_FORMAT, "empty"},
        {"embedding 4; in 3; lstm 5; tokens 6 7", LEBM_ERR_FORMAT, "a spec begins with \"in N\""},
        {"in 3; lstm 5; tokens 6 7", LEBM_ERR_FORMAT, "expected \"embedding SIZE [noz]\""},
        {"in 3; embedding 4; rnn 5; tokens 6 7", LEBM_ERR_FORMAT, "expected \"lstm UNITS [LAYERS] [noz]\""},
        {"in 3; embedding 4; lstm noz 5; tokens 6 7", LEBM_ERR_FORMAT, "lstm noz 5"},
        {"in 3; embedding 4; lstm 5", LEBM_ERR_FORMAT, "empty"},
        {"in 3; embedding 4; lstm 5; tokens 6", LEBM_ERR_FORMAT, "expected \"tokens VOCABULARY LONGEST [tied]\""},
        {"in 3; embedding 4; lstm 5; tokens 6 7; tanh", LEBM_ERR_FORMAT, "the last item"},
        {"in 0; embedding 4; lstm 5; tokens 6 7", LEBM_ERR_RANGE, "size of the input is 0"},
        {"in 3; embedding 16777217; lstm 5; tokens 6 7", LEBM_ERR_RANGE, "size of the embedding is 16777217"},
        {"in 3; embedding 4; lstm 0; tokens 6 7", LEBM_ERR_RANGE, "number of units is 0"},
        {"in 3; embedding 4; lstm 5 65; tokens 6 7", LEBM_ERR_RANGE, "number of layers is 65; allowed are 1 to 64"},
        {"in 3; embedding 4; lstm 5; tokens 16777216 7", LEBM_ERR_RANGE, "size of the vocabulary is 16777216"},
        {"in 3; embedding 4; lstm 5; tokens 6 65537", LEBM_ERR_RANGE, "longest sequence is 65537"},
        {"in 3; embedding 4; lstm 5; tokens 6 7 tied", LEBM_ERR_SHAPE, "but these are 4 and 5"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lebm_generator *generator;
        LEBM_ASSERT_STATUS(lebm_generator_create_from_spec(&generator, cases[i].spec, LEBM_CATEGORICAL, 0),
                           cases[i].status);
        LEBM_ASSERT_ERROR_NAMES(cases[i].text);
        ck_assert_ptr_null(generator);
    }
}
END_TEST

START_TEST(it_tells_what_it_is)
{
    static const struct {
        const char *name;
        int64_t ndim, dims[2];
    } params[] = {
        {"embedding.weight", 2, {7, 4}},  {"start.weight", 2, {10, 3}},     {"start.bias", 1, {10, 0}},
        {"gru.weight_ih_l0", 2, {15, 7}}, {"gru.weight_hh_l0", 2, {15, 5}}, {"gru.bias_ih_l0", 1, {15, 0}},
        {"gru.bias_hh_l0", 1, {15, 0}},   {"gru.weight_ih_l1", 2, {15, 5}}, {"gru.weight_hh_l1", 2, {15, 5}},
        {"gru.bias_ih_l1", 1, {15, 0}},   {"gru.bias_hh_l1", 1, {15, 0}},   {"output.weight", 2, {7, 5}},
        {"output.bias", 1, {7, 0}},
    };
    lebm_generator *generator = make("in 3; embedding 4; gru 5 2; tokens 6 9", 1);
    int64_t chw[3];
    double low, high;
    ck_assert_ptr_null(lebm_generator_net(generator));
    ck_assert_str_eq(lebm_generator_data_kind(generator), LEBM_TOKENS);
    ck_assert_str_eq(lebm_generator_likelihood(generator), LEBM_CATEGORICAL);
    ck_assert_int_eq(lebm_generator_latent_size(generator), 3);
    ck_assert_int_eq(lebm_generator_data_size(generator), 9);
    ck_assert_int_eq(lebm_generator_token_count(generator), 6);
    LEBM_ASSERT_OK(lebm_generator_data_shape(generator, chw));
    ck_assert(chw[0] == 1 && chw[1] == 1 && chw[2] == 9);
    LEBM_ASSERT_OK(lebm_generator_data_range(generator, &low, &high));
    ck_assert(low == 0 && high == 5);
    const int64_t count = sizeof params / sizeof *params;
    ck_assert_int_eq(lebm_generator_param_count(generator), count);
    for (int64_t i = 0; i < count; i++) {
        ck_assert_str_eq(lebm_generator_param_name(generator, i), params[i].name);
        ck_assert_int_eq(lebm_generator_param_ndim(generator, i), params[i].ndim);
        for (int64_t axis = 0; axis < 2; axis++)
            ck_assert_int_eq(lebm_generator_param_dim(generator, i, axis), params[i].dims[axis]);
    }
    lebm_generator_destroy(generator);
}
END_TEST

/* All that a cell has is within 1/sqrt(H); an embedding is N(0, 1), but tied as an output's weight. */
START_TEST(it_is_initialised_as_by_pytorch)
{
    for (int is_tied = 0; is_tied < 2; is_tied++) {
        lebm_generator *generator = make(is_tied ? "in 3; embedding 100; lstm 100; tokens 499 9 tied"
                                                 : "in 3; embedding 100; lstm 100; tokens 499 9",
                                         4);
        for (int64_t i = 0; i < lebm_generator_param_count(generator); i++) {
            const char *name = lebm_generator_param_name(generator, i);
            const int64_t size = lebm_generator_param_size(generator, i);
            const int is_normal = !is_tied && strcmp(name, "embedding.weight") == 0;
            const double bound = strncmp(name, "start", 5) == 0 ? 1 / sqrt(3) : 0.1;
            double squares = 0, largest = 0;
            float *values = test_floats(size);
            LEBM_ASSERT_OK(lebm_generator_get_param(generator, i, values, size));
            for (int64_t k = 0; k < size; k++) {
                squares += (double)values[k] * (double)values[k];
                largest = fmax(largest, fabs((double)values[k]));
            }
            if (is_normal) {
                LEBM_ASSERT_NEAR(squares / (double)size, 1, 0.05);
            } else {
                LEBM_ASSERT_MSG(largest <= bound * 1.000001 && largest > 0.9 * bound, "%s: the largest is %g of %g",
                                name, largest, bound);
            }
            free(values);
        }
        lebm_generator_destroy(generator);
    }
}
END_TEST

START_TEST(only_a_net_is_of_pixels)
{
    lebm_generator *generator;
    lebm_net *net = make_net("in 2; linear 3", 1);
    float x[3], z[2] = {0};
    LEBM_ASSERT_STATUS(lebm_generator_create(&generator, net, LEBM_CATEGORICAL, 0), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_ERROR_NAMES("lebm_generator_create_from_spec()");
    lebm_net_destroy(net);
    LEBM_ASSERT_STATUS(
        lebm_generator_create_from_spec(&generator, "in 3; embedding 4; lstm 5; tokens 6 7", LEBM_CATEGORICAL, 1),
        LEBM_ERR_RANGE);
    LEBM_ASSERT_ERROR_NAMES("sigma is 1; for categorical it must be 0");
    LEBM_ASSERT_OK(lebm_generator_create_from_spec(&generator, "in 2; linear 3", LEBM_GAUSSIAN, 0.5));
    LEBM_ASSERT_OK(lebm_generator_init(generator, LEBM_INIT_PYTORCH, 1));
    net = make_net("in 2; linear 3", 1);
    assert_same_nets(net, lebm_generator_net(generator)); /* one scheme, seed and spec */
    ck_assert_str_eq(lebm_generator_spec(generator), "in 2; linear 3");
    ck_assert_int_eq(lebm_generator_token_count(generator), 0);
    LEBM_ASSERT_STATUS(lebm_generator_set_vocabulary(generator, LEBM_WORDS, "a\n"), LEBM_ERR_UNSUPPORTED);
    LEBM_ASSERT_ERROR_NAMES("the generator is of pixels, and not of tokens");
    LEBM_ASSERT_STATUS(lebm_generator_draw_tempered(generator, z, 1, 1, 1, 1, x), LEBM_ERR_UNSUPPORTED);
    lebm_net_destroy(net);
    lebm_generator_destroy(generator);
}
END_TEST

/* ---- x ---- */

START_TEST(x_is_checked_by_row_and_place)
{
    static const struct {
        float x[2][3];
        const char *text; /* NULL: it is right */
    } cases[] = {
        {{{0, 1, 4}, {-1, -1, -1}}, NULL},
        {{{0, -1, -1}, {4, 4, 4}}, NULL},
        {{{0, -1, -1}, {4, 5, -1}}, "number 1 of row 1 of x is 5; allowed are whole tokens from 0 to 4"},
        {{{0.5f, -1, -1}, {4, 4, -1}}, "number 0 of row 0 of x is 0.5;"},
        {{{0, -2, -1}, {4, 4, -1}}, "number 1 of row 0 of x is -2;"},
        {{{0, -1, -1}, {-1, -1, 3}}, "number 2 of row 1 of x is 3, after padding"},
        {{{0, NAN, -1}, {4, 4, -1}}, "number 1 of row 0 of x is nan;"},
    };
    lebm_generator *generator = make("in 2; embedding 2; lstm 2; tokens 5 3", 1);
    LEBM_ASSERT_OK(lebm_generator_set_str(generator, LEBM_GENERATOR_MISSING, "skip"));
    LEBM_ASSERT_OK(lebm_generator_set_str(generator, LEBM_GENERATOR_OUT_OF_RANGE, "allow"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const float z[4] = {0};
        float out[2];
        const int status = lebm_generator_log_likelihood(generator, z, cases[i].x[0], 2, out);
        ck_assert_int_eq(status, cases[i].text ? LEBM_ERR_RANGE : LEBM_OK);
        if (cases[i].text) LEBM_ASSERT_ERROR_NAMES(cases[i].text);
    }
    lebm_generator_destroy(generator);
}
END_TEST

/* ---- text ---- */

/* Text of x, and of that again. */
static void assert_text(const lebm_generator *generator, const char *text, int64_t n, const float *expected,
                        const char *again)
{
    const int64_t numel = n * lebm_generator_data_size(generator);
    float *x = test_floats(numel);
    char written[200];
    int64_t length;
    LEBM_ASSERT_OK(lebm_generator_text_to_x(generator, text, n, x));
    LEBM_ASSERT_SAME_BITS(x, expected, numel);
    LEBM_ASSERT_OK(lebm_generator_x_to_text(generator, x, n, NULL, 0, &length));
    ck_assert_int_eq(length, (int64_t)strlen(again));
    LEBM_ASSERT_STATUS(lebm_generator_x_to_text(generator, x, n, written, length, &length), LEBM_ERR_SHAPE);
    LEBM_ASSERT_OK(lebm_generator_x_to_text(generator, x, n, written, length + 1, &length));
    ck_assert_str_eq(written, again);
    free(x);
}

START_TEST(words_become_tokens_and_back)
{
    static const float x[3][4] = {{1, 2, 1, -1}, {-1, -1, -1, -1}, {0, 3, 0, 2}};
    lebm_generator *generator = make("in 2; embedding 2; lstm 2; tokens 4 4", 1);
    float out[8];
    int64_t length;
    ck_assert_ptr_null(lebm_generator_vocabulary(generator));
    ck_assert_ptr_null(lebm_generator_token_unit(generator));
    ck_assert_ptr_null(lebm_generator_token(generator, 0));
    LEBM_ASSERT_STATUS(lebm_generator_text_to_x(generator, "a\n", 1, out), LEBM_ERR_STATE);
    LEBM_ASSERT_STATUS(lebm_generator_x_to_text(generator, x[0], 1, NULL, 0, &length), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("lebm_generator_set_vocabulary()");
    LEBM_ASSERT_OK(lebm_generator_set_vocabulary(generator, LEBM_WORDS, "<unk>\na\nbc\n\xc3\xa9t\xc3\xa9"));
    ck_assert_str_eq(lebm_generator_vocabulary(generator), "<unk>\na\nbc\n\xc3\xa9t\xc3\xa9\n");
    ck_assert_str_eq(lebm_generator_token_unit(generator), LEBM_WORDS);
    ck_assert_str_eq(lebm_generator_token(generator, 3), "\xc3\xa9t\xc3\xa9");
    ck_assert_ptr_null(lebm_generator_token(generator, 4));
    assert_text(generator, " a\tbc  a \r\n\nb \xc3\xa9t\xc3\xa9 <unk> bc", 3, x[0],
                "a bc a\n\n<unk> \xc3\xa9t\xc3\xa9 <unk> bc\n");
    LEBM_ASSERT_STATUS(lebm_generator_text_to_x(generator, "a\nbc a bc a bc\n", 2, out), LEBM_ERR_RANGE);
    LEBM_ASSERT_ERROR_NAMES("line 1 of text has more than 4 tokens");
    LEBM_ASSERT_STATUS(lebm_generator_text_to_x(generator, "a\nbc\na\n", 2, out), LEBM_ERR_SHAPE);
    LEBM_ASSERT_ERROR_NAMES("text has 3 lines");
    LEBM_ASSERT_STATUS(lebm_generator_text_to_x(generator, "a\nb\xff\n", 2, out), LEBM_ERR_FORMAT);
    LEBM_ASSERT_OK(lebm_generator_text_to_x(generator, "", 0, out));
    LEBM_ASSERT_OK(lebm_generator_set_vocabulary(generator, LEBM_WORDS, "0\na\nbc\nd\n"));
    LEBM_ASSERT_STATUS(lebm_generator_text_to_x(generator, "a\nbc e\n", 2, out), LEBM_ERR_RANGE);
    LEBM_ASSERT_ERROR_NAMES("token 1 of line 1 of text, 'e', is not in the vocabulary, which has no <unk>");
    lebm_generator_destroy(generator);
}
END_TEST

START_TEST(characters_become_tokens_and_back)
{
    static const float x[2][6] = {{1, 0, 3, 3, -1, -1}, {2, 2, 0, 1, 1, 3}};
    lebm_generator *generator = make("in 2; embedding 2; lstm 2; tokens 4 6", 1);
    LEBM_ASSERT_OK(lebm_generator_set_vocabulary(generator, LEBM_CHARACTERS, " \na\n<unk>\n\xe2\x82\xac\n"));
    assert_text(generator, "a \xe2\x82\xac\xe2\x82\xac\nxy aa\xe2\x82\xac\n", 2, x[0],
                "a \xe2\x82\xac\xe2\x82\xac\n<unk><unk> aa\xe2\x82\xac\n");
    lebm_generator_destroy(generator);
}
END_TEST

START_TEST(words_that_no_file_could_hold_are_refused)
{
    enum { SIZE = 15 << 20 };
    lebm_generator *generator;
    char *words = malloc(SIZE + 3);
    ck_assert_ptr_nonnull(words);
    memset(words, 'w', SIZE + 2);
    words[SIZE - 4] = '\n'; /* counts twice, as does the one at the end */
    words[SIZE - 2] = '\n';
    words[SIZE - 1] = '\0';
    LEBM_ASSERT_OK(
        lebm_generator_create_from_spec(&generator, "in 1; embedding 1; lstm 1; tokens 2 1", LEBM_CATEGORICAL, 0));
    LEBM_ASSERT_STATUS(lebm_generator_set_vocabulary(generator, LEBM_WORDS, words), LEBM_ERR_UNSUPPORTED);
    LEBM_ASSERT_ERROR_NAMES("words take 15728641 bytes in a file; allowed are 15728640");
    LEBM_ASSERT_OK(lebm_generator_set_vocabulary(generator, LEBM_WORDS, words + 1));
    lebm_generator_destroy(generator);
    free(words);
}
END_TEST

START_TEST(wrong_vocabularies_are_refused)
{
    static const struct {
        const char *unit, *words;
        int status;
        const char *text;
    } cases[] = {
        {"letters", "a\nb\nc\n", LEBM_ERR_UNKNOWN_OPTION, "there is no unit 'letters'"},
        {LEBM_WORDS, "a\nb\n", LEBM_ERR_SHAPE, "words has 2 lines"},
        {LEBM_WORDS, "a\nb\nc\n\n", LEBM_ERR_SHAPE, "words has 4 lines"},
        {LEBM_WORDS, "a\n\nc\n", LEBM_ERR_FORMAT, "line 1 of words, '', is empty"},
        {LEBM_WORDS, "a\nb c\nd\n", LEBM_ERR_FORMAT, "line 1 of words, 'b c', has a blank in it"},
        {LEBM_WORDS, "a\nb\r\nd\n", LEBM_ERR_FORMAT, "has a blank in it"},
        {LEBM_WORDS, "a\nb\na\n", LEBM_ERR_FORMAT, "line 2 of words, 'a', repeats line 0"},
        {LEBM_WORDS, "a\nb\n\xc3\n", LEBM_ERR_FORMAT, "is not UTF-8"},
        {LEBM_CHARACTERS, "a\nbc\nd\n", LEBM_ERR_FORMAT, "line 1 of words, 'bc', is not one character"},
    };
    lebm_generator *generator = make("in 2; embedding 2; lstm 2; tokens 3 6", 1);
    LEBM_ASSERT_OK(lebm_generator_set_vocabulary(generator, LEBM_WORDS, "x\ny\nz\n"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        LEBM_ASSERT_STATUS(lebm_generator_set_vocabulary(generator, cases[i].unit, cases[i].words), cases[i].status);
        LEBM_ASSERT_ERROR_NAMES(cases[i].text);
        ck_assert_str_eq(lebm_generator_vocabulary(generator), "x\ny\nz\n");
    }
    lebm_generator_destroy(generator);
}
END_TEST

/* ---- writing tokens ---- */

enum { V = 3, D = 3, SEQUENCES = 1 + V + V * V + V * V * V };

/* All sequences of up to D tokens, and their probabilities given one z. */
struct all {
    float x[SEQUENCES][D];
    int64_t length[SEQUENCES];
    double p[SEQUENCES];
};

static void list_all(struct all *all)
{
    int count = 0, of_length = 1;
    for (int64_t length = 0; length <= D; length++, of_length *= V) {
        for (int i = 0; i < of_length; i++, count++) {
            int digits = i;
            all->length[count] = length;
            for (int64_t t = 0; t < D; t++) {
                all->x[count][t] = t < length ? (float)(digits % V) : LEBM_PADDING;
                if (t < length) digits /= V;
            }
        }
    }
    ck_assert_int_eq(count, SEQUENCES);
}

static int begins_with(const struct all *all, int i, const float *prefix, int64_t length)
{
    for (int64_t t = 0; t < length; t++)
        if (all->x[i][t] != prefix[t]) return 0;
    return 1;
}

/* Probability that a sequence begins with these tokens, and goes on with `next` at place `length` (V: ends). */
static double probability(const struct all *all, const float *prefix, int64_t length, int next)
{
    double sum = 0;
    for (int i = 0; i < SEQUENCES; i++) {
        const float at = length < D ? all->x[i][length] : LEBM_PADDING;
        const float wanted = next == V ? LEBM_PADDING : (float)next;
        if (begins_with(all, i, prefix, length) && at == wanted) sum += all->p[i];
    }
    return sum;
}

static void compute_all(struct all *all, const lebm_generator *generator, const float *z)
{
    float zs[SEQUENCES][2], out[SEQUENCES];
    list_all(all);
    for (int i = 0; i < SEQUENCES; i++) memcpy(zs[i], z, sizeof zs[i]);
    LEBM_ASSERT_OK(lebm_generator_log_likelihood(generator, zs[0], all->x[0], SEQUENCES, out));
    double sum = 0;
    for (int i = 0; i < SEQUENCES; i++) sum += all->p[i] = exp((double)out[i]);
    LEBM_ASSERT_NEAR(sum, 1, 1e-6);
}

static const char *const small_specs[] = {"in 2; embedding 4; lstm 6; tokens 3 3",
                                          "in 2; embedding 6; gru 6 2; tokens 3 3 tied"};

static lebm_generator *make_sharp(int which)
{
    lebm_generator *generator = make(small_specs[which], 11);
    for (int64_t i = 0; i < lebm_generator_param_count(generator); i++) {
        const int64_t size = lebm_generator_param_size(generator, i);
        float *values = test_floats(size);
        LEBM_ASSERT_OK(lebm_generator_get_param(generator, i, values, size));
        for (int64_t k = 0; k < size; k++) values[k] *= 2;
        LEBM_ASSERT_OK(lebm_generator_set_param(generator, i, values, size));
        free(values);
    }
    return generator;
}

START_TEST(decoding_takes_the_most_probable_token) /* _i: the spec */
{
    lebm_generator *generator = make_sharp(_i);
    for (int k = 0; k < 20; k++) {
        const float z[2] = {(float)k / 5 - 2, (float)(k % 7) / 2 - 1.5f};
        float x[D], expected[D] = {LEBM_PADDING, LEBM_PADDING, LEBM_PADDING};
        static struct all all;
        compute_all(&all, generator, z);
        for (int64_t t = 0; t < D; t++) {
            int best = 0;
            for (int next = 1; next <= V; next++) {
                const double p = probability(&all, expected, t, next);
                if (p > probability(&all, expected, t, best)) best = next;
            }
            if (best == V) break;
            expected[t] = (float)best;
        }
        LEBM_ASSERT_OK(lebm_generator_decode(generator, z, 1, x));
        LEBM_ASSERT_SAME_BITS(x, expected, D);
    }
    lebm_generator_destroy(generator);
}
END_TEST

/* A wide beam finds the most probable sequence of all, and a beam of one what decoding gives. */
START_TEST(beams_find_the_most_probable_sequence) /* _i: the spec */
{
    enum { ZS = 30 };
    lebm_generator *generator = make_sharp(_i);
    float z[ZS][2], found[ZS][D], narrow[ZS][D], decoded[ZS][D];
    int different = 0;
    for (int k = 0; k < ZS; k++) z[k][0] = (float)k / 8 - 2, z[k][1] = (float)(k % 7) / 2 - 1.5f;
    LEBM_ASSERT_OK(lebm_generator_search(generator, z[0], ZS, 40, found[0]));
    LEBM_ASSERT_OK(lebm_generator_search(generator, z[0], ZS, 1, narrow[0]));
    LEBM_ASSERT_OK(lebm_generator_decode(generator, z[0], ZS, decoded[0]));
    for (int k = 0; k < ZS; k++) {
        static struct all all;
        int best = 0;
        compute_all(&all, generator, z[k]);
        for (int i = 1; i < SEQUENCES; i++)
            if (all.p[i] > all.p[best]) best = i;
        LEBM_ASSERT_SAME_BITS(found[k], all.x[best], D);
        LEBM_ASSERT_SAME_BITS(narrow[k], decoded[k], D);
        different += memcmp(found[k], decoded[k], sizeof found[k]) != 0;
    }
    ck_assert_int_gt(different, 0); /* or the test would tell little */
    lebm_generator_destroy(generator);
}
END_TEST

/* What the probabilities become at a temperature, step by step. */
static void temper(struct all *all, double temperature)
{
    static struct all now;
    now = *all;
    for (int i = 0; i < SEQUENCES; i++) {
        const int64_t steps = all->length[i] < D ? all->length[i] + 1 : D;
        now.p[i] = 1;
        for (int64_t t = 0; t < steps; t++) {
            const int chosen = t < all->length[i] ? (int)all->x[i][t] : V;
            double total = 0;
            for (int next = 0; next <= V; next++) {
                total += pow(probability(all, all->x[i], t, next), 1 / temperature);
            }
            now.p[i] *= pow(probability(all, all->x[i], t, chosen), 1 / temperature) / total;
        }
    }
    *all = now;
}

START_TEST(drawn_tokens_have_their_probabilities) /* _i: the spec, twice at a temperature of 1 */
{
    enum { DRAWS = 40000 };
    static const double temperatures[] = {1, 1, 0.6, 1.7};
    static struct all all;
    static float z[DRAWS][2], x[DRAWS][D];
    lebm_generator *generator = make_sharp(_i % 2);
    const double temperature = temperatures[_i];
    double worst = 0;
    int counts[SEQUENCES] = {0};
    for (int i = 0; i < DRAWS; i++) z[i][0] = 0.7f, z[i][1] = -1.1f;
    compute_all(&all, generator, z[0]);
    temper(&all, temperature);
    if (temperature == 1) {
        LEBM_ASSERT_OK(lebm_generator_draw(generator, z[0], DRAWS, 5, 6, x[0]));
    } else {
        LEBM_ASSERT_OK(lebm_generator_draw_tempered(generator, z[0], DRAWS, temperature, 5, 6, x[0]));
    }
    for (int i = 0; i < DRAWS; i++) {
        int which = 0;
        while (memcmp(all.x[which], x[i], sizeof x[i]) != 0) ck_assert_int_lt(++which, SEQUENCES);
        counts[which]++;
    }
    for (int i = 0; i < SEQUENCES; i++) {
        const double expected = DRAWS * all.p[i], errors = (counts[i] - expected) / sqrt(expected * (1 - all.p[i]) + 1);
        LEBM_ASSERT_MSG(fabs(errors) < 4.5, "sequence %d was drawn %d times, expected %g: %g standard errors", i,
                        counts[i], expected, errors);
        worst = fmax(worst, fabs(errors));
    }
    printf("drawn at temperature %g: worst of %d frequencies %.2f standard errors\n", temperature, SEQUENCES, worst);
    lebm_generator_destroy(generator);
}
END_TEST

/* Of thousands of classes, in several blocks; and rows depend on their own numbers alone. */
START_TEST(drawing_many_classes)
{
    enum { CLASSES = 3000, ROWS = 150, LONGEST = 40 };
    lebm_generator *generator = make("in 2; embedding 3; lstm 4; tokens 3000 40", 2);
    static float z[ROWS][2], x[ROWS][LONGEST], again[ROWS][LONGEST], tempered[ROWS][LONGEST];
    int64_t drawn = 0, in_first_half = 0;
    uint64_t seed = 3;
    for (int i = 0; i < ROWS; i++) z[i][0] = (float)test_normal(&seed), z[i][1] = (float)test_normal(&seed);
    LEBM_ASSERT_OK(lebm_generator_draw(generator, z[0], ROWS, 1, 2, x[0]));
    LEBM_ASSERT_OK(lebm_generator_draw(generator, z[0], 70, 1, 2, again[0]));
    LEBM_ASSERT_SAME_BITS(again[0], x[0], 70 * LONGEST);
    LEBM_ASSERT_OK(lebm_generator_draw_tempered(generator, z[0], ROWS, 1, 1, 2, tempered[0]));
    LEBM_ASSERT_SAME_BITS(tempered[0], x[0], ROWS * LONGEST);
    LEBM_ASSERT_OK(lebm_generator_draw(generator, z[0], ROWS, 1, 3, again[0]));
    ck_assert_int_ne(memcmp(again, x, sizeof x), 0);
    for (int i = 0; i < ROWS; i++) {
        for (int t = 0; t < LONGEST; t++) {
            drawn += x[i][t] >= 0;
            in_first_half += x[i][t] >= 0 && x[i][t] < CLASSES / 2;
        }
    }
    ck_assert_int_gt(drawn, ROWS * LONGEST * 9 / 10); /* ends are as rare as any token */
    LEBM_ASSERT_NEAR((double)in_first_half / (double)drawn, 0.5, 0.1);
    lebm_generator_destroy(generator);
}
END_TEST

START_TEST(nan_gives_nan)
{
    lebm_generator *generator = make("in 2; embedding 3; lstm 4; tokens 5 3", 2);
    const float z[2][2] = {{NAN, 0}, {0, 0}};
    float x[2][3], of_zero[3];
    LEBM_ASSERT_OK(lebm_generator_decode(generator, z[1], 1, of_zero));
    LEBM_ASSERT_OK(lebm_generator_decode(generator, z[0], 2, x[0]));
    ck_assert_float_nan(x[0][0]);
    LEBM_ASSERT_SAME_BITS(x[1], of_zero, 3);
    LEBM_ASSERT_OK(lebm_generator_draw(generator, z[0], 2, 1, 1, x[0]));
    ck_assert_float_nan(x[0][0]);
    LEBM_ASSERT_OK(lebm_generator_search(generator, z[0], 2, 3, x[0]));
    ck_assert_float_nan(x[0][0]);
    ck_assert_float_ge(x[1][0], -1);
    lebm_generator_destroy(generator);
}
END_TEST

static void set_output_bias(lebm_generator *generator, float (*bias)(int64_t class))
{
    const int64_t last = lebm_generator_param_count(generator) - 1, size = lebm_generator_param_size(generator, last);
    float *values = test_floats(size);
    ck_assert_str_eq(lebm_generator_param_name(generator, last), "output.bias");
    for (int64_t i = 0; i < size; i++) values[i] = bias(i);
    LEBM_ASSERT_OK(lebm_generator_set_param(generator, last, values, size));
    free(values);
}

/* The first two blocks of 1024 classes wholly, and a part of the third. */
static float mask(int64_t class)
{
    return class < 2500 ? -INFINITY : 0;
}

static float nearly_mask(int64_t class)
{
    return class < 2500 ? -1e4f : 0;
}

/* A class of a bias of -inf is as one that is never drawn. */
START_TEST(classes_may_be_left_out)
{
    enum { N = 60, LONG = 6, Z = 2 };
    static const char spec[] = "in 2; embedding 3; lstm 4; tokens 3000 6";
    lebm_generator *of[2] = {make(spec, 2), make(spec, 2)};
    static float z[N][Z], x[2][N][LONG], out[2][N], score[2][N][Z];
    uint64_t seed = 3;
    set_output_bias(of[0], mask);
    set_output_bias(of[1], nearly_mask);
    for (int i = 0; i < N; i++) z[i][0] = (float)test_normal(&seed), z[i][1] = (float)test_normal(&seed);
    for (int way = 0; way < 4; way++) {
        for (int k = 0; k < 2; k++) {
            float *to = x[k][0];
            LEBM_ASSERT_OK(way == 0   ? lebm_generator_decode(of[k], z[0], N, to)
                           : way == 1 ? lebm_generator_draw(of[k], z[0], N, 1, 2, to)
                           : way == 2 ? lebm_generator_draw_tempered(of[k], z[0], N, 2, 1, 2, to)
                                      : lebm_generator_search(of[k], z[0], N, 3, to));
        }
        LEBM_ASSERT_SAME_BITS(x[0][0], x[1][0], N * LONG);
        for (int i = 0; i < N * LONG; i++) {
            const float token = x[0][i / LONG][i % LONG];
            LEBM_ASSERT_MSG(token == LEBM_PADDING || token >= 2500, "way %d gives %g", way, (double)token);
        }
        for (int k = 0; k < 2; k++) {
            LEBM_ASSERT_OK(lebm_generator_log_likelihood(of[k], z[0], x[0][0], N, out[k]));
            LEBM_ASSERT_OK(lebm_generator_score(of[k], z[0], x[0][0], N, score[k][0]));
        }
        for (int i = 0; i < N; i++) {
            LEBM_ASSERT_NEAR((double)out[0][i], (double)out[1][i], 1e-5);
            for (int m = 0; m < Z; m++) LEBM_ASSERT_NEAR((double)score[0][i][m], (double)score[1][i][m], 1e-5);
        }
    }
    lebm_generator_destroy(of[0]);
    lebm_generator_destroy(of[1]);
}
END_TEST

static float huge(int64_t class)
{
    return class == 2000 ? 1e36f : -1e36f;
}

/* Scores that a sharp temperature would take beyond all numbers. */
START_TEST(huge_scores_can_be_drawn)
{
    static const float z[2] = {0};
    static const double temperatures[] = {1e-3, 1, 1e3};
    lebm_generator *generator = make("in 2; embedding 3; lstm 4; tokens 3000 4", 2);
    set_output_bias(generator, huge);
    for (int k = 0; k < 3; k++) {
        float x[4];
        LEBM_ASSERT_OK(lebm_generator_draw_tempered(generator, z, 1, temperatures[k], 1, 2, x));
        for (int t = 0; t < 4; t++) ck_assert_float_eq(x[t], 2000);
    }
    lebm_generator_destroy(generator);
}
END_TEST

/* ---- the same bits ---- */

enum { ROWS = 131, LONGEST = 12, LATENT = 3 };

static const char *const specs[] = {"in 3; embedding 9; lstm 20; tokens 1500 12",
                                    "in 3; embedding 17; gru 17 2; tokens 40 12 tied"};

static void make_x(float x[ROWS][LONGEST], int64_t tokens)
{
    uint64_t seed = 17;
    for (int i = 0; i < ROWS; i++) {
        const int64_t length = test_integer(&seed, 0, LONGEST);
        for (int t = 0; t < LONGEST; t++)
            x[i][t] = t < length ? (float)test_integer(&seed, 0, tokens - 1) : LEBM_PADDING;
    }
}

START_TEST(a_row_depends_on_itself_alone) /* _i: the spec */
{
    lebm_generator *generator = make(specs[_i], 1);
    static float x[ROWS][LONGEST], z[ROWS][LATENT], score[ROWS][LATENT], out[ROWS];
    uint64_t seed = 5;
    make_x(x, lebm_generator_token_count(generator));
    for (int i = 0; i < ROWS; i++)
        for (int m = 0; m < LATENT; m++) z[i][m] = (float)test_normal(&seed);
    LEBM_ASSERT_OK(lebm_generator_log_likelihood(generator, z[0], x[0], ROWS, out));
    LEBM_ASSERT_OK(lebm_generator_score(generator, z[0], x[0], ROWS, score[0]));
    for (int i = 0; i < ROWS; i++) {
        float alone, score_alone[LATENT];
        LEBM_ASSERT_OK(lebm_generator_log_likelihood(generator, z[i], x[i], 1, &alone));
        LEBM_ASSERT_OK(lebm_generator_score(generator, z[i], x[i], 1, score_alone));
        LEBM_ASSERT_SAME_BITS(&alone, &out[i], 1);
        LEBM_ASSERT_SAME_BITS(score_alone, score[i], LATENT);
    }
    lebm_generator_destroy(generator);
}
END_TEST

struct world {
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_sampler *to_prior, *to_posterior;
    lebm_trainer *trainer;
};

static void make_world(struct world *w, const char *spec, int threads)
{
    LEBM_ASSERT_OK(lebm_model_create(&w->prior, &w->generator, "in 3; linear 8; gelu; linear 1", 1, spec,
                                     LEBM_CATEGORICAL, 0, LEBM_INIT_PYTORCH, 1));
    LEBM_ASSERT_OK(lebm_sampler_create(&w->to_prior, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_sampler_create(&w->to_posterior, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(w->to_prior, LEBM_SAMPLER_STEPS, 4));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(w->to_posterior, LEBM_SAMPLER_STEPS, 3));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(w->to_posterior, LEBM_SAMPLER_THREADS, threads));
    LEBM_ASSERT_OK(lebm_trainer_create(&w->trainer, w->prior, w->generator, w->to_prior, w->to_posterior));
    LEBM_ASSERT_OK(lebm_trainer_set_i64(w->trainer, LEBM_TRAINER_THREADS, threads));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(w->trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 0.01));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(w->trainer, LEBM_TRAINER_AVERAGE_DECAY, 0.9));
}

static void free_world(struct world *w)
{
    lebm_trainer_destroy(w->trainer);
    lebm_sampler_destroy(w->to_prior);
    lebm_sampler_destroy(w->to_posterior);
    lebm_generator_destroy(w->generator);
    lebm_prior_destroy(w->prior);
}

static void assert_same_generators(const lebm_generator *a, const lebm_generator *b)
{
    ck_assert_str_eq(lebm_generator_spec(a), lebm_generator_spec(b));
    for (int64_t i = 0; i < lebm_generator_param_count(a); i++) {
        const int64_t size = lebm_generator_param_size(a, i);
        float *of_a = test_floats(size), *of_b = test_floats(size);
        LEBM_ASSERT_OK(lebm_generator_get_param(a, i, of_a, size));
        LEBM_ASSERT_OK(lebm_generator_get_param(b, i, of_b, size));
        LEBM_ASSERT_SAME_BITS(of_a, of_b, size);
        free(of_a);
        free(of_b);
    }
}

START_TEST(threads_change_no_bit) /* _i: the spec */
{
    static const int threads[] = {1, 2, 3, 7};
    static float x[ROWS][LONGEST], z[4][ROWS][LATENT];
    struct world worlds[4];
    for (int i = 0; i < 4; i++) {
        struct world *w = &worlds[i];
        make_world(w, specs[_i], threads[i]);
        make_x(x, lebm_generator_token_count(w->generator));
        LEBM_ASSERT_OK(lebm_sampler_run_posterior(w->to_posterior, w->prior, w->generator, x[0], ROWS, z[i][0]));
        LEBM_ASSERT_SAME_BITS(z[i][0], z[0][0], ROWS * LATENT);
        for (int step = 0; step < 2; step++) LEBM_ASSERT_OK(lebm_trainer_step(w->trainer, x[0], ROWS));
        assert_same_generators(w->generator, worlds[0].generator);
    }
    for (int i = 0; i < 4; i++) free_world(&worlds[i]);
}
END_TEST

/* ---- files, metrics, averages ---- */

static char *make_words(int64_t count)
{
    char *words = test_alloc(count, 8), *end = words;
    for (int64_t i = 0; i < count; i++) end += sprintf(end, "w%lld\n", (long long)i);
    return words;
}

START_TEST(it_is_saved_and_goes_on) /* _i: the spec */
{
    static const char path[] = "tokens.safetensors", model_path[] = "tokens.model.safetensors";
    static float x[ROWS][LONGEST];
    struct world w, again;
    lebm_prior *prior;
    lebm_generator *generator;
    make_world(&w, specs[_i], 2);
    make_world(&again, specs[_i], 1);
    char *words = make_words(lebm_generator_token_count(w.generator));
    make_x(x, lebm_generator_token_count(w.generator));
    LEBM_ASSERT_OK(lebm_generator_set_vocabulary(w.generator, LEBM_WORDS, words));
    for (int i = 0; i < 2; i++) LEBM_ASSERT_OK(lebm_trainer_step(w.trainer, x[0], ROWS));
    LEBM_ASSERT_OK(lebm_trainer_save(w.trainer, path));

    LEBM_ASSERT_STATUS(lebm_trainer_load(again.trainer, path), LEBM_ERR_SHAPE);
    LEBM_ASSERT_ERROR_NAMES("its generator has a vocabulary, but the trainer's has none");
    LEBM_ASSERT_OK(lebm_generator_set_vocabulary(again.generator, LEBM_WORDS, words));
    LEBM_ASSERT_OK(lebm_trainer_load(again.trainer, path));
    for (int i = 0; i < 2; i++) {
        LEBM_ASSERT_OK(lebm_trainer_step(w.trainer, x[0], ROWS));
        LEBM_ASSERT_OK(lebm_trainer_step(again.trainer, x[0], ROWS));
    }
    assert_same_generators(w.generator, again.generator);

    strstr(words, "w35\n")[0] = 'v';
    LEBM_ASSERT_OK(lebm_generator_set_vocabulary(again.generator, LEBM_WORDS, words));
    LEBM_ASSERT_STATUS(lebm_trainer_load(again.trainer, path), LEBM_ERR_SHAPE);
    LEBM_ASSERT_ERROR_NAMES("word 35 of generator.vocabulary is 'w35', but the trainer's is 'v35'");

    LEBM_ASSERT_OK(lebm_model_save(model_path, w.prior, w.generator));
    LEBM_ASSERT_OK(lebm_model_load(model_path, &prior, &generator));
    assert_same_generators(w.generator, generator);
    ck_assert_str_eq(lebm_generator_vocabulary(generator), lebm_generator_vocabulary(w.generator));
    ck_assert_str_eq(lebm_generator_token_unit(generator), LEBM_WORDS);
    ck_assert_str_eq(lebm_generator_likelihood(generator), LEBM_CATEGORICAL);
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
    LEBM_ASSERT_OK(lebm_trainer_average(w.trainer, &prior, &generator));
    ck_assert_str_eq(lebm_generator_vocabulary(generator), lebm_generator_vocabulary(w.generator));
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
    free(words);
    free_world(&w);
    free_world(&again);
    unlink(path);
    unlink(model_path);
}
END_TEST

START_TEST(it_learns_and_tells_nats_per_token)
{
    enum { FEW = 40 };
    static float x[FEW][LONGEST];
    struct world w;
    double first = 0, nll = 0, log_likelihood, unused;
    int64_t steps = 0;
    make_world(&w, "in 3; embedding 8; gru 16; tokens 5 12", 2);
    for (int i = 0; i < FEW; i++) { /* 0 1 2 3 ... of one of four lengths */
        const int length = 3 * (1 + i % 4);
        steps += length < LONGEST ? length + 1 : LONGEST;
        for (int t = 0; t < LONGEST; t++) x[i][t] = t < length ? (float)(t % 5) : LEBM_PADDING;
    }
    for (int i = 0; i < 150; i++) {
        LEBM_ASSERT_OK(lebm_trainer_step(w.trainer, x[0], FEW));
        LEBM_ASSERT_OK(lebm_trainer_metric(w.trainer, LEBM_TRAINER_RECONSTRUCTION_NLL, &nll));
        if (i == 0) first = nll;
    }
    LEBM_ASSERT_OK(lebm_trainer_metric(w.trainer, LEBM_TRAINER_LOG_LIKELIHOOD, &log_likelihood));
    LEBM_ASSERT_NEAR(nll, -log_likelihood * FEW / (double)steps, 1e-12);
    LEBM_ASSERT_NEAR(first, log(6), 0.3);
    LEBM_ASSERT_MSG(nll < 0.25, "reconstruction_nll is %g after 150 steps", nll); /* the ends alone cost 0.17 */
    LEBM_ASSERT_STATUS(lebm_trainer_metric(w.trainer, LEBM_TRAINER_RECONSTRUCTION_MSE, &unused),
                       LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_ERROR_NAMES("reconstruction_nll");
    free_world(&w);
    lebm_prior *prior;
    lebm_generator *net;
    LEBM_ASSERT_OK(
        lebm_model_create(&prior, &net, "in 2; linear 1", 1, "in 2; linear 2", LEBM_GAUSSIAN, 1, LEBM_INIT_PYTORCH, 1));
    lebm_sampler *sampler;
    lebm_trainer *trainer;
    LEBM_ASSERT_OK(lebm_sampler_create(&sampler, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_trainer_create(&trainer, prior, net, sampler, sampler));
    LEBM_ASSERT_STATUS(lebm_trainer_metric(trainer, LEBM_TRAINER_RECONSTRUCTION_NLL, &unused), LEBM_ERR_UNKNOWN_OPTION);
    lebm_trainer_destroy(trainer);
    lebm_sampler_destroy(sampler);
    lebm_prior_destroy(prior);
    lebm_generator_destroy(net);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("tokens");
    TCase *what = tcase_create("what it is");
    tcase_add_test(what, specs_are_printed_as_they_read);
    tcase_add_test(what, wrong_specs_are_refused);
    tcase_add_test(what, it_tells_what_it_is);
    tcase_add_test(what, it_is_initialised_as_by_pytorch);
    tcase_add_test(what, only_a_net_is_of_pixels);
    tcase_add_test(what, x_is_checked_by_row_and_place);
    suite_add_tcase(suite, what);
    TCase *text = tcase_create("text");
    tcase_add_test(text, words_become_tokens_and_back);
    tcase_add_test(text, characters_become_tokens_and_back);
    tcase_add_test(text, wrong_vocabularies_are_refused);
    tcase_add_test(text, words_that_no_file_could_hold_are_refused);
    suite_add_tcase(suite, text);
    TCase *writing = tcase_create("writing");
    tcase_add_loop_test(writing, decoding_takes_the_most_probable_token, 0, 2);
    tcase_add_loop_test(writing, beams_find_the_most_probable_sequence, 0, 2);
    tcase_add_loop_test(writing, drawn_tokens_have_their_probabilities, 0, 4);
    tcase_add_test(writing, drawing_many_classes);
    tcase_add_test(writing, nan_gives_nan);
    tcase_add_test(writing, classes_may_be_left_out);
    tcase_add_test(writing, huge_scores_can_be_drawn);
    suite_add_tcase(suite, writing);
    TCase *life = tcase_create("life");
    tcase_add_loop_test(life, a_row_depends_on_itself_alone, 0, 2);
    tcase_add_loop_test(life, threads_change_no_bit, 0, 2);
    tcase_add_loop_test(life, it_is_saved_and_goes_on, 0, 2);
    tcase_add_test(life, it_learns_and_tells_nats_per_token);
    suite_add_tcase(suite, life);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
