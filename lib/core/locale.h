/* The locale "C" for the calling thread alone, whatever the host sets for its process. */
#ifndef LEBM_CORE_LOCALE_H
#define LEBM_CORE_LOCALE_H

#include <locale.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif

/* Let the calling thread use it: numbers have a point. Returns the locale to go back to with uselocale(). */
locale_t lebm__enter_c_locale(void);

/* As strerror(), which in other locales looks for translations where the environment says, and so would race a host
 * that changes it. */
const char *lebm__error_text(int error);

#endif
