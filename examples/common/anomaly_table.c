#include "anomaly_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "errors.h"

const char *anomaly_protocol_name(anomaly_protocol protocol)
{
    return protocol == SPLIT_80_20 ? "80-20" : "pooled";
}

void anomaly_rank(ranking *r, const anomaly_split *split, const anomaly_scores *scores, anomaly_score score,
                  anomaly_protocol protocol)
{
    const int64_t count = scores->counts[score];
    double *strangeness = allocate((size_t)count, sizeof *strangeness);
    bool *is_anomaly = allocate((size_t)count, sizeof *is_anomaly);
    int64_t n = 0;
    for (int64_t i = 0; i < count; i++) {
        if (protocol == SPLIT_80_20 && !split->in_80_20[i]) continue;
        strangeness[n] = -scores->values[score][i];
        is_anomaly[n++] = split->test.labels[i] == split->anomaly;
    }
    ranking_make(r, strangeness, is_anomaly, n);
    free(is_anomaly);
    free(strangeness);
}

void anomaly_table_add(anomaly_table *table, const anomaly_split *split, const anomaly_scores *scores)
{
    anomaly_figures(*figures)[ANOMALY_SCORES] = table->figures[table->epochs++];
    for (anomaly_protocol p = 0; p < ANOMALY_PROTOCOLS; p++)
        for (anomaly_score s = 0; s < ANOMALY_SCORES; s++) {
            ranking r;
            anomaly_rank(&r, split, scores, s, p);
            figures[p][s] = (anomaly_figures){.images = r.anomalies + r.ordinary,
                                              .prevalence = ranking_prevalence(&r),
                                              .auroc = ranking_auroc(&r),
                                              .auprc = ranking_auprc(&r)};
            ranking_free(&r);
        }
}

/* None of figures that are not defined, where all images are of one kind. */
static void print_mean(FILE *out, const double *values, int64_t n)
{
    double mean = 0, squares = 0;
    for (int64_t i = 0; i < n; i++) mean += values[i] / (double)n;
    for (int64_t i = 0; i < n; i++) squares += pow(values[i] - mean, 2);
    if (isnan(mean))
        fprintf(out, "   %-16s", "-");
    else
        fprintf(out, "   %.4f +- %.4f", mean, n > 1 ? sqrt(squares / (double)(n - 1)) : 0);
}

void anomaly_table_print(FILE *out, const anomaly_table *table, anomaly_protocol protocol)
{
    const anomaly_figures *all = &table->figures[0][protocol][JOINT_SCORE];
    if (all->images == 0) {
        fprintf(out, "%-12s   none of the images scored\n", anomaly_protocol_name(protocol));
        return;
    }
    fprintf(out, "%-12s   %-16s   %-16s   (%" PRId64 " images, prevalence %.4f)\n", anomaly_protocol_name(protocol),
            "AUROC", "AUPRC", all->images, all->prevalence);
    for (anomaly_score s = 0; s < ANOMALY_SCORES; s++) {
        const anomaly_figures *first = &table->figures[0][protocol][s];
        if (first->images == 0) continue;
        double auroc[MOST_EPOCHS_SCORED], auprc[MOST_EPOCHS_SCORED];
        for (int64_t i = 0; i < table->epochs; i++) {
            auroc[i] = table->figures[i][protocol][s].auroc;
            auprc[i] = table->figures[i][protocol][s].auprc;
        }
        fprintf(out, "%-12s", anomaly_score_title(s));
        print_mean(out, auroc, table->epochs);
        print_mean(out, auprc, table->epochs);
        if (first->images < all->images)
            fprintf(out, "   (%" PRId64 " images, prevalence %.4f)", first->images, first->prevalence);
        fputc('\n', out);
    }
}

/* The next field of a row; empty if it is not defined. */
static void put(FILE *out, double value)
{
    fputc(',', out);
    if (!isnan(value)) fprintf(out, "%.9g", value);
}

void anomaly_table_csv(FILE *out, const anomaly_table *table, const bool wanted[ANOMALY_PROTOCOLS], int64_t held_out,
                       int64_t anomaly, int64_t seed)
{
    fprintf(out, "held_out,anomaly,seed,epoch,split,score,images,prevalence,auroc,auprc\n");
    for (int64_t i = 0; i < table->epochs; i++)
        for (anomaly_protocol p = 0; p < ANOMALY_PROTOCOLS; p++)
            for (anomaly_score s = 0; s < ANOMALY_SCORES && wanted[p]; s++) {
                const anomaly_figures *f = &table->figures[i][p][s];
                if (f->images == 0) continue;
                fprintf(out, "%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%s,%s,%" PRId64, held_out, anomaly, seed,
                        table->first_epoch + i, anomaly_protocol_name(p), anomaly_score_key(s), f->images);
                put(out, f->prevalence);
                put(out, f->auroc);
                put(out, f->auprc);
                fputc('\n', out);
            }
}
