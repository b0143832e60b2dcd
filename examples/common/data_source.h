/* Where the data of a program come from, as its command line says. */
#ifndef DATA_SOURCE_H
#define DATA_SOURCE_H

#include "arguments.h"
#include "dataset.h"
#include "errors.h"

typedef enum data_part { TRAIN_PART, EVAL_PART, DATA_PARTS } data_part;

/* All NULL: the data set is drawn. */
typedef struct data_source {
    const char *folder;            /* with files of the official names */
    const char *files[DATA_PARTS]; /* of any name, instead of the folder */
} data_source;

/* Reads or draws one part of a data set. Returns 0, or -1 with the reason in *why and *data empty. */
typedef int data_reader(const data_source *source, data_part part, dataset *data, failure *why);

/* What the values of --data, --train and --eval come to; ends the program if they contradict each other. */
data_source data_source_from(const argument *folder, const argument *train, const argument *eval);

/* What the values of --data and --eval come to where each names one thing to read, as of text. */
data_source data_source_of_each(const argument *train, const argument *eval);

/* Whether the data set is drawn. */
bool data_source_is_empty(const data_source *source);

#endif
