/* Model files. What lebm_model_load() accepts can be saved, and loads again to the same; its halves load alone; what it
 * refuses leaves both NULL. lebm_model_load_sampler() likewise. */
#include <string.h>

#include "fuzz.h"
#include "fuzz_mutate.h"
#include "lebm.h"

enum { FACTOR = 256, MORE = 1 << 14 }; /* bytes that may be asked for: FACTOR for each of the file, and some more */

/* Not NULL, so that a function that fails to set it is noticed. */
static char nothing;

static int load(const char *path, lebm_prior **prior, lebm_generator **generator)
{
    if (prior != NULL) *prior = (lebm_prior *)&nothing;
    if (generator != NULL) *generator = (lebm_generator *)&nothing;
    fuzz_forget_failure();
    const int status = lebm_model_load(path, prior, generator);
    if (status != LEBM_OK) {
        FUZZ_ASSERT(prior == NULL || *prior == NULL, "a prior comes with %s", lebm_status_name(status));
        FUZZ_ASSERT(generator == NULL || *generator == NULL, "a generator comes with %s", lebm_status_name(status));
        FUZZ_CHECK_FAILURE(status, LEBM_ERR_FORMAT, LEBM_ERR_VERSION, LEBM_ERR_UNSUPPORTED);
    }
    return status;
}

/* Fails unless all parameters are finite. */
static void check_numbers(const lebm_net *net)
{
    for (int64_t i = 0; i < lebm_net_param_count(net); i++) {
        const int64_t size = lebm_net_param_size(net, i);
        float *numbers = malloc((size_t)size * sizeof *numbers);
        FUZZ_ASSERT(numbers != NULL, "out of memory");
        FUZZ_ASSERT_OK(lebm_net_get_param(net, i, numbers, size));
        for (int64_t k = 0; k < size; k++)
            FUZZ_ASSERT(numbers[k] - numbers[k] == 0, "%s is loaded with %g", lebm_net_param_name(net, i),
                        (double)numbers[k]);
        free(numbers);
    }
}

/* Saved, loaded and saved again it is the same. */
static void check_saved(const lebm_prior *prior, const lebm_generator *generator)
{
    lebm_prior *p;
    lebm_generator *g;
    FUZZ_ASSERT_OK(lebm_model_save(fuzz_path(FUZZ_OUTPUT), prior, generator));
    FUZZ_ASSERT_OK(load(fuzz_path(FUZZ_OUTPUT), &p, &g));
    FUZZ_ASSERT(lebm_prior_sigma0(p) == lebm_prior_sigma0(prior), "sigma0 comes back as %g", lebm_prior_sigma0(p));
    FUZZ_ASSERT(lebm_generator_sigma(g) == lebm_generator_sigma(generator), "sigma comes back as %g",
                lebm_generator_sigma(g));
    FUZZ_ASSERT_OK(lebm_model_save(fuzz_path(FUZZ_OTHER), p, g));
    fuzz_check_same_files(FUZZ_OUTPUT, FUZZ_OTHER);
    lebm_prior_destroy(p);
    lebm_generator_destroy(g);
}

static void check_halves(const char *path)
{
    lebm_prior *prior;
    lebm_generator *generator;
    FUZZ_ASSERT_OK(load(path, &prior, NULL));
    FUZZ_ASSERT_OK(load(path, NULL, &generator));
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
}

static void check_variances(const lebm_sampler *sampler)
{
    const int64_t count = lebm_sampler_variance_count(sampler);
    float *variances = malloc((size_t)(count + 1) * sizeof *variances);
    FUZZ_ASSERT(variances != NULL, "out of memory");
    if (count > 0) FUZZ_ASSERT_OK(lebm_sampler_get_variances(sampler, variances, count));
    for (int64_t i = 0; i < count; i++)
        FUZZ_ASSERT(variances[i] >= 1e-30f && variances[i] <= 1e30f, "a variance of %g", (double)variances[i]);
    free(variances);
}

/* A sampler is loaded whole, with options within their bounds, or not at all. */
static void check_sampler(const char *path, const char *role)
{
    lebm_sampler *sampler = (lebm_sampler *)&nothing;
    double step_size, standard, least, most;
    fuzz_forget_failure();
    const int status = lebm_model_load_sampler(path, role, &sampler);
    if (status != LEBM_OK) {
        FUZZ_ASSERT(sampler == NULL, "a sampler comes with %s", lebm_status_name(status));
        FUZZ_CHECK_FAILURE(status, LEBM_ERR_FORMAT, LEBM_ERR_VERSION, LEBM_ERR_STATE, LEBM_ERR_UNSUPPORTED);
        return;
    }
    FUZZ_ASSERT_OK(lebm_sampler_get_f64(sampler, LEBM_SAMPLER_STEP_SIZE, &step_size));
    FUZZ_ASSERT_OK(lebm_sampler_option_bounds_f64(sampler, LEBM_SAMPLER_STEP_SIZE, &standard, &least, &most));
    FUZZ_ASSERT(step_size >= least && step_size <= most, "a step size of %g", step_size);
    check_variances(sampler);
    lebm_sampler_destroy(sampler);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lebm_prior *prior;
    lebm_generator *generator;
    const char *path = fuzz_write(FUZZ_INPUT, data, size);
    fuzz_begin();
    fuzz_limit(FACTOR * (int64_t)size + MORE, 0);
    const int status = load(path, &prior, &generator);
    check_sampler(path, LEBM_TO_POSTERIOR);
    if (status == LEBM_OK) {
        fuzz_limit(3 * FACTOR * (int64_t)size + 3 * MORE, 0);
        check_numbers(lebm_prior_net(prior));
        check_numbers(lebm_generator_net(generator));
        check_halves(path);
        check_saved(prior, generator);
        lebm_prior_destroy(prior);
        lebm_generator_destroy(generator);
    }
    fuzz_end();
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return mutate_safetensors(data, size, max_size, seed);
}
