/* The trainer: steps against the double-precision reference, equal bits for any number of threads, and steps that fail
 * and change nothing. Gradients against quadrature, and maxima that are known, are in tests/exact. */
#include <unistd.h>

#include "lebm.h"
#include "support/approx.h"
#include "support/model.h"
#include "support/nets.h"
#include "support/statistics.h"
#include "support/watch.h"

static double metric(const lebm_trainer *trainer, const char *key)
{
    double value;
    LEBM_ASSERT_OK(lebm_trainer_metric(trainer, key, &value));
    return value;
}

static void set(lebm_trainer *trainer, const char *key, double value)
{
    LEBM_ASSERT_OK(lebm_trainer_set_f64(trainer, key, value));
}

/* A trainer with its two samplers. */
struct training {
    lebm_sampler *to_prior, *to_posterior;
    lebm_trainer *trainer;
};

static struct training make_training(const struct model *model, lebm_sampler *to_prior, lebm_sampler *to_posterior)
{
    struct training t = {to_prior, to_posterior, NULL};
    LEBM_ASSERT_OK(lebm_trainer_create(&t.trainer, model->prior, model->generator, to_prior, to_posterior));
    return t;
}

static void free_training(struct training *t)
{
    lebm_trainer_destroy(t->trainer);
    lebm_sampler_destroy(t->to_prior);
    lebm_sampler_destroy(t->to_posterior);
}

/* ---- the reference ---- */

enum { PRIOR_STEPS = 6, POSTERIOR_STEPS = 8 };
static const double prior_step_size = 0.05, posterior_step_size = 0.004;

/* What the reference knows of one step, at the parameters before it. */
struct ref_step {
    double *grad_f, *grad_g; /* of the mean log likelihood */
    double reconstruction_mse, log_likelihood, f_positive, f_negative, prior_grad_norm, generator_grad_norm;
};

static double norm_of(const double *values, int64_t count)
{
    double square = 0;
    for (int64_t i = 0; i < count; i++) square += values[i] * values[i];
    return sqrt(square);
}

/* All chains start at 0 and have no noise. */
static struct ref_step ref_step_make(const struct model *model, const float *x, int64_t n)
{
    const struct ref_model *ref = &model->ref;
    int64_t m = ref->f->in_features, d = ref->g->out_features;
    struct ref_step step = {test_doubles(ref->f->param_total), test_doubles(ref->g->param_total), 0, 0, 0, 0, 0, 0};
    double *rows = test_to_doubles(x, n * d), *decoded = test_doubles(d);
    double *positive = test_doubles(n * m), *negative = test_doubles(n * m);
    for (int64_t i = 0; i < n; i++) {
        double f;
        ref_chain(ref, rows + i * d, POSTERIOR_STEPS, posterior_step_size, positive + i * m);
        ref_chain(ref, NULL, PRIOR_STEPS, prior_step_size, negative + i * m);
        ref_net_forward(ref->f, positive + i * m, &f);
        step.f_positive += f / (double)n;
        ref_net_forward(ref->f, negative + i * m, &f);
        step.f_negative += f / (double)n;
        step.log_likelihood += ref_log_likelihood(ref, positive + i * m, rows + i * d) / (double)n;
        ref_decode(ref, positive + i * m, decoded);
        for (int64_t j = 0; j < d; j++)
            step.reconstruction_mse += pow(rows[i * d + j] - decoded[j], 2) / (double)(n * d);
    }
    ref_gradients(ref, n, rows, positive, negative, step.grad_f, step.grad_g);
    step.prior_grad_norm = norm_of(step.grad_f, ref->f->param_total);
    step.generator_grad_norm = norm_of(step.grad_g, ref->g->param_total);
    free(rows);
    free(decoded);
    free(positive);
    free(negative);
    return step;
}

static void ref_step_free(struct ref_step *step)
{
    free(step->grad_f);
    free(step->grad_g);
}

static struct training make_noiseless_training(const struct model *model)
{
    return make_training(model, make_noiseless_sampler(PRIOR_STEPS, prior_step_size, 0),
                         make_noiseless_sampler(POSTERIOR_STEPS, posterior_step_size, 0));
}

static void assert_params_near_reference(const struct pair *pair, int steps, const char *what)
{
    float *params = pair_params(pair->net);
    char text[100];
    snprintf(text, sizeof text, "%s after %d steps", what, steps);
    approx_assert_close(params, pair->ref.params, pair->ref.param_total, 0,
                        1e-5 * approx_largest(pair->ref.params, pair->ref.param_total), text, __FILE__, __LINE__);
    free(params);
}

/* Ascends a reference net. */
static void ascend(struct ref_adam *adam, struct ref_net *net, const double *gradient)
{
    double *downhill = test_doubles(net->param_total);
    for (int64_t i = 0; i < net->param_total; i++) downhill[i] = -gradient[i];
    ref_adam_step(adam, net->params, downhill);
    free(downhill);
}

static void assert_moved(const struct pair *pair, const float *before, double at_least)
{
    float *after = pair_params(pair->net);
    const double moved = approx_farthest(after, before, pair->ref.param_total);
    ck_assert_msg(moved > at_least, "the parameters moved by %g at most, expected more than %g", moved, at_least);
    free(after);
}

/* Options of each case; all together differ from the defaults in every option that a step uses. */
static const struct {
    double beta1, beta2, epsilon, decay_per_epoch, f_weight_decay, g_weight_decay;
    double f_clip, g_clip; /* fractions of the first gradient's norm */
    const char *likelihood;
} cases[] = {
    {0.9, 0.999, 1e-8, 1, 0, 0, 0, 0, LEBM_GAUSSIAN},
    {0.5, 0.9, 1e-4, 1, 0, 0, 0, 0, LEBM_GAUSSIAN},
    {0.9, 0.999, 1e-8, 1, 0.3, 2, 0, 0, LEBM_GAUSSIAN},
    {0.9, 0.99, 1e-2, 1, 0, 0, 0.4, 0.3, LEBM_GAUSSIAN},     /* with so large an epsilon the cut shows */
    {0.9, 0.99, 1e-2, 1, 0.2, 0.4, 0.5, 100, LEBM_GAUSSIAN}, /* f is cut before weight decay, g never */
    {0.9, 0.999, 1e-8, 0.25, 0, 0, 0, 0, LEBM_GAUSSIAN},
    {0.0, 0.99, 1e-3, 0.5, 0.1, 0.1, 0.6, 0.6, LEBM_BERNOULLI},
};
enum { CASES = sizeof cases / sizeof *cases };

START_TEST(steps_equal_the_reference)
{
    enum { M = 3, D = 2 * 4 * 4, N = 5, STEPS = 5 };
    const double f_rate = 2e-3, g_rate = 1e-3;
    struct model model;
    pair_init(&model.f, M);
    pair_add_linear(&model.f, 9, 1);
    pair_add_activation(&model.f, LEBM_GELU, 0);
    pair_add_linear(&model.f, 1, 1);
    pair_randomise(&model.f, 1.5, 1);
    pair_init(&model.g, M);
    pair_add_conv_transpose2d(&model.g, 6, 2, 1, 0, 1);
    pair_add_activation(&model.g, LEBM_SILU, 0);
    pair_add_conv_transpose2d(&model.g, 2, 4, 2, 1, 1);
    pair_randomise(&model.g, 1.5, 2);
    model_join(&model, 0.8, cases[_i].likelihood, strcmp(cases[_i].likelihood, LEBM_GAUSSIAN) == 0 ? 0.5 : 0);
    float *x = test_random_floats(N * D, 0, 1, 3);

    struct ref_step first = ref_step_make(&model, x, N);
    struct ref_adam f_adam, g_adam;
    ref_adam_init(&f_adam, model.f.ref.param_total, f_rate);
    ref_adam_init(&g_adam, model.g.ref.param_total, g_rate);
    f_adam.beta1 = g_adam.beta1 = cases[_i].beta1;
    f_adam.beta2 = g_adam.beta2 = cases[_i].beta2;
    f_adam.epsilon = g_adam.epsilon = cases[_i].epsilon;
    f_adam.weight_decay = cases[_i].f_weight_decay;
    g_adam.weight_decay = cases[_i].g_weight_decay;
    f_adam.clip_norm = cases[_i].f_clip * first.prior_grad_norm;
    g_adam.clip_norm = cases[_i].g_clip * first.generator_grad_norm;
    ref_step_free(&first);

    struct training t = make_noiseless_training(&model);
    set(t.trainer, LEBM_TRAINER_PRIOR_LEARNING_RATE, f_rate);
    set(t.trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, g_rate);
    set(t.trainer, LEBM_TRAINER_BETA1, cases[_i].beta1);
    set(t.trainer, LEBM_TRAINER_BETA2, cases[_i].beta2);
    set(t.trainer, LEBM_TRAINER_EPSILON, cases[_i].epsilon);
    set(t.trainer, LEBM_TRAINER_DECAY_PER_EPOCH, cases[_i].decay_per_epoch);
    set(t.trainer, LEBM_TRAINER_PRIOR_WEIGHT_DECAY, cases[_i].f_weight_decay);
    set(t.trainer, LEBM_TRAINER_GENERATOR_WEIGHT_DECAY, cases[_i].g_weight_decay);
    set(t.trainer, LEBM_TRAINER_PRIOR_CLIP_NORM, f_adam.clip_norm);
    set(t.trainer, LEBM_TRAINER_GENERATOR_CLIP_NORM, g_adam.clip_norm);

    for (int step = 1; step <= STEPS; step++) {
        float *f_before = pair_params(model.f.net), *g_before = pair_params(model.g.net);
        struct ref_step ref = ref_step_make(&model, x, N);
        LEBM_ASSERT_OK(lebm_trainer_step(t.trainer, x, N));
        ck_assert_int_eq(lebm_trainer_steps_done(t.trainer), step);
        const struct {
            const char *key;
            double expected, scale;
        } metrics[] = {
            {LEBM_TRAINER_RECONSTRUCTION_MSE, ref.reconstruction_mse, ref.reconstruction_mse},
            {LEBM_TRAINER_LOG_LIKELIHOOD, ref.log_likelihood, fabs(ref.log_likelihood)},
            {LEBM_TRAINER_F_POSITIVE, ref.f_positive, 1},
            {LEBM_TRAINER_F_NEGATIVE, ref.f_negative, 1},
            {LEBM_TRAINER_F_GAP, ref.f_positive - ref.f_negative, 1},
            {LEBM_TRAINER_PRIOR_GRAD_NORM, ref.prior_grad_norm, ref.prior_grad_norm},
            {LEBM_TRAINER_GENERATOR_GRAD_NORM, ref.generator_grad_norm, ref.generator_grad_norm},
        };
        for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
            double value = metric(t.trainer, metrics[i].key);
            ck_assert_msg(fabs(value - metrics[i].expected) <= 1e-5 * metrics[i].scale,
                          "step %d: %s is %.9g, expected %.9g", step, metrics[i].key, value, metrics[i].expected);
        }
        ck_assert_double_gt(metric(t.trainer, LEBM_TRAINER_IMAGES_PER_SECOND), 0);

        ascend(&f_adam, &model.f.ref, ref.grad_f);
        ascend(&g_adam, &model.g.ref, ref.grad_g);
        ref_step_free(&ref);
        assert_params_near_reference(&model.f, step, "f");
        assert_params_near_reference(&model.g, step, "g");
        assert_moved(&model.f, f_before, 1e-5); /* or closeness would mean nothing */
        assert_moved(&model.g, g_before, 1e-4 * cases[_i].decay_per_epoch);
        free(f_before);
        free(g_before);
        if (step % 2 == 0) {
            LEBM_ASSERT_OK(lebm_trainer_end_epoch(t.trainer));
            ck_assert_int_eq(lebm_trainer_epochs_done(t.trainer), step / 2);
            f_adam.learning_rate *= cases[_i].decay_per_epoch;
            g_adam.learning_rate *= cases[_i].decay_per_epoch;
        }
    }
    free(x);
    ref_adam_free(&f_adam);
    ref_adam_free(&g_adam);
    free_training(&t);
    model_free(&model);
}
END_TEST

START_TEST(batches_of_any_size)
{
    /* Around the sizes that blocks, chunks and groups of chunks may have; the batch of one and odd ones. */
    static const int64_t sizes[] = {1, 2, 3, 7, 24, 25, 26, 33, 64, 65, 101, 128, 129, 200, 300};
    enum { M = 3, D = 6 };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct model model;
        model_small(&model, M, 10, D, 1, 0.5);
        float *x = test_normal_floats(sizes[i] * D, 1, 7 + i);
        struct training t = make_noiseless_training(&model);
        struct ref_step ref = ref_step_make(&model, x, sizes[i]);
        struct ref_adam f_adam, g_adam;
        set(t.trainer, LEBM_TRAINER_PRIOR_LEARNING_RATE, 1e-2);
        set(t.trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 1e-2);
        set(t.trainer, LEBM_TRAINER_EPSILON, 1e-2);
        ref_adam_init(&f_adam, model.f.ref.param_total, 1e-2);
        ref_adam_init(&g_adam, model.g.ref.param_total, 1e-2);
        f_adam.epsilon = g_adam.epsilon = 1e-2; /* so that the size of the gradient matters, not only its sign */
        LEBM_ASSERT_OK(lebm_trainer_step(t.trainer, x, sizes[i]));
        ascend(&f_adam, &model.f.ref, ref.grad_f);
        ascend(&g_adam, &model.g.ref, ref.grad_g);
        assert_params_near_reference(&model.f, 1, "f");
        assert_params_near_reference(&model.g, 1, "g");
        LEBM_ASSERT_NEAR(metric(t.trainer, LEBM_TRAINER_GENERATOR_GRAD_NORM), ref.generator_grad_norm,
                         1e-5 * ref.generator_grad_norm);
        LEBM_ASSERT_NEAR(metric(t.trainer, LEBM_TRAINER_PRIOR_GRAD_NORM), ref.prior_grad_norm,
                         1e-5 * ref.prior_grad_norm);
        LEBM_ASSERT_NEAR(metric(t.trainer, LEBM_TRAINER_RECONSTRUCTION_MSE), ref.reconstruction_mse,
                         1e-5 * ref.reconstruction_mse);
        free(x);
        ref_step_free(&ref);
        ref_adam_free(&f_adam);
        ref_adam_free(&g_adam);
        free_training(&t);
        model_free(&model);
    }
}
END_TEST

START_TEST(more_parameters_than_a_task_takes)
{
    enum { M = 3, D = 6000, N = 2, STEPS = 3 };
    const double rate = 1e-2;
    struct model model;
    struct ref_adam adam;
    model_linear(&model, M, D, 1, 0.5);
    pair_randomise(&model.g, 1, 11);
    ref_adam_init(&adam, model.g.ref.param_total, rate);
    adam.epsilon = 1e-2;
    float *x = test_normal_floats(N * D, 1, 12);
    struct training t = make_training(&model, make_noiseless_sampler(PRIOR_STEPS, prior_step_size, 0),
                                      make_noiseless_sampler(POSTERIOR_STEPS, 1e-5, 0));
    set(t.trainer, LEBM_TRAINER_PRIOR_LEARNING_RATE, 0);
    set(t.trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, rate);
    set(t.trainer, LEBM_TRAINER_EPSILON, adam.epsilon);
    set(t.trainer, LEBM_TRAINER_BETA1, adam.beta1);
    for (int step = 1; step <= STEPS; step++) {
        double *rows = test_to_doubles(x, N * D), z[N * M] = {0}, *grad_f = test_doubles(model.f.ref.param_total);
        double *grad_g = test_doubles(model.g.ref.param_total);
        for (int i = 0; i < N; i++) ref_chain(&model.ref, rows + i * D, POSTERIOR_STEPS, 1e-5, z + i * M);
        ref_gradients(&model.ref, N, rows, z, z, grad_f, grad_g);
        LEBM_ASSERT_OK(lebm_trainer_step(t.trainer, x, N));
        ascend(&adam, &model.g.ref, grad_g);
        assert_params_near_reference(&model.g, step, "g");
        free(rows);
        free(grad_f);
        free(grad_g);
    }
    free(x);
    ref_adam_free(&adam);
    free_training(&t);
    model_free(&model);
}
END_TEST

START_TEST(what_is_missing_teaches_nothing)
{
    /* Of D numbers each third is there: the step is that of a generator that gives nothing else. */
    enum { M = 2, FEW = 4, D = 3 * FEW, N = 150 };
    static const int64_t sizes[2] = {D, FEW};
    static const char *const keys[] = {LEBM_TRAINER_RECONSTRUCTION_MSE, LEBM_TRAINER_LOG_LIKELIHOOD,
                                       LEBM_TRAINER_GENERATOR_GRAD_NORM, LEBM_TRAINER_PRIOR_GRAD_NORM};
    struct model models[2];
    struct training trainings[2];
    float *x[2] = {test_normal_floats(N * D, 1, 1), test_floats(N * FEW)}, *params[2];
    float *start = test_normal_floats(D * (M + 1), 1, 2);
    for (int i = 0; i < N * D; i++) {
        if (i % 3 == 0)
            x[1][i / 3] = x[0][i];
        else
            x[0][i] = NAN;
    }
    for (int which = 0; which < 2; which++) {
        const int every = which ? 3 : 1;
        model_linear(&models[which], M, sizes[which], 1, 0.5);
        double *to = models[which].g.ref.params;
        for (int d = 0; d < D; d += every) {
            for (int j = 0; j < M; j++) *to++ = start[d * M + j];
        }
        for (int d = 0; d < D; d += every) *to++ = start[D * M + d];
        pair_push(&models[which].g);
        LEBM_ASSERT_OK(lebm_generator_set_str(models[which].generator, LEBM_GENERATOR_MISSING, "skip"));
        trainings[which] = make_noiseless_training(&models[which]);
        set(trainings[which].trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 1e-2);
        set(trainings[which].trainer, LEBM_TRAINER_EPSILON, 1e-2);
        LEBM_ASSERT_OK(lebm_trainer_step(trainings[which].trainer, x[which], N));
        params[which] = pair_params(models[which].g.net);
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const double expected = metric(trainings[1].trainer, keys[i]);
        LEBM_ASSERT_NEAR(metric(trainings[0].trainer, keys[i]), expected, 1e-5 * fabs(expected));
    }
    for (int d = 0; d < D; d++) {
        for (int j = 0; j <= M; j++) {
            const int in_all = j < M ? d * M + j : D * M + d, in_few = j < M ? d / 3 * M + j : FEW * M + d / 3;
            if (d % 3 == 0)
                LEBM_ASSERT_NEAR(params[0][in_all], params[1][in_few], 1e-5);
            else
                LEBM_ASSERT_SAME_BITS(&params[0][in_all], &start[in_all], 1);
        }
    }
    for (int i = 0; i < N * D; i++) x[0][i] = NAN; /* there is nothing to be learned of g */
    LEBM_ASSERT_OK(lebm_trainer_step(trainings[0].trainer, x[0], N));
    ck_assert_double_eq(metric(trainings[0].trainer, LEBM_TRAINER_LOG_LIKELIHOOD), 0);
    ck_assert_double_eq(metric(trainings[0].trainer, LEBM_TRAINER_RECONSTRUCTION_MSE), 0);
    ck_assert_double_eq(metric(trainings[0].trainer, LEBM_TRAINER_GENERATOR_GRAD_NORM), 0);
    for (int which = 0; which < 2; which++) {
        free(x[which]);
        free(params[which]);
        free_training(&trainings[which]);
        model_free(&models[which]);
    }
    free(start);
}
END_TEST

START_TEST(clipping_adds_1e_6_to_the_norm)
{
    /* As torch.nn.utils.clip_grad_norm_ does, which shows where gradients are tiny: here that of the bias is
     * x / sigma^2 = 1e-6, cut by 5e-7 / (1e-6 + 1e-6) to a quarter; the rate is 1, so the bias becomes g / (g +
     * epsilon). */
    struct model model;
    model_linear(&model, 1, 1, 1, 1000);
    struct training t = make_noiseless_training(&model);
    set(t.trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 1);
    set(t.trainer, LEBM_TRAINER_EPSILON, 1e-6);
    set(t.trainer, LEBM_TRAINER_GENERATOR_CLIP_NORM, 5e-7);
    const float x = 1;
    LEBM_ASSERT_OK(lebm_trainer_step(t.trainer, &x, 1));
    LEBM_ASSERT_NEAR(metric(t.trainer, LEBM_TRAINER_GENERATOR_GRAD_NORM), 1e-6, 1e-11); /* before it is cut */
    float *params = pair_params(model.g.net);
    LEBM_ASSERT_NEAR(params[1], 0.2, 1e-5);
    free(params);
    free_training(&t);
    model_free(&model);
}
END_TEST

/* ---- learning ---- */

START_TEST(learns_a_prior_that_is_not_gaussian)
{
    /* x = z + a little noise with z at -2 or 2, and g fixed as the identity: only f can tell that z = 0 is rare. */
    enum { N = 128, STEPS = 300 };
    struct model model;
    const float identity = 1;
    pair_init(&model.f, 1);
    pair_add_linear(&model.f, 24, 1);
    pair_add_activation(&model.f, LEBM_GELU, 0);
    pair_add_linear(&model.f, 1, 1);
    pair_randomise(&model.f, 1, 101);
    pair_init(&model.g, 1);
    pair_add_linear(&model.g, 1, 1);
    LEBM_ASSERT_OK(lebm_net_set_param(model.g.net, 0, &identity, 1));
    model_join(&model, 1.5, LEBM_GAUSSIAN, 0.3);
    struct training t = make_training(&model, make_sampler(60, 0.08), make_sampler(30, 0.02));
    set(t.trainer, LEBM_TRAINER_PRIOR_LEARNING_RATE, 1e-2);
    set(t.trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 0);
    float x[N];
    uint64_t seed = 6;
    const float places[3] = {-2, 0, 2};
    float before[3], after[3];
    LEBM_ASSERT_OK(lebm_prior_log_density(model.prior, places, 3, before));
    for (int step = 0; step < STEPS; step++) {
        for (int i = 0; i < N; i++) x[i] = (float)((i % 2 ? 2 : -2) + 0.3 * test_normal(&seed));
        LEBM_ASSERT_OK(lebm_trainer_step(t.trainer, x, N));
    }
    LEBM_ASSERT_OK(lebm_prior_log_density(model.prior, places, 3, after));
    ck_assert_msg(before[0] < before[1] + 1 && before[2] < before[1] + 1, "at first: %g %g %g", (double)before[0],
                  (double)before[1], (double)before[2]);
    ck_assert_msg(after[0] > after[1] + 1.5f && after[2] > after[1] + 1.5f,
                  "log density at -2, 0, 2: %g %g %g before, %g %g %g after", (double)before[0], (double)before[1],
                  (double)before[2], (double)after[0], (double)after[1], (double)after[2]);
    float g_after;
    LEBM_ASSERT_OK(lebm_net_get_param(model.g.net, 0, &g_after, 1));
    ck_assert_float_eq(g_after, 1); /* a rate of 0 leaves g alone */
    free_training(&t);
    model_free(&model);
}
END_TEST

/* ---- reproducibility ---- */

enum { SVHN_M = 12, SVHN_D = 3 * 32 * 32 };

/* All parameters of both nets after some steps with noise. */
static float *train(int64_t threads, int64_t n, int steps, int64_t seed, int64_t sampler_seed, int64_t *count)
{
    struct model model;
    model_svhn(&model, SVHN_M);
    struct training t = make_training(&model, make_sampler(5, 0.08), make_sampler(3, 0.002));
    set(t.trainer, LEBM_TRAINER_PRIOR_LEARNING_RATE, 1e-3);
    set(t.trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 1e-3);
    set(t.trainer, LEBM_TRAINER_GENERATOR_CLIP_NORM, 10);
    LEBM_ASSERT_OK(lebm_trainer_set_i64(t.trainer, LEBM_TRAINER_THREADS, threads));
    LEBM_ASSERT_OK(lebm_trainer_set_i64(t.trainer, LEBM_TRAINER_SEED, seed));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(t.to_prior, LEBM_SAMPLER_SEED, sampler_seed));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(t.to_posterior, LEBM_SAMPLER_STREAM, sampler_seed));
    float *x = test_random_floats(n * SVHN_D, -1, 1, 9);
    for (int step = 0; step < steps; step++) LEBM_ASSERT_OK(lebm_trainer_step(t.trainer, x, n));

    float *f = pair_params(model.f.net), *g = pair_params(model.g.net);
    static const char *const keys[] = {
        LEBM_TRAINER_RECONSTRUCTION_MSE, LEBM_TRAINER_LOG_LIKELIHOOD, LEBM_TRAINER_F_POSITIVE,
        LEBM_TRAINER_F_NEGATIVE,         LEBM_TRAINER_F_GAP,          LEBM_TRAINER_PRIOR_GRAD_NORM,
        LEBM_TRAINER_GENERATOR_GRAD_NORM};
    int64_t f_total = model.f.ref.param_total, g_total = model.g.ref.param_total;
    *count = f_total + g_total + 7;
    float *all = test_floats(*count);
    memcpy(all, f, (size_t)f_total * sizeof *all);
    memcpy(all + f_total, g, (size_t)g_total * sizeof *all);
    for (int i = 0; i < 7; i++) all[f_total + g_total + i] = (float)metric(t.trainer, keys[i]);
    free(f);
    free(g);
    free(x);
    free_training(&t);
    model_free(&model);
    return all;
}

START_TEST(bits_do_not_depend_on_threads)
{
    static const int64_t threads[] = {2, 3, 7, 0}, sizes[] = {37, 100};
    for (int s = 0; s < 2; s++) {
        int64_t count;
        float *expected = train(1, sizes[s], 2, 5, 0, &count);
        for (int t = 0; t < 4; t++) {
            float *params = train(threads[t], sizes[s], 2, 5, 0, &count);
            LEBM_ASSERT_SAME_BITS(params, expected, count);
            free(params);
        }
        free(expected);
    }
}
END_TEST

START_TEST(the_trainers_seed_alone_decides)
{
    int64_t count;
    float *expected = train(1, 9, 2, 5, 0, &count);
    float *same = train(1, 9, 2, 5, 77, &count); /* the samplers' own seed and stream do not matter */
    LEBM_ASSERT_SAME_BITS(same, expected, count);
    float *other = train(1, 9, 2, 6, 0, &count);
    int64_t equal = 0;
    for (int64_t i = 0; i < count; i++) equal += other[i] == expected[i];
    ck_assert_msg(equal < count / 2, "with another seed, %lld of %lld numbers are equal", (long long)equal,
                  (long long)count);
    free(expected);
    free(same);
    free(other);
}
END_TEST

START_TEST(each_step_draws_anew)
{
    /* With both rates 0 nothing changes but the random numbers. */
    enum { D = 6, N = 10 };
    struct model model;
    model_small(&model, 3, 8, D, 1, 0.5);
    float *x = test_normal_floats(N * D, 1, 1);
    struct training t = make_training(&model, make_sampler(5, 0.05), make_sampler(5, 0.005));
    set(t.trainer, LEBM_TRAINER_PRIOR_LEARNING_RATE, 0);
    set(t.trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 0);
    double positive[3], negative[3];
    for (int step = 0; step < 3; step++) {
        LEBM_ASSERT_OK(lebm_trainer_step(t.trainer, x, N));
        positive[step] = metric(t.trainer, LEBM_TRAINER_F_POSITIVE);
        negative[step] = metric(t.trainer, LEBM_TRAINER_F_NEGATIVE);
    }
    for (int i = 0; i < 3; i++) {
        ck_assert_double_ne(positive[i], positive[(i + 1) % 3]);
        ck_assert_double_ne(negative[i], negative[(i + 1) % 3]);
    }
    free(x);
    free_training(&t);
    model_free(&model);
}
END_TEST

START_TEST(both_kinds_of_chains_have_their_own_noise)
{
    /* With a generator that ignores z, the posterior is the prior: z+ and z- must still differ. */
    enum { N = 2000 };
    struct model model;
    model_linear(&model, 3, 4, 1, 1);
    model.f.ref.params[0] = 1;
    pair_push(&model.f);
    float *x = test_floats(N * 4);
    struct training t = make_training(&model, make_sampler(20, 0.1), make_sampler(20, 0.1));
    set(t.trainer, LEBM_TRAINER_PRIOR_LEARNING_RATE, 0);
    LEBM_ASSERT_OK(lebm_trainer_step(t.trainer, x, N));
    double gap = metric(t.trainer, LEBM_TRAINER_F_GAP);
    ck_assert_double_ne(gap, 0);
    LEBM_ASSERT_WITHIN(gap, 0, 5, sqrt(2.0 / N) * 1.1);
    free(x);
    free_training(&t);
    model_free(&model);
}
END_TEST

START_TEST(a_net_that_has_learned_may_grow)
{
    /* Once it is in no model. Learning exchanges the memory of its parameters, which had room for as many more. */
    enum { WIDE = 1000, TOTAL = 3 * WIDE + WIDE + 1, MORE = 200 };
    lebm_net *f = make_net("in 2; linear 1000; linear 1", 1), *g = make_net("in 2; linear 1", 2);
    struct model model = {.prior = NULL};
    const float x[1] = {1};
    LEBM_ASSERT_OK(lebm_prior_create(&model.prior, f, 1));
    model.generator = make_generator(g, LEBM_GAUSSIAN, 1);
    struct training t = make_noiseless_training(&model);
    LEBM_ASSERT_OK(lebm_trainer_step(t.trainer, x, 1));
    free_training(&t);
    lebm_prior_destroy(model.prior);
    lebm_generator_destroy(model.generator);

    float *before = pair_params(f);
    LEBM_ASSERT_OK(lebm_net_add_linear(f, MORE, 1));
    float *after = pair_params(f), *zeros = test_floats(2 * MORE);
    LEBM_ASSERT_SAME_BITS(after, before, TOTAL);
    LEBM_ASSERT_SAME_BITS(after + TOTAL, zeros, 2 * MORE);
    free(before);
    free(after);
    free(zeros);
    lebm_net_destroy(f);
}
END_TEST

/* ---- failures change nothing ---- */

enum { TWIN_D = 6, TWIN_N = 40 };

struct twins {
    struct model models[2];
    struct training trainings[2];
    float *x;
};

static void make_twins(struct twins *twins)
{
    for (int i = 0; i < 2; i++) {
        model_small(&twins->models[i], 3, 8, TWIN_D, 1, 0.5);
        twins->trainings[i] = make_training(&twins->models[i], make_sampler(5, 0.05), make_sampler(5, 0.005));
        set(twins->trainings[i].trainer, LEBM_TRAINER_PRIOR_LEARNING_RATE, 1e-2);
        set(twins->trainings[i].trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 1e-2);
    }
    twins->x = test_normal_floats(TWIN_N * TWIN_D, 1, 1);
}

static void free_twins(struct twins *twins)
{
    for (int i = 0; i < 2; i++) {
        free_training(&twins->trainings[i]);
        model_free(&twins->models[i]);
    }
    free(twins->x);
}

static void step_both(struct twins *twins)
{
    for (int i = 0; i < 2; i++) LEBM_ASSERT_OK(lebm_trainer_step(twins->trainings[i].trainer, twins->x, TWIN_N));
}

static void assert_twins_are_equal(const struct twins *twins)
{
    for (int which = 0; which < 2; which++) {
        float *params[2];
        const struct pair *pair = which ? &twins->models[0].g : &twins->models[0].f;
        for (int i = 0; i < 2; i++) params[i] = pair_params(which ? twins->models[i].g.net : twins->models[i].f.net);
        LEBM_ASSERT_SAME_BITS(params[0], params[1], pair->ref.param_total);
        free(params[0]);
        free(params[1]);
    }
    ck_assert_int_eq(lebm_trainer_steps_done(twins->trainings[0].trainer),
                     lebm_trainer_steps_done(twins->trainings[1].trainer));
    ck_assert_double_eq(metric(twins->trainings[0].trainer, LEBM_TRAINER_LOG_LIKELIHOOD),
                        metric(twins->trainings[1].trainer, LEBM_TRAINER_LOG_LIKELIHOOD));
}

START_TEST(divergence_changes_nothing)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int64_t threads = 1; threads <= 3; threads += 2) {
        struct twins twins;
        make_twins(&twins);
        lebm_trainer *trainer = twins.trainings[0].trainer;
        LEBM_ASSERT_OK(lebm_trainer_set_i64(trainer, LEBM_TRAINER_THREADS, threads));
        step_both(&twins);
        for (int i = 0; i < 3; i++) {
            float *x = test_copy(twins.x, TWIN_N * TWIN_D);
            x[31 * TWIN_D + 2] = bad[i];
            LEBM_ASSERT_STATUS(lebm_trainer_step(trainer, x, TWIN_N), LEBM_ERR_RANGE);
            LEBM_ASSERT_ERROR_NAMES("number 2 of row 31 of x is");
            assert_twins_are_equal(&twins);
            free(x);
        }
        static const double sizes[2] = {0.05, 0.005};
        for (int which = 0; which < 2; which++) { /* chains that explode */
            lebm_sampler *sampler = which ? twins.trainings[0].to_posterior : twins.trainings[0].to_prior;
            LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, 1e6));
            LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 50));
            LEBM_ASSERT_STATUS(lebm_trainer_step(trainer, twins.x, TWIN_N), LEBM_ERR_DIVERGED);
            LEBM_ASSERT_ERROR_NAMES("chain");
            assert_twins_are_equal(&twins);
            LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, sizes[which]));
            LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 5));
        }
        step_both(&twins); /* moments, step and random numbers are as if nothing had happened */
        assert_twins_are_equal(&twins);
        step_both(&twins);
        assert_twins_are_equal(&twins);
        free_twins(&twins);
    }
}
END_TEST

START_TEST(a_batch_that_is_all_missing_teaches_g_nothing) /* _i: of which likelihood */
{
    static const char *const specs[] = {"in 2; linear 3; gelu; linear 1", "in 2; linear 4"};
    const int is_gaussian = _i == 0;
    struct model model;
    lebm_generator *same;
    LEBM_ASSERT_OK(lebm_model_create(&model.prior, &model.generator, specs[0], 1, specs[1],
                                     is_gaussian ? LEBM_GAUSSIAN : LEBM_BERNOULLI, is_gaussian ? 0.5 : 0,
                                     LEBM_INIT_PYTORCH, 1));
    same = make_generator(make_net(specs[1], 2), LEBM_GAUSSIAN, 1);
    LEBM_ASSERT_OK(lebm_generator_set_str(model.generator, LEBM_GENERATOR_MISSING, "skip"));
    struct training t = make_training(&model, make_sampler(5, 0.05), make_sampler(5, 0.05));
    float x[7 * 4];
    for (int i = 0; i < 7 * 4; i++) x[i] = NAN;
    LEBM_ASSERT_OK(lebm_trainer_step(t.trainer, x, 7));
    ck_assert_double_eq(metric(t.trainer, LEBM_TRAINER_LOG_LIKELIHOOD), 0);
    ck_assert_double_eq(metric(t.trainer, LEBM_TRAINER_RECONSTRUCTION_MSE), 0);
    ck_assert_double_eq(metric(t.trainer, LEBM_TRAINER_GENERATOR_GRAD_NORM), 0);
    ck_assert_double_ne(metric(t.trainer, LEBM_TRAINER_PRIOR_GRAD_NORM), 0);
    assert_same_nets(lebm_generator_net(model.generator), lebm_generator_net(same));
    free_training(&t);
    lebm_generator_destroy(same);
    lebm_generator_destroy(model.generator);
    lebm_prior_destroy(model.prior);
}
END_TEST

START_TEST(a_bad_parameter_is_noticed)
{
    struct model model;
    model_small(&model, 3, 8, TWIN_D, 1, 0.5);
    float *x = test_normal_floats(5 * TWIN_D, 1, 1);
    struct training t = make_training(&model, make_sampler(5, 0.05), make_sampler(5, 0.005));
    float bias[TWIN_D] = {0};
    bias[2] = NAN;
    LEBM_ASSERT_OK(lebm_net_set_param(model.g.net, 3, bias, TWIN_D));
    LEBM_ASSERT_STATUS(lebm_trainer_step(t.trainer, x, 5), LEBM_ERR_DIVERGED);
    ck_assert_int_eq(lebm_trainer_steps_done(t.trainer), 0);
    free(x);
    free_training(&t);
    model_free(&model);
}
END_TEST

START_TEST(a_gradient_whose_square_overflows_is_refused)
{
    /* Adam keeps squares: a gradient of 1e21 would make its second moment infinite, and the parameter stay for good. */
    struct model model;
    model_linear(&model, 2, 3, 1, 1e-6);
    struct training t = make_noiseless_training(&model);
    const float far_away[3] = {1e9f, 0, 0}, near[3] = {1e-6f, 0, 0};
    LEBM_ASSERT_STATUS(lebm_trainer_step(t.trainer, far_away, 1), LEBM_ERR_DIVERGED);
    ck_assert_int_eq(lebm_trainer_steps_done(t.trainer), 0);
    float *params = pair_params(model.g.net);
    for (int i = 0; i < 9; i++) ck_assert_float_eq(params[i], 0);
    free(params);
    LEBM_ASSERT_OK(lebm_trainer_step(t.trainer, near, 1)); /* and learning goes on */
    params = pair_params(model.g.net);
    ck_assert_float_gt(params[6], 5e-5f); /* the bias of the first output moves by its rate of 1e-4 */
    free(params);

    /* Clipped first, it is as good as any. */
    set(t.trainer, LEBM_TRAINER_GENERATOR_CLIP_NORM, 1);
    LEBM_ASSERT_OK(lebm_trainer_step(t.trainer, far_away, 1));
    ck_assert_int_eq(lebm_trainer_steps_done(t.trainer), 2);
    free_training(&t);
    model_free(&model);
}
END_TEST

START_TEST(an_update_that_overflows_is_refused)
{
    /* Weight decay times a huge parameter: the gradient is infinite, or only its square is. */
    static const float huge[] = {1e36f, 1e18f};
    for (int i = 0; i < 2; i++) {
        struct model model;
        model_small(&model, 3, 5, 4, 1, 0.5);
        const float x[4] = {0};
        struct training t = make_noiseless_training(&model);
        float bias;
        LEBM_ASSERT_OK(lebm_net_set_param(model.f.net, 3, &huge[i], 1));
        set(t.trainer, LEBM_TRAINER_PRIOR_WEIGHT_DECAY, 1000);
        float *before = pair_params(model.g.net);
        LEBM_ASSERT_STATUS(lebm_trainer_step(t.trainer, x, 1), LEBM_ERR_DIVERGED);
        LEBM_ASSERT_ERROR_NAMES("update of f");
        LEBM_ASSERT_ERROR_NAMES("training step 1");
        LEBM_ASSERT_OK(lebm_net_get_param(model.f.net, 3, &bias, 1));
        ck_assert_float_eq(bias, huge[i]);
        float *after = pair_params(model.g.net); /* neither net has learned */
        LEBM_ASSERT_SAME_BITS(after, before, model.g.ref.param_total);
        ck_assert_int_eq(lebm_trainer_steps_done(t.trainer), 0);
        set(t.trainer, LEBM_TRAINER_PRIOR_WEIGHT_DECAY, 0);
        LEBM_ASSERT_OK(lebm_trainer_step(t.trainer, x, 1));
        free(before);
        free(after);
        free_training(&t);
        model_free(&model);
    }
}
END_TEST

/* ---- learning that runs away ---- */

/* A model whose nets are initialised as PyTorch does it, and a trainer with its two samplers. */
struct learner {
    lebm_prior *prior;
    lebm_generator *generator;
    struct training t;
    float *x;
    int64_t n;
};

struct extreme {
    const char *f, *g, *likelihood;
    double sigma0, sigma, x_mean, x_std; /* x is normal; for bernoulli its sign, 0 or 1 */
    double start_std, posterior_step_size, prior_rate, generator_rate;
};

static void make_learner(struct learner *l, const struct extreme *e)
{
    enum { N = 30 };
    l->prior = make_prior(make_net(e->f, 1), e->sigma0);
    l->generator = make_generator(make_net(e->g, 2), e->likelihood, e->sigma);
    l->t.to_prior = make_sampler(10, fmax(1e-12, 0.1 * e->sigma0 * e->sigma0));
    l->t.to_posterior = make_sampler(10, e->posterior_step_size);
    LEBM_ASSERT_OK(lebm_sampler_set_f64(l->t.to_prior, LEBM_SAMPLER_START_STD, e->start_std));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(l->t.to_posterior, LEBM_SAMPLER_START_STD, e->start_std));
    LEBM_ASSERT_OK(lebm_trainer_create(&l->t.trainer, l->prior, l->generator, l->t.to_prior, l->t.to_posterior));
    set(l->t.trainer, LEBM_TRAINER_PRIOR_LEARNING_RATE, e->prior_rate);
    set(l->t.trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, e->generator_rate);
    const int64_t count = N * lebm_generator_data_size(l->generator);
    l->n = N;
    l->x = test_normal_floats(count, 1, 3);
    for (int64_t i = 0; i < count; i++) {
        const int is_binary = strcmp(e->likelihood, LEBM_BERNOULLI) == 0;
        l->x[i] = is_binary ? l->x[i] > 0 : (float)(e->x_mean + e->x_std * l->x[i]);
    }
}

static void free_learner(struct learner *l)
{
    free_training(&l->t);
    lebm_prior_destroy(l->prior);
    lebm_generator_destroy(l->generator);
    free(l->x);
}

static const char small_f[] = "in 4; linear 16; gelu; linear 1", small_g[] = "in 4; linear 16; gelu; linear 8";

START_TEST(extreme_learning_goes_on)
{
    static const struct extreme extremes[] = {
        {small_f, small_g, LEBM_GAUSSIAN, 1, 1e-3, 0, 1, 1, 1e-9, 1e-3, 1e-2},     /* hardly any noise */
        {small_f, small_g, LEBM_GAUSSIAN, 1, 1e-6, 0, 0, 1, 1e-12, 1e-3, 1e-3},    /* x = 0 */
        {small_f, small_g, LEBM_GAUSSIAN, 1, 1e-4, 0, 1e-4, 1, 1e-10, 1e-3, 1e-3}, /* tiny x */
        {small_f, small_g, LEBM_GAUSSIAN, 1, 100, 1e4, 1e3, 1, 1e-3, 1e-3, 0.1},   /* x far from what g gives */
        {small_f, small_g, LEBM_GAUSSIAN, 1, 1e6, 0, 1, 1, 1e-2, 1e-3, 1e-3},      /* noise alone */
        {small_f, small_g, LEBM_GAUSSIAN, 0.01, 0.3, 0, 1, 0.01, 1e-6, 1e-1, 1e-2},
        {small_f, small_g, LEBM_GAUSSIAN, 1000, 0.3, 0, 1, 1000, 1e-3, 1e-5, 1e-5},
        {small_f, small_g, LEBM_GAUSSIAN, 1, 0.3, 0, 1, 1, 1e-3, 0.03, 0.03},
        {small_f, small_g, LEBM_BERNOULLI, 1, 0, 0, 1, 1, 1e-2, 1e-2, 0.1},
        {small_f, small_g, LEBM_BERNOULLI, 1000, 0, 0, 1, 1000, 1e-2, 1e-5, 1e-5},
        {"in 1; linear 1", "in 1; linear 1", LEBM_GAUSSIAN, 1, 0.3, 0, 1, 1, 1e-3, 1e-2, 0.1},
        {"in 1000; linear 8; tanh; linear 1", "in 1000; linear 8; tanh", LEBM_GAUSSIAN, 100, 0.3, 0, 0.5, 100, 1e-2,
         1e-3, 1e-2},
    };
    for (size_t i = 0; i < sizeof extremes / sizeof *extremes; i++) {
        struct learner l;
        make_learner(&l, &extremes[i]);
        for (int step = 0; step < 50; step++) {
            const int status = lebm_trainer_step(l.t.trainer, l.x, l.n);
            LEBM_ASSERT_MSG(status == LEBM_OK, "case %zu, step %d: %s", i, step + 1, lebm_last_error());
        }
        free_learner(&l);
    }
}
END_TEST

/* Adam's rates that take parameters from the order of 1 to that of 10 and more at each step. */
START_TEST(learning_that_runs_away_is_refused)
{
    static const char g_tanh[] = "in 4; linear 16; tanh; linear 8", f_tanh[] = "in 4; linear 16; tanh; linear 1";
    static const struct {
        struct extreme extreme;
        const char *text;
    } runaways[] = {
        {{small_f, small_g, LEBM_GAUSSIAN, 1, 0.3, 0, 1, 1, 1e-3, 1e-3, 10}, "norm of z"},
        {{small_f, g_tanh, LEBM_GAUSSIAN, 1, 0.3, 0, 1, 1, 1e-12, 1e-3, 300},
         "root of reconstruction_mse has grown to"},
        {{small_f, g_tanh, LEBM_GAUSSIAN, 1, 30, 0, 1, 1, 1e-12, 1e-3, 300}, "root of reconstruction_mse has grown to"},
        {{small_f, small_g, LEBM_BERNOULLI, 1, 0, 0, 1, 1, 1e-12, 1e-3, 100},
         "negative log_likelihood per number of x has grown to"},
        {{small_f, small_g, LEBM_GAUSSIAN, 1, 0.3, 0, 1, 1, 1e-3, 10, 1e-3}, "f_gap over sqrt(M) has grown to"},
        {{f_tanh, small_g, LEBM_GAUSSIAN, 1, 0.3, 0, 1, 1, 1e-3, 1000, 1e-3}, "norm of z"},
    };
    for (size_t i = 0; i < sizeof runaways / sizeof *runaways; i++) {
        struct learner l;
        int status = LEBM_OK;
        make_learner(&l, &runaways[i].extreme);
        for (int step = 0; step < 400 && status == LEBM_OK; step++) {
            status = lebm_trainer_step(l.t.trainer, l.x, l.n);
        }
        LEBM_ASSERT_MSG(status == LEBM_ERR_DIVERGED, "case %zu: %s", i, lebm_status_name(status));
        LEBM_ASSERT_ERROR_NAMES(runaways[i].text);
        LEBM_ASSERT_ERROR_NAMES("at training step");
        LEBM_ASSERT_ERROR_NAMES("smaller learning rates");
        free_learner(&l);
    }
}
END_TEST

START_TEST(a_runaway_step_changes_nothing_and_may_be_let_pass)
{
    struct extreme e = {small_f, small_g, LEBM_GAUSSIAN, 1, 1e6, 0, 1, 1, 1e-3, 0, 0};
    struct learner l;
    make_learner(&l, &e);
    lebm_trainer *trainer = l.t.trainer;
    lebm_net *g = lebm_generator_net(l.generator);
    float bias[8];
    for (int i = 0; i < 8; i++) bias[i] = 5000;
    LEBM_ASSERT_OK(lebm_net_set_param(g, lebm_net_param_count(g) - 1, bias, 8));
    set(trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 0.1);
    float *before = pair_params(g);
    LEBM_ASSERT_STATUS(lebm_trainer_step(trainer, l.x, l.n), LEBM_ERR_DIVERGED);
    LEBM_ASSERT_ERROR_NAMES("root of reconstruction_mse has grown to");
    LEBM_ASSERT_ERROR_NAMES("at training step 1; allowed are 1");
    ck_assert_int_eq(lebm_trainer_steps_done(trainer), 0);
    float *after = pair_params(g);
    LEBM_ASSERT_SAME_BITS(after, before, lebm_net_param_total(g));
    free(after);
    set(trainer, LEBM_TRAINER_DIVERGENCE_THRESHOLD, 6000);
    LEBM_ASSERT_OK(lebm_trainer_step(trainer, l.x, l.n));
    set(trainer, LEBM_TRAINER_DIVERGENCE_THRESHOLD, 0);
    LEBM_ASSERT_OK(lebm_trainer_step(trainer, l.x, l.n));
    ck_assert_int_eq(lebm_trainer_steps_done(trainer), 2);
    free(before);
    free_learner(&l);
}
END_TEST

/* ---- callbacks ---- */

/* In every phase of a step, with the learning among them. */
static int try_to_change_g(double done, void *user)
{
    (void)done;
    lebm_net *g = user;
    const float bias[4] = {0};
    LEBM_ASSERT_STATUS(lebm_net_set_str(g, LEBM_NET_CONVOLUTION, "direct"), LEBM_ERR_STATE);
    LEBM_ASSERT_STATUS(lebm_net_set_param(g, 3, bias, 4), LEBM_ERR_STATE);
    LEBM_ASSERT_STATUS(lebm_net_init(g, LEBM_INIT_PYTORCH, 9), LEBM_ERR_STATE);
    return 0;
}

/* What only reads them is welcome. */
static int decode_by_g(double done, void *user)
{
    const struct model *model = user;
    const float z[3] = {0};
    float x[4];
    (void)done;
    LEBM_ASSERT_OK(lebm_generator_decode(model->generator, z, 1, x));
    return 0;
}

START_TEST(a_callback_may_not_change_a_net)
{
    struct model model;
    model_small(&model, 3, 5, 4, 1, 0.5);
    const float x[4] = {0};
    struct training t = make_noiseless_training(&model);
    LEBM_ASSERT_OK(lebm_trainer_set_progress(t.trainer, try_to_change_g, model.g.net));
    LEBM_ASSERT_OK(lebm_trainer_step(t.trainer, x, 1));
    LEBM_ASSERT_OK(lebm_net_set_str(model.g.net, LEBM_NET_CONVOLUTION, "direct"));
    LEBM_ASSERT_OK(lebm_trainer_set_progress(t.trainer, decode_by_g, &model));
    LEBM_ASSERT_OK(lebm_trainer_step(t.trainer, x, 1));
    free_training(&t);
    model_free(&model);
}
END_TEST

START_TEST(stopping_changes_nothing)
{
    for (int64_t threads = 1; threads <= 3; threads += 2) {
        struct twins twins;
        make_twins(&twins);
        lebm_trainer *trainer = twins.trainings[0].trainer;
        LEBM_ASSERT_OK(lebm_trainer_set_i64(trainer, LEBM_TRAINER_THREADS, threads));
        step_both(&twins);

        struct watch watch = {.thread = pthread_self()};
        LEBM_ASSERT_OK(lebm_trainer_set_progress(trainer, watch_progress, &watch));
        step_both(&twins); /* watching changes nothing */
        assert_twins_are_equal(&twins);
        assert_watched(&watch);
        enum { PHASES = 3 }; /* at the end of each there is a call; others come if it takes long */
        ck_assert_int_ge(watch.calls, PHASES);
        for (int stop_at = 1; stop_at <= PHASES; stop_at++) {
            watch = (struct watch){.thread = pthread_self(), .stop_at = stop_at, .stop_with = -3};
            LEBM_ASSERT_STATUS(lebm_trainer_step(trainer, twins.x, TWIN_N), LEBM_STOPPED);
            ck_assert_int_eq(watch.calls, stop_at);
            assert_twins_are_equal(&twins);
        }
        LEBM_ASSERT_OK(lebm_trainer_set_progress(trainer, NULL, NULL));
        watch.calls = 0;
        step_both(&twins);
        ck_assert_int_eq(watch.calls, 0);
        assert_twins_are_equal(&twins);
        free_twins(&twins);
    }
    LEBM_ASSERT_STATUS(lebm_trainer_set_progress(NULL, watch_progress, NULL), LEBM_ERR_INVALID);
}
END_TEST

/* What each call was told, by a caller that takes so long for an answer that no chance to ask is missed. */
struct account {
    int calls;
    double done[64], stop_above; /* 0: never */
};

static int take_down(double done, void *user)
{
    struct account *account = user;
    usleep(60000);
    ck_assert_int_lt(account->calls, 64);
    account->done[account->calls++] = done;
    return account->stop_above > 0 && done > account->stop_above;
}

/* Multiply-adds of a row: f (3-8-1) takes 3 + 24 + 8 + 8, g (3-8, 2x2 pixels of 2 channels to
 * 4x4 of 1 by kernels of 4) takes 3 + 24 + 8 + 8 + 8 * 16. A chain goes twice through
 * its nets, there and back, at each step; learning three times, through f for both kinds of samples. */
START_TEST(progress_is_the_share_of_the_work_done)
{
    enum { N = 110, STEPS_TO_POSTERIOR = 5, STEPS_TO_PRIOR = 7, TASKS = 10 };
    const double f = 43, g = 171;
    const double to_posterior = 2 * STEPS_TO_POSTERIOR * (f + g), to_prior = 2 * STEPS_TO_PRIOR * f;
    const double learning = 3 * (g + 2 * f), all = to_posterior + to_prior + learning;
    struct account account = {0};
    struct model model;
    pair_init(&model.f, 3);
    pair_add_linear(&model.f, 8, 1);
    pair_add_activation(&model.f, LEBM_GELU, 0);
    pair_add_linear(&model.f, 1, 1);
    pair_randomise(&model.f, 1, 1);
    pair_init(&model.g, 3);
    pair_add_linear(&model.g, 8, 1);
    pair_add_activation(&model.g, LEBM_GELU, 0);
    pair_add_reshape(&model.g, 2, 2, 2);
    pair_add_conv_transpose2d(&model.g, 1, 4, 2, 1, 1);
    pair_randomise(&model.g, 1, 2);
    model_join(&model, 1, LEBM_GAUSSIAN, 0.5);
    float *x = test_normal_floats(N * 16, 1, 1);
    struct training t =
        make_training(&model, make_sampler(STEPS_TO_PRIOR, 0.01), make_sampler(STEPS_TO_POSTERIOR, 0.001));
    LEBM_ASSERT_OK(lebm_trainer_set_i64(t.trainer, LEBM_TRAINER_THREADS, 1));
    LEBM_ASSERT_OK(lebm_trainer_set_progress(t.trainer, take_down, &account));
    LEBM_ASSERT_OK(lebm_trainer_step(t.trainer, x, N));

    /* The last calls: the end of the prior's run, each task of the gradients as it begins (two tiles, and the weight and
     * bias of each layer), and the end. */
    ck_assert_int_ge(account.calls, TASKS + 2);
    for (int i = 1; i < account.calls; i++) ck_assert_double_ge(account.done[i], account.done[i - 1]);
    for (int task = 0; task <= TASKS; task++) {
        const double done = account.done[account.calls - 1 - TASKS + task];
        LEBM_ASSERT_NEAR(done, (to_posterior + to_prior + learning * task / TASKS) / all, 1e-12);
    }
    LEBM_ASSERT_NEAR(account.done[account.calls - 2 - TASKS], (to_posterior + to_prior) / all, 1e-12);
    int is_told = 0;
    for (int i = 0; i < account.calls; i++) is_told |= fabs(account.done[i] - to_posterior / all) < 1e-12;
    LEBM_ASSERT_MSG(is_told, "nothing was told at %g, where the first run ends", to_posterior / all);
    ck_assert(account.done[account.calls - 1] == 1);

    for (int64_t threads = 1; threads <= 3; threads++) { /* stopped in the middle of the learning */
        struct account stopped = {.stop_above = (to_posterior + to_prior) / all + 1e-6};
        float *before = pair_params(model.g.net);
        LEBM_ASSERT_OK(lebm_trainer_set_i64(t.trainer, LEBM_TRAINER_THREADS, threads));
        LEBM_ASSERT_OK(lebm_trainer_set_progress(t.trainer, take_down, &stopped));
        LEBM_ASSERT_STATUS(lebm_trainer_step(t.trainer, x, N), LEBM_STOPPED);
        LEBM_ASSERT_ERROR_NAMES("progress callback stopped");
        if (threads == 1) ck_assert_double_lt(stopped.done[stopped.calls - 1], 1);
        float *after = pair_params(model.g.net);
        LEBM_ASSERT_SAME_BITS(after, before, model.g.ref.param_total);
        ck_assert_int_eq(lebm_trainer_steps_done(t.trainer), 1);
        free(before);
        free(after);
    }
    free(x);
    free_training(&t);
    model_free(&model);
}
END_TEST

START_TEST(a_step_stopped_among_its_groups_leaves_no_sums)
{
    /* Learning is 0.6 of the work of a step whose chains make one step, and 300 rows are three groups: the shares are in
     * the middle of the first one's and the second one's blocks. */
    enum { N = 300 };
    static const double shares[] = {0.5, 0.72};
    struct twins twins;
    make_twins(&twins);
    float *x = test_normal_floats(N * TWIN_D, 1, 2);
    for (int i = 0; i < 2; i++) {
        LEBM_ASSERT_OK(lebm_sampler_set_i64(twins.trainings[i].to_prior, LEBM_SAMPLER_STEPS, 1));
        LEBM_ASSERT_OK(lebm_sampler_set_i64(twins.trainings[i].to_posterior, LEBM_SAMPLER_STEPS, 1));
        LEBM_ASSERT_OK(lebm_trainer_set_i64(twins.trainings[i].trainer, LEBM_TRAINER_THREADS, 1));
    }
    lebm_trainer *trainer = twins.trainings[0].trainer;
    for (int i = 0; i < 2; i++) {
        struct account stopped = {.stop_above = shares[i]};
        LEBM_ASSERT_OK(lebm_trainer_set_progress(trainer, take_down, &stopped));
        LEBM_ASSERT_STATUS(lebm_trainer_step(trainer, x, N), LEBM_STOPPED);
        ck_assert_double_lt(stopped.done[stopped.calls - 1], shares[i] + 0.05);
        LEBM_ASSERT_OK(lebm_trainer_set_progress(trainer, NULL, NULL));
        for (int j = 0; j < 2; j++) LEBM_ASSERT_OK(lebm_trainer_step(twins.trainings[j].trainer, x, N));
        assert_twins_are_equal(&twins);
    }
    free(x);
    free_twins(&twins);
}
END_TEST

START_TEST(wrong_arguments)
{
    struct model model, other;
    model_small(&model, 3, 5, 4, 1, 0.5);
    model_small(&other, 2, 5, 4, 1, 0.5);
    lebm_sampler *sampler = make_sampler(2, 0.01), *given = make_noiseless_sampler(2, 0.01, 1);
    lebm_trainer *trainer = (lebm_trainer *)&model;
    float x[4] = {0};
    double value = 77;
    LEBM_ASSERT_STATUS(lebm_trainer_create(&trainer, model.prior, other.generator, sampler, sampler), LEBM_ERR_SHAPE);
    ck_assert_ptr_null(trainer);
    LEBM_ASSERT_STATUS(lebm_trainer_create(NULL, model.prior, model.generator, sampler, sampler), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_trainer_create(&trainer, NULL, model.generator, sampler, sampler), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_trainer_create(&trainer, model.prior, NULL, sampler, sampler), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_trainer_create(&trainer, model.prior, model.generator, NULL, sampler), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_trainer_create(&trainer, model.prior, model.generator, sampler, NULL), LEBM_ERR_INVALID);
    ck_assert_ptr_null(trainer);
    lebm_trainer_destroy(NULL);

    /* A sampler whose start is "given" cannot serve a trainer. */
    for (int which = 0; which < 2; which++) {
        LEBM_ASSERT_OK(lebm_trainer_create(&trainer, model.prior, model.generator, which ? sampler : given,
                                           which ? given : sampler));
        LEBM_ASSERT_STATUS(lebm_trainer_step(trainer, x, 1), LEBM_ERR_STATE);
        ck_assert_int_eq(lebm_trainer_steps_done(trainer), 0);
        lebm_trainer_destroy(trainer);
    }

    LEBM_ASSERT_OK(lebm_trainer_create(&trainer, model.prior, model.generator, sampler, sampler));
    LEBM_ASSERT_STATUS(lebm_trainer_step(NULL, x, 1), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_trainer_step(trainer, NULL, 1), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_trainer_step(trainer, x, 0), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_trainer_step(trainer, x, -1), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_trainer_step(trainer, x, INT64_MAX), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_trainer_metric(trainer, LEBM_TRAINER_F_GAP, &value), LEBM_ERR_STATE);
    LEBM_ASSERT_OK(lebm_trainer_step(trainer, x, 1)); /* one sampler in both roles */
    LEBM_ASSERT_STATUS(lebm_trainer_metric(trainer, "loss", &value), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_ERROR_NAMES("loss");
    ck_assert_double_eq(value, 77);
    LEBM_ASSERT_STATUS(lebm_trainer_metric(NULL, LEBM_TRAINER_F_GAP, &value), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_trainer_metric(trainer, NULL, &value), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_trainer_metric(trainer, LEBM_TRAINER_F_GAP, NULL), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_trainer_end_epoch(NULL), LEBM_ERR_INVALID);
    ck_assert_int_eq(lebm_trainer_steps_done(NULL), 0);
    ck_assert_int_eq(lebm_trainer_epochs_done(NULL), 0);
    ck_assert_int_eq(lebm_trainer_steps_done(trainer), 1);
    lebm_trainer_destroy(trainer);
    lebm_sampler_destroy(sampler);
    lebm_sampler_destroy(given);
    model_free(&model);
    model_free(&other);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("trainer");
    TCase *reference = tcase_create("reference");
    tcase_set_timeout(reference, 30);
    tcase_add_loop_test(reference, steps_equal_the_reference, 0, CASES);
    tcase_add_test(reference, batches_of_any_size);
    tcase_add_test(reference, more_parameters_than_a_task_takes);
    tcase_add_test(reference, what_is_missing_teaches_nothing);
    tcase_add_test(reference, clipping_adds_1e_6_to_the_norm);
    suite_add_tcase(suite, reference);

    TCase *learning = tcase_create("learning");
    tcase_set_timeout(learning, 60);
    tcase_add_test(learning, learns_a_prior_that_is_not_gaussian);
    suite_add_tcase(suite, learning);

    TCase *bits = tcase_create("reproducibility");
    tcase_set_timeout(bits, 60);
    tcase_add_test(bits, bits_do_not_depend_on_threads);
    tcase_add_test(bits, the_trainers_seed_alone_decides);
    tcase_add_test(bits, each_step_draws_anew);
    tcase_add_test(bits, both_kinds_of_chains_have_their_own_noise);
    suite_add_tcase(suite, bits);

    TCase *contract = tcase_create("contract");
    tcase_set_timeout(contract, 30);
    tcase_add_test(contract, a_net_that_has_learned_may_grow);
    tcase_add_test(contract, divergence_changes_nothing);
    tcase_add_loop_test(contract, a_batch_that_is_all_missing_teaches_g_nothing, 0, 2);
    tcase_add_test(contract, a_bad_parameter_is_noticed);
    tcase_add_test(contract, a_gradient_whose_square_overflows_is_refused);
    tcase_add_test(contract, an_update_that_overflows_is_refused);
    tcase_add_test(contract, extreme_learning_goes_on);
    tcase_add_test(contract, learning_that_runs_away_is_refused);
    tcase_add_test(contract, a_runaway_step_changes_nothing_and_may_be_let_pass);
    tcase_add_test(contract, a_callback_may_not_change_a_net);
    tcase_add_test(contract, stopping_changes_nothing);
    tcase_add_test(contract, progress_is_the_share_of_the_work_done);
    tcase_add_test(contract, a_step_stopped_among_its_groups_leaves_no_sums);
    tcase_add_test(contract, wrong_arguments);
    suite_add_tcase(suite, contract);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
