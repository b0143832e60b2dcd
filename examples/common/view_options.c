#include "view_options.h"

#include "errors.h"

void view_options_apply(lebm_sampler *sampler, const argument *seed, const argument *steps, const argument *step_size,
                        const argument *threads)
{
    or_die(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_SEED, seed->value.i64), "--seed");
    or_die(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, threads->value.i64), "--threads");
    if (steps->value.i64 > 0) or_die(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, steps->value.i64), "--steps");
    if (step_size->value.f64 == 0) return;
    or_die(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, step_size->value.f64), "--step-size");
    or_die(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_LAST_STEP_SIZE, 0), "--step-size");
}
