#include "spec.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"

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

/* What the letter at `at` stands for; 0: it stays. */
static int64_t size_at(const char *spec, const char *at, const spec_sizes *sizes)
{
    const struct {
        char letter;
        int64_t size;
    } letters[] = {{'M', sizes->latent},
                   {'C', sizes->channels},
                   {'P', sizes->pixels},
                   {'V', sizes->tokens},
                   {'D', sizes->longest}};
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (is_letter(spec, at, letters[i].letter)) return letters[i].size;
    return 0;
}

char *spec_with_sizes(const char *spec, const spec_sizes *sizes)
{
    char *text;
    size_t size;
    FILE *out = open_text(&text, &size);
    for (const char *at = spec; *at != '\0';) {
        const size_t digits = strspn(at, "0123456789");
        const int64_t size_here = size_at(spec, at, sizes);
        if (at[digits] == 'N') {
            fprintf(out, "%" PRId64, digits > 0 ? multiple(at, sizes->width) : sizes->width);
            at += digits + 1;
        } else if (size_here > 0) {
            fprintf(out, "%" PRId64, size_here);
            at++;
        } else {
            fputc(*at++, out);
        }
    }
    fclose(out);
    return text;
}
