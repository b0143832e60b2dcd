/* Numbers as text: what is read is printed so that it reads back, and what is printed reads back; whole numbers are
 * read as plain arithmetic says. */
#include <math.h>
#include <string.h>

#include "core/number.h"
#include "fuzz.h"

enum { MOST_TEXT = 64 };

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits of the text from *at on, which moves behind them. */
static int skip_digits(const char **at)
{
    int count = 0;
    for (; is_digit(**at); (*at)++) count++;
    return count;
}

/* Whether the text is a decimal number, of whatever size. */
static int is_decimal(const char *text)
{
    text += *text == '-' || *text == '+';
    int digits = skip_digits(&text);
    if (*text == '.') {
        text++;
        digits += skip_digits(&text);
    }
    if (digits > 0 && (*text == 'e' || *text == 'E')) {
        text++;
        text += *text == '-' || *text == '+';
        digits = skip_digits(&text);
    }
    return digits > 0 && *text == '\0';
}

/* The whole number that the text is; 0 if it is none or out of range. */
static int read_whole(const char *text, int64_t *value)
{
    const int negative = *text == '-';
    const uint64_t most = (uint64_t)INT64_MAX + (uint64_t)negative;
    uint64_t sum = 0;
    text += negative || *text == '+';
    if (!is_digit(*text)) return 0;
    for (; is_digit(*text); text++) {
        const uint64_t digit = (uint64_t)(*text - '0');
        if (sum > (most - digit) / 10) return 0;
        sum = 10 * sum + digit;
    }
    *value = (int64_t)(negative ? -sum : sum);
    return *text == '\0';
}

static void check_f64(double value)
{
    char text[LEBM__NUMBER_SIZE];
    double back = 0;
    lebm__format_f64(value, text);
    FUZZ_ASSERT(strlen(text) < LEBM__NUMBER_SIZE, "%s", text);
    FUZZ_ASSERT(lebm__parse_f64(text, &back) == isfinite(value), "%.17g is printed as '%s'", value, text);
    FUZZ_ASSERT(!isfinite(value) || memcmp(&back, &value, sizeof value) == 0, "%.17g is printed as '%s', read as %.17g",
                value, text, back);
}

static void check_f32(float value)
{
    char text[LEBM__NUMBER_SIZE];
    double back = 0;
    lebm__format_f32(value, text);
    FUZZ_ASSERT(lebm__parse_f64(text, &back) == isfinite(value), "%.9g is printed as '%s'", (double)value, text);
    FUZZ_ASSERT(!isfinite(value) || (float)back == value, "%.9g is printed as '%s'", (double)value, text);
}

static void check_text(const char *text)
{
    double number = -12345;
    int64_t whole = -12345, expected = -12345;
    const int is_number = lebm__parse_f64(text, &number), is_whole = lebm__parse_i64(text, &whole);
    FUZZ_ASSERT(is_number ? isfinite(number) : number == -12345, "'%s' gives %g", text, number);
    FUZZ_ASSERT(is_number == (is_decimal(text) && isfinite(strtod(text, NULL))), "'%s' is%s read as a number", text,
                is_number ? "" : " not");
    FUZZ_ASSERT(!is_number || number == strtod(text, NULL), "'%s' is read as %.17g", text, number);
    if (is_number) check_f64(number);
    FUZZ_ASSERT(is_whole == read_whole(text, &expected), "'%s' is%s read as a whole number", text,
                is_whole ? "" : " not");
    FUZZ_ASSERT(!is_whole || whole == expected, "'%s' is read as %lld", text, (long long)whole);
    FUZZ_ASSERT(is_whole || whole == -12345, "'%s' is refused, but gives %lld", text, (long long)whole);
    FUZZ_ASSERT(!is_whole || is_number, "'%s' is a whole number, but no number", text);
}

/* The bytes are a text, and so many of them as there are bits of a number. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[MOST_TEXT + 1];
    double wide = 0;
    float narrow = 0;
    if (size > MOST_TEXT) return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    memcpy(&wide, data, size < sizeof wide ? size : sizeof wide);
    memcpy(&narrow, data, size < sizeof narrow ? size : sizeof narrow);
    check_text(text);
    check_f64(wide);
    check_f32(narrow);
    return 0;
}
