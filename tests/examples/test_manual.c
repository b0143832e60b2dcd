#include "manual.h"

#include "suite.h"

/* The page of a program with these rows and notes; free it. */
static char *page(const argument *table, size_t count, const char *notes)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    manual_print(out, "program", "[options]", "Draws something\nof a file.", notes, table, count);
    fclose(out);
    return text;
}

START_TEST(it_has_what_help_has)
{
    const argument table[] = {
        {.name = NULL},
        FLAG("go-on", "go on"),
        I64("count", "N", 7, 1, 100, "how many"),
        F64("rate", "R", .5, 0, 2, "how fast"),
        TEXT("out", "DIR", "the-folder", "where"),
        TEXT("data", "FILE", NULL, "of what"),
    };
    char *text = page(table, sizeof table / sizeof *table, "See above.");
    assert_contains(text, ".TH PROGRAM 1 \"\" \"liblatentebm ");
    assert_contains(text, "program \\- Draws something of a file.\n");
    assert_contains(text, ".SH SYNOPSIS\n\\fBprogram\\fR [options]\n");
    assert_contains(text, ".SH OPTIONS\n.TP\n\\fB\\-\\-go\\-on\\fR\ngo on\n.TP\n");
    assert_contains(text, ".TP\n\\fB\\-\\-count\\fR \\fIN\\fR\nhow many (default: 7)\n.TP\n");
    assert_contains(text, "how fast (default: 0.5)\n");
    assert_contains(text, "where (default: the\\-folder)\n");
    assert_contains(text, "\nof what\n.TP\n\\fB\\-\\-help\\fR\n");
    assert_contains(text, "\n.SH NOTES\nSee above.\n");
    free(text);
}
END_TEST

START_TEST(no_text_is_a_command)
{
    const argument table[] = {TEXT("out", "DIR", NULL, ".first\n   .second\n\n'third' z^2~\\n `")};
    char *text = page(table, 1, "");
    assert_contains(text, "\n\\&.first\n\\&.second\n.PP\n\\(aqthird\\(aq z\\(ha2\\(ti\\en \\(ga\n.TP\n");
    ck_assert_ptr_null(strstr(text, "NOTES"));
    free(text);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {it_has_what_help_has, no_text_is_a_command};
    return RUN_SUITE("manual", tests);
}
