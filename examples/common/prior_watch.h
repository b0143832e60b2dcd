/* Whether the chains by which a prior learns keep up with it: a look at some like them, and at the same ten times as long. They
 * are others than those of the training, which does not notice. */
#ifndef PRIOR_WATCH_H
#define PRIOR_WATCH_H

#include <lebm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct prior_watch {
    double acceptance;        /* with which a test would have accepted their steps, on average */
    double nested_rhat;       /* of f where they end: 16 starts, from each of which 16 chains go */
    double short_f, longer_f; /* mean f where they end, and where those end that are ten times as long */
    double error;             /* the standard error of the difference of these, by the starts */
    bool ran_away;            /* they diverged, and there are no figures */
} prior_watch;

/* Looks with a sampler that has the options of the training's but `steps`, which is how long a chain of the training is. Returns
 * LEBM_OK or LEBM_STOPPED; on any other failure it ends the program. */
int prior_watch_look(lebm_prior *prior, lebm_sampler *sampler, int64_t steps, prior_watch *seen);

/* Whether the chains lag: f where they end is not what it would be, or tells where they began. */
bool prior_watch_lags(const prior_watch *seen);

/* Writes a line that says so, with what to change; `gap` is f of the posterior's chains less f of the prior's. */
void prior_watch_describe(const prior_watch *seen, double gap, char *line, size_t size);

#endif
