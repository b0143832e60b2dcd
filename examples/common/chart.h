/* Charts of lines as PNG files. */
#ifndef CHART_H
#define CHART_H

#include <stdint.h>

#include "errors.h"

/* Lines over x = 0, step, 2 step, ..., one colour each, on axes that bear their bounds in figures.
 * @param y  [lines, points]   @param step  from one point to the next
 * Returns 0, or -1 with the reason in *why. */
int chart_write(const double *y, int64_t lines, int64_t points, double step, const char *path, failure *why);

#endif
