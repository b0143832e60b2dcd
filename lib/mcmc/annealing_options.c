#include "core/status.h"
#include "mcmc/annealing.h"

#define ROW(member) offsetof(lebm__annealing_options, member)

static const lebm__option annealing_rows[] = {
    LEBM__OPTION_I64(LEBM_ANNEALING_TEMPERATURES, ROW(temperatures), 1000, 1, 1000000, NULL,
                     "steps of beta from 0 to 1"),
    LEBM__OPTION_STR(LEBM_ANNEALING_SCHEDULE, ROW(schedule), "adaptive", "adaptive|linear|sigmoid", NULL,
                     "betas: as many in each interval that pilot chains found, in equal steps, or along a sigmoid"),
    LEBM__OPTION_I64(LEBM_ANNEALING_STEPS, ROW(steps), 1, 1, 1000, NULL, "steps of the kernel at each temperature"),
    LEBM__OPTION_I64(LEBM_ANNEALING_CHAINS, ROW(chains), 64, 4, 1000000, NULL,
                     "chains of each row in either direction, a multiple of groups and twice as many at least"),
    LEBM__OPTION_I64(LEBM_ANNEALING_GROUPS, ROW(groups), 4, 2, 1000, NULL,
                     "groups of chains, whose agreement is measured"),
    LEBM__OPTION_I64(LEBM_ANNEALING_REVERSE_CHAINS, ROW(reverse), 1, 0, 1, NULL,
                     "1: chains go back, too, from where forward ones ended; 0: forward alone, in less than half the "
                     "time, with no upper bound"),
    LEBM__OPTION_I64(LEBM_ANNEALING_SETTLE_STEPS, ROW(settle_steps), 200, 1, 1000000000, NULL,
                     "steps at beta 1 from the ends of forward chains, resampled, to the starts of reverse ones"),
    LEBM__OPTION_I64(LEBM_ANNEALING_PILOT_CHAINS, ROW(pilot_chains), 32, 4, 64, NULL,
                     "chains of each row that find step sizes and the adaptive schedule"),
    LEBM__OPTION_I64(LEBM_ANNEALING_PILOT_STEPS, ROW(pilot_steps), 10, 1, 1000, NULL,
                     "steps of pilot chains at each of their temperatures"),
    LEBM__OPTION_F64(LEBM_ANNEALING_PILOT_ESS, ROW(pilot_ess), 0.5, 0.01, 0.999, NULL,
                     "share of pilot chains that their weights from one temperature to the next are worth"),
    LEBM__OPTION_F64(LEBM_ANNEALING_START_STD, ROW(start_std), 1.0, 1e-6, 1e6, NULL,
                     "standard deviation of the normal density that chains to a target start at"),
    LEBM__OPTION_F64(
        LEBM_ANNEALING_DIVERGENCE_THRESHOLD, ROW(divergence_threshold), 1000.0, 0.0, 1e30, NULL,
        "how many times the norm of its start, or that of the noise if it is larger, a chain's z may reach; "
        "0: any norm"),
    LEBM__OPTION_I64(LEBM_ANNEALING_FIRST_ROW, ROW(first_row), 0, 0, INT32_MAX, NULL,
                     "number of the first row, which keys its random numbers: rows may be run in pieces"),
    LEBM__OPTION_I64(LEBM_ANNEALING_SEED, ROW(seed), 0, 0, INT64_MAX, NULL, "key of the random numbers"),
    LEBM__OPTION_I64(LEBM_ANNEALING_STREAM, ROW(stream), 0, 0, INT64_MAX, NULL,
                     "second key of the random numbers, which runs leave as it is"),
    LEBM__OPTION_I64(LEBM_ANNEALING_THREADS, ROW(threads), 0, 0, 1024, NULL,
                     "threads of a run; 0: LEBM_NUM_THREADS or all processors"),
};

const lebm__options lebm__annealing_table = {annealing_rows, sizeof annealing_rows / sizeof *annealing_rows,
                                             sizeof(lebm__annealing_options)};

int lebm_annealing_set_i64(lebm_annealing *annealing, const char *key, int64_t value)
{
    LEBM__REQUIRE(annealing);
    LEBM__REQUIRE(key);
    return lebm__handle_set_i64(&annealing->head, __func__, key, value);
}

int lebm_annealing_set_f64(lebm_annealing *annealing, const char *key, double value)
{
    LEBM__REQUIRE(annealing);
    LEBM__REQUIRE(key);
    return lebm__handle_set_f64(&annealing->head, __func__, key, value);
}

int lebm_annealing_set_str(lebm_annealing *annealing, const char *key, const char *value)
{
    LEBM__REQUIRE(annealing);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(value);
    return lebm__handle_set_str(&annealing->head, __func__, key, value);
}

int lebm_annealing_get_i64(const lebm_annealing *annealing, const char *key, int64_t *value)
{
    LEBM__REQUIRE(annealing);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(value);
    return lebm__handle_get_i64(&annealing->head, key, value);
}

int lebm_annealing_get_f64(const lebm_annealing *annealing, const char *key, double *value)
{
    LEBM__REQUIRE(annealing);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(value);
    return lebm__handle_get_f64(&annealing->head, key, value);
}

int lebm_annealing_get_str(const lebm_annealing *annealing, const char *key, const char **value)
{
    LEBM__REQUIRE(value);
    *value = NULL;
    LEBM__REQUIRE(annealing);
    LEBM__REQUIRE(key);
    return lebm__handle_get_str(&annealing->head, key, value);
}

int lebm_annealing_option_bounds_i64(const lebm_annealing *annealing, const char *key, int64_t *default_value,
                                     int64_t *min, int64_t *max)
{
    LEBM__REQUIRE(annealing);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(default_value);
    LEBM__REQUIRE(min);
    LEBM__REQUIRE(max);
    return lebm__handle_bounds_i64(&annealing->head, key, default_value, min, max);
}

int lebm_annealing_option_bounds_f64(const lebm_annealing *annealing, const char *key, double *default_value,
                                     double *min, double *max)
{
    LEBM__REQUIRE(annealing);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(default_value);
    LEBM__REQUIRE(min);
    LEBM__REQUIRE(max);
    return lebm__handle_bounds_f64(&annealing->head, key, default_value, min, max);
}

int64_t lebm_annealing_option_count(const lebm_annealing *annealing)
{
    return annealing == NULL ? 0 : lebm__handle_option_count(&annealing->head);
}

const char *lebm_annealing_option_key(const lebm_annealing *annealing, int64_t index)
{
    return annealing == NULL ? NULL : lebm__handle_option_key(&annealing->head, index);
}

const char *lebm_annealing_option_type(const lebm_annealing *annealing, const char *key)
{
    return annealing == NULL ? NULL : lebm__handle_option_type(&annealing->head, key);
}

const char *lebm_annealing_option_help(const lebm_annealing *annealing, const char *key)
{
    return annealing == NULL ? NULL : lebm__handle_option_help(&annealing->head, key);
}

const char *lebm_annealing_option_choices(const lebm_annealing *annealing, const char *key)
{
    return annealing == NULL ? NULL : lebm__handle_option_choices(&annealing->head, key);
}
