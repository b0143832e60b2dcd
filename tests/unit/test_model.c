/* Models made in one call, and copies of samplers. */
#include "lebm.h"
#include "support/approx.h"
#include "support/nets.h"

static const char f_spec[] = "in 3; linear 8; gelu; linear 1", g_spec[] = "in 3; linear 5; tanh";

static int make_model(lebm_prior **prior, lebm_generator **generator, const char *f, const char *g)
{
    return lebm_model_create(prior, generator, f, 1.5, g, LEBM_GAUSSIAN, 0.25, LEBM_INIT_XAVIER_NORMAL, 7);
}

static void assert_same_params(const lebm_net *net, const char *spec, uint64_t seed)
{
    lebm_net *other;
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&other, spec));
    LEBM_ASSERT_OK(lebm_net_init(other, LEBM_INIT_XAVIER_NORMAL, seed));
    ck_assert_str_eq(lebm_net_spec(net), lebm_net_spec(other));
    for (int64_t i = 0; i < lebm_net_param_count(net); i++) {
        const int64_t size = lebm_net_param_size(net, i);
        float *a = test_floats(size), *b = test_floats(size);
        LEBM_ASSERT_OK(lebm_net_get_param(net, i, a, size));
        LEBM_ASSERT_OK(lebm_net_get_param(other, i, b, size));
        ck_assert_mem_eq(a, b, (size_t)size * sizeof *a);
        free(a);
        free(b);
    }
    lebm_net_destroy(other);
}

START_TEST(a_model_is_what_its_specs_and_numbers_say)
{
    lebm_prior *prior;
    lebm_generator *generator;
    LEBM_ASSERT_OK(make_model(&prior, &generator, f_spec, g_spec));
    assert_same_params(lebm_prior_net(prior), f_spec, 7);
    assert_same_params(lebm_generator_net(generator), g_spec, 8);
    ck_assert_double_eq(lebm_prior_sigma0(prior), 1.5);
    ck_assert_double_eq(lebm_generator_sigma(generator), 0.25);
    ck_assert_str_eq(lebm_generator_likelihood(generator), LEBM_GAUSSIAN);
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
}
END_TEST

START_TEST(nets_of_one_spec_start_independent)
{
    float f, g;
    lebm_prior *prior;
    lebm_generator *generator;
    LEBM_ASSERT_OK(make_model(&prior, &generator, "in 1; linear 1", "in 1; linear 1"));
    LEBM_ASSERT_OK(lebm_net_get_param(lebm_prior_net(prior), 0, &f, 1));
    LEBM_ASSERT_OK(lebm_net_get_param(lebm_generator_net(generator), 0, &g, 1));
    ck_assert(f != g);
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
}
END_TEST

START_TEST(a_model_whose_parts_do_not_fit_is_refused)
{
    static const struct {
        const char *f, *g, *named;
    } wrong[] = {
        {"in 3; linear 2", g_spec, "it must have 1"},
        {f_spec, "in 4; linear 5", "4 for the generator"},
        {"in 3; linaer 1", g_spec, "linaer"},
        {f_spec, "in 3; linear 0", "out_features"},
    };
    lebm_prior *const unset = (lebm_prior *)&unset;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        lebm_prior *prior = unset;
        lebm_generator *generator = (lebm_generator *)unset;
        ck_assert_int_lt(make_model(&prior, &generator, wrong[i].f, wrong[i].g), 0);
        LEBM_ASSERT_ERROR_NAMES(wrong[i].named);
        ck_assert_ptr_null(prior);
        ck_assert_ptr_null(generator);
    }
}
END_TEST

static int stop(double done, void *user)
{
    (void)done;
    (void)user;
    return 1;
}

START_TEST(a_copied_sampler_draws_the_same_and_asks_nobody)
{
    float a[4 * 3], b[4 * 3];
    double metric;
    lebm_prior *prior = make_prior(make_net(f_spec, 1), 1);
    lebm_sampler *sampler, *copy;
    LEBM_ASSERT_OK(lebm_sampler_create(&sampler, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 5));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, 0.3));
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, prior, 4, a)); /* adds 1 to the option stream */
    LEBM_ASSERT_OK(lebm_sampler_set_progress(sampler, stop, NULL));
    LEBM_ASSERT_OK(lebm_sampler_copy(&copy, sampler));
    LEBM_ASSERT_OK(lebm_sampler_set_progress(sampler, NULL, NULL));
    ck_assert_str_eq(lebm_sampler_kernel(copy), lebm_sampler_kernel(sampler));
    LEBM_ASSERT_STATUS(lebm_sampler_metric(copy, LEBM_SAMPLER_LOG_DENSITY, &metric), LEBM_ERR_STATE);
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, prior, 4, a));
    LEBM_ASSERT_OK(lebm_sampler_run_prior(copy, prior, 4, b));
    ck_assert_mem_eq(a, b, sizeof a);
    lebm_sampler_destroy(sampler);
    lebm_sampler_destroy(copy);
    lebm_prior_destroy(prior);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model");
    TCase *tests = tcase_create("model");
    tcase_add_test(tests, a_model_is_what_its_specs_and_numbers_say);
    tcase_add_test(tests, nets_of_one_spec_start_independent);
    tcase_add_test(tests, a_model_whose_parts_do_not_fit_is_refused);
    tcase_add_test(tests, a_copied_sampler_draws_the_same_and_asks_nobody);
    suite_add_tcase(suite, tests);
    return test_run_suite(suite);
}
