#include "ranking.h"

#include <math.h>
#include <stdlib.h>

#include "errors.h"

typedef struct scored {
    double score;
    bool is_anomaly;
} scored;

static int descending(const void *a, const void *b)
{
    const double x = ((const scored *)a)->score, y = ((const scored *)b)->score;
    return (x < y) - (x > y);
}

void ranking_make(ranking *r, const double *scores, const bool *is_anomaly, int64_t n)
{
    scored *all = allocate((size_t)n, sizeof *all);
    *r = (ranking){.points = allocate((size_t)n, sizeof *r->points)};
    for (int64_t i = 0; i < n; i++) all[i] = (scored){scores[i], is_anomaly[i]};
    qsort(all, (size_t)n, sizeof *all, descending);
    for (int64_t i = 0; i < n; i++) {
        *(all[i].is_anomaly ? &r->anomalies : &r->ordinary) += 1;
        if (i + 1 < n && all[i + 1].score == all[i].score) continue;
        r->points[r->count++] = (ranking_point){all[i].score, r->anomalies, r->ordinary};
    }
    free(all);
}

void ranking_free(ranking *r)
{
    free(r->points);
    *r = (ranking){0};
}

double ranking_recall(const ranking *r, int64_t point)
{
    return (double)r->points[point].anomalies / (double)r->anomalies;
}

double ranking_false_positive_rate(const ranking *r, int64_t point)
{
    return (double)r->points[point].ordinary / (double)r->ordinary;
}

double ranking_precision(const ranking *r, int64_t point)
{
    const ranking_point *p = &r->points[point];
    return (double)p->anomalies / (double)(p->anomalies + p->ordinary);
}

double ranking_prevalence(const ranking *r)
{
    return (double)r->anomalies / (double)(r->anomalies + r->ordinary);
}

double ranking_auroc(const ranking *r)
{
    double area = 0, rate = 0, recall = 0;
    if (r->anomalies == 0 || r->ordinary == 0) return NAN;
    for (int64_t i = 0; i < r->count; i++) {
        const double next_rate = ranking_false_positive_rate(r, i), next_recall = ranking_recall(r, i);
        area += (next_rate - rate) * (recall + next_recall) / 2;
        rate = next_rate;
        recall = next_recall;
    }
    return area;
}

double ranking_auprc(const ranking *r)
{
    double area = 0, recall = 0;
    if (r->anomalies == 0) return NAN;
    for (int64_t i = 0; i < r->count; i++) {
        area += (ranking_recall(r, i) - recall) * ranking_precision(r, i);
        recall = ranking_recall(r, i);
    }
    return area;
}
