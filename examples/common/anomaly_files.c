#include "anomaly_files.h"

#include <inttypes.h>
#include <stdlib.h>

#include "chart.h"
#include "errors.h"

void anomaly_scores_csv(FILE *out, const anomaly_split *split, const anomaly_scores *scores)
{
    fprintf(out, "image,digit,anomaly,in_80_20");
    for (anomaly_score s = 0; s < ANOMALY_SCORES; s++) fprintf(out, ",%s", anomaly_score_key(s));
    for (int64_t i = 0; i < scores->counts[JOINT_SCORE]; i++) {
        const int digit = split->test.labels[i];
        fprintf(out, "\n%" PRId64 ",%d,%d,%d", split->numbers[i], digit, digit == split->anomaly, split->in_80_20[i]);
        for (anomaly_score s = 0; s < ANOMALY_SCORES; s++)
            if (i < scores->counts[s])
                fprintf(out, ",%.9g", scores->values[s][i]);
            else
                fputc(',', out);
    }
    fputc('\n', out);
}

/* Whether a point flags more anomalies than the one before. */
static bool finds_anomalies(const ranking *r, int64_t point)
{
    return r->points[point].anomalies > (point > 0 ? r->points[point - 1].anomalies : 0);
}

void anomaly_curves_csv(FILE *out, const anomaly_split *split, const anomaly_scores *scores,
                        const bool wanted[ANOMALY_PROTOCOLS])
{
    fprintf(out, "split,score,threshold,false_positive_rate,recall,precision\n");
    for (anomaly_protocol p = 0; p < ANOMALY_PROTOCOLS; p++)
        for (anomaly_score s = 0; s < ANOMALY_SCORES && wanted[p]; s++) {
            ranking r;
            anomaly_rank(&r, split, scores, s, p);
            for (int64_t i = 0; i < r.count && r.ordinary > 0; i++)
                if (finds_anomalies(&r, i))
                    fprintf(out, "%s,%s,%.9g,%.6g,%.6g,%.6g\n", anomaly_protocol_name(p), anomaly_score_key(s),
                            -r.points[i].threshold, ranking_false_positive_rate(&r, i), ranking_recall(&r, i),
                            ranking_precision(&r, i));
            ranking_free(&r);
        }
}

/* A curve through all points of a ranking, from the left edge of the square on, in memory that the caller frees. */
static chart_curve make_curve(const ranking *r, anomaly_curve curve, const char *name, double **memory)
{
    const int64_t points = r->count + 1;
    double *x = allocate((size_t)(2 * points), sizeof *x), *y = x + points;
    x[0] = 0;
    y[0] = curve == ROC_CURVE ? 0 : ranking_precision(r, 0);
    for (int64_t i = 0; i < r->count; i++) {
        x[i + 1] = curve == ROC_CURVE ? ranking_false_positive_rate(r, i) : ranking_recall(r, i);
        y[i + 1] = curve == ROC_CURVE ? ranking_recall(r, i) : ranking_precision(r, i);
    }
    *memory = x;
    return (chart_curve){name, x, y, points};
}

void anomaly_picture(const anomaly_split *split, const anomaly_scores *scores, anomaly_protocol protocol,
                     anomaly_curve curve, const char *path)
{
    static const char *const names[ANOMALY_CURVES][2] = {{"false positive rate", "recall"}, {"recall", "precision"}};
    chart_curve curves[ANOMALY_SCORES + 1];
    const double ends[] = {0, 1};
    double *memory[ANOMALY_SCORES], chance[] = {0, 1};
    int64_t count = 0;
    failure why;
    for (anomaly_score s = 0; s < ANOMALY_SCORES; s++) {
        ranking r;
        anomaly_rank(&r, split, scores, s, protocol);
        if (r.anomalies > 0 && r.ordinary > 0) {
            if (s == JOINT_SCORE && curve == PRECISION_CURVE) chance[0] = chance[1] = ranking_prevalence(&r);
            curves[count] = make_curve(&r, curve, anomaly_score_title(s), &memory[count]);
            count++;
        }
        ranking_free(&r);
    }
    int64_t drawn = count;
    if (count > 0) curves[drawn++] = (chart_curve){"chance", ends, chance, 2};
    if (chart_write_curves(curves, drawn, names[curve][0], names[curve][1], path, &why) != 0) die("%s", why.text);
    for (int64_t i = 0; i < count; i++) free(memory[i]);
}
