/* The verdict is right: modes that do not mix are told from a density that is nearly normal, whatever the seed. */
#include <math.h>
#include <sys/stat.h>

#include "diagnose_run.h"
#include "suite.h"

enum { M = 4, SEEDS = 20 };

static void set_param(lebm_net *net, int64_t index, const float *values, int64_t count)
{
    ck_assert_int_eq(lebm_net_set_param(net, index, values, count), LEBM_OK);
}

/* Two wells at both sides of 0 along the first axis: f = height (gelu(z) + gelu(-z)) is height |z| but near 0, so that the
 * log density has its modes where z is the height, or minus the height, and a barrier of height^2 / 2 between them. A constant
 * slope along the axis makes one of them the higher. */
static lebm_net *two_wells(float height, float slope)
{
    const float in[2 * M] = {[0] = 1, [M] = -1}, zeros[2] = {0, 0}, out[2] = {height + slope, height - slope};
    lebm_net *net;
    ck_assert_int_eq(lebm_net_create_from_spec(&net, "in 4; linear 2; gelu; linear 1"), LEBM_OK);
    set_param(net, 0, in, 2 * M);
    set_param(net, 1, zeros, 2);
    set_param(net, 2, out, 2);
    set_param(net, 3, zeros, 1);
    return net;
}

/* Small beside p0, as PyTorch's initial weights are. */
static lebm_net *nearly_flat(uint64_t seed)
{
    lebm_net *net;
    ck_assert_int_eq(lebm_net_create_from_spec(&net, "in 4; linear 16; gelu; linear 1"), LEBM_OK);
    ck_assert_int_eq(lebm_net_init(net, LEBM_INIT_PYTORCH, seed), LEBM_OK);
    return net;
}

static findings diagnose_prior(lebm_net *net, int64_t seed)
{
    const diagnose_settings s = {
        .superchains = 16, .chains = 8, .warmup = 60, .steps = 800, .leapfrog_steps = 10, .threads = 1};
    model m = {0};
    findings f;
    ck_assert_int_eq(lebm_prior_create(&m.prior, net, 1), LEBM_OK);
    lebm_net_destroy(net);
    ck_assert_int_eq(lebm_sampler_create(&m.to_prior, LEBM_LANGEVIN), LEBM_OK);
    ck_assert_int_eq(lebm_sampler_set_i64(m.to_prior, LEBM_SAMPLER_SEED, seed), LEBM_OK);
    ck_assert_int_eq(diagnose_run(&m, &s, &f), LEBM_OK);
    model_free(&m);
    return f;
}

/* The verdict. */
static const char *words(const findings *f)
{
    static char text[4096];
    FILE *out = fmemopen(text, sizeof text, "w");
    ck_assert_ptr_nonnull(out);
    verdict_print(out, f);
    ck_assert_int_eq(fclose(out), 0);
    return text;
}

static int go_on(double done, void *user)
{
    (void)done;
    (void)user;
    return 0;
}

/* Chains of one kernel from these starts: [8, M], 8 chains each. The model's own steps are of these sizes. */
static diagnosis diagnose_steps(lebm_net *net, const char *kernel, const float *starts, int64_t steps,
                                double own_step_size, double own_last_step_size, long_chains *c)
{
    const chains_plan plan = {.targets = 1,
                              .superchains = 8,
                              .chains = 8,
                              .warmup = 60,
                              .steps = steps,
                              .leapfrog_steps = 10,
                              .threads = 1,
                              .starts = starts,
                              .progress = go_on};
    model m = {0};
    ck_assert_int_eq(lebm_prior_create(&m.prior, net, 1), LEBM_OK);
    lebm_net_destroy(net);
    ck_assert_int_eq(lebm_sampler_create(&m.to_prior, LEBM_LANGEVIN), LEBM_OK);
    ck_assert_int_eq(lebm_sampler_set_f64(m.to_prior, LEBM_SAMPLER_STEP_SIZE, own_step_size), LEBM_OK);
    ck_assert_int_eq(lebm_sampler_set_f64(m.to_prior, LEBM_SAMPLER_LAST_STEP_SIZE, own_last_step_size), LEBM_OK);
    const int status = long_chains_run(&m, &plan, kernel, c);
    ck_assert_msg(status == LEBM_OK || status == LEBM_ERR_DIVERGED, "status %d", status);
    const diagnosis d = diagnose(&m, &plan, c);
    long_chains_free(c);
    model_free(&m);
    return d;
}

static diagnosis diagnose_kernel(lebm_net *net, const char *kernel, const float *starts, int64_t steps,
                                 double own_step_size)
{
    long_chains c;
    return diagnose_steps(net, kernel, starts, steps, own_step_size, 0, &c);
}

static void assert_mixing(const diagnosis *d, mixing expected)
{
    ck_assert_msg(d->mixing == expected, "mixing %d, not %d: nested R-hat %g of %d, limit %g, R-hat %g of %d",
                  (int)d->mixing, (int)expected, d->nested, (int)d->nested_at, d->limit, d->rhat, (int)d->rhat_at);
}

/* Far apart along the second axis, and at one place of the first. */
static void spread_starts(float at, float starts[8 * M])
{
    for (int i = 0; i < 8; i++) {
        memset(starts + i * M, 0, M * sizeof *starts);
        starts[i * M] = at;
        starts[i * M + 1] = (float)(3 * i) - 10.5F;
    }
}

/* All are flagged, and by the right words but for one or two that hmc's slow orbits might make doubtful. */
START_TEST(flags_modes_that_do_not_mix)
{
    int named = 0;
    for (int64_t seed = 1; seed <= SEEDS; seed++) {
        const findings f = diagnose_prior(two_wells(6, seed % 2 == 0 ? 0 : .01F * (float)seed), seed);
        ck_assert_msg(verdict_best(&f) < 0, "seed %d: modes that do not mix pass: %s", (int)seed, words(&f));
        named += strstr(words(&f), "The prior's modes do not mix") != NULL;
    }
    ck_assert_msg(named >= SEEDS - 2, "modes are named in %d of %d verdicts only", named, SEEDS);
}
END_TEST

START_TEST(passes_what_is_nearly_normal)
{
    int flagged = 0, starts_shown = 0;
    for (int64_t seed = 1; seed <= SEEDS; seed++) {
        const findings f = diagnose_prior(nearly_flat((uint64_t)seed), seed);
        for (int k = 0; k < KERNELS; k++) starts_shown += f.diagnoses[k].nested > f.diagnoses[k].limit;
        if (verdict_best(&f) < 0)
            flagged++;
        else
            assert_contains(words(&f), "The prior mixes");
    }
    ck_assert_msg(starts_shown <= 1, "starts that are forgotten show in %d of %d", starts_shown, KERNELS * SEEDS);
    ck_assert_msg(flagged <= 1, "%d of %d densities that are nearly normal were flagged", flagged, SEEDS);
}
END_TEST

/* All starts lie on the ridge between the wells: each superchain has chains in both, and so superchains agree. */
START_TEST(flags_chains_that_part_on_a_ridge)
{
    float starts[8 * M];
    spread_starts(0, starts);
    const diagnosis d = diagnose_kernel(two_wells(6, 0), LEBM_MALA, starts, 800, .1);
    assert_mixing(&d, MIXING_PARTED);
    ck_assert_int_eq(d.rhat_at, 1);
}
END_TEST

/* A well that one start alone lies in. */
START_TEST(flags_a_rare_mode)
{
    float starts[8 * M];
    spread_starts(6, starts);
    starts[0] = -6;
    const diagnosis d = diagnose_kernel(two_wells(6, 0), LEBM_HMC, starts, 800, .1);
    assert_mixing(&d, MIXING_STUCK);
    ck_assert_int_eq(d.nested_at, 1);
}
END_TEST

START_TEST(tells_chains_on_their_way)
{
    float starts[8 * M];
    spread_starts(0, starts);
    const diagnosis slow = diagnose_kernel(nearly_flat(1), LEBM_LANGEVIN, starts, 400, .005);
    assert_mixing(&slow, MIXING_SLOW);
    ck_assert_int_eq(slow.nested_at, 2);
    const diagnosis brief = diagnose_kernel(nearly_flat(1), LEBM_LANGEVIN, starts, 400, .05);
    assert_mixing(&brief, MIXING_SHORT);
    const diagnosis good = diagnose_kernel(nearly_flat(1), LEBM_LANGEVIN, starts, 4000, .05);
    assert_mixing(&good, MIXING_GOOD);
}
END_TEST

START_TEST(langevin_takes_the_last_of_its_steps)
{
    float starts[8 * M];
    long_chains c;
    spread_starts(0, starts);
    diagnose_steps(nearly_flat(1), LEBM_LANGEVIN, starts, 400, .1, .02, &c);
    ck_assert_msg(c.step_size == .02, "step size %g, not 0.02", c.step_size);
    ck_assert_msg(c.acceptance > .98 && c.acceptance < 1, "acceptance %g with small steps", c.acceptance);
    diagnose_steps(nearly_flat(1), LEBM_LANGEVIN, starts, 400, .1, 0, &c);
    ck_assert_msg(c.step_size == .1, "step size %g, not 0.1", c.step_size);
    diagnose_steps(nearly_flat(1), LEBM_MALA, starts, 400, .1, .02, &c);
    ck_assert_msg(fabs(c.acceptance - .574) < .1, "acceptance %g of mala, not 0.574", c.acceptance);
}
END_TEST

START_TEST(tells_a_run_that_failed)
{
    float starts[8 * M];
    spread_starts(0, starts);
    const diagnosis d = diagnose_kernel(nearly_flat(1), LEBM_LANGEVIN, starts, 400, 3);
    assert_mixing(&d, MIXING_FAILED);
}
END_TEST

/* The mean of f and its error are those of the density, here with z of one mode: |z| of a normal number about 6. */
START_TEST(measures_f)
{
    float starts[8 * M];
    spread_starts(6, starts);
    const diagnosis d = diagnose_kernel(two_wells(6, 0), LEBM_HMC, starts, 4000, .1);
    assert_mixing(&d, MIXING_GOOD);
    ck_assert_msg(fabs(d.f - 36) < 4 * d.f_mcse, "mean f %g, %g standard errors from 36", d.f, (d.f - 36) / d.f_mcse);
    ck_assert_msg(fabs(d.f_sd - 6) < .3, "standard deviation of f %g, not 6", d.f_sd);
}
END_TEST

/* Findings on a prior that mixes, of which a test changes what it is about. */
static findings findings_of_a_good_prior(void)
{
    findings f = {
        .targets = 1, .superchains = 16, .chains = 64, .steps = 2000, .leapfrog_steps = 10, .training_steps = 40};
    static const char *const kernels[KERNELS] = {"langevin", "mala", "hmc"};
    for (int k = 0; k < KERNELS; k++) {
        f.runs[k] = (long_chains){.kernel = kernels[k], .step_size = .25, .acceptance = .81};
        f.diagnoses[k] = (diagnosis){.mixing = MIXING_GOOD,
                                     .good_targets = 1,
                                     .nested = 1.002,
                                     .limit = 1.01,
                                     .rhat = 1.02,
                                     .ess_per_second = 100 * (k + 1),
                                     .f = 12,
                                     .f_mcse = .01,
                                     .f_sd = 2};
    }
    f.training_temperature = 1;
    f.training_likelihood_weight = 1;
    f.training_f = 12.1;
    f.training_f_mcse = .02;
    return f;
}

START_TEST(says_what_is_good)
{
    const findings f = findings_of_a_good_prior();
    const char *said = words(&f);
    assert_contains(said,
                    "The prior mixes: chains of hmc forget their starts (nested R-hat 1.002, at most 1.010 is good)");
    assert_contains(
        said, "Draw with hmc, step_size 0.25, leapfrog_steps 10: 300 independent draws a second, mean f 12 +- 0.01");
    assert_contains(
        said, "The training's chains of 40 steps end near where long ones rest: their mean f of 12.1 is 0.1 too high, "
              "0.05 deviations of f.");
    ck_assert_msg(strstr(said, "What to change") == NULL, "something is to be changed: %s", said);
    ck_assert_msg(strstr(said, "langevin") == NULL, "something is wrong with langevin: %s", said);
}
END_TEST

START_TEST(prefers_the_faster_kernel)
{
    findings f = findings_of_a_good_prior();
    f.diagnoses[MALA_ROW].ess_per_second = 301;
    ck_assert_int_eq(verdict_best(&f), MALA_ROW);
    f.diagnoses[MALA_ROW].mixing = MIXING_SHORT;
    f.diagnoses[MALA_ROW].rhat = 1.23;
    f.diagnoses[MALA_ROW].rhat_at = 5;
    ck_assert_int_eq(verdict_best(&f), HMC_ROW);
    assert_contains(words(&f), "mala does not mix in as many steps (R-hat 1.23 of z[4], at most 1.10 is good)");
}
END_TEST

START_TEST(compares_no_chains_of_another_temperature)
{
    findings f = findings_of_a_good_prior();
    f.training_temperature = .1;
    f.training_f = 20;
    assert_contains(words(&f), "The training's chains have the temperature 0.1: they go to another density");
    ck_assert_msg(strstr(words(&f), "What to change") == NULL, "chains of another density are compared: %s", words(&f));
    f.training_likelihood_weight = 5;
    assert_contains(words(&f), "the temperature 0.1 and the likelihood to the power of 5: they go to another density");
    f.training_temperature = 1;
    assert_contains(words(&f),
                    "The training's chains have the likelihood to the power of 5: they go to another density");
    ck_assert_msg(strstr(words(&f), "What to change") == NULL, "chains of another density are compared: %s", words(&f));
}
END_TEST

/* A difference of f counts beyond three standard errors and a quarter of its deviation. */
START_TEST(says_that_the_trainings_chains_are_too_short)
{
    findings f = findings_of_a_good_prior();
    f.training_f = 11.6;
    assert_contains(words(&f), "end near where long ones rest");
    f.training_f = 11;
    assert_contains(
        words(&f), "The training's chains of 40 steps end elsewhere: their mean f of 11 is 1 too low, 0.50 deviations");
    assert_contains(words(&f), "What to change: more --prior-steps");
    f.training_f_mcse = .4;
    assert_contains(words(&f), "end near where long ones rest");
    f.training_f = 14;
    f.of_posterior = true;
    assert_contains(words(&f), "is 2 too high");
    assert_contains(words(&f), "more --posterior-steps");
}
END_TEST

START_TEST(says_what_is_wrong_with_langevin)
{
    findings f = findings_of_a_good_prior();
    diagnosis *d = &f.diagnoses[LANGEVIN_ROW];
    d->f = 11;
    assert_contains(words(&f),
                    "langevin with steps of 0.25 is biased: its mean f is 1 too low; a test would accept 81 % of its");
    d->mixing = MIXING_SLOW;
    d->nested = 1.5;
    assert_contains(words(&f),
                    "langevin with steps of 0.25 does not mix in as many (nested R-hat 1.500 of f, at most 1.010 is");
    d->mixing = MIXING_FAILED;
    strcpy(f.runs[LANGEVIN_ROW].why.text, "it ran away");
    assert_contains(words(&f), "langevin's steps of 0.25 are too long: it ran away.");
}
END_TEST

/* What neither mala nor hmc can do is said of the one that comes nearer to it. */
START_TEST(says_how_it_does_not_mix)
{
    static const struct {
        mixing mixing;
        const char *said, *remedy;
    } cases[] = {
        {MIXING_FAILED, "The chains to the prior failed", "docs/tuning.md"},
        {MIXING_STUCK, "The prior's modes do not mix: chains from different starts settle apart",
         "--prior-learning-rate"},
        {MIXING_PARTED, "The prior's modes do not mix: chains from one start settle apart", "--prior-learning-rate"},
        {MIXING_SLOW, "The prior does not mix in 2000 steps: chains are on their way", "--steps 8000"},
        {MIXING_SHORT, "The prior does not mix in 2000 steps: the starts are forgotten", "--steps 8000"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        findings f = findings_of_a_good_prior();
        f.diagnoses[MALA_ROW].mixing = cases[i].mixing;
        f.diagnoses[HMC_ROW].mixing = MIXING_FAILED;
        ck_assert_int_eq(verdict_best(&f), -1);
        assert_contains(words(&f), cases[i].said);
        assert_contains(words(&f), cases[i].remedy);
        assert_contains(words(&f), cases[i].mixing == MIXING_FAILED ? "(hmc: " : "(mala: ");
        ck_assert_msg(strstr(words(&f), "training's chains") == NULL, "chains are compared to none: %s", words(&f));
    }
}
END_TEST

START_TEST(counts_observations)
{
    findings f = findings_of_a_good_prior();
    f.of_posterior = true;
    f.targets = 4;
    for (int k = 0; k < KERNELS; k++) f.diagnoses[k].mixing = MIXING_STUCK;
    f.diagnoses[HMC_ROW].good_targets = 3;
    assert_contains(words(&f), "The posterior's modes do not mix");
    assert_contains(words(&f), "3 of 4 observations mix");
    assert_contains(words(&f), "largest log density");
}
END_TEST

/* A model of numbers that are no image has charts of its chains all the same. */
START_TEST(draws_charts_of_any_model)
{
    char folder[256], path[512];
    snprintf(folder, sizeof folder, "%s", scratch_path("diagnosis"));
    ck_assert_int_eq(mkdir(folder, 0777), 0);
    model m = {0};
    findings f;
    const float x[3] = {.1F, .2F, .3F};
    const diagnose_settings s = {.superchains = 4,
                                 .chains = 4,
                                 .warmup = 10,
                                 .steps = 160,
                                 .leapfrog_steps = 10,
                                 .threads = 1,
                                 .x = x,
                                 .observations = 1,
                                 .folder = folder};
    ck_assert_int_eq(lebm_model_create(&m.prior, &m.generator, "in 4; linear 2; gelu; linear 1", 1, "in 4; linear 3",
                                       LEBM_GAUSSIAN, 1, LEBM_INIT_PYTORCH, 1),
                     LEBM_OK);
    ck_assert_int_eq(lebm_sampler_create(&m.to_prior, LEBM_LANGEVIN), LEBM_OK);
    ck_assert_int_eq(lebm_sampler_create(&m.to_posterior, LEBM_LANGEVIN), LEBM_OK);
    ck_assert_int_eq(diagnose_run(&m, &s, &f), LEBM_OK);
    for (int k = 0; k < KERNELS; k++) {
        snprintf(path, sizeof path, "%s/posterior-1-%s-log-density.png", folder, f.runs[k].kernel);
        ck_assert_msg(remove(path) == 0, "there is no %s", path);
    }
    ck_assert_msg(rmdir(folder) == 0, "more than the charts was written");
    model_free(&m);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {flags_modes_that_do_not_mix,
                                  passes_what_is_nearly_normal,
                                  flags_chains_that_part_on_a_ridge,
                                  flags_a_rare_mode,
                                  tells_chains_on_their_way,
                                  tells_a_run_that_failed,
                                  langevin_takes_the_last_of_its_steps,
                                  says_what_is_good,
                                  prefers_the_faster_kernel,
                                  compares_no_chains_of_another_temperature,
                                  says_that_the_trainings_chains_are_too_short,
                                  says_what_is_wrong_with_langevin,
                                  says_how_it_does_not_mix,
                                  draws_charts_of_any_model,
                                  counts_observations,
                                  measures_f};
    return RUN_SUITE("verdict", tests);
}
