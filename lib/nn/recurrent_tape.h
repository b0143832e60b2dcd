/* What passes of a recurrent net over sequences work on: the sequences observed, and what is kept at each of their places.
 *
 * The rows of a pass are ordered by length, the longest first, so that those which are still going on at a step are the
 * first ones; what lies by steps is at place `first[t] + i` for row i of this order at step t. No row's numbers depend on
 * the rows beside it. */
#ifndef LEBM_NN_RECURRENT_TAPE_H
#define LEBM_NN_RECURRENT_TAPE_H

#include "core/memory.h"
#include "nn/classes.h"
#include "nn/dropout.h"
#include "nn/recurrent.h"

enum { LEBM__EMBEDDING_ROWS = 64 }; /* places whose embeddings are multiplied at a time */

/* What a pass keeps of a layer at each place. */
typedef struct {
    float *gates;  /* [places, 4 units]: gates, and on the way back gradients by their sums */
    float *memory; /* [places, units] of an LSTM */
    float *output; /* [places, units] */
} lebm__recurrent_trace;

/* What the gradients of the parameters are made of, by the caller's rows: step t of row r is at r * longest + t. */
typedef struct {
    int64_t *steps;            /* [rows] */
    int64_t *inputs, *targets; /* [rows, longest] classes */
    float *context;            /* [rows, context] */
    float *context_gates_grad; /* [rows, gates] gradient by what the context makes of the first layer's gates */
    float *start, *start_grad; /* [rows, layers units] */
    float **gates_grad;        /* [layers][rows, longest, 4 units] */
    float **outputs;           /* [layers][rows, longest, units] */
    float *classified;         /* [rows, longest, units] those of the last layer as the classes saw them */
    float *embedding;          /* [rows, longest, embedding] as it entered */
    float *embedding_grad;     /* [rows, longest, embedding] by the parameters that it was */
    double *log_sum;           /* [rows, longest] of lebm__classes */
} lebm__recurrent_record;

typedef struct {
    const lebm__recurrent *net;
    int64_t rows; /* that there is room for */

    /* The sequences observed. */
    int64_t n;                       /* rows */
    int64_t time;                    /* steps of the longest one */
    int64_t *order;                  /* [rows] the caller's row */
    int64_t *steps;                  /* [rows] */
    int64_t *first;                  /* [longest + 1] place of a step's first row */
    int64_t *inputs, *targets;       /* [places] classes */
    float *input_gates;              /* [places, gates] what the embeddings make of the first layer's gates */
    int drops_inputs, drops_outputs; /* whether there are factors (nn/dropout.h) */
    float *input_factors;            /* [places, embedding] */
    float *output_factors;           /* [places, units] of the last layer */

    /* A pass. */
    float *context, *context_grad;             /* [rows, context], and a part of the gradient by it */
    float *context_gates, *context_gates_grad; /* [rows, gates] */
    float *start, *start_grad;                 /* [rows, layers units] */
    float *zeros;                              /* [units] */
    lebm__recurrent_trace *layers;
    float *hidden;           /* [rows, gates] of a step, or its gradient */
    float *embedding;        /* [LEBM__EMBEDDING_ROWS, embedding] of some places */
    float *classified;       /* [places, units] outputs of the last layer times their factors, if there are any */
    float *output_grad;      /* [places, units] gradient by the outputs of a layer */
    float *state_grad;       /* [rows, units] that came back from the step after */
    float *memory_grad;      /* [rows, units] */
    float *step_grad;        /* [units] gradient by the output of a row at a step */
    float *through_hidden;   /* [rows, units] */
    double *log_probability; /* [places] */
    lebm__classes classes;

    lebm__recurrent_record record; /* of LEBM__LEARN */
    int records;
} lebm__recurrent_tape;

/* To be called twice: the tape can be used after the call whose arena has memory. One for LEBM__LEARN has the record
 * alone, and is passed through by views: threads pass different rows of it at the same time. */
void lebm__recurrent_lay_out(lebm__recurrent_tape *tape, const lebm__recurrent *net, int64_t rows, lebm__passes passes,
                             lebm__arena *arena);

/* A tape that is rows `first` to first + rows - 1 of another one, `all`, which has memory. */
void lebm__recurrent_lay_out_view(lebm__recurrent_tape *view, const lebm__recurrent_tape *all, int64_t first,
                                  int64_t rows, lebm__arena *arena);

/* Take the sequences that the passes mean: rows of `longest` token numbers, of which the first negative one ends the
 * sequence; and what is dropped of them (NULL: nothing). */
void lebm__recurrent_observe(lebm__recurrent_tape *tape, const float *tokens, int64_t n, const lebm__dropout *dropout);

/* embedding[] of the input at a place, as it enters. */
void lebm__recurrent_take_embedding(const lebm__recurrent_tape *tape, int64_t place, float *embedding);

/* Steps of a row of tokens. */
int64_t lebm__recurrent_steps(const lebm__recurrent *net, const float *tokens);

#endif
