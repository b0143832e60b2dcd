/* Starts of chains that lie apart, so that chains which forget them can be told from chains which do not. */
#ifndef STARTS_H
#define STARTS_H

#include <stdint.h>

#include "model.h"

/* The ends of the trained chains, from noise and with their own steps: n rows of z, towards the prior, or with n rows of x
 * towards their posteriors. Returns a status of the library. */
int starts_of_training(const model *m, const float *x, int64_t n, float *z);

/* Places for `count` superchains: normal, with twice the spread that p0 or the trained chains' ends have, whichever is wider, and in
 * pairs opposite to each other, so that they lie on both sides along every axis. The caller frees them. */
float *starts_apart(const model *m, const float *ends, int64_t n, int64_t count);

#endif
