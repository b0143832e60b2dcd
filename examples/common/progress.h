/* Progress on stderr: a bar that is drawn again and again on a terminal, a plain line now and then in a log. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct progress {
    bool terminal;
    double shown_at; /* when the last bar or line was shown */
} progress;

typedef struct progress_state {
    double done; /* fraction of all the work */
    int64_t epoch, epochs;
    const char *error_name; /* "mse" */
    double error, f_positive, f_negative;
    double images_per_second, seconds_left;
} progress_state;

void progress_start(progress *p);

/* Shows the state, unless something was shown a moment ago. */
void progress_show(progress *p, const progress_state *state);

/* The same of work that is no training: a bar and a line of text. */
void progress_show_text(progress *p, double done, const char *text);

/* Makes room for other lines: the bar goes away until it is shown again. */
void progress_clear(progress *p);

#endif
