/* Figures of anomalies, from scores that are made up and from those of a model. */
#include "anomaly_table.h"

#include <math.h>

#include "anomaly_files.h"
#include "digits.h"
#include "suite.h"
#include "view.h"

enum { IMAGES = 6 };

/* Six images, threes among which are sevens, two in "pooled" and one of these in "80-20". Only the first four have log p(x). */
typedef struct example {
    uint8_t labels[IMAGES];
    int64_t numbers[IMAGES];
    bool in_80_20[IMAGES];
    double values[IMAGES];
    anomaly_split split;
    anomaly_scores scores;
} example;

static void make(example *e)
{
    *e = (example){.labels = {3, 7, 3, 7, 3, 3},
                   .numbers = {10, 11, 12, 13, 14, 15},
                   .in_80_20 = {true, true, true, false, true, true},
                   .values = {5, 1, 2, 3, 4, .5}};
    e->split.anomaly = 7;
    e->split.test = (dataset){.count = IMAGES, .labels = e->labels};
    e->split.numbers = e->numbers;
    e->split.in_80_20 = e->in_80_20;
    for (int s = 0; s < ANOMALY_SCORES; s++) {
        e->scores.counts[s] = s == EVIDENCE_SCORE ? 4 : IMAGES;
        e->scores.values[s] = e->values;
    }
}

static void assert_figures(const anomaly_figures *f, int64_t images, double prevalence, double auroc, double auprc)
{
    const double values[] = {f->prevalence, f->auroc, f->auprc}, expected[] = {prevalence, auroc, auprc};
    ck_assert_int_eq(f->images, images);
    for (int i = 0; i < 3; i++)
        ck_assert_msg(fabs(values[i] - expected[i]) < 1e-12, "figure %d is %g, not %g", i, values[i], expected[i]);
}

START_TEST(low_scores_are_strange)
{
    example e;
    anomaly_table t = {.first_epoch = 3};
    make(&e);
    anomaly_table_add(&t, &e.split, &e.scores);
    ck_assert_int_eq(t.epochs, 1);
    /* From the strangest on: 3, 7, 3, (7,) 3, 3. */
    assert_figures(&t.figures[0][SPLIT_80_20][JOINT_SCORE], 5, .2, .75, .5);
    assert_figures(&t.figures[0][SPLIT_POOLED][PRIOR_SCORE], 6, 1. / 3, 5. / 8, .5);
    /* Of the first four: 7, 3, (7,) 3. */
    assert_figures(&t.figures[0][SPLIT_80_20][EVIDENCE_SCORE], 3, 1. / 3, 1, 1);
    assert_figures(&t.figures[0][SPLIT_POOLED][EVIDENCE_SCORE], 4, .5, .75, 5. / 6);
}
END_TEST

/* What a function prints, which the caller frees. */
#define PRINTED(call)                                                                                                  \
    char *text;                                                                                                        \
    size_t size;                                                                                                       \
    FILE *out = open_memstream(&text, &size);                                                                          \
    ck_assert_ptr_nonnull(out);                                                                                        \
    call;                                                                                                              \
    fclose(out)

START_TEST(prints_means_and_deviations)
{
    example e;
    anomaly_table t = {.first_epoch = 3};
    make(&e);
    anomaly_table_add(&t, &e.split, &e.scores);
    e.values[1] = 6; /* now the seven is the least strange: AUROC 0, AUPRC .2 */
    anomaly_table_add(&t, &e.split, &e.scores);
    PRINTED(anomaly_table_print(out, &t, SPLIT_80_20));
    assert_contains(text, "(5 images, prevalence 0.2000)\n");
    assert_contains(text, "\nlog p(x,z)     0.3750 +- 0.5303   0.3500 +- 0.2121\n");
    assert_contains(text, "\nlog p(x)       0.5000 +- 0.7071   0.6667 +- 0.4714   (3 images, prevalence 0.3333)\n");
    free(text);
}
END_TEST

START_TEST(writes_tables)
{
    example e;
    anomaly_table t = {.first_epoch = 3};
    const bool wanted[] = {false, true};
    make(&e);
    anomaly_table_add(&t, &e.split, &e.scores);
    {
        PRINTED(anomaly_table_csv(out, &t, wanted, 7, 7, 2));
        assert_contains(text, "\n7,7,2,3,pooled,joint,6,0.333333333,0.625,0.5\n");
        ck_assert_ptr_null(strstr(text, "80-20"));
        free(text);
    }
    {
        PRINTED(anomaly_scores_csv(out, &e.split, &e.scores));
        assert_contains(text, "\n13,7,1,0,3,3,3,3,3,3,3\n14,3,0,1,4,4,4,4,4,4,\n");
        free(text);
    }
    {
        PRINTED(anomaly_curves_csv(out, &e.split, &e.scores, wanted));
        assert_contains(text, "precision\npooled,joint,1,0.25,0.5,0.5\npooled,joint,3,0.5,1,0.5\npooled,noise_free,1,");
        free(text);
    }
}
END_TEST

START_TEST(no_images_have_no_figures)
{
    example e;
    anomaly_table t = {.first_epoch = 3};
    make(&e);
    memset(e.in_80_20, 0, sizeof e.in_80_20);
    anomaly_table_add(&t, &e.split, &e.scores);
    PRINTED(anomaly_table_print(out, &t, SPLIT_80_20));
    ck_assert_str_eq(text, "80-20          none of the images scored\n");
    free(text);
}
END_TEST

/* Where all images are of one kind, no curve and no area is defined: none is told. */
START_TEST(images_of_one_kind_have_no_figures) /* first ordinary ones, then anomalies */
{
    for (uint8_t digit = 3; digit <= 7; digit += 4) {
        example e;
        anomaly_table t = {.first_epoch = 3};
        const bool wanted[] = {false, true};
        make(&e);
        for (int i = 0; i < IMAGES; i++) e.labels[i] = digit;
        anomaly_table_add(&t, &e.split, &e.scores);
        {
            PRINTED(anomaly_table_print(out, &t, SPLIT_POOLED));
            assert_contains(text, digit == 7 ? "\nlog p(x,z)     -                  1.0000 +-"
                                             : "\nlog p(x,z)     -                  - ");
            ck_assert_ptr_null(strstr(text, "nan"));
            free(text);
        }
        {
            PRINTED(anomaly_table_csv(out, &t, wanted, 7, 7, 2));
            assert_contains(text, digit == 7 ? "pooled,joint,6,1,,1\n" : "pooled,joint,6,0,,\n");
            free(text);
        }
        {
            PRINTED(anomaly_curves_csv(out, &e.split, &e.scores, wanted));
            ck_assert_str_eq(text, "split,score,threshold,false_positive_rate,recall,precision\n");
            free(text);
        }
    }
}
END_TEST

static int go_on(double done, void *user)
{
    double *last = user;
    ck_assert_msg(done >= *last && done <= 1 + 1e-9, "progress went from %g to %g", *last, done);
    *last = done;
    return 0;
}

static int stop(double done, void *user)
{
    (void)done;
    (void)user;
    return 1;
}

static void make_model(model *m)
{
    ck_assert_int_eq(lebm_model_create(&m->prior, &m->generator, "in 4; linear 8; gelu; linear 1", 1,
                                       "in 4; linear 16; relu; linear 784; reshape 1 28 28; tanh", LEBM_GAUSSIAN, .3,
                                       LEBM_INIT_PYTORCH, 1),
                     LEBM_OK);
    ck_assert_int_eq(lebm_sampler_create(&m->to_prior, LEBM_LANGEVIN), LEBM_OK);
    ck_assert_int_eq(lebm_sampler_create(&m->to_posterior, LEBM_LANGEVIN), LEBM_OK);
    ck_assert_int_eq(lebm_sampler_set_f64(m->to_posterior, LEBM_SAMPLER_STEP_SIZE, 1e-4), LEBM_OK);
}

/* Sums of two quantities, and of their products. */
typedef struct moments {
    double n, x, y, xy;
} moments;

static void add(moments *m, double x, double y)
{
    m->n++;
    m->x += x;
    m->y += y;
    m->xy += x * y;
}

static double covariance(const moments *m)
{
    return m->xy / m->n - m->x / m->n * (m->y / m->n);
}

/* log N(x; g(z), s^2) of the 784 pixels at the best s, from that at 0.3, for pixels of 8 bits in [-1, 1]. */
static double own_sigma(double log_likelihood)
{
    const double two_pi = 2 * acos(-1), sum_of_squares = -2 * .09 * (log_likelihood + 392 * log(two_pi * .09)),
                 s2 = fmax(sum_of_squares / 784, 1. / (3 * 255 * 255));
    return -392 * log(two_pi * s2) - 392;
}

/* Log of the sum of squared differences of neighbours, for each pixel. */
static double log_variation(const dataset *digits, int64_t index)
{
    const uint8_t *x = digits->pixels + index * 784;
    double sum = 0;
    for (int i = 0; i < 784; i++) {
        if (i % 28 < 27) sum += pow((x[i + 1] - x[i]) / 127.5, 2);
        if (i / 28 < 27) sum += pow((x[i + 28] - x[i]) / 127.5, 2);
    }
    return log(sum / 784);
}

/* An image's scores are the same whatever else is scored, also where images go in several pieces. */
START_TEST(scores_are_an_images_own)
{
    model m;
    dataset digits;
    failure why;
    double last = 0;
    const anomaly_settings settings = {
        .steps = 10, .chains = 2, .annealed = 3, .temperatures = 10, .threads = 1, .progress = go_on, .user = &last};
    anomaly_scores all, few;
    make_model(&m);
    ck_assert_int_eq(digits_make(520, 1, &digits, &why), 0);
    ck_assert_int_eq(anomaly_scores_make(&all, &m, &digits, 520, &digits, &settings), LEBM_OK);
    ck_assert_msg(last > .99, "progress ended at %g", last);
    last = 0;
    ck_assert_int_eq(anomaly_scores_make(&few, &m, &digits, 2, &digits, &settings), LEBM_OK);
    ck_assert_int_eq(all.counts[EVIDENCE_SCORE], 3);
    ck_assert_int_eq(few.counts[EVIDENCE_SCORE], 2);
    for (int s = 0; s < ANOMALY_SCORES; s++)
        for (int i = 0; i < 2; i++) ck_assert_double_eq(all.values[s][i], few.values[s][i]);
    /* The yardstick is the images themselves. */
    moments prior = {0}, pixels = {0}, detail = {0}, both = {0};
    for (int i = 0; i < 520; i++) {
        add(&prior, all.values[PRIOR_SCORE][i], all.values[PRIOR_SCORE][i]);
        add(&pixels, own_sigma(all.values[PIXELS_SCORE][i]), own_sigma(all.values[PIXELS_SCORE][i]));
        add(&detail, log_variation(&digits, i), log_variation(&digits, i));
        add(&both, own_sigma(all.values[PIXELS_SCORE][i]), log_variation(&digits, i));
    }
    const double slope = covariance(&both) / covariance(&detail),
                 left = sqrt(covariance(&pixels) - slope * covariance(&both));
    ck_assert_double_lt(left, .99 * sqrt(covariance(&pixels)));
    int higher = 0;
    for (int i = 0; i < 520; i++) {
        const double sum = all.values[PIXELS_SCORE][i] + all.values[PRIOR_SCORE][i],
                     strange = (all.values[PRIOR_SCORE][i] - prior.x / prior.n) / sqrt(covariance(&prior)),
                     unexplained = own_sigma(all.values[PIXELS_SCORE][i]) - pixels.x / pixels.n,
                     expected = slope * (log_variation(&digits, i) - detail.x / detail.n);
        ck_assert_double_eq_tol(all.values[JOINT_SCORE][i], sum, 1e-9);
        ck_assert_double_eq_tol(all.values[BALANCED_SCORE][i], strange + unexplained / sqrt(covariance(&pixels)), 1e-6);
        ck_assert_double_eq_tol(all.values[DETAIL_SCORE][i], strange + (unexplained - expected) / left, 1e-6);
        higher += all.values[NOISE_FREE_SCORE][i] > all.values[JOINT_SCORE][i];
    }
    ck_assert_msg(higher > 500, "steps without noise lead higher for %d of 520", higher);
    anomaly_scores_free(&few);
    anomaly_scores_free(&all);
    dataset_free(&digits);
    model_free(&m);
}
END_TEST

/* One gives no deviation to measure by, and two none from the line through them. A black image has no detail. */
START_TEST(few_ordinary_images_give_scores_of_reason)
{
    model m;
    dataset digits;
    failure why;
    anomaly_scores s;
    double last = 0;
    const anomaly_settings settings = {
        .steps = 10, .chains = 1, .temperatures = 10, .threads = 1, .progress = go_on, .user = &last};
    make_model(&m);
    ck_assert_int_eq(digits_make(3, 1, &digits, &why), 0);
    memset(digits.pixels + 2 * 784, 0, 784);
    for (int ordinary = 1; ordinary <= 2; ordinary++) {
        dataset few = digits;
        few.count = ordinary;
        last = 0;
        ck_assert_int_eq(anomaly_scores_make(&s, &m, &digits, 3, &few, &settings), LEBM_OK);
        for (int k = 0; k < ANOMALY_SCORES; k++)
            for (int64_t i = 0; i < s.counts[k]; i++)
                ck_assert_msg(fabs(s.values[k][i]) < 1e6, "beside %d: %s of image %d is %g", ordinary,
                              anomaly_score_title(k), (int)i, s.values[k][i]);
        anomaly_scores_free(&s);
    }
    dataset_free(&digits);
    model_free(&m);
}
END_TEST

START_TEST(steps_without_noise_climb_what_the_chains_drew_from)
{
    model m;
    double weight;
    make_model(&m);
    ck_assert_int_eq(lebm_sampler_set_f64(m.to_posterior, LEBM_SAMPLER_LIKELIHOOD_WEIGHT, .25), LEBM_OK);
    lebm_sampler *uphill = view_uphill(m.to_posterior, 10);
    ck_assert_int_eq(lebm_sampler_get_f64(uphill, LEBM_SAMPLER_LIKELIHOOD_WEIGHT, &weight), LEBM_OK);
    ck_assert_double_eq(weight, .25);
    lebm_sampler_destroy(uphill);
    model_free(&m);
}
END_TEST

START_TEST(scoring_can_be_stopped)
{
    model m;
    dataset digits;
    failure why;
    anomaly_scores s;
    const anomaly_settings settings = {.steps = 10, .chains = 1, .temperatures = 10, .threads = 1, .progress = stop};
    make_model(&m);
    ck_assert_int_eq(digits_make(10, 1, &digits, &why), 0);
    ck_assert_int_eq(anomaly_scores_make(&s, &m, &digits, 10, &digits, &settings), LEBM_STOPPED);
    ck_assert_ptr_null(s.values[0]);
    dataset_free(&digits);
    model_free(&m);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {low_scores_are_strange,
                                  prints_means_and_deviations,
                                  writes_tables,
                                  no_images_have_no_figures,
                                  images_of_one_kind_have_no_figures,
                                  scores_are_an_images_own,
                                  few_ordinary_images_give_scores_of_reason,
                                  steps_without_noise_climb_what_the_chains_drew_from,
                                  scoring_can_be_stopped};
    return RUN_SUITE("anomaly_table", tests);
}
