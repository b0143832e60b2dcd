/* metrics.csv: one row for each training step. */
#ifndef METRICS_H
#define METRICS_H

#include <lebm.h>
#include <stdbool.h>

#include "output.h"

typedef struct metrics {
    bool of_text; /* else of images */
    output out;
} metrics;

/* Opens the table at `path`, a string that must outlive it. Rows of an earlier run are kept up to and including step
 * `keep`; later ones belong to a future that the checkpoint does not know. Ends the program if it cannot write. */
void metrics_open(metrics *m, const char *path, bool of_text, int64_t keep);

/* Adds the row of the trainer's last step. */
void metrics_append(metrics *m, const lebm_trainer *trainer, int64_t epoch);

/* Makes sure that all rows are in the file. */
void metrics_flush(metrics *m);

void metrics_close(metrics *m);

#endif
