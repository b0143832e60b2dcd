/* 200 random models against the double-precision reference: the density and score of the prior; decoded means, log
 * likelihoods and their scores; chains without noise towards prior and posterior. */
#include <float.h>

#include "lebm.h"
#include "ref/agreement.h"
#include "support/model.h"
#include "support/nets.h"

enum { MODELS = 100 }; /* of each likelihood */

static const char *const kinds[] = {LEBM_RELU, LEBM_LEAKY_RELU, LEBM_GELU,    LEBM_SILU,
                                    LEBM_MISH, LEBM_TANH,       LEBM_SIGMOID, LEBM_SOFTPLUS};
enum { KINDS = 8, SMOOTH = 2 }; /* the first smooth one */

static void add_activation(struct pair *pair, const char *kind)
{
    pair_add_activation(pair, kind, strcmp(kind, LEBM_LEAKY_RELU) == 0 ? 0.2 : 0);
}

static void make_f(struct pair *f, int64_t m, const char *kind, uint64_t *seed)
{
    const int64_t hidden = test_integer(seed, 0, 2); /* layers */
    pair_init(f, m);
    for (int64_t i = 0; i < hidden; i++) {
        pair_add_linear(f, test_integer(seed, 1, 50), (int)(test_random(seed) % 2));
        add_activation(f, kind);
    }
    pair_add_linear(f, 1, 1);
    pair_randomise(f, test_uniform(seed, 0.5, 1.5), test_random(seed));
}

/* Linear layers, or transposed convolutions to an image. */
static void make_g(struct pair *g, int64_t m, const char *kind, uint64_t *seed)
{
    pair_init(g, m);
    if (test_random(seed) % 2) {
        pair_add_linear(g, test_integer(seed, 1, 40), 1);
        add_activation(g, kind);
        pair_add_linear(g, test_integer(seed, 1, 60), (int)(test_random(seed) % 2));
    } else {
        pair_add_conv_transpose2d(g, test_integer(seed, 1, 20), test_integer(seed, 1, 3), 1, 0, 1);
        add_activation(g, kind);
        pair_add_conv_transpose2d(g, test_integer(seed, 1, 4), 4, 2, 1, (int)(test_random(seed) % 2));
    }
    pair_randomise(g, test_uniform(seed, 0.5, 1.5), test_random(seed));
}

struct random_model {
    struct model model;
    int64_t n, m, d;
    float *z, *x; /* [n, M], [n, D] */
    char where[AGREEMENT_WHERE];
};

/* A model with n rows; none so near to a bend of its nets that rounding decides the slope. */
static void make_model(struct random_model *r, int number, enum ref_likelihood likelihood, int first_kind)
{
    static const int64_t rows[] = {1, 2, 5, 16, 65, 130};
    const double nearest = 1e-5;
    const int gaussian = likelihood == REF_GAUSSIAN;
    uint64_t seed = 1000 * (uint64_t)(likelihood + 1) + (uint64_t)number;
    const char *kind = kinds[first_kind + number % (KINDS - first_kind)];
    const double sigma0 = exp(test_uniform(&seed, log(0.1), log(5)));
    const double sigma = gaussian ? exp(test_uniform(&seed, log(0.1), log(3))) : 0;
    r->m = test_integer(&seed, 1, 30);
    make_f(&r->model.f, r->m, kind, &seed);
    make_g(&r->model.g, r->m, kind, &seed);
    model_join(&r->model, sigma0, gaussian ? LEBM_GAUSSIAN : LEBM_BERNOULLI, sigma);
    r->d = r->model.g.ref.out_features;
    r->n = rows[test_random(&seed) % 6];
    r->z = test_floats(r->n * r->m);
    r->x = test_random_floats(r->n * r->d, gaussian ? -1 : 0, 1, test_random(&seed));
    double *row = test_doubles(r->m);
    for (int64_t i = 0; i < r->n; i++) {
        do {
            for (int64_t j = 0; j < r->m; j++) {
                r->z[i * r->m + j] = (float)test_normal(&seed);
                row[j] = (double)r->z[i * r->m + j];
            }
        } while (fmin(ref_net_bend(&r->model.f.ref, row), ref_net_bend(&r->model.g.ref, row)) < nearest);
    }
    free(row);
    snprintf(r->where, sizeof r->where, "model %d, %lld rows, %s, M %lld, D %lld, sigma0 %g, sigma %g", number,
             (long long)r->n, kind, (long long)r->m, (long long)r->d, sigma0, sigma);
}

static void free_model(struct random_model *r)
{
    free(r->z);
    free(r->x);
    model_free(&r->model);
}

static struct agreement agreement_of(const char *what)
{
    return (struct agreement){.what = what, .tolerance = 2e-6};
}

/* A log density is a sum, which may come out near 0: it is as good as its largest term, that of f, p0 or log p(x|z). */
static double size_of_log_density(const struct ref_model *ref, const double *z)
{
    double f;
    ref_net_forward(ref->f, z, &f);
    return fabs(f) + fabs(ref_prior_log_density(ref, z) - f);
}

/* The magnitudes of the terms of log p(x|z). */
static double size_of_log_likelihood(const struct ref_model *ref, const double *z, const double *x)
{
    const int64_t d = ref->g->out_features;
    double *out = test_doubles(d), sum = 0;
    ref_net_forward(ref->g, z, out);
    for (int64_t i = 0; i < d; i++) {
        if (ref->likelihood == REF_GAUSSIAN)
            sum += pow((x[i] - out[i]) / ref->sigma, 2) / 2 + fabs(log(6.283185307179586 * pow(ref->sigma, 2)) / 2);
        else
            sum += fabs(x[i] * out[i]) + ref_activation(REF_SOFTPLUS, 0, out[i]);
    }
    free(out);
    return sum;
}

START_TEST(densities_and_scores) /* _i: likelihood */
{
    struct agreement prior = agreement_of("prior log density"), prior_score = agreement_of("prior score"),
                     mean = agreement_of("decoded mean"), likelihood = agreement_of("log likelihood"),
                     likelihood_score = agreement_of("its score");
    for (int number = 0; number < MODELS; number++) {
        struct random_model r;
        make_model(&r, number, (enum ref_likelihood)_i, 0);
        const struct ref_model *ref = &r.model.ref;
        double *z = test_to_doubles(r.z, r.n * r.m), *x = test_to_doubles(r.x, r.n * r.d);
        double *expected[5] = {test_doubles(r.n), test_doubles(r.n * r.m), test_doubles(r.n * r.d), test_doubles(r.n),
                               test_doubles(r.n * r.m)};
        float *actual[5] = {test_floats(r.n), test_floats(r.n * r.m), test_floats(r.n * r.d), test_floats(r.n),
                            test_floats(r.n * r.m)};
        double *prior_sizes = test_doubles(r.n), *likelihood_sizes = test_doubles(r.n);
        for (int64_t i = 0; i < r.n; i++) {
            const double *zi = z + i * r.m, *xi = x + i * r.d;
            expected[0][i] = ref_prior_log_density(ref, zi);
            ref_prior_score(ref, zi, expected[1] + i * r.m);
            ref_decode(ref, zi, expected[2] + i * r.d);
            expected[3][i] = ref_log_likelihood(ref, zi, xi);
            ref_likelihood_score(ref, zi, xi, expected[4] + i * r.m);
            prior_sizes[i] = size_of_log_density(ref, zi);
            likelihood_sizes[i] = size_of_log_likelihood(ref, zi, xi);
        }
        LEBM_ASSERT_OK(lebm_prior_log_density(r.model.prior, r.z, r.n, actual[0]));
        LEBM_ASSERT_OK(lebm_prior_score(r.model.prior, r.z, r.n, actual[1]));
        LEBM_ASSERT_OK(lebm_generator_decode(r.model.generator, r.z, r.n, actual[2]));
        LEBM_ASSERT_OK(lebm_generator_log_likelihood(r.model.generator, r.z, r.x, r.n, actual[3]));
        LEBM_ASSERT_OK(lebm_generator_score(r.model.generator, r.z, r.x, r.n, actual[4]));
        agree_each(&prior, actual[0], expected[0], prior_sizes, r.n, r.where);
        agree(&prior_score, actual[1], expected[1], r.n * r.m, r.where);
        agree(&mean, actual[2], expected[2], r.n * r.d, r.where);
        agree_each(&likelihood, actual[3], expected[3], likelihood_sizes, r.n, r.where);
        agree(&likelihood_score, actual[4], expected[4], r.n * r.m, r.where);
        for (int i = 0; i < 5; i++) {
            free(expected[i]);
            free(actual[i]);
        }
        free(z);
        free(x);
        free(prior_sizes);
        free(likelihood_sizes);
        free_model(&r);
    }
    const struct agreement *const all[] = {&prior, &prior_score, &mean, &likelihood, &likelihood_score};
    for (int i = 0; i < 5; i++) agreement_print(all[i]);
}
END_TEST

/* ---- chains ---- */

/* A step that moves chains well and lets no error grow: by the curvature of the log density, which is how fast the
 * score of the first row changes over a short way up, and that of p0. */
static double stable_step_size(const struct random_model *r, const double *x)
{
    enum { MOST_M = 30 };
    const double way = 1e-3;
    const struct ref_model *ref = &r->model.ref;
    double z[MOST_M], score[MOST_M], moved[MOST_M], norm = 0, change = 0;
    for (int64_t j = 0; j < r->m; j++) z[j] = (double)r->z[j];
    ref_score(ref, z, x, score);
    for (int64_t j = 0; j < r->m; j++) norm += score[j] * score[j];
    for (int64_t j = 0; j < r->m; j++) z[j] += way * score[j] / sqrt(norm);
    ref_score(ref, z, x, moved);
    for (int64_t j = 0; j < r->m; j++) change += pow(moved[j] - score[j], 2);
    return 0.3 / (sqrt(change) / way + 1 / (ref->sigma0 * ref->sigma0));
}

START_TEST(chains_without_noise) /* _i: likelihood */
{
    struct agreement to_prior = {.what = "prior chain", .tolerance = 5e-6};
    struct agreement to_posterior = {.what = "posterior chain", .tolerance = 5e-6};
    for (int number = 0; number < MODELS; number++) {
        struct random_model r;
        make_model(&r, number, (enum ref_likelihood)_i, SMOOTH); /* chains cross bends, and rounding decides when */
        const int64_t steps = 1 + number % 20;
        double *x = test_to_doubles(r.x, r.n * r.d);
        for (int posterior = 0; posterior < 2; posterior++) {
            const double step_size = stable_step_size(&r, posterior ? x : NULL);
            lebm_sampler *sampler = make_noiseless_sampler(steps, step_size, 1);
            float *z = test_copy(r.z, r.n * r.m);
            double *expected = test_to_doubles(r.z, r.n * r.m);
            for (int64_t i = 0; i < r.n; i++)
                ref_chain(&r.model.ref, posterior ? x + i * r.d : NULL, steps, step_size, expected + i * r.m);
            if (posterior)
                LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, r.model.prior, r.model.generator, r.x, r.n, z));
            else
                LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, r.model.prior, r.n, z));
            agree(posterior ? &to_posterior : &to_prior, z, expected, r.n * r.m, r.where);
            free(z);
            free(expected);
            lebm_sampler_destroy(sampler);
        }
        free(x);
        free_model(&r);
    }
    agreement_print(&to_prior);
    agreement_print(&to_posterior);
}
END_TEST

/* ---- extremes ---- */

/* z of 1e4, denormal and zero, with both signs, and sigma0 at its bounds: the same holds as elsewhere, for each row. */
START_TEST(extremes_of_the_prior)
{
    enum { M = 9 };
    static const float z[][M] = {
        {0},
        {-0.0f, -0.0f, -0.0f, -0.0f, -0.0f, -0.0f, -0.0f, -0.0f, -0.0f},
        {1e4f, -1e4f, 9e3f, -9e3f, 8e3f, -8e3f, 1e4f, 1e4f, -1e4f},
        {1e-40f, -1e-40f, 1e-45f, -1e-45f, 1e-38f, 1e-42f, -1e-41f, 1e-39f, 1e-44f},
        {1e4f, 1e-40f, 0, -0.0f, -1e4f, 1, -1, 1e-45f, 1e-20f},
    };
    enum { N = sizeof z / sizeof *z };
    static const double sigmas0[] = {1e-6, 1e-2, 1, 1e3, 1e6};
    struct agreement density = agreement_of("prior log density of extremes"),
                     score = agreement_of("prior score of extremes");
    for (int s = 0; s < 5; s++) {
        for (int kind = 0; kind < KINDS; kind++) {
            struct pair f;
            uint64_t seed = (uint64_t)kind;
            float density_of[N], scores[N][M];
            char where[AGREEMENT_WHERE];
            make_f(&f, M, kinds[kind], &seed);
            lebm_prior *prior = make_prior(f.net, sigmas0[s]);
            const struct ref_model ref = {.f = &f.ref, .sigma0 = sigmas0[s]};
            LEBM_ASSERT_OK(lebm_prior_log_density(prior, z[0], N, density_of));
            LEBM_ASSERT_OK(lebm_prior_score(prior, z[0], N, scores[0]));
            for (int i = 0; i < N; i++) {
                double row[M], expected[M];
                for (int j = 0; j < M; j++) row[j] = (double)z[i][j];
                snprintf(where, sizeof where, "row %d, %s, sigma0 %g", i, kinds[kind], sigmas0[s]);
                density.cases++;
                agree_on(&density, (double)density_of[i], ref_prior_log_density(&ref, row),
                         size_of_log_density(&ref, row), where);
                if (ref_net_bend(&f.ref, row) < 1e-5) continue;
                ref_prior_score(&ref, row, expected);
                agree(&score, scores[i], expected, M, where);
            }
            lebm_prior_destroy(prior);
            f.net = NULL;
            pair_free(&f);
        }
    }
    agreement_print(&density);
    agreement_print(&score);
}
END_TEST

/* Outputs of g from 1e-40 to 1e4, x at and inside its bounds, sigma at its bounds; g is linear, so that all of it can
 * be seen. What is below the least normal float counts as that: there are fewer digits there. */
START_TEST(extremes_of_the_likelihoods)
{
    enum { D = 8, N = 3 };
    static const double scales[] = {1e4, 1, 1e-20, 1e-40, 0}, sigmas[] = {0, 1e-6, 0.3, 1e6}; /* 0: Bernoulli */
    static const float z[N] = {1, -1, 0.5f};
    static const float x[N][D] = {{0, 1, 0, 1, 0.5f, 1e-40f, 0, 1}, {1, 0, 0.25f, 1, 1, 0, -0.0f, 1e-45f}, {0}};
    struct agreement mean = agreement_of("mean of extremes"), likelihood = agreement_of("log likelihood of extremes"),
                     score = agreement_of("its score of extremes");
    for (int s = 0; s < 4; s++) {
        for (int scale = 0; scale < 5; scale++) {
            struct pair g;
            float means[N][D], likelihoods[N], scores[N];
            char where[AGREEMENT_WHERE];
            pair_init(&g, 1);
            pair_add_linear(&g, D, 0);
            pair_randomise(&g, 1, 3);
            for (int i = 0; i < D; i++) g.ref.params[i] *= scales[scale];
            pair_push(&g);
            lebm_generator *generator = make_generator(g.net, s == 0 ? LEBM_BERNOULLI : LEBM_GAUSSIAN, sigmas[s]);
            const struct ref_model ref = {
                .g = &g.ref, .likelihood = s == 0 ? REF_BERNOULLI : REF_GAUSSIAN, .sigma = sigmas[s]};
            LEBM_ASSERT_OK(lebm_generator_decode(generator, z, N, means[0]));
            LEBM_ASSERT_OK(lebm_generator_log_likelihood(generator, z, x[0], N, likelihoods));
            LEBM_ASSERT_OK(lebm_generator_score(generator, z, x[0], N, scores));
            for (int i = 0; i < N; i++) {
                const double least = s == 0 ? 1.3e-38 / mean.tolerance : FLT_MIN; /* exp(x) is never below 1e-38 */
                double row[D], expected[D], grad[D], size = 0, expected_score;
                const double zi = (double)z[i];
                for (int j = 0; j < D; j++) row[j] = (double)x[i][j];
                snprintf(where, sizeof where, "row %d, sigma %g, g of %g", i, sigmas[s], scales[scale]);
                ref_decode(&ref, &zi, expected);
                mean.cases++;
                for (int j = 0; j < D; j++)
                    agree_on(&mean, (double)means[i][j], expected[j], fabs(expected[j]) + least, where);
                likelihood.cases++;
                agree_on(&likelihood, (double)likelihoods[i], ref_log_likelihood(&ref, &zi, row),
                         size_of_log_likelihood(&ref, &zi, row), where);
                /* the score is a sum over D, of (x - mean) / sigma^2 times a weight */
                ref_likelihood_score(&ref, &zi, row, &expected_score);
                for (int j = 0; j < D; j++) {
                    grad[j] = (row[j] - expected[j]) / (s == 0 ? 1 : sigmas[s] * sigmas[s]);
                    size += fabs(grad[j] * g.ref.params[j]);
                }
                score.cases++;
                agree_on(&score, (double)scores[i], expected_score, size + FLT_MIN, where);
            }
            lebm_generator_destroy(generator);
            g.net = NULL;
            pair_free(&g);
        }
    }
    agreement_print(&mean);
    agreement_print(&likelihood);
    agreement_print(&score);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("densities");
    TCase *models = tcase_create("random models");
    tcase_set_timeout(models, 60);
    tcase_add_loop_test(models, densities_and_scores, REF_GAUSSIAN, REF_BERNOULLI + 1);
    tcase_add_loop_test(models, chains_without_noise, REF_GAUSSIAN, REF_BERNOULLI + 1);
    suite_add_tcase(suite, models);

    TCase *extremes = tcase_create("extremes");
    tcase_add_test(extremes, extremes_of_the_prior);
    tcase_add_test(extremes, extremes_of_the_likelihoods);
    suite_add_tcase(suite, extremes);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
