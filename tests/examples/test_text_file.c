#include "text_file.h"

#include "scratch_files.h"
#include "suite.h"

static void expect_line(const text_lines *t, int64_t index, const char *line, int64_t number)
{
    const int64_t length = t->ends[index] - t->starts[index];
    ck_assert_msg(length == (int64_t)strlen(line) && memcmp(t->bytes + t->starts[index], line, strlen(line)) == 0,
                  "line %d is '%.*s', not '%s'", (int)index, (int)length, t->bytes + t->starts[index], line);
    ck_assert_int_eq(t->numbers[index], number);
}

/* Reads a text of two sentences in lines 1 and 3, and removes the file. */
static void expect_two_lines(const char *path)
{
    text_lines t;
    failure why;
    ck_assert_msg(text_read(path, &t, &why) == 0, "%s", why.text);
    ck_assert_int_eq(t.count, 2);
    expect_line(&t, 0, "ein M\xc3\xa4rchen", 1);
    expect_line(&t, 1, " two  words", 3);
    ck_assert_int_eq(t.empty, 1);
    ck_assert_int_eq(t.first_empty, 2);
    text_free(&t);
    remove(path);
}

/* Reading must fail, leave no text, and say so in one line with path and reason. */
static void expect_failure(const char *path, const char *reason)
{
    text_lines t;
    failure why;
    ck_assert_msg(text_read(path, &t, &why) == -1, "read, but should have failed: %s", reason);
    ck_assert_ptr_null(t.bytes);
    ck_assert_ptr_null(t.starts);
    ck_assert_int_eq(t.count, 0);
    assert_contains(why.text, path);
    assert_contains(why.text, reason);
    ck_assert_ptr_null(strchr(why.text, '\n'));
    remove(path);
}

static void expect_failure_of(const char *bytes, size_t size, const char *reason)
{
    expect_failure(scratch_write("text", bytes, size), reason);
    expect_failure(scratch_write_gzip("text.gz", bytes, size), reason);
}
#define EXPECT_FAILURE_OF(bytes, reason) expect_failure_of(bytes, sizeof(bytes) - 1, reason)

START_TEST(text_is_read_plain_and_compressed)
{
    static const char *const forms[] = {
        "ein M\xc3\xa4rchen\n\n two  words\n", "ein M\xc3\xa4rchen\n \t\n two  words", /* no newline at the end */
        "ein M\xc3\xa4rchen\r\n\r\n two  words\r\n",                                   /* as on Windows */
        "\xef\xbb\xbf"
        "ein M\xc3\xa4rchen\r\n\n two  words\r\n", /* with a mark of the byte order */
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        expect_two_lines(scratch_write("text", forms[i], strlen(forms[i])));
        expect_two_lines(scratch_write_gzip("text.gz", forms[i], strlen(forms[i])));
    }
}
END_TEST

START_TEST(a_large_text_is_read_whole)
{
    enum { LINES = 100000, LINE = 9 };
    char *bytes = malloc(LINES * LINE + 1);
    text_lines t;
    failure why;
    for (int i = 0; i < LINES; i++) snprintf(bytes + i * LINE, LINE + 1, "%08d\n", i);
    const char *path = scratch_write_gzip("text.gz", bytes, LINES * LINE);
    ck_assert_msg(text_read(path, &t, &why) == 0, "%s", why.text);
    ck_assert_int_eq(t.count, LINES);
    expect_line(&t, 0, "00000000", 1);
    expect_line(&t, LINES - 1, "00099999", LINES);
    text_free(&t);
    free(bytes);
    remove(path);
}
END_TEST

START_TEST(what_is_no_utf8_is_refused_with_its_line)
{
    EXPECT_FAILURE_OF("a\nb \xff\n", "line 2: no UTF-8 (byte 0xff at place 3)");
    EXPECT_FAILURE_OF("\xc3\n", "line 1: no UTF-8 (byte 0xc3 at place 1)");       /* cut off by the line's end */
    EXPECT_FAILURE_OF("a\n\xe4\xbd", "line 2: no UTF-8");                         /* and by the file's */
    EXPECT_FAILURE_OF("\x80", "line 1: no UTF-8");                                /* no beginning */
    EXPECT_FAILURE_OF("\xc0\xaf", "line 1: no UTF-8");                            /* longer than need be */
    EXPECT_FAILURE_OF("\xe0\x9f\xbf", "line 1: no UTF-8");                        /* likewise */
    EXPECT_FAILURE_OF("\xed\xa0\x80", "line 1: no UTF-8");                        /* half a pair */
    EXPECT_FAILURE_OF("\xf4\x90\x80\x80", "line 1: no UTF-8");                    /* beyond the last character */
    EXPECT_FAILURE_OF("M\xe4rchen\n", "line 1: no UTF-8 (byte 0xe4 at place 2)"); /* Latin-1 */
    EXPECT_FAILURE_OF("a\n\nb\0c\n", "line 3: a zero byte, which is no text (place 2)");
}
END_TEST

START_TEST(characters_have_their_lengths)
{
    static const struct {
        const char *text;
        int length;
    } cases[] = {{"a", 1},
                 {"\xc2\x80", 2},
                 {"\xdf\xbf", 2},
                 {"\xe0\xa0\x80", 3},
                 {"\xed\x9f\xbf", 3},
                 {"\xee\x80\x80", 3},
                 {"\xef\xbf\xbf", 3},
                 {"\xf0\x90\x80\x80", 4},
                 {"\xf4\x8f\xbf\xbf", 4},
                 {"", 0},
                 {"\xf4\x8f\xbf", 0},
                 {"\xf5\x80\x80\x80", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(utf8_length(cases[i].text, cases[i].text + strlen(cases[i].text)) == cases[i].length, "case %zu",
                      i);
}
END_TEST

START_TEST(what_is_not_there_is_named)
{
    text_lines t;
    failure why;
    expect_failure(scratch_path("missing"), "No such file");
    expect_failure(scratch_write("text", "", 0), "there is no sentence in it");
    expect_failure(scratch_write("text", "\n \n\r\n", 5), "there is no sentence in it");
    ck_assert_int_eq(text_read("/", &t, &why), -1);
    assert_contains(why.text, "/");
}
END_TEST

START_TEST(damaged_gzip_is_refused)
{
    uint8_t bytes[512];
    const char *path = scratch_write_gzip("text.gz", "a sentence\nand another one\n", 27);
    FILE *file = fopen(path, "rb");
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    ck_assert_uint_gt(size, 20);
    for (size_t cut = 4; cut < size; cut++) expect_failure(scratch_write("text", bytes, cut), "");
    bytes[size - 6] ^= 1; /* of the checksum */
    expect_failure(scratch_write("text", bytes, size), "damaged gzip data");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        text_is_read_plain_and_compressed, a_large_text_is_read_whole, what_is_no_utf8_is_refused_with_its_line,
        characters_have_their_lengths,     what_is_not_there_is_named, damaged_gzip_is_refused,
    };
    return RUN_SUITE("text_file", tests);
}
