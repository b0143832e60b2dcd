#include "arguments.h"

#include "suite.h"

enum { RESUME, COUNT, RATE, OUT, ROWS };

static argument table[ROWS];
static failure why;

static arguments_result parse(int count, char *const *words)
{
    const argument fresh[ROWS] = {
        [RESUME] = FLAG("resume", "go on"),
        [COUNT] = I64("count", "N", 7, 1, 100, "how many"),
        [RATE] = F64("rate", "R", .5, 0, 2, "how fast"),
        [OUT] = TEXT("out", "DIR", "here", "where"),
    };
    memcpy(table, fresh, sizeof table);
    why.text[0] = '\0';
    return arguments_parse(table, ROWS, count, words, &why);
}

#define PARSE(...)                                                                                                     \
    parse((int)(sizeof((char *[]){"program", __VA_ARGS__}) / sizeof(char *)), (char *[]){"program", __VA_ARGS__})

START_TEST(defaults_stay_without_a_command_line)
{
    ck_assert_int_eq(parse(1, (char *[]){"program"}), ARGUMENTS_READ);
    ck_assert_int_eq(table[COUNT].value.i64, 7);
    ck_assert_double_eq(table[RATE].value.f64, .5);
    ck_assert_str_eq(table[OUT].value.text, "here");
    for (int i = 0; i < ROWS; i++) ck_assert(!table[i].given);
}
END_TEST

START_TEST(both_ways_of_writing_a_value_are_read)
{
    ck_assert_int_eq(PARSE("--count", "100", "--rate=1e-3", "--out=a=b", "--resume"), ARGUMENTS_READ);
    ck_assert_int_eq(table[COUNT].value.i64, 100);
    ck_assert_double_eq(table[RATE].value.f64, 1e-3);
    ck_assert_str_eq(table[OUT].value.text, "a=b");
    for (int i = 0; i < ROWS; i++) ck_assert(table[i].given);
}
END_TEST

START_TEST(the_last_of_two_counts)
{
    ck_assert_int_eq(PARSE("--count", "1", "--count", "2"), ARGUMENTS_READ);
    ck_assert_int_eq(table[COUNT].value.i64, 2);
}
END_TEST

START_TEST(help_and_version_end_the_reading)
{
    ck_assert_int_eq(PARSE("--count", "3", "--help", "--nonsense"), ARGUMENTS_HELP);
    ck_assert_int_eq(PARSE("--version"), ARGUMENTS_VERSION);
    ck_assert_int_eq(PARSE("--manual"), ARGUMENTS_MANUAL);
}
END_TEST

START_TEST(what_is_not_an_option_is_refused)
{
    ck_assert_int_eq(PARSE("--nonsense", "1"), ARGUMENTS_WRONG);
    assert_contains(why.text, "--nonsense");
    ck_assert_int_eq(PARSE("--coun=3"), ARGUMENTS_WRONG);
    ck_assert_int_eq(PARSE("--counts=3"), ARGUMENTS_WRONG);
    ck_assert_int_eq(PARSE("-count", "3"), ARGUMENTS_WRONG);
    ck_assert_int_eq(PARSE("--"), ARGUMENTS_WRONG);
    ck_assert_int_eq(PARSE("-"), ARGUMENTS_WRONG);
    ck_assert_int_eq(PARSE("--="), ARGUMENTS_WRONG);
    ck_assert_int_eq(PARSE(""), ARGUMENTS_WRONG);
    ck_assert_int_eq(PARSE("stray"), ARGUMENTS_WRONG);
    assert_contains(why.text, "stray");
}
END_TEST

START_TEST(values_are_neither_missing_nor_too_many)
{
    ck_assert_int_eq(PARSE("--count"), ARGUMENTS_WRONG);
    assert_contains(why.text, "--count needs a value: a whole number from 1 to 100");
    ck_assert_int_eq(PARSE("--out", "--resume"), ARGUMENTS_WRONG);
    assert_contains(why.text, "--out");
    ck_assert_int_eq(PARSE("--out="), ARGUMENTS_WRONG);
    ck_assert_int_eq(PARSE("--resume=yes"), ARGUMENTS_WRONG);
    assert_contains(why.text, "yes");
}
END_TEST

START_TEST(numbers_are_numbers_within_their_bounds)
{
    static char *const whole[] = {"",   "x", "3x", " 3", "3 ", "3.5", "1e1", "0", "-1", "101", "99999999999999999999",
                                  "nan"};
    static char *const real[] = {"", "x", "1x", " 1", "1,5", "nan", "NAN", "inf", "-inf", "1e999", "-1e-9", "2.0001"};
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        ck_assert_msg(PARSE("--count", whole[i]) == ARGUMENTS_WRONG, "--count '%s' was accepted", whole[i]);
        assert_contains(why.text, "a whole number from 1 to 100");
    }
    for (size_t i = 0; i < sizeof real / sizeof *real; i++) {
        ck_assert_msg(PARSE("--rate", real[i]) == ARGUMENTS_WRONG, "--rate '%s' was accepted", real[i]);
        assert_contains(why.text, "a number from 0 to 2");
    }
    ck_assert_int_eq(PARSE("--count", "1", "--rate", "0"), ARGUMENTS_READ);
    ck_assert_int_eq(PARSE("--count", "100", "--rate", "2"), ARGUMENTS_READ);
}
END_TEST

START_TEST(help_names_every_option_and_default)
{
    char *text;
    size_t size;
    parse(1, (char *[]){"program"});
    FILE *out = open_memstream(&text, &size);
    arguments_print_help(out, table, ROWS);
    fclose(out);
    assert_contains(text, "--resume ");
    assert_contains(text, "--count N");
    assert_contains(text, "how many (default: 7)");
    assert_contains(text, "how fast (default: 0.5)");
    assert_contains(text, "(default: here)");
    assert_contains(text, "--help");
    free(text);
}
END_TEST

START_TEST(a_row_without_a_name_is_no_option)
{
    argument rows[] = {{.name = NULL}, I64("count", "N", 7, 1, 100, "how many")};
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    arguments_print_help(out, rows, 2);
    fclose(out);
    ck_assert_int_eq(strncmp(text, "  --count N  how many", 21), 0);
    free(text);
    ck_assert_int_eq(arguments_parse(rows, 2, 3, (char *[]){"program", "--count", "9"}, &why), ARGUMENTS_READ);
    ck_assert_int_eq(rows[1].value.i64, 9);
    ck_assert_int_eq(arguments_parse(rows, 2, 2, (char *[]){"program", "--="}, &why), ARGUMENTS_WRONG);
    assert_contains(why.text, "unknown option --");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        defaults_stay_without_a_command_line,
        both_ways_of_writing_a_value_are_read,
        the_last_of_two_counts,
        help_and_version_end_the_reading,
        what_is_not_an_option_is_refused,
        values_are_neither_missing_nor_too_many,
        numbers_are_numbers_within_their_bounds,
        help_names_every_option_and_default,
        a_row_without_a_name_is_no_option,
    };
    return RUN_SUITE("arguments", tests);
}
