/* Prints docs/options.md from the library's own tables. */
#include <ctype.h>
#include <inttypes.h>
#include <lebm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char introduction[] =
    "# Options\n\n"
    "Made from the library's own tables by `tests/docs/print_options.c`, and held to them by a test: do not edit. How\n"
    "options are set, read and listed is in the [conventions](conventions.md), what to set them to in the\n"
    "[tuning guide](tuning.md). Both bounds are allowed.\n";

static void check(int status)
{
    if (status == LEBM_OK) return;
    fprintf(stderr, "%s\n", lebm_last_error());
    exit(1);
}

/* A row up to the column of the type. */
static void print_key(const char *handle, const char *key, const char *type)
{
    printf("| `%s` | `LEBM_%s_", key, handle);
    for (; *key != '\0'; key++) putchar(toupper((unsigned char)*key));
    printf("` | %s | ", type);
}

/* The other columns of a text. */
static void print_text(const char *standard, const char *choices, const char *help)
{
    printf("\"%s\" | ", standard);
    if (choices[0] == '\0') printf("any text");
    for (; choices[0] != '\0'; choices += strspn(choices, "|")) {
        const size_t length = strcspn(choices, "|");
        printf("\"%.*s\"%s", (int)length, choices, choices[length] == '\0' ? "" : ", ");
        choices += length;
    }
    printf(" | %s |\n", help);
}

static void print_head(const char *title, const char *text)
{
    printf("\n## %s\n\n%s\n\n| key | macro | type | default | allowed | what it is |\n"
           "| --- | --- | --- | --- | --- | --- |\n",
           title, text);
}

/* Sampler and trainer have functions of the same form. Those from `begin` to `end`, where there are so many. */
#define PRINT_NUMBERS_AND_TEXTS(handle, HANDLE, object, begin, end)                                                    \
    for (int64_t i = begin; i < end && i < lebm_##handle##_option_count(object); i++) {                                \
        const char *key = lebm_##handle##_option_key(object, i), *type = lebm_##handle##_option_type(object, key);     \
        const char *help = lebm_##handle##_option_help(object, key), *text;                                            \
        int64_t i64[3];                                                                                                \
        double f64[3];                                                                                                 \
        print_key(HANDLE, key, type);                                                                                  \
        if (strcmp(type, "i64") == 0) {                                                                                \
            check(lebm_##handle##_option_bounds_i64(object, key, &i64[0], &i64[1], &i64[2]));                          \
            printf("%" PRId64 " | %" PRId64 " to ", i64[0], i64[1]);                                                   \
            printf(i64[2] == INT64_MAX ? "2^63 - 1" : "%" PRId64, i64[2]);                                             \
            printf(" | %s |\n", help);                                                                                 \
        } else if (strcmp(type, "f64") == 0) {                                                                         \
            check(lebm_##handle##_option_bounds_f64(object, key, &f64[0], &f64[1], &f64[2]));                          \
            printf("%g | %g to %g | %s |\n", f64[0], f64[1], f64[2], help);                                            \
        } else {                                                                                                       \
            check(lebm_##handle##_get_str(object, key, &text));                                                        \
            print_text(text, lebm_##handle##_option_choices(object, key), help);                                       \
        }                                                                                                              \
    }

/* So have generator and net. */
#define PRINT_TEXTS(handle, HANDLE, object)                                                                            \
    for (int64_t i = 0; i < lebm_##handle##_option_count(object); i++) {                                               \
        const char *key = lebm_##handle##_option_key(object, i), *text;                                                \
        print_key(HANDLE, key, lebm_##handle##_option_type(object, key));                                              \
        check(lebm_##handle##_get_str(object, key, &text));                                                            \
        print_text(text, lebm_##handle##_option_choices(object, key), lebm_##handle##_option_help(object, key));       \
    }

/* Where a kernel's own options begin, which come behind those of all kernels. */
static int64_t first_of_kernel(const lebm_sampler *sampler)
{
    int64_t first = 0;
    while (strcmp(lebm_sampler_option_key(sampler, first), LEBM_SAMPLER_STEP_SIZE) != 0) first++;
    return first;
}

static void print_annealing(void)
{
    lebm_annealing *annealing;
    check(lebm_annealing_create(&annealing, LEBM_HMC));
    int64_t first = 0;
    while (strcmp(lebm_annealing_option_key(annealing, first), LEBM_SAMPLER_STEP_SIZE) != 0) first++;
    print_head("Annealing",
               "`lebm_annealing_set_i64()`, `lebm_annealing_set_f64()`, `lebm_annealing_set_str()`. Besides, those of\n"
               "a sampler of its kernel, but for `last_step_size`.");
    PRINT_NUMBERS_AND_TEXTS(annealing, "ANNEALING", annealing, 0, first)
    lebm_annealing_destroy(annealing);
}

static void print_kernel(const char *kernel)
{
    lebm_sampler *sampler;
    char title[64];
    snprintf(title, sizeof title, "Sampler of the kernel \"%s\"", kernel);
    check(lebm_sampler_create(&sampler, kernel));
    print_head(title, "Besides those of any sampler.");
    PRINT_NUMBERS_AND_TEXTS(sampler, "SAMPLER", sampler, first_of_kernel(sampler), INT64_MAX)
    lebm_sampler_destroy(sampler);
}

int main(void)
{
    lebm_net *f, *g, *net;
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_sampler *sampler;
    lebm_trainer *trainer;

    check(lebm_net_create_from_spec(&f, "in 1; linear 1"));
    check(lebm_net_create_from_spec(&g, "in 1; linear 1"));
    check(lebm_net_create(&net, 1));
    check(lebm_prior_create(&prior, f, 1));
    check(lebm_generator_create(&generator, g, LEBM_GAUSSIAN, 1));
    check(lebm_sampler_create(&sampler, LEBM_LANGEVIN));
    check(lebm_trainer_create(&trainer, prior, generator, sampler, sampler));

    fputs(introduction, stdout);
    print_head("Sampler", "`lebm_sampler_set_i64()`, `lebm_sampler_set_f64()`, `lebm_sampler_set_str()`.");
    PRINT_NUMBERS_AND_TEXTS(sampler, "SAMPLER", sampler, 0, first_of_kernel(sampler))
    print_kernel(LEBM_LANGEVIN);
    print_kernel(LEBM_MALA);
    print_kernel(LEBM_HMC);
    print_annealing();
    print_head("Trainer", "`lebm_trainer_set_i64()`, `lebm_trainer_set_f64()`, `lebm_trainer_set_str()`.");
    PRINT_NUMBERS_AND_TEXTS(trainer, "TRAINER", trainer, 0, INT64_MAX)
    print_head("Generator", "`lebm_generator_set_str()`.");
    PRINT_TEXTS(generator, "GENERATOR", generator)
    print_head("Net", "`lebm_net_set_str()`.");
    PRINT_TEXTS(net, "NET", net)

    lebm_trainer_destroy(trainer);
    lebm_sampler_destroy(sampler);
    lebm_generator_destroy(generator);
    lebm_prior_destroy(prior);
    lebm_net_destroy(net);
    lebm_net_destroy(f);
    lebm_net_destroy(g);
    return 0;
}
