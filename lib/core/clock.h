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

#endif
