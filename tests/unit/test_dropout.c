/* Dropout of a training step: what is dropped how often, that it is the same in all passes of a step and in no other, and
 * that nothing but steps drops anything. Its numbers are in tests/ref. */
#include <unistd.h>

#include "lebm.h"
#include "mcmc/sampler.h"
#include "support/recurrent.h"
#include "train/trainer.h"

/* ---- factors ---- */

START_TEST(factors_have_their_shares)
{
    enum { COUNT = 30, SHOWN = 400, STEPS = 20 };
    const lebm__dropout dropout = {lebm__key_make(1, 2, LEBM__FOR_TRAINER_DROPOUT), 0.3, 0.2, 0, NULL};
    double of_inputs = 0, of_outputs = 0, words = 0;
    for (int64_t row = 0; row < SHOWN; row++) {
        for (int64_t step = 0; step < STEPS; step++) {
            float input[COUNT], output[COUNT];
            int kept = 0, kept_of_output = 0;
            lebm__dropout_inputs(&dropout, row, step, COUNT, input);
            lebm__dropout_outputs(&dropout, row, step, COUNT, output);
            for (int i = 0; i < COUNT; i++) {
                ck_assert(input[i] == 0 || input[i] == (float)(1 / 0.7));
                ck_assert(output[i] == 0 || output[i] == (float)(1 / 0.7));
                kept += input[i] != 0;
                kept_of_output += output[i] != 0;
            }
            if (step == 0) ck_assert_int_gt(kept, 0); /* the mark of the beginning */
            words += kept == 0;
            if (kept > 0) of_inputs += (double)kept / COUNT;
            of_outputs += (double)kept_of_output / COUNT;
        }
    }
    const double words_there_are = SHOWN * (STEPS - 1.0), steps = SHOWN * (double)STEPS;
    LEBM_ASSERT_NEAR(words / words_there_are, 0.2, 4.5 * sqrt(0.2 * 0.8 / words_there_are));
    LEBM_ASSERT_NEAR(of_inputs / (steps - words), 0.7, 4.5 * sqrt(0.21 / (COUNT * (steps - words))));
    LEBM_ASSERT_NEAR(of_outputs / steps, 0.7, 4.5 * sqrt(0.21 / (COUNT * steps)));
}
END_TEST

/* Between rows, steps, and the two ends of the net: the share that two places have in common is that of chance. */
START_TEST(factors_of_places_are_unrelated)
{
    enum { COUNT = 20000 };
    static float input[COUNT], others[4][COUNT];
    const lebm__key key = lebm__key_make(1, 2, LEBM__FOR_TRAINER_DROPOUT);
    const lebm__dropout dropout = {key, 0.5, 0, 7, NULL};
    const lebm__dropout of_next_step = {lebm__key_make(1, 3, LEBM__FOR_TRAINER_DROPOUT), 0.5, 0, 7, NULL};
    lebm__dropout_inputs(&dropout, 3, 5, COUNT, input);
    lebm__dropout_outputs(&dropout, 3, 5, COUNT, others[0]);
    lebm__dropout_inputs(&dropout, 4, 5, COUNT, others[1]);
    lebm__dropout_inputs(&dropout, 3, 6, COUNT, others[2]);
    lebm__dropout_inputs(&of_next_step, 3, 5, COUNT, others[3]);
    for (int k = 0; k < 4; k++) {
        int same = 0;
        for (int i = 0; i < COUNT; i++) same += input[i] == others[k][i];
        LEBM_ASSERT_NEAR((double)same / COUNT, 0.5, 4.5 * sqrt(0.25 / COUNT));
    }
}
END_TEST

START_TEST(rows_are_known_by_their_numbers)
{
    enum { COUNT = 50 };
    const int64_t numbers[] = {5, 12, 3};
    const lebm__key key = lebm__key_make(1, 2, LEBM__FOR_TRAINER_DROPOUT);
    const lebm__dropout from_0 = {key, 0.5, 0.5, 0, NULL}, of_numbers = {key, 0.5, 0.5, 100, numbers};
    const lebm__dropout from_10 = lebm__dropout_from(&from_0, 10), from_third = lebm__dropout_from(&of_numbers, 2);
    float expected[COUNT], factors[COUNT];
    for (int64_t step = 0; step < 9; step++) {
        lebm__dropout_inputs(&from_0, 12, step, COUNT, expected);
        lebm__dropout_inputs(&from_10, 2, step, COUNT, factors);
        LEBM_ASSERT_SAME_BITS(factors, expected, COUNT);
        lebm__dropout_inputs(&of_numbers, 1, step, COUNT, factors);
        LEBM_ASSERT_SAME_BITS(factors, expected, COUNT);
        lebm__dropout_outputs(&from_0, 3, step, COUNT, expected);
        lebm__dropout_outputs(&from_third, 0, step, COUNT, factors);
        LEBM_ASSERT_SAME_BITS(factors, expected, COUNT);
    }
}
END_TEST

/* ---- training ---- */

enum { ROWS = 37, LONGEST = 12, LATENT = 3, SEED = 9 };

struct training {
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_sampler *sampler;
    lebm_trainer *trainer;
    float x[ROWS][LONGEST];
};

static void make_training(struct training *t, int threads, double dropout, double word_dropout)
{
    uint64_t seed = 17;
    LEBM_ASSERT_OK(lebm_model_create(&t->prior, &t->generator, "in 3; linear 8; gelu; linear 1", 1,
                                     "in 3; embedding 6; lstm 10 2; tokens 40 12", LEBM_CATEGORICAL, 0,
                                     LEBM_INIT_PYTORCH, 1));
    LEBM_ASSERT_OK(lebm_sampler_create(&t->sampler, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(t->sampler, LEBM_SAMPLER_STEPS, 3));
    LEBM_ASSERT_OK(lebm_trainer_create(&t->trainer, t->prior, t->generator, t->sampler, t->sampler));
    LEBM_ASSERT_OK(lebm_trainer_set_i64(t->trainer, LEBM_TRAINER_THREADS, threads));
    LEBM_ASSERT_OK(lebm_trainer_set_i64(t->trainer, LEBM_TRAINER_SEED, SEED));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(t->trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 0.01));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(t->trainer, LEBM_TRAINER_DROPOUT, dropout));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(t->trainer, LEBM_TRAINER_WORD_DROPOUT, word_dropout));
    for (int i = 0; i < ROWS; i++) {
        const int64_t length = test_integer(&seed, 0, LONGEST);
        for (int p = 0; p < LONGEST; p++) t->x[i][p] = p < length ? (float)test_integer(&seed, 0, 39) : LEBM_PADDING;
    }
}

static void free_training(struct training *t)
{
    lebm_trainer_destroy(t->trainer);
    lebm_sampler_destroy(t->sampler);
    lebm_generator_destroy(t->generator);
    lebm_prior_destroy(t->prior);
}

static void assert_same_generators(const struct training *a, const struct training *b)
{
    for (int64_t i = 0; i < lebm_generator_param_count(a->generator); i++) {
        const int64_t size = lebm_generator_param_size(a->generator, i);
        float *of_a = test_floats(size), *of_b = test_floats(size);
        LEBM_ASSERT_OK(lebm_generator_get_param(a->generator, i, of_a, size));
        LEBM_ASSERT_OK(lebm_generator_get_param(b->generator, i, of_b, size));
        LEBM_ASSERT_SAME_BITS(of_a, of_b, size);
        free(of_a);
        free(of_b);
    }
}

/* log p(x|z) of each row, and its score, with what is dropped. */
static void evaluate(const struct training *t, const lebm__dropout *dropout, float z[ROWS][LATENT],
                     double log_likelihood[ROWS], float score[ROWS][LATENT])
{
    void *memory, *workspace = lay_out_for_scores(t->generator, ROWS, &memory);
    memset(log_likelihood, 0, ROWS * sizeof *log_likelihood);
    memset(score, 0, ROWS * sizeof *score);
    t->generator->kind->observe(t->generator, workspace, t->x[0], ROWS, dropout);
    t->generator->kind->log_likelihood(t->generator, workspace, z[0], ROWS, log_likelihood, score[0]);
    lebm__free(memory);
}

/* A trainer's chains without noise, step by step, and the log likelihood that it reports. */
START_TEST(a_step_drops_the_same_in_its_chain_and_its_gradient) /* _i: kept chains */
{
    enum { STEPS = 3 };
    const double step_size = 0.05;
    struct training t;
    int64_t ids[ROWS];
    float z[ROWS][LATENT], score[ROWS][LATENT], of_prior[ROWS][LATENT];
    double log_likelihood[ROWS], plain[ROWS], metric, difference = 0;
    make_training(&t, 2, 0.4, 0.2);
    LEBM_ASSERT_OK(lebm_sampler_set_i64(t.sampler, LEBM_SAMPLER_NOISE, 0));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(t.sampler, LEBM_SAMPLER_STEP_SIZE, step_size));
    for (int i = 0; i < ROWS; i++) ids[i] = 2 * ROWS - 1 - 2 * i;
    if (_i) {
        LEBM_ASSERT_OK(lebm_trainer_set_str(t.trainer, LEBM_TRAINER_POSTERIOR_CHAINS, "kept"));
        LEBM_ASSERT_OK(lebm_trainer_set_i64(t.trainer, LEBM_TRAINER_OBSERVATIONS, 2 * ROWS));
    } else { /* a second step, of the same model */
        LEBM_ASSERT_OK(lebm_trainer_set_f64(t.trainer, LEBM_TRAINER_PRIOR_LEARNING_RATE, 0));
        LEBM_ASSERT_OK(lebm_trainer_set_f64(t.trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 0));
        LEBM_ASSERT_OK(lebm_trainer_step(t.trainer, t.x[0], ROWS));
    }
    const uint64_t done = _i ? 0 : 1;
    const lebm__dropout dropout = {lebm__key_make(SEED, done, LEBM__FOR_TRAINER_DROPOUT), 0.4, 0.2, 0, _i ? ids : NULL};
    const lebm__key key = lebm__key_make(SEED, done, LEBM__FOR_TRAINER_POSTERIOR);
    for (int i = 0; i < ROWS; i++) lebm__normals(key, _i ? ids[i] : i, 0, 1, LATENT, z[i]);
    for (int step = 0; step < STEPS; step++) {
        evaluate(&t, &dropout, z, log_likelihood, score);
        LEBM_ASSERT_OK(lebm_prior_score(t.prior, z[0], ROWS, of_prior[0]));
        for (int i = 0; i < ROWS; i++)
            for (int m = 0; m < LATENT; m++) z[i][m] += (float)(step_size * (double)(score[i][m] + of_prior[i][m]));
    }
    evaluate(&t, NULL, z, plain, score);
    evaluate(&t, &dropout, z, log_likelihood, score);
    const double mean = lebm__mean(log_likelihood, ROWS);
    LEBM_ASSERT_OK(lebm_trainer_step_of(t.trainer, t.x[0], ids, ROWS));
    LEBM_ASSERT_OK(lebm_trainer_metric(t.trainer, LEBM_TRAINER_LOG_LIKELIHOOD, &metric));
    LEBM_ASSERT_NEAR(metric, mean, 1e-6);
    for (int i = 0; i < ROWS; i++) difference = fmax(difference, fabs(log_likelihood[i] - plain[i]));
    LEBM_ASSERT_MSG(difference > 0.1, "dropout changes log likelihoods by %g only", difference);
    free_training(&t);
}
END_TEST

START_TEST(threads_change_no_bit)
{
    static const int threads[] = {1, 2, 3, 7};
    struct training first, t;
    make_training(&first, 1, 0.4, 0.2);
    for (int step = 0; step < 3; step++) LEBM_ASSERT_OK(lebm_trainer_step(first.trainer, first.x[0], ROWS));
    for (int i = 0; i < 4; i++) {
        make_training(&t, threads[i], 0.4, 0.2);
        for (int step = 0; step < 3; step++) LEBM_ASSERT_OK(lebm_trainer_step(t.trainer, t.x[0], ROWS));
        assert_same_generators(&t, &first);
        free_training(&t);
    }
    free_training(&first);
}
END_TEST

START_TEST(it_goes_on_to_the_same_bits)
{
    static const char path[] = "dropout.safetensors";
    struct training t, again;
    double value;
    make_training(&t, 2, 0.4, 0.2);
    make_training(&again, 1, 0, 0);
    for (int step = 0; step < 2; step++) LEBM_ASSERT_OK(lebm_trainer_step(t.trainer, t.x[0], ROWS));
    LEBM_ASSERT_OK(lebm_trainer_save(t.trainer, path));
    LEBM_ASSERT_OK(lebm_trainer_load(again.trainer, path));
    LEBM_ASSERT_OK(lebm_trainer_get_f64(again.trainer, LEBM_TRAINER_DROPOUT, &value));
    ck_assert_double_eq(value, 0.4);
    LEBM_ASSERT_OK(lebm_trainer_get_f64(again.trainer, LEBM_TRAINER_WORD_DROPOUT, &value));
    ck_assert_double_eq(value, 0.2);
    for (int step = 0; step < 2; step++) {
        LEBM_ASSERT_OK(lebm_trainer_step(t.trainer, t.x[0], ROWS));
        LEBM_ASSERT_OK(lebm_trainer_step(again.trainer, t.x[0], ROWS));
    }
    assert_same_generators(&t, &again);
    free_training(&t);
    free_training(&again);
    unlink(path);
}
END_TEST

/* A step changes something by dropout alone; a sampler's run, and what a generator tells, know of none. */
START_TEST(nothing_but_a_step_drops_anything)
{
    struct training t, plain;
    static float z[ROWS][LATENT], of_plain[ROWS][LATENT];
    float log_likelihood[ROWS], of_plain_likelihood[ROWS];
    make_training(&t, 2, 0.4, 0.2);
    make_training(&plain, 2, 0, 0);
    LEBM_ASSERT_OK(lebm_sampler_run_posterior(t.sampler, t.prior, t.generator, t.x[0], ROWS, z[0]));
    LEBM_ASSERT_OK(lebm_sampler_run_posterior(plain.sampler, plain.prior, plain.generator, t.x[0], ROWS, of_plain[0]));
    LEBM_ASSERT_SAME_BITS(z[0], of_plain[0], ROWS * LATENT);
    LEBM_ASSERT_OK(lebm_generator_log_likelihood(t.generator, z[0], t.x[0], ROWS, log_likelihood));
    LEBM_ASSERT_OK(lebm_generator_log_likelihood(plain.generator, z[0], t.x[0], ROWS, of_plain_likelihood));
    LEBM_ASSERT_SAME_BITS(log_likelihood, of_plain_likelihood, ROWS);
    const int64_t last = lebm_generator_param_count(t.generator) - 1; /* output.bias */
    LEBM_ASSERT_OK(lebm_trainer_step(t.trainer, t.x[0], ROWS));
    LEBM_ASSERT_OK(lebm_trainer_step(plain.trainer, t.x[0], ROWS));
    float of_t[41], of_p[41];
    LEBM_ASSERT_OK(lebm_generator_get_param(t.generator, last, of_t, 41));
    LEBM_ASSERT_OK(lebm_generator_get_param(plain.generator, last, of_p, 41));
    ck_assert_int_ne(memcmp(of_t, of_p, sizeof of_t), 0);
    free_training(&t);
    free_training(&plain);
}
END_TEST

START_TEST(pixels_have_no_dropout) /* _i: the option */
{
    static const char *const keys[] = {LEBM_TRAINER_DROPOUT, LEBM_TRAINER_WORD_DROPOUT};
    const float x[2] = {0};
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_sampler *sampler;
    lebm_trainer *trainer;
    LEBM_ASSERT_OK(lebm_model_create(&prior, &generator, "in 2; linear 1", 1, "in 2; linear 2", LEBM_GAUSSIAN, 1,
                                     LEBM_INIT_PYTORCH, 1));
    LEBM_ASSERT_OK(lebm_sampler_create(&sampler, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_trainer_create(&trainer, prior, generator, sampler, sampler));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(trainer, keys[_i], 0.5));
    LEBM_ASSERT_STATUS(lebm_trainer_step(trainer, x, 1), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("dropout");
    LEBM_ASSERT_ERROR_NAMES("pixels");
    LEBM_ASSERT_OK(lebm_trainer_set_f64(trainer, keys[_i], 0));
    LEBM_ASSERT_OK(lebm_trainer_step(trainer, x, 1));
    lebm_trainer_destroy(trainer);
    lebm_sampler_destroy(sampler);
    lebm_generator_destroy(generator);
    lebm_prior_destroy(prior);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dropout");
    TCase *factors = tcase_create("factors");
    tcase_add_test(factors, factors_have_their_shares);
    tcase_add_test(factors, factors_of_places_are_unrelated);
    tcase_add_test(factors, rows_are_known_by_their_numbers);
    suite_add_tcase(suite, factors);
    TCase *training = tcase_create("training");
    tcase_add_loop_test(training, a_step_drops_the_same_in_its_chain_and_its_gradient, 0, 2);
    tcase_add_test(training, threads_change_no_bit);
    tcase_add_test(training, it_goes_on_to_the_same_bits);
    tcase_add_test(training, nothing_but_a_step_drops_anything);
    tcase_add_loop_test(training, pixels_have_no_dropout, 0, 2);
    suite_add_tcase(suite, training);
    return test_run_suite(suite);
}
