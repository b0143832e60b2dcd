#include "mcmc/curvature.h"

#include <math.h>
#include <stddef.h>

#include "core/status.h"
#include "math/kernels.h"
#include "math/rng.h"

/* How far a side is from the state: as a share of 1/sqrt(c), the width of the target where it is narrowest. Steps of chains are
 * longer, so that this is the curvature that they meet, also where a net bends at once (ReLU). Higher derivatives change the
 * difference of the scores by about a tenth squared, over 6; the rounding of scores of the size sqrt(dims c) to float32 by
 * 1e-7 sqrt(dims) over a tenth. A step size needs neither. */
static const double share_of_width = 0.1;

/* And no nearer than float32 tells from the state, as a share of |u|. */
static const double least_share = 1e-6;

void lebm__curvature_lay_out(lebm__curvature *c, int64_t rows, int64_t dims, lebm__arena *arena)
{
    c->direction = lebm__arena_take(arena, rows * dims, sizeof *c->direction);
    for (int side = 0; side < 2; side++) {
        c->z[side] = lebm__arena_take(arena, rows * dims, sizeof *c->z[side]);
        c->score[side] = lebm__arena_take(arena, rows * dims, sizeof *c->score[side]);
    }
    c->log_density = lebm__arena_take(arena, rows, sizeof *c->log_density);
    c->squares = lebm__arena_take(arena, rows, sizeof *c->squares);
}

/* One state of many: dims numbers each. */
typedef struct {
    int64_t dims;
    const float *roots, *z;
    float *direction, *sides[2], *scores[2];
} curvature_row;

static curvature_row curvature_row_of(const lebm__curvature *c, int64_t dims, const float *roots, const float *z,
                                      int64_t i)
{
    const int64_t at = i * dims;
    return (curvature_row){.dims = dims,
                           .roots = roots,
                           .z = z + at,
                           .direction = c->direction + at,
                           .sides = {c->z[0] + at, c->z[1] + at},
                           .scores = {c->score[0] + at, c->score[1] + at}};
}

static double curvature_root(const curvature_row *row, int64_t d)
{
    return row->roots == NULL ? 1.0 : (double)row->roots[d];
}

/* v = v / |v| */
static void curvature_begin(const curvature_row *row)
{
    const double length = sqrt(lebm__kernels()->squares(row->dims, row->direction));
    for (int64_t d = 0; d < row->dims; d++) row->direction[d] = (float)((double)row->direction[d] / length);
}

/* How far the sides are to be from the state; `spread` is the size that numbers of u are thought to have. */
static double curvature_distance(const curvature_row *row, double spread, double largest)
{
    const double width = 1.0 / sqrt(fmax(largest, 1.0 / (spread * spread)));
    double squares = 0.0;
    for (int64_t d = 0; d < row->dims; d++) {
        const double u = (double)row->z[d] / curvature_root(row, d);
        squares += u * u;
    }
    return fmax(share_of_width * width, least_share * sqrt(squares));
}

/* The sides are z - h M^1/2 v and z + h M^1/2 v. */
static void curvature_place_sides(const curvature_row *row, double h)
{
    for (int64_t d = 0; d < row->dims; d++) {
        const double away = h * curvature_root(row, d) * (double)row->direction[d];
        row->sides[0][d] = (float)((double)row->z[d] - away);
        row->sides[1][d] = (float)((double)row->z[d] + away);
    }
}

static int curvature_evaluate(const lebm__curvature *c, const lebm__target *target, int64_t first, int64_t n,
                              const float *z, float *score)
{
    if (c->stop(c->context)) return LEBM_STOPPED;
    target->base(target->context, n, z, c->log_density, score, c->squares);
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(c->squares[i]))
            return lebm__fail(LEBM_ERR_DIVERGED, "row %lld of z is not finite", (long long)(first + i));
    }
    return target->tilt(target->context, n, z, c->log_density, score);
}

/* Where there is no density there is no curvature. That a side has none, as beside a wall, is no failure. */
static int curvature_check_states(const lebm__curvature *c, const lebm__target *target, int64_t first, int64_t n,
                                  const float *z)
{
    LEBM__TRY(curvature_evaluate(c, target, first, n, z, c->score[0]));
    for (int64_t i = 0; i < n; i++) {
        const double density = c->log_density[i];
        if (isfinite(density)) continue;
        return lebm__fail(LEBM_ERR_DIVERGED,
                          "the log density at row %lld of z is not finite but %g, of a chain to the %s",
                          (long long)(first + i), isnan(density) ? NAN : density, target->name);
    }
    return LEBM_OK;
}

/* Between the sides, in u: 2 h v, as float32 has it, and 2 h H v. */
static double curvature_way(const curvature_row *row, int64_t d)
{
    return ((double)row->sides[1][d] - (double)row->sides[0][d]) / curvature_root(row, d);
}

static double curvature_fall(const curvature_row *row, int64_t d)
{
    return ((double)row->scores[0][d] - (double)row->scores[1][d]) * curvature_root(row, d);
}

/* v = H v / |H v|; returns |H v| of the v before. Where H v = 0 that stays. */
static double curvature_turn(const curvature_row *row)
{
    double way = 0.0, fall = 0.0;
    for (int64_t d = 0; d < row->dims; d++) {
        way += curvature_way(row, d) * curvature_way(row, d);
        fall += curvature_fall(row, d) * curvature_fall(row, d);
    }
    for (int64_t d = 0; d < row->dims && fall > 0.0; d++) {
        row->direction[d] = (float)(curvature_fall(row, d) / sqrt(fall));
    }
    return sqrt(fall / way);
}

int lebm__curvature_measure(const lebm__curvature *c, const lebm__target *target, const float *roots, int64_t first,
                            int64_t n, const float *z, double *largest)
{
    const int64_t dims = target->dims;
    const double spread = roots == NULL && target->spread > 0.0 ? target->spread / sqrt((double)dims) : 1.0;
    lebm__normals(lebm__key_make(0, 0, LEBM__FOR_CURVATURE), first, 0, n, dims, c->direction);
    for (int64_t i = 0; i < n; i++) {
        const curvature_row row = curvature_row_of(c, dims, roots, z, i);
        curvature_begin(&row);
        largest[i] = 0.0;
    }
    LEBM__TRY(curvature_check_states(c, target, first, n, z));
    for (int round = 0; round < LEBM__CURVATURE_ROUNDS; round++) {
        for (int64_t i = 0; i < n; i++) {
            const curvature_row row = curvature_row_of(c, dims, roots, z, i);
            curvature_place_sides(&row, curvature_distance(&row, spread, largest[i]));
        }
        for (int side = 0; side < 2; side++) {
            LEBM__TRY(curvature_evaluate(c, target, first, n, c->z[side], c->score[side]));
        }
        for (int64_t i = 0; i < n; i++) {
            const curvature_row row = curvature_row_of(c, dims, roots, z, i);
            largest[i] = curvature_turn(&row);
            if (isfinite(largest[i])) continue;
            return lebm__fail(LEBM_ERR_DIVERGED, "the score beside row %lld of z is not finite, of a chain to the %s",
                              (long long)(first + i), target->name);
        }
    }
    return LEBM_OK;
}
