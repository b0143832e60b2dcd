/* How well scores rank anomalies above what is ordinary: the ROC curve, the curve of precision over recall, and the area under
 * each. Whatever scores the same is flagged together: a curve has one point for each score that occurs. */
#ifndef RANKING_H
#define RANKING_H

#include <stdbool.h>
#include <stdint.h>

/* What is flagged where all that scores `threshold` or more is. */
typedef struct ranking_point {
    double threshold;
    int64_t anomalies, ordinary;
} ranking_point;

typedef struct ranking {
    int64_t anomalies, ordinary; /* all there are */
    int64_t count;
    ranking_point *points; /* the highest threshold first; the last one flags all */
} ranking;

/* Ranks n observations by scores, which are finite, the higher the stranger. */
void ranking_make(ranking *r, const double *scores, const bool *is_anomaly, int64_t n);
void ranking_free(ranking *r);

/* At a point: the share of the anomalies that are flagged, which is also the true positive rate; of the ordinary ones; and of
 * anomalies in what is flagged. */
double ranking_recall(const ranking *r, int64_t point);
double ranking_false_positive_rate(const ranking *r, int64_t point);
double ranking_precision(const ranking *r, int64_t point);

/* The share of anomalies in all: the average precision of scores that tell nothing. */
double ranking_prevalence(const ranking *r);

/* The area under the ROC curve: how often an anomaly scores higher than what is ordinary, ties counting half. NaN if one of
 * both is missing. */
double ranking_auroc(const ranking *r);

/* The area under the curve of precision over recall as the average precision, the sum of precision times step in recall: the
 * trapezoidal rule would promise more, as precision between two points is not on the line between them (Davis and Goadrich
 * 2006). NaN without anomalies. */
double ranking_auprc(const ranking *r);

#endif
