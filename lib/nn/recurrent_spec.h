/* The form of a recurrent net, and its spec (lebm/tokens.h has the grammar). */
#ifndef LEBM_NN_RECURRENT_SPEC_H
#define LEBM_NN_RECURRENT_SPEC_H

#include "nn/cell.h"

enum {
    LEBM__MAX_LAYERS = 64,
    LEBM__MAX_TOKENS = (1 << 24) - 1, /* whole in float32 */
    LEBM__MAX_LONGEST = 1 << 16
};

typedef struct {
    const lebm__cell *cell;
    int64_t context;         /* its size */
    int64_t embedding;       /* size of an embedding */
    int64_t units, layers;   /* of the cells */
    int64_t tokens, longest; /* tokens there are; and of the longest sequence */
    int steps_without_context, start_without_context;
    int is_tied; /* the output's weight is the embedding's */
} lebm__recurrent_form;

/* Read a form from a spec, and write a spec that reads back as this form; NULL: no memory. */
int lebm__recurrent_parse(lebm__recurrent_form *form, const char *spec);
char *lebm__recurrent_print(const lebm__recurrent_form *form);

#endif
