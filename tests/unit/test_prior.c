/* The prior: its density and score by hand, constants included (tests/ref/test_densities.c has random ones); ownership
 * of f. */
#include "lebm.h"
#include "support/approx.h"
#include "support/nets.h"
#include "support/pair.h"

enum { M = 9 };

static void make_f(struct pair *f)
{
    pair_init(f, M);
    pair_add_linear(f, 21, 1);
    pair_add_activation(f, LEBM_GELU, 0);
    pair_add_linear(f, 13, 0);
    pair_add_activation(f, LEBM_GELU, 0);
    pair_add_linear(f, 1, 1);
    pair_randomise(f, 1, 17);
}

START_TEST(density_by_hand)
{
    /* f(z) = 3 z1 - z2 + 2, sigma0 = 2, z = (1, -4): f = 9, log p0 = -17/8 - log(2 pi 4). */
    lebm_net *f;
    const float weight[2] = {3, -1}, bias = 2, z[2] = {1, -4};
    float density, score[2];
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&f, "in 2; linear 1"));
    LEBM_ASSERT_OK(lebm_net_set_param(f, 0, weight, 2));
    LEBM_ASSERT_OK(lebm_net_set_param(f, 1, &bias, 1));
    lebm_prior *prior = make_prior(f, 2);
    LEBM_ASSERT_OK(lebm_prior_log_density(prior, z, 1, &density));
    LEBM_ASSERT_NEAR(density, 9 - 17.0 / 8 - log(25.132741228718345), 1e-5);
    LEBM_ASSERT_OK(lebm_prior_score(prior, z, 1, score));
    LEBM_ASSERT_NEAR(score[0], 3 - 1.0 / 4, 1e-6);
    LEBM_ASSERT_NEAR(score[1], -1 + 4.0 / 4, 1e-6);
    lebm_prior_destroy(prior);
}
END_TEST

START_TEST(rows_do_not_depend_on_each_other)
{
    enum { N = 100 };
    struct pair f;
    make_f(&f);
    lebm_prior *prior = make_prior(f.net, 0.7);
    f.net = NULL;
    float *z = test_normal_floats(N * M, 1, 5);
    float density[N], score[N * M], few_density[30], few_score[30 * M];
    LEBM_ASSERT_OK(lebm_prior_log_density(prior, z, N, density));
    LEBM_ASSERT_OK(lebm_prior_score(prior, z, N, score));
    LEBM_ASSERT_OK(lebm_prior_log_density(prior, z, 30, few_density));
    LEBM_ASSERT_OK(lebm_prior_score(prior, z, 30, few_score));
    LEBM_ASSERT_SAME_BITS(few_density, density, 30);
    LEBM_ASSERT_SAME_BITS(few_score, score, 30 * M);
    free(z);
    lebm_prior_destroy(prior);
    pair_free(&f);
}
END_TEST

START_TEST(prior_and_caller_hold_the_net)
{
    lebm_net *f;
    lebm_prior *prior, *second = (lebm_prior *)&f;
    const float weight[3] = {1, 2, 3}, z[3] = {1, 1, 1};
    float density;
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&f, "in 3; linear 1"));
    LEBM_ASSERT_OK(lebm_prior_create(&prior, f, 0.5));
    ck_assert_ptr_eq(lebm_prior_net(prior), f);
    ck_assert_int_eq(lebm_prior_latent_size(prior), 3);
    ck_assert_double_eq(lebm_prior_sigma0(prior), 0.5);

    lebm_net_destroy(f);                                                     /* the prior goes on */
    lebm_net_destroy(lebm_prior_net(prior));                                 /* this is not the caller's to give up */
    LEBM_ASSERT_OK(lebm_net_set_param(lebm_prior_net(prior), 0, weight, 3)); /* allowed */
    LEBM_ASSERT_OK(lebm_prior_log_density(prior, z, 1, &density));
    LEBM_ASSERT_NEAR(density, 6 - 3 / 0.5 - 1.5 * log(6.283185307179586 * 0.25), 1e-5);
    LEBM_ASSERT_STATUS(lebm_net_add_linear(f, 1, 1), LEBM_ERR_STATE);

    LEBM_ASSERT_STATUS(lebm_prior_create(&second, f, 1), LEBM_ERR_STATE);
    ck_assert_ptr_null(second);
    lebm_prior_destroy(prior);
}
END_TEST

START_TEST(a_net_outlives_its_prior)
{
    lebm_prior *prior;
    float weight[3], y;
    const float z[3] = {1, 1, 1};
    lebm_net *f = make_net("in 3; linear 1", 1);
    for (int i = 0; i < 2; i++) { /* in one prior after the other */
        LEBM_ASSERT_OK(lebm_prior_create(&prior, f, 1));
        lebm_prior_destroy(prior);
    }
    LEBM_ASSERT_OK(lebm_net_get_param(f, 0, weight, 3));
    LEBM_ASSERT_OK(lebm_net_add_activation(f, LEBM_TANH, 0)); /* it is free to grow again */
    LEBM_ASSERT_OK(lebm_net_forward(f, z, 1, &y));
    lebm_net_destroy(f);
}
END_TEST

START_TEST(a_refused_net_stays_the_callers)
{
    lebm_net *f;
    lebm_prior *prior = (lebm_prior *)&f;
    static const double refused[] = {0, -1, 0.99e-6, 1.01e6, NAN, INFINITY, -INFINITY};
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&f, "in 3; linear 2"));
    LEBM_ASSERT_STATUS(lebm_prior_create(&prior, f, 1), LEBM_ERR_SHAPE);
    ck_assert_ptr_null(prior);
    LEBM_ASSERT_OK(lebm_net_add_linear(f, 1, 1)); /* it may still grow */
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        prior = (lebm_prior *)&f;
        LEBM_ASSERT_STATUS(lebm_prior_create(&prior, f, refused[i]), LEBM_ERR_RANGE);
        ck_assert_ptr_null(prior);
    }
    LEBM_ASSERT_STATUS(lebm_prior_create(&prior, NULL, 1), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_prior_create(NULL, f, 1), LEBM_ERR_INVALID);
    LEBM_ASSERT_OK(lebm_net_add_activation(f, LEBM_TANH, 0));
    lebm_net_destroy(f); /* under a leak checker, a net that nobody released would show */
}
END_TEST

START_TEST(bounds_of_sigma0_are_allowed)
{
    static const double allowed[] = {1e-6, 1e6};
    for (int i = 0; i < 2; i++) {
        lebm_net *f;
        const float z = 1e-6f;
        float score;
        LEBM_ASSERT_OK(lebm_net_create_from_spec(&f, "in 1; linear 1"));
        lebm_prior *prior = make_prior(f, allowed[i]);
        LEBM_ASSERT_OK(lebm_prior_score(prior, &z, 1, &score));
        double expected = -(double)z / (allowed[i] * allowed[i]);
        LEBM_ASSERT_NEAR(score, expected, 1e-5 * fabs(expected));
        lebm_prior_destroy(prior);
    }
}
END_TEST

START_TEST(an_image_of_one_number_is_one_output)
{
    lebm_net *f;
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&f, "in 3; conv_transpose2d 1 1 1 0"));
    lebm_prior *prior = make_prior(f, 1);
    lebm_prior_destroy(prior);
}
END_TEST

START_TEST(wrong_arguments)
{
    lebm_net *f;
    float z[3] = {0}, out[3] = {5, 5, 5};
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&f, "in 3; linear 1"));
    lebm_prior *prior = make_prior(f, 1);
    LEBM_ASSERT_STATUS(lebm_prior_log_density(NULL, z, 1, out), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_prior_log_density(prior, NULL, 1, out), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_prior_log_density(prior, z, 1, NULL), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_prior_log_density(prior, z, -1, out), LEBM_ERR_RANGE);
    LEBM_ASSERT_OK(lebm_prior_log_density(prior, z, 0, out));
    LEBM_ASSERT_STATUS(lebm_prior_score(NULL, z, 1, out), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_prior_score(prior, NULL, 1, out), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_prior_score(prior, z, 1, NULL), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_prior_score(prior, z, -1, out), LEBM_ERR_RANGE);
    LEBM_ASSERT_OK(lebm_prior_score(prior, z, 0, out));
    ck_assert_float_eq(out[0], 5);
    lebm_prior_destroy(prior);
    lebm_prior_destroy(NULL);
    ck_assert_ptr_null(lebm_prior_net(NULL));
    ck_assert_int_eq(lebm_prior_latent_size(NULL), 0);
    ck_assert_double_eq(lebm_prior_sigma0(NULL), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("prior");
    TCase *numbers = tcase_create("numbers");
    tcase_add_test(numbers, density_by_hand);
    tcase_add_test(numbers, rows_do_not_depend_on_each_other);
    suite_add_tcase(suite, numbers);

    TCase *contract = tcase_create("contract");
    tcase_add_test(contract, prior_and_caller_hold_the_net);
    tcase_add_test(contract, a_net_outlives_its_prior);
    tcase_add_test(contract, a_refused_net_stays_the_callers);
    tcase_add_test(contract, bounds_of_sigma0_are_allowed);
    tcase_add_test(contract, an_image_of_one_number_is_one_output);
    tcase_add_test(contract, wrong_arguments);
    suite_add_tcase(suite, contract);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
