#include "spec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"

char *spec_with_width(const char *spec, int64_t width)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) die("out of memory");
    while (*spec != '\0') {
        const size_t digits = strspn(spec, "0123456789");
        if (spec[digits] == 'N') {
            fprintf(out, "%" PRId64, (digits > 0 ? atoi(spec) : 1) * width);
            spec += digits + 1;
        } else {
            fputc(*spec++, out);
        }
    }
    fclose(out);
    return text;
}
