/* Steps of the trainer against the double-precision reference, over random settings of Adam: rates, betas, epsilon,
 * weight decay, clipping, decay per epoch. */
#include "lebm.h"
#include "ref/agreement.h"
#include "support/model.h"

enum { SETTINGS = 200, STEPS = 5, STEPS_PER_EPOCH = 2 }; /* the last step is of the third epoch */
enum { PRIOR_STEPS = 4, POSTERIOR_STEPS = 5 };
static const double prior_step_size = 0.05, posterior_step_size = 0.01;

static double log_uniform(uint64_t *seed, double low, double high)
{
    return exp(test_uniform(seed, log(low), log(high)));
}

static void make_model(struct model *model, int number, uint64_t *seed)
{
    const int gaussian = number % 2;
    const int64_t m = test_integer(seed, 1, 6);
    pair_init(&model->f, m);
    pair_add_linear(&model->f, test_integer(seed, 1, 9), 1);
    pair_add_activation(&model->f, LEBM_GELU, 0);
    pair_add_linear(&model->f, 1, 1);
    pair_randomise(&model->f, 1.5, test_random(seed));
    pair_init(&model->g, m);
    if (number % 4 < 2) {
        pair_add_linear(&model->g, test_integer(seed, 1, 9), 1);
        pair_add_activation(&model->g, LEBM_TANH, 0);
        pair_add_linear(&model->g, test_integer(seed, 1, 12), 1);
    } else {
        pair_add_conv_transpose2d(&model->g, test_integer(seed, 1, 5), 2, 1, 0, 1);
        pair_add_activation(&model->g, LEBM_SILU, 0);
        pair_add_conv_transpose2d(&model->g, test_integer(seed, 1, 3), 4, 2, 1, 1);
    }
    pair_randomise(&model->g, 1.5, test_random(seed));
    model_join(model, test_uniform(seed, 0.5, 2), gaussian ? LEBM_GAUSSIAN : LEBM_BERNOULLI,
               gaussian ? test_uniform(seed, 0.4, 1) : 0);
}

static double norm_of(const double *values, int64_t count)
{
    double square = 0;
    for (int64_t i = 0; i < count; i++) square += values[i] * values[i];
    return sqrt(square);
}

/* One net that learns: its reference, its Adam, and how far each parameter may be off by now. */
struct learner {
    struct pair *pair;
    struct ref_adam adam;
    double *gradient, *error; /* [param_total] */
    double size;              /* norm of what the gradient is made of */
};

/* Random settings; clipping by less and by more than the gradient's norm, or none; often no weight decay. */
static void make_learner(struct learner *l, struct pair *pair, uint64_t *seed)
{
    const int64_t count = pair->ref.param_total;
    *l = (struct learner){.pair = pair, .gradient = test_doubles(count), .error = test_doubles(count)};
    ref_adam_init(&l->adam, count, log_uniform(seed, 1e-5, 1e-1));
    if (test_random(seed) % 2) l->adam.weight_decay = log_uniform(seed, 1e-3, 2);
    if (test_random(seed) % 3) l->adam.clip_norm = log_uniform(seed, 0.1, 2); /* of the first norm */
}

static void free_learner(struct learner *l)
{
    ref_adam_free(&l->adam);
    free(l->gradient);
    free(l->error);
}

/* The gradients at the ends of chains from 0 without noise. Both are differences, that of f of the means at z+ and z-,
 * that of g of x and the mean of x given z+, and may be much smaller than what they are differences of. */
static void find_gradients(const struct model *model, const double *x, int64_t n, struct learner *f, struct learner *g)
{
    const int64_t m = model->f.ref.in_features, d = model->g.ref.out_features;
    const double share = 1 / (double)n;
    double *positive = test_doubles(n * m), *negative = test_doubles(n * m);
    double *f_positive = test_doubles(f->adam.count), *g_mean = test_doubles(g->adam.count), *zeros = test_doubles(d);
    for (int64_t i = 0; i < n; i++) {
        ref_chain(&model->ref, x + i * d, POSTERIOR_STEPS, posterior_step_size, positive + i * m);
        ref_chain(&model->ref, NULL, PRIOR_STEPS, prior_step_size, negative + i * m);
        ref_net_vjp(&model->f.ref, positive + i * m, &share, NULL, f_positive);
        ref_likelihood_grad_params(&model->ref, positive + i * m, zeros, g_mean);
    }
    ref_gradients(&model->ref, n, x, positive, negative, f->gradient, g->gradient);
    f->size = norm_of(f_positive, f->adam.count);
    g->size = fmax(norm_of(g_mean, g->adam.count) / (double)n, norm_of(g->gradient, g->adam.count));
    free(positive);
    free(negative);
    free(f_positive);
    free(g_mean);
    free(zeros);
}

/* One step of the reference. An error of the gradient, of 1e-6 of its size, is divided by the root of v, which may be
 * small: Adam's step by g / (|g| + epsilon) can hardly tell a gradient that is almost 0 from 0. */
static void ascend(struct learner *l)
{
    const struct ref_adam *adam = &l->adam;
    const double off = 1e-6 * l->size;
    ref_ascend(&l->adam, &l->pair->ref, l->gradient);
    for (int64_t i = 0; i < adam->count; i++) {
        const double root = sqrt(adam->v[i] / (1 - pow(adam->beta2, (double)adam->steps)));
        l->error[i] += adam->learning_rate * (off / (root + adam->epsilon) + 1e-6);
    }
}

static void set(lebm_trainer *trainer, const char *key, double value)
{
    LEBM_ASSERT_OK(lebm_trainer_set_f64(trainer, key, value));
}

/* The parameters to 1e-6 of the largest, and Adam's own error. */
static void compare(struct agreement *a, const struct learner *l, const char *where)
{
    const struct ref_net *ref = &l->pair->ref;
    float *params = pair_params(l->pair->net);
    double *scales = test_doubles(ref->param_total);
    const double largest = approx_largest(ref->params, ref->param_total);
    for (int64_t i = 0; i < ref->param_total; i++) scales[i] = largest + l->error[i] / a->tolerance;
    agree_each(a, params, ref->params, scales, ref->param_total, where);
    free(params);
    free(scales);
}

/* How far the parameters went in all, in steps of the learning rate. */
static double moved(const struct learner *l, const float *before)
{
    float *params = pair_params(l->pair->net);
    const double most = approx_farthest(params, before, l->adam.count);
    free(params);
    return most / l->adam.learning_rate;
}

static double metric(const lebm_trainer *trainer, const char *key)
{
    double value;
    LEBM_ASSERT_OK(lebm_trainer_metric(trainer, key, &value));
    return value;
}

static void check_setting(int number, struct agreement *of_f, struct agreement *of_g, struct agreement *norms)
{
    static const int64_t rows[] = {1, 2, 3, 7, 24, 25, 26, 51};
    struct model model;
    struct learner f, g;
    char where[AGREEMENT_WHERE];
    uint64_t seed = 5000 + (uint64_t)number;
    make_model(&model, number, &seed);
    const int64_t n = rows[number % 8], d = model.g.ref.out_features;
    float *x = test_random_floats(n * d, 0, 1, test_random(&seed));
    double *x_rows = test_to_doubles(x, n * d);
    const double decay_per_epoch = test_uniform(&seed, 0.1, 1);
    make_learner(&f, &model.f, &seed);
    make_learner(&g, &model.g, &seed);
    f.adam.beta1 = g.adam.beta1 = number % 5 ? test_uniform(&seed, 0, 0.95) : 0;
    f.adam.beta2 = g.adam.beta2 = test_uniform(&seed, 0.5, 0.999);
    f.adam.epsilon = g.adam.epsilon = log_uniform(&seed, 1e-8, 1e-1);
    find_gradients(&model, x_rows, n, &f, &g);
    f.adam.clip_norm *= norm_of(f.gradient, f.adam.count);
    g.adam.clip_norm *= norm_of(g.gradient, g.adam.count);

    lebm_sampler *to_prior = make_noiseless_sampler(PRIOR_STEPS, prior_step_size, 0);
    lebm_sampler *to_posterior = make_noiseless_sampler(POSTERIOR_STEPS, posterior_step_size, 0);
    lebm_trainer *trainer;
    LEBM_ASSERT_OK(lebm_trainer_create(&trainer, model.prior, model.generator, to_prior, to_posterior));
    set(trainer, LEBM_TRAINER_PRIOR_LEARNING_RATE, f.adam.learning_rate);
    set(trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, g.adam.learning_rate);
    set(trainer, LEBM_TRAINER_BETA1, f.adam.beta1);
    set(trainer, LEBM_TRAINER_BETA2, f.adam.beta2);
    set(trainer, LEBM_TRAINER_EPSILON, f.adam.epsilon);
    set(trainer, LEBM_TRAINER_DECAY_PER_EPOCH, decay_per_epoch);
    set(trainer, LEBM_TRAINER_PRIOR_WEIGHT_DECAY, f.adam.weight_decay);
    set(trainer, LEBM_TRAINER_GENERATOR_WEIGHT_DECAY, g.adam.weight_decay);
    set(trainer, LEBM_TRAINER_PRIOR_CLIP_NORM, f.adam.clip_norm);
    set(trainer, LEBM_TRAINER_GENERATOR_CLIP_NORM, g.adam.clip_norm);

    float *f_before = pair_params(model.f.net), *g_before = pair_params(model.g.net);
    for (int step = 1; step <= STEPS; step++) {
        find_gradients(&model, x_rows, n, &f, &g);
        LEBM_ASSERT_OK(lebm_trainer_step(trainer, x, n));
        snprintf(where, sizeof where, "setting %d, step %d, %lld rows, rates %g and %g, betas %g and %g, epsilon %g",
                 number, step, (long long)n, f.adam.learning_rate, g.adam.learning_rate, f.adam.beta1, f.adam.beta2,
                 f.adam.epsilon);
        const double f_norm = norm_of(f.gradient, f.adam.count), g_norm = norm_of(g.gradient, g.adam.count);
        norms->cases++;
        agree_on(norms, metric(trainer, LEBM_TRAINER_PRIOR_GRAD_NORM), f_norm, f.size, where);
        agree_on(norms, metric(trainer, LEBM_TRAINER_GENERATOR_GRAD_NORM), g_norm, g.size, where);
        ascend(&f);
        ascend(&g);
        compare(of_f, &f, where);
        compare(of_g, &g, where);
        if (step == 1) { /* or closeness would mean nothing */
            ck_assert_double_gt(moved(&f, f_before), 1e-3);
            ck_assert_double_gt(moved(&g, g_before), 1e-3);
        }
        if (step % STEPS_PER_EPOCH != 0) continue;
        LEBM_ASSERT_OK(lebm_trainer_end_epoch(trainer));
        f.adam.learning_rate *= decay_per_epoch;
        g.adam.learning_rate *= decay_per_epoch;
    }
    free(x);
    free(x_rows);
    free(f_before);
    free(g_before);
    free_learner(&f);
    free_learner(&g);
    lebm_trainer_destroy(trainer);
    lebm_sampler_destroy(to_prior);
    lebm_sampler_destroy(to_posterior);
    model_free(&model);
}

START_TEST(steps_of_random_settings)
{
    struct agreement f = {.what = "parameters of f", .tolerance = 1e-6};
    struct agreement g = {.what = "parameters of g", .tolerance = 1e-6};
    struct agreement norms = {.what = "norms of the gradients", .tolerance = 2e-6};
    for (int number = 0; number < SETTINGS; number++) check_setting(number, &f, &g, &norms);
    agreement_print(&f);
    agreement_print(&g);
    agreement_print(&norms);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("learning");
    TCase *steps = tcase_create("steps");
    tcase_set_timeout(steps, 60);
    tcase_add_test(steps, steps_of_random_settings);
    suite_add_tcase(suite, steps);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
