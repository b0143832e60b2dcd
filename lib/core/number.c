#define _GNU_SOURCE /* uselocale() */
#include "core/number.h"

#include <errno.h>
#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/locale.h"

/* What numbers are written and read in, whatever the host has set: a point, and rounding to nearest. */
typedef struct {
    locale_t locale;
    int rounding;
} setting;

static setting number_enter(void)
{
    const setting before = {lebm__enter_c_locale(), fegetround()};
    fesetround(FE_TONEAREST);
    return before;
}

static void number_leave(setting before)
{
    fesetround(before.rounding);
    uselocale(before.locale);
}

void lebm__format_f64(double value, char *text)
{
    const setting before = number_enter();
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, LEBM__NUMBER_SIZE, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    number_leave(before);
}

void lebm__format_f32(float value, char *text)
{
    const setting before = number_enter();
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(text, LEBM__NUMBER_SIZE, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value) break;
    }
    number_leave(before);
}

/* Whether the text has only what a plain number is made of: no white space, "inf", "nan" or hexadecimals. */
static int number_is_plain(const char *text)
{
    for (; *text != '\0'; text++) {
        const int digit = *text >= '0' && *text <= '9';
        if (!digit && *text != '+' && *text != '-' && *text != '.' && *text != 'e' && *text != 'E') return 0;
    }
    return 1;
}

int lebm__parse_f64(const char *text, double *value)
{
    if (text[0] == '\0' || !number_is_plain(text)) return 0;
    const setting before = number_enter();
    char *end;
    const double number = strtod(text, &end);
    number_leave(before);
    if (*end != '\0' || !isfinite(number)) return 0;
    *value = number;
    return 1;
}

int lebm__parse_i64(const char *text, int64_t *value)
{
    const char *digits = text + (text[0] == '-' || text[0] == '+');
    if (!(digits[0] >= '0' && digits[0] <= '9')) return 0;
    char *end;
    errno = 0;
    const long long number = strtoll(text, &end, 10);
    if (*end != '\0' || errno != 0) return 0;
    *value = number;
    return 1;
}
