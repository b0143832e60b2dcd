/* No public function raises an exception of IEEE 754 on finite numbers that give finite results, so that a host may make
 * traps of invalid operations, divisions by zero and overflow. Underflow and inexactness are everywhere. */
#include <fenv.h>

#include "args/trial.h"
#include "support/approx.h"

/* What the functions are called on. Flags belong to a thread: the caller is the only one that computes. */
static void make_quiet_world(struct world *w, const struct world_kind *kind, float scale)
{
    world_make(w, kind);
    LEBM_ASSERT_OK(lebm_sampler_set_i64(w->to_prior, LEBM_SAMPLER_THREADS, 1));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(w->to_posterior, LEBM_SAMPLER_THREADS, 1));
    if (w->of_x) LEBM_ASSERT_OK(lebm_annealing_set_i64(w->of_x, LEBM_ANNEALING_THREADS, 1));
    if (w->of_prior) LEBM_ASSERT_OK(lebm_annealing_set_i64(w->of_prior, LEBM_ANNEALING_THREADS, 1));
    LEBM_ASSERT_OK(lebm_trainer_set_i64(w->trainer, LEBM_TRAINER_THREADS, 1));
    for (int i = 0; i < N * LATENT; i++) w->z[i] *= scale;
    for (int i = 0; i < CHAINS * LENGTH * LATENT; i++) w->draws[i] *= (double)scale;
    if (strcmp(kind->likelihood, LEBM_GAUSSIAN) != 0) return; /* whose x stays in [0, 1], or tokens */
    for (int i = 0; i < N * DATA; i++) w->x[i] *= scale;
}

/* Whether there was such a variant; fails if the call raised something although it went well. */
static int try_variant(const function *f, int variant, const struct world_kind *kind, float scale)
{
    static struct world w;
    trial t;
    make_quiet_world(&w, kind, scale);
    const int is_there = trial_make(&t, f, variant, &w);
    if (is_there) {
        feclearexcept(FE_ALL_EXCEPT);
        const value result = trial_call(&t);
        const int raised = fetestexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW);
        const int64_t status = returns_status(f) ? result.integer : LEBM_OK;
        LEBM_ASSERT_MSG(status != LEBM_OK || !raised, "%s() of %s numbers up to %g raises%s%s%s (variant %d)", f->name,
                        kind->likelihood, (double)scale, raised & FE_INVALID ? " FE_INVALID" : "",
                        raised & FE_DIVBYZERO ? " FE_DIVBYZERO" : "", raised & FE_OVERFLOW ? " FE_OVERFLOW" : "",
                        variant);
        if (status == LEBM_OK) trial_results(&t, result);
    }
    world_free(&w);
    return is_there;
}

START_TEST(finite_numbers_raise_nothing) /* _i: the function */
{
    static const struct world_kind kinds[] = {
        {1, 1, LEBM_GAUSSIAN, 0}, {2, 1, LEBM_GAUSSIAN, 0}, {1, 1, LEBM_BERNOULLI, 0}, {1, 1, LEBM_CATEGORICAL, 0}};
    static const float scales[] = {0.0f, 1.0f, 1e17f};
    const function *f = &functions[_i];
    for (int i = 0; i < 4; i++) {
        const struct world_kind kind = trial_kind(f, &kinds[i]);
        for (int scale = 0; scale < 3; scale++)
            for (int variant = 0; try_variant(f, variant, &kind, scales[scale]); variant++) {
            }
    }
}
END_TEST

/* Every activation in a net, forwards and back, at numbers of every size. */
START_TEST(activations_raise_nothing) /* _i: which */
{
    static const char *const kinds[] = {LEBM_RELU, LEBM_LEAKY_RELU, LEBM_GELU,    LEBM_SILU,
                                        LEBM_MISH, LEBM_TANH,       LEBM_SIGMOID, LEBM_SOFTPLUS};
    lebm_net *net;
    LEBM_ASSERT_OK(lebm_net_create(&net, 1));
    LEBM_ASSERT_OK(lebm_net_add_activation(net, kinds[_i], _i == 1 ? 0.2 : 0));
    for (int exponent = -149; exponent < 128; exponent++) {
        const float size = ldexpf(1.5f, exponent), x[] = {size, -size}, grad_out[] = {1, 1};
        float y[2], grad_in[2];
        feclearexcept(FE_ALL_EXCEPT);
        LEBM_ASSERT_OK(lebm_net_forward(net, x, 2, y));
        LEBM_ASSERT_OK(lebm_net_vjp(net, x, 2, grad_out, grad_in, NULL));
        LEBM_ASSERT_MSG(!fetestexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW), "%s of +-%g raises an exception",
                        kinds[_i], (double)size);
    }
    lebm_net_destroy(net);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exceptions");
    TCase *tcase = tcase_create("exceptions");
    tcase_add_checked_fixture(tcase, world_open_folder, world_remove_folder);
    tcase_add_loop_test(tcase, finite_numbers_raise_nothing, 0, function_count);
    tcase_add_loop_test(tcase, activations_raise_nothing, 0, 8);
    suite_add_tcase(suite, tcase);
    return test_run_suite(suite);
}
