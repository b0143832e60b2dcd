#include "prior_watch.h"

#include <math.h>

#include "suite.h"

enum { SIZE = 2, BATCH = 20, DATA = 6 };

static lebm_net *make_net(const char *spec, uint64_t seed)
{
    lebm_net *net;
    ck_assert_int_eq(lebm_net_create_from_spec(&net, spec), LEBM_OK);
    ck_assert_int_eq(lebm_net_init(net, LEBM_INIT_PYTORCH, seed), LEBM_OK);
    return net;
}

static lebm_sampler *make_sampler(int64_t steps, double step_size)
{
    lebm_sampler *sampler;
    ck_assert_int_eq(lebm_sampler_create(&sampler, LEBM_LANGEVIN), LEBM_OK);
    ck_assert_int_eq(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, steps), LEBM_OK);
    ck_assert_int_eq(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, step_size), LEBM_OK);
    return sampler;
}

/* The prior with f = slope z_0: a normal whose mean is slope sigma0^2. */
static lebm_prior *make_prior(float slope, double sigma0)
{
    lebm_prior *prior;
    lebm_net *f = make_net("in 2; linear 1 nobias", 1);
    ck_assert_int_eq(lebm_net_set_param(f, 0, (const float[SIZE]){slope, 0}, SIZE), LEBM_OK);
    ck_assert_int_eq(lebm_prior_create(&prior, f, sigma0), LEBM_OK);
    lebm_net_destroy(f);
    return prior;
}

static prior_watch look(float slope, double sigma0, int64_t steps, double step_size)
{
    prior_watch seen;
    lebm_prior *prior = make_prior(slope, sigma0);
    lebm_sampler *sampler = make_sampler(1, step_size);
    ck_assert_int_eq(prior_watch_look(prior, sampler, steps, &seen), LEBM_OK);
    lebm_sampler_destroy(sampler);
    lebm_prior_destroy(prior);
    return seen;
}

static void assert_near(double value, double expected, double allowed, const char *what)
{
    ck_assert_msg(fabs(value - expected) <= allowed, "%s is %g, not %g: off by more than %g", what, value, expected,
                  allowed);
}

/* After k steps of s from noise the mean of f = slope z_0 is slope^2 (1 - (1 - s)^k). */
START_TEST(chains_that_are_too_short_lag)
{
    const prior_watch seen = look(5, 1, 10, .02);
    assert_near(seen.short_f, 25 * (1 - pow(.98, 10)), 25 * .3, "f"); /* 16 starts whose z have the deviation 1 */
    assert_near(seen.longer_f, 25 * (1 - pow(.98, 100)), 4 * 5 / sqrt(16), "f of longer chains");
    ck_assert_double_gt(seen.nested_rhat, 1.5); /* the variance of starts is 2.2 times that within each */
    ck_assert_double_gt(seen.acceptance, .9);
    ck_assert(prior_watch_lags(&seen));
}
END_TEST

/* Here each chain has come to rest, and 256 are independent: f has the mean slope^2 and the deviation |slope|. */
START_TEST(chains_that_are_long_enough_do_not)
{
    static const float slopes[] = {0, .01f, 1, 5};
    for (int i = 0; i < 4; i++) {
        const double slope = (double)slopes[i];
        const prior_watch seen = look(slopes[i], 1, 120, .08);
        assert_near(seen.short_f, slope * slope, 4 * slope / 16, "f");
        assert_near(seen.longer_f, slope * slope, 4 * slope / 16, "f of longer chains");
        assert_near(seen.error, slope * sqrt(2. / 256), slope * .06, "the error");
        ck_assert_msg(!prior_watch_lags(&seen), "f is %g, %g, nested R-hat %g", seen.short_f, seen.longer_f,
                      seen.nested_rhat);
    }
}
END_TEST

START_TEST(chains_that_run_away_are_told)
{
    char line[400];
    const prior_watch seen = look(1, .1, 20, .3); /* 0.3 times the curvature 100 is far beyond 2 */
    ck_assert(seen.ran_away);
    ck_assert(prior_watch_lags(&seen));
    prior_watch_describe(&seen, 0, line, sizeof line);
    assert_contains(line, "run away");
    assert_contains(line, "smaller --prior-step-size");
}
END_TEST

START_TEST(the_remedy_is_that_of_the_chains)
{
    char line[400];
    prior_watch seen = {.acceptance = .9, .nested_rhat = 1.5, .short_f = 1.25, .longer_f = 4.5, .error = .125};
    prior_watch_describe(&seen, 7, line, sizeof line);
    ck_assert_str_eq(line,
                     "the prior's chains lag: f is 1.25 at their end, 4.50 after ten times the steps; nested R-hat "
                     "1.50, acceptance 0.90, gap +7.00: more --prior-steps, or a smaller --prior-learning-rate");
    seen.acceptance = .3;
    prior_watch_describe(&seen, 7, line, sizeof line);
    assert_contains(line, ": smaller --prior-step-size");
    /* What they lag by: f alone, if that is certain; or where they began. */
    seen.nested_rhat = 1.05;
    ck_assert(prior_watch_lags(&seen));
    seen.error = 2;
    ck_assert(!prior_watch_lags(&seen));
    seen.error = .125, seen.longer_f = 1.5;
    ck_assert(!prior_watch_lags(&seen));
    seen.nested_rhat = 1.2;
    ck_assert(prior_watch_lags(&seen));
}
END_TEST

/* The parameters of f after some steps, with a look after each or not. */
static void train(bool watches, float parameters[SIZE])
{
    lebm_generator *generator;
    lebm_trainer *trainer;
    lebm_prior *prior = make_prior(1, 1);
    lebm_net *g = make_net("in 2; linear 6", 2);
    lebm_sampler *to_prior = make_sampler(5, .08), *to_posterior = make_sampler(5, .01), *watcher;
    ck_assert_int_eq(lebm_generator_create(&generator, g, LEBM_GAUSSIAN, .3), LEBM_OK);
    lebm_net_destroy(g);
    ck_assert_int_eq(lebm_trainer_create(&trainer, prior, generator, to_prior, to_posterior), LEBM_OK);
    ck_assert_int_eq(lebm_sampler_copy(&watcher, to_prior), LEBM_OK);
    for (int step = 0; step < 4; step++) {
        prior_watch seen;
        float x[BATCH * DATA];
        for (int i = 0; i < BATCH * DATA; i++) x[i] = (float)((i * (step + 3)) % 7) / 7;
        ck_assert_int_eq(lebm_trainer_step(trainer, x, BATCH), LEBM_OK);
        if (watches) ck_assert_int_eq(prior_watch_look(prior, watcher, 5, &seen), LEBM_OK);
    }
    ck_assert_int_eq(lebm_net_get_param(lebm_prior_net(prior), 0, parameters, SIZE), LEBM_OK);
    lebm_trainer_destroy(trainer);
    lebm_sampler_destroy(watcher);
    lebm_sampler_destroy(to_prior);
    lebm_sampler_destroy(to_posterior);
    lebm_generator_destroy(generator);
    lebm_prior_destroy(prior);
}

START_TEST(no_bit_of_the_training_changes)
{
    float alone[SIZE], watched[SIZE];
    train(false, alone);
    train(true, watched);
    ck_assert_mem_eq(watched, alone, sizeof alone);
    ck_assert_msg(alone[0] != 1, "nothing was learned");
}
END_TEST

START_TEST(a_look_is_the_same_each_time)
{
    const prior_watch once = look(2, 1, 20, .05), again = look(2, 1, 20, .05);
    ck_assert_double_eq(once.short_f, again.short_f);
    ck_assert_double_eq(once.longer_f, again.longer_f);
    ck_assert_double_eq(once.nested_rhat, again.nested_rhat);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {chains_that_are_too_short_lag,  chains_that_are_long_enough_do_not,
                                  chains_that_run_away_are_told,  the_remedy_is_that_of_the_chains,
                                  no_bit_of_the_training_changes, a_look_is_the_same_each_time};
    return RUN_SUITE("prior_watch", tests);
}
