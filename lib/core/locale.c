#define _GNU_SOURCE /* uselocale() */
#include "core/locale.h"

#include <pthread.h>
#include <string.h>

#include "core/arithmetic.h"

static locale_t c_locale;

static void locale_make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

locale_t lebm__enter_c_locale(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, locale_make_c_locale);
    return uselocale(c_locale);
}

const char *lebm__error_text(int error)
{
    const locale_t before = lebm__enter_c_locale();
    const char *text = strerror(error);
    uselocale(before);
    return text;
}
