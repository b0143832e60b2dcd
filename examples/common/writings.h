/* What a model of text can do: sentences as text, and figures on held-out sentences.
 *
 * Every function starts the model's samplers on a stream of its own (view.h). They return a status of the library, LEBM_OK,
 * LEBM_STOPPED or LEBM_ERR_DIVERGED among them, and with LEBM_OK the text in *written, which the caller frees. The model must
 * have a vocabulary. */
#ifndef WRITINGS_H
#define WRITINGS_H

#include "dataset.h"
#include "model.h"
#include "view.h"

/* Sentences drawn from the model, one a line: z from the prior, then the tokens one after another at a temperature (1: as
 * p(x|z) says; less keeps to what is probable; 0: the most probable ones); or, unless the width of the beam is 0, the most
 * probable sentence that a beam search finds. */
int writing_samples(const model *m, int64_t count, double temperature, int64_t beam_width, char **written);

/* In pairs noise ~ p0 decoded, and the same after the chain to the prior; the most probable tokens of both. */
int writing_prior(const model *m, int64_t count, char **written);

/* In pairs sentences of the data, and the most probable tokens for their z from the posterior.
 * @param nll  receives -log p(x|z) in nats per token and end; may be NULL */
int writing_reconstructions(const model *m, const dataset *data, int64_t count, char **written, double *nll);

/* From one sentence of the data to another, `count` times: the most probable tokens for z on the straight way between the
 * z of both from the posterior. */
int writing_interpolations(const model *m, const dataset *data, int64_t count, char **written);

/* Writes a text to a file; ends the program if it cannot. */
void writing_save(const char *written, const char *path);

/* Prints a text on standard output, indented, with nothing in it that a terminal obeys. */
void writing_print(const char *title, const char *written);

/* Rows of x as lines of text, which the caller frees. */
char *writing_lines(const model *m, const float *x, int64_t n);

/* Draws the tokens of rows z, as writing_samples() does. */
void writing_draw(const model *m, const float *z, int64_t n, double temperature, int64_t stream, float *x);

/* Tokens and ends in a sentence of the data, the end after the longest one left out, which is certain. */
int64_t writing_terms(const dataset *data, int64_t index);

/* Measures the model on the first `count` sentences of the data. */
int writing_evaluate(const model *m, const dataset *data, int64_t count, evaluation *result);

#endif
