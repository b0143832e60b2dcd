/* The library's diagnostics against what ArviZ computed of the draws in diagnostics.txt, which diagnostics.py wrote. */
#include "lebm.h"
#include "ref/agreement.h"

enum { MOST_WORDS = 20000, MOST_RESULTS = 64 };

/* The file's words, and which is read next. */
static char *words[MOST_WORDS];
static int word_count, at;

static void read_words(void)
{
    static char text[1 << 17];
    FILE *file = fopen(GOLDEN_DIR "/diagnostics.txt", "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(fgets(text, sizeof text, file)); /* the comment */
    const size_t size = fread(text, 1, sizeof text - 1, file);
    ck_assert_int_ne(feof(file), 0);
    fclose(file);
    text[size] = '\0';
    for (char *word = strtok(text, " \n"); word; word = strtok(NULL, " \n")) {
        ck_assert_int_lt(word_count, MOST_WORDS);
        words[word_count++] = word;
    }
}

static double next_number(void)
{
    char *end;
    ck_assert_int_lt(at, word_count);
    const double number = strtod(words[at], &end);
    LEBM_ASSERT_MSG(*end == '\0', "%s is no number", words[at]);
    at++;
    return number;
}

static int next_is(const char *word)
{
    const int is_so = at < word_count && strcmp(words[at], word) == 0;
    at += is_so;
    return is_so;
}

/* What the library computes, by the names that the file has for it. */
typedef struct {
    const char *name;
    double value;
} result;

static int measure(const double *draws, int64_t chains, int64_t length, int64_t superchains, result *results)
{
    static const char *const quantile_names[2][2] = {{"quantile_0.1", "mcse_quantile_0.1"},
                                                     {"quantile_0.5", "mcse_quantile_0.5"}};
    double rhat, bulk, tail, mean, mean_error, tau, sd, sd_error, raw, ranked;
    int count = 0;
    LEBM_ASSERT_OK(lebm_diagnostics_convergence(draws, chains, length, 1, NULL, 1, &rhat, &bulk, &tail));
    LEBM_ASSERT_OK(lebm_diagnostics_mean(draws, chains, length, 1, NULL, 1, &mean, &mean_error, &tau));
    LEBM_ASSERT_OK(lebm_diagnostics_sd(draws, chains, length, 1, NULL, 1, &sd, &sd_error));
    const double halved = (double)(2 * (length / 2) * chains);
    const result of_call[] = {{"rhat", rhat}, {"ess_bulk", bulk},        {"ess_tail", tail},
                              {"mean", mean}, {"mcse_mean", mean_error}, {"ess_mean", halved / tau},
                              {"sd", sd},     {"mcse_sd", sd_error}};
    for (size_t i = 0; i < sizeof of_call / sizeof *of_call; i++) results[count++] = of_call[i];
    for (int i = 0; i < 2; i++) {
        double quantile, error;
        LEBM_ASSERT_OK(
            lebm_diagnostics_quantile(draws, chains, length, 1, NULL, i == 0 ? 0.1 : 0.5, 1, &quantile, &error));
        results[count++] = (result){quantile_names[i][0], quantile};
        results[count++] = (result){quantile_names[i][1], error};
    }
    if (superchains > 0) {
        LEBM_ASSERT_OK(lebm_diagnostics_nested_rhat(draws, chains, length, 1, NULL, superchains, 1, &raw, &ranked));
        results[count++] = (result){"nested_raw", raw};
        results[count++] = (result){"nested_ranked", ranked};
    }
    return count;
}

START_TEST(they_are_those_of_arviz)
{
    struct agreement agreement = {.what = "diagnostics, from ArviZ's", .tolerance = 1e-8};
    read_words();
    while (next_is("chains")) {
        const char *name = words[at++];
        const int64_t chains = (int64_t)next_number(), length = (int64_t)next_number();
        const int64_t superchains = (int64_t)next_number();
        double *draws = test_doubles(chains * length), *e_bfmi = test_doubles(chains);
        result results[MOST_RESULTS];
        for (int64_t i = 0; i < chains * length; i++) draws[i] = next_number();
        const int count = measure(draws, chains, length, superchains, results);
        for (int i = 0; i < count; i++) {
            char where[AGREEMENT_WHERE];
            snprintf(where, sizeof where, "%s of chains %s", results[i].name, name);
            LEBM_ASSERT_MSG(next_is(results[i].name), "the file has '%s' where %s should be", words[at], where);
            const double expected = next_number();
            agree_on(&agreement, results[i].value, expected, fabs(expected), where);
        }
        ck_assert(next_is("e_bfmi"));
        LEBM_ASSERT_OK(lebm_diagnostics_e_bfmi(draws, chains, length, NULL, 1, e_bfmi));
        for (int64_t i = 0; i < chains; i++) {
            const double expected = next_number();
            agree_on(&agreement, e_bfmi[i], expected, expected, name);
        }
        agreement.cases++;
        free(draws);
        free(e_bfmi);
    }
    ck_assert_int_eq(at, word_count);
    agreement_print(&agreement);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("diagnostics");
    TCase *tests = tcase_create("ArviZ");
    tcase_add_test(tests, they_are_those_of_arviz);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
