#include "manual.h"

#include <ctype.h>
#include <lebm.h>

/* What roff is given for a character that it would take for a command, or show as one beyond ASCII; NULL: itself. */
static const char *escape(char c)
{
    switch (c) {
    case '\\':
        return "\\e";
    case '-':
        return "\\-";
    case '\'':
        return "\\(aq";
    case '`':
        return "\\(ga";
    case '^':
        return "\\(ha";
    case '~':
        return "\\(ti";
    default:
        return NULL;
    }
}

/* Lines are filled, and begin without the blanks that indent them in --help; blank lines part paragraphs. */
static void print_text(FILE *out, const char *text)
{
    bool begins = true; /* a line */
    for (const char *c = text; *c != '\0'; c++) {
        const char *instead = escape(*c);
        if (begins && *c == ' ') continue;
        if (begins && *c == '.') fputs("\\&", out); /* no command */
        if (c[0] == '\n' && c[1] == '\n')
            fputs("\n.PP", out);
        else if (instead != NULL)
            fputs(instead, out);
        else
            fputc(*c, out);
        begins = *c == '\n';
    }
}

static void print_option(FILE *out, const char *name, const char *operand, const char *help, const char *standard)
{
    fputs(".TP\n\\fB\\-\\-", out);
    print_text(out, name);
    fputs("\\fR", out);
    if (*operand != '\0') fprintf(out, " \\fI%s\\fR", operand);
    fputc('\n', out);
    print_text(out, help);
    if (standard != NULL) {
        fputs(" (default: ", out);
        print_text(out, standard);
        fputc(')', out);
    }
    fputc('\n', out);
}

void manual_print(FILE *out, const char *program, const char *takes, const char *summary, const char *notes,
                  const argument *table, size_t count)
{
    fputs(".TH ", out);
    for (const char *c = program; *c != '\0'; c++) fputc(toupper((unsigned char)*c), out);
    fprintf(out, " 1 \"\" \"liblatentebm %s\"\n.SH NAME\n%s \\- ", lebm_version(), program);
    for (const char *c = summary; *c != '\0'; c++) fputc(*c == '\n' ? ' ' : *c, out); /* one line */
    fprintf(out, "\n.SH SYNOPSIS\n\\fB%s\\fR ", program);
    print_text(out, takes);
    fputs("\n.SH OPTIONS\n", out);
    for (size_t i = 0; i < count; i++) {
        char number[ARGUMENT_DIGITS];
        const argument *a = &table[i];
        if (a->name != NULL) print_option(out, a->name, a->operand, a->help, argument_default(a, number));
    }
    print_option(out, "help", "", "print all this in short", NULL);
    print_option(out, "version", "", "print the version", NULL);
    print_option(out, "manual", "", "print this page, for man -l -", NULL);
    if (*notes != '\0') {
        fputs(".SH NOTES\n", out);
        print_text(out, notes);
        fputc('\n', out);
    }
}
