/* Rankings: areas under their curves against scikit-learn's and against their definitions. */
#include "ranking.h"

#include <math.h>

#include "rng.h"
#include "suite.h"

enum { MOST = 400 };

static double worst; /* error of a number of this test */

static void assert_close(const char *what, int number, double value, double expected)
{
    worst = fmax(worst, fabs(value - expected));
    ck_assert_msg(fabs(value - expected) <= 1e-12, "case %d: %s is %.17g, not %.17g", number, what, value, expected);
}

/* A case of the file: its number of scores and the two areas, then the scores, those of anomalies with an a behind. */
static int read_case(FILE *file, double *scores, bool *is_anomaly, double areas[2])
{
    int n;
    if (fscanf(file, "%d %lf %lf", &n, &areas[0], &areas[1]) != 3) return 0;
    ck_assert_int_le(n, MOST);
    for (int i = 0; i < n; i++) {
        ck_assert_int_eq(fscanf(file, "%lf", &scores[i]), 1);
        const int next = fgetc(file);
        is_anomaly[i] = next == 'a';
    }
    return n;
}

START_TEST(areas_are_those_of_scikit_learn)
{
    char comment[256];
    double scores[MOST], areas[2];
    bool is_anomaly[MOST];
    int cases = 0;
    FILE *file = fopen(RANKING_FILE, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(fgets(comment, sizeof comment, file));
    for (int n; (n = read_case(file, scores, is_anomaly, areas)) > 0; cases++) {
        ranking r;
        ranking_make(&r, scores, is_anomaly, n);
        assert_close("AUROC", cases, ranking_auroc(&r), areas[0]);
        assert_close("AUPRC", cases, ranking_auprc(&r), areas[1]);
        ranking_free(&r);
    }
    fclose(file);
    ck_assert_int_eq(cases, 18);
    printf("scikit-learn's: worst error %.2g, allowed 1e-12\n", worst);
}
END_TEST

/* How often an anomaly scores higher than what is ordinary. */
static double auroc_by_pairs(const double *scores, const bool *is_anomaly, int n)
{
    double sum = 0, pairs = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            if (!is_anomaly[i] || is_anomaly[j]) continue;
            sum += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? .5 : 0;
            pairs++;
        }
    return sum / pairs;
}

/* The mean over the anomalies of the share of anomalies in what scores as much or more. */
static double auprc_by_pairs(const double *scores, const bool *is_anomaly, int n)
{
    double sum = 0, anomalies = 0;
    for (int i = 0; i < n; i++) {
        double flagged = 0, right = 0;
        if (!is_anomaly[i]) continue;
        for (int j = 0; j < n; j++) {
            flagged += scores[j] >= scores[i];
            right += scores[j] >= scores[i] && is_anomaly[j];
        }
        sum += right / flagged;
        anomalies++;
    }
    return sum / anomalies;
}

START_TEST(areas_are_those_of_the_definitions)
{
    for (int number = 0; number < 40; number++) {
        rng draw = rng_start(7, (uint64_t)number);
        const int n = 2 + (int)rng_below(&draw, MOST - 1);
        const double step = number % 4 == 0 ? 0 : rng_uniform(&draw, .01, 2); /* 0: no ties */
        double scores[MOST];
        bool is_anomaly[MOST];
        for (int i = 0; i < n; i++) {
            is_anomaly[i] = i == 0 || (i > 1 && rng_uniform(&draw, 0, 1) < .2);
            scores[i] = rng_normal(&draw, is_anomaly[i] ? 1 : 0, 1);
            if (step > 0) scores[i] = step * round(scores[i] / step);
        }
        ranking r;
        ranking_make(&r, scores, is_anomaly, n);
        assert_close("AUROC", number, ranking_auroc(&r), auroc_by_pairs(scores, is_anomaly, n));
        assert_close("AUPRC", number, ranking_auprc(&r), auprc_by_pairs(scores, is_anomaly, n));
        ranking_free(&r);
    }
    printf("the definitions': worst error %.2g, allowed 1e-12\n", worst);
}
END_TEST

START_TEST(curves_have_a_point_for_each_score)
{
    const double scores[] = {2, 5, 2, 1, 2};
    const bool is_anomaly[] = {true, true, false, false, false};
    ranking r;
    ranking_make(&r, scores, is_anomaly, 5);
    ck_assert_int_eq(r.count, 3);
    const double expected[3][4] = {{5, .5, 0, 1}, {2, 1, 2. / 3, .5}, {1, 1, 1, .4}};
    for (int i = 0; i < 3; i++) {
        assert_close("threshold", i, r.points[i].threshold, expected[i][0]);
        assert_close("recall", i, ranking_recall(&r, i), expected[i][1]);
        assert_close("false positive rate", i, ranking_false_positive_rate(&r, i), expected[i][2]);
        assert_close("precision", i, ranking_precision(&r, i), expected[i][3]);
    }
    assert_close("prevalence", 0, ranking_prevalence(&r), .4);
    ranking_free(&r);
}
END_TEST

START_TEST(no_area_without_both_kinds)
{
    const double scores[] = {1, 2};
    const bool all[] = {true, true}, none[] = {false, false};
    ranking r;
    ranking_make(&r, scores, all, 2);
    ck_assert_double_nan(ranking_auroc(&r));
    ck_assert_double_eq(ranking_auprc(&r), 1);
    ranking_free(&r);
    ranking_make(&r, scores, none, 2);
    ck_assert_double_nan(ranking_auroc(&r));
    ck_assert_double_nan(ranking_auprc(&r));
    ranking_free(&r);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {areas_are_those_of_scikit_learn, areas_are_those_of_the_definitions,
                                  curves_have_a_point_for_each_score, no_area_without_both_kinds};
    return RUN_SUITE("ranking", tests);
}
