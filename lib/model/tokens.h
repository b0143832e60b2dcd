/* Writing sequences of tokens, one step after the other. */
#ifndef LEBM_MODEL_TOKENS_H
#define LEBM_MODEL_TOKENS_H

#include "math/rng.h"
#include "nn/classes.h"
#include "nn/recurrent_state.h"

/* A class that was chosen so far among those seen. */
typedef struct {
    int64_t class;       /* -1: none yet, or none that a number could be compared with */
    float greatest;      /* score seen */
    lebm__class_sum sum; /* of the scores, for chance */
} lebm__token_choice;

/* What writing up to `rows` sequences at a time needs. */
typedef struct {
    lebm__recurrent_state state;
    float *scores;               /* [LEBM__CLASS_ROWS, a block of classes] */
    float *uniforms;             /* [rows], two for each block of classes */
    lebm__token_choice *choices; /* [rows] */
    int64_t *inputs;             /* [rows] classes of the step before */
    int64_t *rows, *from;        /* [rows] the caller's, and where it was in the step before */
} lebm__token_writer;

void lebm__token_writer_lay_out(lebm__token_writer *writer, const lebm__recurrent *net, int64_t rows,
                                lebm__arena *arena);

/* x[n, longest]: the most probable token at each place, until that is the end. NaN stands where no score is a number. */
void lebm__write_probable(const lebm__token_writer *writer, const float *context, int64_t n, float *x);

/* Random numbers of rows `first` on, and by what scores are multiplied, 1/temperature. */
typedef struct {
    lebm__key key;
    int64_t first;
    float sharpness;
} lebm__token_chance;

/* x[n, longest] drawn. */
void lebm__write_drawn(const lebm__token_writer *writer, const lebm__token_chance *chance, const float *context,
                       int64_t n, float *x);

#endif
