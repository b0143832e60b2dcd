#include "mcmc/traces.h"

#include <string.h>

#include "core/memory.h"
#include "core/status.h"

/* Behind the state in a row. */
enum { LOG_DENSITY, ACCEPTANCE, ENERGY, BESIDES };

int lebm_traces_create(lebm_traces **out, int64_t capacity, int64_t every, int64_t chains)
{
    LEBM__REQUIRE(out);
    *out = NULL;
    LEBM__TRY(lebm__check_range("capacity", capacity, 1, INT32_MAX));
    LEBM__TRY(lebm__check_range("every", every, 1, INT32_MAX));
    LEBM__TRY(lebm__check_range("chains", chains, 0, INT32_MAX));
    lebm_traces *traces = lebm__alloc(1, sizeof *traces);
    if (traces == NULL) return LEBM_ERR_NOMEM;
    lebm__handle_init(&traces->head, "traces");
    traces->capacity = capacity;
    traces->every = every;
    traces->chains = chains;
    *out = traces;
    return LEBM_OK;
}

/* ---- Holding ---- */

int lebm__traces_take(lebm_traces *traces, const char *function)
{
    if (lebm__handle_hold(&traces->head, LEBM__SAMPLER)) return LEBM_OK;
    return lebm__fail(LEBM_ERR_STATE, "%s: the traces belong to another sampler", function);
}

void lebm__traces_let_go(lebm_traces *traces, lebm__holder holder)
{
    if (!lebm__handle_let_go(&traces->head, holder)) return;
    lebm__free(traces->record.rows);
    lebm__free(traces);
}

void lebm_traces_destroy(lebm_traces *traces)
{
    if (traces != NULL) lebm__traces_let_go(traces, LEBM__CALLER);
}

int lebm_traces_clear(lebm_traces *traces)
{
    LEBM__REQUIRE(traces);
    LEBM__TRY(lebm__handle_claim(&traces->head, __func__, 0));
    lebm__free(traces->record.rows);
    traces->record = (lebm__record){.rows = NULL};
    lebm__handle_yield(&traces->head, 0);
    return LEBM_OK;
}

/* ---- Recording ---- */

/* The record of a run that begins the traces anew. */
static lebm__record traces_new_record(const lebm_traces *traces, const lebm__traced_run *run)
{
    const int64_t chains = traces->chains > 0 && traces->chains < run->n ? traces->chains : run->n;
    const int64_t row = run->dims + BESIDES;
    return (lebm__record){
        .chains = chains, .dims = run->dims, .every = traces->every, .strides = {row, chains * row, 1}};
}

/* Memory for the draws of a record: as many as they are or, if it grows, half as many more than there were. */
static int traces_make_room(const lebm_traces *traces, lebm__record *record)
{
    const int64_t grown = record->room + record->room / 2;
    record->room = grown < record->length ? record->length : grown < traces->capacity ? grown : traces->capacity;
    record->rows = lebm__alloc_raw(record->room * record->chains, record->strides[0] * (int64_t)sizeof *record->rows);
    return record->rows == NULL ? LEBM_ERR_NOMEM : LEBM_OK;
}

/* Copy the draws that are kept: those after steps that are multiples of the new `every`. */
static void traces_keep(const lebm__record *from, lebm__record *to)
{
    const int64_t times = to->every / from->every, size = to->strides[1];
    for (int64_t draw = 0; (draw + 1) * times <= from->length; draw++) {
        const double *kept = from->rows + ((draw + 1) * times - 1) * size;
        memcpy(to->rows + draw * size, kept, (size_t)size * sizeof *kept);
    }
}

static int traces_prepare(const lebm_traces *traces, const lebm__traced_run *run, lebm__record *record)
{
    const lebm__record *old = &traces->record;
    const int appends = run->appends && old->chains > 0;
    *record = appends ? *old : traces_new_record(traces, run);
    record->steps += run->steps;
    while (record->steps / record->every > traces->capacity) record->every *= 2;
    record->length = record->steps / record->every;
    if (appends && record->every == old->every && record->length <= old->room) return LEBM_OK;
    LEBM__TRY(traces_make_room(traces, record));
    if (appends) traces_keep(old, record);
    return LEBM_OK;
}

int lebm__traces_begin(const lebm_traces *traces, const lebm__traced_run *run, lebm__record *record)
{
    LEBM__TRY(lebm__handle_use(&traces->head));
    const int status = traces_prepare(traces, run, record);
    if (status != LEBM_OK) lebm__handle_leave(&traces->head);
    return status;
}

void lebm__traces_end(lebm_traces *traces, const lebm__record *record, int succeeded)
{
    double *rows = traces->record.rows;
    if (succeeded) traces->record = *record;
    if (rows != record->rows) lebm__free(succeeded ? rows : record->rows);
    lebm__handle_leave(&traces->head);
}

void lebm__record_step(const lebm__record *record, const lebm__tile *tile, int64_t step)
{
    if (step % record->every != 0) return;
    const int64_t dims = record->dims;
    double *draws = record->rows + (step / record->every - 1) * record->strides[1];
    for (int64_t i = 0; i < tile->n; i++) {
        const int64_t chain = lebm__tile_row(tile, i);
        if (chain >= record->chains) continue;
        double *row = draws + chain * record->strides[0];
        for (int64_t d = 0; d < dims; d++) row[d] = (double)tile->z[i * dims + d];
        row[dims + LOG_DENSITY] = tile->log_density[i];
        row[dims + ACCEPTANCE] = tile->probability[i];
        row[dims + ENERGY] = tile->energy[i];
    }
}

/* ---- Reading ---- */

static int traces_are_empty(const lebm_traces *traces)
{
    return traces == NULL || traces->record.length == 0;
}

int64_t lebm_traces_chains(const lebm_traces *traces)
{
    return traces_are_empty(traces) ? 0 : traces->record.chains;
}

int64_t lebm_traces_length(const lebm_traces *traces)
{
    return traces_are_empty(traces) ? 0 : traces->record.length;
}

int64_t lebm_traces_dims(const lebm_traces *traces)
{
    return traces_are_empty(traces) ? 0 : traces->record.dims;
}

int64_t lebm_traces_every(const lebm_traces *traces)
{
    if (traces == NULL) return 0;
    return traces->record.every == 0 ? traces->every : traces->record.every;
}

const int64_t *lebm_traces_strides(const lebm_traces *traces)
{
    return traces_are_empty(traces) ? NULL : traces->record.strides;
}

const double *lebm_traces_states(const lebm_traces *traces)
{
    return traces_are_empty(traces) ? NULL : traces->record.rows;
}

const double *lebm_traces_log_densities(const lebm_traces *traces)
{
    return traces_are_empty(traces) ? NULL : traces->record.rows + traces->record.dims + LOG_DENSITY;
}

const double *lebm_traces_acceptances(const lebm_traces *traces)
{
    return traces_are_empty(traces) ? NULL : traces->record.rows + traces->record.dims + ACCEPTANCE;
}

const double *lebm_traces_energies(const lebm_traces *traces)
{
    return traces_are_empty(traces) ? NULL : traces->record.rows + traces->record.dims + ENERGY;
}
