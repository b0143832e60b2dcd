/* Failing with a status and a text. */
#ifndef LEBM_CORE_STATUS_H
#define LEBM_CORE_STATUS_H

#include <stdint.h>

#include "core/arithmetic.h"
#include "lebm/status.h"

/* Set the calling thread's error text, cut to one line of LEBM__ERROR_SIZE - 1 bytes, and return `status`. */
int lebm__fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* LEBM_ERR_RANGE unless `value`, the caller's `what`, is from `min` to `max`. */
int lebm__check_range(const char *what, int64_t value, int64_t min, int64_t max);

/* Set the text as it is: to bring a worker's error to the thread that made the call. */
void lebm__set_last_error(const char *text);

enum { LEBM__ERROR_SIZE = 512 };

/* Return from the calling function with the status of `call` unless it is LEBM_OK. */
#define LEBM__TRY(call)                                                                                                \
    do {                                                                                                               \
        const int status_ = (call);                                                                                    \
        if (status_ != LEBM_OK) return status_;                                                                        \
    } while (0)

/* Return LEBM_ERR_INVALID from a public function if an argument that must not be NULL is. */
#define LEBM__REQUIRE(argument)                                                                                        \
    do {                                                                                                               \
        if ((argument) == NULL) return lebm__fail(LEBM_ERR_INVALID, "%s: %s is NULL", __func__, #argument);            \
    } while (0)

#endif
