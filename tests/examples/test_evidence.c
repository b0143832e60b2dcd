/* What four numbers say of log p(x); estimates that are known, refused or stopped. */
#include "evidence.h"

#include <math.h>

#include "suite.h"

static const evidence_settings settings = {
    .kernel = LEBM_HMC, .temperatures = 100, .chains = 16, .leapfrog_steps = 3, .seed = 1, .threads = 1};

/* f = a z + b with z of one number, and g = w z. */
static model make_model(float a, float b, float w, double sigma)
{
    model m = {.prior = NULL};
    lebm_net *f;
    ck_assert_int_eq(lebm_net_create_from_spec(&f, "in 1; linear 1"), LEBM_OK);
    ck_assert_int_eq(lebm_net_set_param(f, 0, &a, 1), LEBM_OK);
    ck_assert_int_eq(lebm_net_set_param(f, 1, &b, 1), LEBM_OK);
    ck_assert_int_eq(lebm_prior_create(&m.prior, f, 1), LEBM_OK);
    lebm_net_destroy(f);
    ck_assert_int_eq(lebm_generator_create_from_spec(&m.generator, "in 1; linear 1 nobias", LEBM_GAUSSIAN, sigma),
                     LEBM_OK);
    ck_assert_int_eq(lebm_generator_set_param(m.generator, 0, &w, 1), LEBM_OK);
    return m;
}

/* Lower ends take what is from below of x, and from above of Z; upper ends the other way round. */
START_TEST(a_bracket_takes_what_bounds_it)
{
    const evidence of_x = {.forward = 10, .forward_error = .3, .reverse = 11, .reverse_error = .4};
    const evidence of_z = {.forward = 3, .forward_error = 0, .reverse = 3.5, .reverse_error = 1.2};
    const log_p p = evidence_log_p(&of_x, &of_z);
    ck_assert_double_eq(p.lower, 6.5);
    ck_assert_double_eq(p.upper, 8);
    ck_assert_double_eq(p.middle, 7.25);
    ck_assert_double_eq_tol(p.error, sqrt(.09 + .16 + 1.44) / 2, 1e-15);
}
END_TEST

/* z ~ N(a, 1), so x ~ N(w a, w^2 + sigma^2), and log Z = b + a^2/2. */
START_TEST(what_is_known_is_found)
{
    const double a = .8, b = 2, w = 1.5, sigma = .5, x = -1;
    model m = make_model((float)a, (float)b, (float)w, sigma);
    evidence of_z, of_x;
    ck_assert_int_eq(evidence_of_prior(&m, &settings, NULL, NULL, &of_z), LEBM_OK);
    ck_assert_int_eq(evidence_of_row(&m, &settings, &(float){(float)x}, 0, NULL, NULL, &of_x), LEBM_OK);
    ck_assert(!evidence_is_refused(&of_z) && !evidence_is_refused(&of_x));
    const double log_z = b + a * a / 2, variance = w * w + sigma * sigma;
    const double log_x = -.5 * (log(2 * M_PI * variance) + pow(x - w * a, 2) / variance);
    ck_assert_double_eq_tol((of_z.forward + of_z.reverse) / 2, log_z, 4 * evidence_error(&of_z));
    const log_p p = evidence_log_p(&of_x, &of_z);
    ck_assert_msg(fabs(p.middle - log_x) < 4 * p.error && p.error < .3, "log p(x) is %g +- %g, not %g", p.middle,
                  p.error, log_x);
    ck_assert(of_x.ess > 2 && of_x.ess <= 16 && of_x.largest >= 1. / 16 && of_x.largest < .9);
    model_free(&m);
}
END_TEST

/* Each row has numbers of its own, which do not depend on other rows. */
START_TEST(rows_differ_by_their_number_alone)
{
    model m = make_model(1, 0, 1, .5);
    evidence first, again, other;
    const float x = 2;
    ck_assert_int_eq(evidence_of_row(&m, &settings, &x, 3, NULL, NULL, &first), LEBM_OK);
    ck_assert_int_eq(evidence_of_row(&m, &settings, &x, 4, NULL, NULL, &other), LEBM_OK);
    ck_assert_int_eq(evidence_of_row(&m, &settings, &x, 3, NULL, NULL, &again), LEBM_OK);
    ck_assert_double_eq(first.forward, again.forward);
    ck_assert_double_eq(first.reverse, again.reverse);
    ck_assert_double_ne(first.forward, other.forward);
    model_free(&m);
}
END_TEST

START_TEST(weights_that_carry_nothing_are_refused)
{
    model m = make_model(0, 0, 10, .001);
    const evidence_settings one_step = {.kernel = LEBM_MALA, .temperatures = 1, .chains = 16, .seed = 1, .threads = 1};
    evidence e;
    ck_assert_int_eq(evidence_of_row(&m, &one_step, &(float){12}, 0, NULL, NULL, &e), LEBM_OK);
    ck_assert(evidence_is_refused(&e));
    assert_contains(e.refused.text, "carries no number");
    ck_assert_msg(strstr(e.refused.text, "row 0") == NULL, "'%s' counts rows of a run of one", e.refused.text);
    ck_assert(isnan(e.forward));
    model_free(&m);
}
END_TEST

static int stop(double done, void *user)
{
    (void)done;
    (void)user;
    return 1;
}

START_TEST(a_run_may_be_stopped)
{
    model m = make_model(1, 0, 1, .5);
    evidence e;
    ck_assert_int_eq(evidence_of_prior(&m, &settings, stop, NULL, &e), LEBM_STOPPED);
    ck_assert_int_eq(evidence_of_row(&m, &settings, &(float){1}, 0, stop, NULL, &e), LEBM_STOPPED);
    model_free(&m);
}
END_TEST

/* With f = 0 all weights are 1. */
START_TEST(p0_has_a_normaliser_of_1)
{
    model m = make_model(1, 5, 1, .5);
    evidence e;
    lebm_prior *learned = m.prior;
    m.prior = model_p0(&m);
    lebm_prior_destroy(learned);
    ck_assert_int_eq(evidence_of_prior(&m, &settings, NULL, NULL, &e), LEBM_OK);
    ck_assert_double_eq(e.forward, 0);
    ck_assert_double_eq(e.reverse, 0);
    ck_assert_double_eq(e.forward_error, 0);
    ck_assert(!evidence_is_refused(&e));
    model_free(&m);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_bracket_takes_what_bounds_it,         what_is_known_is_found, rows_differ_by_their_number_alone,
        weights_that_carry_nothing_are_refused, a_run_may_be_stopped,   p0_has_a_normaliser_of_1,
    };
    return RUN_SUITE("evidence", tests);
}
