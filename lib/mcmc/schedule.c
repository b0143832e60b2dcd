#include "mcmc/schedule.h"

#include <math.h>
#include <stddef.h>

#include "core/memory.h"
#include "core/status.h"
#include "mcmc/adapt.h"

/* ---- Ladders ---- */

static int schedule_append(double **values, int64_t *room, int64_t count, double value)
{
    double *grown = lebm__grow(*values, room, count, 1, sizeof *grown);
    if (grown == NULL) return LEBM_ERR_NOMEM;
    grown[count] = value;
    *values = grown;
    return LEBM_OK;
}

int lebm__ladder_add(lebm__ladder *ladder, double beta, double step_size)
{
    LEBM__TRY(schedule_append(&ladder->betas, &ladder->betas_room, ladder->count, beta));
    LEBM__TRY(schedule_append(&ladder->step_sizes, &ladder->step_sizes_room, ladder->count, step_size));
    if (ladder->count++ == 1) ladder->step_sizes[0] = step_size;
    return LEBM_OK;
}

void lebm__ladder_free(lebm__ladder *ladder)
{
    lebm__free(ladder->betas);
    lebm__free(ladder->step_sizes);
    *ladder = (lebm__ladder){.count = 0};
}

/* Effective number of the weights exp(step tilt), over that of the chains. */
static double schedule_share(const double *tilts, int64_t n, double greatest, double step, double *spare)
{
    for (int64_t i = 0; i < n; i++) spare[i] = exp(step * (tilts[i] - greatest));
    const double sum = lebm__sum(spare, n);
    for (int64_t i = 0; i < n; i++) spare[i] *= spare[i];
    return sum * sum / lebm__sum(spare, n);
}

double lebm__next_beta(const double *tilts, int64_t n, double beta, double share, double *spare)
{
    double greatest = -INFINITY, low = 0.0, high = 1.0 - beta;
    int64_t finite = 0;
    for (int64_t i = 0; i < n; i++) {
        greatest = fmax(greatest, tilts[i]);
        finite += tilts[i] > -INFINITY;
    }
    const double least = share * (double)finite;
    if (finite == 0) return 0.0;
    if (schedule_share(tilts, n, greatest, high, spare) >= least) return 1.0;
    for (int i = 0; i < 100 && high - low > 1e-3 * high; i++) {
        const double step = 0.5 * (low + high);
        if (schedule_share(tilts, n, greatest, step, spare) >= least)
            low = step;
        else
            high = step;
    }
    return fmin(beta + high, 1.0);
}

/* ---- Schedules ---- */

/* The curve of Wu, Burda, Salakhutdinov and Grosse (2017), steep in the middle, from 0 to 1. */
static double schedule_sigmoid(double share)
{
    const double delta = 4.0, low = 1.0 / (1.0 + exp(delta)), high = 1.0 / (1.0 + exp(-delta));
    return (1.0 / (1.0 + exp(delta * (1.0 - 2.0 * share))) - low) / (high - low);
}

/* That far up the ladder, `share` being of its intervals. */
static double schedule_climb(const lebm__ladder *ladder, double share)
{
    const double place = share * (double)(ladder->count - 1);
    const int64_t below = (int64_t)fmin(place, (double)(ladder->count - 2));
    return ladder->betas[below] + (place - (double)below) * (ladder->betas[below + 1] - ladder->betas[below]);
}

/* The step size at `beta`, whose rung below is *rung or a later one: by equal factors from rung to rung. */
static double schedule_step_size(const lebm__ladder *ladder, double beta, int64_t *rung)
{
    const double *betas = ladder->betas, *sizes = ladder->step_sizes;
    while (*rung < ladder->count - 2 && betas[*rung + 1] < beta) (*rung)++;
    const double share = (beta - betas[*rung]) / (betas[*rung + 1] - betas[*rung]);
    return sizes[*rung] * pow(sizes[*rung + 1] / sizes[*rung], share);
}

void lebm__schedule_fill(lebm__schedule schedule, const lebm__ladder *ladder, int64_t temperatures, double *betas,
                         double *step_sizes)
{
    int64_t rung = 0;
    for (int64_t t = 0; t <= temperatures; t++) {
        const double share = (double)t / (double)temperatures;
        betas[t] = share;
        if (schedule == LEBM__SIGMOID_BETAS) betas[t] = schedule_sigmoid(share);
        if (schedule == LEBM__ADAPTIVE_BETAS) betas[t] = schedule_climb(ladder, share);
        if (t == 0 || t == temperatures) betas[t] = t == 0 ? 0.0 : 1.0;
        step_sizes[t] = schedule_step_size(ladder, betas[t], &rung);
    }
}
