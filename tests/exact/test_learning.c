/* Training that must end at a maximum known in closed form: a linear-Gaussian model at that of its exact likelihood, a
 * prior at the density its data came from. With the argument "long", of larger models. */
#include "exact/matrices.h"
#include "exact/quadrature.h"
#include "lebm.h"
#include "support/approx.h"
#include "support/model.h"

/* Steps on random batches of rows x [n, d], with rates that fall to a hundredth by the end. */
struct lessons {
    int64_t steps, batch;
    double prior_rate, generator_rate;
};

static void learn(struct model *model, lebm_sampler *to_prior, lebm_sampler *to_posterior, const float *x, int64_t n,
                  struct lessons lessons)
{
    enum { EPOCHS = 50 };
    const int64_t d = model->g.ref.out_features;
    const struct {
        const char *key;
        double value;
    } options[] = {
        {LEBM_TRAINER_PRIOR_LEARNING_RATE, lessons.prior_rate},
        {LEBM_TRAINER_GENERATOR_LEARNING_RATE, lessons.generator_rate},
        {LEBM_TRAINER_BETA1, 0.9},
        {LEBM_TRAINER_DECAY_PER_EPOCH, pow(0.01, 1.0 / EPOCHS)},
    };
    float *batch = test_floats(lessons.batch * d);
    uint64_t seed = 1;
    lebm_trainer *trainer;
    LEBM_ASSERT_OK(lebm_trainer_create(&trainer, model->prior, model->generator, to_prior, to_posterior));
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        LEBM_ASSERT_OK(lebm_trainer_set_f64(trainer, options[i].key, options[i].value));
    for (int64_t step = 0; step < lessons.steps; step++) {
        for (int64_t i = 0; i < lessons.batch; i++)
            memcpy(batch + i * d, x + test_integer(&seed, 0, n - 1) * d, (size_t)d * sizeof *x);
        LEBM_ASSERT_OK(lebm_trainer_step(trainer, batch, lessons.batch));
        if ((step + 1) % (lessons.steps / EPOCHS) == 0) LEBM_ASSERT_OK(lebm_trainer_end_epoch(trainer));
    }
    lebm_trainer_destroy(trainer);
    free(batch);
    pair_pull(&model->f);
    pair_pull(&model->g);
}

/* A sampler whose steps shrink from one size to another: soon near the target, and little biased in the end. */
static lebm_sampler *make_settling_sampler(int64_t steps, double first, double last)
{
    lebm_sampler *sampler = make_sampler(steps, first);
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_LAST_STEP_SIZE, last));
    return sampler;
}

/* ---- a linear-Gaussian model ---- */

/* Rows of data by their mean and covariance [d, d]. */
struct data_moments {
    int64_t d;
    double mean[MOST_SIDE], covariance[MOST_CELLS];
};

static struct data_moments moments_of(const float *x, int64_t n, int64_t d)
{
    struct data_moments data = {.d = d};
    for (int64_t i = 0; i < n * d; i++) data.mean[i % d] += (double)x[i] / (double)n;
    for (int64_t row = 0; row < n; row++)
        for (int64_t i = 0; i < d; i++)
            for (int64_t j = 0; j < d; j++)
                data.covariance[i * d + j] +=
                    ((double)x[row * d + i] - data.mean[i]) * ((double)x[row * d + j] - data.mean[j]) / (double)n;
    return data;
}

/* Mean log likelihood of a model with f(z) = a.z and g(z) = W z + b: p(z) = N(sigma0^2 a, sigma0^2 I), so
 * x ~ N(b + sigma0^2 W a, C) with C = sigma0^2 W W' + sigma^2 I. */
static double linear_log_likelihood(const struct ref_model *model, const struct data_moments *data)
{
    const int64_t m = model->f->in_features, d = data->d;
    const double *a = model->f->params, *w = model->g->params, *b = w + d * m;
    const double square0 = model->sigma0 * model->sigma0;
    double covariance[MOST_CELLS] = {0}, inverse[MOST_CELLS], away[MOST_SIDE];
    for (int64_t i = 0; i < d; i++) {
        away[i] = data->mean[i] - b[i];
        for (int64_t k = 0; k < m; k++) away[i] -= square0 * w[i * m + k] * a[k];
        for (int64_t j = 0; j < d; j++) {
            covariance[i * d + j] = i == j ? model->sigma * model->sigma : 0;
            for (int64_t k = 0; k < m; k++) covariance[i * d + j] += square0 * w[i * m + k] * w[j * m + k];
        }
    }
    double sum = (double)d * log(2 * M_PI) + invert(d, covariance, inverse);
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < d; j++) sum += inverse[i * d + j] * (data->covariance[i * d + j] + away[i] * away[j]);
    return -sum / 2;
}

/* Its largest value over W, b and a (Tipping and Bishop 1999, with sigma given): the model takes the m largest
 * eigenvalues of the data's covariance as they are, where they are more than the noise, and sigma^2 for the others. */
static double largest_log_likelihood(const struct data_moments *data, int64_t m, double sigma)
{
    double values[MOST_SIDE], sum = (double)data->d * log(2 * M_PI);
    eigenvalues(data->d, data->covariance, values);
    for (int64_t i = 0; i < data->d; i++) {
        const double modelled = i < m && values[i] > sigma * sigma ? values[i] : sigma * sigma;
        sum += log(modelled) + values[i] / modelled;
    }
    return -sum / 2;
}

START_TEST(a_linear_gaussian_model_finds_the_maximum_of_its_likelihood)
{
    static const struct {
        int64_t m, d, steps;
        double sigma0, first, last; /* step sizes to the posterior, where sigma0 is 1 */
    } cases[] = {{1, 3, 1000, 0.5, 0.06, 0.002}, {2, 4, 1500, 1, 0.06, 0.002}, {3, 8, 4000, 2, 0.03, 0.001}};
    const int64_t m = cases[_i].m, d = cases[_i].d, n = 1000;
    const double sigma = 0.8, gap = 1e-3 * (double)m; /* allowed, per observation */
    uint64_t seed = 90 + (uint64_t)_i;

    /* The data: from a model with weights and biases of its own. */
    float *x = test_floats(n * d);
    double w[MOST_CELLS], z[MOST_SIDE];
    for (int64_t i = 0; i < d * m; i++) w[i] = 1.3 * test_normal(&seed);
    for (int64_t row = 0; row < n; row++) {
        for (int64_t j = 0; j < m; j++) z[j] = test_normal(&seed);
        for (int64_t i = 0; i < d; i++) {
            double mean = 0.5 * (double)i - 1;
            for (int64_t j = 0; j < m; j++) mean += w[i * m + j] * z[j];
            x[row * d + i] = (float)(mean + sigma * test_normal(&seed));
        }
    }
    const struct data_moments data = moments_of(x, n, d);
    const double most = largest_log_likelihood(&data, m, sigma);

    struct model model;
    model_linear(&model, m, d, cases[_i].sigma0, sigma);
    pair_randomise(&model.g, 0.5 / cases[_i].sigma0, seed);
    const double before = linear_log_likelihood(&model.ref, &data), unit = cases[_i].sigma0 * cases[_i].sigma0;
    lebm_sampler *to_prior = make_settling_sampler(40, 0.3 * unit, 0.02 * unit);
    lebm_sampler *to_posterior = make_settling_sampler(100, cases[_i].first * unit, cases[_i].last * unit);
    learn(&model, to_prior, to_posterior, x, n, (struct lessons){cases[_i].steps, 100, 0.01, 0.02});
    const double after = linear_log_likelihood(&model.ref, &data);
    for (int64_t i = 0; i < d * m; i++) model.g.ref.params[i] *= 1.1;
    const double weights_off = linear_log_likelihood(&model.ref, &data);
    ck_assert_msg(before < most - 0.5, "before training, the log likelihood is %g; its maximum is %g", before, most);
    ck_assert_msg(after <= most + 1e-6, "the log likelihood %g is more than its maximum, %g", after, most);
    ck_assert_msg(after > most - gap, "training ends at a log likelihood of %g, the maximum is %g: short by %g", after,
                  most, most - after);
    ck_assert_msg(weights_off < most - gap, "weights that are off by 10 %% cost %g only", most - weights_off);
    free(x);
    lebm_sampler_destroy(to_prior);
    lebm_sampler_destroy(to_posterior);
    model_free(&model);
}
END_TEST

/* ---- f alone: g is the identity ---- */

/* f by the caller, g(z) = z, M = D = m. */
static void join_identity(struct model *model, int64_t m, double sigma0, double sigma)
{
    pair_init(&model->g, m);
    pair_add_linear(&model->g, m, 0);
    for (int64_t i = 0; i < m; i++) model->g.ref.params[i * m + i] = 1;
    pair_push(&model->g);
    model_join(model, sigma0, LEBM_GAUSSIAN, sigma);
}

START_TEST(a_linear_f_learns_the_mean_of_the_data)
{
    /* f(z) = a.z: x ~ N(sigma0^2 a, (sigma0^2 + sigma^2) I), most likely at a = mean of x / sigma0^2. */
    static const double sigmas0[] = {0.5, 2};
    enum { M = 2, N = 500 };
    const double sigma0 = sigmas0[_i], sigma = 0.5 * sigma0, unit = sigma0 * sigma0;
    const double spread = sqrt(sigma0 * sigma0 + sigma * sigma);
    struct model model;
    float *x = test_normal_floats(N * M, spread, 7);
    for (int i = 0; i < N * M; i++) x[i] += (float)((i % M ? -0.7 : 1.2) * sigma0);
    const struct data_moments data = moments_of(x, N, M);
    pair_init(&model.f, M);
    pair_add_linear(&model.f, 1, 0);
    pair_push(&model.f); /* f = 0 to begin with */
    join_identity(&model, M, sigma0, sigma);
    lebm_sampler *to_prior = make_settling_sampler(60, 0.4 * unit, 0.02 * unit);
    lebm_sampler *to_posterior = make_settling_sampler(20, 0.2 * unit, 0.01 * unit);
    learn(&model, to_prior, to_posterior, x, N, (struct lessons){400, 300, 0.03 / sigma0, 0});
    for (int j = 0; j < M; j++) {
        const double a = model.f.ref.params[j], expected = data.mean[j] / unit;
        ck_assert_double_gt(fabs(expected), 0.5 / sigma0);
        LEBM_ASSERT_NEAR(a * sigma0, expected * sigma0, 0.01);
    }
    free(x);
    lebm_sampler_destroy(to_prior);
    lebm_sampler_destroy(to_posterior);
    model_free(&model);
}
END_TEST

static const struct mixture {
    double weight[2], mean[2];
} bumps = {{0.35, 0.65}, {-1.5, 1}};

/* Its density after normal noise. */
static double mixture_density(const struct mixture *mixture, double std, double x)
{
    double density = 0;
    for (int i = 0; i < 2; i++) {
        const double away = (x - mixture->mean[i]) / std;
        density += mixture->weight[i] / (std * sqrt(2 * M_PI)) * exp(-away * away / 2);
    }
    return density;
}

/* The Kullback-Leibler divergence of the model's p(x) from the mixture with noise, by quadrature over x and z. */
static double divergence(const struct ref_model *model, const struct mixture *mixture, double std)
{
    const struct grid grid = grid_make(1, 8, 0.1);
    double sum = 0, x;
    for (int64_t i = 0; i < grid.count; i++) {
        grid_point(&grid, i, &x);
        const double density = mixture_density(mixture, std, x);
        if (density > 1e-12) sum += grid.spacing * density * (log(density) - grid_log_p(&grid, &grid, model, &x));
    }
    return sum;
}

START_TEST(f_learns_the_density_of_its_data)
{
    /* A mixture of N(m1, sigma0^2) and N(m2, sigma0^2) is a prior with f of two softplus units, exactly: with
     * u = (m2 - m1) z / sigma0^2 + constant, log(mixture / p0) = m1 z / sigma0^2 + softplus(u) + constant, and
     * u = softplus(u) - softplus(-u). */
    enum { N = 20000 };
    const double sigma0 = 0.7, sigma = 0.3, std = sqrt(sigma0 * sigma0 + sigma * sigma);
    struct model model;
    uint64_t seed = 8;
    float *x = test_floats(N);
    for (int i = 0; i < N; i++)
        x[i] = (float)(bumps.mean[test_uniform(&seed, 0, 1) >= bumps.weight[0]] + std * test_normal(&seed));
    pair_init(&model.f, 1);
    pair_add_linear(&model.f, 2, 1);
    pair_add_activation(&model.f, LEBM_SOFTPLUS, 0);
    pair_add_linear(&model.f, 1, 1);
    join_identity(&model, 1, sigma0, sigma);

    const double square0 = sigma0 * sigma0, apart = bumps.mean[1] - bumps.mean[0], share = -bumps.mean[0] / apart;
    const double squares = bumps.mean[1] * bumps.mean[1] - bumps.mean[0] * bumps.mean[0];
    const double constant = log(bumps.weight[1] / bumps.weight[0]) - squares / (2 * square0);
    const double answer[7] = {apart / square0, -apart / square0, constant, -constant, 1 - share, share, 0};
    memcpy(model.f.ref.params, answer, sizeof answer);
    ck_assert_double_lt(divergence(&model.ref, &bumps, std), 1e-9);

    pair_randomise(&model.f, 1, seed);
    const double before = divergence(&model.ref, &bumps, std);
    lebm_sampler *to_prior = make_settling_sampler(100, 0.2, 0.01);
    lebm_sampler *to_posterior = make_settling_sampler(40, 0.05, 0.005);
    learn(&model, to_prior, to_posterior, x, N, (struct lessons){1000, 100, 0.05, 0});
    const double after = divergence(&model.ref, &bumps, std);
    ck_assert_msg(before > 0.2, "the divergence before training is only %g", before);
    ck_assert_msg(after < 5e-3, "training brings the divergence from %g to %g", before, after);
    free(x);
    lebm_sampler_destroy(to_prior);
    lebm_sampler_destroy(to_posterior);
    model_free(&model);
}
END_TEST

static Suite *suite(int is_long)
{
    Suite *suite = suite_create("learning");
    TCase *likelihood = tcase_create("likelihood");
    tcase_set_timeout(likelihood, 600);
    tcase_add_loop_test(likelihood, a_linear_gaussian_model_finds_the_maximum_of_its_likelihood, 0, is_long ? 3 : 1);
    suite_add_tcase(suite, likelihood);

    TCase *prior = tcase_create("prior");
    tcase_set_timeout(prior, 120);
    tcase_add_loop_test(prior, a_linear_f_learns_the_mean_of_the_data, 0, 2);
    tcase_add_test(prior, f_learns_the_density_of_its_data);
    suite_add_tcase(suite, prior);
    return suite;
}

int main(int argc, char **argv)
{
    return test_run_suite(suite(argc == 2 && strcmp(argv[1], "long") == 0));
}
