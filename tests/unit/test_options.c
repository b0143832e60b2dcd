/* Named options, as samplers and trainers show them: each test runs for both handles. */
#include <float.h>

#include "lebm.h"
#include "support/approx.h"
#include "support/nets.h"

/* The option functions of one kind of handle. */
struct handle {
    const char *name;
    void *self;
    const char *i64_key, *f64_key, *str_key; /* one option of each type */
    int (*set_i64)(void *, const char *, int64_t);
    int (*set_f64)(void *, const char *, double);
    int (*set_str)(void *, const char *, const char *);
    int (*get_i64)(const void *, const char *, int64_t *);
    int (*get_f64)(const void *, const char *, double *);
    int (*get_str)(const void *, const char *, const char **);
    int64_t (*option_count)(const void *);
    const char *(*option_key)(const void *, int64_t);
    const char *(*option_type)(const void *, const char *);
    const char *(*option_help)(const void *, const char *);
    const char *(*option_choices)(const void *, const char *);
    int (*option_bounds_i64)(const void *, const char *, int64_t *, int64_t *, int64_t *);
    int (*option_bounds_f64)(const void *, const char *, double *, double *, double *);
};

#define WRAP(handle)                                                                                                   \
    static int handle##_set_i64(void *self, const char *key, int64_t value)                                            \
    {                                                                                                                  \
        return lebm_##handle##_set_i64(self, key, value);                                                              \
    }                                                                                                                  \
    static int handle##_set_f64(void *self, const char *key, double value)                                             \
    {                                                                                                                  \
        return lebm_##handle##_set_f64(self, key, value);                                                              \
    }                                                                                                                  \
    static int handle##_set_str(void *self, const char *key, const char *value)                                        \
    {                                                                                                                  \
        return lebm_##handle##_set_str(self, key, value);                                                              \
    }                                                                                                                  \
    static int handle##_get_i64(const void *self, const char *key, int64_t *value)                                     \
    {                                                                                                                  \
        return lebm_##handle##_get_i64(self, key, value);                                                              \
    }                                                                                                                  \
    static int handle##_get_f64(const void *self, const char *key, double *value)                                      \
    {                                                                                                                  \
        return lebm_##handle##_get_f64(self, key, value);                                                              \
    }                                                                                                                  \
    static int handle##_get_str(const void *self, const char *key, const char **value)                                 \
    {                                                                                                                  \
        return lebm_##handle##_get_str(self, key, value);                                                              \
    }                                                                                                                  \
    static int64_t handle##_option_count(const void *self)                                                             \
    {                                                                                                                  \
        return lebm_##handle##_option_count(self);                                                                     \
    }                                                                                                                  \
    static const char *handle##_option_key(const void *self, int64_t index)                                            \
    {                                                                                                                  \
        return lebm_##handle##_option_key(self, index);                                                                \
    }                                                                                                                  \
    static const char *handle##_option_type(const void *self, const char *key)                                         \
    {                                                                                                                  \
        return lebm_##handle##_option_type(self, key);                                                                 \
    }                                                                                                                  \
    static const char *handle##_option_help(const void *self, const char *key)                                         \
    {                                                                                                                  \
        return lebm_##handle##_option_help(self, key);                                                                 \
    }                                                                                                                  \
    static const char *handle##_option_choices(const void *self, const char *key)                                      \
    {                                                                                                                  \
        return lebm_##handle##_option_choices(self, key);                                                              \
    }                                                                                                                  \
    static int handle##_option_bounds_i64(const void *self, const char *key, int64_t *standard, int64_t *least,        \
                                          int64_t *most)                                                               \
    {                                                                                                                  \
        return lebm_##handle##_option_bounds_i64(self, key, standard, least, most);                                    \
    }                                                                                                                  \
    static int handle##_option_bounds_f64(const void *self, const char *key, double *standard, double *least,          \
                                          double *most)                                                                \
    {                                                                                                                  \
        return lebm_##handle##_option_bounds_f64(self, key, standard, least, most);                                    \
    }

WRAP(sampler)
WRAP(trainer)

#define TABLE(handle)                                                                                                  \
    .set_i64 = handle##_set_i64, .set_f64 = handle##_set_f64, .set_str = handle##_set_str,                             \
    .get_i64 = handle##_get_i64, .get_f64 = handle##_get_f64, .get_str = handle##_get_str,                             \
    .option_count = handle##_option_count, .option_key = handle##_option_key, .option_type = handle##_option_type,     \
    .option_help = handle##_option_help, .option_choices = handle##_option_choices,                                    \
    .option_bounds_i64 = handle##_option_bounds_i64, .option_bounds_f64 = handle##_option_bounds_f64

static lebm_sampler *sampler;
static lebm_prior *prior;
static lebm_generator *generator;
static lebm_trainer *trainer;
static struct handle handles[2];

static void make_handles(void)
{
    lebm_net *f, *g;
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&f, "in 2; linear 1"));
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&g, "in 2; linear 3"));
    prior = make_prior(f, 1);
    generator = make_generator(g, LEBM_GAUSSIAN, 1);
    LEBM_ASSERT_OK(lebm_sampler_create(&sampler, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_trainer_create(&trainer, prior, generator, sampler, sampler));
    handles[0] = (struct handle){.name = "sampler",
                                 .self = sampler,
                                 .i64_key = LEBM_SAMPLER_STEPS,
                                 .f64_key = LEBM_SAMPLER_STEP_SIZE,
                                 .str_key = LEBM_SAMPLER_START,
                                 TABLE(sampler)};
    handles[1] = (struct handle){.name = "trainer",
                                 .self = trainer,
                                 .i64_key = LEBM_TRAINER_SEED,
                                 .f64_key = LEBM_TRAINER_BETA1,
                                 .str_key = LEBM_TRAINER_NOTE,
                                 TABLE(trainer)};
}

static void destroy_handles(void)
{
    lebm_trainer_destroy(trainer);
    lebm_sampler_destroy(sampler);
    lebm_generator_destroy(generator);
    lebm_prior_destroy(prior);
}

/* ---- listing ---- */

static void assert_lists(const struct handle *h, const char *const *keys, const char *const *types, int64_t count)
{
    ck_assert_int_eq(h->option_count(h->self), count);
    for (int64_t i = 0; i < count; i++) {
        int found = 0;
        for (int64_t k = 0; k < count; k++) found += strcmp(h->option_key(h->self, k), keys[i]) == 0;
        ck_assert_msg(found == 1, "%s lists \"%s\" %d times", h->name, keys[i], found);
        ck_assert_str_eq(h->option_type(h->self, keys[i]), types[i]);
    }
}

START_TEST(sampler_lists_the_keys_of_its_header)
{
    static const struct {
        const char *key, *type;
    } all[] = {{"steps", "i64"},
               {"step_size", "f64"},
               {"last_step_size", "f64"},
               {"noise", "i64"},
               {"start", "str"},
               {"start_std", "f64"},
               {"seed", "i64"},
               {"stream", "i64"},
               {"threads", "i64"},
               {LEBM_SAMPLER_DIVERGENCE_THRESHOLD, "f64"},
               {"temperature", "f64"},
               {"likelihood_weight", "f64"},
               {LEBM_SAMPLER_MEASURE_ACCEPTANCE, "i64"},
               {LEBM_SAMPLER_TARGET_ACCEPTANCE, "f64"},
               {LEBM_SAMPLER_WARMUP, "i64"},
               {LEBM_SAMPLER_PRECONDITIONER, "str"}};
    enum { COUNT = sizeof all / sizeof *all };
    const char *keys[COUNT], *types[COUNT];
    for (int i = 0; i < COUNT; i++) keys[i] = all[i].key, types[i] = all[i].type;
    assert_lists(&handles[0], keys, types, COUNT);
    ck_assert_str_eq(LEBM_SAMPLER_TEMPERATURE, "temperature");
    ck_assert_str_eq(LEBM_SAMPLER_LIKELIHOOD_WEIGHT, "likelihood_weight");
    ck_assert_str_eq(LEBM_SAMPLER_DIVERGENCE_THRESHOLD, "divergence_threshold");
    ck_assert_str_eq(LEBM_SAMPLER_STEPS, "steps");
    ck_assert_str_eq(LEBM_SAMPLER_STEP_SIZE, "step_size");
    ck_assert_str_eq(LEBM_SAMPLER_LAST_STEP_SIZE, "last_step_size");
    ck_assert_str_eq(LEBM_SAMPLER_START_STD, "start_std");
    ck_assert_str_eq(lebm_sampler_option_choices(sampler, LEBM_SAMPLER_START), "noise|given|continue");
}
END_TEST

START_TEST(trainer_lists_the_keys_of_its_header)
{
    static const char *const keys[] = {LEBM_TRAINER_PRIOR_LEARNING_RATE,
                                       LEBM_TRAINER_GENERATOR_LEARNING_RATE,
                                       LEBM_TRAINER_BETA1,
                                       LEBM_TRAINER_BETA2,
                                       LEBM_TRAINER_EPSILON,
                                       LEBM_TRAINER_DECAY_PER_EPOCH,
                                       LEBM_TRAINER_PRIOR_WEIGHT_DECAY,
                                       LEBM_TRAINER_GENERATOR_WEIGHT_DECAY,
                                       LEBM_TRAINER_PRIOR_CLIP_NORM,
                                       LEBM_TRAINER_GENERATOR_CLIP_NORM,
                                       LEBM_TRAINER_SEED,
                                       LEBM_TRAINER_THREADS,
                                       LEBM_TRAINER_NOTE,
                                       LEBM_TRAINER_DIVERGENCE_THRESHOLD,
                                       LEBM_TRAINER_POSTERIOR_CHAINS,
                                       LEBM_TRAINER_OBSERVATIONS,
                                       LEBM_TRAINER_FIRST_VISIT_STEPS,
                                       LEBM_TRAINER_PRIOR_CHAINS,
                                       LEBM_TRAINER_PRIOR_RENEWAL,
                                       LEBM_TRAINER_AVERAGE_DECAY,
                                       LEBM_TRAINER_SIGMA_LEARNING_RATE,
                                       LEBM_TRAINER_DROPOUT,
                                       LEBM_TRAINER_WORD_DROPOUT};
    static const char *const types[] = {"f64", "f64", "f64", "f64", "f64", "f64", "f64", "f64",
                                        "f64", "f64", "i64", "i64", "str", "f64", "str", "i64",
                                        "i64", "str", "f64", "f64", "f64", "f64", "f64"};
    assert_lists(&handles[1], keys, types, 23);
    ck_assert_str_eq(lebm_trainer_option_choices(trainer, LEBM_TRAINER_NOTE), "");
    ck_assert_str_eq(lebm_trainer_option_choices(trainer, LEBM_TRAINER_POSTERIOR_CHAINS), "fresh|kept");
    ck_assert_str_eq(lebm_trainer_option_choices(trainer, LEBM_TRAINER_PRIOR_CHAINS), "fresh|kept");
}
END_TEST

START_TEST(each_option_is_described)
{
    const struct handle *h = &handles[_i];
    ck_assert_int_gt(h->option_count(h->self), 0);
    for (int64_t i = 0; i < h->option_count(h->self); i++) {
        const char *key = h->option_key(h->self, i);
        ck_assert_ptr_nonnull(key);
        const char *help = h->option_help(h->self, key);
        ck_assert_ptr_nonnull(help);
        ck_assert_msg(strlen(help) >= 8 && !strchr(help, '\n'), "help of %s is \"%s\"", key, help);
        const char *type = h->option_type(h->self, key);
        ck_assert_ptr_nonnull(type);
        if (strcmp(type, "str") == 0)
            ck_assert_ptr_nonnull(h->option_choices(h->self, key));
        else
            ck_assert_msg(strcmp(type, "i64") == 0 || strcmp(type, "f64") == 0, "type of %s is \"%s\"", key, type);
    }
}
END_TEST

START_TEST(nothing_beyond_the_list)
{
    const struct handle *h = &handles[_i];
    ck_assert_ptr_null(h->option_key(h->self, -1));
    ck_assert_ptr_null(h->option_key(h->self, h->option_count(h->self)));
    ck_assert_ptr_null(h->option_key(h->self, INT64_MAX));
    ck_assert_ptr_null(h->option_key(h->self, INT64_MIN));
    ck_assert_ptr_null(h->option_type(h->self, "no_such_key"));
    ck_assert_ptr_null(h->option_help(h->self, "no_such_key"));
    ck_assert_ptr_null(h->option_choices(h->self, "no_such_key"));
    ck_assert_ptr_null(h->option_type(h->self, NULL));
    ck_assert_ptr_null(h->option_help(h->self, NULL));
    ck_assert_ptr_null(h->option_choices(h->self, NULL));
    ck_assert_int_eq(h->option_count(NULL), 0);
    ck_assert_ptr_null(h->option_key(NULL, 0));
    ck_assert_ptr_null(h->option_type(NULL, h->i64_key));
    ck_assert_ptr_null(h->option_help(NULL, h->i64_key));
    ck_assert_ptr_null(h->option_choices(NULL, h->str_key));
}
END_TEST

/* ---- values ---- */

START_TEST(defaults_are_allowed_and_in_force)
{
    const struct handle *h = &handles[_i];
    for (int64_t i = 0; i < h->option_count(h->self); i++) {
        const char *key = h->option_key(h->self, i);
        const char *type = h->option_type(h->self, key);
        if (strcmp(type, "i64") == 0) {
            int64_t standard, least, most, value;
            LEBM_ASSERT_OK(h->option_bounds_i64(h->self, key, &standard, &least, &most));
            LEBM_ASSERT_OK(h->get_i64(h->self, key, &value));
            ck_assert_msg(least <= standard && standard <= most, "%s: default %lld is not in %lld .. %lld", key,
                          (long long)standard, (long long)least, (long long)most);
            ck_assert_msg(value == standard, "%s is %lld, its default is %lld", key, (long long)value,
                          (long long)standard);
        } else if (strcmp(type, "f64") == 0) {
            double standard, least, most, value;
            LEBM_ASSERT_OK(h->option_bounds_f64(h->self, key, &standard, &least, &most));
            LEBM_ASSERT_OK(h->get_f64(h->self, key, &value));
            ck_assert_msg(least <= standard && standard <= most, "%s: default %g is not in %g .. %g", key, standard,
                          least, most);
            ck_assert_msg(isfinite(least) && isfinite(most), "%s: bounds %g .. %g", key, least, most);
            ck_assert_msg(value == standard, "%s is %g, its default is %g", key, value, standard);
        } else {
            const char *value = NULL;
            LEBM_ASSERT_OK(h->get_str(h->self, key, &value));
            ck_assert_ptr_nonnull(value);
            LEBM_ASSERT_OK(h->set_str(h->self, key, value)); /* its own value, in place */
        }
    }
}
END_TEST

START_TEST(bounds_are_allowed_and_nothing_beyond)
{
    const struct handle *h = &handles[_i];
    for (int64_t i = 0; i < h->option_count(h->self); i++) {
        const char *key = h->option_key(h->self, i);
        const char *type = h->option_type(h->self, key);
        if (strcmp(type, "i64") == 0) {
            int64_t standard, least, most, value;
            LEBM_ASSERT_OK(h->option_bounds_i64(h->self, key, &standard, &least, &most));
            LEBM_ASSERT_OK(h->set_i64(h->self, key, least));
            LEBM_ASSERT_OK(h->get_i64(h->self, key, &value));
            ck_assert_int_eq(value, least);
            LEBM_ASSERT_OK(h->set_i64(h->self, key, most));
            LEBM_ASSERT_OK(h->get_i64(h->self, key, &value));
            ck_assert_int_eq(value, most);
            if (least > INT64_MIN) LEBM_ASSERT_STATUS(h->set_i64(h->self, key, least - 1), LEBM_ERR_RANGE);
            if (most < INT64_MAX) {
                LEBM_ASSERT_STATUS(h->set_i64(h->self, key, most + 1), LEBM_ERR_RANGE);
                LEBM_ASSERT_ERROR_NAMES(key);
            }
            LEBM_ASSERT_OK(h->get_i64(h->self, key, &value));
            ck_assert_int_eq(value, most);
        } else if (strcmp(type, "f64") == 0) {
            double standard, least, most, value;
            LEBM_ASSERT_OK(h->option_bounds_f64(h->self, key, &standard, &least, &most));
            LEBM_ASSERT_OK(h->set_f64(h->self, key, least));
            LEBM_ASSERT_OK(h->get_f64(h->self, key, &value));
            ck_assert_double_eq(value, least);
            LEBM_ASSERT_OK(h->set_f64(h->self, key, most));
            const double refused[] = {nextafter(least, -INFINITY), nextafter(most, INFINITY), NAN, INFINITY, -INFINITY};
            for (size_t r = 0; r < sizeof refused / sizeof *refused; r++) {
                LEBM_ASSERT_STATUS(h->set_f64(h->self, key, refused[r]), LEBM_ERR_RANGE);
                LEBM_ASSERT_ERROR_NAMES(key);
                LEBM_ASSERT_OK(h->get_f64(h->self, key, &value));
                ck_assert_double_eq(value, most);
            }
        }
    }
}
END_TEST

START_TEST(range_error_gives_value_and_bounds)
{
    LEBM_ASSERT_STATUS(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, -0.375), LEBM_ERR_RANGE);
    LEBM_ASSERT_ERROR_NAMES("step_size");
    LEBM_ASSERT_ERROR_NAMES("-0.375");
    double standard, least, most;
    LEBM_ASSERT_OK(lebm_sampler_option_bounds_f64(sampler, LEBM_SAMPLER_STEP_SIZE, &standard, &least, &most));
    char bound[64];
    snprintf(bound, sizeof bound, "%g", least);
    LEBM_ASSERT_ERROR_NAMES(bound);
    snprintf(bound, sizeof bound, "%g", most);
    LEBM_ASSERT_ERROR_NAMES(bound);
}
END_TEST

START_TEST(unknown_keys)
{
    const struct handle *h = &handles[_i];
    int64_t i64 = 77, least, most;
    double f64 = 77, low, high;
    const char *str = "untouched";
    static const char *const keys[] = {"", "no_such_key", "Steps", "seed ", " seed", "see"};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        LEBM_ASSERT_STATUS(h->set_i64(h->self, keys[k], 1), LEBM_ERR_UNKNOWN_OPTION);
        LEBM_ASSERT_ERROR_NAMES(h->str_key); /* among those there are */
        LEBM_ASSERT_ERROR_NAMES(keys[k]);
        LEBM_ASSERT_STATUS(h->set_f64(h->self, keys[k], 1), LEBM_ERR_UNKNOWN_OPTION);
        LEBM_ASSERT_STATUS(h->set_str(h->self, keys[k], "1"), LEBM_ERR_UNKNOWN_OPTION);
        LEBM_ASSERT_STATUS(h->get_i64(h->self, keys[k], &i64), LEBM_ERR_UNKNOWN_OPTION);
        LEBM_ASSERT_STATUS(h->get_f64(h->self, keys[k], &f64), LEBM_ERR_UNKNOWN_OPTION);
        LEBM_ASSERT_STATUS(h->get_str(h->self, keys[k], &str), LEBM_ERR_UNKNOWN_OPTION);
        LEBM_ASSERT_STATUS(h->option_bounds_i64(h->self, keys[k], &i64, &least, &most), LEBM_ERR_UNKNOWN_OPTION);
        LEBM_ASSERT_STATUS(h->option_bounds_f64(h->self, keys[k], &f64, &low, &high), LEBM_ERR_UNKNOWN_OPTION);
    }
    ck_assert_int_eq(i64, 77);
    ck_assert_double_eq(f64, 77);
    ck_assert_ptr_null(str);
}
END_TEST

START_TEST(keys_of_another_type)
{
    const struct handle *h = &handles[_i];
    int64_t i64 = 77, least, most;
    double f64 = 77, low, high;
    const char *str = "untouched";
    LEBM_ASSERT_STATUS(h->set_i64(h->self, h->f64_key, 1), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_ERROR_NAMES("f64");
    LEBM_ASSERT_STATUS(h->set_i64(h->self, h->str_key, 1), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_STATUS(h->set_f64(h->self, h->i64_key, 1), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_STATUS(h->set_f64(h->self, h->str_key, 1), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_STATUS(h->set_str(h->self, h->i64_key, "1"), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_STATUS(h->set_str(h->self, h->f64_key, "1"), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_STATUS(h->get_i64(h->self, h->f64_key, &i64), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_STATUS(h->get_f64(h->self, h->i64_key, &f64), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_STATUS(h->get_str(h->self, h->i64_key, &str), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_STATUS(h->option_bounds_i64(h->self, h->f64_key, &i64, &least, &most), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_STATUS(h->option_bounds_f64(h->self, h->str_key, &f64, &low, &high), LEBM_ERR_UNKNOWN_OPTION);
    ck_assert_int_eq(i64, 77);
    ck_assert_double_eq(f64, 77);
    ck_assert_ptr_null(str);
}
END_TEST

START_TEST(null_arguments)
{
    const struct handle *h = &handles[_i];
    int64_t i64, least, most;
    double f64, low, high;
    const char *str;
    LEBM_ASSERT_STATUS(h->set_i64(NULL, h->i64_key, 1), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->set_f64(NULL, h->f64_key, 1), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->set_str(NULL, h->str_key, ""), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->get_i64(NULL, h->i64_key, &i64), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->get_f64(NULL, h->f64_key, &f64), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->get_str(NULL, h->str_key, &str), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->set_i64(h->self, NULL, 1), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->set_f64(h->self, NULL, 1), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->set_str(h->self, NULL, ""), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->set_str(h->self, h->str_key, NULL), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->get_i64(h->self, NULL, &i64), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->get_f64(h->self, NULL, &f64), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->get_str(h->self, NULL, &str), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->get_i64(h->self, h->i64_key, NULL), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->get_f64(h->self, h->f64_key, NULL), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->get_str(h->self, h->str_key, NULL), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->option_bounds_i64(NULL, h->i64_key, &i64, &least, &most), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->option_bounds_i64(h->self, NULL, &i64, &least, &most), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->option_bounds_i64(h->self, h->i64_key, NULL, &least, &most), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->option_bounds_i64(h->self, h->i64_key, &i64, NULL, &most), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->option_bounds_i64(h->self, h->i64_key, &i64, &least, NULL), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->option_bounds_f64(NULL, h->f64_key, &f64, &low, &high), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->option_bounds_f64(h->self, h->f64_key, NULL, &low, &high), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->option_bounds_f64(h->self, h->f64_key, &f64, NULL, &high), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(h->option_bounds_f64(h->self, h->f64_key, &f64, &low, NULL), LEBM_ERR_INVALID);
}
END_TEST

START_TEST(choices)
{
    static const char *const refused[] = {"", "elsewhere", "noise|given", "nois", "noise ", "Given", "|"};
    const char *value;
    LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, "given"));
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        LEBM_ASSERT_STATUS(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, refused[i]), LEBM_ERR_RANGE);
        LEBM_ASSERT_OK(lebm_sampler_get_str(sampler, LEBM_SAMPLER_START, &value));
        ck_assert_str_eq(value, "given");
    }
    LEBM_ASSERT_ERROR_NAMES("noise|given|continue");
    LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, "noise"));
    LEBM_ASSERT_OK(lebm_sampler_get_str(sampler, LEBM_SAMPLER_START, &value));
    ck_assert_str_eq(value, "noise");
}
END_TEST

START_TEST(free_text)
{
    const char *value;
    char text[1001];
    memset(text, 'n', 1000);
    text[1000] = '\0';
    LEBM_ASSERT_OK(lebm_trainer_set_str(trainer, LEBM_TRAINER_NOTE, "Größe: 3; \"quoted\"\n\\"));
    LEBM_ASSERT_OK(lebm_trainer_get_str(trainer, LEBM_TRAINER_NOTE, &value));
    ck_assert_str_eq(value, "Größe: 3; \"quoted\"\n\\");
    LEBM_ASSERT_STATUS(lebm_trainer_set_str(trainer, LEBM_TRAINER_NOTE, text), LEBM_ERR_RANGE);
    LEBM_ASSERT_OK(lebm_trainer_get_str(trainer, LEBM_TRAINER_NOTE, &value));
    ck_assert_str_eq(value, "Größe: 3; \"quoted\"\n\\");
    text[200] = '\0';
    LEBM_ASSERT_OK(lebm_trainer_set_str(trainer, LEBM_TRAINER_NOTE, text));
    LEBM_ASSERT_OK(lebm_trainer_get_str(trainer, LEBM_TRAINER_NOTE, &value));
    ck_assert_str_eq(value, text);
    LEBM_ASSERT_OK(lebm_trainer_set_str(trainer, LEBM_TRAINER_NOTE, ""));
    LEBM_ASSERT_OK(lebm_trainer_get_str(trainer, LEBM_TRAINER_NOTE, &value));
    ck_assert_str_eq(value, "");
}
END_TEST

START_TEST(handles_do_not_share_values)
{
    lebm_sampler *other;
    int64_t value;
    LEBM_ASSERT_OK(lebm_sampler_create(&other, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(other, LEBM_SAMPLER_SEED, 1234));
    LEBM_ASSERT_OK(lebm_sampler_get_i64(sampler, LEBM_SAMPLER_SEED, &value));
    ck_assert_int_ne(value, 1234);
    lebm_sampler_destroy(other);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("options");
    TCase *listing = tcase_create("listing");
    tcase_add_checked_fixture(listing, make_handles, destroy_handles);
    tcase_add_test(listing, sampler_lists_the_keys_of_its_header);
    tcase_add_test(listing, trainer_lists_the_keys_of_its_header);
    tcase_add_loop_test(listing, each_option_is_described, 0, 2);
    tcase_add_loop_test(listing, nothing_beyond_the_list, 0, 2);
    suite_add_tcase(suite, listing);

    TCase *values = tcase_create("values");
    tcase_add_checked_fixture(values, make_handles, destroy_handles);
    tcase_add_loop_test(values, defaults_are_allowed_and_in_force, 0, 2);
    tcase_add_loop_test(values, bounds_are_allowed_and_nothing_beyond, 0, 2);
    tcase_add_test(values, range_error_gives_value_and_bounds);
    tcase_add_loop_test(values, unknown_keys, 0, 2);
    tcase_add_loop_test(values, keys_of_another_type, 0, 2);
    tcase_add_loop_test(values, null_arguments, 0, 2);
    tcase_add_test(values, choices);
    tcase_add_test(values, free_text);
    tcase_add_test(values, handles_do_not_share_values);
    suite_add_tcase(suite, values);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
