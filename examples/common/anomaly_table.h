/* How well anomalies were told, by each score, in each split, after each of the last epochs of a training. */
#ifndef ANOMALY_TABLE_H
#define ANOMALY_TABLE_H

#include <stdio.h>

#include "anomaly_scores.h"
#include "anomaly_split.h"
#include "ranking.h"

enum { MOST_EPOCHS_SCORED = 10 };

/* The images tested on. */
typedef enum anomaly_protocol { SPLIT_80_20, SPLIT_POOLED, ANOMALY_PROTOCOLS } anomaly_protocol;

/* "80-20", "pooled" */
const char *anomaly_protocol_name(anomaly_protocol protocol);

typedef struct anomaly_figures {
    int64_t images; /* 0: no image has the score */
    double prevalence, auroc, auprc;
} anomaly_figures;

typedef struct anomaly_table {
    int64_t first_epoch, epochs; /* MOST_EPOCHS_SCORED at most */
    anomaly_figures figures[MOST_EPOCHS_SCORED][ANOMALY_PROTOCOLS][ANOMALY_SCORES];
} anomaly_table;

/* Ranks the images of the protocol that have the score, the strangest first. The caller frees the ranking. */
void anomaly_rank(ranking *r, const anomaly_split *split, const anomaly_scores *scores, anomaly_score score,
                  anomaly_protocol protocol);

/* Adds the figures of one more epoch. */
void anomaly_table_add(anomaly_table *table, const anomaly_split *split, const anomaly_scores *scores);

/* Prints means and standard deviations over the epochs. */
void anomaly_table_print(FILE *out, const anomaly_table *table, anomaly_protocol protocol);

/* Prints a row for each epoch, protocol of those wanted, and score, and before them a header. */
void anomaly_table_csv(FILE *out, const anomaly_table *table, const bool wanted[ANOMALY_PROTOCOLS], int64_t held_out,
                       int64_t anomaly, int64_t seed);

#endif
