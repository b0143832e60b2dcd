#include "core/status.h"
#include "mcmc/sampler.h"

#define ROW(member) offsetof(lebm__sampler_options, member)

static const lebm__option sampler_rows[] = {
    LEBM__OPTION_I64(LEBM_SAMPLER_STEPS, ROW(steps), 40, 1, 1000000000, "40", "steps of each chain"),
    LEBM__OPTION_STR(LEBM_SAMPLER_START, ROW(start), "noise", "noise|given|continue", "noise",
                     "where chains start: at noise, or at the z given by the caller; continue: at that z, with the "
                     "random numbers of the last run, its steps counted on"),
    LEBM__OPTION_F64(LEBM_SAMPLER_START_STD, ROW(start_std), 1.0, 0.0, 1e6, "1",
                     "standard deviation of the noise that chains start at"),
    LEBM__OPTION_I64(LEBM_SAMPLER_WARMUP, ROW(warmup), 0, 0, 1000000000, "0",
                     "steps before those of the next run, in which step_size is steered to target_acceptance and the "
                     "preconditioner learned; a run that succeeds sets it to 0"),
    LEBM__OPTION_STR(LEBM_SAMPLER_PRECONDITIONER, ROW(preconditioner), "none", "none|diagonal", "none",
                     "M of the kernels: I, or diagonal with the variances that a warm-up learns or that are set"),
    LEBM__OPTION_F64(LEBM_SAMPLER_TEMPERATURE, ROW(temperature), 1.0, 1e-12, 1e6, "1",
                     "T of the density that chains go to, the target's to the power of 1/T"),
    LEBM__OPTION_F64(LEBM_SAMPLER_LIKELIHOOD_WEIGHT, ROW(likelihood_weight), 1.0, 1e-6, 1e6, "1",
                     "w of the target of chains to the posterior, p(z) p(x|z)^w"),
    LEBM__OPTION_F64(
        LEBM_SAMPLER_DIVERGENCE_THRESHOLD, ROW(divergence_threshold), 1000.0, 0.0, 1e30, "1e+03",
        "how many times the norm of its start, or sigma0 sqrt(M) if that is larger, a chain's z may reach; "
        "0: any norm"),
    LEBM__OPTION_I64(LEBM_SAMPLER_SEED, ROW(seed), 0, 0, INT64_MAX, "0", "key of the random numbers"),
    LEBM__OPTION_I64(
        LEBM_SAMPLER_STREAM, ROW(stream), 0, 0, INT64_MAX, "0",
        "second key of the random numbers; each run that succeeds adds 1, but for those that continue one"),
    LEBM__OPTION_I64(LEBM_SAMPLER_THREADS, ROW(threads), 0, 0, 1024, NULL,
                     "threads of a run; 0: LEBM_NUM_THREADS or all processors"),
};

const lebm__options lebm__sampler_table = {sampler_rows, sizeof sampler_rows / sizeof *sampler_rows,
                                           sizeof(lebm__sampler_options)};

int lebm_sampler_set_i64(lebm_sampler *sampler, const char *key, int64_t value)
{
    LEBM__REQUIRE(sampler);
    LEBM__REQUIRE(key);
    return lebm__handle_set_i64(&sampler->head, __func__, key, value);
}

int lebm_sampler_set_f64(lebm_sampler *sampler, const char *key, double value)
{
    LEBM__REQUIRE(sampler);
    LEBM__REQUIRE(key);
    return lebm__handle_set_f64(&sampler->head, __func__, key, value);
}

int lebm_sampler_set_str(lebm_sampler *sampler, const char *key, const char *value)
{
    LEBM__REQUIRE(sampler);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(value);
    return lebm__handle_set_str(&sampler->head, __func__, key, value);
}

int lebm_sampler_get_i64(const lebm_sampler *sampler, const char *key, int64_t *value)
{
    LEBM__REQUIRE(sampler);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(value);
    return lebm__handle_get_i64(&sampler->head, key, value);
}

int lebm_sampler_get_f64(const lebm_sampler *sampler, const char *key, double *value)
{
    LEBM__REQUIRE(sampler);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(value);
    return lebm__handle_get_f64(&sampler->head, key, value);
}

int lebm_sampler_get_str(const lebm_sampler *sampler, const char *key, const char **value)
{
    LEBM__REQUIRE(value);
    *value = NULL;
    LEBM__REQUIRE(sampler);
    LEBM__REQUIRE(key);
    return lebm__handle_get_str(&sampler->head, key, value);
}

int lebm_sampler_option_bounds_i64(const lebm_sampler *sampler, const char *key, int64_t *default_value, int64_t *min,
                                   int64_t *max)
{
    LEBM__REQUIRE(sampler);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(default_value);
    LEBM__REQUIRE(min);
    LEBM__REQUIRE(max);
    return lebm__handle_bounds_i64(&sampler->head, key, default_value, min, max);
}

int lebm_sampler_option_bounds_f64(const lebm_sampler *sampler, const char *key, double *default_value, double *min,
                                   double *max)
{
    LEBM__REQUIRE(sampler);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(default_value);
    LEBM__REQUIRE(min);
    LEBM__REQUIRE(max);
    return lebm__handle_bounds_f64(&sampler->head, key, default_value, min, max);
}

int64_t lebm_sampler_option_count(const lebm_sampler *sampler)
{
    return sampler == NULL ? 0 : lebm__handle_option_count(&sampler->head);
}

const char *lebm_sampler_option_key(const lebm_sampler *sampler, int64_t index)
{
    return sampler == NULL ? NULL : lebm__handle_option_key(&sampler->head, index);
}

const char *lebm_sampler_option_type(const lebm_sampler *sampler, const char *key)
{
    return sampler == NULL ? NULL : lebm__handle_option_type(&sampler->head, key);
}

const char *lebm_sampler_option_help(const lebm_sampler *sampler, const char *key)
{
    return sampler == NULL ? NULL : lebm__handle_option_help(&sampler->head, key);
}

const char *lebm_sampler_option_choices(const lebm_sampler *sampler, const char *key)
{
    return sampler == NULL ? NULL : lebm__handle_option_choices(&sampler->head, key);
}
