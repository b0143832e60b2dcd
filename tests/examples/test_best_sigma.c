/* The best sigma of rows of a linear model, against that of their exact likelihood. */
#include "best_sigma.h"

#include <math.h>

#include "errors.h"
#include "rng.h"
#include "suite.h"

enum { SIDE = 6, ROWS = 60 };

static float w[SIDE], x[ROWS][SIDE];

static model make_model(double sigma)
{
    model m = {.prior = NULL};
    const float zeros[2] = {0, 0};
    lebm_net *f;
    rng r = rng_start(3, 0);
    for (int i = 0; i < SIDE; i++) w[i] = (float)rng_normal(&r, 0, .3);
    or_die(lebm_net_create_from_spec(&f, "in 1; linear 1"), "f");
    or_die(lebm_net_set_param(f, 0, zeros, 1), "f");
    or_die(lebm_prior_create(&m.prior, f, 1), "prior");
    lebm_net_destroy(f);
    or_die(lebm_generator_create_from_spec(&m.generator, "in 1; linear 6 nobias", LEBM_GAUSSIAN, sigma), "g");
    or_die(lebm_generator_set_param(m.generator, 0, w, SIDE), "g");
    or_die(lebm_sampler_create(&m.to_prior, LEBM_LANGEVIN), "sampler");
    return m;
}

static void draw_rows(double sigma)
{
    rng r = rng_start(4, 0);
    for (int row = 0; row < ROWS; row++) {
        const double z = rng_normal(&r, 0, 1);
        for (int i = 0; i < SIDE; i++) x[row][i] = (float)rng_normal(&r, (double)w[i] * z, sigma);
    }
}

/* x ~ N(0, sigma^2 I + w w'). */
static double log_likelihood(double sigma)
{
    const double s2 = sigma * sigma;
    double ww = 0, sum = 0;
    for (int i = 0; i < SIDE; i++) ww += (double)w[i] * (double)w[i];
    for (int row = 0; row < ROWS; row++) {
        double xx = 0, wx = 0;
        for (int i = 0; i < SIDE; i++) {
            xx += (double)x[row][i] * (double)x[row][i];
            wx += (double)w[i] * (double)x[row][i];
        }
        sum -= ((SIDE - 1) * log(s2) + log(s2 + ww) + (xx - wx * wx / (s2 + ww)) / s2) / 2;
    }
    return sum;
}

static double exact_best(void)
{
    double best = .01;
    for (double sigma = .01; sigma < 2; sigma *= 1.0005)
        if (log_likelihood(sigma) > log_likelihood(best)) best = sigma;
    return best;
}

static int go_on(double done, void *user)
{
    double *last = user;
    ck_assert_double_ge(done, *last);
    ck_assert_double_le(done, 1);
    *last = done;
    return 0;
}

/* Whatever the model's own sigma is. */
START_TEST(finds_the_maximum_of_the_likelihood)
{
    const double own[] = {.05, 1};
    for (int i = 0; i < 2; i++) {
        double done = 0;
        best_sigma found;
        model m = make_model(own[i]);
        draw_rows(.2);
        const double best = exact_best();
        ck_assert_int_eq(best_sigma_find(&m, x[0], ROWS, 1, 1, go_on, &done, &found), LEBM_OK);
        ck_assert_double_eq(done, 1);
        ck_assert_msg(fabs(found.sigma / best - 1) < .02, "sigma %g, not %g", found.sigma, best);
        ck_assert_msg(found.drift < .02, "still moving by %g", found.drift);
        model_free(&m);
    }
}
END_TEST

START_TEST(rows_that_are_all_missing_have_none)
{
    best_sigma found;
    double done = 0;
    model m = make_model(.3);
    model_skip_missing(&m);
    for (int row = 0; row < ROWS; row++)
        for (int i = 0; i < SIDE; i++) x[row][i] = NAN;
    ck_assert_int_eq(best_sigma_find(&m, x[0], ROWS, 1, 1, go_on, &done, &found), LEBM_OK);
    ck_assert_double_eq(found.sigma, 0);
    model_free(&m);
}
END_TEST

static int stop(double done, void *user)
{
    (void)user;
    return done > .3;
}

START_TEST(may_be_stopped)
{
    best_sigma found;
    model m = make_model(.3);
    draw_rows(.2);
    ck_assert_int_eq(best_sigma_find(&m, x[0], ROWS, 1, 1, stop, NULL, &found), LEBM_STOPPED);
    model_free(&m);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {finds_the_maximum_of_the_likelihood, rows_that_are_all_missing_have_none,
                                  may_be_stopped};
    return RUN_SUITE("best_sigma", tests);
}
