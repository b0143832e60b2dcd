#include "core/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char last_error[LEBM__ERROR_SIZE];

int lebm__fail(int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(last_error, sizeof last_error, format, arguments);
    va_end(arguments);
    /* The text may quote what the caller gave; it stays one line all the same. */
    for (char *c = last_error; *c != '\0'; c++) {
        if (*c == '\n' || *c == '\r') *c = ' ';
    }
    return status;
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
