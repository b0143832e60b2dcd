#include "core/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

static _Thread_local char last_error[LEBM__ERROR_SIZE];

/* Whatever the text quotes, it is one line of UTF-8 that no terminal takes for a command: what is cut off, never was a
 * character, or controls a terminal becomes '?'. */
static void status_make_presentable(char *text)
{
    for (int64_t left = (int64_t)strlen(text); left > 0;) {
        const int64_t length = lebm__utf8_length(text, left);
        if (length == 0) *text = '?';
        if (*text == '\n' || *text == '\r') *text = ' ';
        if ((unsigned char)*text < ' ' || *text == 0x7f) *text = '?';
        if (length == 2 && (unsigned char)text[0] == 0xc2 && (unsigned char)text[1] < 0xa0) text[0] = text[1] = '?';
        const int64_t step = length == 0 ? 1 : length;
        text += step;
        left -= step;
    }
}

int lebm__fail(int status, const char *format, ...)
{
    char text[LEBM__ERROR_SIZE]; /* an argument may be the last error itself */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    status_make_presentable(text);
    lebm__set_last_error(text);
    return status;
}

int lebm__check_range(const char *what, int64_t value, int64_t min, int64_t max)
{
    if (value >= min && value <= max) return LEBM_OK;
    return lebm__fail(LEBM_ERR_RANGE, "%s is %lld; allowed are %lld to %lld", what, (long long)value, (long long)min,
                      (long long)max);
}

void lebm__set_last_error(const char *text)
{
    snprintf(last_error, sizeof last_error, "%s", text);
}

const char *lebm_last_error(void)
{
    return last_error;
}

const char *lebm_status_name(int status)
{
#define NAME(value)                                                                                                    \
    case value:                                                                                                        \
        return #value
    switch (status) {
        NAME(LEBM_OK);
        NAME(LEBM_STOPPED);
        NAME(LEBM_ERR_INVALID);
        NAME(LEBM_ERR_NOMEM);
        NAME(LEBM_ERR_UNKNOWN_OPTION);
        NAME(LEBM_ERR_RANGE);
        NAME(LEBM_ERR_SHAPE);
        NAME(LEBM_ERR_STATE);
        NAME(LEBM_ERR_IO);
        NAME(LEBM_ERR_FORMAT);
        NAME(LEBM_ERR_VERSION);
        NAME(LEBM_ERR_DIVERGED);
        NAME(LEBM_ERR_UNSUPPORTED);
        NAME(LEBM_ERR_INTERNAL);
    default:
        return "LEBM_ERR_?";
    }
#undef NAME
}
