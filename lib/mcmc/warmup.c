#include "mcmc/warmup.h"

#include <math.h>
#include <stddef.h>

#include "core/memory.h"
#include "core/status.h"

/* The quarters of a warm-up. In the first one chains leave where they began, with step sizes that let them. States of the
 * second one give the first variances, states of the third one, which moves by these, the last; the fourth finds the step size
 * for them. Without variances the step size is found anew halfway, what came before being forgotten. */
enum { QUARTERS = 4 };

/* The last step of a quarter. */
static int64_t warmup_end(const lebm__warmup *w, int quarter)
{
    return w->steps * quarter / QUARTERS;
}

int lebm__warmup_create(lebm__warmup *w, double step_size, double target_acceptance)
{
    w->learns_step_size = target_acceptance > 0.0;
    w->averaging = lebm__averaging_begin(step_size, target_acceptance);
    w->score = lebm__alloc_raw(w->n * w->dims, sizeof *w->score);
    w->squares = lebm__alloc_raw(3 * w->n, sizeof *w->squares);
    if (w->score == NULL || w->squares == NULL) return LEBM_ERR_NOMEM;
    w->max_squares = w->squares + w->n;
    w->acceptance = w->max_squares + w->n;
    if (!w->learns_variances) return LEBM_OK;
    w->moments.mean = lebm__alloc_raw(2 * w->n * w->dims, sizeof *w->moments.mean);
    if (w->moments.mean == NULL) return LEBM_ERR_NOMEM;
    w->moments.squares = w->moments.mean + w->n * w->dims;
    return LEBM_OK;
}

void lebm__warmup_destroy(lebm__warmup *w)
{
    lebm__free(w->score);
    lebm__free(w->squares);
    lebm__free(w->moments.mean);
    *w = (lebm__warmup){.steps = 0};
}

int64_t lebm__warmup_count(const lebm__warmup *w, int64_t step)
{
    if (!w->learns_variances || step <= warmup_end(w, 1) || step > warmup_end(w, 3)) return 0;
    return step <= warmup_end(w, 2) ? step - warmup_end(w, 1) : step - warmup_end(w, 2);
}

static lebm__tuning warmup_tuning(const lebm__warmup *w, double step_size)
{
    return (lebm__tuning){step_size, w->variances, w->roots};
}

lebm__tuning lebm__warmup_tuning(const lebm__warmup *w)
{
    return warmup_tuning(w, w->averaging.step_size);
}

lebm__tuning lebm__warmup_result(const lebm__warmup *w)
{
    return warmup_tuning(w, w->learns_step_size ? lebm__averaging_result(&w->averaging) : w->averaging.step_size);
}

/* Take the variances of the quarter that ends over; without two states of each chain there are none. */
static void warmup_take_variances(lebm__warmup *w, int64_t count)
{
    if (count < 2) return;
    w->moments.count = count;
    lebm__pool_variances(&w->moments, w->n, w->dims, w->is_one_target, w->variances);
    lebm__take_roots(w->dims, w->variances, w->roots);
    const double step_size = 0.5; /* of the size that a target of variance 1 wants */
    if (w->learns_step_size) w->averaging = lebm__averaging_begin(step_size, w->averaging.target);
}

/* Of the first step there are no means yet but its own. */
static double warmup_pool(const lebm__warmup *w, int64_t step, const double *acceptance)
{
    if (w->is_one_target) return lebm__pool_acceptance(acceptance, NULL, w->n);
    if (step == 1) lebm__note_acceptance(acceptance, w->n, step, w->acceptance);
    const double pooled = lebm__pool_acceptance(acceptance, w->acceptance, w->n);
    lebm__note_acceptance(acceptance, w->n, step, w->acceptance);
    return pooled;
}

void lebm__warmup_learn(lebm__warmup *w, int64_t step, const double *acceptance)
{
    if (w->learns_step_size) lebm__averaging_update(&w->averaging, warmup_pool(w, step, acceptance));
    if (w->learns_variances && (step == warmup_end(w, 2) || step == warmup_end(w, 3)))
        warmup_take_variances(w, lebm__warmup_count(w, step));
    else if (w->learns_step_size && !w->learns_variances && step == warmup_end(w, 2))
        w->averaging = lebm__averaging_begin(lebm__averaging_result(&w->averaging), w->averaging.target);
}

void lebm__take_roots(int64_t dims, const float *variances, float *roots)
{
    for (int64_t d = 0; d < dims; d++) roots[d] = sqrtf(variances[d]);
}
