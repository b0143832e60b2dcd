/* Charts of lines as PNG files. */
#ifndef CHART_H
#define CHART_H

#include <stdint.h>

#include "errors.h"

/* Lines over evenly spaced x, one colour each, on axes that bear their bounds in figures. The axis of y fits the second half of
 * the lines, with room for half as much above and below; what begins beyond it runs along its edge.
 * @param y  [lines, points]   @param first, last  x of the first and the last point
 * Returns 0, or -1 with the reason in *why. */
int chart_write(const double *y, int64_t lines, int64_t points, double first, double last, const char *path,
                failure *why);

/* A curve of points in the unit square, which are joined. */
typedef struct chart_curve {
    const char *name; /* small letters, figures and -+.,()| */
    const double *x, *y;
    int64_t points;
} chart_curve;

/* Curves, one colour each, in a square from 0 to 1 both ways, with their names in their colours beside it, and those of the axes.
 * Returns 0, or -1 with the reason in *why. */
int chart_write_curves(const chart_curve *curves, int64_t count, const char *x_name, const char *y_name,
                       const char *path, failure *why);

#endif
