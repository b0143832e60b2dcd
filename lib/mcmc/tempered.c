#include "mcmc/tempered.h"

#include <string.h>

#include "core/arithmetic.h"
#include "core/status.h"

static lebm__tilts tempered_take(int64_t rows, int64_t dims, lebm__arena *arena)
{
    return (lebm__tilts){.z = lebm__arena_take(arena, rows * dims, sizeof(float)),
                         .tilt = lebm__arena_take(arena, rows, sizeof(double)),
                         .score = lebm__arena_take(arena, rows * dims, sizeof(float))};
}

void lebm__tempered_lay_out(lebm__tempered *tempered, int64_t rows, int64_t dims, lebm__arena *arena)
{
    tempered->asked = tempered_take(rows, dims, arena);
    tempered->chains = tempered_take(rows, dims, arena);
}

static void tempered_base(const void *context, int64_t n, const float *z, double *log_density, float *score,
                          double *squares)
{
    const lebm__target *target = &((const lebm__tempered *)context)->target;
    target->base(target->context, n, z, log_density, score, squares);
}

/* log_density += beta tilt, and the score likewise. At beta = 0 the tilt may be anything. */
static void tempered_add(const lebm__tempered *tempered, const lebm__tilts *tilts, int64_t n, double *log_density,
                         float *score)
{
    const float beta = (float)tempered->beta;
    if (tempered->beta == 0.0) return;
    for (int64_t i = 0; i < n; i++) log_density[i] += tempered->beta * tilts->tilt[i];
    for (int64_t i = 0; i < n * tempered->target.dims; i++) score[i] += beta * tilts->score[i];
}

static int tempered_tilt(const void *context, int64_t n, const float *z, double *log_density, float *score)
{
    const lebm__tempered *tempered = context;
    const lebm__target *target = &tempered->target;
    const lebm__tilts *asked = &tempered->asked;
    const size_t numbers = (size_t)(n * target->dims);
    memcpy(asked->z, z, numbers * sizeof *z);
    memset(asked->tilt, 0, (size_t)n * sizeof *asked->tilt);
    memset(asked->score, 0, numbers * sizeof *asked->score);
    LEBM__TRY(target->tilt(target->context, n, z, asked->tilt, asked->score));
    tempered_add(tempered, asked, n, log_density, score);
    return LEBM_OK;
}

lebm__target lebm__tempered_target(const lebm__tempered *tempered)
{
    lebm__target target = tempered->target;
    target.base = tempered_base;
    target.tilt = tempered_tilt;
    target.context = tempered;
    return target;
}

/* Copy what is known of chain `from` of some to chain i of others. */
static void tempered_copy(const lebm__tilts *to, int64_t i, const lebm__tilts *of, int64_t from, int64_t dims)
{
    const size_t bytes = (size_t)dims * sizeof(float);
    memcpy(to->z + i * dims, of->z + from * dims, bytes);
    memcpy(to->score + i * dims, of->score + from * dims, bytes);
    to->tilt[i] = of->tilt[from];
}

/* A chain is where it was asked for last, if that was accepted, or else where it was. */
void lebm__tempered_note(const lebm__tempered *tempered, const lebm__tile *tile)
{
    const int64_t dims = tempered->target.dims;
    const size_t bytes = (size_t)dims * sizeof(float);
    for (int64_t i = 0; i < tile->n; i++) {
        const int is_there = memcmp(tile->z + i * dims, tempered->asked.z + i * dims, bytes) == 0;
        if (is_there) tempered_copy(&tempered->chains, i, &tempered->asked, i, dims);
    }
}

void lebm__tempered_go_to(lebm__tempered *tempered, double beta, const lebm__tile *tile)
{
    tempered->beta = beta;
    tempered_base(tempered, tile->n, tile->z, tile->log_density, tile->score, tile->squares);
    tempered_add(tempered, &tempered->chains, tile->n, tile->log_density, tile->score);
}

void lebm__tempered_resample(const lebm__tempered *tempered, const int64_t *from, const lebm__tile *tile)
{
    const int64_t dims = tempered->target.dims;
    for (int64_t i = 0; i < tile->n; i++) tempered_copy(&tempered->asked, i, &tempered->chains, from[i], dims);
    for (int64_t i = 0; i < tile->n; i++) tempered_copy(&tempered->chains, i, &tempered->asked, i, dims);
    memcpy(tile->z, tempered->chains.z, (size_t)(tile->n * dims) * sizeof *tile->z);
}
