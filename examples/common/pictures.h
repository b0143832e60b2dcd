/* What a model of images can do: pictures, and figures on held-out images.
 *
 * Every function starts the model's samplers on a stream of its own (view.h). They return a status of the library, LEBM_OK, LEBM_STOPPED or LEBM_ERR_DIVERGED among
 * them; a picture that cannot be written ends the program, before any chain runs if it cannot show such images. */
#ifndef PICTURES_H
#define PICTURES_H

#include <stdbool.h>

#include "dataset.h"
#include "model.h"
#include "view.h"

/* Ends the program if no picture can show what the model makes. */
void picture_must_be_possible(const model *m, const char *path);

/* Whether pictures can show what the model makes. */
bool picture_is_possible(const model *m);

/* Samples of the model, in ten columns. */
int picture_samples(const model *m, int64_t count, const char *path);

/* On the left noise ~ p0 decoded, on the right the same after the chain to the prior, in five columns each. */
int picture_prior(const model *m, int64_t count, const char *path);

/* On the left images of the data, on the right their reconstructions, in five columns each. What is missing is hatched on
 * the left and filled in on the right.
 * @param mse  receives the mean square error per number that is there, in [-1, 1] units; may be NULL */
int picture_reconstructions(const model *m, const dataset *data, int64_t count, const char *path, double *mse);

/* Images in rows and columns: [rows, columns] of x. */
void picture_rows(const model *m, const float *x, int64_t rows, int64_t columns, const char *path);

/* Measures the model on the first `count` images of the data. */
int picture_evaluate(const model *m, const dataset *data, int64_t count, evaluation *result);

#endif
