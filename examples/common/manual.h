/* Manual pages, from what --help is made of. */
#ifndef MANUAL_H
#define MANUAL_H

#include <stddef.h>
#include <stdio.h>

#include "arguments.h"

/* Prints the page of a program in section 1, in roff's man macros; without a date, so that it changes only with the
 * program. `takes` is what follows the program's name in a command. */
void manual_print(FILE *out, const char *program, const char *takes, const char *summary, const char *notes,
                  const argument *table, size_t count);

#endif
