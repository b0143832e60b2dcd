/* How probable an observation is: log Z and log Z(x) by annealed importance sampling (lebm/annealing.h), as programs show
 * and keep them. All in nats. */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include <stdbool.h>

#include "errors.h"
#include "model.h"

enum { EVIDENCE_GROUPS = 4 /* of the chains; the least number of chains is twice as many */ };

typedef struct evidence_settings {
    const char *kernel;
    int64_t temperatures, chains, leapfrog_steps, seed, threads;
} evidence_settings;

/* The log of an integral, from below and from above. */
typedef struct evidence {
    double forward, forward_error, reverse, reverse_error;
    double ess, largest; /* of the direction that is worse off */
    double groups_rhat;  /* NaN: the chains say nothing */
    failure refused;     /* why the numbers above are none, or "" */
} evidence;

/* What four numbers say of log p(x) = log Z(x) - log Z. */
typedef struct log_p {
    double lower, upper, middle;
    double error; /* standard error of the middle */
} log_p;

bool evidence_is_refused(const evidence *e);

/* log Z of the prior; or log Z(x), with the random numbers of row `row`. What cannot be estimated is refused, with the
 * reason. Returns LEBM_OK or LEBM_STOPPED. */
int evidence_of_prior(const model *m, const evidence_settings *s, lebm_progress_fn progress, void *user, evidence *e);
int evidence_of_row(const model *m, const evidence_settings *s, const float *x, int64_t row, lebm_progress_fn progress,
                    void *user, evidence *e);

/* Of two that are not refused. */
log_p evidence_log_p(const evidence *of_x, const evidence *of_prior);

/* Half the root of the sum of the squares of both errors: that of the middle of the bracket. */
double evidence_error(const evidence *e);

#endif
