/* What the environment says to the library. It is read once, when the library is loaded: later a thread of the host might
 * be changing it. */
#ifndef LEBM_CORE_ENVIRONMENT_H
#define LEBM_CORE_ENVIRONMENT_H

#include <stdint.h>

enum { LEBM__MOST_THREADS = 1024 };

typedef struct {
    int64_t threads;  /* LEBM_NUM_THREADS, cut to the most there may be; 0 where it is unset, 0 or not understood */
    const char *isa;  /* LEBM_ISA; "" where it is unset or not understood */
    char report[256]; /* for each variable that is set, ", NAME=value" and what became of it */
} lebm__settings;

const lebm__settings *lebm__environment(void);

/* To be called by tests alone: read it again. */
void lebm__environment_read(void);

#endif
