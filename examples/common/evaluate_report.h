/* What evaluate found, for people. */
#ifndef EVALUATE_REPORT_H
#define EVALUATE_REPORT_H

#include <stdio.h>

#include "evaluate_run.h"

/* Prints all that is in the table, with two kinds of error: of the estimate, and of the choice of rows. */
void evaluate_report(FILE *out, const model *m, const dataset *held_out, const evaluate_settings *s,
                     const scores *table, const evaluate_results *r);

#endif
