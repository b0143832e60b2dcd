/* Integrals over z by quadrature, which other tests measure the library by: the quadrature itself, against closed forms
 * and finer grids; the densities of the library, integrated; equations 19 and 22 as the derivatives of log p(x); and
 * what finite steps do to a chain. With the argument "long", for the cases that take long, too. */
#include "exact/cases.h"
#include "exact/matrices.h"
#include "support/statistics.h"

START_TEST(z_of_a_linear_f_is_known)
{
    /* f(z) = a.z + c: Z = exp(c + sigma0^2 |a|^2 / 2), E[df/da] = sigma0^2 a, E[df/dc] = 1. */
    static const double sigmas0[] = {0.5, 1, 2};
    for (int64_t m = 1; m <= 2; m++)
        for (int i = 0; i < 3; i++) {
            struct model model;
            model_linear(&model, m, 1, sigmas0[i], 1);
            const double variance = sigmas0[i] * sigmas0[i], a[2] = {0.75, -0.5}, constant = 0.3;
            double square = 0, log_z, mean[8], spread[8];
            for (int64_t j = 0; j < m; j++) {
                model.f.ref.params[j] = a[j];
                square += a[j] * a[j];
            }
            model.f.ref.params[m] = constant;
            const struct grid grid = grid_make(m, 10 * sigmas0[i] + 4, sigmas0[i] / 4);
            double *prior = grid_target(&grid, &model.ref, NULL, &log_z);
            grid_gradients(&grid, prior, &model.ref, NULL, mean, spread);
            LEBM_ASSERT_NEAR(log_z, constant + variance * square / 2, 1e-12);
            for (int64_t j = 0; j < m; j++) {
                LEBM_ASSERT_NEAR(mean[j], variance * a[j], 1e-12);
                LEBM_ASSERT_NEAR(spread[j], variance, 1e-12);
            }
            LEBM_ASSERT_NEAR(mean[m], 1, 1e-12);
            free(prior);
            model_free(&model);
        }
}
END_TEST

START_TEST(z_of_two_softplus_units_is_known)
{
    /* f(z) = (softplus(c z) + softplus(-c z))/2 = log(2 cosh(c z/2)): two bumps, Z = 2 exp(sigma0^2 c^2 / 8). */
    const double sigma0 = 0.8, c = 5, params[7] = {c, -c, 0, 0, 0.5, 0.5, 0};
    struct model model;
    double log_z;
    pair_init(&model.f, 1);
    pair_add_linear(&model.f, 2, 1);
    pair_add_activation(&model.f, LEBM_SOFTPLUS, 0);
    pair_add_linear(&model.f, 1, 1);
    memcpy(model.f.ref.params, params, sizeof params);
    pair_init(&model.g, 1);
    pair_add_linear(&model.g, 1, 1);
    model_join(&model, sigma0, LEBM_GAUSSIAN, 1);
    const struct grid grid = grid_make(1, 12, 0.125);
    free(grid_target(&grid, &model.ref, NULL, &log_z));
    LEBM_ASSERT_NEAR(log_z, log(2) + sigma0 * sigma0 * c * c / 8, 1e-12);
    model_free(&model);
}
END_TEST

START_TEST(log_p_of_a_linear_gaussian_model_is_known)
{
    /* x = W z + b + noise with f(z) = a.z: x ~ N(b + sigma0^2 W a, sigma0^2 W W' + sigma^2 I). */
    enum { M = 2, D = 3 };
    const double w[D][M] = {{1, 0.5}, {-0.3, 0.8}, {0.2, -1.1}}, b[D] = {0.1, -0.4, 0.3}, a[M] = {0.5, -1};
    const double sigma0 = 1.5, sigma = 0.6, x[D] = {1, 0.2, -0.7};
    struct model model;
    model_linear(&model, M, D, sigma0, sigma);
    memcpy(model.g.ref.params, w, sizeof w);
    memcpy(model.g.ref.params + D * M, b, sizeof b);
    memcpy(model.f.ref.params, a, sizeof a);

    double covariance[D * D], inverse[D * D], away[D], solved[D];
    for (int i = 0; i < D; i++) {
        away[i] = x[i] - b[i] - sigma0 * sigma0 * (w[i][0] * a[0] + w[i][1] * a[1]);
        for (int j = 0; j < D; j++)
            covariance[i * D + j] =
                sigma0 * sigma0 * (w[i][0] * w[j][0] + w[i][1] * w[j][1]) + (i == j) * sigma * sigma;
    }
    double expected = -0.5 * (D * log(2 * M_PI) + invert(D, covariance, inverse));
    transform(D, D, inverse, away, solved);
    for (int i = 0; i < D; i++) expected -= 0.5 * away[i] * solved[i];
    const struct grid grid = grid_make(M, 20, 0.2);
    LEBM_ASSERT_NEAR(grid_log_p(&grid, &grid, &model.ref, x), expected, 1e-9);
    model_free(&model);
}
END_TEST

/* The gradient of log p(x) by all parameters (eq. 19, 22): posterior mean less prior mean. */
static double *exact_gradient(const struct grid *prior, const struct grid *posterior, const struct ref_model *model,
                              const double *x)
{
    const int64_t count = param_count(model);
    double *gradient = test_doubles(count), *negative = test_doubles(count), *unused = test_doubles(count);
    double *given_x = grid_target(posterior, model, x, NULL), *alone = grid_target(prior, model, NULL, NULL);
    grid_gradients(posterior, given_x, model, x, gradient, unused);
    grid_gradients(prior, alone, model, NULL, negative, unused);
    for (int64_t p = 0; p < count; p++) gradient[p] -= negative[p];
    free(negative);
    free(unused);
    free(given_x);
    free(alone);
    return gradient;
}

START_TEST(finer_grids_change_nothing)
{
    struct exact_case c;
    case_make(&c, _i);
    const struct ref_model *model = &c.model.ref;
    const struct grid prior = grid_make(c.prior.m, c.prior.edge, c.prior.spacing / 2);
    const struct grid posterior = grid_make(c.posterior.m, c.posterior.edge, c.posterior.spacing / 2);
    for (int row = 0; row < ROWS; row++) {
        const double *x = c.x[row];
        LEBM_ASSERT_NEAR(grid_log_p(&c.prior, &c.posterior, model, x), grid_log_p(&prior, &posterior, model, x),
                         c.error);
        double *coarse = exact_gradient(&c.prior, &c.posterior, model, x);
        double *fine = exact_gradient(&prior, &posterior, model, x);
        for (int64_t p = 0; p < param_count(model); p++) LEBM_ASSERT_NEAR(coarse[p], fine[p], c.error);
        free(coarse);
        free(fine);
    }
    case_free(&c);
}
END_TEST

START_TEST(densities_of_the_library_integrate_to_the_same)
{
    struct exact_case c;
    case_make(&c, _i);
    for (int row = 0; row <= ROWS; row++) { /* the last: the prior alone */
        const double *x = row < ROWS ? c.x[row] : NULL;
        const struct grid *grid = case_grid(&c, x);
        const int64_t m = grid->m, d = c.model.g.ref.out_features;
        float *z = test_floats(grid->count * m), *rows = test_floats(grid->count * d);
        float *log_prior = test_floats(grid->count), *log_likelihood = test_floats(grid->count);
        double point[2], expected;
        for (int64_t i = 0; i < grid->count; i++) {
            grid_point(grid, i, point);
            for (int64_t j = 0; j < m; j++) z[i * m + j] = (float)point[j];
            for (int64_t j = 0; x && j < d; j++) rows[i * d + j] = (float)x[j];
        }
        LEBM_ASSERT_OK(lebm_prior_log_density(c.model.prior, z, grid->count, log_prior));
        if (x) LEBM_ASSERT_OK(lebm_generator_log_likelihood(c.model.generator, z, rows, grid->count, log_likelihood));
        double *cells = test_doubles(grid->count);
        for (int64_t i = 0; i < grid->count; i++) cells[i] = (double)log_prior[i] + (double)log_likelihood[i];
        const double integral = grid_normalise(grid, cells);
        free(grid_target(grid, &c.model.ref, x, &expected));
        LEBM_ASSERT_NEAR(integral, expected, 2e-6);
        free(z);
        free(rows);
        free(log_prior);
        free(log_likelihood);
        free(cells);
    }
    case_free(&c);
}
END_TEST

START_TEST(equations_19_and_22_are_the_gradient_of_log_p)
{
    /* The expectations that a training step estimates are the derivatives of log p(x), Z included. */
    const double delta = 1e-3;
    struct exact_case c;
    case_make(&c, _i);
    struct ref_model *model = &c.model.ref;
    const double *x = c.x[0];
    double *gradient = exact_gradient(&c.prior, &c.posterior, model, x), largest = 0;
    for (int64_t p = 0; p < param_count(model); p++) {
        const int64_t of_g = p - model->f->param_total;
        double *param = of_g < 0 ? &c.model.f.ref.params[p] : &c.model.g.ref.params[of_g];
        double middle = *param, at[4];
        for (int i = 0; i < 4; i++) {
            static const double steps[4] = {-2, -1, 1, 2};
            *param = middle + steps[i] * delta;
            at[i] = grid_log_p(&c.prior, &c.posterior, model, x);
        }
        *param = middle;
        const double expected = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * delta);
        ck_assert_msg(fabs(gradient[p] - expected) <= 1e-9, "%s, parameter %lld: the integrals say %.9g, log p(x) %.9g",
                      c.name, (long long)p, gradient[p], expected);
        largest = fmax(largest, fabs(expected));
    }
    ck_assert_double_gt(largest, 0.1); /* or closeness would mean nothing */
    free(gradient);
    case_free(&c);
}
END_TEST

START_TEST(the_law_of_a_chain_on_a_normal_is_known)
{
    /* f(z) = a.z: z' = z - s/sigma0^2 (z - sigma0^2 a) + sqrt(2 s) e, from N(0, 1). */
    const double sigma0 = 0.7, a = 1.5, s = 0.2, target = sigma0 * sigma0 * a;
    double mean = 0, variance = 1;
    struct model model;
    model_linear(&model, 1, 1, sigma0, 1);
    model.f.ref.params[0] = a;
    const struct grid grid = grid_make(1, 8, 0.125);
    for (int64_t steps = 1; steps <= 6; steps++) {
        const double keep = 1 - s / (sigma0 * sigma0);
        mean = target + keep * (mean - target);
        variance = keep * keep * variance + 2 * s;
        double *law = grid_chain(&grid, &model.ref, NULL, (struct chain){steps, s});
        double first = 0, second = 0, z;
        for (int64_t i = 0; i < grid.count; i++) {
            grid_point(&grid, i, &z);
            first += law[i] * z;
            second += law[i] * z * z;
        }
        LEBM_ASSERT_NEAR(first, mean, 1e-7);
        LEBM_ASSERT_NEAR(second - first * first, variance, 1e-7);
        free(law);
    }
    model_free(&model);
}
END_TEST

START_TEST(halving_the_step_size_halves_the_bias)
{
    /* And twice the mean at s/2 less the mean at s meets the integral: chains of small steps sample the target. */
    struct exact_case c;
    case_make(&c, _i);
    const struct ref_model *model = &c.model.ref;
    const int64_t count = param_count(model);
    double *unused = test_doubles(count), *exact = test_doubles(count);
    double *whole = test_doubles(count), *half = test_doubles(count);
    for (int row = 0; row <= 1; row++) { /* the prior, and the posterior of one x */
        const double *x = row ? c.x[0] : NULL;
        const struct grid *grid = case_grid(&c, x), finer = grid_make(grid->m, grid->edge, grid->spacing / 2);
        const struct chain chain = case_chain(&c, x), shorter = {2 * chain.steps, chain.step_size / 2};
        double *laws[] = {grid_target(grid, model, x, NULL), grid_chain(grid, model, x, chain),
                          grid_chain(&finer, model, x, shorter)};
        grid_gradients(grid, laws[0], model, x, exact, unused);
        grid_gradients(grid, laws[1], model, x, whole, unused);
        grid_gradients(&finer, laws[2], model, x, half, unused);
        double bias = 0, rest = 0;
        for (int64_t p = 0; p < count; p++) {
            bias = fmax(bias, fabs(whole[p] - exact[p]));
            rest = fmax(rest, fabs(2 * half[p] - whole[p] - exact[p]));
        }
        ck_assert_msg(bias > 1e-3 && rest < 0.2 * bias, "%s, %s: a bias of %g, of which extrapolation leaves %g",
                      c.name, x ? "posterior" : "prior", bias, rest);
        for (int i = 0; i < 3; i++) free(laws[i]);
    }
    free(unused);
    free(exact);
    free(whole);
    free(half);
    case_free(&c);
}
END_TEST

static Suite *suite(int is_long)
{
    Suite *suite = suite_create("quadrature");
    TCase *closed = tcase_create("closed forms");
    tcase_add_test(closed, z_of_a_linear_f_is_known);
    tcase_add_test(closed, z_of_two_softplus_units_is_known);
    tcase_add_test(closed, log_p_of_a_linear_gaussian_model_is_known);
    tcase_add_test(closed, the_law_of_a_chain_on_a_normal_is_known);
    suite_add_tcase(suite, closed);

    TCase *cases = tcase_create("cases");
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, finer_grids_change_nothing, 0, CASES);
    tcase_add_loop_test(cases, densities_of_the_library_integrate_to_the_same, 0, CASES);
    tcase_add_loop_test(cases, equations_19_and_22_are_the_gradient_of_log_p, 0, is_long ? CASES : QUICK_CASES);
    suite_add_tcase(suite, cases);

    TCase *bias = tcase_create("bias");
    tcase_set_timeout(bias, 300);
    tcase_add_loop_test(bias, halving_the_step_size_halves_the_bias, 0, is_long ? CASES : CASES_OF_ONE_NUMBER);
    suite_add_tcase(suite, bias);
    return suite;
}

int main(int argc, char **argv)
{
    return test_run_suite(suite(argc == 2 && strcmp(argv[1], "long") == 0));
}
