/* The inside of samplers: where the random numbers of chains that go on end, and a target's base and tilt apart. */
#include "lebm.h"
#include "math/threads.h"
#include "mcmc/sampler.h"
#include "mcmc/target.h"
#include "model/generator.h"
#include "model/prior.h"
#include "support/approx.h"
#include "support/nets.h"

enum { M = 3, N = 5 };

static lebm_prior *make_small_prior(void)
{
    return make_prior(make_net("in 3; linear 6; silu; linear 1", 1), 1.5);
}

START_TEST(random_numbers_end_after_so_many_steps)
{
    /* The number of a step has 32 bits. The sampler's count set ahead stands for hours of steps. */
    float z[M] = {0};
    lebm_prior *prior = make_small_prior();
    lebm_sampler *sampler;
    LEBM_ASSERT_OK(lebm_sampler_create(&sampler, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 2));
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, prior, 1, z));
    sampler->last_runs[0].steps = (int64_t)UINT32_MAX - 3;
    LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, "continue"));
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, prior, 1, z));
    LEBM_ASSERT_STATUS(lebm_sampler_run_prior(sampler, prior, 1, z), LEBM_ERR_RANGE);
    LEBM_ASSERT_ERROR_NAMES("2 steps after 4294967294; random numbers are there for at most 4294967295");
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 1));
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, prior, 1, z));
    LEBM_ASSERT_STATUS(lebm_sampler_run_prior(sampler, prior, 1, z), LEBM_ERR_RANGE);
    LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, "noise")); /* which counts anew */
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, prior, 1, z));
    LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, "continue"));
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, prior, 1, z));
    lebm_sampler_destroy(sampler);
    lebm_prior_destroy(prior);
}
END_TEST

/* What a target is of, and what one thread needs for it. */
struct room {
    const lebm_prior *prior;
    const lebm_generator *generator;
    lebm__model_target model;
};

static void lay_out(void *context, int thread, lebm__arena *arena)
{
    (void)thread;
    struct room *room = context;
    lebm__model_target_lay_out(&room->model, room->prior, room->generator, 1, N, arena);
}

START_TEST(base_and_tilt_are_the_parts_of_the_density) /* _i: of the posterior */
{
    lebm_prior *prior = make_small_prior();
    lebm_net *g = make_net("in 3; conv_transpose2d 4 2 1 0; relu; conv_transpose2d 2 4 2 1", 2);
    lebm_generator *generator = make_generator(g, LEBM_GAUSSIAN, 0.5);
    struct room room = {.prior = prior, .generator = _i ? generator : NULL};
    lebm__pool *pool = NULL;
    LEBM_ASSERT_OK(lebm__pool_resize(&pool, 1));
    LEBM_ASSERT_OK(lebm__pool_lay_out(pool, 1, lay_out, &room));
    const lebm__target target = lebm__model_target_get(&room.model);
    ck_assert_int_eq(target.dims, M);
    LEBM_ASSERT_NEAR(target.spread, 1.5 * sqrt(M), 1e-12);

    const int64_t d = lebm_generator_data_size(generator);
    float *z = test_normal_floats(N * M, 1, 3), *x = test_normal_floats(N * d, 1, 4);
    float log_density[N], score[N * M], of_f[N], log_likelihood[N], of_x[N * M];
    double base[N], tilt[N] = {0}, squares[N];
    float base_score[N * M], tilt_score[N * M] = {0};
    LEBM_ASSERT_OK(lebm_prior_log_density(prior, z, N, log_density));
    LEBM_ASSERT_OK(lebm_prior_score(prior, z, N, score));
    LEBM_ASSERT_OK(lebm_net_forward(lebm_prior_net(prior), z, N, of_f));
    LEBM_ASSERT_OK(lebm_generator_log_likelihood(generator, z, x, N, log_likelihood));
    LEBM_ASSERT_OK(lebm_generator_score(generator, z, x, N, of_x));
    if (_i) generator->kind->observe(generator, room.model.g, x, N, NULL);
    target.base(target.context, N, z, base, base_score, squares);
    target.tilt(target.context, N, z, tilt, tilt_score);
    for (int i = 0; i < N; i++) {
        double square = 0;
        for (int k = i * M; k < (i + 1) * M; k++) {
            square += (double)z[k] * z[k];
            LEBM_ASSERT_NEAR(base_score[k], -z[k] / (1.5 * 1.5), 1e-6);
            LEBM_ASSERT_NEAR(tilt_score[k], score[k] + z[k] / (1.5 * 1.5) + (_i ? of_x[k] : 0), 1e-4);
        }
        LEBM_ASSERT_NEAR(squares[i], square, 1e-5);
        LEBM_ASSERT_NEAR(tilt[i], of_f[i] + (_i ? log_likelihood[i] : 0), 1e-4);
        LEBM_ASSERT_NEAR(base[i], log_density[i] - of_f[i], 1e-5);
    }
    free(z);
    free(x);
    lebm__pool_destroy(pool);
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("chain");
    TCase *tests = tcase_create("chain");
    tcase_add_test(tests, random_numbers_end_after_so_many_steps);
    tcase_add_loop_test(tests, base_and_tilt_are_the_parts_of_the_density, 0, 2);
    suite_add_tcase(suite, tests);
    return test_run_suite(suite);
}
