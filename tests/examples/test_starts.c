/* Starts of superchains: wider than what they are for, and on both sides of everything. */
#include "starts.h"

#include <math.h>

#include "suite.h"

enum { M = 3, N = 400 };

static model make_model(double sigma0)
{
    model m = {0};
    lebm_net *net;
    ck_assert_int_eq(lebm_net_create_from_spec(&net, "in 3; linear 2; gelu; linear 1"), LEBM_OK);
    ck_assert_int_eq(lebm_net_init(net, LEBM_INIT_PYTORCH, 1), LEBM_OK);
    ck_assert_int_eq(lebm_prior_create(&m.prior, net, sigma0), LEBM_OK);
    lebm_net_destroy(net);
    ck_assert_int_eq(lebm_sampler_create(&m.to_prior, LEBM_LANGEVIN), LEBM_OK);
    return m;
}

static double root_mean_square(const float *z, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += (double)z[i] * (double)z[i];
    return sqrt(sum / (double)count);
}

/* The spread of many starts, for trained chains that all end at this distance along each axis. */
static double spread_for(double sigma0, float end)
{
    const float ends[2 * M] = {end, end, end, -end, -end, -end};
    model m = make_model(sigma0);
    float *starts = starts_apart(&m, ends, 2, N);
    const double spread = root_mean_square(starts, N * M);
    for (int k = 0; k < N; k += 2)
        for (int d = 0; d < M; d++)
            ck_assert_msg(starts[k * M + d] == -starts[(k + 1) * M + d], "starts %d and %d are not opposite", k, k + 1);
    free(starts);
    model_free(&m);
    return spread;
}

START_TEST(starts_are_twice_as_wide_as_either)
{
    const double of_p0 = spread_for(1.5, .5F), of_ends = spread_for(1.5, 4);
    ck_assert_msg(fabs(of_p0 / 3 - 1) < .1, "spread %g, not 3", of_p0);
    ck_assert_msg(fabs(of_ends / 8 - 1) < .1, "spread %g, not 8", of_ends);
}
END_TEST

START_TEST(starts_follow_the_seed)
{
    const float ends[M] = {1, 1, 1};
    model m = make_model(1);
    float *first = starts_apart(&m, ends, 1, 4), *again = starts_apart(&m, ends, 1, 4);
    ck_assert_mem_eq(first, again, 4 * M * sizeof *first);
    ck_assert_int_eq(lebm_sampler_set_i64(m.to_prior, LEBM_SAMPLER_SEED, 9), LEBM_OK);
    float *other = starts_apart(&m, ends, 1, 4);
    ck_assert_mem_ne(first, other, 4 * M * sizeof *first);
    free(other);
    free(again);
    free(first);
    model_free(&m);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {starts_are_twice_as_wide_as_either, starts_follow_the_seed};
    return RUN_SUITE("starts", tests);
}
