#include "spec.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"

/* Whether the word at `at`, between blanks or ends, is this one letter. */
static bool is_letter(const char *spec, const char *at, char letter)
{
    return *at == letter && (at == spec || strchr(" \t\r\n;", at[-1]) != NULL) && strchr(" \t\r\n;", at[1]) != NULL;
}

/* A multiple of the width; one that is too large becomes the largest number, which no spec may have. */
static int64_t multiple(const char *times, int64_t width)
{
    const int64_t n = strtoll(times, NULL, 10);
    return n > INT64_MAX / width ? INT64_MAX : n * width;
}

char *spec_with_sizes(const char *spec, int64_t width, int64_t tokens, int64_t longest)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) die("out of memory");
    for (const char *at = spec; *at != '\0';) {
        const size_t digits = strspn(at, "0123456789");
        if (at[digits] == 'N') {
            fprintf(out, "%" PRId64, digits > 0 ? multiple(at, width) : width);
            at += digits + 1;
        } else if ((tokens > 0 && is_letter(spec, at, 'V')) || (longest > 0 && is_letter(spec, at, 'D'))) {
            fprintf(out, "%" PRId64, *at++ == 'V' ? tokens : longest);
        } else {
            fputc(*at++, out);
        }
    }
    fclose(out);
    return text;
}
