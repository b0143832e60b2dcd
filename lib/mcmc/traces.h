/* The draws that runs of a sampler leave in traces. */
#ifndef LEBM_MCMC_TRACES_H
#define LEBM_MCMC_TRACES_H

#include "core/handle.h"
#include "lebm/traces.h"
#include "mcmc/kernel.h"

/* Draws of some chains. Those of one draw lie side by side, so that draws are appended without moving others. Each is a row of
 * the state, the log density, the acceptance and the energy. */
typedef struct {
    double *rows;         /* [room, chains, dims + 3] */
    int64_t room, length; /* draws that there is memory for, and that there are */
    int64_t chains, dims;
    int64_t every, steps; /* from draw to draw, and in all */
    int64_t strides[3];   /* of chain, draw and dimension */
} lebm__record;

struct lebm_traces {
    lebm__handle head;               /* in use while a run records */
    int64_t capacity, every, chains; /* what was asked for; chains 0: all */
    lebm__record record;             /* of the runs that succeeded */
};

/* A run of n chains: whether its steps are counted on from those there are. */
typedef struct {
    int64_t n, dims, steps;
    int appends;
} lebm__traced_run;

/* What the traces will hold after a run, with the draws it keeps of those there are in their places. Between this and the end
 * the traces are in use, and what they hold stays as it is. LEBM_ERR_NOMEM, LEBM_ERR_STATE. */
int lebm__traces_begin(const lebm_traces *traces, const lebm__traced_run *run, lebm__record *record);

/* Have the record be that of the traces or, if the run did not succeed, release it. */
void lebm__traces_end(lebm_traces *traces, const lebm__record *record, int succeeded);

/* Record the chains of a tile after the step of this number, which is counted as the record's steps are. */
void lebm__record_step(const lebm__record *record, const lebm__tile *tile, int64_t step);

/* A sampler takes hold of traces, which no other one may have, and lets them go. */
int lebm__traces_take(lebm_traces *traces, const char *function);
void lebm__traces_let_go(lebm_traces *traces, lebm__holder holder);

#endif
