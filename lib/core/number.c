#include "core/number.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The text that `locale` puts between the whole part and the fraction may be no point, so it is exchanged: newlocale()
 * would do as well but may fail for lack of memory. */
static void exchange(char *text, char from, char to)
{
    for (; *text != '\0'; text++) {
        if (*text == from) *text = to;
    }
}

static char decimal_point(void)
{
    return localeconv()->decimal_point[0];
}

void lebm__format_f64(double value, char *text)
{
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, LEBM__NUMBER_SIZE, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    exchange(text, decimal_point(), '.');
}

void lebm__format_f32(float value, char *text)
{
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(text, LEBM__NUMBER_SIZE, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value) break;
    }
    exchange(text, decimal_point(), '.');
}

int lebm__parse_f64(const char *text, double *value)
{
    /* Only what a plain number is made of: no white space, "inf", "nan" or hexadecimals. */
    char copy[64];
    int length = 0;
    for (; text[length] != '\0'; length++) {
        const char c = text[length];
        if (length == (int)sizeof copy - 1) return 0;
        if (!((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E')) return 0;
        copy[length] = c;
    }
    copy[length] = '\0';
    exchange(copy, '.', decimal_point());
    char *end;
    const double number = strtod(copy, &end);
    if (length == 0 || *end != '\0' || !isfinite(number)) return 0;
    *value = number;
    return 1;
}

int lebm__parse_i64(const char *text, int64_t *value)
{
    if (!((text[0] >= '0' && text[0] <= '9') || (text[0] == '-' && text[1] >= '0' && text[1] <= '9'))) return 0;
    char *end;
    errno = 0;
    const long long number = strtoll(text, &end, 10);
    if (*end != '\0' || errno != 0) return 0;
    *value = number;
    return 1;
}
