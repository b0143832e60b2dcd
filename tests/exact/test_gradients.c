/* The gradients that chains give, against integrals: for each case, the ends of many chains and one training step meet
 * E[df/d alpha] and E[d log p(x|z)/d beta], the gradient of log p(x) (eq. 19, 22), within their standard error. With the
 * argument "long", for more cases and chains.
 *
 * Chains of finite steps sample a density near the target. That bias is known: quadrature gives the law of the very
 * chain that is run (grid_chain()), so what is left to chance is known, too, and no tolerance has to cover a bias. */
#include "exact/cases.h"
#include "exact/step.h"
#include "support/approx.h"

static const double errors_allowed = 4.5; /* of some thousand numbers, none is likely to be that far off */
static int64_t chains = 10000;
static int cases = QUICK_CASES;

/* What the mean over n chains should be: the integral, the bias that the chain's steps add to it, and the variance. */
struct expected {
    int64_t count;
    double *integral, *bias, *variance;
};

static struct expected expect(const struct exact_case *c, const double *x)
{
    const struct ref_model *model = &c->model.ref;
    const int64_t count = param_count(model);
    struct expected e = {count, test_doubles(count), test_doubles(count), test_doubles(count)};
    const struct grid *grid = case_grid(c, x);
    double *target = grid_target(grid, model, x, NULL), *law = grid_chain(grid, model, x, case_chain(c, x));
    grid_gradients(grid, target, model, x, e.integral, e.variance);
    grid_gradients(grid, law, model, x, e.bias, e.variance);
    for (int64_t p = 0; p < count; p++) e.bias[p] -= e.integral[p];
    free(target);
    free(law);
    return e;
}

static void expected_free(struct expected *e)
{
    free(e->integral);
    free(e->bias);
    free(e->variance);
}

/* e += scale other, for the mean of independent chains: variances add up whatever the sign. */
static void expected_add(struct expected *e, double scale, const struct expected *other)
{
    for (int64_t p = 0; p < e->count; p++) {
        e->integral[p] += scale * other->integral[p];
        e->bias[p] += scale * other->bias[p];
        e->variance[p] += fabs(scale) * other->variance[p];
    }
}

/* Fails unless the means over n chains, less their bias, meet the integrals. */
static void assert_meets(const double *means, int64_t n, const struct expected *e, const struct exact_case *c,
                         const char *what)
{
    const double rounding = 2e-5 * fmax(1, approx_largest(e->integral, e->count));
    int64_t vary = 0;
    for (int64_t p = 0; p < e->count; p++) {
        const double error = sqrt(e->variance[p] / (double)n), off = fabs(means[p] - e->bias[p] - e->integral[p]);
        vary += error > rounding;
        ck_assert_msg(off <= errors_allowed * error + rounding,
                      "%s, %s, parameter %lld: the chains give %.6g, of which %.3g is the bias of their steps; the "
                      "integral is %.6g, %.2f standard errors of %.3g away",
                      c->name, what, (long long)p, means[p], e->bias[p], e->integral[p], off / error, error);
    }
    ck_assert_int_gt(vary, e->count / 8);
}

/* means += the mean over rows of the gradient by a net's parameters, given grad_out [n, out], by lebm_net_vjp(). */
static void add_means(const struct pair *pair, const float *z, const float *grad_out, int64_t n, double *means)
{
    enum { PART = 500 }; /* rows that are summed in float */
    const int64_t count = pair->ref.param_total;
    float *sum = test_floats(count);
    for (int64_t first = 0; first < n; first += PART) {
        LEBM_ASSERT_OK(lebm_net_vjp(pair->net, z + first * pair->ref.in_features, n - first < PART ? n - first : PART,
                                    grad_out + first * pair->ref.out_features, NULL, sum));
        for (int64_t p = 0; p < count; p++) means[p] += (double)sum[p] / (double)n;
    }
    free(sum);
}

/* d log p(x|z) / d g(z) for n rows of x, in place of the outputs g(z). */
static void turn_outputs(const struct ref_model *model, const double *x, int64_t n, float *out)
{
    const int64_t d = model->g->out_features;
    for (int64_t i = 0; i < n * d; i++) {
        const double value = (double)out[i], number = x[i % d];
        out[i] = (float)(model->likelihood == REF_GAUSSIAN ? (number - value) / (model->sigma * model->sigma)
                                                           : number - ref_activation(REF_SIGMOID, 0, value));
    }
}

/* The gradients at the ends of n chains towards p(z|x), or the prior if x is NULL; freed by the caller. */
static double *means_of_chains(const struct exact_case *c, const double *x, int64_t n)
{
    const struct model *model = &c->model;
    const int64_t d = model->g.ref.out_features;
    const struct chain chain = case_chain(c, x);
    float *z = test_floats(n * model->f.ref.in_features), *ones = test_floats(n);
    double *means = test_doubles(param_count(&model->ref));
    lebm_sampler *sampler = make_sampler(chain.steps, chain.step_size);
    for (int64_t i = 0; i < n; i++) ones[i] = 1;
    if (x) {
        float *rows = test_floats(n * d), *out = test_floats(n * d);
        for (int64_t i = 0; i < n * d; i++) rows[i] = (float)x[i % d];
        LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, model->prior, model->generator, rows, n, z));
        LEBM_ASSERT_OK(lebm_net_forward(model->g.net, z, n, out));
        turn_outputs(&model->ref, x, n, out);
        add_means(&model->g, z, out, n, means + model->f.ref.param_total);
        free(rows);
        free(out);
    } else {
        LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, model->prior, n, z));
    }
    add_means(&model->f, z, ones, n, means);
    lebm_sampler_destroy(sampler);
    free(z);
    free(ones);
    return means;
}

START_TEST(chains_and_a_training_step_meet_the_integrals)
{
    struct exact_case c;
    case_make(&c, _i);
    struct expected step = expect(&c, NULL); /* of a training step: that of the posteriors less that of the prior */
    double *means = means_of_chains(&c, NULL, chains);
    assert_meets(means, chains, &step, &c, "prior");
    free(means);
    for (int64_t p = 0; p < step.count; p++) {
        step.integral[p] = -step.integral[p];
        step.bias[p] = -step.bias[p];
    }
    for (int row = 0; row < ROWS; row++) {
        struct expected given_x = expect(&c, c.x[row]);
        means = means_of_chains(&c, c.x[row], chains);
        assert_meets(means, chains, &given_x, &c, row ? "posterior of the second x" : "posterior of the first x");
        expected_add(&step, 1.0 / ROWS, &given_x);
        expected_free(&given_x);
        free(means);
    }

    float *batch = case_batch(&c, chains);
    lebm_sampler *to_prior = make_sampler(c.to_prior.steps, c.to_prior.step_size);
    lebm_sampler *to_posterior = make_sampler(c.to_posterior.steps, c.to_posterior.step_size);
    double *gradient = gradient_of_a_step(&c.model, to_prior, to_posterior, batch, chains);
    assert_meets(gradient, chains, &step, &c, "training step");
    free(gradient);
    free(batch);
    lebm_sampler_destroy(to_prior);
    lebm_sampler_destroy(to_posterior);
    expected_free(&step);
    case_free(&c);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("gradients");
    TCase *integrals = tcase_create("integrals");
    tcase_set_timeout(integrals, 300);
    tcase_add_loop_test(integrals, chains_and_a_training_step_meet_the_integrals, 0, cases);
    suite_add_tcase(suite, integrals);
    return suite;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "long") == 0) {
        chains = 100000;
        cases = CASES;
    }
    return test_run_suite(suite());
}
