/* Files of the scores of test images, and of the curves that say how well they tell anomalies. */
#ifndef ANOMALY_FILES_H
#define ANOMALY_FILES_H

#include <stdio.h>

#include "anomaly_table.h"

/* Prints a row for each image, and before them a header. */
void anomaly_scores_csv(FILE *out, const anomaly_split *split, const anomaly_scores *scores);

/* Prints a row for each score that an anomaly has: what is flagged where all that is as strange is; and before them a
 * header. */
void anomaly_curves_csv(FILE *out, const anomaly_split *split, const anomaly_scores *scores,
                        const bool wanted[ANOMALY_PROTOCOLS]);

/* The curve of each score, and that of scores which tell nothing, as a PNG file. Ends the program if it cannot be written. */
typedef enum anomaly_curve { ROC_CURVE, PRECISION_CURVE, ANOMALY_CURVES } anomaly_curve;
void anomaly_picture(const anomaly_split *split, const anomaly_scores *scores, anomaly_protocol protocol,
                     anomaly_curve curve, const char *path);

#endif
