/* Options by name: "KEY=VALUE" is set on a sampler of each kernel, a trainer, a generator and a net, through the function for the type that the
 * library gives for the key. What is accepted is within its bounds and is what the getter returns; what is refused
 * changes nothing. */
#include <math.h>
#include <string.h>

#include "core/text.h"
#include "fuzz.h"
#include "lebm.h"

enum { MOST_TEXT = 1024 };

static const char *const kernels[] = {LEBM_LANGEVIN, LEBM_MALA, LEBM_HMC};

enum { KERNELS = sizeof kernels / sizeof *kernels };

static lebm_sampler *samplers[KERNELS], *sampler; /* all, and that of now */
static lebm_trainer *trainer;
static lebm_generator *generator;
static lebm_net *net;

static void make_handles(void)
{
    lebm_prior *prior;
    lebm_net *f, *g;
    FUZZ_ASSERT_OK(lebm_net_create_from_spec(&net, "in 2; linear 2"));
    FUZZ_ASSERT_OK(lebm_net_create_from_spec(&f, "in 2; linear 1"));
    FUZZ_ASSERT_OK(lebm_net_create_from_spec(&g, "in 2; linear 2"));
    FUZZ_ASSERT_OK(lebm_prior_create(&prior, f, 1));
    FUZZ_ASSERT_OK(lebm_generator_create(&generator, g, LEBM_GAUSSIAN, 1));
    lebm_net_destroy(f);
    lebm_net_destroy(g);
    for (int k = 0; k < KERNELS; k++) FUZZ_ASSERT_OK(lebm_sampler_create(&samplers[k], kernels[k]));
    FUZZ_ASSERT_OK(lebm_trainer_create(&trainer, prior, generator, samplers[0], samplers[0]));
}

static void check_refused(int status)
{
    FUZZ_CHECK_FAILURE(status, LEBM_ERR_UNKNOWN_OPTION, LEBM_ERR_RANGE);
}

/* The same for each handle with options of each type. */
#define DEFINE_CHECK_I64(handle)                                                                                       \
    static void check_##handle##_i64(const char *key, const char *text)                                                \
    {                                                                                                                  \
        const int64_t value = strtoll(text, NULL, 10);                                                                 \
        int64_t before, after, standard, least, most;                                                                  \
        FUZZ_ASSERT_OK(lebm_##handle##_get_i64(handle, key, &before));                                                 \
        FUZZ_ASSERT_OK(lebm_##handle##_option_bounds_i64(handle, key, &standard, &least, &most));                      \
        const int status = lebm_##handle##_set_i64(handle, key, value);                                                \
        const int fits = value >= least && value <= most;                                                              \
        FUZZ_ASSERT((status == LEBM_OK) == fits, "%s = %lld: %s", key, (long long)value, lebm_status_name(status));    \
        if (status != LEBM_OK) check_refused(status);                                                                  \
        FUZZ_ASSERT_OK(lebm_##handle##_get_i64(handle, key, &after));                                                  \
        FUZZ_ASSERT(after == (fits ? value : before), "%s = %lld gives %lld", key, (long long)value,                   \
                    (long long)after);                                                                                 \
        FUZZ_ASSERT(lebm_##handle##_set_f64(handle, key, 1) == LEBM_ERR_UNKNOWN_OPTION, "%s takes an f64", key);       \
    }

#define DEFINE_CHECK_F64(handle)                                                                                       \
    static void check_##handle##_f64(const char *key, const char *text)                                                \
    {                                                                                                                  \
        const double value = strtod(text, NULL);                                                                       \
        double before, after, standard, least, most;                                                                   \
        FUZZ_ASSERT_OK(lebm_##handle##_get_f64(handle, key, &before));                                                 \
        FUZZ_ASSERT_OK(lebm_##handle##_option_bounds_f64(handle, key, &standard, &least, &most));                      \
        const int status = lebm_##handle##_set_f64(handle, key, value);                                                \
        const int fits = value >= least && value <= most;                                                              \
        FUZZ_ASSERT((status == LEBM_OK) == fits, "%s = %g: %s", key, value, lebm_status_name(status));                 \
        if (status != LEBM_OK) check_refused(status);                                                                  \
        FUZZ_ASSERT_OK(lebm_##handle##_get_f64(handle, key, &after));                                                  \
        FUZZ_ASSERT(after == (fits ? value : before), "%s = %g gives %g", key, value, after);                          \
        FUZZ_ASSERT(lebm_##handle##_set_str(handle, key, "1") == LEBM_ERR_UNKNOWN_OPTION, "%s takes a text", key);     \
    }

/* Whether `text` is one of "a|b|c", which is any text if it is empty. */
static int is_choice(const char *choices, const char *text)
{
    if (choices[0] == '\0') return 1;
    for (size_t length; *choices != '\0'; choices += length + (choices[length] == '|')) {
        length = strcspn(choices, "|");
        if (strlen(text) == length && memcmp(choices, text, length) == 0) return 1;
    }
    return 0;
}

#define DEFINE_CHECK_STR(handle)                                                                                       \
    static void check_##handle##_str(const char *key, const char *text)                                                \
    {                                                                                                                  \
        char before[MOST_TEXT];                                                                                        \
        const char *value;                                                                                             \
        FUZZ_ASSERT_OK(lebm_##handle##_get_str(handle, key, &value));                                                  \
        snprintf(before, sizeof before, "%s", value);                                                                  \
        const int status = lebm_##handle##_set_str(handle, key, text);                                                 \
        const int fits =                                                                                               \
            is_choice(lebm_##handle##_option_choices(handle, key), text) && strlen(text) < 256 && lebm__is_utf8(text); \
        FUZZ_ASSERT((status == LEBM_OK) == fits, "%s = '%s': %s", key, text, lebm_status_name(status));                \
        if (status != LEBM_OK) check_refused(status);                                                                  \
        FUZZ_ASSERT_OK(lebm_##handle##_get_str(handle, key, &value));                                                  \
        FUZZ_ASSERT(strcmp(value, fits ? text : before) == 0, "%s = '%s' gives '%s'", key, text, value);               \
    }

DEFINE_CHECK_I64(sampler)
DEFINE_CHECK_F64(sampler)
DEFINE_CHECK_STR(sampler)
DEFINE_CHECK_I64(trainer)
DEFINE_CHECK_F64(trainer)
DEFINE_CHECK_STR(trainer)
DEFINE_CHECK_STR(generator)
DEFINE_CHECK_STR(net)

static void check_sampler(const char *key, const char *text)
{
    const char *of_sampler = lebm_sampler_option_type(sampler, key);
    fuzz_forget_failure();
    if (of_sampler == NULL) {
        check_refused(lebm_sampler_set_str(sampler, key, text));
        return;
    }
    (of_sampler[0] == 'i'   ? check_sampler_i64
     : of_sampler[0] == 'f' ? check_sampler_f64
                            : check_sampler_str)(key, text);
}

/* The check for the type that the library gives for the key; all refuse a key that has none. */
static void check_pair(const char *key, const char *text)
{
    const char *of_trainer = lebm_trainer_option_type(trainer, key);
    const char *of_generator = lebm_generator_option_type(generator, key);
    const char *of_net = lebm_net_option_type(net, key);
    for (int k = 0; k < KERNELS; k++) {
        sampler = samplers[k];
        check_sampler(key, text);
    }
    fuzz_forget_failure();
    if (of_trainer == NULL) {
        check_refused(lebm_trainer_set_i64(trainer, key, 1));
    } else {
        (of_trainer[0] == 'i'   ? check_trainer_i64
         : of_trainer[0] == 'f' ? check_trainer_f64
                                : check_trainer_str)(key, text);
    }
    fuzz_forget_failure();
    if (of_generator == NULL)
        check_refused(lebm_generator_set_str(generator, key, text));
    else
        check_generator_str(key, text);
    fuzz_forget_failure();
    if (of_net == NULL)
        check_refused(lebm_net_set_str(net, key, text));
    else
        check_net_str(key, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char key[MOST_TEXT + 1];
    if (net == NULL) make_handles();
    if (size > MOST_TEXT) return 0;
    memcpy(key, data, size);
    key[size] = '\0';
    char *end = strchr(key, '=');
    if (end != NULL) *end++ = '\0';
    fuzz_begin();
    fuzz_limit(0, 0); /* options are set without memory */
    check_pair(key, end != NULL ? end : "");
    fuzz_end();
    return 0;
}
