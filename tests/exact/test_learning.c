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
    const char *chains; /* "fresh" or "kept", of both kinds */
    double sigma_rate;
};

/* Which rows are in a batch: those that have chains of their own are there once. `order` holds all of them. */
static void draw_batch(int64_t *order, int64_t n, int64_t count, int is_kept, uint64_t *seed)
{
    for (int64_t i = 0; i < count; i++) {
        const int64_t j = test_integer(seed, is_kept ? i : 0, n - 1), was = order[i];
        order[i] = is_kept ? order[j] : j; /* as Fisher and Yates begin */
        if (is_kept) order[j] = was;
    }
}

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
        {LEBM_TRAINER_SIGMA_LEARNING_RATE, lessons.sigma_rate},
        {LEBM_TRAINER_BETA1, 0.9},
        {LEBM_TRAINER_DECAY_PER_EPOCH, pow(0.01, 1.0 / EPOCHS)},
    };
    float *batch = test_floats(lessons.batch * d);
    int64_t *order = test_alloc(n, sizeof *order);
    const int is_kept = strcmp(lessons.chains, "kept") == 0;
    uint64_t seed = 1;
    lebm_trainer *trainer;
    for (int64_t i = 0; i < n; i++) order[i] = i;
    LEBM_ASSERT_OK(lebm_trainer_create(&trainer, model->prior, model->generator, to_prior, to_posterior));
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        LEBM_ASSERT_OK(lebm_trainer_set_f64(trainer, options[i].key, options[i].value));
    if (is_kept) {
        LEBM_ASSERT_OK(lebm_trainer_set_str(trainer, LEBM_TRAINER_POSTERIOR_CHAINS, lessons.chains));
        LEBM_ASSERT_OK(lebm_trainer_set_str(trainer, LEBM_TRAINER_PRIOR_CHAINS, lessons.chains));
        LEBM_ASSERT_OK(lebm_trainer_set_f64(trainer, LEBM_TRAINER_PRIOR_RENEWAL, 0));
        LEBM_ASSERT_OK(lebm_trainer_set_i64(trainer, LEBM_TRAINER_OBSERVATIONS, n));
    }
    for (int64_t step = 0; step < lessons.steps; step++) {
        draw_batch(order, n, lessons.batch, is_kept, &seed);
        for (int64_t i = 0; i < lessons.batch; i++) memcpy(batch + i * d, x + order[i] * d, (size_t)d * sizeof *x);
        LEBM_ASSERT_OK(lebm_trainer_step_of(trainer, batch, order, lessons.batch));
        if ((step + 1) % (lessons.steps / EPOCHS) == 0) LEBM_ASSERT_OK(lebm_trainer_end_epoch(trainer));
    }
    lebm_trainer_destroy(trainer);
    free(batch);
    free(order);
    pair_pull(&model->f);
    pair_pull(&model->g);
    model->ref.sigma = lebm_generator_sigma(model->generator);
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

/* Data [n, d] from a model with weights and biases of its own. */
static float *draw_linear_data(int64_t n, int64_t d, int64_t m, double sigma, uint64_t *seed)
{
    float *x = test_floats(n * d);
    double w[MOST_CELLS], z[MOST_SIDE];
    for (int64_t i = 0; i < d * m; i++) w[i] = 1.3 * test_normal(seed);
    for (int64_t row = 0; row < n; row++) {
        for (int64_t j = 0; j < m; j++) z[j] = test_normal(seed);
        for (int64_t i = 0; i < d; i++) {
            double mean = 0.5 * (double)i - 1;
            for (int64_t j = 0; j < m; j++) mean += w[i * m + j] * z[j];
            x[row * d + i] = (float)(mean + sigma * test_normal(seed));
        }
    }
    return x;
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
    float *x = draw_linear_data(n, d, m, sigma, &seed);
    const struct data_moments data = moments_of(x, n, d);
    const double most = largest_log_likelihood(&data, m, sigma);

    struct model model;
    model_linear(&model, m, d, cases[_i].sigma0, sigma);
    pair_randomise(&model.g, 0.5 / cases[_i].sigma0, seed);
    const double before = linear_log_likelihood(&model.ref, &data), unit = cases[_i].sigma0 * cases[_i].sigma0;
    lebm_sampler *to_prior = make_settling_sampler(40, 0.3 * unit, 0.02 * unit);
    lebm_sampler *to_posterior = make_settling_sampler(100, cases[_i].first * unit, cases[_i].last * unit);
    learn(&model, to_prior, to_posterior, x, n, (struct lessons){cases[_i].steps, 100, 0.01, 0.02, "fresh", 0});
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

/* The sigma of the maximum: sigma^2 is the mean of the eigenvalues that the model does not take (Tipping and Bishop). */
static double best_sigma(const struct data_moments *data, int64_t m)
{
    double values[MOST_SIDE], sum = 0;
    eigenvalues(data->d, data->covariance, values);
    for (int64_t i = m; i < data->d; i++) sum += values[i];
    return sqrt(sum / (double)(data->d - m));
}

/* From a sigma that is far too large, or too small. Steps are right at first, and follow it. Chains at rest are off by some
 * s lambda/2 of their variance, 1 % at the last steps, of which m/d is in the mean square error, and half of that in sigma. */
START_TEST(a_linear_gaussian_model_finds_its_sigma)
{
    static const struct {
        double sigma, first, last; /* step sizes for this sigma */
        const char *chains;
        int64_t steps; /* of a chain */
        double gap;    /* allowed, in nats per observation */
    } cases[] = {{1.6, 0.1, 0.0025, "fresh", 120, 2e-3}, {1.6, 0.01, 0.01, "kept", 40, 8e-3}};
    const int64_t m = 2, d = 6, n = 1000;
    uint64_t seed = 77;
    float *x = draw_linear_data(n, d, m, 0.5, &seed);
    const struct data_moments data = moments_of(x, n, d);
    const double best = best_sigma(&data, m), most = largest_log_likelihood(&data, m, best);

    struct model model;
    model_linear(&model, m, d, 1, cases[_i].sigma);
    pair_randomise(&model.g, 0.5, seed);
    lebm_sampler *to_prior = make_settling_sampler(40, 0.3, 0.02);
    lebm_sampler *to_posterior = make_settling_sampler(cases[_i].steps, cases[_i].first, cases[_i].last);
    learn(&model, to_prior, to_posterior, x, n, (struct lessons){1500, 100, 0.01, 0.02, cases[_i].chains, 0.01});
    const double sigma = model.ref.sigma, after = linear_log_likelihood(&model.ref, &data);
    printf("sigma from %g, %s: %.4f, best %.4f, %.2g nats short\n", cases[_i].sigma, cases[_i].chains, sigma, best,
           most - after);
    ck_assert_msg(fabs(sigma / best - 1) < 0.01, "sigma is %g, and should be %g", sigma, best);
    ck_assert_msg(after > most - cases[_i].gap, "training ends %g short of the maximum", most - after);
    free(x);
    lebm_sampler_destroy(to_prior);
    lebm_sampler_destroy(to_posterior);
    model_free(&model);
}
END_TEST

/* What learning with few steps of a size s comes to, with f = 0, sigma0 = 1 and one latent number, where all is known. In
 * the direction of the largest eigenvalue c of the data's covariance let the model's variance be V = |w|^2 + sigma^2; the
 * posterior's precision is then lambda = V / sigma^2. The ends of chains have a times the posterior's mean (the data's
 * part of which has the variance (V - sigma^2) c / V^2) and a variance v of their own. W is at rest where the mean of
 * (x - W z) z' is 0:  a^2 (V - sigma^2) c / V^2 + v = a c / V.
 *
 * A kept chain is at rest: a = 1, v = 1 / (lambda (1 - s lambda / 2)), so V = c / (1 + s c / (2 sigma^2)).
 * One that makes k steps from noise has, with r = 1 - s lambda, a = 1 - r^k and v = r^2k + (1 - r^2k) times that. */
struct few_steps {
    double size, sigma, largest; /* s, and c */
    int64_t steps;
};

static double kept_variance(const struct few_steps *few)
{
    return few->largest / (1 + few->size * few->largest / (2 * few->sigma * few->sigma));
}

/* What pulls V up in chains that begin at noise; 0 at rest. */
static double fresh_pull(const struct few_steps *few, double variance)
{
    const double noise = few->sigma * few->sigma, lambda = variance / noise, s = few->size;
    const double left = pow(1 - s * lambda, (double)few->steps), a = 1 - left;
    const double v = left * left + (1 - left * left) / (lambda * (1 - s * lambda / 2));
    return a * few->largest / variance - a * a * (variance - noise) * few->largest / (variance * variance) - v;
}

static double fresh_variance(const struct few_steps *few)
{
    double low = few->sigma * few->sigma * 1.001, high = 20 * few->largest;
    for (int i = 0; i < 100; i++) {
        const double middle = (low + high) / 2;
        if (fresh_pull(few, middle) > 0)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* What a model loses, per observation, whose variance in that direction is V instead of c. */
static double loss_of(const struct few_steps *few, double variance)
{
    return (few->largest / variance - 1 - log(few->largest / variance)) / 2;
}

/* c = 5.33 and 6 steps of 0.02: the closed forms say that kept chains end at V = 4.92, 0.0016 below the maximum of the
 * likelihood per observation, and fresh ones at V = 9.13, 0.061 below it. (Measured: 4.91 and 0.0017, 9.24 and 0.064.) */
START_TEST(kept_chains_learn_what_short_ones_do_not)
{
    enum { M = 1, D = 3, N = 1000, STEPS = 5000 };
    struct few_steps few = {.size = 0.02, .sigma = 0.8, .steps = 6};
    double values[MOST_SIDE], losses[2], variances[2];
    uint64_t seed = 93;
    float *x = draw_linear_data(N, D, M, few.sigma, &seed);
    const struct data_moments data = moments_of(x, N, D);
    const double most = largest_log_likelihood(&data, M, few.sigma);
    eigenvalues(D, data.covariance, values);
    few.largest = values[0];
    for (int is_kept = 0; is_kept < 2; is_kept++) {
        struct model model;
        model_linear(&model, M, D, 1, few.sigma);
        pair_randomise(&model.g, 2, seed);
        lebm_sampler *to_prior = make_sampler(1, 0.1), *to_posterior = make_sampler(few.steps, few.size);
        learn(&model, to_prior, to_posterior, x, N,
              (struct lessons){STEPS, 100, 0, 0.02, is_kept ? "kept" : "fresh", 0});
        losses[is_kept] = most - linear_log_likelihood(&model.ref, &data);
        variances[is_kept] = few.sigma * few.sigma;
        for (int i = 0; i < D * M; i++) variances[is_kept] += pow(model.g.ref.params[i], 2);
        lebm_sampler_destroy(to_prior);
        lebm_sampler_destroy(to_posterior);
        model_free(&model);
    }
    const double expected[2] = {fresh_variance(&few), kept_variance(&few)}, allowed[2] = {0.03, 0.02};
    ck_assert_double_lt(kept_variance(&few), few.largest * 0.95); /* or the bias would not show */
    for (int is_kept = 0; is_kept < 2; is_kept++) {
        ck_assert_msg(fabs(variances[is_kept] - expected[is_kept]) < allowed[is_kept] * expected[is_kept],
                      "%s chains learn the variance %g; by the closed form it is %g, and that of the data %g",
                      is_kept ? "kept" : "fresh", variances[is_kept], expected[is_kept], few.largest);
    }
    ck_assert_msg(losses[1] < 2 * loss_of(&few, expected[1]) && losses[1] < 0.003,
                  "kept chains lose %g to the maximum, by the closed form %g", losses[1], loss_of(&few, expected[1]));
    ck_assert_msg(losses[0] > 0.05, "fresh chains lose %g only, by the closed form %g", losses[0],
                  loss_of(&few, expected[0]));
    free(x);
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

START_TEST(a_linear_f_learns_the_mean_of_the_data) /* _i: sigma0, and whether chains are kept */
{
    /* f(z) = a.z: x ~ N(sigma0^2 a, (sigma0^2 + sigma^2) I), most likely at a = mean of x / sigma0^2. Few steps do where
     * chains are kept, and of a size that need not settle: the mean of a normal law has no bias. */
    static const double sigmas0[] = {0.5, 2};
    enum { M = 2, N = 500 };
    const int is_kept = _i >= 2;
    const double sigma0 = sigmas0[_i % 2], sigma = 0.5 * sigma0, unit = sigma0 * sigma0;
    const double spread = sqrt(sigma0 * sigma0 + sigma * sigma);
    struct model model;
    float *x = test_normal_floats(N * M, spread, 7);
    for (int i = 0; i < N * M; i++) x[i] += (float)((i % M ? -0.7 : 1.2) * sigma0);
    const struct data_moments data = moments_of(x, N, M);
    pair_init(&model.f, M);
    pair_add_linear(&model.f, 1, 0);
    pair_push(&model.f); /* f = 0 to begin with */
    join_identity(&model, M, sigma0, sigma);
    lebm_sampler *to_prior = is_kept ? make_sampler(3, 0.2 * unit) : make_settling_sampler(60, 0.4 * unit, 0.02 * unit);
    lebm_sampler *to_posterior =
        is_kept ? make_sampler(3, 0.05 * unit) : make_settling_sampler(20, 0.2 * unit, 0.01 * unit);
    const struct lessons lessons = {is_kept ? 2000 : 400, 300, 0.03 / sigma0, 0, is_kept ? "kept" : "fresh", 0};
    learn(&model, to_prior, to_posterior, x, N, lessons);
    for (int j = 0; j < M; j++) {
        const double a = model.f.ref.params[j], expected = data.mean[j] / unit;
        ck_assert_double_gt(fabs(expected), 0.5 / sigma0);
        LEBM_ASSERT_NEAR(a * sigma0, expected * sigma0, is_kept ? 0.025 : 0.01);
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
    learn(&model, to_prior, to_posterior, x, N, (struct lessons){1000, 100, 0.05, 0, "fresh", 0});
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
    tcase_add_loop_test(likelihood, a_linear_gaussian_model_finds_its_sigma, 0, 2);
    tcase_add_test(likelihood, kept_chains_learn_what_short_ones_do_not);
    suite_add_tcase(suite, likelihood);

    TCase *prior = tcase_create("prior");
    tcase_set_timeout(prior, 120);
    tcase_add_loop_test(prior, a_linear_f_learns_the_mean_of_the_data, 0, 4);
    tcase_add_test(prior, f_learns_the_density_of_its_data);
    suite_add_tcase(suite, prior);
    return suite;
}

int main(int argc, char **argv)
{
    return test_run_suite(suite(argc == 2 && strcmp(argv[1], "long") == 0));
}
