#include "mcmc/user_target.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "math/kernels.h"

enum { MOST_DIMS = 1 << 24 };

int lebm_target_create(lebm_target **out, int64_t dims, lebm_density_fn density, void *user, int concurrent)
{
    LEBM__REQUIRE(out);
    *out = NULL;
    LEBM__REQUIRE(density);
    if (dims < 1 || dims > MOST_DIMS) {
        return lebm__fail(LEBM_ERR_RANGE, "dims is %lld; allowed are 1 to %d", (long long)dims, MOST_DIMS);
    }
    lebm_target *target = lebm__alloc(1, sizeof *target);
    if (target == NULL) return LEBM_ERR_NOMEM;
    *target = (lebm_target){dims, density, user, concurrent != 0};
    *out = target;
    return LEBM_OK;
}

void lebm_target_destroy(lebm_target *target)
{
    lebm__free(target);
}

int64_t lebm_target_dims(const lebm_target *target)
{
    return target == NULL ? 0 : target->dims;
}

int64_t lebm__user_target_rows(const lebm_target *target)
{
    const int64_t most = 1024, numbers = 1 << 18, rows = numbers / target->dims;
    return rows < 1 ? 1 : rows < most ? rows : most;
}

/* The base density is 1, so that the tilt is all there is. */
static void user_target_base(const void *context, int64_t n, const float *z, double *log_density, float *score,
                             double *squares)
{
    const int64_t dims = ((const lebm__user_run *)context)->target->dims;
    memset(score, 0, (size_t)(n * dims) * sizeof *score);
    for (int64_t i = 0; i < n; i++) {
        log_density[i] = 0.0;
        squares[i] = lebm__kernels()->squares(dims, z + i * dims);
    }
}

/* What the function writes takes the place of the base's zeros, as adding to them would. A log density that it leaves out is
 * none. */
static int user_target_tilt(const void *context, int64_t n, const float *z, double *log_density, float *score)
{
    lebm__user_run *run = (lebm__user_run *)context;
    const lebm_target *target = run->target;
    for (int64_t i = 0; i < n; i++) log_density[i] = NAN;
    const int returned = target->density(z, n, log_density, score, target->user);
    if (returned == 0) return LEBM_OK;
    run->returned = returned;
    return LEBM_STOPPED;
}

lebm__target lebm__user_target_get(const lebm__user_run *run, double spread)
{
    return (lebm__target){.name = "target",
                          .remedy_at_start =
                              "the density is 0 or not finite there: begin elsewhere, with another start_std or, by "
                              "start \"given\", at z of your own",
                          .remedy = "a smaller step_size may help",
                          .dims = run->target->dims,
                          .spread = spread,
                          .origin = "start_std",
                          .base = user_target_base,
                          .tilt = user_target_tilt,
                          .context = run};
}

/* log N(z; 0, start_std^2 I) */
static void user_target_noise(const void *context, int64_t n, const float *z, double *log_density, float *score,
                              double *squares)
{
    const lebm__user_run *run = context;
    const int64_t dims = run->target->dims;
    const double variance = run->start_std * run->start_std;
    for (int64_t i = 0; i < n; i++) {
        squares[i] = lebm__kernels()->squares(dims, z + i * dims);
        log_density[i] = -0.5 * (squares[i] / variance + (double)dims * log(2.0 * M_PI * variance));
    }
    for (int64_t i = 0; i < n * dims; i++) score[i] = (float)(-z[i] / variance);
}

/* The log of the density over that of the noise. */
static int user_target_over_noise(const void *context, int64_t n, const float *z, double *log_density, float *score)
{
    const lebm__user_run *run = context;
    const int64_t dims = run->target->dims;
    const double variance = run->start_std * run->start_std;
    LEBM__TRY(user_target_tilt(context, n, z, log_density, score));
    for (int64_t i = 0; i < n; i++) {
        const double squares = lebm__kernels()->squares(dims, z + i * dims);
        log_density[i] += 0.5 * (squares / variance + (double)dims * log(2.0 * M_PI * variance));
    }
    for (int64_t i = 0; i < n * dims; i++) score[i] += (float)(z[i] / variance);
    return LEBM_OK;
}

lebm__target lebm__user_target_from_noise(const lebm__user_run *run)
{
    lebm__target target = lebm__user_target_get(run, run->start_std * sqrt((double)run->target->dims));
    target.remedy_at_start = "the density is not finite there: begin elsewhere, with another start_std";
    target.base = user_target_noise;
    target.tilt = user_target_over_noise;
    return target;
}
