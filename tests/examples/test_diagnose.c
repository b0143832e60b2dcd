/* The verdict is right: modes that do not mix are told from a density that is nearly normal, whatever the seed. */
#include <math.h>

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
    const diagnose_settings s = {.superchains = 16, .chains = 8, .warmup = 60, .steps = 800, .leapfrog_steps = 10, .threads = 1};
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

/* The verdict's first words. */
static const char *words(const findings *f)
{
    static char text[4096];
    FILE *out = fmemopen(text, sizeof text, "w");
    ck_assert_ptr_nonnull(out);
    verdict_print(out, f);
    ck_assert_int_eq(fclose(out), 0);
    return text;
}

static void describe(const findings *f, int64_t seed)
{
    for (int k = 0; k < KERNELS; k++)
        fprintf(stderr, "seed %d %-8s mixing %d nested %.4f limit %.4f of %d rhat %.4f f %.3f\n", (int)seed, f->runs[k].kernel,
                f->diagnoses[k].mixing, f->diagnoses[k].nested, f->diagnoses[k].limit, (int)f->diagnoses[k].nested_at,
                f->diagnoses[k].rhat, f->diagnoses[k].f);
}

START_TEST(flags_modes_that_do_not_mix)
{
    for (int64_t seed = 1; seed <= SEEDS; seed++) {
        const findings f = diagnose_prior(two_wells(6, seed % 2 == 0 ? 0 : .01F * (float)seed), seed);
        if (getenv("DESCRIBE")) describe(&f, seed);
        ck_assert_msg(verdict_best(&f) < 0, "seed %d: modes that do not mix pass: %s", (int)seed, words(&f));
        assert_contains(words(&f), "The prior's modes do not mix");
    }
}
END_TEST

START_TEST(passes_what_is_nearly_normal)
{
    int flagged = 0;
    for (int64_t seed = 1; seed <= SEEDS; seed++) {
        const findings f = diagnose_prior(nearly_flat((uint64_t)seed), seed);
        if (getenv("DESCRIBE")) describe(&f, seed);
        if (verdict_best(&f) < 0)
            flagged++;
        else
            assert_contains(words(&f), "The prior mixes");
    }
    ck_assert_msg(flagged <= 1, "%d of %d densities that are nearly normal were flagged", flagged, SEEDS);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {flags_modes_that_do_not_mix, passes_what_is_nearly_normal};
    return RUN_SUITE("diagnose", tests);
}
