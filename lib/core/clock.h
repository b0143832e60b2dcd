/* Time, for how long things take. */
#ifndef LEBM_CORE_CLOCK_H
#define LEBM_CORE_CLOCK_H

#include <time.h>

static inline double lebm__seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Whether it is time to report again how far a call has come, after `last`, which is then now. */
static inline int lebm__is_due(double *last)
{
    enum { PER_SECOND = 20 };
    const double now = lebm__seconds();
    if (now - *last < 1.0 / PER_SECOND) return 0;
    *last = now;
    return 1;
}

#endif
