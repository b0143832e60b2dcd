#include "mcmc/proposals.h"

#include <math.h>
#include <string.h>

#include "core/status.h"
#include "math/kernels.h"

void lebm__proposals_lay_out(lebm__proposals *proposals, int64_t rows, int64_t dims, lebm__arena *arena)
{
    *proposals = (lebm__proposals){.z = lebm__arena_take(arena, rows * dims, sizeof *proposals->z),
                                   .score = lebm__arena_take(arena, rows * dims, sizeof *proposals->score),
                                   .log_density = lebm__arena_take(arena, rows, sizeof *proposals->log_density),
                                   .squares = lebm__arena_take(arena, rows, sizeof *proposals->squares),
                                   .log_ratio = lebm__arena_take(arena, rows, sizeof *proposals->log_ratio),
                                   .chances = lebm__arena_take(arena, rows, sizeof *proposals->chances),
                                   .lost = lebm__arena_take(arena, rows, sizeof *proposals->lost)};
}

void lebm__proposals_begin(const lebm__chain *chain, const lebm__tile *tile, int64_t step, lebm__proposals *proposals)
{
    memcpy(proposals->z, tile->z, (size_t)(tile->n * chain->target.dims) * sizeof *tile->z);
    memset(proposals->lost, 0, (size_t)tile->n * sizeof *proposals->lost);
    lebm__chain_chances(chain, tile, step, proposals->chances[0]);
}

/* Note whether proposal i is lost by what is known of it; what it left behind would not add up in the kernel's ratio. */
static void proposals_lose(const lebm__chain *chain, int64_t i, lebm__proposals *p)
{
    const int64_t dims = chain->target.dims;
    float *score = p->score + i * dims;
    const int is_finite = isfinite(p->squares[i]) && isfinite(p->log_density[i]);
    if (!is_finite || !isfinite(lebm__kernels()->squares(dims, score))) p->lost[i] = 1;
    if (!p->lost[i]) return;
    p->log_density[i] = -INFINITY;
    memset(score, 0, (size_t)dims * sizeof *score);
}

int lebm__proposals_evaluate(const lebm__chain *chain, const lebm__tile *tile, lebm__proposals *p)
{
    const lebm__target *target = &chain->target;
    const int64_t dims = target->dims;
    target->base(target->context, tile->n, p->z, p->log_density, p->score, p->squares);
    for (int64_t i = 0; i < tile->n; i++) {
        if (isfinite(p->squares[i])) continue;
        memcpy(p->z + i * dims, tile->z + i * dims, (size_t)dims * sizeof *p->z);
        p->lost[i] = 1;
    }
    LEBM__TRY(target->tilt(target->context, tile->n, p->z, p->log_density, p->score));
    for (int64_t i = 0; i < tile->n; i++) proposals_lose(chain, i, p);
    return LEBM_OK;
}

void lebm__proposals_measure(lebm__tile *tile, const lebm__proposals *p)
{
    for (int64_t i = 0; i < tile->n; i++) {
        tile->probability[i] = isnan(p->log_ratio[i]) ? 0.0 : exp(fmin(p->log_ratio[i], 0.0));
        tile->acceptance[i] += tile->probability[i];
        tile->energy_error[i] += fmin(fabs(p->log_ratio[i]), LEBM__MOST_ENERGY_ERROR);
    }
    tile->tested++;
}

void lebm__proposals_take(const lebm__chain *chain, lebm__tile *tile, int64_t i, const lebm__proposals *p)
{
    const int64_t dims = chain->target.dims;
    const size_t bytes = (size_t)dims * sizeof *p->z;
    memcpy(tile->z + i * dims, p->z + i * dims, bytes);
    memcpy(tile->score + i * dims, p->score + i * dims, bytes);
    tile->log_density[i] = p->log_density[i];
    tile->squares[i] = p->squares[i];
}

int lebm__proposals_test(const lebm__chain *chain, lebm__tile *tile, int64_t step, const lebm__proposals *p)
{
    lebm__proposals_measure(tile, p);
    for (int64_t i = 0; i < tile->n; i++) {
        if (log(p->chances[i][0]) < p->log_ratio[i]) lebm__proposals_take(chain, tile, i, p);
    }
    return lebm__chain_check_states(chain, tile, step); /* their densities were found finite, or they were not taken */
}
