/* A sigma that a trainer learns: the formula, the steps of chains that follow it, and what goes on to the bit. Where it leads is
 * in tests/exact. */
#include "lebm.h"
#include "support/approx.h"
#include "support/files.h"
#include "support/model.h"
#include "support/nets.h"

enum { M = 3, D = 6, N = 5 };

static const double sigma_at_first = 0.5;

struct training {
    struct model model;
    lebm_sampler *to_prior, *to_posterior;
    lebm_trainer *trainer;
};

static void set_f64(const struct training *t, const char *key, double value)
{
    LEBM_ASSERT_OK(lebm_trainer_set_f64(t->trainer, key, value));
}

/* Chains to the posterior by `kernel`, in steps of a size and then of another. */
static struct training make_training(const char *kernel, double rate)
{
    struct training t;
    model_small(&t.model, M, 8, D, 1, sigma_at_first);
    t.to_prior = make_sampler(4, 0.05);
    LEBM_ASSERT_OK(lebm_sampler_create(&t.to_posterior, kernel));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(t.to_posterior, LEBM_SAMPLER_STEPS, 3));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(t.to_posterior, LEBM_SAMPLER_STEP_SIZE, 0.02));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(t.to_posterior, LEBM_SAMPLER_LAST_STEP_SIZE, 0.01));
    LEBM_ASSERT_OK(lebm_trainer_create(&t.trainer, t.model.prior, t.model.generator, t.to_prior, t.to_posterior));
    set_f64(&t, LEBM_TRAINER_PRIOR_LEARNING_RATE, 1e-2);
    set_f64(&t, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 1e-2);
    set_f64(&t, LEBM_TRAINER_SIGMA_LEARNING_RATE, rate);
    return t;
}

static void free_training(struct training *t)
{
    lebm_trainer_destroy(t->trainer);
    lebm_sampler_destroy(t->to_prior);
    lebm_sampler_destroy(t->to_posterior);
    model_free(&t->model);
}

static void step(const struct training *t)
{
    float *x = test_normal_floats(N * D, 1, 100 + (uint64_t)lebm_trainer_steps_done(t->trainer));
    const int64_t ids[N] = {3, 1, 4, 0, 2};
    LEBM_ASSERT_OK(lebm_trainer_step_of(t->trainer, x, ids, N));
    free(x);
}

static double sigma_of(const struct training *t)
{
    return lebm_generator_sigma(t->model.generator);
}

static double step_size_of(const struct training *t, const char *key)
{
    double value;
    LEBM_ASSERT_OK(lebm_sampler_get_f64(t->to_posterior, key, &value));
    return value;
}

static double mse_of(const struct training *t)
{
    double value;
    LEBM_ASSERT_OK(lebm_trainer_metric(t->trainer, LEBM_TRAINER_RECONSTRUCTION_MSE, &value));
    return value;
}

static void assert_same(const struct training *a, const struct training *b)
{
    assert_same_nets(a->model.f.net, b->model.f.net);
    assert_same_nets(a->model.g.net, b->model.g.net);
    ck_assert_double_eq(sigma_of(a), sigma_of(b));
    ck_assert_double_eq(step_size_of(a, LEBM_SAMPLER_STEP_SIZE), step_size_of(b, LEBM_SAMPLER_STEP_SIZE));
    ck_assert_double_eq(step_size_of(a, LEBM_SAMPLER_LAST_STEP_SIZE), step_size_of(b, LEBM_SAMPLER_LAST_STEP_SIZE));
}

static const struct {
    const char *kernel;
    double power; /* of sigma, that step sizes go as */
} kernels[] = {{LEBM_LANGEVIN, 2}, {LEBM_MALA, 2}, {LEBM_HMC, 1}};

START_TEST(sigma_and_steps_follow_the_formula) /* _i: which kernel */
{
    const double rate = 0.3, power = kernels[_i].power;
    struct training t = make_training(kernels[_i].kernel, rate);
    for (int i = 0; i < 4; i++) {
        const double before = sigma_of(&t);
        step(&t);
        const double expected = sqrt(before * before + rate * (mse_of(&t) - before * before));
        ck_assert_msg(fabs(sigma_of(&t) / expected - 1) < 1e-14, "sigma is %.17g, not %.17g", sigma_of(&t), expected);
        ck_assert_msg(fabs(sigma_of(&t) / before - 1) > 1e-3, "sigma hardly moved from %g", before);
        const double scale = pow(sigma_of(&t) / sigma_at_first, power);
        LEBM_ASSERT_NEAR(step_size_of(&t, LEBM_SAMPLER_STEP_SIZE), 0.02 * scale, 1e-14);
        LEBM_ASSERT_NEAR(step_size_of(&t, LEBM_SAMPLER_LAST_STEP_SIZE), 0.01 * scale, 1e-14);
    }
    free_training(&t);
}
END_TEST

START_TEST(no_rate_leaves_sigma_and_steps)
{
    struct training t = make_training(LEBM_LANGEVIN, 0);
    step(&t);
    ck_assert_double_eq(sigma_of(&t), sigma_at_first);
    ck_assert_double_eq(step_size_of(&t, LEBM_SAMPLER_STEP_SIZE), 0.02);
    free_training(&t);
}
END_TEST

START_TEST(a_constant_step_size_stays_one)
{
    struct training t = make_training(LEBM_LANGEVIN, 0.5);
    LEBM_ASSERT_OK(lebm_sampler_set_f64(t.to_posterior, LEBM_SAMPLER_LAST_STEP_SIZE, 0));
    step(&t);
    ck_assert_double_eq(step_size_of(&t, LEBM_SAMPLER_LAST_STEP_SIZE), 0);
    free_training(&t);
}
END_TEST

START_TEST(bits_do_not_depend_on_threads)
{
    struct training one = make_training(LEBM_LANGEVIN, 0.1);
    LEBM_ASSERT_OK(lebm_trainer_set_i64(one.trainer, LEBM_TRAINER_THREADS, 1));
    for (int i = 0; i < 3; i++) step(&one);
    for (int threads = 2; threads <= 7; threads += threads == 3 ? 4 : 1) {
        struct training t = make_training(LEBM_LANGEVIN, 0.1);
        LEBM_ASSERT_OK(lebm_trainer_set_i64(t.trainer, LEBM_TRAINER_THREADS, threads));
        for (int i = 0; i < 3; i++) step(&t);
        assert_same(&one, &t);
        free_training(&t);
    }
    free_training(&one);
}
END_TEST

static void keep_all(const struct training *t)
{
    LEBM_ASSERT_OK(lebm_trainer_set_str(t->trainer, LEBM_TRAINER_POSTERIOR_CHAINS, "kept"));
    LEBM_ASSERT_OK(lebm_trainer_set_str(t->trainer, LEBM_TRAINER_PRIOR_CHAINS, "kept"));
    LEBM_ASSERT_OK(lebm_trainer_set_i64(t->trainer, LEBM_TRAINER_OBSERVATIONS, N));
    set_f64(t, LEBM_TRAINER_AVERAGE_DECAY, 0.9);
}

/* The trainer that goes on begins with the sigma, the steps and the options of a new one. */
START_TEST(goes_on_to_the_bit) /* _i: whether chains and averages are kept */
{
    struct training whole = make_training(LEBM_LANGEVIN, 0.1), second = make_training(LEBM_LANGEVIN, 0);
    if (_i) keep_all(&whole);
    for (int i = 0; i < 3; i++) step(&whole);
    LEBM_ASSERT_OK(lebm_trainer_save(whole.trainer, path));
    LEBM_ASSERT_OK(lebm_trainer_load(second.trainer, path));
    assert_same(&whole, &second);
    for (int i = 0; i < 3; i++) step(&whole);
    for (int i = 0; i < 3; i++) step(&second);
    assert_same(&whole, &second);
    free_training(&whole);
    free_training(&second);
}
END_TEST

/* Model files, averages among them, have the sigma that was learned, and its steps. */
START_TEST(models_have_the_sigma_that_was_learned)
{
    struct training t = make_training(LEBM_LANGEVIN, 0.1);
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_sampler *sampler;
    double step_size;
    set_f64(&t, LEBM_TRAINER_AVERAGE_DECAY, 0.9);
    for (int i = 0; i < 3; i++) step(&t);
    LEBM_ASSERT_OK(lebm_trainer_average(t.trainer, &prior, &generator));
    ck_assert_double_eq(lebm_generator_sigma(generator), sigma_of(&t));
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
    LEBM_ASSERT_OK(lebm_trainer_save_model(t.trainer, path));
    LEBM_ASSERT_OK(lebm_model_load(path, &prior, &generator));
    LEBM_ASSERT_OK(lebm_model_load_sampler(path, LEBM_TO_POSTERIOR, &sampler));
    LEBM_ASSERT_OK(lebm_sampler_get_f64(sampler, LEBM_SAMPLER_STEP_SIZE, &step_size));
    ck_assert_double_eq(lebm_generator_sigma(generator), sigma_of(&t));
    ck_assert_double_eq(step_size, step_size_of(&t, LEBM_SAMPLER_STEP_SIZE));
    lebm_sampler_destroy(sampler);
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
    free_training(&t);
}
END_TEST

/* The sigma of a file whose training did not learn it must be the trainer's. */
START_TEST(another_sigma_is_refused_unless_it_is_learned)
{
    struct training t = make_training(LEBM_LANGEVIN, 0.1), other = make_training(LEBM_LANGEVIN, 0.1);
    step(&t);
    set_f64(&t, LEBM_TRAINER_SIGMA_LEARNING_RATE, 0);
    LEBM_ASSERT_OK(lebm_trainer_save(t.trainer, path));
    LEBM_ASSERT_STATUS(lebm_trainer_load(other.trainer, path), LEBM_ERR_SHAPE);
    LEBM_ASSERT_ERROR_NAMES("generator.sigma");
    ck_assert_double_eq(sigma_of(&other), sigma_at_first);
    free_training(&t);
    free_training(&other);
}
END_TEST

/* A file that was edited: what was learned may be anything that sigma may be. */
START_TEST(a_sigma_that_cannot_be_is_refused)
{
    static const char *const wrong[] = {"9e-7", "2e6", "0", "-0.5", "nan"};
    struct training t = make_training(LEBM_LANGEVIN, 0.1), other = make_training(LEBM_LANGEVIN, 0);
    char edited[64], before[64] = "\"generator.sigma\":\"0.5\"";
    LEBM_ASSERT_OK(lebm_trainer_save(t.trainer, path));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(edited, sizeof edited, "\"generator.sigma\":\"%s\"", wrong[i]);
        edit_header(before, edited);
        LEBM_ASSERT_STATUS(lebm_trainer_load(other.trainer, path), LEBM_ERR_FORMAT);
        LEBM_ASSERT_ERROR_NAMES("generator.sigma");
        ck_assert_double_eq(sigma_of(&other), sigma_at_first);
        strcpy(before, edited);
    }
    edit_header(before, "\"generator.sigma\":\"0.25\"");
    LEBM_ASSERT_OK(lebm_trainer_load(other.trainer, path));
    ck_assert_double_eq(sigma_of(&other), 0.25);
    free_training(&t);
    free_training(&other);
}
END_TEST

/* One of a library that did not know the option, or of a training without it: like all options, it is the file's. */
START_TEST(a_checkpoint_without_the_rate_sets_none)
{
    struct training t = make_training(LEBM_LANGEVIN, 0), other = make_training(LEBM_LANGEVIN, 0.1);
    double rate;
    LEBM_ASSERT_OK(lebm_trainer_save(t.trainer, path));
    LEBM_ASSERT_OK(lebm_trainer_load(other.trainer, path));
    LEBM_ASSERT_OK(lebm_trainer_get_f64(other.trainer, LEBM_TRAINER_SIGMA_LEARNING_RATE, &rate));
    ck_assert_double_eq(rate, 0);
    step(&other);
    ck_assert_double_eq(sigma_of(&other), sigma_at_first);
    edit_header("\"generator.sigma\":\"0.5\"", "\"generator.sigma\":\"0.25\"");
    set_f64(&other, LEBM_TRAINER_SIGMA_LEARNING_RATE, 0.1);
    LEBM_ASSERT_STATUS(lebm_trainer_load(other.trainer, path), LEBM_ERR_SHAPE);
    free_training(&t);
    free_training(&other);
}
END_TEST

static int try_step(const struct training *t, const float *x)
{
    return lebm_trainer_step(t->trainer, x, N);
}

START_TEST(a_batch_that_is_all_missing_teaches_nothing)
{
    struct training t = make_training(LEBM_LANGEVIN, 0.5);
    float x[N * D];
    for (int i = 0; i < N * D; i++) x[i] = NAN;
    LEBM_ASSERT_OK(lebm_generator_set_str(t.model.generator, LEBM_GENERATOR_MISSING, "skip"));
    LEBM_ASSERT_OK(try_step(&t, x));
    ck_assert_double_eq(sigma_of(&t), sigma_at_first);
    free_training(&t);
}
END_TEST

/* g is 0 whatever z is, and so is x: no sigma is small enough. */
START_TEST(a_sigma_out_of_bounds_changes_nothing)
{
    struct training t = make_training(LEBM_LANGEVIN, 1), same = make_training(LEBM_LANGEVIN, 1);
    const float x[N * D] = {0};
    for (struct training *each = &t; each != NULL; each = each == &t ? &same : NULL)
        for (int64_t i = 0; i < lebm_generator_param_count(each->model.generator); i++) {
            const int64_t size = lebm_generator_param_size(each->model.generator, i);
            float *zeros = test_floats(size);
            memset(zeros, 0, (size_t)size * sizeof *zeros);
            LEBM_ASSERT_OK(lebm_generator_set_param(each->model.generator, i, zeros, size));
            free(zeros);
        }
    LEBM_ASSERT_STATUS(try_step(&t, x), LEBM_ERR_DIVERGED);
    LEBM_ASSERT_ERROR_NAMES("sigma would be 0 at training step 1; allowed are 1e-06 to 1e+06");
    assert_same(&t, &same);
    free_training(&t);
    free_training(&same);
}
END_TEST

START_TEST(what_has_no_sigma_is_refused)
{
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_trainer *trainer;
    lebm_sampler *to_prior = make_sampler(2, 0.05), *to_posterior = make_sampler(2, 0.005);
    const float x[N * D] = {0};
    LEBM_ASSERT_OK(lebm_model_create(&prior, &generator, "in 3; linear 1", 1, "in 3; linear 6", LEBM_BERNOULLI, 0,
                                     LEBM_INIT_PYTORCH, 1));
    LEBM_ASSERT_OK(lebm_trainer_create(&trainer, prior, generator, to_prior, to_posterior));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(trainer, LEBM_TRAINER_SIGMA_LEARNING_RATE, 0.1));
    LEBM_ASSERT_STATUS(lebm_trainer_step(trainer, x, N), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("sigma_learning_rate is for generators of likelihood 'gaussian', and this one's is "
                            "'bernoulli'");
    LEBM_ASSERT_OK(lebm_trainer_set_f64(trainer, LEBM_TRAINER_SIGMA_LEARNING_RATE, 0));
    LEBM_ASSERT_OK(lebm_trainer_step(trainer, x, N));
    lebm_trainer_destroy(trainer);
    lebm_sampler_destroy(to_prior);
    lebm_sampler_destroy(to_posterior);
    lebm_generator_destroy(generator);
    lebm_prior_destroy(prior);
}
END_TEST

START_TEST(one_sampler_for_both_kinds_of_chains_is_refused)
{
    struct training t = make_training(LEBM_LANGEVIN, 0.1);
    lebm_trainer *trainer;
    const float x[N * D] = {0};
    LEBM_ASSERT_OK(lebm_trainer_create(&trainer, t.model.prior, t.model.generator, t.to_prior, t.to_prior));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(trainer, LEBM_TRAINER_SIGMA_LEARNING_RATE, 0.1));
    LEBM_ASSERT_STATUS(lebm_trainer_step(trainer, x, N), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("sigma_learning_rate");
    lebm_trainer_destroy(trainer);
    free_training(&t);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("sigma");
    TCase *learning = tcase_create("learning");
    tcase_add_loop_test(learning, sigma_and_steps_follow_the_formula, 0, sizeof kernels / sizeof *kernels);
    tcase_add_test(learning, no_rate_leaves_sigma_and_steps);
    tcase_add_test(learning, a_constant_step_size_stays_one);
    tcase_add_test(learning, bits_do_not_depend_on_threads);
    tcase_add_test(learning, a_batch_that_is_all_missing_teaches_nothing);
    tcase_add_test(learning, a_sigma_out_of_bounds_changes_nothing);
    tcase_add_test(learning, what_has_no_sigma_is_refused);
    tcase_add_test(learning, one_sampler_for_both_kinds_of_chains_is_refused);
    suite_add_tcase(suite, learning);

    TCase *files = tcase_create("files");
    tcase_add_checked_fixture(files, make_folder, remove_folder);
    tcase_add_loop_test(files, goes_on_to_the_bit, 0, 2);
    tcase_add_test(files, models_have_the_sigma_that_was_learned);
    tcase_add_test(files, another_sigma_is_refused_unless_it_is_learned);
    tcase_add_test(files, a_sigma_that_cannot_be_is_refused);
    tcase_add_test(files, a_checkpoint_without_the_rate_sets_none);
    suite_add_tcase(suite, files);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
