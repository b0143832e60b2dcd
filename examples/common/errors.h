/* Errors: as one line of text on the way up, and as the end of the program at the top. */
#ifndef ERRORS_H
#define ERRORS_H

#include <stddef.h>

/* Why a function failed, in one line. */
typedef struct failure {
    char text[1024];
} failure;

/* Fills in the text; returns -1, so that a function can `return fail(why, ...)`. */
int fail(failure *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The name that the lines of die() and or_die() start with. */
void set_program_name(const char *name);

/* Prints one line on stderr. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the program with status 1 and one line on stderr. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the program likewise unless the library's status is LEBM_OK. */
void or_die(int status, const char *what);

/* Memory for count items; never NULL. */
void *allocate(size_t count, size_t size);

#endif
