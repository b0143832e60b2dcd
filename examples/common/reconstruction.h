/* How well a model makes held-out rows again, in both definitions that are in use: decoded at the end of the posterior's
 * chain, and after some steps more without noise. */
#ifndef RECONSTRUCTION_H
#define RECONSTRUCTION_H

#include "model.h"

enum { NOISE_FREE_STEPS = 10 };

/* For each of n rows: of images the mean square error per number, in [-1, 1] units; of text -log p(x|z), in nats. Both arrays
 * have room for n. Returns LEBM_OK, LEBM_STOPPED, or LEBM_ERR_DIVERGED with the library's text. */
int reconstruction_errors(const model *m, const float *x, int64_t n, double *at_end, double *noise_free);

#endif
