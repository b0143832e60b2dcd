/* The environment: it is read when the library is loaded and never again, when threads of the host may be changing it. */
#define _GNU_SOURCE /* environ */
#include <locale.h>
#include <sys/mman.h>

#include "lebm.h"
#include "support/approx.h"
#include "support/files.h"

static const char *isa, *threads; /* what the environment says at load */

enum { THREADS = 3, LATENT = 4, DATA = 12, N = 120 };

/* ---- it is not read again ---- */

static char **usual_environment;

/* From here on, who reads the environment ends the process. */
static void take_environment_away(void)
{
    void *nothing = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(nothing, MAP_FAILED);
    usual_environment = environ;
    environ = nothing;
}

static void give_environment_back(void)
{
    environ = usual_environment;
}

#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        const int status = (call);                                                                                     \
        if (status != LEBM_OK) return status;                                                                          \
    } while (0)

static int make_net(lebm_net **net, const char *spec)
{
    TRY(lebm_net_create_from_spec(net, spec));
    return lebm_net_init(*net, LEBM_INIT_PYTORCH, 1);
}

static int make_sampler(lebm_sampler **sampler, int64_t count)
{
    TRY(lebm_sampler_create(sampler, LEBM_LANGEVIN));
    TRY(lebm_sampler_set_i64(*sampler, LEBM_SAMPLER_STEPS, 2));
    return lebm_sampler_set_i64(*sampler, LEBM_SAMPLER_THREADS, count);
}

/* Threads as the environment says and as an option does, chains, products of the BLAS, files, and numbers as text; an
 * error of the system's comes last. Check must not be called: it reads the environment itself. */
static int use_library(const float *x, float *z)
{
    lebm_net *f, *g;
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_sampler *by_environment, *by_option;
    lebm_trainer *trainer;
    TRY(make_net(&f, "in 4; linear 32; gelu; linear 1"));
    TRY(make_net(&g, "in 4; linear 12; tanh"));
    TRY(lebm_prior_create(&prior, f, 1));
    TRY(lebm_generator_create(&generator, g, LEBM_GAUSSIAN, 0.3));
    TRY(make_sampler(&by_environment, 0));
    TRY(make_sampler(&by_option, THREADS));
    TRY(lebm_trainer_create(&trainer, prior, generator, by_environment, by_option));
    TRY(lebm_trainer_set_i64(trainer, LEBM_TRAINER_THREADS, THREADS));
    TRY(lebm_sampler_run_prior(by_environment, prior, N, z));
    TRY(lebm_trainer_step(trainer, x, N));
    TRY(lebm_trainer_save(trainer, path));
    TRY(lebm_trainer_load(trainer, path));
    lebm_build_info();
    const int status = lebm_trainer_save(trainer, "/there is no/such folder");
    lebm_trainer_destroy(trainer);
    lebm_sampler_destroy(by_option);
    lebm_sampler_destroy(by_environment);
    lebm_generator_destroy(generator);
    lebm_prior_destroy(prior);
    lebm_net_destroy(f);
    lebm_net_destroy(g);
    return status;
}

/* The host's locale has translations, which the environment would say where to find. */
START_TEST(nothing_reads_it_while_the_host_may_change_it)
{
    float x[N * DATA], z[N * LATENT];
    uint64_t seed = 1;
    setenv("LANGUAGE", "de", 1);
    setlocale(LC_ALL, "C.UTF-8");
    for (int i = 0; i < N * DATA; i++) x[i] = (float)test_uniform(&seed, -1, 1);
    take_environment_away();
    const int status = use_library(x, z);
    give_environment_back();
    LEBM_ASSERT_STATUS(status, LEBM_ERR_IO);
    LEBM_ASSERT_ERROR_NAMES("No such file");
}
END_TEST

/* ---- what was read is told ---- */

static void assert_told(const char *name, const char *value, int is_understood)
{
    char expected[128];
    snprintf(expected, sizeof expected, ", %s=%s", name, value == NULL ? "" : value);
    const char *found = strstr(lebm_build_info(), expected);
    LEBM_ASSERT_MSG((found != NULL) == (value != NULL), "the build info '%s' has %s'%s'", lebm_build_info(),
                    value != NULL ? "no " : "", expected);
    if (value == NULL) return;
    const int refused = strncmp(found + strlen(expected), " (not understood: allowed are ", 30) == 0;
    LEBM_ASSERT_MSG(refused == !is_understood, "%s is told as '%s'", name, found);
}

static int is_isa(const char *text)
{
    return strcmp(text, "baseline") == 0 || strcmp(text, "avx2") == 0 || strcmp(text, "avx512") == 0;
}

static int is_count(const char *text)
{
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

START_TEST(the_build_info_tells_what_was_set_at_load)
{
    setenv("LEBM_ISA", "baseline", 1);
    setenv("LEBM_NUM_THREADS", "7", 1);
    assert_told("LEBM_ISA", isa, isa && is_isa(isa));
    assert_told("LEBM_NUM_THREADS", threads, threads && is_count(threads));
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("environment");
    TCase *tcase = tcase_create("environment");
    tcase_add_checked_fixture(tcase, make_folder_in_memory, remove_folder);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, nothing_reads_it_while_the_host_may_change_it);
    tcase_add_test(tcase, the_build_info_tells_what_was_set_at_load);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    const char *set = getenv("LEBM_ISA"), *count = getenv("LEBM_NUM_THREADS");
    isa = set == NULL ? NULL : strdup(set);
    threads = count == NULL ? NULL : strdup(count);
    return test_run_suite(suite());
}
