/* Numbers as text: exact, as short as exactness allows, strictly read, and the same in every locale. */
#include <fenv.h>
#include <float.h>
#include <locale.h>

#include "core/number.h"
#include "support/approx.h"

static int same_f64(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static int same_f32(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* Any finite double, all exponents being as likely; those near 1 every other time. */
static double random_f64(uint64_t *state)
{
    double value;
    do {
        const uint64_t bits = test_random(state);
        memcpy(&value, &bits, sizeof value);
    } while (!isfinite(value));
    return test_random(state) & 1 ? value : test_uniform(state, -10, 10);
}

static float random_f32(uint64_t *state)
{
    float value;
    do {
        const uint32_t bits = (uint32_t)(test_random(state) >> 32);
        memcpy(&value, &bits, sizeof value);
    } while (!isfinite(value));
    return value;
}

static int significant_digits(const char *text)
{
    int digits = 0;
    for (; *text != '\0' && *text != 'e'; text++)
        if (*text >= '0' && *text <= '9' && (digits > 0 || *text != '0')) digits++;
    return digits;
}

/* ---- format ---- */

static void assert_f64_returns(double value)
{
    char text[LEBM__NUMBER_SIZE];
    double back;
    lebm__format_f64(value, text);
    LEBM_ASSERT_MSG(lebm__parse_f64(text, &back), "%a was written as \"%s\", which does not read back", value, text);
    LEBM_ASSERT_MSG(same_f64(back, value), "%a was written as \"%s\", which reads back as %a", value, text, back);
}

static void assert_f32_returns(float value)
{
    char text[LEBM__NUMBER_SIZE];
    double back;
    lebm__format_f32(value, text);
    LEBM_ASSERT_MSG(same_f32(strtof(text, NULL), value), "%a was written as \"%s\", which reads back as %a",
                    (double)value, text, (double)strtof(text, NULL));
    LEBM_ASSERT_MSG(lebm__parse_f64(text, &back), "%a was written as \"%s\", which is no number", (double)value, text);
    LEBM_ASSERT_MSG(same_f32((float)back, value), "%a was written as \"%s\", which reads back by way of a double as %a",
                    (double)value, text, (double)(float)back);
}

START_TEST(doubles_return_to_the_bit)
{
    static const double special[] = {0,       -0.0,     1,       -1,           0.1,           1.0 / 3, 1e22,  1e23,
                                     DBL_MAX, -DBL_MAX, DBL_MIN, DBL_TRUE_MIN, -DBL_TRUE_MIN, 0x1p53,  0.998, 2e-5};
    uint64_t state = 1;
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) assert_f64_returns(special[i]);
    for (int i = 0; i < 20000; i++) assert_f64_returns(random_f64(&state));
}
END_TEST

START_TEST(floats_return_to_the_bit)
{
    static const float special[] = {0, -0.0f, 1, -1, 0.2f, 1.0f / 3, FLT_MAX, -FLT_MAX, FLT_MIN, FLT_TRUE_MIN, 0x1p24f};
    uint64_t state = 2;
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) assert_f32_returns(special[i]);
    for (int i = 0; i < 50000; i++) assert_f32_returns(random_f32(&state));
}
END_TEST

START_TEST(text_is_as_short_as_can_be)
{
    static const struct {
        double value;
        const char *text;
    } known[] = {{0, "0"},          {-0.0, "-0"},     {1, "1"},         {0.5, "0.5"},    {0.1, "0.1"},
                 {0.08, "0.08"},    {-2.5, "-2.5"},   {0.998, "0.998"}, {2e-5, "2e-05"}, {100, "1e+02"},
                 {1e300, "1e+300"}, {0.005, "0.005"}, {1e-12, "1e-12"}, {0.999, "0.999"}};
    char text[LEBM__NUMBER_SIZE], shorter[64];
    uint64_t state = 3;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        lebm__format_f64(known[i].value, text);
        ck_assert_str_eq(text, known[i].text);
    }
    lebm__format_f32(0.2f, text);
    ck_assert_str_eq(text, "0.2");
    for (int i = 0; i < 5000; i++) {
        const double value = random_f64(&state);
        lebm__format_f64(value, text);
        const int digits = significant_digits(text);
        if (digits < 2) continue;
        snprintf(shorter, sizeof shorter, "%.*e", digits - 2, value);
        LEBM_ASSERT_MSG(strtod(shorter, NULL) != value, "%a was written as \"%s\", but \"%s\" is the same number",
                        value, text, shorter);
    }
}
END_TEST

/* ---- parse ---- */

START_TEST(numbers_are_read)
{
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0},
                {"-0", -0.0},
                {"1", 1},
                {"+1", 1},
                {"-1.5", -1.5},
                {".5", 0.5},
                {"5.", 5},
                {"1e3", 1000},
                {"1E-3", 0.001},
                {"1e+3", 1000},
                {"00012", 12},
                {"1e308", 1e308},
                {"1e-320", 1e-320},
                {"1e-999", 0},
                {"0.1000000000000000055511151231257827", 0.1},
                {"1000000000000000000000000000000000000000000000000000000000000000000000", 1e69}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        double value = 7;
        LEBM_ASSERT_MSG(lebm__parse_f64(good[i].text, &value), "\"%s\" was not read", good[i].text);
        LEBM_ASSERT_MSG(same_f64(value, good[i].value), "\"%s\" was read as %a, not %a", good[i].text, value,
                        good[i].value);
    }
}
END_TEST

START_TEST(all_else_is_refused)
{
    static const char *const bad[] = {
        "",     " ",   " 1",       "1 ",    "1\n",    "\t1",   "1x",   "x1",  "nan",   "NAN", "-nan",     "inf",
        "-inf", "INF", "infinity", "1e999", "-1e999", "0x1p3", "0x10", "1,5", "1.5.2", "1e",  "e5",       ".",
        "-",    "+",   "--1",      "+-1",   "1-1",    "1e5.5", "1e+",  "1_0", "1d5",   "1f",  "\xc2\xb2", "1\xc2\xa0"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double value = 7;
        LEBM_ASSERT_MSG(!lebm__parse_f64(bad[i], &value), "\"%s\" was read as %g", bad[i], value);
        LEBM_ASSERT_MSG(same_f64(value, 7), "\"%s\" was refused but wrote %g", bad[i], value);
    }
}
END_TEST

START_TEST(integers_are_read)
{
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0},
                {"-0", 0},
                {"7", 7},
                {"-7", -7},
                {"007", 7},
                {"9007199254740993", 9007199254740993},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t value = 1;
        LEBM_ASSERT_MSG(lebm__parse_i64(good[i].text, &value), "\"%s\" was not read", good[i].text);
        LEBM_ASSERT_MSG(value == good[i].value, "\"%s\" was read as %lld", good[i].text, (long long)value);
    }
}
END_TEST

START_TEST(all_but_integers_is_refused)
{
    static const char *const bad[] = {"",
                                      " 1",
                                      "1 ",
                                      "+",
                                      "-",
                                      "--1",
                                      "- 1",
                                      "1.0",
                                      "1e3",
                                      "0x10",
                                      "1x",
                                      "x",
                                      "nan",
                                      "1\n",
                                      "\n1",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t value = 7;
        LEBM_ASSERT_MSG(!lebm__parse_i64(bad[i], &value), "\"%s\" was read as %lld", bad[i], (long long)value);
        LEBM_ASSERT_MSG(value == 7, "\"%s\" was refused but wrote %lld", bad[i], (long long)value);
    }
}
END_TEST

/* ---- locales ---- */

/* Locales with another decimal point; that of the last two has several bytes. */
static const char *const foreign[] = {"de_DE.UTF-8", "de_DE.utf8",  "de_DE",       "fr_FR.UTF-8", "nl_NL.UTF-8",
                                      "es_ES.UTF-8", "ru_RU.UTF-8", "fa_IR.UTF-8", "ps_AF.UTF-8"};

START_TEST(rounding_does_not_matter)
{
    static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        double value;
        char text[LEBM__NUMBER_SIZE];
        ck_assert_int_eq(fesetround(modes[i]), 0);
        const int is_read = lebm__parse_f64("0.3", &value);
        lebm__format_f64(0.3, text);
        const int after = fegetround();
        fesetround(FE_TONEAREST);
        ck_assert(is_read && same_f64(value, 0.3));
        ck_assert_str_eq(text, "0.3");
        ck_assert_int_eq(after, modes[i]); /* the host's own */
    }
}
END_TEST

START_TEST(locale_does_not_matter)
{
    enum { COUNT = 500 };
    static char before[COUNT][LEBM__NUMBER_SIZE];
    double values[COUNT], back;
    uint64_t state = 4;
    int found = 0;
    for (int i = 0; i < COUNT; i++) {
        values[i] = random_f64(&state);
        lebm__format_f64(values[i], before[i]);
    }
    for (size_t l = 0; l < sizeof foreign / sizeof *foreign; l++) {
        if (!setlocale(LC_ALL, foreign[l]) || strcmp(localeconv()->decimal_point, ".") == 0) continue;
        found = 1;
        for (int i = 0; i < COUNT; i++) {
            char text[LEBM__NUMBER_SIZE];
            lebm__format_f64(values[i], text);
            LEBM_ASSERT_MSG(strcmp(text, before[i]) == 0, "in %s \"%s\" was written as \"%s\"", foreign[l], before[i],
                            text);
            LEBM_ASSERT_MSG(lebm__parse_f64(text, &back) && same_f64(back, values[i]),
                            "in %s \"%s\" does not read back as %a", foreign[l], text, values[i]);
            lebm__format_f32((float)i / 7, text);
            LEBM_ASSERT_MSG(strspn(text, "0123456789.e+-") == strlen(text), "in %s %g was written as \"%s\"",
                            foreign[l], i / 7.0, text);
        }
        LEBM_ASSERT_MSG(!lebm__parse_f64("1,5", &back), "in %s \"1,5\" was read as %g", foreign[l], back);
    }
    setlocale(LC_ALL, "C");
    if (!found) printf("skipped: the system has no locale with another decimal point\n");
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("number");
    TCase *format = tcase_create("format");
    tcase_add_test(format, doubles_return_to_the_bit);
    tcase_add_test(format, floats_return_to_the_bit);
    tcase_add_test(format, text_is_as_short_as_can_be);
    suite_add_tcase(suite, format);

    TCase *parse = tcase_create("parse");
    tcase_add_test(parse, numbers_are_read);
    tcase_add_test(parse, all_else_is_refused);
    tcase_add_test(parse, integers_are_read);
    tcase_add_test(parse, all_but_integers_is_refused);
    suite_add_tcase(suite, parse);

    TCase *locales = tcase_create("locales");
    tcase_add_test(locales, locale_does_not_matter);
    tcase_add_test(locales, rounding_does_not_matter);
    suite_add_tcase(suite, locales);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
