/* Files of every release, which every later library reads (docs/file-format.md). Beside each file in tests/formats is a
 * text of the same name with what the library that wrote it held: a line "GROUP KEY VALUE" or "GROUP TYPE KEY VALUE" for
 * each setting, "parameter NET NAME BITS..." for each tensor and, for checkpoints, "after NET NAME BITS..." for what it
 * was after one more step on the batch below. Neither is ever changed; a release that changes the format adds its own. */
#include "core/number.h"
#include "io/metadata.h"
#include "lebm.h"
#include "mcmc/sampler.h"
#include "support/approx.h"
#include "support/files.h"
#include "support/nets.h"
#include "train/trainer.h"

enum { BATCH = 4, LINE = 4096, MOST_DATA = 5 };

/* ---- what is loaded from a file ---- */

static const struct {
    const char *name, *likelihood;
    int has_samplers, is_checkpoint;
} files[] = {
    {"0.1-gaussian-model", LEBM_GAUSSIAN, 0, 0},      {"0.1-bernoulli-model", LEBM_BERNOULLI, 0, 0},
    {"0.1-gaussian-samplers", LEBM_GAUSSIAN, 1, 0},   {"0.1-bernoulli-samplers", LEBM_BERNOULLI, 1, 0},
    {"0.1-gaussian-checkpoint", LEBM_GAUSSIAN, 1, 1}, {"0.1-bernoulli-checkpoint", LEBM_BERNOULLI, 1, 1},
};

enum { FILES = sizeof files / sizeof *files };

typedef struct {
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_sampler *to_prior, *to_posterior; /* NULL without samplers, as is the trainer but of checkpoints */
    lebm_trainer *trainer;
} model;

static void name_file(char name[256], int file, const char *ending)
{
    snprintf(name, 256, "%s/%s.%s", FORMATS_DIR, files[file].name, ending);
}

/* A training like that of the checkpoint, with other numbers and all options at their defaults. */
static model make_training(const char *from)
{
    model m;
    LEBM_ASSERT_OK(lebm_model_load(from, &m.prior, &m.generator));
    LEBM_ASSERT_OK(lebm_net_init(lebm_prior_net(m.prior), LEBM_INIT_PYTORCH, 5));
    LEBM_ASSERT_OK(lebm_net_init(lebm_generator_net(m.generator), LEBM_INIT_PYTORCH, 6));
    LEBM_ASSERT_OK(lebm_sampler_create(&m.to_prior, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_sampler_create(&m.to_posterior, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_trainer_create(&m.trainer, m.prior, m.generator, m.to_prior, m.to_posterior));
    return m;
}

static model load_file(int file)
{
    char from[256];
    model m = {NULL, NULL, NULL, NULL, NULL};
    name_file(from, file, "safetensors");
    if (files[file].is_checkpoint) {
        m = make_training(from);
        LEBM_ASSERT_OK(lebm_trainer_load(m.trainer, from));
        return m;
    }
    LEBM_ASSERT_OK(lebm_model_load(from, &m.prior, &m.generator));
    if (files[file].has_samplers) {
        LEBM_ASSERT_OK(lebm_model_load_sampler(from, LEBM_TO_PRIOR, &m.to_prior));
        LEBM_ASSERT_OK(lebm_model_load_sampler(from, LEBM_TO_POSTERIOR, &m.to_posterior));
    }
    return m;
}

static void free_model(model *m)
{
    lebm_trainer_destroy(m->trainer);
    lebm_sampler_destroy(m->to_prior);
    lebm_sampler_destroy(m->to_posterior);
    lebm_prior_destroy(m->prior);
    lebm_generator_destroy(m->generator);
}

/* ---- what its text says ---- */

static int is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* The next word of a line, which is cut off it. */
static char *next_word(char **line)
{
    char *word = strsep(line, " ");
    ck_assert_ptr_nonnull(word);
    return word;
}

/* Fails unless an option of the handle is what the rest of the line says: TYPE KEY VALUE. */
#define DEFINE_CHECK_OPTION(handle)                                                                                    \
    static void check_##handle(const lebm_##handle *handle, char *line)                                                \
    {                                                                                                                  \
        const char *type = next_word(&line), *key = next_word(&line);                                                  \
        const char *text;                                                                                              \
        int64_t integer;                                                                                               \
        double number;                                                                                                 \
        if (is(type, "i64")) {                                                                                         \
            LEBM_ASSERT_OK(lebm_##handle##_get_i64(handle, key, &integer));                                            \
            LEBM_ASSERT_MSG(integer == strtoll(line, NULL, 10), "%s is %lld, not %s", key, (long long)integer, line);  \
        } else if (is(type, "f64")) {                                                                                  \
            LEBM_ASSERT_OK(lebm_##handle##_get_f64(handle, key, &number));                                             \
            LEBM_ASSERT_MSG(number == strtod(line, NULL), "%s is %a, not %s", key, number, line);                      \
        } else {                                                                                                       \
            LEBM_ASSERT_OK(lebm_##handle##_get_str(handle, key, &text));                                               \
            ck_assert_str_eq(text, line);                                                                              \
        }                                                                                                              \
    }

DEFINE_CHECK_OPTION(sampler)
DEFINE_CHECK_OPTION(trainer)

static void check_training(const model *m, char *line)
{
    if (strncmp(line, "steps_done ", 11) == 0)
        ck_assert_int_eq(lebm_trainer_steps_done(m->trainer), strtoll(line + 11, NULL, 10));
    else if (strncmp(line, "epochs_done ", 12) == 0)
        ck_assert_int_eq(lebm_trainer_epochs_done(m->trainer), strtoll(line + 12, NULL, 10));
    else
        check_trainer(m->trainer, line);
}

static void check_model(const model *m, const char *group, char *line)
{
    const char *key = next_word(&line);
    if (is(group, "f"))
        ck_assert_str_eq(lebm_net_spec(lebm_prior_net(m->prior)), line);
    else if (is(group, "g"))
        ck_assert_str_eq(lebm_net_spec(lebm_generator_net(m->generator)), line);
    else if (is(group, "prior"))
        ck_assert_double_eq(lebm_prior_sigma0(m->prior), strtod(line, NULL));
    else if (is(key, "likelihood"))
        ck_assert_str_eq(lebm_generator_likelihood(m->generator), line);
    else
        ck_assert_double_eq(lebm_generator_sigma(m->generator), strtod(line, NULL));
}

/* Fails unless a parameter is within `tolerance` of the rest of the line: NET NAME BITS... */
static void check_parameter(const model *m, char *line, double tolerance)
{
    const lebm_net *net = is(next_word(&line), "f") ? lebm_prior_net(m->prior) : lebm_generator_net(m->generator);
    const char *name = next_word(&line);
    int64_t i = 0;
    while (!is(lebm_net_param_name(net, i), name)) i++;
    const int64_t size = lebm_net_param_size(net, i);
    float *values = test_floats(size);
    LEBM_ASSERT_OK(lebm_net_get_param(net, i, values, size));
    for (int64_t k = 0; k < size; k++) {
        const uint32_t bits = (uint32_t)strtoul(next_word(&line), NULL, 16);
        float expected;
        memcpy(&expected, &bits, sizeof expected);
        LEBM_ASSERT_MSG(tolerance > 0 ? fabs((double)values[k] - (double)expected) <= tolerance
                                      : memcmp(&values[k], &expected, sizeof expected) == 0,
                        "number %lld of %s is %.9g, not %.9g", (long long)k, name, (double)values[k], (double)expected);
    }
    ck_assert_ptr_null(line);
    free(values);
}

/* Fails unless the model is what the text says, of now or of after a step. */
static void check_text(const model *m, int file, int after)
{
    char from[256], text[LINE];
    int lines = 0;
    name_file(from, file, "txt");
    FILE *stream = fopen(from, "r");
    ck_assert_ptr_nonnull(stream);
    while (fgets(text, LINE, stream) != NULL) {
        char *line = text;
        text[strcspn(text, "\n")] = '\0';
        const char *group = next_word(&line);
        if (is(group, "after") != after) continue;
        lines++;
        if (after)
            check_parameter(m, line, 1e-5); /* the steps' last bits are those of the processor and the BLAS */
        else if (is(group, "parameter"))
            check_parameter(m, line, 0);
        else if (is(group, LEBM_TO_PRIOR))
            check_sampler(m->to_prior, line);
        else if (is(group, LEBM_TO_POSTERIOR))
            check_sampler(m->to_posterior, line);
        else if (is(group, "trainer"))
            check_training(m, line);
        else
            check_model(m, group, line);
    }
    ck_assert_int_ge(lines, after ? 7 : 12);
    fclose(stream);
}

/* ---- files ---- */

static void step(const model *m, int file)
{
    const int of_gaussian = is(files[file].likelihood, LEBM_GAUSSIAN);
    const int64_t size = BATCH * (of_gaussian ? 5 : 3), done = lebm_trainer_steps_done(m->trainer);
    float x[BATCH * MOST_DATA];
    for (int64_t i = 0; i < size; i++) {
        const int64_t number = i * 7 + done * 3;
        x[i] = of_gaussian ? (float)(number % 11 - 5) / 8 : (float)(number % 9) / 8;
    }
    LEBM_ASSERT_OK(lebm_trainer_step(m->trainer, x, BATCH));
}

START_TEST(files_of_before_are_read)
{
    model m = load_file(_i);
    check_text(&m, _i, 0);
    if (files[_i].is_checkpoint) {
        step(&m, _i);
        check_text(&m, _i, 1);
    }
    free_model(&m);
}
END_TEST

/* Where the numbers begin in a file. */
static size_t header_size(const unsigned char *bytes)
{
    return 8 + bytes[0] + 256u * bytes[1];
}

/* Only the header may be another; the numbers of Adam stand in the file, too. */
START_TEST(what_was_read_is_written_with_the_same_numbers)
{
    char from[256];
    size_t size, size_now;
    model m = load_file(_i);
    name_file(from, _i, "safetensors");
    if (files[_i].is_checkpoint)
        LEBM_ASSERT_OK(lebm_trainer_save(m.trainer, path));
    else
        LEBM_ASSERT_OK(lebm_model_save(path, m.prior, m.generator));
    unsigned char *bytes = read_bytes(from, &size), *now = read_bytes(path, &size_now);
    const size_t begin = header_size(bytes), begin_now = header_size(now);
    ck_assert_uint_eq(size - begin, size_now - begin_now);
    ck_assert_mem_eq(bytes + begin, now + begin_now, size - begin);
    free(bytes);
    free(now);
    free_model(&m);
}
END_TEST

/* ---- file defaults ---- */

/* What a file that lacks the option means: frozen when the option is released. New options come at the end. */
static const struct {
    const lebm__options *table;
    const char *key, *text;
} defaults[] = {
    {&lebm__sampler_table, LEBM_SAMPLER_STEPS, "40"},
    {&lebm__langevin.options, LEBM_SAMPLER_STEP_SIZE, "0.08"},
    {&lebm__langevin.options, LEBM_SAMPLER_LAST_STEP_SIZE, "0"},
    {&lebm__langevin.options, LEBM_SAMPLER_NOISE, "1"},
    {&lebm__sampler_table, LEBM_SAMPLER_START, "noise"},
    {&lebm__sampler_table, LEBM_SAMPLER_START_STD, "1"},
    {&lebm__sampler_table, LEBM_SAMPLER_DIVERGENCE_THRESHOLD, "1e+03"},
    {&lebm__sampler_table, LEBM_SAMPLER_SEED, "0"},
    {&lebm__sampler_table, LEBM_SAMPLER_STREAM, "0"},
    {&lebm__trainer_table, LEBM_TRAINER_PRIOR_LEARNING_RATE, "2e-05"},
    {&lebm__trainer_table, LEBM_TRAINER_GENERATOR_LEARNING_RATE, "0.0001"},
    {&lebm__trainer_table, LEBM_TRAINER_BETA1, "0.5"},
    {&lebm__trainer_table, LEBM_TRAINER_BETA2, "0.999"},
    {&lebm__trainer_table, LEBM_TRAINER_EPSILON, "1e-08"},
    {&lebm__trainer_table, LEBM_TRAINER_DECAY_PER_EPOCH, "1"},
    {&lebm__trainer_table, LEBM_TRAINER_PRIOR_WEIGHT_DECAY, "0"},
    {&lebm__trainer_table, LEBM_TRAINER_GENERATOR_WEIGHT_DECAY, "0"},
    {&lebm__trainer_table, LEBM_TRAINER_PRIOR_CLIP_NORM, "0"},
    {&lebm__trainer_table, LEBM_TRAINER_GENERATOR_CLIP_NORM, "0"},
    {&lebm__trainer_table, LEBM_TRAINER_DIVERGENCE_THRESHOLD, "1e+03"},
    {&lebm__trainer_table, LEBM_TRAINER_SEED, "0"},
    {&lebm__trainer_table, LEBM_TRAINER_NOTE, ""},
    {&lebm__sampler_table, LEBM_SAMPLER_TEMPERATURE, "1"},
    {&lebm__sampler_table, LEBM_SAMPLER_LIKELIHOOD_WEIGHT, "1"},
    {&lebm__sampler_table, LEBM_SAMPLER_WARMUP, "0"},
    {&lebm__sampler_table, LEBM_SAMPLER_PRECONDITIONER, "none"},
    {&lebm__langevin.options, LEBM_SAMPLER_MEASURE_ACCEPTANCE, "0"},
    {&lebm__langevin.options, LEBM_SAMPLER_TARGET_ACCEPTANCE, "0"},
    {&lebm__mala.options, LEBM_SAMPLER_STEP_SIZE, "0.08"},
    {&lebm__mala.options, LEBM_SAMPLER_LAST_STEP_SIZE, "0"},
    {&lebm__mala.options, LEBM_SAMPLER_TARGET_ACCEPTANCE, "0.574"},
    {&lebm__hmc.options, LEBM_SAMPLER_STEP_SIZE, "0.4"},
    {&lebm__hmc.options, LEBM_SAMPLER_LAST_STEP_SIZE, "0"},
    {&lebm__hmc.options, LEBM_SAMPLER_LEAPFROG_STEPS, "10"},
    {&lebm__hmc.options, LEBM_SAMPLER_JITTER, "0.1"},
    {&lebm__hmc.options, LEBM_SAMPLER_TARGET_ACCEPTANCE, "0.8"},
    {&lebm__trainer_table, LEBM_TRAINER_POSTERIOR_CHAINS, "fresh"},
    {&lebm__trainer_table, LEBM_TRAINER_OBSERVATIONS, "0"},
    {&lebm__trainer_table, LEBM_TRAINER_FIRST_VISIT_STEPS, "0"},
    {&lebm__trainer_table, LEBM_TRAINER_PRIOR_CHAINS, "fresh"},
    {&lebm__trainer_table, LEBM_TRAINER_PRIOR_RENEWAL, "0.05"},
    {&lebm__trainer_table, LEBM_TRAINER_AVERAGE_DECAY, "0"},
    {&lebm__trainer_table, LEBM_TRAINER_DROPOUT, "0"},
    {&lebm__trainer_table, LEBM_TRAINER_WORD_DROPOUT, "0"},
    {&lebm__trainer_table, LEBM_TRAINER_SIGMA_LEARNING_RATE, "0"},
};

enum { DEFAULTS = sizeof defaults / sizeof *defaults };

START_TEST(file_defaults_stay_as_they_were_released)
{
    const lebm__option *option = lebm__options_find(defaults[_i].table, defaults[_i].key);
    ck_assert_ptr_nonnull(option);
    ck_assert_ptr_nonnull(option->file_default);
    ck_assert_str_eq(option->file_default, defaults[_i].text);
}
END_TEST

/* Else an option at its file default would be written, or a file that lacks it refused. */
static void check_default(const lebm__option *option, const char *owner, void *value)
{
    char text[LEBM__NUMBER_SIZE];
    int64_t integer;
    double number;
    if (option->type == LEBM__I64) {
        ck_assert(lebm__parse_i64(option->file_default, &integer));
        LEBM_ASSERT_OK(lebm__option_set_i64(option, owner, value, integer));
        snprintf(text, sizeof text, "%lld", (long long)integer);
        ck_assert_str_eq(text, option->file_default);
    } else if (option->type == LEBM__F64) {
        ck_assert(lebm__parse_f64(option->file_default, &number));
        LEBM_ASSERT_OK(lebm__option_set_f64(option, owner, value, number));
        lebm__format_f64(number, text);
        ck_assert_str_eq(text, option->file_default);
    } else {
        LEBM_ASSERT_OK(lebm__option_set_str(option, owner, value, option->file_default));
    }
}

static void check_defaults(const lebm__options *table, const char *owner, void *values)
{
    for (const lebm__option *option = table->rows; option < table->rows + table->count; option++) {
        int known = 0;
        if (option->file_default == NULL) continue;
        for (int i = 0; i < DEFAULTS; i++) known += defaults[i].table == table && is(defaults[i].key, option->key);
        LEBM_ASSERT_MSG(known == 1, "option '%s' of %s is in the list of file defaults %d times", option->key, owner,
                        known);
        check_default(option, owner, (char *)values + option->offset);
    }
}

START_TEST(file_defaults_are_as_files_say_them)
{
    lebm__sampler_options sampler;
    lebm__trainer_options trainer;
    const lebm__kernel *const kernels[] = {&lebm__langevin, &lebm__mala, &lebm__hmc};
    for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
        lebm_sampler *of_kernel;
        LEBM_ASSERT_OK(lebm_sampler_create(&of_kernel, kernels[k]->name));
        check_defaults(&kernels[k]->options, "sampler", of_kernel->head.options[1].values);
        lebm_sampler_destroy(of_kernel);
    }
    check_defaults(&lebm__sampler_table, "sampler", &sampler);
    check_defaults(&lebm__trainer_table, "trainer", &trainer);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("formats");
    TCase *tests = tcase_create("files");
    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    tcase_add_loop_test(tests, files_of_before_are_read, 0, FILES);
    tcase_add_loop_test(tests, what_was_read_is_written_with_the_same_numbers, 0, FILES);
    suite_add_tcase(suite, tests);

    TCase *texts = tcase_create("defaults");
    tcase_add_loop_test(texts, file_defaults_stay_as_they_were_released, 0, DEFAULTS);
    tcase_add_test(texts, file_defaults_are_as_files_say_them);
    suite_add_tcase(suite, texts);
    return test_run_suite(suite);
}
