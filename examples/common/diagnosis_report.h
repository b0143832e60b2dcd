/* The figures of a diagnosis, on standard output and in a CSV file. */
#ifndef DIAGNOSIS_REPORT_H
#define DIAGNOSIS_REPORT_H

#include <stdio.h>

#include "verdict.h"

/* Prints them as a table: a row for each kernel, and one for the chains as they were trained. */
void diagnosis_print(FILE *out, const findings *f);

/* The same as lines of CSV, after one with their names. */
void diagnosis_csv_header(FILE *out);
void diagnosis_csv(FILE *out, const findings *f);

#endif
