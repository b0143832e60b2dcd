/* A generator of two words and sequences of up to two: log p(x) of all seven sequences, and what is learned of them, by
 * summation over sequences and quadrature over z. */
#include "lebm.h"
#include "ref/agreement.h"
#include "ref/ref_recurrent.h"
#include "support/nets.h"
#include "support/recurrent.h"

enum { V = 2, D = 2, SEQUENCES = 7, POINTS = 161 };

static const double reach = 8; /* of the grid; beyond, the prior has less than 1e-12 */

static const struct {
    int64_t length, x[D];
} sequences[SEQUENCES] = {{0, {0, 0}}, {1, {0, 0}}, {1, {1, 0}}, {2, {0, 0}}, {2, {0, 1}}, {2, {1, 0}}, {2, {1, 1}}};

struct tiny {
    struct ref_recurrent ref;
    lebm_generator *generator;
    lebm_prior *prior;
    double z[POINTS], p[POINTS]; /* points, and the prior's probabilities of their intervals */
    float x[SEQUENCES][D];
};

/* A prior that is not normal, and a generator of which z tells something. */
static void make_tiny(struct tiny *t, int is_gru)
{
    uint64_t seed = 31;
    char spec[128];
    float z[POINTS], log_density[POINTS];
    int64_t offset = 0;
    double sum = 0;
    t->ref = (struct ref_recurrent){
        .is_gru = is_gru, .latent = 1, .embedding = 2, .units = 3, .layers = 1, .tokens = V, .longest = D};
    ref_recurrent_init(&t->ref);
    for (int64_t i = 0; i < t->ref.param_total; i++) t->ref.params[i] = (double)(float)test_uniform(&seed, -1.5, 1.5);
    ref_recurrent_spec(&t->ref, spec, sizeof spec);
    LEBM_ASSERT_OK(lebm_generator_create_from_spec(&t->generator, spec, LEBM_CATEGORICAL, 0));
    for (int64_t i = 0; i < lebm_generator_param_count(t->generator); i++) {
        const int64_t size = lebm_generator_param_size(t->generator, i);
        float *values = test_floats(size);
        for (int64_t k = 0; k < size; k++) values[k] = (float)t->ref.params[offset + k];
        LEBM_ASSERT_OK(lebm_generator_set_param(t->generator, i, values, size));
        free(values);
        offset += size;
    }
    t->prior = make_prior(make_net("in 1; linear 6; gelu; linear 6; tanh; linear 1", 5), 1.2);
    for (int i = 0; i < POINTS; i++) z[i] = (float)(t->z[i] = reach * (2.0 * i / (POINTS - 1) - 1));
    LEBM_ASSERT_OK(lebm_prior_log_density(t->prior, z, POINTS, log_density));
    for (int i = 0; i < POINTS; i++) sum += t->p[i] = exp((double)log_density[i]);
    for (int i = 0; i < POINTS; i++) t->p[i] /= sum;
    for (int s = 0; s < SEQUENCES; s++) {
        for (int k = 0; k < D; k++) t->x[s][k] = k < sequences[s].length ? (float)sequences[s].x[k] : LEBM_PADDING;
    }
}

static void free_tiny(struct tiny *t)
{
    ref_recurrent_free(&t->ref);
    lebm_generator_destroy(t->generator);
    lebm_prior_destroy(t->prior);
}

/* log p(x|z) of a sequence at all points, by the library. */
static void evaluate(const struct tiny *t, int s, double *log_likelihood)
{
    float z[POINTS], x[POINTS][D], out[POINTS];
    for (int i = 0; i < POINTS; i++) {
        z[i] = (float)t->z[i];
        memcpy(x[i], t->x[s], sizeof x[i]);
    }
    LEBM_ASSERT_OK(lebm_generator_log_likelihood(t->generator, z, x[0], POINTS, out));
    for (int i = 0; i < POINTS; i++) log_likelihood[i] = (double)out[i];
}

/* log p(x) by the reference, every `stride`th point of the grid. */
static double log_p_of_reference(const struct tiny *t, int s, int stride)
{
    double p = 0, all = 0;
    for (int i = 0; i < POINTS; i += stride) {
        all += t->p[i];
        p += t->p[i] *
             exp(ref_recurrent_log_likelihood(&t->ref, &t->z[i], sequences[s].x, sequences[s].length, NULL, NULL));
    }
    return log(p / all);
}

START_TEST(all_sequences_sum_to_one) /* _i: the cell */
{
    struct tiny t;
    double sum = 0, at_each[POINTS] = {0};
    make_tiny(&t, _i);
    for (int s = 0; s < SEQUENCES; s++) {
        double log_likelihood[POINTS], p = 0;
        evaluate(&t, s, log_likelihood);
        for (int i = 0; i < POINTS; i++) p += t.p[i] * exp(log_likelihood[i]);
        for (int i = 0; i < POINTS; i++) at_each[i] += exp(log_likelihood[i]);
        LEBM_ASSERT_NEAR(log(p), log_p_of_reference(&t, s, 1), 1e-6);
        LEBM_ASSERT_NEAR(log_p_of_reference(&t, s, 2), log_p_of_reference(&t, s, 1), 1e-6);
        sum += p;
    }
    LEBM_ASSERT_NEAR(sum, 1, 1e-6);
    for (int i = 0; i < POINTS; i++) LEBM_ASSERT_NEAR(at_each[i], 1, 1e-6);
    free_tiny(&t);
}
END_TEST

/* (22): the mean over p(z|x), at the points, of the library's gradient. */
static void mean_gradient(const struct tiny *t, int s, double *mean)
{
    const int64_t total = t->ref.param_total;
    float z[POINTS], x[POINTS][D], *grads = test_floats(total);
    double log_likelihood[POINTS], sum = 0;
    void *memory;
    for (int i = 0; i < POINTS; i++) {
        z[i] = (float)t->z[i];
        memcpy(x[i], t->x[s], sizeof x[i]);
    }
    const void *workspace = pass_for_gradients(t->generator, z, x[0], POINTS, 64, NULL, log_likelihood, &memory);
    for (int i = 0; i < POINTS; i++) sum += t->p[i] * exp(log_likelihood[i]);
    for (int i = 0; i < POINTS; i++) {
        sum_gradients(t->generator, workspace, i, 1, grads);
        for (int64_t k = 0; k < total; k++) {
            mean[k] += t->p[i] * exp(log_likelihood[i]) / sum * (double)grads[k];
        }
    }
    lebm__free(memory);
    free(grads);
}

START_TEST(the_learning_gradient_is_that_of_log_p) /* _i: the cell */
{
    struct agreement a = {.what = "E[d log p(x|z)] against d log p(x)", .tolerance = 1e-5};
    const double delta = 1e-4;
    struct tiny t;
    make_tiny(&t, _i);
    for (int s = 0; s < SEQUENCES; s++) {
        double *mean = test_doubles(t.ref.param_total), *expected = test_doubles(t.ref.param_total);
        char where[AGREEMENT_WHERE];
        mean_gradient(&t, s, mean);
        for (int64_t k = 0; k < t.ref.param_total; k++) {
            const double at = t.ref.params[k];
            t.ref.params[k] = at + delta;
            expected[k] = log_p_of_reference(&t, s, 1);
            t.ref.params[k] = at - delta;
            expected[k] = (expected[k] - log_p_of_reference(&t, s, 1)) / (2 * delta);
            t.ref.params[k] = at;
        }
        const double scale = approx_largest(expected, t.ref.param_total);
        LEBM_ASSERT_MSG(scale > 0.05, "sequence %d has no gradient to speak of: %g", s, scale);
        snprintf(where, sizeof where, "sequence %d of %s", s, _i ? "gru" : "lstm");
        a.cases++;
        for (int64_t k = 0; k < t.ref.param_total; k++) agree_on(&a, mean[k], expected[k], scale, where);
        free(mean);
        free(expected);
    }
    agreement_print(&a);
    free_tiny(&t);
}
END_TEST

/* Chains to the posterior end at its mean; the bias of so short steps is far less than the standard error. */
START_TEST(chains_find_the_posterior) /* _i: the cell */
{
    enum { CHAINS = 2500 };
    struct tiny t;
    lebm_sampler *sampler;
    static float x[CHAINS][D], z[CHAINS];
    make_tiny(&t, _i);
    LEBM_ASSERT_OK(lebm_sampler_create(&sampler, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 250));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, 0.03));
    for (int s = 1; s < SEQUENCES; s += 2) {
        double log_likelihood[POINTS], sum = 0, mean = 0, square = 0, found = 0;
        evaluate(&t, s, log_likelihood);
        for (int i = 0; i < POINTS; i++) {
            const double p = t.p[i] * exp(log_likelihood[i]);
            sum += p;
            mean += p * t.z[i];
            square += p * t.z[i] * t.z[i];
        }
        mean /= sum;
        const double variance = square / sum - mean * mean;
        for (int i = 0; i < CHAINS; i++) memcpy(x[i], t.x[s], sizeof x[i]);
        LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, t.prior, t.generator, x[0], CHAINS, z));
        for (int i = 0; i < CHAINS; i++) found += (double)z[i] / CHAINS;
        const double errors = (found - mean) / sqrt(variance / CHAINS);
        printf("sequence %d of %s: mean of z %.4f, expected %.4f: %.2f standard errors\n", s, _i ? "gru" : "lstm",
               found, mean, errors);
        LEBM_ASSERT_MSG(fabs(errors) < 4.5, "sequence %d: mean of z is %g, expected %g: %g standard errors", s, found,
                        mean, errors);
    }
    lebm_sampler_destroy(sampler);
    free_tiny(&t);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("tokens");
    TCase *exact = tcase_create("two words");
    tcase_add_loop_test(exact, all_sequences_sum_to_one, 0, 2);
    tcase_add_loop_test(exact, the_learning_gradient_is_that_of_log_p, 0, 2);
    tcase_add_loop_test(exact, chains_find_the_posterior, 0, 2);
    suite_add_tcase(suite, exact);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
